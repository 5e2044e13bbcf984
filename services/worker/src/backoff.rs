//! How long to wait after a failure, and how seldom to speak of it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use stdx::ErrorKind;
use tokio::time::Instant;

use crate::Error;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);
/// 163.com bans a login for a while after several refused ones; asking at once would prolong it.
const FIRST_AFTER_REFUSED_LOGIN: Duration = Duration::from_secs(60);

/// Doubles from 1 s to 5 min, less up to half: a stable share that differs from mailbox to mailbox and worker to
/// worker, so that they do not all return at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    name: String,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(name: String) -> Self {
        Self { name, failures: 0 }
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    pub(crate) fn next(&mut self, kind: ErrorKind) -> Duration {
        let first = if kind == ErrorKind::Unauthenticated { FIRST_AFTER_REFUSED_LOGIN } else { FIRST };
        let whole = first.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        let mut hasher = DefaultHasher::new();
        (&self.name, self.failures).hash(&mut hasher);
        self.failures = self.failures.saturating_add(1);
        whole - whole.mul_f64((hasher.finish() >> 40) as f64 / (1 << 25) as f64)
    }
}

const SPEAK_AGAIN: Duration = Duration::from_secs(600);
const SPEAK_CHANGED: Duration = Duration::from_secs(10);

/// Says whether a failure is worth a line: a new one at most every 10 s, the same one every 10 min.
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    last: Option<(String, Instant)>,
}

impl Complaint {
    pub(crate) fn is_news(&mut self, error: &Error) -> bool {
        let text = error.to_string();
        let news = match &self.last {
            None => true,
            Some((said, at)) => at.elapsed() >= if *said == text { SPEAK_AGAIN } else { SPEAK_CHANGED },
        };
        if news {
            self.last = Some((text, Instant::now()));
        }
        news
    }

    /// Whether something was complained of since the last time.
    pub(crate) fn is_over(&mut self) -> bool {
        self.last.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_from_a_second_to_five_minutes_and_starts_anew_after_a_success() {
        let mut backoff = Backoff::new("host/box".into());
        let waits: Vec<_> = (0..40).map(|_| backoff.next(ErrorKind::Unavailable)).collect();
        for (failures, wait) in waits.iter().enumerate() {
            let whole = Duration::from_secs(1 << failures.min(20)).min(LONGEST);
            assert!(*wait <= whole && *wait >= whole / 2, "{failures}: {wait:?}");
        }
        backoff.reset();
        assert_eq!(backoff.next(ErrorKind::Unavailable), waits[0]);
        assert_ne!(Backoff::new("host/other".into()).next(ErrorKind::Unavailable), waits[0]);
    }

    #[test]
    fn a_refused_login_is_not_tried_again_for_half_a_minute() {
        let mut backoff = Backoff::new("host/box".into());
        assert!(backoff.next(ErrorKind::Unauthenticated) >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_failure_is_told_every_ten_minutes_and_a_new_one_after_ten_seconds() {
        let error = |detail: &str| Error { doing: "list", kind: ErrorKind::Unavailable, detail: detail.into() };
        let mut complaint = Complaint::default();
        let mut told = Vec::new();
        for second in 0..1300 {
            if complaint.is_news(&error(if second < 1205 { "down" } else { "refused" })) {
                told.push(second);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(told, [0, 600, 1200, 1210]);
        assert!(complaint.is_over());
        assert!(!complaint.is_over());
    }
}
