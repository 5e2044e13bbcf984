//! Half A as values and rules: money in fen, regions, catalogue, parties, contracts, figures and their verdicts; pure.
//!
//! Deliberately absent: tables, the wire, input and output, a clock, and any word of mail.

pub mod catalogue;
pub mod credit_code;
pub mod finding;
pub mod party;
pub mod region;
