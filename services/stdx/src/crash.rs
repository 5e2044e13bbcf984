//! Crash points for tests: a process that dies exactly where the environment says, as if the power had gone.
//!
//! Test-only by purpose, compiled always, and inert unless `CAIBIAN_CRASH_AT` is set: what is tested is what is shipped.

use std::sync::OnceLock;

/// The variable that names the point to die at.
pub const VARIABLE: &str = "CAIBIAN_CRASH_AT";

/// Aborts the process when `CAIBIAN_CRASH_AT` is exactly this name. The variable is read once.
pub fn point(name: &str) {
    static AT: OnceLock<Option<String>> = OnceLock::new();
    if AT.get_or_init(|| std::env::var(VARIABLE).ok()).as_deref() == Some(name) {
        std::process::abort();
    }
}
