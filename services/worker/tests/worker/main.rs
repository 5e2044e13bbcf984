//! The real worker in a small world of memory: a mail server, a ledger, blobs, an opener and a clock that moves only
//! when everybody waits.

mod blobs;
mod chance;
mod ledger;
mod opener;
mod promises;
mod server;
mod simulation;
mod world;
