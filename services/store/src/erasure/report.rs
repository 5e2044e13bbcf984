//! What is held of a person, for the person: every mail with all that was read, found, decided and written, page by page.

use ::reply::outbox::State as ReplyState;
use chrono::{DateTime, Utc};
use intake::{contact::Contact, finding::Finding, letter::Letter, message::Stage, review::State, sorting::Class};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, IntoCondition},
};
use serde::Serialize;
use stdx::Sha256;
use uuid::Uuid;

use super::{
    Subject,
    find::{Found, IDS_MAX, find},
};
use crate::{
    Error, Result, Store, contact, editor,
    entity::{
        access_event, contact_event, contact_mark, letter, reply, review, review_event, review_remark, submission,
    },
    history, review as reviews,
    search::holds,
    values::{address, bounded, from_json, from_word, instant, parsed, unsigned},
};

/// Lines that are told of one thing.
const LINES_MAX: u64 = 10_000;

/// A mail with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonMail {
    /// Its id.
    pub message_id: Uuid,
    /// The folder that it came in.
    pub folder: String,
    /// When the server received it.
    pub received_at: DateTime<Utc>,
    /// How far it came.
    pub stage: Stage,
    /// What kind of mail it is.
    pub class: Option<Class>,
    /// Why, in Chinese and English.
    pub class_reason: Option<(String, String)>,
    /// The hash of the raw mail.
    pub raw_sha256: Option<Sha256>,
    /// Everything that was read in it.
    pub letter: Option<Letter>,
    /// What happened to it.
    pub history: Vec<PersonLine>,
    /// What was made of it.
    pub submission: Option<PersonSubmission>,
}

/// A line of some history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonLine {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: String,
    /// The words.
    pub words: Vec<String>,
}

/// A submission with its review and the letters about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonSubmission {
    /// Its id.
    pub id: Uuid,
    /// Its campaign.
    pub campaign_id: Uuid,
    /// Its 收稿号.
    pub number: u64,
    /// From 1.
    pub version: u32,
    /// Who sends, as it was found.
    pub contact: Contact,
    /// One outcome a rule.
    pub findings: Vec<Finding>,
    /// Where the manuscript stands; of its first version.
    pub state: Option<State>,
    /// What editors decided, and their words; of its first version.
    pub review: Vec<PersonLine>,
    /// Letters of ours about it.
    pub letters: Vec<PersonLetter>,
}

/// A letter of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonLetter {
    /// Its id.
    pub id: Uuid,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Whether it went.
    pub state: ReplyState,
    /// Where it goes to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
}

/// What is held of an address beside its mails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonRest {
    /// The address as it is compared.
    pub address: String,
    /// Its id as a contact, which follows from it.
    pub contact_id: Uuid,
    /// That letters do not reach it, since when and why.
    pub unreachable: Option<(DateTime<Utc>, String)>,
    /// Whether letters reached it, from time to time.
    pub reach: Vec<PersonLine>,
    /// Who looked at its data, and who took them out.
    pub looks: Vec<PersonLine>,
    /// Letters to it about mails of others.
    pub letters: Vec<PersonLetter>,
    /// Mails of others that hold the address somewhere, at most 1,000.
    pub mentions: Vec<Uuid>,
    /// Mails that nobody could read yet: whose they are is not known.
    pub unread: u64,
}

/// Mails by id, after one of them.
pub async fn page(store: &Store, of: &str, after: Option<Uuid>, limit: u32) -> Result<Vec<PersonMail>> {
    let Found { messages, .. } = find(&store.reader, &Subject::Person(of.to_owned())).await?;
    let after = after.unwrap_or_default();
    let mut mails = Vec::new();
    let ids = messages.into_iter().filter(|id| *id > after);
    for id in ids.take(usize::try_from(bounded(limit)).unwrap_or(usize::MAX)) {
        mails.push(mail(store, id).await?);
    }
    Ok(mails)
}

async fn mail(store: &Store, id: Uuid) -> Result<PersonMail> {
    let record = editor::get(store, id).await?;
    let letter = letter::Entity::find_by_id(id).one(&store.reader).await?;
    let history = history::list(store, id).await?.into_iter().map(|event| PersonLine {
        at: event.at,
        what: event.to.as_str().to_owned(),
        words: vec![event.detail],
    });
    Ok(PersonMail {
        message_id: id,
        folder: record.message.folder,
        received_at: record.message.received_at,
        stage: record.message.stage,
        class: record.class,
        class_reason: record.class_reason,
        raw_sha256: record.message.raw_sha256,
        letter: letter.map(|row| from_json(row.facts)).transpose()?,
        history: history.collect(),
        submission: match record.submission_id {
            Some(id) => Some(of_submission(store, id).await?),
            None => None,
        },
    })
}

