//! The rules, one a file. Each looks at a letter and gives a finding; none does anything.

use chrono::{DateTime, Utc};

use crate::{campaign::Campaign, contact::Contact, finding::Finding, letter::Letter};

/// What the rules may look at.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The facts of the mail.
    pub letter: &'a Letter,
    /// The server's receipt time: IMAP INTERNALDATE (RFC 9051 §2.3.3), never the sender's Date.
    pub received_at: DateTime<Utc>,
    /// Who sends, as found in the mail and its documents.
    pub contact: &'a Contact,
}

/// Applies every rule of the campaign, in the campaign's order.
#[must_use]
pub fn check(case: Case<'_>, campaign: &Campaign) -> Vec<Finding> {
    let _ = (case, campaign);
    todo!()
}
