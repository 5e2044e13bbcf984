//! Half A as values and rules: money in fen, regions, catalogue, parties, contracts, figures and their verdicts; pure.
//!
//! Deliberately absent: tables, the wire, input and output, a clock, and any word of mail.

pub mod catalogue;
mod coded;
pub mod contract;
pub mod credit_code;
pub mod dataset;
pub mod eligibility;
pub mod error;
pub mod evaluation;
pub mod figure;
pub mod finding;
pub mod formula;
pub mod identity_number;
pub mod interval;
pub mod money;
pub mod party;
pub mod project;
pub mod quantity;
pub mod rank;
pub mod rational;
pub mod reconcile;
pub mod region;
pub mod settings;
pub mod synthetic;
pub mod unit;
pub mod workday;

pub use error::Error;
