//! A letter as facts: what the bytes of one mail say, bounded, with every name and text decoded.
//!
//! `letter` (the room) writes this in a child process; everything in this room only reads it. It is stored as JSON
//! beside the raw mail, so that a changed rule can be tried on old mail without opening it again.

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};
use stdx::Sha256;

/// The header field that every letter of a caibian bears, whichever installation wrote it.
pub const LOOP_FIELD: &str = "X-Caibian-Loop";

/// One mail, read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Letter {
    /// What the header says.
    pub headers: Headers,
    /// The text that a reader would see first.
    pub body: Body,
    /// Every leaf that is not the body, in the order of the mail.
    pub parts: Vec<Part>,
    /// Files that lie with the mail provider (超大附件), known only by a card in the body.
    pub cloud_files: Vec<CloudFile>,
    /// What it says of a letter that did not arrive, if it is a delivery report.
    pub report: Option<DeliveryReport>,
    /// What could not be read as it stands.
    pub faults: Vec<Fault>,
}

impl Letter {
    /// Hashes of all that was written into files when it was opened.
    pub fn files(&self) -> impl Iterator<Item = Sha256> {
        self.parts.iter().map(|part| part.sha256).chain(self.body.page.iter().map(|page| page.sha256))
    }
}

/// An address with the name beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The display name, decoded; empty if there is none.
    pub name: String,
    /// `local@domain`, as written but trimmed.
    pub address: String,
}

/// The header fields that a rule, a sorting or an editor asks for. Text is decoded; an absent field is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Headers {
    /// The decoded subject.
    pub subject: String,
    /// The authors by header; the first is the sender that is shown.
    pub from: Vec<Address>,
    /// Where the sender wants answers.
    pub reply_to: Vec<Address>,
    /// Addressees.
    pub to: Vec<Address>,
    /// `Return-Path` as the delivering server wrote it: `Some("")` is the null path of a bounce.
    pub return_path: Option<String>,
    /// The sender's claim of the time. Never decides anything.
    pub date: Option<DateTime<FixedOffset>>,
    /// `Message-ID` without angle brackets. A hint for threading, never a key.
    pub message_id: Option<String>,
    /// `In-Reply-To` ids without angle brackets.
    pub in_reply_to: Vec<String>,
    /// `References` ids without angle brackets.
    pub references: Vec<String>,
    /// `Auto-Submitted` (RFC 3834), lower case, without parameters.
    pub auto_submitted: Option<String>,
    /// `Precedence`, lower case.
    pub precedence: Option<String>,
    /// `List-Id`, or another `List-*` field's value if that is missing.
    pub list: Option<String>,
    /// `X-Auto-Response-Suppress`, `X-Autoreply`, `X-Autorespond`: the name of the first that is present.
    pub auto_response: Option<String>,
    /// The top media type, lower case, such as `multipart/report`.
    pub media_type: String,
    /// `report-type` of a multipart/report, lower case.
    pub report_type: Option<String>,
    /// The topmost `Received` field, unfolded, at most 1 KiB.
    pub received: Option<String>,
    /// `Authentication-Results` (RFC 8601), unfolded, the topmost first: at most 10 of 1 KiB each. A longer one is kept as
    /// an empty text, since what was cut off could say the opposite.
    pub authentication_results: Vec<String>,
    /// Whether a field of the name [`LOOP_FIELD`] is there.
    pub loop_mark: bool,
}

/// What a delivery report says of one letter and one recipient (RFC 3464); a report on several tells of a failed one.
/// Reports of servers that do not keep to the RFC have nothing but the id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryReport {
    /// `Message-ID` of the letter, without angle brackets, by the copy of it or of its header that comes with the report.
    pub original_message_id: Option<String>,
    /// `Final-Recipient`, else `Original-Recipient`: the address without its type, at most 320 bytes.
    pub final_recipient: Option<String>,
    /// `Action`, lower case: `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub action: Option<String>,
    /// `Status` (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// `Diagnostic-Code` without its type, at most 500 bytes.
    pub diagnostic: Option<String>,
}

impl DeliveryReport {
    /// Whether it says that the letter did not arrive and will not: a delay or a receipt is none. A report without an
    /// action is that of a server that reports nothing else.
    #[must_use]
    pub fn says_failed(&self) -> bool {
        self.action.as_deref().is_none_or(|action| action == "failed")
    }
}

/// The body that a reader sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Body {
    /// Plain text; from the HTML when there is no plain part, or an empty one.
    pub text: String,
    /// Where quoted earlier mail begins, in bytes of `text` (a character boundary).
    pub quoted_from: Option<usize>,
    /// Whether the text was taken from HTML.
    pub from_html: bool,
    /// Whether the text was cut at the bound.
    pub truncated: bool,
    /// Its HTML made safe to show, where it has some and it was read by a program that keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
}

