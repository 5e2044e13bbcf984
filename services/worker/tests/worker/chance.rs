//! Chance from a seed, and the time of the world.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use intake::ports::{PortError, PortResult};
use stdx::{Clock, ErrorKind};
use tokio::time::{Instant, sleep};

/// Where faults and delays come from. With no faults set, every call succeeds.
pub struct Chance {
    state: Mutex<u64>,
    faults_per_mille: AtomicU64,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed), faults_per_mille: AtomicU64::new(0) }
    }

    pub fn set_faults(&self, per_mille: u64) {
        self.faults_per_mille.store(per_mille, Ordering::Relaxed);
    }

    /// A number below `end`, by SplitMix64.
    pub fn below(&self, end: u64) -> u64 {
        let mut state = self.state.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub fn strikes(&self) -> bool {
        self.below(1000) < self.faults_per_mille.load(Ordering::Relaxed)
    }

    /// A call takes its time, and may fail before it has any effect.
    pub async fn call(&self, name: &str) -> PortResult<()> {
        sleep(Duration::from_millis(self.below(20))).await;
        if self.strikes() { Err(fault(ErrorKind::Unavailable, name)) } else { Ok(()) }
    }

    /// The effect took place; the answer takes its time and may be lost.
    pub async fn answer<T>(&self, name: &str, value: T) -> PortResult<T> {
        sleep(Duration::from_millis(self.below(20))).await;
        if self.strikes() { Err(fault(ErrorKind::Uncertain, name)) } else { Ok(value) }
    }
}

pub fn fault(kind: ErrorKind, detail: &str) -> PortError {
    PortError { kind, detail: detail.to_owned() }
}

/// A clock that follows the paused time of the runtime.
#[derive(Clone, Copy)]
pub struct WorldClock {
    base: DateTime<Utc>,
    began: Instant,
}

impl WorldClock {
    pub fn new() -> Self {
        Self { base: "2023-03-01T00:00:00Z".parse().unwrap(), began: Instant::now() }
    }
}

impl Clock for WorldClock {
    fn now(&self) -> DateTime<Utc> {
        self.base + self.began.elapsed()
    }
}
