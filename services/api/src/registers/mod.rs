//! `caibian.procurement.v1`: the registers of government purchase of services.
//!
//! [`kind`] says what a register holds, [`registrar`] does what all of them do the same way (get, list, create, update,
//! delete, undelete), one service a file ([`purchaser_service`] is the plainest) adds what is its own, with the rules of
//! the room `procurement`.

pub mod body;
pub mod catalogue_service;
pub mod contract_service;
mod day;
mod filter;
pub mod kind;
mod mask;
pub mod project_service;
pub mod provider_service;
pub mod purchaser_service;
pub mod region_service;
mod regions;
pub mod registrar;
pub mod rules;
pub mod seed;

pub use registrar::{Fresh, List, Merged, Page, Registrar, WriteOptions};
pub(crate) use registrar::{list_of, write_of};

/// Who calls, as the gate found.
pub(crate) fn caller<T>(request: &tonic::Request<T>) -> String {
    request.extensions().get::<crate::gate::Caller>().map(|caller| caller.0.clone()).unwrap_or_default()
}
