//! `caibian.procurement.v1`: the registers of government purchase of services.
//!
//! [`kind`] says what a register holds, [`registrar`] does what all of them do the same way (get, list, create, update,
//! delete, undelete), one service a file (`purchaser_service`) adds what is its own, with the rules of the room `procurement`.

pub mod kind;
pub mod registrar;
pub mod seed;

pub use registrar::{List, Page, WriteOptions};
