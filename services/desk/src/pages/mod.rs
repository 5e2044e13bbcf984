//! The pages, one a file; each file says its own routes.

mod account;
mod administration;
mod as_sent;
mod campaigns;
mod contacts;
mod events;
mod exports;
mod keys;
mod ledger;
mod mailbox_test;
mod mailboxes;
mod outbox;
mod procurement;
mod quarantine;
mod sign_in;
mod similar;
mod statistics;
mod submission;
mod submissions;
mod today;
mod unreachable;

use axum::{Router, response::Response};
use keys::keys;

use crate::{Desk, fault::Fault, visit::Visit};

/// All of them.
pub fn routes() -> Router<Desk> {
    Router::new()
        .merge(account::routes())
        .merge(administration::routes())
        .merge(campaigns::routes())
        .merge(contacts::routes())
        .merge(events::routes())
        .merge(exports::routes())
        .merge(ledger::routes())
        .merge(mailbox_test::routes())
        .merge(mailboxes::routes())
        .merge(outbox::routes())
        .merge(procurement::routes())
        .merge(quarantine::routes())
        .merge(sign_in::routes())
        .merge(similar::routes())
        .merge(statistics::routes())
        .merge(submission::routes())
        .merge(submissions::routes())
        .merge(today::routes())
        .merge(unreachable::routes())
}

/// Everywhere else.
pub async fn not_found(visit: Visit) -> Response {
    Fault::not_found().to(&visit)
}
