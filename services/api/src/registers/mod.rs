//! `caibian.procurement.v1`: the registers of government purchase of services.
//!
//! [`kind`] says what a register holds, [`registrar`] does what all of them do the same way (get, list, create, update,
//! delete, undelete), one service a file ([`purchaser_service`] is the plainest) adds what is its own, with the rules of
//! the room `procurement`.

pub mod body;
pub mod catalogue_service;
pub mod contract_service;
mod day;
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

mod filter {
    use procurement::region::RegisterOfRegions;
    use store::register::{Condition, Direction};
    use tonic::Status;

    use super::kind::Field;

    pub fn read(
        _: &str,
        _: &[Field],
        _: &prost_reflect::MessageDescriptor,
        _: &RegisterOfRegions,
        _: bool,
    ) -> Result<Option<Condition>, Status> {
        Ok(None)
    }

    pub fn order(_: &str, _: &[Field]) -> Result<Vec<(&'static str, Direction)>, Status> {
        Ok(Vec::new())
    }
}

/// Who calls, as the gate found.
pub(crate) fn caller<T>(request: &tonic::Request<T>) -> String {
    request.extensions().get::<crate::gate::Caller>().map(|caller| caller.0.clone()).unwrap_or_default()
}
