//! Registers: tables of one shape, each with a head (id, versions, instants), look-up columns and a body.
//!
//! The body is the resource in the protobuf JSON mapping; this room never looks into it. Whoever writes says what the
//! look-up columns hold, so that a list is filtered and ordered by indexes. Repeated values and the tokens of a search
//! are rows of one inverted index, `register_term`, the same on both databases.

pub(crate) mod condition;
pub(crate) mod load;
pub(crate) mod once;
pub(crate) mod place;
pub(crate) mod read;
mod row;
mod terms;
pub(crate) mod write;

use chrono::{DateTime, Utc};
use sea_orm::JsonValue;
use stdx::{ErrorKind, Sha256};

/// Terms of one draft at most.
pub const TERMS_MAX: usize = 2_000;

/// What a look-up column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, never NULL: empty when unset; compared by code point on both databases.
    Text,
    /// A signed number of 64 bits, never NULL: 0 when unset.
    Integer,
    /// As above, and NULL when unset; nothing is ordered by it.
    OptionalInteger,
    /// Whether; never NULL.
    Flag,
}

/// A look-up column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the table.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
}

/// A register. Its head columns, which every register has and conditions and orders may name: `id`, `row_version`,
/// `change_seq`, `created_at`, `updated_at`, `deleted_at` (µs since 1970; NULL while it lives), `is_synthetic`,
/// `search_text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The table.
    pub table: &'static str,
    /// Its look-up columns.
    pub columns: Vec<Column>,
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Value {
    /// Of a text column, at most 500 characters.
    Text(String),
    /// Of a number's column.
    Integer(i64),
    /// Of a flag.
    Flag(bool),
    /// An optional number that is not set.
    Unset,
}

/// A row of the inverted index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Which repeated field it is of; `search` for the tokens of the searched text.
    pub facet: &'static str,
    /// The value, at most 500 characters.
    pub term: String,
    /// An amount that goes with it (a provider kind's part of a contract in fen); else 0.
    pub amount: i64,
}

/// An entry as it is to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Text, 1 to 128 characters of `[A-Za-z0-9._~-]`, checked by the caller.
    pub id: String,
    /// One a column, in their order.
    pub values: Vec<Value>,
    /// The repeated values and the tokens, at most [`TERMS_MAX`]; of doubles one is kept, with the sum of the amounts.
    pub terms: Vec<Term>,
    /// The text that a search must hold in one piece, in lower case.
    pub search_text: String,
    /// Whether it is made up.
    pub is_synthetic: bool,
    /// The resource.
    pub body: JsonValue,
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// As given.
    pub id: String,
    /// From 1, one more at each write.
    pub row_version: i64,
    /// When it was inserted.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted; it can be undeleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// One a column, in their order.
    pub values: Vec<Value>,
    /// The resource.
    pub body: JsonValue,
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// =
    Equal,
    /// ≠
    Unequal,
    /// <
    Less,
    /// ≤
    AtMost,
    /// >
    Greater,
    /// ≥
    AtLeast,
}

