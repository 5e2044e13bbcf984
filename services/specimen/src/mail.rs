//! Composes mails as Chinese mail programs write them, tidy or not.

mod encode;
mod readymade;

use std::io::{self, Read, Write};

use chrono::{DateTime, FixedOffset, TimeZone};

pub use self::readymade::{automatic_reply, bounce, bounce_of, newsletter};

/// Charset of the header and the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8, as current programs write.
    #[default]
    Utf8,
    /// GBK bytes under the label `gb2312`, as Outlook and Foxmail write.
    GbkLabelledGb2312,
    /// GB18030 bytes bare in the header and the text, as old web forms write.
    Gb18030Raw8bit,
}

/// How the name of an attachment is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameEncoding {
    /// `filename*=` with continuations (RFC 2231).
    #[default]
    Rfc2231,
    /// Encoded words inside the quotes, as most Chinese programs write although RFC 2047 forbids it.
    Rfc2047,
    /// The bytes of the name as they are.
    Raw8bit,
}

/// A file that goes with a mail.
#[derive(Clone, Debug)]
struct Attachment {
    name: String,
    media_type: String,
    bytes: Vec<u8>,
    content_id: Option<String>,
}

/// A mail in the making.
#[derive(Clone, Debug)]
pub struct Mail {
    from: (String, String),
    to: String,
    subject: String,
    date: Option<String>,
    received_at: Option<DateTime<FixedOffset>>,
    message_id: Option<String>,
    in_reply_to: Option<String>,
    headers: Vec<(String, String)>,
    text: Option<String>,
    html: Option<String>,
    attachments: Vec<Attachment>,
    charset: Charset,
    name_encoding: NameEncoding,
    splits_a_character: bool,
}

impl Mail {
    /// Begins a mail from a person (an empty name for none) to an address.
    #[must_use]
    pub fn new(name: &str, from: &str, to: &str) -> Self {
        Self {
            from: (name.to_owned(), from.to_owned()),
            to: to.to_owned(),
            subject: String::new(),
            date: None,
            received_at: None,
            message_id: None,
            in_reply_to: None,
            headers: Vec::new(),
            text: None,
            html: None,
            attachments: Vec::new(),
            charset: Charset::default(),
            name_encoding: NameEncoding::default(),
            splits_a_character: false,
        }
    }

