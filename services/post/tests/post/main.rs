//! Letters to servers that behave and that do not, and what the outbox is told of each.

mod authority;
mod fake;
mod outbox;
mod outcomes;
mod protected;
mod sending;
mod simulation;
