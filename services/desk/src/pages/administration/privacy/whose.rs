//! Whose data a form is about.

use maud::{Markup, html};
use proto::intake::v1::{erase_person_request::Subject, report_person_request::Person};

use crate::{html::id_of, posted::Posted, visit::Visit};

/// Whose data a form is about: a contact, or an address that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// `contacts/{uuid}`.
    Contact(String),
    /// As typed.
    Address(String),
}

impl Whose {
    /// As a form says it.
    pub fn read(posted: &Posted) -> Self {
        match posted.one("contact") {
            "" => Self::Address(posted.one("address").trim().to_owned()),
            contact => Self::Contact(contact.to_owned()),
        }
    }

    /// As an erasure is asked for it.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Contact(name) => Subject::Contact(name.clone()),
            Self::Address(address) => Subject::Address(address.clone()),
        }
    }

    /// As a report is.
    pub fn person(&self) -> Person {
        match self {
            Self::Contact(name) => Person::Contact(name.clone()),
            Self::Address(address) => Person::Address(address.clone()),
        }
    }

    /// As the next form brings it along.
    pub fn field(&self) -> Markup {
        html! {
            @match self {
                Self::Contact(name) => input type="hidden" name="contact" value=(name);,
                Self::Address(address) => input type="hidden" name="address" value=(address);,
            }
        }
    }

    /// For people: who asks by an address typed it, and a contact's page shows it in part.
    pub fn shown(&self, visit: &Visit) -> Markup {
        html! {
            @match self {
                Self::Contact(name) => a href={ "/contacts/" (id_of(name)) } { (visit.say("此联系人", "this contact")) },
                Self::Address(address) => bdi { (address) },
            }
        }
    }
}
