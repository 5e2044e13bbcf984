//! The outbox: where a letter stands on its way to the author, what a try can come to, and what follows from it.
//!
//! A letter is written in the transaction that it follows from (G3). From then on a sender takes it, tells the tables what
//! it is about to do, and tells them what came of it. What the tables hold when a sender dies says all: before the end of
//! the mail was sent, no server has the mail and it is tried again; afterwards nobody can know (RFC 1047), and the letter
//! is *uncertain*.

use std::{future::Future, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use intake::ports::PortResult;
use serde::{Deserialize, Serialize};
use stdx::Traceparent;
use uuid::Uuid;

/// Tries before a letter counts as failed.
pub const TRIES_MAX: u32 = 9;

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 待批准: a person has to approve it.
    Held,
    /// 待发: goes when its time has come.
    Pending,
    /// 发送中: a sender has it.
    Sending,
    /// 稍后再发: a try failed before a server had the mail.
    Deferred,
    /// 已发: the server took it.
    Sent,
    /// 未能发出: refused for good, or every try failed.
    Failed,
    /// 不确定: handed over, and no answer came.
    Uncertain,
    /// 不发: a rule of answering says so.
    Suppressed,
    /// 已取消: by a person, or because its decision was retracted.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Held,
        Self::Pending,
        Self::Sending,
        Self::Deferred,
        Self::Sent,
        Self::Failed,
        Self::Uncertain,
        Self::Suppressed,
        Self::Cancelled,
    ];

    /// As the tables have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Deferred => "deferred",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Suppressed => "suppressed",
            Self::Cancelled => "cancelled",
        }
    }

    /// What an editor calls it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Held => "待批准",
            Self::Pending => "待发",
            Self::Sending => "发送中",
            Self::Deferred => "稍后再发",
            Self::Sent => "已发",
            Self::Failed => "未能发出",
            Self::Uncertain => "不确定",
            Self::Suppressed => "不发",
            Self::Cancelled => "已取消",
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Sending => "being sent",
            Self::Deferred => "deferred",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Suppressed => "suppressed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far a try has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Connecting, greeting, encrypting, signing in.
    Connect,
    /// `MAIL FROM`, `RCPT TO`, `DATA` and the text of the mail, all but its end.
    Envelope,
    /// The line with the dot that ends the mail, and the answer to it.
    End,
}

/// A letter that a sender has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The letter.
    pub id: Uuid,
    /// Grows with every sender that takes it; an older one's words count no more.
    pub fence: i64,
    /// The address that it goes out from: says which server is asked.
    pub from: String,
    /// The address that it goes to.
    pub to: String,
    /// The whole mail, the same for every try.
    pub raw: Vec<u8>,
    /// Its `Message-ID`, without angle brackets.
    pub message_id: String,
    /// Tries, this one included.
    pub tries: u32,
    /// What it follows from.
    pub origin: Origin,
}

/// What a letter follows from, for those who follow traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The submission that it is about.
    pub submission_id: Option<Uuid>,
    /// What wrote it: the recording of the mail, or an editor's call.
    pub traceparent: Option<Traceparent>,
    /// The way of the mail, where that is another trace.
    pub mail: Option<Traceparent>,
}

/// What a try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it.
    Sent {
        /// What the server said, at most 500 characters.
        said: String,
    },
    /// The server does not have it, and another try may help.
    Deferred {
        /// How far it came.
        stage: Stage,
        /// Why, at most 500 characters.
        said: String,
    },
    /// The sender ended before the end of the mail was sent: the server does not have it, and said nothing against it.
    Abandoned {
        /// How far it came.
        stage: Stage,
    },
    /// The server refused this letter for good (5yz).
    Refused {
        /// How far it came.
        stage: Stage,
        /// What the server said.
        said: String,
    },
    /// The end of the mail was sent, and no answer came.
    Uncertain {
        /// What broke.
        said: String,
    },
    /// Nothing was tried: our own side is not able to (no server is set for this address, a wrong password). The try does
    /// not count.
    Unable {
        /// Why.
        said: String,
    },
}

impl Outcome {
    /// One word for it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Deferred { .. } => "deferred",
            Self::Abandoned { .. } => "abandoned",
            Self::Refused { .. } => "refused",
            Self::Uncertain { .. } => "uncertain",
            Self::Unable { .. } => "unable",
        }
    }
}

/// What is done with a letter of which nobody knows whether it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUncertain {
    /// A person settles it: at most once.
    #[default]
    Hold,
    /// It is sent once more, with the same `Message-ID`: at least once, twice at most.
    Resend,
}

