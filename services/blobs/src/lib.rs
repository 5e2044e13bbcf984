//! Raw bytes under their hash, in a folder or in a bucket of an S3 server.
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
//! A bucket has the same names below its prefix (`ab/cd/abcd…`), and a folder in front of it. A blob is there once the
//! bucket has it whole: the bytes are written into the folder's `tmp`, hashed, sent, and only then become a copy in the
//! folder. What is read comes from a copy, or from the bucket by way of `tmp` and its hash. That a copy is there says
//! nothing about the bucket. In a bucket nobody can take turns, so that nothing is removed from it but by a caller who
//! knows that no worker runs.
//!
//! Deliberately absent: names, media types, owners, and to know which blobs are orphans.

mod bucket;
mod draft;
mod error;
mod folder;

pub use bucket::{Bucket, BucketDraft, BucketSettings, USED_LATELY};
pub use draft::FileDraft;
pub use error::Error;
pub use folder::{Folder, LEFTOVER_AGE, Verification};
