//! Keys of a provider as they are held: asked for anew after an hour or when a token names one that is not known, and never
//! more often than what a few invented names should cost.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Error, keys::Keys};

/// Keys are asked for anew after this.
const FRESH_FOR: Duration = Duration::from_secs(3600);
/// While the provider does not answer, keys that were asked for within this are believed.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// They are asked for out of turn, or again after a failure, at most this often.
const ASKED_EVERY: Duration = Duration::from_secs(10);

/// Keys, and when they were asked for. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Held {
    keys: Arc<Mutex<Option<(Instant, Keys)>>>,
    asking: Arc<tokio::sync::Mutex<Asking>>,
}

/// Held by the one who asks; the others wait for what comes of it.
#[derive(Default)]
struct Asking {
    /// When keys were last asked for out of turn.
    hurried_at: Option<Instant>,
    failed_at: Option<Instant>,
}

fn is_recent(at: Option<Instant>) -> bool {
    at.is_some_and(|at| at.elapsed() < ASKED_EVERY)
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Keys)>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn younger_than(&self, age: Duration) -> Option<Keys> {
        self.lock().as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, keys)| keys.clone())
    }

    /// The keys, with the one that is wanted if there is such a one; `ask` asks for all. A token whose key is known waits
    /// for nobody.
    pub async fn get<F>(&self, wanted: Option<&str>, ask: impl FnOnce() -> F) -> Result<Keys, Error>
    where
        F: Future<Output = Result<Keys, Error>>,
    {
        let has = |keys: &Keys| wanted.is_none_or(|id| keys.has(id));
        if let Some(keys) = self.younger_than(FRESH_FOR).filter(has) {
            return Ok(keys);
        }
        let mut asking = self.asking.lock().await;
        let fresh = self.younger_than(FRESH_FOR);
        if let Some(keys) = fresh {
            if has(&keys) || is_recent(asking.hurried_at) {
                return Ok(keys);
            }
            asking.hurried_at = Some(Instant::now());
        }
        let asked = if is_recent(asking.failed_at) {
            Err(Error::Unavailable("it did not answer a moment ago".into()))
        } else {
            ask().await
        };
        match asked {
            Ok(keys) => {
                asking.failed_at = None;
                *self.lock() = Some((Instant::now(), keys.clone()));
                Ok(keys)
            }
            Err(error) => {
                if !is_recent(asking.failed_at) {
                    asking.failed_at = Some(Instant::now());
                }
                self.younger_than(KEPT_FOR).filter(has).ok_or(error)
            }
        }
    }
}
