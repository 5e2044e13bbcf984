//! Tickets: the right to read the page of one mail for a while, sealed with the installation's key, so that any server of
//! it knows them and none has to keep them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use stdx::Sha256;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{errors, page};

/// How long a ticket lasts.
const LASTS: TimeDelta = TimeDelta::minutes(10);

/// What a seal of tickets is bound to. No page token's query is this one.
const QUERY: [&str; 1] = ["ticket of a mail's page"];

/// What a ticket says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Whose page.
    #[serde(rename = "m")]
    pub message_id: Uuid,
    /// Seconds since 1970.
    #[serde(rename = "e")]
    expires_at: i64,
    /// Hash of the session's token, where a person asked.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none", default)]
    pub session: Option<Sha256>,
}

/// Issues tickets and knows its own.
#[derive(Clone)]
pub struct Tickets(page::Tokens);

impl Tickets {
    /// With the key of this installation.
    #[must_use]
    pub fn new(tokens: page::Tokens) -> Self {
        Self(tokens)
    }

    /// A ticket from now on, and when it runs out.
    #[must_use]
    pub fn issue(&self, message_id: Uuid, session: Option<Sha256>, now: DateTime<Utc>) -> (String, DateTime<Utc>) {
        let expires_at = now + LASTS;
        let ticket = Ticket { message_id, expires_at: expires_at.timestamp(), session };
        (self.0.seal(&QUERY, &ticket), expires_at)
    }

    /// What a ticket says, if it is one of ours that still lasts.
    pub fn read(&self, ticket: &str, now: DateTime<Utc>) -> Result<Ticket, Status> {
        let known = self.0.open::<Ticket>(&QUERY, ticket).ok().flatten();
        known.filter(|known| now.timestamp() < known.expires_at).ok_or_else(unknown)
    }
}

/// UNAUTHENTICATED: the ticket is none, or no longer.
pub fn unknown() -> Status {
    let en = "the ticket was never issued, or no longer holds";
    errors::status(Code::Unauthenticated, "TICKET_UNKNOWN", en, "查看凭证无效或已过期，请从工作台重新打开")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_holds_for_ten_minutes_with_the_key_of_its_installation_and_with_no_bit_changed() {
        let now: DateTime<Utc> = "2023-03-01T09:00:00Z".parse().unwrap();
        let (id, session) = (Uuid::from_u128(7), Some(Sha256::of(b"token")));
        let tickets = Tickets::new(page::Tokens::new([7; 32]));
        let (ticket, expires_at) = tickets.issue(id, session, now);
        assert!(ticket.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_'), "{ticket}");
        let read = |ticket: &str, at| tickets.read(ticket, at).map(|it| (it.message_id, it.session)).ok();
        assert_eq!(read(&ticket, expires_at - TimeDelta::seconds(1)), Some((id, session)));
        assert_eq!(read(&ticket, expires_at), None);
        assert_eq!(expires_at, now + TimeDelta::minutes(10));
        for at in 0..ticket.len() {
            let mut forged = ticket.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            // The last character holds bits beyond the last byte.
            let forged = String::from_utf8(forged).unwrap();
            assert!(read(&forged, now).is_none_or(|said| said == (id, session) && at + 1 == ticket.len()), "{at}");
        }
        for none in ["", "x", &"A".repeat(100_000)] {
            assert_eq!(read(none, now), None);
        }
        let elsewhere = Tickets::new(page::Tokens::new([8; 32]));
        assert!(elsewhere.read(&ticket, now).is_err());
        // A page token is none, whatever it says.
        let page_token = page::Tokens::new([7; 32]).seal(&["ListMessages"], &(1, 2));
        assert_eq!(read(&page_token, now), None);
    }
}
