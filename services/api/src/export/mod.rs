//! What leaves as a file: cells that no spreadsheet takes for a formula, names that no system trips over, the register as
//! CSV and XLSX, files as a ZIP; all of them written as they are sent.

pub mod archive;
pub mod cell;
pub mod columns;
pub mod csv;
pub mod file_name;
pub mod sending;
pub mod xlsx;
