//! Opens one hostile mail inside a child process and says what its bytes hold.
//!
//! Reading is two passes over the raw file through one window: a scan that finds the shape and breaks off at the first
//! broken bound, then each leaf as a stream into the work folder. `mail_parser` sees single header fields and short
//! texts, never a mail. Deliberately absent: what any of it means (`intake`), and where the bytes stay (`blobs`).

mod body;
pub mod charset;
mod child;
pub mod cloud;
mod confinement;
pub mod document;
mod error;
mod headers;
pub mod html;
mod kept;
mod limits;
pub mod media_type;
mod names;
mod open;
mod page;
mod quoted;
mod report;
mod sandbox;
mod scan;
mod source;
mod tags;
mod transfer;
mod uuencode;
pub mod video;

pub use child::child_main;
pub use error::Error;
pub use limits::Limits;
pub use open::{open, open_here};
pub use sandbox::ChildOpener;
