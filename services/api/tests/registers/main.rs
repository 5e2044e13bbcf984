//! `caibian.procurement.v1` as a caller sees it: a real server on a loopback port, the generated clients, tables on
//! SQLite.

mod catalogue;
mod contract;
mod parties;
mod project;
mod provider;
mod purchaser;
mod region;
mod world;
