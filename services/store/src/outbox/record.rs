//! Letters as an editor reads them, and what an editor asks for.

use ::reply::{Kind, Language, outbox::State};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A letter to an author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyRecord {
    /// Its id.
    pub id: Uuid,
    /// The submission that it is about.
    pub submission_id: Uuid,
    /// Its campaign.
    pub campaign_id: Uuid,
    /// 收稿号.
    pub number: u64,
    /// Which letter.
    pub kind: Kind,
    /// Counts letters of this kind about this submission, from 1.
    pub version: u32,
    /// Where it stands.
    pub state: State,
    /// Where it goes; empty when suppressed before an address was chosen.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text; empty in a list.
    pub body: String,
    /// In which language.
    pub language: Language,
    /// Its `Message-ID`, without angle brackets.
    pub message_id: String,
    /// Not before this instant.
    pub due_at: DateTime<Utc>,
    /// Tries that count.
    pub tries: u32,
    /// What the server said last, or why the last try failed.
    pub detail: String,
    /// Why nothing is sent: a stable word, and a sentence in Chinese and English.
    pub silence: Option<(String, String, String)>,
    /// When the server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it came back.
    pub bounced_at: Option<DateTime<Utc>>,
    /// What the bounce says.
    pub bounce_detail: String,
    /// Whether a person changed its words.
    pub edited: bool,
    /// Counts its changes; the etag.
    pub row_version: u64,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// One line of a letter's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// The state before; none for the first line.
    pub from: Option<State>,
    /// The state after.
    pub to: State,
    /// Who: `worker`, `sender`, or the name of an account.
    pub actor: String,
    /// What, for an editor.
    pub detail: String,
}

/// Which letters to list, newest first, then by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyQuery {
    /// Only about versions of the manuscript that this submission is a version of.
    pub submission_id: Option<Uuid>,
    /// Only of this campaign.
    pub campaign_id: Option<Uuid>,
    /// Only in these states; all when empty.
    pub states: Vec<State>,
    /// Only those that came back.
    pub bounced: bool,
    /// After this key.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    /// At most so many.
    pub limit: u32,
}

/// What a person does with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyAction {
    /// It gets new words.
    Rewrite {
        /// One line.
        subject: String,
        /// Lines ended by `\n`.
        body: String,
    },
    /// It may go.
    Approve,
    /// It waits for a person.
    Hold,
    /// It does not go.
    Cancel,
    /// It is tried anew, its tries forgotten.
    Retry,
    /// Nobody knew whether it went.
    Settle {
        /// Whether it goes once more; else it counts as sent.
        send_again: bool,
    },
}

/// A step of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyStep {
    /// The letter.
    pub id: Uuid,
    /// The version that was read.
    pub row_version: u64,
    /// What is done.
    pub action: ReplyAction,
    /// Who, by name.
    pub actor: String,
    /// Why, for colleagues.
    pub note: String,
}

/// Whether letters go out, and how many did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendingRecord {
    /// Addresses that letters can be sent from.
    pub senders: Vec<String>,
    /// Letters that a server took in the last hour.
    pub sent_last_hour: u32,
    /// In the last 24 hours.
    pub sent_last_day: u32,
    /// Letters that failed or came back in the last hour.
    pub failed_last_hour: u32,
    /// Letters that may go in an hour.
    pub hour_max: u32,
    /// In 24 hours.
    pub day_max: u32,
    /// The end of the pause, while the circuit is open.
    pub paused_until: Option<DateTime<Utc>>,
}