/// Which entries. Never NULL itself: a comparison with an unset number is false, and its `Not` true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every one holds; true when empty.
    All(Vec<Condition>),
    /// One holds; false when empty.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A column against a value.
    Compare(&'static str, Comparison, Value),
    /// An optional number is set.
    IsSet(&'static str),
    /// A text column lies in `[from, to)`.
    Between(&'static str, String, String),
    /// A text column begins with this.
    StartsWith(&'static str, String),
    /// A text column holds this in one piece.
    Holds(&'static str, String),
    /// A repeated field has this value.
    Has(&'static str, String),
    /// A repeated field has a value in `[from, to)`.
    HasBetween(&'static str, String, String),
    /// Every token is among those of the `search` facet, and `search_text` holds the text in one piece.
    Search {
        /// The tokens; when empty, the text alone decides.
        tokens: Vec<String>,
        /// In lower case.
        text: String,
    },
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// Which entries of a register, in which order, from where.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterQuery {
    /// All when none.
    pub condition: Option<Condition>,
    /// By these columns, then by id in the direction of the last one (ascending when there is none).
    pub order: Vec<(&'static str, Direction)>,
    /// The entry after which the page begins: the values of the ordering columns, then the id.
    pub after: Option<(Vec<Value>, String)>,
    /// At most [`crate::LIST_MAX`].
    pub limit: u32,
    /// Deleted ones too.
    pub shows_deleted: bool,
}

/// A name in an entry that must stand for a live entry of another register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The field that holds it, for the error.
    pub field: String,
    /// The other register's table.
    pub table: &'static str,
    /// The id there.
    pub id: String,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Write<'a> {
    /// A new entry; refused when the id is taken, also by a deleted one.
    Insert(&'a Register, Draft),
    /// The entry with this id anew; refused when it is deleted or, if a version is given, not at that version.
    Update(&'a Register, Draft, Option<i64>),
    /// Marked as deleted; refused when it is deleted already or not at that version.
    Delete(&'a Register, String, Option<i64>),
    /// Live again; refused when it is live or not at that version.
    Undelete(&'a Register, String, Option<i64>),
}

/// What makes a call the same call: its first success is given again for a week. A rehearsal is never the same call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The full name of the method, with the caller before it.
    pub method: String,
    /// The caller's id of the call.
    pub request_id: String,
    /// The hash of the request.
    pub body_sha256: Sha256,
}

/// Writes that happen together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// In their order.
    pub writes: Vec<Write<'a>>,
    /// What must live at the end of it.
    pub references: Vec<Reference>,
    /// Who asked, when the caller gave the call an id.
    pub once: Option<Once>,
    /// Everything is tried, and nothing is kept.
    pub is_rehearsal: bool,
}

/// Why a change was refused; nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No entry has the id.
    #[error("{table} has no {id}")]
    Missing {
        /// The table.
        table: String,
        /// The id.
        id: String,
    },
    /// The id is taken.
    #[error("{table} has {id} already")]
    Taken {
        /// The table.
        table: String,
        /// The id.
        id: String,
    },
    /// Another live entry holds values that only one may hold.
    #[error("another entry of {table} has the same {columns}")]
    Double {
        /// The table.
        table: String,
        /// The columns of the unique index, separated by commas.
        columns: String,
    },
    /// It is at another version.
    #[error("{table} {id} is at version {row_version}")]
    Stale {
        /// The table.
        table: String,
        /// The id.
        id: String,
        /// Its version.
        row_version: i64,
    },
    /// It is deleted.
    #[error("{table} {id} is deleted")]
    Deleted {
        /// The table.
        table: String,
        /// The id.
        id: String,
    },
    /// It is live and so cannot be undeleted.
    #[error("{table} {id} is not deleted")]
    Live {
        /// The table.
        table: String,
        /// The id.
        id: String,
    },
    /// A reference stands for nothing that lives.
    #[error("{field} stands for nothing")]
    Dangling {
        /// The field.
        field: String,
    },
    /// The call's id was used for another request.
    #[error("the request id was used for another request")]
    Reused,
}

impl Refusal {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. } => ErrorKind::NotFound,
            Self::Taken { .. } | Self::Double { .. } | Self::Live { .. } => ErrorKind::AlreadyExists,
            Self::Stale { .. } => ErrorKind::Conflict,
            Self::Deleted { .. } => ErrorKind::NotFound,
            Self::Dangling { .. } | Self::Reused => ErrorKind::Invalid,
        }
    }
}

/// What came of loading many drafts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// New.
    pub inserted: u64,
    /// There before with another body, and replaced.
    pub replaced: u64,
    /// There before, the same.
    pub unchanged: u64,
    /// There before, and somebody changed or deleted it since it was loaded: left alone.
    pub left_alone: u64,
}
