//! A mailbox's test by a mail to itself: asked for by a row, done by a worker, told step by step. The mail is ours when it
//! bears the token of a row, which nobody else knows; then it never becomes a submission.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use intake::{
    letter::Letter,
    sorting::{Class, Sorting},
    submission::Assessment,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{mailbox, mailbox_test as row},
    mailbox::clock_now,
    values::{LINE_CHARACTERS_MAX, from_json, instant, json, line, micros, now},
};

/// How long a worker may take up what was asked for; later nobody waits for it.
pub const TAKEN_WITHIN: Duration = Duration::from_secs(15);
/// How long a test may last from the asking; then its worker counts as gone.
pub const WITHIN: Duration = Duration::from_secs(80);
/// What `Message-ID` and subject of a test's mail begin with; the token follows.
const ID_BEGINS: &str = "caibian.test.";
const SUBJECT_BEGINS: &str = "caibian test ";

/// A step of a test, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStep {
    /// The server that mail is read from: connecting and signing in.
    Receive,
    /// The folders that are swept.
    Folders,
    /// The server that letters leave by: connecting and signing in.
    Send,
    /// It takes a mail to the mailbox's own address.
    Taken,
    /// The mail is in the mailbox.
    Seen,
    /// The intake knew it as our own.
    SetAside,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It went well.
    Passed,
    /// It did not: the sentences say what to do.
    Failed,
    /// It was not tried.
    Skipped,
}

/// A step that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestNote {
    /// Which.
    pub step: TestStep,
    /// What it came to.
    pub outcome: TestOutcome,
    /// What happened and what to do next, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// A test as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxTest {
    /// Its id.
    pub id: Uuid,
    /// Of this mailbox.
    pub mailbox_id: Uuid,
    /// Of the mail that it sends, without angle brackets. Holds the token.
    pub message_id: String,
    /// The subject of that mail. Holds the token too: some servers give a mail a `Message-ID` of their own.
    pub subject: String,
    /// What nobody knows but the tables and the mail.
    pub token: String,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// Whether a worker has it.
    pub is_taken: bool,
    /// Steps that are over.
    pub notes: Vec<TestNote>,
    /// Whether its mail came in and was set aside.
    pub is_set_aside: bool,
    /// Whether it is over.
    pub is_ended: bool,
}

fn record(row: row::Model) -> Result<MailboxTest> {
    Ok(MailboxTest {
        id: row.id,
        mailbox_id: row.mailbox_id,
        message_id: format!("{ID_BEGINS}{}@{}", row.token, row.domain),
        subject: format!("{SUBJECT_BEGINS}{}", row.token),
        token: row.token,
        asked_at: instant(row.asked_at)?,
        is_taken: row.holder.is_some(),
        notes: from_json(row.steps)?,
        is_set_aside: row.set_aside_at.is_some(),
        is_ended: row.ended_at.is_some(),
    })
}

fn ago(now: DateTime<Utc>, within: Duration) -> i64 {
    micros(now - TimeDelta::from_std(within).unwrap_or_default())
}

