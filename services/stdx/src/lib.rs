//! What could have been in std: Beijing days, a clock, hashes, error kinds, CSV, places in traces. No word of the field.
//!
//! Deliberately absent: anything that knows a mail, a submission or a purchase.

pub mod beijing;
pub mod clock;
pub mod crash;
pub mod csv;
pub mod error;
pub mod sha256;
pub mod traceparent;

pub use clock::{Clock, SystemClock};
pub use error::ErrorKind;
pub use sha256::Sha256;
pub use traceparent::Traceparent;
