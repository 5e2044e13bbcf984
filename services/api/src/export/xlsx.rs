//! XLSX in constant memory: lines go to a temporary file as they come, texts as text cells and never as shared strings.

use std::{
    io::{self, Write},
    path::Path,
};

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use tonic::Status;

use stdx::csv::Cell;

/// Lines of a sheet under its head.
pub const LINES_MAX: u32 = 1_000_000;

/// Writes a workbook of one sheet. `lines` gives a page of lines at a time, and none at the end.
///
/// # Errors
/// What `lines` fails with, and the workbook's own failures through `failed`.
pub fn write(
    writer: &mut (impl Write + Send),
    folder: &Path,
    title: &str,
    head: &[(&str, f64)],
    mut lines: impl FnMut() -> Result<Vec<Vec<Cell>>, Status>,
    failed: impl Fn(io::Error) -> Status,
) -> Result<(), Status> {
    let failed = |error: XlsxError| failed(io::Error::other(error));
    let mut workbook = Workbook::new();
    workbook.set_tempdir(folder).map_err(&failed)?;
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(&failed)?;
    sheet.set_name(title).map_err(&failed)?;
    sheet.set_freeze_panes(1, 0).map_err(&failed)?;
    let bold = Format::new().set_bold();
    for (column, (words, width)) in (0..).zip(head) {
        sheet.set_column_width(column, *width).map_err(&failed)?;
        sheet.write_string_with_format(0, column, *words, &bold).map_err(&failed)?;
    }
    let mut row = 0;
    loop {
        let page = lines()?;
        if page.is_empty() {
            break;
        }
        for cells in page {
            row += 1;
            for (column, cell) in (0..).zip(cells) {
                match cell {
                    // Numbers of ours are far below 2^53.
                    Cell::Number(number) => sheet.write_number(row, column, number as f64).map_err(&failed)?,
                    Cell::Text(words) => sheet.write_string(row, column, words).map_err(&failed)?,
                };
            }
        }
    }
    workbook.save_to_writer(writer).map_err(&failed)
}
