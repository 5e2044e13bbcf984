//! CSV as spreadsheets in China read it: UTF-8 with a byte order mark, every cell quoted, lines ended by CR LF (RFC 4180).
//! Strangers' words end up in a spreadsheet on somebody's machine, and must stay words there (OWASP CSV injection;
//! ASVS 5.0, 1.2.10).

use std::io::{self, Write};

/// Without it Excel takes UTF-8 for GBK.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes a line.
///
/// # Errors
/// When the writer fails.
pub fn write_line(writer: &mut impl Write, cells: &[Cell]) -> io::Result<()> {
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        line.push('"');
        match cell {
            Cell::Number(number) => line.push_str(&number.to_string()),
            // No reader agrees with another on NUL.
            Cell::Text(words) => line.push_str(&guarded(words).replace('\0', "\u{fffd}").replace('"', "\"\"")),
        }
        line.push('"');
    }
    line.push_str("\r\n");
    writer.write_all(line.as_bytes())
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A number of ours.
    Number(u64),
    /// Words, whoever wrote them.
    Text(String),
}

/// Characters of a cell: Excel takes 32,767 UTF-16 units, and a character has two at most.
const CHARACTERS_MAX: usize = 16_000;

impl Cell {
    /// Words, cut at what a spreadsheet takes.
    #[must_use]
    pub fn text(words: impl Into<String>) -> Self {
        let mut words = words.into();
        if let Some((at, _)) = words.char_indices().nth(CHARACTERS_MAX) {
            words.truncate(at);
        }
        Self::Text(words)
    }
}

/// Whether a spreadsheet may take words for a formula: they begin with one of its signs, in any width, behind whatever it
/// passes over; or with a character that makes it begin a new cell.
#[must_use]
pub fn is_formula_like(words: &str) -> bool {
    if words.starts_with(['\t', '\r', '\n', '\0']) {
        return true;
    }
    let passed_over = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let first = words.chars().find(|character| !passed_over(*character));
    first.is_some_and(|first| "=+-@＝＋－＠﹦﹢﹣﹫−".contains(first))
}

/// Words with an apostrophe before them where a spreadsheet may take them for a formula.
#[must_use]
pub fn guarded(words: &str) -> String {
    if is_formula_like(words) { format!("'{words}") } else { words.to_owned() }
}