/// The HTML of a body, made safe to show: a fragment in UTF-8 that loads nothing and runs nothing, kept apart under its
/// hash. It shows pictures of the mail as `part/{path}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Size of the fragment.
    pub size_bytes: u64,
    /// Hash of the fragment.
    pub sha256: Sha256,
    /// Paths of the parts that it shows: PNG, JPEG, GIF and WebP by their first bytes.
    pub pictures: Vec<String>,
    /// Pictures that it would have loaded from elsewhere; a word stands in their place.
    pub remote_pictures: u32,
    /// Whether it was cut at the bound.
    pub truncated: bool,
}

impl Body {
    /// The sender's own words: the text before any quoted mail.
    #[must_use]
    pub fn own_text(&self) -> &str {
        self.quoted_from.and_then(|at| self.text.get(..at)).unwrap_or(&self.text)
    }
}

/// How a part asks to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// An attachment, or nothing said.
    #[default]
    Attachment,
    /// Meant to be seen inside the body (`Content-Disposition: inline`, or named by a Content-ID of the HTML).
    Inline,
}

/// A leaf of the mail with its decoded bytes kept apart under their hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The part's place in the mail in the manner of IMAP: `2.1`.
    pub path: String,
    /// The decoded file name; empty if there is none. Data, never a path.
    pub name: String,
    /// The media type that the mail declares, lower case.
    pub media_type_declared: String,
    /// The media type that the bytes show, or the declared one where they show none.
    pub media_type: String,
    /// How it asks to be shown.
    pub disposition: Disposition,
    /// Size of the decoded bytes.
    pub size_bytes: u64,
    /// Hash of the decoded bytes.
    pub sha256: Sha256,
    /// What is inside.
    pub content: Content,
}

/// What a part holds, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// A text document: TXT, HTML, DOCX.
    Document(Document),
    /// A picture, by its first bytes.
    Picture,
    /// A video or audio file whose boxes could be read.
    Video(Video),
    /// A file whose kind matters but which cannot be read: `what` is `document`, `video`, `archive`.
    Unreadable {
        /// The kind by name or first bytes.
        what: String,
        /// Why, for an editor: `encrypted`, `no moov box`, `old Word format`.
        reason: String,
    },
    /// Anything else.
    Other,
}

/// Which format a document has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentFormat {
    /// Plain text in any charset.
    Text,
    /// HTML.
    Html,
    /// Office Open XML.
    Docx,
}

/// The text of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Its format.
    pub format: DocumentFormat,
    /// Its text, cut at the bound.
    pub text: String,
    /// Whether the text was cut.
    pub truncated: bool,
    /// 字数 as a word processor counts: each Han character and each mark of Chinese punctuation is one, each run of
    /// Latin letters or digits is one. Counted over the whole text, before any cut.
    pub characters: u64,
    /// Pictures inside the document.
    pub pictures: u32,
}

/// What the boxes of an MP4 or MOV file say (ISO/IEC 14496-12, QuickTime File Format).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Video {
    /// `mp4` or `mov`.
    pub container: String,
    /// Major brand of `ftyp`, such as `isom`; empty without one.
    pub brand: String,
    /// Presentation time in milliseconds, edit lists applied; none if the file does not say.
    pub duration_ms: Option<u64>,
    /// Pixels of the coded picture; zero without a video track.
    pub coded_width: u32,
    /// Pixels of the coded picture; zero without a video track.
    pub coded_height: u32,
    /// Pixels as shown: pixel shape and rotation applied.
    pub displayed_width: u32,
    /// Pixels as shown: pixel shape and rotation applied.
    pub displayed_height: u32,
    /// Clockwise: 0, 90, 180 or 270.
    pub rotation_degrees: u16,
    /// Name of the video codec as ffprobe has it (`h264`, `hevc`), else the four-character code; none without a track.
    pub video_codec: Option<String>,
    /// Name of the audio codec (`aac`, `mp3`), likewise.
    pub audio_codec: Option<String>,
    /// Whether the media lies in movie fragments.
    pub fragmented: bool,
}

/// A file left with a mail provider, told by a card in the body. Nothing of it has been fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloudFile {
    /// `netease`, `qq`, `other`.
    pub provider: String,
    /// The name on the card.
    pub name: String,
    /// The size that the card claims, in bytes of 1024-based units.
    pub size_bytes_claimed: Option<u64>,
    /// When the link ends, by the card (Beijing time).
    pub expires_at: Option<DateTime<Utc>>,
    /// The link.
    pub url: String,
    /// Whether the card stands in quoted mail, and so belongs to an earlier letter.
    pub quoted: bool,
}

/// Something in the mail that could not be read as it stands; nothing is lost, the raw bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A stable word: `charset_guessed`, `base64_broken`, `uuencode`, `name_missing`, `text_truncated`.
    pub code: String,
    /// Where: a header's name or a part's path.
    pub place: String,
    /// What, for an editor.
    pub detail: String,
}

/// Why a mail could not be opened at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Unreadable {
    /// A stable word: `too_deep`, `too_many_parts`, `too_many_headers`, `header_too_large`, `child_killed`, `timeout`,
    /// `infected`.
    pub code: String,
    /// The measured value and the bound.
    pub detail: String,
}
