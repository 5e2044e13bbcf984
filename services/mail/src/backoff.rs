//! How long to wait before the next connection: exponential with full jitter.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(300);

/// The shortest wait: full jitter may choose nearly nothing, and a server that bans hasty logins must not see that.
const LEAST: Duration = Duration::from_millis(100);

/// Waits that grow from 1 s to 5 min, each chosen evenly between nearly nothing and its bound, so that many workers that
/// lost one server do not come back in step.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Begins with no failure.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bound of the next wait: 1 s doubled for each failure so far, at most 5 min.
    #[must_use]
    pub fn bound(&self) -> Duration {
        FIRST.saturating_mul(1 << self.failures.min(16)).min(LAST)
    }

    /// Counts a failure and says how long to wait after it.
    pub fn next_delay(&mut self) -> Duration {
        let bound = self.bound();
        self.failures = self.failures.saturating_add(1);
        // Without randomness the whole bound is waited: late, but never in haste.
        let share = getrandom::u64().map_or(1.0, |chance| chance as f64 / u64::MAX as f64);
        bound.mul_f64(share).max(LEAST)
    }

    /// Forgets the failures after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_from_one_second_to_five_minutes_and_falls_back_on_success() {
        let mut backoff = Backoff::new();
        let mut bounds = Vec::new();
        for _ in 0..40 {
            let bound = backoff.bound();
            bounds.push(bound.as_secs());
            let delay = backoff.next_delay();
            assert!(LEAST <= delay && delay <= bound, "{delay:?} is outside its bound {bound:?}");
        }
        assert_eq!(bounds[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(bounds[39], 300);
        backoff.reset();
        assert_eq!(backoff.bound(), FIRST);
    }

    #[test]
    fn two_workers_do_not_wait_in_step() {
        let waits = || {
            let mut backoff = Backoff::new();
            (0..8).map(|_| backoff.next_delay()).collect::<Vec<_>>()
        };
        assert_ne!(waits(), waits());
    }
}
