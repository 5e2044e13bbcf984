//! CSV as spreadsheets in China read it: UTF-8 with a byte order mark, every cell quoted, lines ended by CR LF (RFC 4180).

use std::io::{self, Write};

use super::cell::{Cell, guarded};

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
