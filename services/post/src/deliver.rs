//! One letter, stage by stage. What a failure means depends on where it falls: before the end of the mail the server
//! does not have it; after the end only its answer says, and without one nobody knows (RFC 1047).

use std::{future::Future, pin::pin, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        commands::{Data, Mail, Quit, Rcpt, Rset},
        response::{Response, Severity},
    },
};
use reply::outbox::{Outbox, Outcome, Outgoing, Stage};
use stdx::crash;
use tokio::time::{Instant, timeout};

use crate::{
    connect::{Open, Trouble, connect},
    said,
    settings::{LETTERS_MAX, SmtpSettings},
};

/// Bytes of a line, its end included (RFC 5321 §4.5.3.1.6).
const LINE_BYTES_MAX: usize = 1_000;
/// After a refused login the server is left alone for this long, then for twice as long, up to [`REST_LONGEST`].
const REST_FIRST: Duration = Duration::from_secs(60);
const REST_LONGEST: Duration = Duration::from_secs(3_600);
/// How long a good-bye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// One server, with the connection that is open to it.
pub struct Post {
    settings: SmtpSettings,
    open: Option<Open>,
    /// Until when no login is tried, after how many refused ones, and why.
    rest: Option<(Instant, u32, String)>,
}

/// What a letter came to, and whether the connection is still sound.
struct Ended {
    outcome: Outcome,
    is_sound: bool,
}

