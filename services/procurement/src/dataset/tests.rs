//! What the shipped data set promises.

mod faults;
mod registers;
mod table;
mod traps;
mod verdicts;

use super::*;

/// The shipped data set.
fn article() -> Dataset {
    Dataset::article().unwrap()
}

/// The shipped data set with more entries behind it.
fn article_and(entries: &str) -> Dataset {
    Dataset::load("more.toml", &format!("{ARTICLE}\n{entries}"), &[("article.txt", ARTICLE_TEXT)]).unwrap()
}
