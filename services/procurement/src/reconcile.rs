//! Reconciling (核对): a source's own claims against its own figures, and published figures against our records.
//! A verdict is computed each time and never stored as published; no figure is ever “fixed”.

pub mod claim;
pub mod records;
mod wording;

pub use claim::{Claim, Denominator, Reading, Reconciled, Relation, Undetermined, Verdict, Wanted};
pub use records::{Comparison, Mismatch, Records, RecordsVerdict};
