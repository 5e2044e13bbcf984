//! Whose data a form is about, or which mail.

use maud::{Markup, html};
use proto::intake::v1::{ErasedMessages, erase_person_request::Subject, report_person_request::Person};

use crate::{html::id_of, posted::Posted, visit::Visit};

/// Whose data a form is about: a contact, an address that was typed, or one mail whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// `contacts/{uuid}`.
    Contact(String),
    /// As typed.
    Address(String),
    /// `messages/{uuid}`.
    Mail(String),
}

impl Whose {
    /// As a form says it.
    pub fn read(posted: &Posted) -> Self {
        match (posted.one("contact"), posted.one("message")) {
            ("", "") => Self::Address(posted.one("address").trim().to_owned()),
            ("", message) => Self::Mail(message.to_owned()),
            (contact, _) => Self::Contact(contact.to_owned()),
        }
    }

    /// As an erasure is asked for it.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Contact(name) => Subject::Contact(name.clone()),
            Self::Address(address) => Subject::Address(address.clone()),
            Self::Mail(name) => Subject::Messages(ErasedMessages { names: vec![name.clone()] }),
        }
    }

    /// As a report is; a mail has none.
    pub fn person(&self) -> Option<Person> {
        match self {
            Self::Contact(name) => Some(Person::Contact(name.clone())),
            Self::Address(address) => Some(Person::Address(address.clone())),
            Self::Mail(_) => None,
        }
    }

    /// As the next form brings it along.
    pub fn field(&self) -> Markup {
        html! {
            @match self {
                Self::Contact(name) => input type="hidden" name="contact" value=(name);,
                Self::Address(address) => input type="hidden" name="address" value=(address);,
                Self::Mail(name) => input type="hidden" name="message" value=(name);,
            }
        }
    }

    /// For people: who asks by an address typed it, and a contact's page shows it in part.
    pub fn shown(&self, visit: &Visit) -> Markup {
        html! {
            @match self {
                Self::Contact(name) => a href={ "/contacts/" (id_of(name)) } { (visit.say("此联系人", "this contact")) },
                Self::Address(address) => bdi { (address) },
                Self::Mail(name) => a href={ "/ledger/" (id_of(name)) } { (visit.say("这封邮件", "this mail")) },
            }
        }
    }
}
