//! The outbox: a letter to an author is written in the transaction that it follows from (G3), and goes from there through
//! a sender ([`::reply::outbox::Outbox`]) or an editor's hands. Without a policy nothing is written.

mod bounce;
mod circuit;
mod duty;
mod edit;
mod line;
mod read;
pub mod record;
mod send;
mod write;

use std::sync::Arc;

use ::reply::{answering::Ourselves, limits::Caps, outbox::OnUncertain};

use crate::{Store, values::address};

pub(crate) use bounce::bounced;
pub(crate) use duty::owe;
pub(crate) use edit::{go_on, step};
pub(crate) use line::{Line, append, set};
pub(crate) use read::{counts, get, history, list, sending};
pub(crate) use write::{About, AnsweredIds, acknowledge};

/// Who writes to the authors of one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplySender {
    /// The mailbox's address: campaigns with this address (compared in lower case) are answered.
    pub mailbox: String,
    /// The name beside the sender's address: 编辑部.
    pub name: String,
    /// The address that letters come from, and bounces come back to.
    pub address: String,
    /// Who we are and whom we trust; its `message_id_domain` is the right side of the letters' `Message-ID`s.
    pub ourselves: Ourselves,
}

/// Who writes to authors, how many letters may go, and which wait for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyPolicy {
    /// One a mailbox; mail to a mailbox that has none is not answered.
    pub senders: Vec<ReplySender>,
    /// How many letters may go out, from all senders together.
    pub caps: Caps,
    /// What is done with a letter of which nobody knows whether it went.
    pub on_uncertain: OnUncertain,
    /// Whether a letter that declines waits until a person approves it.
    pub hold_declines: bool,
}

impl ReplyPolicy {
    /// Who writes for a campaign's mailbox.
    #[must_use]
    pub fn sender(&self, mailbox: &str) -> Option<&ReplySender> {
        let mailbox = address(mailbox);
        self.senders.iter().find(|sender| address(&sender.mailbox) == mailbox)
    }
}

impl Store {
    /// The same tables, and letters are written to authors from now on. Without it nothing is written or taken.
    #[must_use]
    pub fn answering(self, policy: ReplyPolicy) -> Self {
        Self { policy: Some(Arc::new(policy)), ..self }
    }
}
