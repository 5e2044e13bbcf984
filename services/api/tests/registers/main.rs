//! `caibian.procurement.v1` as a caller sees it: a real server on a loopback port, the generated clients, tables on
//! SQLite.

mod case;
mod catalogue;
mod conformance;
mod contract;
mod dynamic;
mod evaluation;
mod every_register;
mod figure;
mod operation;
mod paging;
mod parties;
mod pilot;
mod policy;
mod project;
mod provider;
mod purchaser;
mod region;
mod statistics;
mod world;
