//! The report of a person: one JSON document, in pieces that fit into memory.

use std::fmt::Write;

use chrono::Utc;
use store::{
    Store,
    account::{AccessAction, AccessEvent},
    erasure::PersonMail,
};
use uuid::Uuid;

use crate::Result;

/// Mails in memory at once, with all their texts.
const PAGE: u32 = 20;

/// A part of the document.
#[derive(Debug, Default)]
pub struct Piece {
    /// The text; all pieces one after the other are the document.
    pub text: String,
    /// The mails that it tells of, whose bytes it only names by their hashes.
    pub mails: Vec<PersonMail>,
}

/// How far the document is written.
#[derive(Debug)]
enum Next {
    Head,
    Mails { after: Option<Uuid> },
    Nothing,
}

/// A report that is being written.
pub struct Report {
    store: Store,
    address: String,
    next: Next,
}

impl Report {
    /// Notes who asks (`peer`: from where, empty for a command), and begins. Nothing is read that was not noted.
    pub async fn begin(store: &Store, address: &str, by: &str, peer: &str) -> Result<Self> {
        let event = AccessEvent {
            at: Utc::now(),
            actor: by.to_owned(),
            action: AccessAction::PersonReported,
            subject: format!("contacts/{}", Store::contact_id(address)),
            peer: peer.to_owned(),
            detail: String::new(),
        };
        store.access_append(&event).await?;
        Ok(Self { store: store.clone(), address: address.to_owned(), next: Next::Head })
    }

    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Result<Option<Piece>> {
        let (after, is_first) = match self.next {
            Next::Nothing => return Ok(None),
            Next::Head => {
                self.next = Next::Mails { after: None };
                let held = serde_json::to_string_pretty(&self.store.person_rest(&self.address).await?)?;
                let at = serde_json::to_string(&Utc::now())?;
                let text = format!("{{\"reported_at\": {at},\n\"held\": {held},\n\"mails\": [");
                return Ok(Some(Piece { text, mails: Vec::new() }));
            }
            Next::Mails { after } => (after, after.is_none()),
        };
        let mails = self.store.person_mails(&self.address, after, PAGE).await?;
        let Some(last) = mails.last() else {
            self.next = Next::Nothing;
            return Ok(Some(Piece { text: "\n]}\n".to_owned(), mails }));
        };
        self.next = Next::Mails { after: Some(last.message_id) };
        let mut text = String::new();
        for (index, mail) in mails.iter().enumerate() {
            let comma = if is_first && index == 0 { "" } else { "," };
            // To write into a text does not fail.
            let _ = write!(text, "{comma}\n{}", serde_json::to_string_pretty(mail)?);
        }
        Ok(Some(Piece { text, mails }))
    }
}
