//! What the worker is told: which mailbox, and through what it works.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use intake::{
    campaign::Campaign,
    letter::Letter,
    ports::Filing,
    submission::{Assessment, Earlier, assess},
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{LEASE_TTL, OPENING_AT_ONCE};

/// A mailbox to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its identity in the tables.
    pub id: Uuid,
    /// Its name in logs. Never an address.
    pub name: String,
    /// Folders to sweep, decoded; new mail is waited for in the first.
    pub folders: Vec<String>,
    /// What happens to a recorded mail on the server.
    pub filing: Filing,
    /// A larger mail is left on the server.
    pub size_bytes_max: u64,
    /// The longest time between two sweeps.
    pub sweep_every: Duration,
    /// Mail received before this is recorded and never answered.
    pub answer_from: DateTime<Utc>,
}

/// How a letter is assessed: [`intake::submission::assess`], except in a test.
pub type Assess = fn(&Letter, DateTime<Utc>, &[Campaign], &[Earlier]) -> Assessment;

/// What all mailboxes of one worker share.
pub struct Ports<B, O, L, C> {
    /// Raw bytes.
    pub blobs: Arc<B>,
    /// Opens letters.
    pub opener: Arc<O>,
    /// The tables.
    pub ledger: Arc<L>,
    /// The time.
    pub clock: Arc<C>,
    /// Who holds the leases: one name a process, the same after its restart.
    pub holder: Arc<str>,
    /// How long a lease lasts without renewal.
    pub lease: Duration,
    /// Children that may open letters at once.
    pub opening: Arc<Semaphore>,
    /// How a letter is assessed.
    pub assess: Assess,
}

impl<B, O, L, C> Ports<B, O, L, C> {
    /// Brings the ports together, with [`OPENING_AT_ONCE`] children at once.
    pub fn new(blobs: B, opener: O, ledger: L, clock: C, holder: &str) -> Self {
        Self {
            blobs: Arc::new(blobs),
            opener: Arc::new(opener),
            ledger: Arc::new(ledger),
            clock: Arc::new(clock),
            holder: holder.into(),
            lease: LEASE_TTL,
            opening: Arc::new(Semaphore::new(OPENING_AT_ONCE)),
            assess,
        }
    }

    /// With leases that last as long as this.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }
}

impl<B, O, L, C> Clone for Ports<B, O, L, C> {
    fn clone(&self) -> Self {
        Self {
            blobs: self.blobs.clone(),
            opener: self.opener.clone(),
            ledger: self.ledger.clone(),
            clock: self.clock.clone(),
            holder: self.holder.clone(),
            lease: self.lease,
            opening: self.opening.clone(),
            assess: self.assess,
        }
    }
}

impl<B, O, L, C> fmt::Debug for Ports<B, O, L, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").field("holder", &self.holder).finish_non_exhaustive()
    }
}
