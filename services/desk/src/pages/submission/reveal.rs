//! 显示联系方式: the contact whole, once, in the answer to the form. It is never part of an address, and every time it is asked
//! for is an access event of the services.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use proto::intake::v1::RevealContactRequest;

use super::{Asked, load, page};
use crate::{
    fault::Fault,
    posted::{Fields, Posted},
};

/// `POST /submissions/{id}/contact`
pub async fn reveal(Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(asked) = Asked::read(&id, &Fields(query)) else { return Fault::not_found().to(visit) };
    let contact = visit.api.submissions().reveal_contact(RevealContactRequest { name: asked.name.clone() }).await;
    let contact = match contact {
        Ok(contact) => contact.into_inner(),
        Err(status) => return Fault::from(status).to(visit),
    };
    match load(visit, &asked).await {
        Ok(mut loaded) => {
            loaded.revealed = Some(contact);
            page(visit, &asked, &loaded, None, None)
        }
        Err(status) => Fault::from(status).to(visit),
    }
}