    /// Sets the subject.
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = subject.to_owned();
        self
    }

    /// Sets the `Date` field as it shall stand; without it the receipt time is written.
    #[must_use]
    pub fn date(mut self, date: &str) -> Self {
        self.date = Some(date.to_owned());
        self
    }

    /// Sets the instant in the topmost `Received` field.
    #[must_use]
    pub fn received_at<Tz: TimeZone>(mut self, instant: DateTime<Tz>) -> Self {
        self.received_at = Some(instant.with_timezone(&beijing()));
        self
    }

    /// Sets the `Message-ID`, without angle brackets.
    #[must_use]
    pub fn message_id(mut self, id: &str) -> Self {
        self.message_id = Some(id.to_owned());
        self
    }

    /// Sets the mail that this one answers, without angle brackets; `References` follows it.
    #[must_use]
    pub fn in_reply_to(mut self, id: &str) -> Self {
        self.in_reply_to = Some(id.to_owned());
        self
    }

    /// Adds any other field; its value is written as it stands.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the plain text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    /// Sets the HTML text.
    #[must_use]
    pub fn html(mut self, html: &str) -> Self {
        self.html = Some(html.to_owned());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn attach(mut self, name: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let (name, media_type, bytes) = (name.to_owned(), media_type.to_owned(), bytes.into());
        self.attachments.push(Attachment { name, media_type, bytes, content_id: None });
        self
    }

    /// Adds a picture that the HTML shows by its `cid:`.
    #[must_use]
    pub fn attach_inline(mut self, name: &str, media_type: &str, content_id: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let (name, media_type, bytes) = (name.to_owned(), media_type.to_owned(), bytes.into());
        self.attachments.push(Attachment { name, media_type, bytes, content_id: Some(content_id.to_owned()) });
        self
    }

    /// Sets the charset.
    #[must_use]
    pub fn charset(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    /// Sets how names of attachments are written.
    #[must_use]
    pub fn name_encoding(mut self, name_encoding: NameEncoding) -> Self {
        self.name_encoding = name_encoding;
        self
    }

    /// Lets long encoded words break in the middle of a character, as careless programs do.
    #[must_use]
    pub fn splitting_a_character(mut self) -> Self {
        self.splits_a_character = true;
        self
    }

    /// The instant in the topmost `Received` field, if there is one.
    #[must_use]
    pub fn receipt(&self) -> Option<DateTime<FixedOffset>> {
        self.received_at
    }

    /// Composes the mail.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes, None::<(&str, &str, io::Empty)>).expect("memory takes every byte");
        bytes
    }

    /// Writes the mail with one more attachment at its end, which is encoded as it is read: a mail of hundreds of
    /// megabytes is never held.
    ///
    /// # Errors
    /// When the writer or the reader fails.
    pub fn write_huge(&self, out: &mut impl Write, name: &str, media_type: &str, bytes: impl Read) -> io::Result<()> {
        self.write(out, Some((name, media_type, bytes)))
    }

    fn write(&self, out: &mut impl Write, huge: Option<(&str, &str, impl Read)>) -> io::Result<()> {
        self.write_header(out)?;
        if self.attachments.is_empty() && huge.is_none() {
            return self.write_text(out);
        }
        let boundary = "----=_Part_0_1384731.1680277199";
        write!(
            out,
            "Content-Type: multipart/mixed;\r\n\tboundary=\"{boundary}\"\r\n\r\nThis is a multi-part message in MIME format.\r\n\r\n--{boundary}\r\n"
        )?;
        self.write_text(out)?;
        for attachment in &self.attachments {
            write!(out, "--{boundary}\r\n")?;
            self.write_attachment_header(
                out,
                &attachment.name,
                &attachment.media_type,
                attachment.content_id.as_deref(),
            )?;
            encode::base64_lines(out, &attachment.bytes[..])?;
        }
        if let Some((name, media_type, bytes)) = huge {
            write!(out, "--{boundary}\r\n")?;
            self.write_attachment_header(out, name, media_type, None)?;
            encode::base64_lines(out, bytes)?;
        }
        write!(out, "--{boundary}--\r\n")
    }

    fn write_header(&self, out: &mut impl Write) -> io::Result<()> {
        let rfc2822 = |instant: DateTime<FixedOffset>| instant.format("%a, %d %b %Y %H:%M:%S %z").to_string();
        if let Some(instant) = self.received_at {
            let stamp = rfc2822(instant);
            write!(
                out,
                "Received: from mail.example.cn (unknown [192.0.2.17])\r\n\tby mx.example.com (Coremail) with SMTP id aBcDeFgHiJk;\r\n\t{stamp} (CST)\r\n"
            )?;
        }
        for (name, value) in &self.headers {
            write!(out, "{name}: {value}\r\n")?;
        }
        let (name, address) = &self.from;
        match &**name {
            "" => write!(out, "From: <{address}>\r\n")?,
            name => {
                out.write_all(b"From: ")?;
                out.write_all(&self.phrase(name, 6))?;
                write!(out, " <{address}>\r\n")?;
            }
        }
        write!(out, "To: <{}>\r\n", self.to)?;
        out.write_all(b"Subject: ")?;
        out.write_all(&self.words(&self.subject, 9))?;
        out.write_all(b"\r\n")?;
        if let Some(date) = self.date.clone().or_else(|| self.received_at.map(rfc2822)) {
            write!(out, "Date: {date}\r\n")?;
        }
        if let Some(id) = &self.message_id {
            write!(out, "Message-ID: <{id}>\r\n")?;
        }
        if let Some(id) = &self.in_reply_to {
            write!(out, "In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n")?;
        }
        out.write_all(b"MIME-Version: 1.0\r\nX-Mailer: Foxmail 7.2.25.140[cn]\r\n")
    }

    /// Writes the text part, or both of them, with their headers.
    fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        match (&self.text, &self.html) {
            (Some(text), Some(html)) => {
                let boundary = "----=_Part_1_2097152.1680277199";
                write!(
                    out,
                    "Content-Type: multipart/alternative;\r\n\tboundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n"
                )?;
                self.write_leaf(out, "plain", text)?;
                write!(out, "--{boundary}\r\n")?;
                self.write_leaf(out, "html", html)?;
                write!(out, "--{boundary}--\r\n")
            }
            (None, Some(html)) => self.write_leaf(out, "html", html),
            (text, None) => self.write_leaf(out, "plain", text.as_deref().unwrap_or_default()),
        }
    }

    fn write_leaf(&self, out: &mut impl Write, subtype: &str, text: &str) -> io::Result<()> {
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        let bytes = encode::bytes(&text, self.charset);
        let label = encode::label(self.charset);
        write!(out, "Content-Type: text/{subtype}; charset=\"{label}\"\r\n")?;
        if self.charset == Charset::Gb18030Raw8bit {
            out.write_all(b"Content-Transfer-Encoding: 8bit\r\n\r\n")?;
            out.write_all(&bytes)?;
            return out.write_all(b"\r\n");
        }
        out.write_all(b"Content-Transfer-Encoding: base64\r\n\r\n")?;
        encode::base64_lines(out, &bytes[..])
    }

    fn write_attachment_header(
        &self,
        out: &mut impl Write,
        name: &str,
        media_type: &str,
        content_id: Option<&str>,
    ) -> io::Result<()> {
        let parameter = |key| encode::parameter(key, name, self.charset, self.name_encoding, self.splits_a_character);
        write!(out, "Content-Type: {media_type}")?;
        out.write_all(&parameter("name"))?;
        out.write_all(b"\r\nContent-Transfer-Encoding: base64\r\n")?;
        if let Some(id) = content_id {
            write!(out, "Content-ID: <{id}>\r\n")?;
        }
        write!(out, "Content-Disposition: {}", if content_id.is_some() { "inline" } else { "attachment" })?;
        out.write_all(&parameter("filename"))?;
        out.write_all(b"\r\n\r\n")
    }

    fn words(&self, text: &str, used: usize) -> Vec<u8> {
        encode::words(text, used, self.charset, self.splits_a_character)
    }

    fn phrase(&self, name: &str, used: usize) -> Vec<u8> {
        if name.is_ascii() { format!("\"{name}\"").into_bytes() } else { self.words(name, used) }
    }
}

/// Eight hours east of Greenwich.
pub(crate) fn beijing() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours is a lawful offset")
}

#[cfg(test)]
mod tests;
