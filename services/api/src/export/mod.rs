//! What leaves as a file: the register as CSV and XLSX, files as a ZIP under names that no system trips over; all of them
//! written as they are sent. Cells are those of `stdx::csv`, which no spreadsheet takes for a formula.

pub mod archive;
pub mod columns;
pub mod file_name;
pub mod sending;
pub mod xlsx;
