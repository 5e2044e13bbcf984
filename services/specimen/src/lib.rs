//! Composes mails, documents and small videos as people send them: for the demo and for tests.
//!
//! Pure: bytes come out, nothing is read from or written to the machine. It knows no rule of a campaign; what a mail
//! shows is decided by whoever composes it.

mod bits;
mod demo;
mod docx;
pub mod hostile;
pub mod hostile_html;
pub mod mail;
mod mp4;
mod picture;

pub use demo::demo_mails;
pub use docx::docx;
pub use mail::Mail;
pub use mp4::{Mp4, mp4, mp4_stream};
pub use picture::png;
