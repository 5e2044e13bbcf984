//! Half B as values and rules; pure: no input, no output, no clock of its own.
//!
//! A mail's way through this room: [`letter::Letter`] (facts that `letter` read) → [`sorting`] (what kind of mail)
//! → [`check`] (one finding a rule) → [`judgement`] (what follows) → [`message`] (which stage it is in, and what is next).
//! What becomes of a recorded submission is [`review`]: one table of lawful steps. Which others it resembles: [`likeness`].
//! The worker does what [`message::next`] says, through the traits of [`ports`].
//!
//! Deliberately absent: SQL, IMAP, MIME, files, threads.

pub mod campaign;
pub mod category;
pub mod check;
pub mod contact;
pub mod finding;
pub mod judgement;
pub mod letter;
pub mod likeness;
mod manuscript;
pub mod message;
pub mod ports;
pub mod remark;
pub mod review;
pub mod sorting;
pub mod submission;
pub mod tag;
pub mod tally;
pub mod wording;