/// Asks for a test; none while one of the mailbox is under way.
pub async fn ask(store: &Store, mailbox_id: Uuid, by: &str) -> Result<Option<Uuid>> {
    let tx = store.write().await?;
    let now = clock_now(&tx).await?;
    // Held, so that two who ask at once ask for one.
    let mailbox = mailbox::Entity::find_by_id(mailbox_id).lock_exclusive().one(&tx).await?;
    let mailbox = mailbox.ok_or(Error::NotFound { what: "mailbox", id: mailbox_id })?;
    let is_waiting =
        Condition::all().add(row::Column::Holder.is_null()).add(row::Column::AskedAt.gt(ago(now, TAKEN_WITHIN)));
    let is_done =
        Condition::all().add(row::Column::Holder.is_not_null()).add(row::Column::AskedAt.gt(ago(now, WITHIN)));
    let open = row::Entity::find()
        .filter(row::Column::MailboxId.eq(mailbox_id))
        .filter(row::Column::EndedAt.is_null())
        .filter(Condition::any().add(is_waiting).add(is_done))
        .one(&tx)
        .await?;
    if open.is_some() {
        return Ok(None);
    }
    let id = Uuid::now_v7();
    let domain = mailbox.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let asked = row::Model {
        id,
        mailbox_id,
        token: token()?,
        domain: domain.to_owned(),
        asked_by: line(by, LINE_CHARACTERS_MAX),
        asked_at: micros(now),
        holder: None,
        steps: json(&Vec::<TestNote>::new())?,
        set_aside_at: None,
        ended_at: None,
    };
    row::Entity::insert(asked.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(Some(id))
}

fn token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(format!("no random bytes: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Takes up a test of a mailbox that nobody has; none when none is asked for.
pub async fn take(store: &Store, mailbox_id: Uuid, holder: &str) -> Result<Option<MailboxTest>> {
    let asked = |from: i64| {
        row::Entity::find()
            .filter(row::Column::EndedAt.is_null())
            .filter(row::Column::Holder.is_null())
            .filter(row::Column::AskedAt.gt(from))
            .filter(row::Column::MailboxId.eq(mailbox_id))
            .order_by_asc(row::Column::AskedAt)
    };
    // A look that takes no lock: workers ask every second.
    if asked(ago(clock_now(&store.reader).await?, TAKEN_WITHIN)).one(&store.reader).await?.is_none() {
        return Ok(None);
    }
    let tx = store.write().await?;
    let from = ago(clock_now(&tx).await?, TAKEN_WITHIN);
    let Some(found) = asked(from).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let held = row::ActiveModel { holder: Set(Some(line(holder, LINE_CHARACTERS_MAX))), ..Default::default() };
    row::Entity::update_many().set(held).filter(row::Column::Id.eq(found.id)).exec(&tx).await?;
    tx.commit().await?;
    Ok(Some(MailboxTest { is_taken: true, ..record(found)? }))
}

/// Tells the steps that are over, and whether the test is.
pub async fn note(store: &Store, id: Uuid, notes: &[TestNote], is_ended: bool) -> Result<()> {
    let tx = store.write().await?;
    let ended_at = if is_ended { Some(micros(clock_now(&tx).await?)) } else { None };
    let columns = row::ActiveModel { steps: Set(json(&notes)?), ended_at: Set(ended_at), ..Default::default() };
    row::Entity::update_many().set(columns).filter(row::Column::Id.eq(id)).exec(&tx).await?;
    Ok(tx.commit().await?)
}

/// A test as it stands.
pub async fn get(store: &Store, id: Uuid) -> Result<MailboxTest> {
    let row = row::Entity::find_by_id(id).one(&store.reader).await?;
    record(row.ok_or(Error::NotFound { what: "test of a mailbox", id })?)
}

/// The token that a mail claims to have.
fn claimed(letter: &Letter) -> Option<&str> {
    let id = letter.headers.message_id.as_deref().and_then(|id| id.strip_prefix(ID_BEGINS)?.split('@').next());
    id.or_else(|| letter.headers.subject.strip_prefix(SUBJECT_BEGINS))
}

/// Whether a mail is a test's; then it is noted to be set aside.
pub async fn is_own(tx: &DatabaseTransaction, letter: &Letter) -> Result<bool> {
    let Some(token) = claimed(letter) else { return Ok(false) };
    let columns = row::ActiveModel { set_aside_at: Set(Some(now())), ..Default::default() };
    let known = row::Entity::update_many().set(columns).filter(row::Column::Token.eq(token)).exec(tx).await?;
    Ok(known.rows_affected > 0)
}

/// What a test's mail counts as, whatever it looks like.
pub fn assessment(of: &Assessment) -> Assessment {
    Assessment {
        sorting: Sorting {
            class: Class::AutomaticReply,
            campaign: None,
            corrects: None,
            zh: "这是系统测试邮箱时发给自己的邮件，不是来稿".into(),
            en: "the mail of a test of this mailbox to itself, no submission".into(),
        },
        contact: of.contact.clone(),
        findings: Vec::new(),
        judgement: None,
    }
}
