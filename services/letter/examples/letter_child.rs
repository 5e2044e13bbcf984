//! The child alone, as the tests of this room start it (the product starts `caibian letter`). Its last words are the
//! peak of its resident memory.

use std::{fs, process::ExitCode};

fn main() -> ExitCode {
    let code = letter::child_main();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    eprintln!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown"));
    code
}
