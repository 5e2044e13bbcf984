//! Hands letters to a mail server by SMTP, one after another, and says honestly what came of each.
//!
//! The line is the connection as `lettre` sees it: it bounds what a server may say and stands still before the end
//! of a mail, so that the tables know of it before the server does. [`deliver`] drives one letter stage by stage;
//! [`run`] takes letters from the outbox until it is told to stop.
//!
//! Deliberately absent: what a letter says and whether it may go (`reply`), and tables.

mod connect;
mod deliver;
mod line;
mod run;
mod said;
mod settings;

pub use deliver::{Post, deliver};
pub use run::{Office, STOP_GRACE, run};
pub use settings::{LETTERS_MAX, Security, SmtpSettings};
