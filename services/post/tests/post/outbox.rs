//! An outbox in memory, by the rules of `reply::outbox`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use intake::ports::{PortError, PortResult};
use reply::outbox::{OnUncertain, Origin, Outbox, Outcome, Outgoing, Stage, State, after};
use stdx::ErrorKind;
use uuid::Uuid;

/// A letter with where it stands.
#[derive(Clone, Debug)]
pub struct Kept {
    pub outgoing: Outgoing,
    pub state: State,
    pub stage: Option<Stage>,
    pub outcome: Option<Outcome>,
    pub due_at: Option<DateTime<Utc>>,
}

/// The tables. Their clock stands still until it is set on.
#[derive(Clone, Default)]
pub struct Tables {
    letters: Arc<Mutex<Vec<Kept>>>,
    late: Arc<Mutex<TimeDelta>>,
    /// Stages that cannot be noted.
    deaf: Arc<Mutex<Vec<Stage>>>,
    /// The farthest stage noted for each letter, for a server that wants to look.
    noted: Arc<Mutex<HashMap<String, Stage>>>,
}

pub const FROM: &str = "tougao@example.com";

impl Tables {
    /// Adds a letter with this text.
    pub fn write(&self, raw: &[u8]) -> Uuid {
        self.write_from(FROM, raw)
    }

    pub fn write_from(&self, from: &str, raw: &[u8]) -> Uuid {
        let mut letters = self.letters.lock().unwrap();
        let id = Uuid::from_u128(letters.len() as u128 + 1);
        let outgoing = Outgoing {
            id,
            fence: 0,
            from: from.into(),
            to: "wang@czt.example.cn".into(),
            raw: raw.into(),
            message_id: format!("{}@example.com", id.simple()),
            tries: 0,
            origin: Origin::default(),
        };
        letters.push(Kept { outgoing, state: State::Pending, stage: None, outcome: None, due_at: None });
        id
    }

    pub fn fail_at(&self, stage: Stage) {
        self.deaf.lock().unwrap().push(stage);
    }

    pub fn of(&self, id: Uuid) -> Kept {
        self.letters.lock().unwrap().iter().find(|kept| kept.outgoing.id == id).unwrap().clone()
    }

    pub fn all(&self) -> Vec<Kept> {
        self.letters.lock().unwrap().clone()
    }

    pub fn noted(&self, message_id: &str) -> Option<Stage> {
        self.noted.lock().unwrap().get(message_id).copied()
    }

    /// Sets the clock on, past every pause.
    pub fn days_later(&self, days: i64) {
        *self.late.lock().unwrap() += TimeDelta::days(days);
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_677_632_400, 0).unwrap() + *self.late.lock().unwrap()
    }

    /// What the next sender finds of letters whose sender died: the lease has ended.
    pub fn sort_left(&self) {
        for kept in self.letters.lock().unwrap().iter_mut().filter(|kept| kept.state == State::Sending) {
            kept.state = if kept.stage == Some(Stage::End) { State::Uncertain } else { State::Deferred };
            kept.due_at = None;
        }
    }

    fn held<T>(&self, outgoing: &Outgoing, change: impl FnOnce(&mut Kept) -> T) -> PortResult<T> {
        let mut letters = self.letters.lock().unwrap();
        let kept = letters.iter_mut().find(|kept| kept.outgoing.id == outgoing.id).unwrap();
        if kept.state != State::Sending || kept.outgoing.fence != outgoing.fence {
            return Err(PortError { kind: ErrorKind::Conflict, detail: "another has it".into() });
        }
        Ok(change(kept))
    }
}

impl Outbox for Tables {
    async fn take(&self, _: &str, _: Duration) -> PortResult<Option<Outgoing>> {
        let now = self.now();
        let mut letters = self.letters.lock().unwrap();
        let due = letters.iter_mut().find(|kept| {
            matches!(kept.state, State::Pending | State::Deferred) && kept.due_at.is_none_or(|due| due <= now)
        });
        Ok(due.map(|kept| {
            kept.outgoing.fence += 1;
            kept.outgoing.tries += 1;
            (kept.state, kept.stage) = (State::Sending, Some(Stage::Connect));
            kept.outgoing.clone()
        }))
    }

    async fn staged(&self, outgoing: &Outgoing, stage: Stage) -> PortResult<()> {
        if self.deaf.lock().unwrap().contains(&stage) {
            return Err(PortError { kind: ErrorKind::Unavailable, detail: "the tables are away".into() });
        }
        self.held(outgoing, |kept| kept.stage = Some(stage))?;
        self.noted.lock().unwrap().insert(outgoing.message_id.clone(), stage);
        Ok(())
    }

    async fn ended(&self, outgoing: &Outgoing, outcome: &Outcome) -> PortResult<()> {
        let now = self.now();
        self.held(outgoing, |kept| {
            (kept.state, kept.due_at) = after(outcome, kept.outgoing.tries, false, OnUncertain::Hold, now);
            if matches!(outcome, Outcome::Unable { .. }) {
                kept.outgoing.tries -= 1;
            }
            kept.outcome = Some(outcome.clone());
        })
    }

    async fn due_next(&self) -> PortResult<Option<DateTime<Utc>>> {
        Ok(self.letters.lock().unwrap().iter().filter_map(|kept| kept.due_at).min())
    }
}
