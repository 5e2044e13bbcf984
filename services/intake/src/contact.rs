//! Finds who sends: names, organisation (工作单位), phones and addresses in Chinese free text, with where each was read.
//!
//! Labels (`姓名：`) are trusted most, then by-lines and signatures, then sentences (`我是…的…`), then the subject, file
//! names and the display name of From. The campaign's own contacts may be among what is found, since this room of the
//! house does not know them; the rules pass over them.

mod labels;
mod lines;
mod names;
mod organisations;
mod phones;

use std::{ops::Range, sync::LazyLock};

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::{
    letter::{Content, Letter, Part},
    tag,
    wording::{self, Page},
};

/// Values kept of each sort.
pub const VALUES_MAX: usize = 10;

/// Characters of an excerpt.
const EXCERPT_MAX: usize = 80;

/// Characters read at the head and at the end of a body.
const BODY_CHARACTERS: (usize, usize) = (8000, 4000);

/// Characters read at the head and at the end of a document: by-lines stand first, notes on the author last.
const DOCUMENT_CHARACTERS: (usize, usize) = (3000, 2000);

/// Documents, and file names, that are looked into.
const PARTS_MAX: usize = 50;

/// A value with where it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The value, normalised (half width, trimmed).
    pub value: String,
    /// `body`, `subject`, `from`, `part 2 “稿件.docx”`, `cloud file “视频.mp4”`.
    pub place: String,
    /// The words around it, at most 80 characters.
    pub excerpt: String,
}

/// Who sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Persons, the likeliest first.
    pub names: Vec<Found>,
    /// Organisations, the likeliest first.
    pub organisations: Vec<Found>,
    /// Phones, as digits with their hyphens.
    pub phones: Vec<Found>,
    /// Mail addresses written in the text (not the bare From header).
    pub addresses: Vec<Found>,
}

/// How much a place is worth; less is likelier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Body,
    Document,
    Subject,
    FileName,
    From,
}

/// How a value shows what it is; less is likelier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Label,
    Line,
    Sentence,
}

/// What sort of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Name,
    Organisation,
    Phone,
    Address,
}

/// A value read on a page.
#[derive(Clone, Debug)]
struct Reading {
    sort: Sort,
    sign: Sign,
    value: String,
    range: Range<usize>,
}

/// Collects values with their rank.
#[derive(Debug, Default)]
struct Gathered(Vec<(Sort, (u8, usize), Found)>);

impl Gathered {
    fn add(&mut self, sort: Sort, rank: u8, found: Found) {
        self.0.push((sort, (rank, self.0.len()), found));
    }

    fn page(&mut self, source: Source, place: &str, page: &Page, readings: Vec<Reading>) {
        for reading in readings {
            let rank = match (reading.sign, source) {
                (Sign::Label, Source::Body) => 0,
                (Sign::Label, Source::Document) => 1,
                (Sign::Line, Source::Body) => 2,
                (Sign::Line, Source::Document) => 3,
                (_, Source::Body) => 4,
                (_, Source::Document) => 5,
                (_, Source::Subject) => 6,
                (_, Source::FileName) => 7,
                (_, Source::From) => 8,
            };
            let excerpt = page.excerpt(&reading.range, EXCERPT_MAX);
            self.add(reading.sort, rank, Found { value: reading.value, place: place.to_owned(), excerpt });
        }
    }

    fn take(&mut self, sort: Sort) -> Vec<Found> {
        let mut ranked: Vec<_> = self.0.iter().filter(|(other, ..)| *other == sort).collect();
        ranked.sort_by_key(|(_, rank, _)| *rank);
        let mut values: Vec<Found> = Vec::new();
        for (_, _, found) in ranked {
            // 安吉县财政局 behind 浙江省安吉县财政局 says nothing new.
            let is_known = values.iter().any(|other| {
                other.value == found.value || (sort == Sort::Organisation && other.value.contains(&found.value))
            });
            if values.len() < VALUES_MAX && !is_known {
                values.push(found.clone());
            }
        }
        values
    }
}

