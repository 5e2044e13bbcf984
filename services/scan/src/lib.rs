//! Asks a virus scanner (clamd) about a mail before anything of it is kept apart.
//!
//! A mail in which something was found is quarantined with what clamd calls it: its raw bytes are kept, nothing of it is taken
//! apart, nobody is answered, and an editor tries it again or releases it. Without an answer from clamd a mail waits, however
//! long: that is our side's fault and no fault of the mail.

mod clamd;
mod opener;

pub use clamd::{Clamd, Error, NotAnAddress, Place, Scan};
pub use opener::ScannedOpener;