async fn of_submission(store: &Store, id: Uuid) -> Result<PersonSubmission> {
    let row = submission::Entity::find_by_id(id).one(&store.reader).await?;
    let row = row.ok_or(Error::NotFound { what: "submission", id })?;
    let state: Option<String> = review::Entity::find_by_id(id)
        .select_only()
        .column(review::Column::State)
        .into_tuple()
        .one(&store.reader)
        .await?;
    let review = if state.is_some() { review_lines(store, id).await? } else { Vec::new() };
    Ok(PersonSubmission {
        id,
        campaign_id: row.campaign_id,
        number: unsigned(row.number)?,
        version: unsigned(row.version)?,
        contact: from_json(row.contact)?,
        findings: from_json(row.findings)?,
        state: state.as_deref().map(parsed).transpose()?,
        review,
        letters: letters(store, reply::Column::SubmissionId.eq(id).into_condition()).await?,
    })
}

async fn review_lines(store: &Store, root_id: Uuid) -> Result<Vec<PersonLine>> {
    let events = review_event::Entity::find()
        .filter(review_event::Column::SubmissionId.eq(root_id))
        .order_by_asc(review_event::Column::Number)
        .limit(LINES_MAX)
        .all(&store.reader)
        .await?;
    let remarks = review_remark::Entity::find()
        .filter(review_remark::Column::SubmissionId.eq(root_id))
        .order_by_asc(review_remark::Column::Number)
        .limit(LINES_MAX)
        .all(&store.reader)
        .await?;
    let actors = events.iter().map(|row| row.actor_id).chain(remarks.iter().map(|row| row.actor_id)).collect();
    let names = reviews::names(&store.reader, actors).await?;
    let by = |id: &Uuid| names.get(id).cloned().unwrap_or_default();
    let mut lines = Vec::with_capacity(events.len() + remarks.len());
    for row in events {
        let words = vec![by(&row.actor_id), row.reason, row.note];
        lines.push(PersonLine { at: instant(row.at)?, what: row.state_to, words: told(words) });
    }
    for row in remarks {
        lines.push(PersonLine {
            at: instant(row.at)?,
            what: row.kind,
            words: told(vec![by(&row.actor_id), row.words]),
        });
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

fn told(words: Vec<String>) -> Vec<String> {
    words.into_iter().filter(|words| !words.is_empty()).collect()
}

async fn letters(store: &Store, of: Condition) -> Result<Vec<PersonLetter>> {
    let rows = reply::Entity::find()
        .filter(of)
        .filter(reply::Column::ErasedAt.is_null())
        .order_by_asc(reply::Column::Id)
        .limit(IDS_MAX as u64)
        .all(&store.reader)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PersonLetter {
                id: row.id,
                created_at: instant(row.created_at)?,
                state: from_word(&row.state)?,
                to: row.to_address,
                subject: row.subject,
                body: row.body,
            })
        })
        .collect()
}

/// What is held of it beside its mails.
pub async fn rest(store: &Store, of: &str) -> Result<PersonRest> {
    let found = find(&store.reader, &Subject::Person(of.to_owned())).await?;
    let address = address(of);
    let contact_id = contact::id_of(&address);
    let mark = contact_mark::Entity::find_by_id(address.clone()).one(&store.reader).await?;
    let reach = contact_event::Entity::find()
        .filter(contact_event::Column::Address.eq(address.as_str()))
        .order_by_asc(contact_event::Column::Id)
        .limit(LINES_MAX)
        .all(&store.reader)
        .await?;
    let named = holds(store.backend(), Expr::col(access_event::Column::Subject), &contact_id.to_string());
    let looks = access_event::Entity::find()
        .filter(named)
        .order_by_asc(access_event::Column::Id)
        .limit(LINES_MAX)
        .all(&store.reader)
        .await?;
    let own = sea_orm::sea_query::Query::select()
        .column(submission::Column::Id)
        .from(submission::Entity)
        .and_where(submission::Column::Sender.eq(address.as_str()))
        .take();
    let elsewhere = Condition::all()
        .add(reply::Column::Contact.eq(address.as_str()))
        .add(reply::Column::SubmissionId.not_in_subquery(own));
    Ok(PersonRest {
        contact_id,
        unreachable: mark.map(|row| Result::Ok((instant(row.unreachable_since)?, row.reason))).transpose()?,
        reach: reach
            .into_iter()
            .map(|row| {
                let what = if row.is_reachable { "reachable" } else { "unreachable" };
                Ok(PersonLine { at: instant(row.at)?, what: what.into(), words: told(vec![row.actor, row.detail]) })
            })
            .collect::<Result<_>>()?,
        looks: looks
            .into_iter()
            .map(|row| {
                Ok(PersonLine { at: instant(row.at)?, what: row.action, words: told(vec![row.actor, row.detail]) })
            })
            .collect::<Result<_>>()?,
        letters: letters(store, elsewhere).await?,
        mentions: found.mentions,
        unread: found.unread,
        address,
    })
}
