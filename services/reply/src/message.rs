//! The mail itself, as bytes for a mail server: headers that stop loops and thread the answer, a text that every program
//! shows as it was written.
//!
//! UTF-8 in base64, one part, no HTML: NetEase, QQ and Outlook show it alike, no server breaks a long line of Chinese,
//! and no line of it can be taken for a header or for the end of the mail. Paragraphs are not cut into lines.
//!
//! No `Precedence`: RFC 3834 §3.1.8 allows it for the sake of old programs, but to a filter it is a mark of mass mail.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::{
    Address,
    message::{
        Mailbox, Message, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use crate::{
    Error, Result,
    answering::{LOOP_FIELD, is_sendable},
    message_id::Told,
    particulars::line,
    template::Text,
};

/// Ids that are named in `References`; a longer thread keeps its beginning and its end.
const REFERENCES_MAX: usize = 20;

/// Bytes of an id of another that is quoted; a longer one is left out.
const ID_BYTES_MAX: usize = 250;

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// 编辑部.
    pub name: &'a str,
    /// The campaign’s address, or another that is ours: bounces come back to it.
    pub address: &'a str,
    /// The right side of our `Message-ID`s.
    pub message_id_domain: &'a str,
}

/// The mail that is answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Its `Message-ID`, without angle brackets.
    pub message_id: Option<&'a str>,
    /// Its `References`, without angle brackets, the oldest first.
    pub references: &'a [String],
}

/// A mail ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its `Message-ID`, without angle brackets: the same for the same letter.
    pub message_id: String,
    /// Where the envelope and the header say it comes from.
    pub from: String,
    /// Where both say it goes.
    pub to: String,
    /// The decoded subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The mail, lines ended by CR LF. The same arguments always give the same bytes.
    pub raw: Vec<u8>,
}

/// Writes the mail. `at` stands in its `Date` and is kept with it, so that each try sends the same bytes.
///
/// # Errors
/// [`Error::Address`] when our address, our domain or the recipient is unfit for a header; no text of an author or an
/// editor can be the cause.
pub fn write(
    told: &Told,
    text: &Text,
    sender: &Sender<'_>,
    to: &str,
    answered: &Answered<'_>,
    at: DateTime<Utc>,
) -> Result<Reply> {
    let from = mailbox("sender", sender.name, sender.address)?;
    // The name of an author stands in the text; beside the address it would only be one more thing to forge.
    let recipient = mailbox("recipient", "", to)?;
    if !is_sendable(&format!("x@{}", sender.message_id_domain)) {
        return Err(Error::Address { field: "message_id_domain", detail: "it is not a domain name".into() });
    }
    let message_id = told.message_id(sender.message_id_domain);
    let subject = header_text(&text.subject);
    let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
    let mut builder = Message::builder()
        .from(from)
        .to(recipient)
        .subject(subject.clone())
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(format!("<{message_id}>")));
    let answered_id = answered.message_id.filter(|id| is_id(id));
    if let Some(id) = answered_id {
        builder = builder.in_reply_to(format!("<{id}>"));
    }
    let mut references: Vec<&str> =
        answered.references.iter().map(String::as_str).filter(|id| is_id(id) && Some(*id) != answered_id).collect();
    references.extend(answered_id);
    if references.len() > REFERENCES_MAX {
        // RFC 5322 §3.6.4 names no bound; a thread is known by its first and its newest mails.
        references.drain(1..=references.len() - REFERENCES_MAX);
    }
    if !references.is_empty() {
        let references: Vec<String> = references.into_iter().map(|id| format!("<{id}>")).collect();
        builder = builder.references(references.join(" "));
    }
    for (name, value) in [
        ("Auto-Submitted", "auto-replied"),
        // Not `All`: reports that a letter did not arrive are wanted.
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        (LOOP_FIELD, sender.message_id_domain),
        ("Content-Language", text.language.tag()),
    ] {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    let body: String = text.body.chars().filter(|character| *character != '\0' && *character != '\r').collect();
    let part = SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::Base64)
        .body(body.clone());
    let message = builder.singlepart(part).map_err(Error::Build)?;
    Ok(Reply {
        message_id,
        from: sender.address.to_owned(),
        to: to.to_owned(),
        subject,
        body,
        raw: message.formatted(),
    })
}

fn mailbox(field: &'static str, name: &str, address: &str) -> Result<Mailbox> {
    if !is_sendable(address) {
        return Err(Error::Address { field, detail: "it is not an address that mail can be sent to".into() });
    }
    let address: Address = address.parse().map_err(|error| Error::Address { field, detail: format!("{error}") })?;
    let name = header_text(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// One line that no program reads as an encoded word: what is encoded, we encode.
fn header_text(text: &str) -> String {
    line(text, 200).replace("=?", "= ?")
}

/// Whether an id of another can be quoted as it is (RFC 5322 §3.6.4, loosely: no white space, no brackets, ASCII).
fn is_id(id: &str) -> bool {
    (3..=ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'))
        && id.contains('@')
}

#[cfg(test)]
mod tests;