/// Reads a letter's own text and its documents; never its quoted mail. At most ten values of each sort.
#[must_use]
pub fn find(letter: &Letter) -> Contact {
    let mut gathered = Gathered::default();
    let body = ends(letter.body.own_text(), BODY_CHARACTERS);
    text(&mut gathered, Source::Body, "body", &body);
    for part in letter.parts.iter().take(PARTS_MAX) {
        if let Content::Document(document) = &part.content {
            text(&mut gathered, Source::Document, &place(part), &ends(&document.text, DOCUMENT_CHARACTERS));
        }
    }
    title(&mut gathered, Source::Subject, "subject", &tag::without_prefixes(&letter.headers.subject));
    for part in letter.parts.iter().take(PARTS_MAX).filter(|part| part.content != Content::Picture) {
        title(&mut gathered, Source::FileName, &place(part), stem(&part.name));
    }
    for file in letter.cloud_files.iter().take(PARTS_MAX).filter(|file| !file.quoted) {
        let place = format!("cloud file “{}”", wording::quoted(&file.name));
        title(&mut gathered, Source::FileName, &place, stem(&file.name));
    }
    if let Some(from) = letter.headers.from.first() {
        title(&mut gathered, Source::From, "from", &from.name);
    }
    Contact {
        names: gathered.take(Sort::Name),
        organisations: gathered.take(Sort::Organisation),
        phones: gathered.take(Sort::Phone),
        addresses: gathered.take(Sort::Address),
    }
}

/// How a part is named as a place: `part 2 “稿件.docx”`.
#[must_use]
pub(crate) fn place(part: &Part) -> String {
    if part.name.trim().is_empty() {
        format!("part {}", part.path)
    } else {
        format!("part {} “{}”", part.path, wording::quoted(&part.name))
    }
}

/// A running text: labels, lines, sentences, numbers.
fn text(gathered: &mut Gathered, source: Source, place: &str, text: &str) {
    static URL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:https?|ftp)://[^\s\p{Han}]+|www\.[^\s\p{Han}]+").expect("a pattern of our own")
    });
    let mut page = Page::new(text);
    page.hide(&URL);
    let numbers = numbers(page.folded());
    let labels = labels::read(page.folded());
    let mut readings = lines::read(page.folded(), source, &labels.taken, &numbers);
    readings.extend(lines::sentences(page.folded()));
    readings.extend(labels.readings);
    readings.extend(numbers);
    gathered.page(source, place, &page, readings);
}

/// A subject, file name or display name: its words are weak signs, and a name needs something beside it.
fn title(gathered: &mut Gathered, source: Source, place: &str, title: &str) {
    let page = Page::new(&title.chars().take(300).collect::<String>());
    let mut readings = lines::title(page.folded(), source);
    // The bare From is no contact, whatever its display name; 姓名+单位+电话 in a subject or file name is.
    if source != Source::From {
        readings.extend(numbers(page.folded()));
    }
    gathered.page(source, place, &page, readings);
}

fn numbers(text: &str) -> Vec<Reading> {
    let reading = |sort| move |(value, range)| Reading { sort, sign: Sign::Line, value, range };
    let phones = phones::phones(text).into_iter().map(reading(Sort::Phone));
    phones.chain(phones::addresses(text).into_iter().map(reading(Sort::Address))).collect()
}

/// A file name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or(name, |(stem, _)| stem)
}

/// The head and the end of a long text.
fn ends(text: &str, (head, tail): (usize, usize)) -> String {
    let Some((head_end, _)) = text.char_indices().nth(head) else { return text.to_owned() };
    let tail_start = text.char_indices().rev().nth(tail.saturating_sub(1)).map_or(0, |(at, _)| at);
    if tail_start <= head_end { text.to_owned() } else { format!("{}\n\n{}", &text[..head_end], &text[tail_start..]) }
}

#[cfg(test)]
mod tests;
