//! Takes letters from the outbox and sends them, one after another, until it is told to stop.

use std::time::Duration;

use reply::outbox::{Outbox, Outcome, Outgoing};
use stdx::{Clock, ErrorKind, crash};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{Post, SmtpSettings, deliver};

/// How long the letter in hand may take after the word to stop; then it is left to its lease.
pub const STOP_GRACE: Duration = Duration::from_secs(8);
/// The outbox is asked this often: other processes write letters too.
const ASKED_EVERY: Duration = Duration::from_secs(2);
/// The pause after the tables failed, doubled up to [`PAUSE_LONGEST`].
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_LONGEST: Duration = Duration::from_secs(60);
/// How often the tables are told again what came of a letter that went: a word lost here is an uncertain letter.
const TOLD_MAX: u32 = 5;

/// One address of ours, and the server that takes its letters.
#[derive(Clone, Debug)]
pub struct Office {
    /// The address that letters go out from.
    pub address: String,
    /// Its server.
    pub settings: SmtpSettings,
}

/// Sends until `cancel`. The letter in hand then has [`STOP_GRACE`] to end; after it the connection is dropped, and the
/// tables say how far the letter had come.
pub async fn run<O: Outbox, C: Clock>(
    offices: Vec<Office>,
    outbox: O,
    clock: C,
    sender: &str,
    cancel: CancellationToken,
) {
    let overdue = async {
        cancel.cancelled().await;
        sleep(STOP_GRACE).await;
    };
    let posts = offices.into_iter().map(|office| (office.address, Post::new(office.settings))).collect();
    let mut sending =
        Sending { posts, outbox: &outbox, clock: &clock, sender, cancel: &cancel, complaint: String::new() };
    tokio::select! {
        biased;
        () = sending.work() => {}
        () = overdue => tracing::warn!("a letter was left in the middle: its lease will tell"),
    }
}

struct Sending<'a, O, C> {
    posts: Vec<(String, Post)>,
    outbox: &'a O,
    clock: &'a C,
    sender: &'a str,
    cancel: &'a CancellationToken,
    complaint: String,
}

impl<O: Outbox, C: Clock> Sending<'_, O, C> {
    async fn work(&mut self) {
        let lease = self.posts.iter().map(|(_, post)| post.settings().lease()).max().unwrap_or_default();
        let mut pause = PAUSE_FIRST;
        while !self.cancel.is_cancelled() {
            let wait = match self.outbox.take(self.sender, lease).await {
                Ok(Some(letter)) => {
                    pause = PAUSE_FIRST;
                    self.send(&letter).await;
                    continue;
                }
                Ok(None) => {
                    self.close().await;
                    self.until_due().await
                }
                Err(error) => {
                    self.complain(&format!("the outbox cannot be read: {error}"));
                    let now = pause;
                    pause = (pause * 2).min(PAUSE_LONGEST);
                    now
                }
            };
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => {}
                () = sleep(wait) => {}
            }
        }
        self.close().await;
    }

    async fn close(&mut self) {
        for (_, post) in &mut self.posts {
            post.close().await;
        }
    }

    async fn until_due(&self) -> Duration {
        match self.outbox.due_next().await {
            Ok(Some(due)) => (due - self.clock.now()).to_std().unwrap_or_default().clamp(ASKED_EVERY / 20, ASKED_EVERY),
            _ => ASKED_EVERY,
        }
    }

    async fn send(&mut self, letter: &Outgoing) {
        let origin = letter.origin;
        let span = trace::letter(letter.id, origin.submission_id, letter.tries, origin.traceparent, origin.mail);
        self.send_traced(letter).instrument(span).await;
    }

    async fn send_traced(&mut self, letter: &Outgoing) {
        let post = self.posts.iter_mut().find(|(address, _)| address.eq_ignore_ascii_case(&letter.from));
        let outcome = match post {
            Some((_, post)) => deliver(post, self.outbox, letter).await,
            None => Some(Outcome::Unable { said: "no server is set for the address that it goes out from".into() }),
        };
        let Some(outcome) = outcome else {
            tracing::warn!(letter = %letter.id, "the tables could not be told how far a letter had come");
            return;
        };
        crash::point("C14-told");
        measure::letter_tried(outcome.as_str());
        match &outcome {
            Outcome::Sent { .. } => trace::ended(outcome.as_str()),
            _ => trace::failed(outcome.as_str()),
        }
        match &outcome {
            Outcome::Sent { .. } => tracing::info!(letter = %letter.id, tries = letter.tries, "sent"),
            Outcome::Unable { said } => {
                let said = format!("no letter can be sent: {said}");
                self.complain(&said);
            }
            // What a server says of a letter may hold the address of its author: the outbox has it, no log.
            Outcome::Deferred { stage, .. } | Outcome::Abandoned { stage } => {
                tracing::info!(letter = %letter.id, ?stage, "deferred")
            }
            Outcome::Refused { stage, .. } => tracing::warn!(letter = %letter.id, ?stage, "refused"),
            Outcome::Uncertain { .. } => {
                tracing::warn!(letter = %letter.id, "uncertain: handed over, and no answer came");
            }
        }
        if !matches!(outcome, Outcome::Unable { .. }) {
            self.complaint.clear();
        }
        let mut pause = PAUSE_FIRST;
        for told in 1..=TOLD_MAX {
            let Err(error) = self.outbox.ended(letter, &outcome).await else { return };
            if told == TOLD_MAX || !matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Exhausted) {
                tracing::error!(letter = %letter.id, %error, "the tables could not be told what came of a letter");
                return;
            }
            sleep(pause).await;
            pause *= 2;
        }
    }

    /// One line for one trouble, however often it comes back.
    fn complain(&mut self, trouble: &str) {
        if self.complaint != trouble {
            tracing::warn!("{trouble}");
            trouble.clone_into(&mut self.complaint);
        }
    }
}
