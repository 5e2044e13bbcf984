//! Waiting for mail: IDLE (RFC 2177) where the server has it, else NOOP from time to time.
//!
//! Some servers list IDLE and never say a word in it (163.com is one), so whoever waits must give a bound that is short
//! enough to find new mail by asking.

use std::time::Duration;

use async_imap::imap_proto::Status;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    ImapSettings,
    line::{Heard, Line, bounded, ignore},
};
use crate::Error;

/// A server may log an idle client out after 30 minutes (RFC 2177 §3).
const IDLE_PIECE_MAX: Duration = Duration::from_secs(29 * 60);
/// Longest wait at once; nobody means more, and an instant far away does not exist.
const WAIT_MAX: Duration = Duration::from_secs(24 * 3600);
/// Pause between two NOOPs.
const NOOP_PAUSE: Duration = Duration::from_secs(15);

/// Waits until the server told of more mails than before, at most this long.
pub(super) async fn wait(line: &mut Line, settings: &ImapSettings, at_most: Duration) -> Result<(), Error> {
    let end = Instant::now() + at_most.min(WAIT_MAX);
    while !take_news(line) && Instant::now() < end {
        if settings.idle && line.can("IDLE") && !line.idle_refused {
            idle(line, settings, end).await?;
        } else {
            line.command("NOOP", "NOOP", settings.command_timeout, &mut ignore).await?.ok("NOOP")?;
            if !has_news(line) {
                sleep(NOOP_PAUSE.min(end.saturating_duration_since(Instant::now()))).await;
                if Instant::now() >= end {
                    line.command("NOOP", "NOOP", settings.command_timeout, &mut ignore).await?.ok("NOOP")?;
                }
            }
        }
    }
    Ok(())
}

fn has_news(line: &Line) -> bool {
    line.selected.as_ref().is_some_and(|selected| selected.has_news)
}

fn take_news(line: &mut Line) -> bool {
    line.selected.as_mut().is_some_and(|selected| std::mem::take(&mut selected.has_news))
}

/// One IDLE, ended by us with DONE on news or in time.
async fn idle(line: &mut Line, settings: &ImapSettings, end: Instant) -> Result<(), Error> {
    let accepted = bounded("IDLE", settings.command_timeout, async {
        line.begin("IDLE").await?;
        loop {
            match line.hear(&mut ignore).await? {
                Heard::Continue(_) => return Ok(true),
                Heard::Done(_) => return Ok(false),
                Heard::Untagged => {}
            }
        }
    })
    .await?;
    if !accepted {
        line.idle_refused = true;
        return Ok(());
    }
    let piece_end = end.min(Instant::now() + IDLE_PIECE_MAX);
    let is_ended = bounded("IDLE", IDLE_PIECE_MAX + settings.command_timeout, async {
        while !has_news(line) {
            match timeout_at(piece_end, line.hear(&mut ignore)).await {
                Err(_) => break,
                Ok(heard) => match heard? {
                    Heard::Done(done) if done.status == Status::Ok => return Ok(true),
                    Heard::Done(done) => return Err(done.refusal("IDLE")),
                    Heard::Continue(_) | Heard::Untagged => {}
                },
            }
        }
        Ok(false)
    })
    .await?;
    if is_ended {
        // It does not want to be idle; asking from time to time is kinder than doing it again and again.
        line.idle_refused = true;
        return Ok(());
    }
    bounded("DONE", settings.command_timeout, async {
        line.write_line("DONE").await?;
        loop {
            if let Heard::Done(done) = line.hear(&mut ignore).await? {
                return done.ok("IDLE");
            }
        }
    })
    .await
}
