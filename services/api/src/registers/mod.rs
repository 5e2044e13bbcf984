//! `caibian.procurement.v1`: the registers of government purchase of services.
//!
//! [`kind`] says what a register holds, [`registrar`] does what all of them do the same way (get, list, create, update,
//! delete, undelete), one service a file ([`purchaser_service`] is the plainest) adds what is its own, with the rules of
//! the room `procurement`.

pub mod area;
pub mod body;
pub mod case_service;
pub mod catalogue_service;
pub mod contract_service;
mod day;
pub mod evaluation_service;
pub mod figure_register;
pub mod figure_service;
mod filter;
mod findings;
mod held;
pub mod kind;
mod mask;
mod measure;
pub mod operations;
pub mod operations_service;
pub mod pilot_service;
mod places;
pub mod policy_service;
pub mod project_service;
pub mod provider_service;
pub mod purchaser_service;
mod reconciliation;
pub mod region_service;
mod regions;
pub mod registrar;
pub mod rules;
pub mod seed;
mod selection;
pub mod statistics_service;
pub mod wire;

pub(crate) use places::{inside, region_code};
pub use registrar::{Fresh, List, Merged, Page, Registrar, WriteOptions};
pub(crate) use registrar::{list_of, write_of};

/// Who calls, as the gate found.
pub(crate) fn caller<T>(request: &tonic::Request<T>) -> String {
    request.extensions().get::<crate::gate::Caller>().map(|caller| caller.0.clone()).unwrap_or_default()
}