/// Where a letter stands after a try, and from when on it may be taken again.
#[must_use]
pub fn after(
    outcome: &Outcome,
    tries: u32,
    was_uncertain: bool,
    on_uncertain: OnUncertain,
    now: DateTime<Utc>,
) -> (State, Option<DateTime<Utc>>) {
    match outcome {
        Outcome::Sent { .. } => (State::Sent, None),
        Outcome::Refused { .. } => (State::Failed, None),
        // A letter that ends its senders must not do so for ever: these tries count too.
        Outcome::Deferred { .. } | Outcome::Abandoned { .. } if tries >= TRIES_MAX => (State::Failed, None),
        Outcome::Abandoned { .. } => (State::Deferred, Some(now)),
        Outcome::Deferred { .. } => (State::Deferred, Some(now + pause(tries))),
        Outcome::Unable { .. } => (State::Deferred, Some(now + TimeDelta::minutes(1))),
        Outcome::Uncertain { .. } => match on_uncertain {
            OnUncertain::Resend if !was_uncertain => (State::Deferred, Some(now + pause(1))),
            OnUncertain::Resend | OnUncertain::Hold => (State::Uncertain, None),
        },
    }
}

/// The pause after a try that failed: greylisting lets go within minutes, a broken server within a day.
#[must_use]
pub fn pause(tries: u32) -> TimeDelta {
    TimeDelta::minutes(match tries {
        0 | 1 => 2,
        2 => 10,
        3 => 30,
        4 => 120,
        _ => 480,
    })
}

/// The tables, as a sender sees them.
pub trait Outbox: Send + Sync {
    /// Takes one letter that is due: counts the try and begins the stage [`Stage::Connect`]. First sorts what senders left
    /// behind whose lease has ended. None when nothing is due or nothing may go now (caps, an open circuit).
    fn take(&self, sender: &str, lease: Duration) -> impl Future<Output = PortResult<Option<Outgoing>>> + Send;
    /// A further stage begins: durable before its first byte leaves. `Conflict` when another sender has the letter.
    fn staged(&self, outgoing: &Outgoing, stage: Stage) -> impl Future<Output = PortResult<()>> + Send;
    /// The try is over.
    fn ended(&self, outgoing: &Outgoing, outcome: &Outcome) -> impl Future<Output = PortResult<()>> + Send;
    /// When [`Outbox::take`] is worth asking again, if nothing new is written until then.
    fn due_next(&self) -> impl Future<Output = PortResult<Option<DateTime<Utc>>>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_one_word() {
        use serde::de::{IntoDeserializer, value::Error};
        for state in State::ALL {
            let read: Result<State, Error> = State::deserialize(state.as_str().into_deserializer());
            assert_eq!(read, Ok(state));
        }
    }

    #[test]
    fn a_letter_that_nobody_knows_of_is_sent_again_once_at_most_and_only_where_the_settings_say_so() {
        let now = DateTime::from_timestamp(1_677_632_400, 0).unwrap();
        let broke = Outcome::Uncertain { said: "the line broke".into() };
        assert_eq!(after(&broke, 1, false, OnUncertain::Hold, now).0, State::Uncertain);
        assert_eq!(after(&broke, 1, false, OnUncertain::Resend, now).0, State::Deferred);
        assert_eq!(after(&broke, 2, true, OnUncertain::Resend, now).0, State::Uncertain);
    }

    #[test]
    fn a_letter_whose_sender_died_is_due_at_once_and_not_for_ever() {
        let now = DateTime::from_timestamp(1_677_632_400, 0).unwrap();
        let died = Outcome::Abandoned { stage: Stage::Envelope };
        assert_eq!(after(&died, 1, false, OnUncertain::Hold, now), (State::Deferred, Some(now)));
        assert_eq!(after(&died, TRIES_MAX - 1, false, OnUncertain::Hold, now), (State::Deferred, Some(now)));
        assert_eq!(after(&died, TRIES_MAX, false, OnUncertain::Hold, now), (State::Failed, None));
    }

    #[test]
    fn a_letter_that_no_server_takes_is_tried_for_a_day_and_then_fails() {
        let start = DateTime::from_timestamp(1_677_632_400, 0).unwrap();
        let (mut now, mut tries) = (start, 0);
        loop {
            tries += 1;
            let outcome = Outcome::Deferred { stage: Stage::Connect, said: "421".into() };
            match after(&outcome, tries, false, OnUncertain::Hold, now) {
                (State::Deferred, Some(due)) => now = due,
                ended => break assert_eq!(ended, (State::Failed, None)),
            }
        }
        assert_eq!(tries, TRIES_MAX);
        assert!(now - start > TimeDelta::hours(24) && now - start < TimeDelta::hours(72), "{}", now - start);
    }
}
