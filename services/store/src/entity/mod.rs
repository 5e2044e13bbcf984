//! One file a table. Instants are microseconds since 1970 (UTC) and enums are the words of their wire names.

pub mod access_event;
pub mod account;
pub mod account_invitation;
pub mod attachment;
pub mod campaign;
pub mod campaign_revision;
pub mod contact_mark;
pub mod counter;
pub mod folder;
pub mod letter;
pub mod likeness;
pub mod likeness_band;
pub mod mailbox;
pub mod message;
pub mod message_event;
pub mod reply;
pub mod reply_circuit;
pub mod reply_event;
pub mod review;
pub mod review_event;
pub mod review_person;
pub mod session;
pub mod submission;
pub mod submission_contact;
pub mod submission_finding;
