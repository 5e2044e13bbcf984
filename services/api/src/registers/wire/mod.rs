//! Conversions between the values of the room `procurement` and the messages of its registers, where a service needs more
//! of a resource than its look-ups.

mod claim;
mod figure;
mod number;

pub use claim::{claim, claim_read, claim_reconciliation, mismatch, records_verdict};
pub use figure::{derived, figure, figure_read, period_days, source, text_span, told, wanted, wanted_read};
pub use number::{computed, interval, number, plain, wording};
