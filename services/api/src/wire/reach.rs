//! An address that a letter came back from, as callers are told of it: addresses masked for everybody.

use proto::intake::v1;
use store::{Store, record::Reach};

use super::timestamp;
use crate::{masked, names};

/// What is told of an address; nothing of one that letters reach.
#[must_use]
pub fn unreachable(address: &str, reach: &Reach) -> Option<v1::Unreachable> {
    let unreachable = reach.unreachable.as_ref()?;
    Some(v1::Unreachable {
        contact: names::CONTACT.name(Store::contact_id(address)),
        address: masked::address(address),
        since_time: Some(timestamp(unreachable.since)),
        reason: masked::addresses_within(&unreachable.reason),
        heard_time: unreachable.heard_at.map(timestamp),
    })
}
