//! The room's one error: we could not read or compute what was asked. What an editor or a bureau did wrong is a finding.

use stdx::ErrorKind;

use crate::formula::Failure;

/// Texts inside errors are cut to this many characters.
const SHOWN_CHARACTERS_MAX: usize = 64;

/// Why this room could not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A text is not what it should be.
    #[error("{what} {text:?}: {reason}")]
    Malformed {
        /// What the text should have been, such as `amount of money`.
        what: &'static str,
        /// The text, cut to 64 characters.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A sum or difference of money leaves the range of 64-bit fen.
    #[error("an amount of money leaves the range of 64-bit fen")]
    MoneyOverflow,
    /// An entry of a data file is wrong.
    #[error("{file}: {entry}: {field}: {reason}")]
    Data {
        /// The data file.
        file: String,
        /// The entry inside it, such as `figure F09`.
        entry: String,
        /// The field inside the entry.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A formula has no value.
    #[error(transparent)]
    Formula(#[from] Failure),
}

impl Error {
    /// Says what a text should have been and what is wrong with it.
    #[must_use]
    pub fn malformed(what: &'static str, text: &str, reason: impl Into<String>) -> Self {
        Self::Malformed { what, text: cut(text), reason: reason.into() }
    }

    /// Names the file, the entry and the field of wrong data.
    #[must_use]
    pub fn data(file: &str, entry: &str, field: &str, reason: impl std::fmt::Display) -> Self {
        Self::Data { file: file.to_owned(), entry: cut(entry), field: cut(field), reason: reason.to_string() }
    }

    /// What kind of failure it is, for whoever turns it into a status.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Malformed { .. } | Self::Data { .. } => ErrorKind::Invalid,
            Self::MoneyOverflow => ErrorKind::Exhausted,
            Self::Formula(failure) => failure.kind(),
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
