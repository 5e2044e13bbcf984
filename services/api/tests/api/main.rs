//! The services as a caller sees them: a real server on a loopback port, the generated clients, tables on SQLite filled
//! through the worker's ledger.

mod campaigns;
mod contacts;
mod downloads;
mod dry_runs;
mod exports;
mod mail_pages;
mod mailbox_tests;
mod mailboxes;
mod privacy;
mod remarks;
mod replies;
mod reviews;
mod rights;
mod server;
mod sessions;
mod statistics;
mod submissions;
mod users;
mod world;
