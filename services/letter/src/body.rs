//! Which leaves make up the body that a reader sees, and its text.
//!
//! The first text of the mail is its body; with it go its alternatives. A text behind it (the footer of a list, a poem
//! dragged into the window) is an attachment. An empty text gives way to the next.

use crate::{headers, names::Parameters, scan::Scan};

/// Texts that show the same thing in different forms.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// The plain text.
    pub plain: Option<usize>,
    /// The HTML.
    pub html: Option<usize>,
    /// All leaves that belong to it, and so are no attachments.
    pub members: Vec<usize>,
}

/// Candidates for the body in the order of the mail.
#[must_use]
pub fn candidates(scan: &Scan) -> Vec<Candidate> {
    let mut found: Vec<(Option<usize>, Candidate)> = Vec::new();
    for leaf in scan.leaves() {
        let is_plain = match scan.nodes[leaf].media_type.as_str() {
            "text/plain" => true,
            "text/html" => false,
            _ => continue,
        };
        if is_attachment(scan, leaf) {
            continue;
        }
        let around = scan.alternative_around(leaf);
        let at = found.iter().position(|(other, _)| around.is_some() && *other == around).unwrap_or_else(|| {
            found.push((around, Candidate::default()));
            found.len() - 1
        });
        let candidate = &mut found[at].1;
        (if is_plain { &mut candidate.plain } else { &mut candidate.html }).get_or_insert(leaf);
        candidate.members.push(leaf);
    }
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

fn is_attachment(scan: &Scan, leaf: usize) -> bool {
    let fields = &scan.nodes[leaf].fields;
    let disposition = Parameters::of(headers::first(fields, "content-disposition"), None);
    let kind = Parameters::of(headers::first(fields, "content-type"), None);
    disposition.value == "attachment" || disposition.get("filename", None).is_some() || kind.get("name", None).is_some()
}

/// Line ends as LF, no control characters, no trailing white space.
#[must_use]
pub fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                tidy.push('\n');
            }
            '\n' | '\t' => tidy.push(character),
            character if character.is_control() => {}
            character => tidy.push(character),
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy
}

/// The Content-IDs that an HTML text shows (`src="cid:…"`, RFC 2392), in lower case.
#[must_use]
pub fn content_ids_shown(html: &str) -> Vec<String> {
    const ID_CHARACTERS_MAX: usize = 200;
    const IDS_MAX: usize = 2_000;
    let mut ids = Vec::new();
    let mut rest = html;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"cid:").filter(|_| ids.len() < IDS_MAX) {
        rest = &rest[at + 4..];
        let ends = |it: char| matches!(it, '"' | '\'' | '>' | '<' | ')' | '&') || it.is_whitespace();
        let id: String = rest.chars().take(ID_CHARACTERS_MAX).take_while(|it| !ends(*it)).collect();
        if !id.is_empty() {
            ids.push(id.replace("%40", "@").to_lowercase());
        }
    }
    ids
}
