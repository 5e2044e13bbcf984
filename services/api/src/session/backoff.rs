//! How often signing in may fail, by user name and by peer. The first five failures are free; each further one doubles the
//! time until the next try, up to five minutes, and an hour without a failure forgets. An account is never locked: who waits may
//! try.
//!
//! A try counts as failed from its beginning, so that many at once are not all free, and is taken back when it succeeds.

use std::{
    collections::HashMap,
    net::Ipv6Addr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The longest time until the next try.
const WAIT_MAX: Duration = Duration::from_secs(5 * 60);
/// A key without a failure for so long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(60 * 60);
/// Keys of each kind. Beyond, the one with the fewest failures gives way: a flood of names cannot free a name that is
/// being guessed at.
pub const KEYS_MAX: usize = 4096;

/// What is known of names and peers.
#[derive(Default)]
pub struct Backoff {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    names: HashMap<String, Failures>,
    peers: HashMap<String, Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How long the next try has to wait.
    fn wait(self, now: Instant) -> Option<Duration> {
        let doublings = self.count.checked_sub(FREE)?;
        let wait = Duration::from_secs(1).saturating_mul(1 << doublings.min(16)).min(WAIT_MAX);
        wait.checked_sub(now.saturating_duration_since(self.last)).filter(|wait| !wait.is_zero())
    }
}

impl Backoff {
    /// Counts a try, unless it has to wait: then tells how long. An empty name or peer is not looked at.
    pub fn begin(&self, name: &str, peer: &str, now: Instant) -> Result<(), Duration> {
        let known = &mut *self.known();
        let peer = place(peer);
        let peer = peer.as_str();
        let waits = [known.names.get(name), known.peers.get(peer)];
        if let Some(wait) = waits.into_iter().flatten().filter_map(|failures| failures.wait(now)).max() {
            return Err(wait);
        }
        for (map, key) in [(&mut known.names, name), (&mut known.peers, peer)] {
            if !key.is_empty() {
                count(map, key, now);
            }
        }
        Ok(())
    }

    /// The password was right: the name is forgotten, and the peer has one failure less.
    pub fn succeeded(&self, name: &str, peer: &str) {
        let known = &mut *self.known();
        known.names.remove(name);
        take_back(&mut known.peers, &place(peer));
    }

    /// The try came to nothing through no fault of the person.
    pub fn undone(&self, name: &str, peer: &str) {
        let known = &mut *self.known();
        take_back(&mut known.names, name);
        take_back(&mut known.peers, &place(peer));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Numbers alone: whatever a panic left behind is as good as any.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a peer is counted as: with IPv6 whoever has one address has the 2^64 of its network (RFC 4291 §2.5.4).
fn place(peer: &str) -> String {
    let network = |address: Ipv6Addr| Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string();
    peer.parse().map_or_else(|_| peer.to_owned(), network)
}

fn count(map: &mut HashMap<String, Failures>, key: &str, now: Instant) {
    if !map.contains_key(key) && map.len() >= KEYS_MAX {
        map.retain(|_, failures| now.saturating_duration_since(failures.last) < FORGET_AFTER);
        if map.len() >= KEYS_MAX {
            let least =
                map.iter().min_by_key(|(_, failures)| (failures.count, failures.last)).map(|(key, _)| key.clone());
            least.and_then(|key| map.remove(&key));
        }
    }
    let failures = map.entry(key.to_owned()).or_insert(Failures { count: 0, last: now });
    if now.saturating_duration_since(failures.last) >= FORGET_AFTER {
        failures.count = 0;
    }
    *failures = Failures { count: failures.count.saturating_add(1), last: now };
}

fn take_back(map: &mut HashMap<String, Failures>, key: &str) {
    if let Some(failures) = map.get_mut(key) {
        failures.count = failures.count.saturating_sub(1);
        if failures.count == 0 {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_are_free_and_then_each_doubles_the_wait_up_to_five_minutes() {
        let backoff = Backoff::default();
        let mut now = Instant::now();
        for _ in 0..FREE {
            backoff.begin("zhang", "", now).unwrap();
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(backoff.begin("zhang", "", now), Err(Duration::from_secs(seconds)));
            // Asking too early costs nothing more.
            assert_eq!(backoff.begin("zhang", "", now), Err(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            backoff.begin("zhang", "", now).unwrap();
        }
        backoff.begin("li", "", now).unwrap();
        now += FORGET_AFTER;
        for _ in 0..FREE {
            backoff.begin("zhang", "", now).unwrap();
        }
        assert!(backoff.begin("zhang", "", now).is_err());
    }

    #[test]
    fn a_success_forgets_the_name_and_takes_back_only_its_own_try_of_the_peer() {
        let backoff = Backoff::default();
        let now = Instant::now();
        for name in ["a", "b", "c", "d"] {
            backoff.begin(name, "203.0.113.7", now).unwrap();
        }
        backoff.begin("zhang", "203.0.113.7", now).unwrap();
        backoff.succeeded("zhang", "203.0.113.7");
        backoff.begin("e", "203.0.113.7", now).unwrap();
        assert!(backoff.begin("zhang", "203.0.113.7", now).is_err(), "five names failed from there");
        backoff.begin("zhang", "203.0.113.8", now).unwrap();
    }

    #[test]
    fn the_addresses_of_one_network_are_one_peer() {
        let backoff = Backoff::default();
        let now = Instant::now();
        for host in 0..FREE {
            backoff.begin("", &format!("2001:db8:0:7::{host:x}"), now).unwrap();
        }
        assert!(backoff.begin("", "2001:db8:0:7:ffff::1", now).is_err());
        for other in ["2001:db8:0:8::1", "203.0.113.7", "somewhere"] {
            backoff.begin("", other, now).unwrap();
        }
        backoff.undone("", "2001:db8:0:7::99");
        backoff.begin("", "2001:db8:0:7::1", now).unwrap();
    }

    #[test]
    fn a_flood_of_ten_thousand_names_stays_bounded_and_frees_no_name_that_is_guessed_at() {
        let backoff = Backoff::default();
        let now = Instant::now();
        for _ in 0..FREE {
            backoff.begin("zhang", "", now).unwrap();
        }
        for number in 0..10_000 {
            backoff.begin(&format!("n{number}"), &format!("p{number}"), now).unwrap();
        }
        let known = backoff.known();
        assert_eq!((known.names.len(), known.peers.len()), (KEYS_MAX, KEYS_MAX));
        drop(known);
        assert!(backoff.begin("zhang", "", now).is_err());
    }
}
