//! What a person does with a letter: the row is read under a lock, the pure table is asked, row and history are written
//! in one transaction.

use ::reply::{
    Silence,
    editing::{self, Action, Letter, Refusal},
    message::Sender,
    message_id::Told,
    outbox::State,
    template::Text,
};
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseTransaction, Set};

use super::{
    line::{self, Line},
    read::record,
    record::{ReplyAction, ReplyRecord, ReplyStep},
    write::{AnsweredIds, mail},
};
use crate::{
    Error, Result, Store,
    entity::reply as row,
    mailbox::clock_now,
    reach,
    values::{clean, from_json, from_word, instant, micros, parsed, signed, unsigned, word},
};

pub async fn step(store: &Store, asked: &ReplyStep) -> Result<std::result::Result<ReplyRecord, Refusal>> {
    let tx = store.write().await?;
    let now = clock_now(&tx).await?;
    let row = line::locked(&tx, asked.id).await?;
    if row.row_version != signed(asked.row_version)? {
        return Err(Error::Conflict(format!("the reply is at version {}, not {}", row.row_version, asked.row_version)));
    }
    let state: State = from_word(&row.state)?;
    let (action, done) = match &asked.action {
        ReplyAction::Rewrite { .. } => (Action::Rewrite, "new words"),
        ReplyAction::Approve => (Action::Approve, "approved"),
        ReplyAction::Hold => (Action::Hold, "held"),
        ReplyAction::Cancel => (Action::Cancel, "cancelled"),
        ReplyAction::Retry => (Action::Retry, "to be tried anew"),
        ReplyAction::Settle { send_again: false } => (Action::SettleSent, "settled: it went"),
        ReplyAction::Settle { send_again: true } => (Action::SettleAgain, "settled: it goes once more"),
    };
    let letter = Letter {
        state,
        is_handed: row.handed_at.is_some(),
        is_called_off: row.called_off,
        silence: row.silence.as_deref(),
    };
    let next = match editing::step(action, letter) {
        Ok(next) => next,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let is_kept_back = row.silence.as_deref() == Some(Silence::Unreachable.code());
    if next == State::Pending && !is_kept_back && reach::is_marked(&tx, &row.contact).await? {
        return Ok(Err(Refusal::Unreachable));
    }
    let mut columns = row::ActiveModel { state: Set(word(next)?), ..Default::default() };
    match &asked.action {
        ReplyAction::Rewrite { subject, body } => {
            let Some(words) = written(&row, subject, body, instant(row.dated_at)?)? else {
                return Ok(Err(Refusal::Unfit));
            };
            columns = row::ActiveModel { edited: Set(true), ..merged(columns, words) };
        }
        ReplyAction::Approve | ReplyAction::Retry | ReplyAction::Settle { send_again: true } => {
            // A letter that no server has had bears the day on which it may go at last.
            let dated_at = now.max(instant(row.dated_at)?);
            if row.handed_at.is_none() {
                let Some(words) = written(&row, &row.subject, &row.body, dated_at)? else {
                    return Ok(Err(Refusal::Unfit));
                };
                columns = row::ActiveModel { dated_at: Set(micros(dated_at)), ..merged(columns, words) };
            }
            if asked.action != ReplyAction::Approve {
                // Not before the window for a retraction has ended: the date of a decision's letter is its end.
                columns.due_at = Set(micros(dated_at));
                columns.tries = Set(0);
                columns.failed_at = Set(None);
                columns.detail = Set(String::new());
            }
            columns = spoken(columns);
            if is_kept_back {
                reach::lift(&tx, &row.contact, Some(row.id), &asked.actor, now).await?;
            }
        }
        ReplyAction::Settle { send_again: false } => columns.sent_at = Set(row.handed_at.or(Some(micros(now)))),
        ReplyAction::Hold | ReplyAction::Cancel => {}
    }
    line::set(&tx, &row, columns, now).await?;
    let note = asked.note.trim();
    let detail = if note.is_empty() { done.to_owned() } else { format!("{done}: {note}") };
    line::append(&tx, row.id, Line { before: Some(state), after: next, actor: &asked.actor, detail: &detail }, now)
        .await?;
    let after = record(line::locked(&tx, row.id).await?)?;
    tx.commit().await?;
    Ok(Ok(after))
}

/// The columns of a mail with these words; none when its addresses are unfit for one.
fn written(row: &row::Model, subject: &str, body: &str, dated_at: DateTime<Utc>) -> Result<Option<row::ActiveModel>> {
    let told = Told { submission_id: row.submission_id, kind: parsed(&row.kind)?, version: unsigned(row.version)? };
    let text =
        Text { subject: clean(subject), body: clean(&body.replace("\r\n", "\n")), language: from_word(&row.language)? };
    let from = Sender {
        name: &row.from_name,
        address: &row.from_address,
        message_id_domain: row.message_id.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default(),
    };
    let answered: AnsweredIds = from_json(row.answered.clone())?;
    let Ok(reply) = mail(&told, &text, &from, &row.to_address, &answered, dated_at) else { return Ok(None) };
    Ok(Some(row::ActiveModel {
        subject: Set(reply.subject),
        body: Set(reply.body),
        raw: Set(reply.raw),
        ..Default::default()
    }))
}

/// The columns of a letter that no silence keeps back any more.
fn spoken(columns: row::ActiveModel) -> row::ActiveModel {
    row::ActiveModel { silence: Set(None), silence_zh: Set(String::new()), silence_en: Set(String::new()), ..columns }
}

/// A letter that a marked address held goes on, its mark lifted. False for one that is unfit for a mail: it stays held. The
/// row is held by the transaction.
pub async fn go_on(tx: &DatabaseTransaction, row: &row::Model, actor: &str, now: DateTime<Utc>) -> Result<bool> {
    let mut columns = spoken(row::ActiveModel { state: Set(word(State::Pending)?), ..Default::default() });
    if row.handed_at.is_none() {
        let dated_at = now.max(instant(row.dated_at)?);
        let Some(words) = written(row, &row.subject, &row.body, dated_at)? else { return Ok(false) };
        columns = row::ActiveModel { dated_at: Set(micros(dated_at)), ..merged(columns, words) };
    }
    line::set(tx, row, columns, now).await?;
    let detail = "the address was marked reachable";
    line::append(tx, row.id, Line { before: Some(State::Held), after: State::Pending, actor, detail }, now).await?;
    Ok(true)
}

fn merged(columns: row::ActiveModel, words: row::ActiveModel) -> row::ActiveModel {
    row::ActiveModel { subject: words.subject, body: words.body, raw: words.raw, ..columns }
}
