//! Raw bytes under their hash, in a folder.
//!
//! ```text
//! root/ab/cd/abcd…      a blob: 64 hexadecimal digits, never changed, 0600 in folders of 0700
//! root/tmp/             drafts being written and work folders of children, on the same file system
//! ```
//! A blob is there once its rename is: bytes are hashed as they are written, the file is fsynced, renamed into place,
//! and then each folder on the way that may be new is fsynced. Several processes may share one folder, for no step
//! asks what another does. Only the removal of an orphan (a blob whose process died before a row named it) takes turns
//! with those who find that blob there: both lock the root.
//!
//! Deliberately absent: names, media types, owners, and to know which blobs are orphans.

mod draft;
mod error;
mod folder;

pub use draft::FileDraft;
pub use error::Error;
pub use folder::{Folder, LEFTOVER_AGE, Verification};
