//! What is held of a person, for the person; and its erasure, with the proof of it: the order of the steps, one for the
//! commands, the worker and the gRPC service.
//!
//! Deliberately absent: what is held and which rows are emptied (`store::erasure`), who may ask (`api`), how a proof looks.

mod ending;
mod erase;
mod error;
mod report;

use blobs::{Bucket, Folder};

pub use ending::{Finished, Waits, finish, resume, resume_always};
pub use erase::{Erased, erase};
pub use error::{Error, Result};
pub use report::{Piece, Report};

/// Where blobs lie: what may be removed when differs.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// A folder of this machine, whose users take turns.
    Folder(&'a Folder),
    /// A bucket, in which nobody can.
    Bucket(&'a Bucket),
}

/// Keeps blobs, and says where.
pub trait Keeps: Send + Sync {
    /// The place.
    fn place(&self) -> Place<'_>;
}

impl Keeps for Folder {
    fn place(&self) -> Place<'_> {
        Place::Folder(self)
    }
}

impl Keeps for Bucket {
    fn place(&self) -> Place<'_> {
        Place::Bucket(self)
    }
}
