//! Finds who sends: names, organisation (工作单位), phones and addresses in Chinese free text, with where each was read.

use serde::{Deserialize, Serialize};

use crate::letter::Letter;

/// A value with where it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The value, normalised (half width, trimmed).
    pub value: String,
    /// `body`, `from`, `part 2 “稿件.docx”`.
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

/// Reads a letter's own text and its documents; never its quoted mail.
#[must_use]
pub fn find(letter: &Letter) -> Contact {
    let _ = letter;
    todo!()
}
