//! Reads the text of the documents that people send as manuscripts, and says plainly which it cannot read.

mod archive;
mod count;
mod docx;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use intake::letter::{Content, Document, DocumentFormat};

pub use self::count::count_characters;
use crate::{charset, media_type::extension};

/// Text of one document that is kept.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Plain text that is read: more than the longest book.
const PLAIN_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// HTML that is read.
const HTML_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// How far an OLE2 file is searched for the name of its encrypted stream.
const OLE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Reads one part whose decoded bytes lie in `file`. `media_type` is the one that the bytes show; `charset_declared`
/// counts for plain text and HTML. What cannot be read is a value with its reason, also where the file itself fails.
#[must_use]
pub fn read(file: &mut File, media_type: &str, name: &str, size_bytes: u64, charset_declared: Option<&str>) -> Content {
    let read = match media_type {
        "text/plain" | "text/markdown" => plain(file, size_bytes, charset_declared),
        "text/html" | "application/xhtml+xml" => html(file, size_bytes, charset_declared),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => docx::read(file, size_bytes),
        "application/msword" | "application/x-ole-storage" => old_word(file, media_type, name),
        "application/pdf" => Ok(unreadable("document", "PDF text is not read yet")),
        "application/rtf" | "text/rtf" => Ok(unreadable("document", "RTF text is not read yet")),
        "application/vnd.oasis.opendocument.text" => Ok(unreadable("document", "OpenDocument text is not read yet")),
        "application/ofd" => Ok(unreadable("document", "OFD text is not read yet")),
        _ if archive::is_archive(media_type) => Ok(archive::read(file, media_type)),
        _ if media_type.starts_with("image/") => Ok(Content::Picture),
        _ => Ok(Content::Other),
    };
    read.unwrap_or_else(|error| unreadable("document", &format!("cannot be read: {error}")))
}

fn unreadable(what: &str, reason: &str) -> Content {
    Content::Unreadable { what: what.to_owned(), reason: reason.to_owned() }
}

/// The first bytes of a file, at most `bytes_max`.
fn first_bytes(file: &mut File, bytes_max: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn plain(file: &mut File, size_bytes: u64, charset_declared: Option<&str>) -> io::Result<Content> {
    let bytes = first_bytes(file, PLAIN_BYTES_MAX)?;
    let (text, _) = charset::decode_text(&bytes, charset_declared);
    Ok(document(DocumentFormat::Text, text, size_bytes > PLAIN_BYTES_MAX))
}

fn html(file: &mut File, size_bytes: u64, charset_declared: Option<&str>) -> io::Result<Content> {
    let bytes = first_bytes(file, HTML_BYTES_MAX)?;
    let own = charset_in_html(&bytes);
    let (source, _) = charset::decode_text(&bytes, charset_declared.or(own.as_deref()));
    let text = crate::html::text(&source);
    Ok(document(DocumentFormat::Html, text, size_bytes > HTML_BYTES_MAX))
}

/// The charset that a page names in its first KiB, in either form of `meta`.
pub(crate) fn charset_in_html(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    (!label.is_empty()).then_some(label)
}

fn document(format: DocumentFormat, text: String, cut_before: bool) -> Content {
    let characters = count_characters(&text);
    let kept = text.floor_char_boundary(TEXT_BYTES_MAX);
    let truncated = cut_before || kept < text.len();
    Content::Document(Document { format, text: text[..kept].to_owned(), truncated, characters, pictures: 0 })
}

/// An OLE2 file is a Word document of before 2007, or the envelope of an encrypted DOCX ([MS-OFFCRYPTO] 2.3.4.4).
fn old_word(file: &mut File, media_type: &str, name: &str) -> io::Result<Content> {
    let bytes = first_bytes(file, OLE_BYTES_MAX)?;
    let stream: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let is_encrypted = memchr::memmem::find(&bytes, &stream).is_some();
    Ok(match (is_encrypted, media_type) {
        (true, _) => unreadable("document", "encrypted"),
        (false, "application/msword") if extension(name) == "wps" => unreadable("document", "old WPS format"),
        (false, "application/msword") => unreadable("document", "old Word format"),
        (false, _) => Content::Other,
    })
}

#[cfg(test)]
mod tests;
