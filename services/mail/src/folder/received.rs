//! When a mail file was received.

use std::{fs::File, io, os::unix::fs::FileExt};

use chrono::{DateTime, Utc};
use intake::message::ReceivedBasis;

use super::scan::Layout;

/// How much of a mail is searched for its topmost Received field, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

pub(super) fn received(file: &File, layout: Layout) -> io::Result<(DateTime<Utc>, ReceivedBasis)> {
    if layout == Layout::File
        && let Some(received_at) = topmost(&head(file)?)
    {
        return Ok((received_at, ReceivedBasis::ReceivedHeader));
    }
    Ok((file.metadata()?.modified()?.into(), ReceivedBasis::FileTime))
}

fn head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD_BYTES_MAX];
    let mut filled = 0;
    while filled < head.len() {
        match file.read_at(&mut head[filled..], filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    head.truncate(filled);
    Ok(head)
}

/// The date after the last semicolon of the topmost Received field (RFC 5321 §4.4): the last server's, which our own side
/// runs or chose; the ones beneath it anyone may have written.
fn topmost(head: &[u8]) -> Option<DateTime<Utc>> {
    let mut field: Option<String> = None;
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_folded = matches!(line.first(), Some(b' ' | b'\t'));
        match &mut field {
            Some(field) if is_folded => field.push_str(&String::from_utf8_lossy(line)),
            Some(_) => break,
            None if line.is_empty() => break,
            None => {
                let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
                if name.trim_ascii_end().eq_ignore_ascii_case(b"Received") {
                    field = Some(String::from_utf8_lossy(line).into_owned());
                }
            }
        }
    }
    let field = field?;
    let (_, date) = field.rsplit_once(';')?;
    // The zone's name may follow in parentheses: a comment.
    let date = date.split('(').next()?.trim();
    Some(DateTime::parse_from_rfc2822(date).ok()?.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_the_topmost_received_field_is_read() {
        for (head, utc) in [
            (
                "Received: from a by b; Fri, 31 Mar 2023 23:59:59 +0800 (CST)\r\nX: y\r\n\r\n",
                Some("2023-03-31T15:59:59Z"),
            ),
            (
                "Return-Path: <a@b>\r\nreceived: from a\r\n\tby b with SMTP id x;y;\r\n Sat,  1 Apr 2023 00:00:00 +0800\r\n\
                 Received: from z; Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\n",
                Some("2023-03-31T16:00:00Z"),
            ),
            ("Received: from a by b;\n Fri, 31 Mar 2023 15:59:59 GMT\n\n", Some("2023-03-31T15:59:59Z")),
            ("Received: from a by b\r\n\r\n", None),
            ("Received: from a by b; soon\r\n\r\n", None),
            ("Received: from a by b; soon\r\nReceived: x; Fri, 31 Mar 2023 23:59:59 +0800\r\n\r\n", None),
            ("Subject: x\r\n\r\nReceived: x; Fri, 31 Mar 2023 23:59:59 +0800\r\n", None),
            ("", None),
        ] {
            assert_eq!(topmost(head.as_bytes()), utc.map(|utc| utc.parse().unwrap()), "{head:?}");
        }
    }
}
