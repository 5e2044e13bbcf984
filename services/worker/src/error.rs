//! Why a sweep ended early.

use intake::ports::PortError;
use stdx::ErrorKind;

/// A failure behind a port, with what was being done.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing}: {detail}")]
pub struct Error {
    /// What was being done.
    pub doing: &'static str,
    /// What kind.
    pub kind: ErrorKind,
    /// The chain of causes.
    pub detail: String,
}

impl Error {
    /// What kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// Says what was being done.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error>;

    /// The same at the source, where `Conflict` means that a folder was renumbered under us: begun anew like after any
    /// failure of the line, for nobody took the mailbox from us.
    fn at_source(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, PortError> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|error| Error { doing, kind: error.kind, detail: error.detail })
    }

    fn at_source(self, doing: &'static str) -> Result<T, Error> {
        self.doing(doing).map_err(|error| match error.kind {
            ErrorKind::Conflict => Error { kind: ErrorKind::Unavailable, ..error },
            _ => error,
        })
    }
}

/// Whether a failure says that our own side is out of order, whatever the mail.
pub(crate) fn is_ours(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Exhausted | ErrorKind::Uncertain)
}

/// Whether a source's failure is about the one folder that was asked for, the line being sound.
pub(crate) fn is_of_folder(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::Invalid | ErrorKind::Forbidden)
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without a word"))
}
