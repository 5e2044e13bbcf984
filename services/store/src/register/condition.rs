//! Conditions as expressions that both databases answer the same way: text is compared by code point, cases are told
//! apart, and nothing is ever NULL, so that `Not` is what it says.

use sea_orm::{
    DbBackend, ExprTrait,
    sea_query::{Condition as Chain, Expr, Func, Query, SelectStatement},
};

use super::{
    ColumnKind, Comparison, Condition, Register, Value,
    row::{bound, column, fits, kind},
};
use crate::{Error, Result, values::clean};

/// Parts of one condition: SQLite reads an expression 1,000 deep at most.
const PARTS_MAX: usize = 500;

/// A condition on the rows of a register.
pub fn expression(backend: DbBackend, register: &Register, condition: &Condition) -> Result<Expr> {
    let mut parts_left = PARTS_MAX;
    Reader { backend, register, parts_left: &mut parts_left }.read(condition)
}

struct Reader<'a> {
    backend: DbBackend,
    register: &'a Register,
    parts_left: &'a mut usize,
}

impl Reader<'_> {
    fn read(&mut self, condition: &Condition) -> Result<Expr> {
        self.spend(1)?;
        Ok(match condition {
            Condition::All(parts) if parts.is_empty() => truth(true),
            Condition::Any(parts) if parts.is_empty() => truth(false),
            Condition::All(parts) => self.chain(Chain::all(), parts)?.into(),
            Condition::Any(parts) => self.chain(Chain::any(), parts)?.into(),
            Condition::Not(part) => self.read(part)?.not(),
            Condition::Compare(name, comparison, value) => self.compare(name, *comparison, value)?,
            Condition::IsSet(name) => {
                self.of_kind(name, ColumnKind::OptionalInteger)?;
                column(self.register, name).is_not_null()
            }
            Condition::Between(name, from, to) => {
                self.of_kind(name, ColumnKind::Text)?;
                column(self.register, name).gte(clean(from)).and(column(self.register, name).lt(clean(to)))
            }
            Condition::StartsWith(name, prefix) => {
                self.of_kind(name, ColumnKind::Text)?;
                self.starts_with(name, &clean(prefix))
            }
            Condition::Holds(name, part) => {
                self.of_kind(name, ColumnKind::Text)?;
                self.holds(name, part)
            }
            Condition::Has(facet, term) => self.among(facet, |terms| {
                terms.and_where(Expr::col(("register_term", "term")).eq(clean(term)));
            }),
            Condition::HasBetween(facet, from, to) => self.among(facet, |terms| {
                terms
                    .and_where(Expr::col(("register_term", "term")).gte(clean(from)))
                    .and_where(Expr::col(("register_term", "term")).lt(clean(to)));
            }),
            Condition::Search { tokens, text } => self.search(tokens, text)?,
        })
    }

    fn spend(&mut self, parts: usize) -> Result<()> {
        let left = self.parts_left.checked_sub(parts);
        *self.parts_left = left.ok_or_else(|| Error::Invalid(format!("a condition has at most {PARTS_MAX} parts")))?;
        Ok(())
    }

    fn chain(&mut self, chain: Chain, parts: &[Condition]) -> Result<Chain> {
        parts.iter().try_fold(chain, |chain, part| Ok(chain.add(self.read(part)?)))
    }

    fn of_kind(&self, name: &str, expected: ColumnKind) -> Result<()> {
        if kind(self.register, name)? == expected {
            return Ok(());
        }
        Err(Error::Internal(format!("the column {name} of {} is not {expected:?}", self.register.table)))
    }

    fn compare(&self, name: &'static str, comparison: Comparison, value: &Value) -> Result<Expr> {
        let kind = kind(self.register, name)?;
        if !fits(kind, value) {
            return Err(Error::Internal(format!("{} {name} is compared with {value:?}", self.register.table)));
        }
        if *value == Value::Unset {
            return Ok(truth(false));
        }
        let (here, there) = (column(self.register, name), bound(value));
        let compared = match comparison {
            Comparison::Equal => here.eq(there),
            Comparison::Unequal => here.ne(there),
            Comparison::Less => here.lt(there),
            Comparison::AtMost => here.lte(there),
            Comparison::Greater => here.gt(there),
            Comparison::AtLeast => here.gte(there),
        };
        // A comparison with NULL is NULL, and so is its negation; with this it is false.
        Ok(match kind {
            ColumnKind::OptionalInteger => column(self.register, name).is_not_null().and(compared),
            _ => compared,
        })
    }

    /// A range, which an index answers.
    fn starts_with(&self, name: &'static str, prefix: &str) -> Expr {
        if prefix.is_empty() {
            return truth(true);
        }
        let from = column(self.register, name).gte(prefix);
        match beyond(prefix) {
            Some(end) => from.and(column(self.register, name).lt(end)),
            None => from,
        }
    }

    /// Position instead of LIKE: no character is a pattern, and both databases tell cases apart.
    fn holds(&self, name: &'static str, part: &str) -> Expr {
        let position = if self.backend == DbBackend::Postgres { "strpos" } else { "instr" };
        let call = Func::cust(position).arg(column(self.register, name)).arg(Expr::val(clean(part)));
        Expr::expr(call).gt(0)
    }

    /// Entries of which a row of the inverted index says something.
    fn among(&self, facet: &str, say: impl FnOnce(&mut SelectStatement)) -> Expr {
        let mut terms = Query::select();
        terms
            .column(("register_term", "id"))
            .from("register_term")
            .and_where(Expr::col(("register_term", "register")).eq(self.register.table))
            .and_where(Expr::col(("register_term", "facet")).eq(facet));
        say(&mut terms);
        column(self.register, "id").in_subquery(terms)
    }

    fn search(&mut self, tokens: &[String], text: &str) -> Result<Expr> {
        let mut tokens: Vec<&String> = tokens.iter().collect();
        tokens.sort();
        tokens.dedup();
        self.spend(tokens.len())?;
        let all = tokens.into_iter().fold(Chain::all(), |all, token| {
            all.add(self.among("search", |terms| {
                terms.and_where(Expr::col(("register_term", "term")).eq(clean(token)));
            }))
        });
        Ok(all.add(self.holds("search_text", text)).into())
    }
}

/// A condition that always or never holds, as both databases read it.
fn truth(is: bool) -> Expr {
    Expr::val(1_i64).eq(i64::from(is))
}

/// The smallest text that is greater than every text with this prefix; none when there is no such text.
fn beyond(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // Code points of surrogates are no characters.
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_text_of_its_length() {
        for (prefix, expected) in [
            ("3301", Some("3302")),
            ("绩", Some("绪")),
            ("a\u{D7FF}", Some("a\u{E000}")),
            ("a\u{10FFFF}", Some("b")),
            ("\u{10FFFF}\u{10FFFF}", None),
        ] {
            assert_eq!(beyond(prefix).as_deref(), expected, "{prefix:?}");
        }
    }
}
