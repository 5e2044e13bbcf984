//! What a register holds: which message, which of its fields are looked up, ordered, searched, refer to others, or are
//! none of the caller's business.
//!
//! A kind is data. The registrar does with it what every register does the same way, and the services only add what is
//! their own.

use store::register::{Column, ColumnKind, Register, Term};

use crate::wire::Fault;

/// How a field becomes a look-up column, or rows of the inverted index when it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A string, as it is.
    Text,
    /// A signed or unsigned integer; with presence (`optional`) the column is NULL when it is unset.
    Integer,
    /// A bool.
    Flag,
    /// An enum: the name of its value without the enum's prefix (`PUBLIC`), empty for the unspecified one.
    Code,
    /// `{collection}/{id}`: the id alone, which must stand for a live entry of that collection. Empty is none.
    Reference {
        /// Such as `purchasers`.
        collection: &'static str,
        /// The table of that register.
        table: &'static str,
    },
    /// `regions/{code}`: the code alone, which the register of regions must know (of whatever time).
    Region,
}

/// A field that is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path in the message, `.` between the names; it is also its name in filters.
    pub path: &'static str,
    /// The column, or the facet of a repeated field.
    pub column: &'static str,
    /// What it means.
    pub meaning: Meaning,
    /// Repeated: rows of `register_term` instead of a column. Of a repeated message the path goes through it
    /// (`parts.provider`).
    pub is_repeated: bool,
    /// Whether order_by may name it.
    pub is_ordered: bool,
}

/// A kind of resource whose message is `M`.
pub struct Kind<M> {
    /// The table with its look-up columns.
    pub register: Register,
    /// `purchasers`.
    pub collection: &'static str,
    /// `purchaser`: the field of a request that holds one.
    pub field: &'static str,
    /// 购买主体.
    pub chinese: &'static str,
    /// The fields looked up; those with a column stand in the order of `register.columns`.
    pub fields: Vec<Field>,
    /// Paths whose text `search("…")` looks into.
    pub searched: Vec<&'static str>,
    /// Paths that an update may name without effect and whose values in a request are ignored, beside the head.
    pub output_only: Vec<&'static str>,
    /// Paths that an update refuses to change.
    pub immutable: Vec<&'static str>,
    /// Rules of one message alone; the field of a fault is a path in the message.
    pub check: fn(&M) -> Vec<Fault>,
    /// Terms of the inverted index that carry an amount.
    pub weighed: fn(&M) -> Vec<Term>,
}

impl<M> Kind<M> {
    /// A kind without look-ups: table and field have the same name.
    #[must_use]
    pub fn new(field: &'static str, collection: &'static str, chinese: &'static str) -> Self {
        Self {
            register: Register { table: field, columns: Vec::new() },
            collection,
            field,
            chinese,
            fields: Vec::new(),
            searched: Vec::new(),
            output_only: Vec::new(),
            immutable: Vec::new(),
            check: |_| Vec::new(),
            weighed: |_| Vec::new(),
        }
    }

    /// Adds a field that is looked up, with a column of its own. Dots of the path are `_` in the column.
    #[must_use]
    pub fn look_up(self, path: &'static str, meaning: Meaning) -> Self {
        self.look_up_as(path, path, meaning, false)
    }

    /// As [`Self::look_up`], for a field that order_by may name too (never an optional integer).
    #[must_use]
    pub fn ordered(self, path: &'static str, meaning: Meaning) -> Self {
        self.look_up_as(path, path, meaning, true)
    }

    /// As [`Self::look_up`], under another column name.
    #[must_use]
    pub fn look_up_as(mut self, path: &'static str, column: &'static str, meaning: Meaning, is_ordered: bool) -> Self {
        let kind = match meaning {
            Meaning::Integer => ColumnKind::Integer,
            Meaning::Flag => ColumnKind::Flag,
            Meaning::Text | Meaning::Code | Meaning::Reference { .. } | Meaning::Region => ColumnKind::Text,
        };
        self.register.columns.push(Column { name: column, kind });
        self.fields.push(Field { path, column, meaning, is_repeated: false, is_ordered });
        self
    }

    /// An integer with presence: NULL when unset, and never ordered by.
    #[must_use]
    pub fn optional_integer(mut self, path: &'static str) -> Self {
        self.register.columns.push(Column { name: path, kind: ColumnKind::OptionalInteger });
        self.fields.push(Field {
            path,
            column: path,
            meaning: Meaning::Integer,
            is_repeated: false,
            is_ordered: false,
        });
        self
    }

    /// A repeated field (or a field of a repeated message): `field:value` in filters.
    #[must_use]
    pub fn repeated(mut self, path: &'static str, facet: &'static str, meaning: Meaning) -> Self {
        self.fields.push(Field { path, column: facet, meaning, is_repeated: true, is_ordered: false });
        self
    }

    /// Paths that a search looks into.
    #[must_use]
    pub fn searched(mut self, paths: &[&'static str]) -> Self {
        self.searched.extend(paths);
        self
    }

    /// Paths that only we write.
    #[must_use]
    pub fn output_only(mut self, paths: &[&'static str]) -> Self {
        self.output_only.extend(paths);
        self
    }

    /// Paths that stay as they were made.
    #[must_use]
    pub fn immutable(mut self, paths: &[&'static str]) -> Self {
        self.immutable.extend(paths);
        self
    }

    /// The rules of one message alone.
    #[must_use]
    pub fn checked(mut self, check: fn(&M) -> Vec<Fault>) -> Self {
        self.check = check;
        self
    }

    /// Terms with an amount. They take the place of the terms that a repeated field gives under the same facet.
    #[must_use]
    pub fn weighed(mut self, weighed: fn(&M) -> Vec<Term>) -> Self {
        self.weighed = weighed;
        self
    }

    /// The name of the entry with that id.
    #[must_use]
    pub fn name(&self, id: &str) -> String {
        format!("{}/{id}", self.collection)
    }
}
