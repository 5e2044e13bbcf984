//! Replies (回执) to authors: whether a mail is answered at all, what the answer says, and the answer as a mail.
//!
//! [`answering`] says to whom an answer goes, or which [`Silence`] is kept; [`limits`] bounds how many go out;
//! [`template`] holds a campaign's words, [`particulars`] what is filled in, [`standard`] the words that ship; [`message`]
//! writes the mail with a `Message-ID` by which a second copy is known; [`outbox`] says what follows from a try to send it,
//! [`editing`] what a person may do with it.
//!
//! Deliberately absent: a connection, a table, a clock. Nothing here sends; this room knows what may be sent.

pub mod answering;
pub mod authentication;
pub mod editing;
mod error;
mod kind;
pub mod limits;
pub mod message;
pub mod message_id;
pub mod outbox;
pub mod particulars;
mod silence;
pub mod standard;
pub mod template;

pub use error::Error;
pub use kind::{Kind, Language};
pub use silence::Silence;

/// A result of this room.
pub type Result<T> = std::result::Result<T, Error>;
