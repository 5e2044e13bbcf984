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

#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::ExitStatusExt,
        process::{Command, ExitStatus},
    };

    use super::*;

    #[test]
    #[ignore = "the child of the test below"]
    fn passes_two_points() {
        point("C3");
        point("C4");
    }

    fn with(name: Option<&str>) -> ExitStatus {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "crash::tests::passes_two_points", "--ignored"]).env_remove(VARIABLE);
        child.envs(name.map(|name| (VARIABLE, name))).output().unwrap().status
    }

    #[test]
    fn a_process_dies_at_the_named_point_and_at_no_other() {
        const SIGABRT: i32 = 6;
        assert_eq!(with(Some("C4")).signal(), Some(SIGABRT));
        assert!(with(Some("C")).success());
        assert!(with(None).success());
    }
}
