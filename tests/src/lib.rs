//! The product seen from outside: real servers, fakes that misbehave, the promises in sentences.
//!
//! A test builds a [`World`] (a Dovecot, perhaps a PostgreSQL, a folder for one caibian), starts the real binary in it
//! and looks at what it did through the gRPC service, the command line and the mail server: never through the database.
//! Every process started here dies with the test, also when the test itself is killed.

pub mod abuse;
pub mod asker;
pub mod authority;
pub mod browser;
pub mod bucket_server;
pub mod clamd;
pub mod collector;
pub mod dovecot;
pub mod engine;
pub mod fake_imap;
pub mod fake_provider;
pub mod http2;
pub mod huge;
pub mod imap;
pub mod memory;
pub mod onlooker;
pub mod oracle;
pub mod postgres;
pub mod process;
pub mod product;
pub mod registers;
pub mod smtp;
pub mod visitor;
pub mod world;

pub use asker::Asker;
pub use browser::Browser;
pub use collector::Collector;
pub use dovecot::Dovecot;
pub use engine::Engine;
pub use imap::Imap;
pub use oracle::Ledger;
pub use postgres::Postgres;
pub use product::{Mailbox, Product, Settings};
pub use registers::Registers;
pub use visitor::Visitor;
pub use world::{Backend, World};

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Asks again and again until the answer is `Some`, for at most `bound`.
///
/// # Panics
/// When the bound is reached; `what` says what was waited for.
pub async fn wait_for<T, F>(what: &str, bound: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < bound, "after {bound:?} still not: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