impl Post {
    /// A server that nobody has connected to yet.
    #[must_use]
    pub fn new(settings: SmtpSettings) -> Self {
        Self { settings, open: None, rest: None }
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &SmtpSettings {
        &self.settings
    }

    /// Connects and signs in, and keeps the connection for a letter.
    ///
    /// # Errors
    /// What the server or the line said.
    pub async fn sign_in(&mut self) -> Result<(), String> {
        match self.connection().await {
            Ok(open) => {
                self.open = Some(open);
                Ok(())
            }
            Err(
                Outcome::Unable { said }
                | Outcome::Deferred { said, .. }
                | Outcome::Refused { said, .. }
                | Outcome::Uncertain { said },
            ) => Err(said),
            Err(Outcome::Sent { .. } | Outcome::Abandoned { .. }) => Err(String::new()),
        }
    }

    /// Says good-bye, if anybody is there.
    pub async fn close(&mut self) {
        if let Some(mut open) = self.open.take() {
            let _ = timeout(GOODBYE, open.smtp.command(Quit)).await;
        }
    }

    /// Keeps a connection for the next letter unless there is any doubt about it.
    async fn keep(&mut self, mut open: Open, ended: &Ended) {
        open.letters += 1;
        self.open = Some(open).filter(|_| ended.is_sound);
        if let Some(open) = &mut self.open
            && !matches!(ended.outcome, Outcome::Sent { .. })
            && !matches!(timeout(self.settings.timeout, open.smtp.command(Rset)).await, Ok(Ok(_)))
        {
            self.open = None;
        }
        if self.open.as_ref().is_some_and(|open| open.letters >= LETTERS_MAX) {
            self.close().await;
        }
    }

    async fn connection(&mut self) -> Result<Open, Outcome> {
        if let Some((until, _, said)) = &self.rest
            && Instant::now() < *until
        {
            return Err(Outcome::Unable { said: said.clone() });
        }
        match connect(&self.settings).await {
            Ok(open) => {
                self.rest = None;
                Ok(open)
            }
            Err(trouble) => {
                if let Trouble::Login(said) = &trouble {
                    let refused = self.rest.as_ref().map_or(0, |(_, refused, _)| *refused);
                    let pause = REST_FIRST.saturating_mul(1 << refused.min(10)).min(REST_LONGEST);
                    self.rest = Some((Instant::now() + pause, refused + 1, said.clone()));
                }
                Err(trouble.outcome())
            }
        }
    }
}

/// Sends one letter and says what came of it; none when the tables could not be told of a stage: then another sender
/// has the letter, or its lease will tell.
///
/// Before the first byte of the mail's end leaves, [`Stage::End`] is in the tables.
pub async fn deliver<O: Outbox>(post: &mut Post, outbox: &O, letter: &Outgoing) -> Option<Outcome> {
    let (from, to, text) = match checked(letter) {
        Ok(checked) => checked,
        Err(said) => return Some(Outcome::Refused { stage: Stage::Connect, said }),
    };
    let mut open = match post.open.take() {
        Some(open) => open,
        None => match post.connection().await {
            Ok(open) => open,
            Err(outcome) => return Some(outcome),
        },
    };
    outbox.staged(letter, Stage::Envelope).await.ok()?;
    crash::point("C12");
    let mut accepted = envelope(&mut open, post.settings.timeout, &from, &to).await;
    // A server may have closed a connection that carried letters, or take no more on it: that says nothing of this one.
    if open.letters > 0 && accepted.as_ref().is_err_and(|broken| !matches!(broken.outcome, Outcome::Refused { .. })) {
        open = match post.connection().await {
            Ok(open) => open,
            Err(outcome) => return Some(outcome),
        };
        accepted = envelope(&mut open, post.settings.timeout, &from, &to).await;
    }
    let ended = match accepted {
        Ok(()) => body(&mut open, &post.settings, outbox, letter, text).await?,
        Err(broken) => broken,
    };
    post.keep(open, &ended).await;
    Some(ended.outcome)
}

/// `MAIL FROM`, `RCPT TO`, `DATA`.
async fn envelope(open: &mut Open, step: Duration, from: &Address, to: &Address) -> Result<(), Ended> {
    let smtp = &mut open.smtp;
    command(step, Severity::PositiveCompletion, smtp.command(Mail::new(Some(from.clone()), vec![]))).await?;
    command(step, Severity::PositiveCompletion, smtp.command(Rcpt::new(to.clone(), vec![]))).await?;
    command(step, Severity::PositiveIntermediate, smtp.command(Data)).await
}

async fn command(
    step: Duration,
    wanted: Severity,
    answer: impl Future<Output = Result<Response, Error>>,
) -> Result<(), Ended> {
    let deferred = |said| Err(Ended { outcome: Outcome::Deferred { stage: Stage::Envelope, said }, is_sound: false });
    match timeout(step, answer).await {
        Err(_) => deferred(format!("no answer within {} s", step.as_secs_f32())),
        Ok(Ok(response)) if response.code().severity == wanted => Ok(()),
        Ok(Ok(response)) => deferred(said::bounded(&format!("an answer out of place: {}", said::answer(&response)))),
        Ok(Err(error)) => match refusal(&error, Stage::Envelope) {
            Some(ended) => Err(ended),
            None => deferred(said::failure(&error)),
        },
    }
}

/// What the server's own refusal means; none if it did not speak.
fn refusal(error: &Error, stage: Stage) -> Option<Ended> {
    /// Of the login, not of the letter (RFC 4954 §6).
    const OF_LOGIN: [&str; 4] = ["530", "534", "535", "538"];
    /// The server closes the connection.
    const CLOSES: &str = "421";
    let code = error.status()?.to_string();
    let said = said::failure(error);
    let outcome = if OF_LOGIN.contains(&code.as_str()) {
        Outcome::Unable { said }
    } else if error.is_permanent() {
        Outcome::Refused { stage, said }
    } else {
        Outcome::Deferred { stage, said }
    };
    let is_sound = code != CLOSES && !matches!(outcome, Outcome::Unable { .. });
    Some(Ended { outcome, is_sound })
}

/// The text up to its end, the word to the tables, the end, the answer.
async fn body<O: Outbox>(
    open: &mut Open,
    settings: &SmtpSettings,
    outbox: &O,
    letter: &Outgoing,
    text: &[u8],
) -> Option<Ended> {
    let broken = |outcome| Some(Ended { outcome, is_sound: false });
    let Open { smtp, line, .. } = open;
    line.shut();
    let mut sending = pin!(smtp.message(text));
    let early = timeout(settings.text_timeout(), async {
        tokio::select! {
            biased;
            ended = &mut sending => Some(ended),
            () = line.reached() => None,
        }
    });
    let deferred = |said| broken(Outcome::Deferred { stage: Stage::Envelope, said });
    match early.await {
        Ok(None) => {}
        Ok(Some(Err(error))) => return deferred(said::failure(&error)),
        // The gate was shut, so this cannot be; if it is, nothing is known.
        Ok(Some(Ok(response))) => return broken(Outcome::Uncertain { said: said::answer(&response) }),
        Err(_) => {
            return deferred(format!("the text was not taken within {} s", settings.text_timeout().as_secs_f32()));
        }
    }
    crash::point("C12-text");
    outbox.staged(letter, Stage::End).await.ok()?;
    crash::point("C13-noted");
    line.open();
    let answer = timeout(settings.end_timeout(), sending).await;
    crash::point("C14");
    match answer {
        Ok(Ok(response)) if response.code().severity == Severity::PositiveCompletion => {
            Some(Ended { outcome: Outcome::Sent { said: said::answer(&response) }, is_sound: true })
        }
        Ok(Ok(response)) => broken(Outcome::Uncertain { said: said::answer(&response) }),
        Ok(Err(error)) => match refusal(&error, Stage::End) {
            Some(Ended { outcome: Outcome::Unable { said }, .. }) => {
                broken(Outcome::Refused { stage: Stage::End, said })
            }
            Some(ended) => Some(ended),
            None => broken(Outcome::Uncertain { said: said::failure(&error) }),
        },
        Err(_) => broken(Outcome::Uncertain {
            said: format!("no answer to the end of the mail within {} s", settings.end_timeout().as_secs_f32()),
        }),
    }
}

/// Addresses and text, or why this can be no mail: what we write ourselves never is, so this is the second lock.
fn checked(letter: &Outgoing) -> Result<(Address, Address, &[u8]), String> {
    let address = |address: &str| {
        let parsed = address.parse::<Address>().ok().filter(|_| address.is_ascii());
        parsed.ok_or_else(|| "an address of the letter is none that mail can be sent to".to_owned())
    };
    let (from, to) = (address(&letter.from)?, address(&letter.to)?);
    let text = letter.raw.strip_suffix(b"\r\n").unwrap_or(&letter.raw);
    let lines = || text.split(|&byte| byte == b'\n');
    let last = lines().count().saturating_sub(1);
    // A bare CR or LF is read as a line's end by some servers: what follows could be taken for the end of the mail.
    let is_bare = lines().enumerate().any(|(index, line)| {
        let inner = if index < last { line.strip_suffix(b"\r") } else { Some(line) };
        inner.is_none_or(|inner| inner.contains(&b'\r'))
    });
    if is_bare || text.contains(&0) || !text.is_ascii() {
        return Err("the letter has a bare line end, a NUL or raw 8-bit text: it is not sent".into());
    }
    if lines().any(|line| line.len() + 1 > LINE_BYTES_MAX) {
        return Err(format!("the letter has a line of more than {LINE_BYTES_MAX} bytes: it is not sent"));
    }
    Ok((from, to, text))
}
