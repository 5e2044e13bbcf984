//! What caibian promises when things go wrong: servers that misbehave, kill -9, huge mail, hostile mail, hostile
//! callers.
//!
//! These tests measure memory and CPU of the product, so one of them runs at a time.

use tokio::sync::Mutex;

mod abuse;
mod hostile;
mod huge;
mod killing;
mod misbehaving;
mod sending;

/// Held by every test here, also where the runner would start several at once.
static ALONE: Mutex<()> = Mutex::const_new(());
