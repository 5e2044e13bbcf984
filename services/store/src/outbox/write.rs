//! Writes a letter: to whom, or which silence is kept; in which language; its words; the mail's bytes; the row.

use ::reply::{
    Error as WriteError, Kind, Language, Silence,
    answering::{self, Incoming, Occasion},
    limits::{self, Counts, Tripped},
    message::{self, Answered, Reply, Sender},
    message_id::Told,
    outbox::State,
    particulars::{Particulars, until_day},
    standard::Templates,
    template::{self, Text},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use intake::{
    campaign::Campaign,
    contact::Contact,
    finding::{Finding, Outcome, RuleCode},
    judgement::Verdict,
    letter::{Content, Letter},
    sorting::Class,
    wording::is_han,
};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    ReplyPolicy, ReplySender,
    circuit::count,
    line::{self, Line},
};
use crate::{
    Error, Result,
    entity::reply as row,
    reach,
    values::{LINE_CHARACTERS_MAX, address, clean, json, line as text, micros, unsigned, word},
};

/// The mail that is answered and what was made of it.
pub struct About<'a> {
    pub campaign: &'a Campaign,
    /// What the letter is about.
    pub submission_id: Uuid,
    pub root_id: Uuid,
    pub number: u64,
    pub subject: &'a str,
    /// The mail.
    pub class: Class,
    pub letter: &'a Letter,
    pub contact: &'a Contact,
    pub findings: &'a [Finding],
    pub received_at: DateTime<Utc>,
    pub backfilled: bool,
}

/// What is written.
pub struct Writing<'a> {
    pub kind: Kind,
    pub occasion: Occasion,
    pub reason: &'a str,
    pub until_day: Option<NaiveDate>,
    pub due_at: DateTime<Utc>,
    /// A person has to approve it.
    pub is_held: bool,
    /// Who caused it, as the history tells.
    pub actor: &'a str,
}

/// The ids of the mail that is answered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AnsweredIds {
    message_id: Option<String>,
    references: Vec<String>,
}

/// The first letter after a mail was recorded as a submission or a correction; nothing for old mail that was loaded.
pub async fn acknowledge(
    tx: &DatabaseTransaction,
    policy: &ReplyPolicy,
    about: &About<'_>,
    verdict: Verdict,
    now: DateTime<Utc>,
) -> Result<()> {
    if about.backfilled || !matches!(about.class, Class::Submission | Class::Correction) {
        return Ok(());
    }
    let kind = Kind::of_verdict(verdict);
    let writing = Writing {
        kind,
        occasion: Occasion::Automatic { brings_manuscript: brings_manuscript(about) },
        reason: "",
        until_day: until_day(about.campaign, now).filter(|_| kind == Kind::Findings),
        due_at: now,
        is_held: false,
        actor: "worker",
    };
    write(tx, policy, about, &writing, now).await
}

/// Whether the mail brings a manuscript: by the rule, if the campaign has it.
fn brings_manuscript(about: &About<'_>) -> bool {
    match about.findings.iter().find(|finding| finding.rule == RuleCode::ManuscriptPresent) {
        Some(finding) => finding.outcome != Outcome::Failed,
        None => !about.letter.parts.is_empty() || !about.letter.cloud_files.is_empty(),
    }
}

/// Chinese, unless the author's own words are in letters and none of them is Chinese.
fn language(letter: &Letter) -> Language {
    let documents = letter.parts.iter().filter_map(|part| match &part.content {
        Content::Document(document) => Some(document.text.as_str()),
        _ => None,
    });
    let (mut letters, mut han) = (false, false);
    for text in std::iter::once(letter.body.own_text()).chain(documents) {
        letters |= text.chars().any(char::is_alphabetic);
        han |= text.chars().any(is_han);
    }
    if letters && !han { Language::En } else { Language::Zh }
}

/// Writes the letter, or the silence that is kept; nothing when nobody writes for the campaign's mailbox.
pub async fn write(
    tx: &DatabaseTransaction,
    policy: &ReplyPolicy,
    about: &About<'_>,
    writing: &Writing<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(sender) = policy.sender(&about.campaign.mailbox) else { return Ok(()) };
    let version = version_next(tx, about.submission_id, writing.kind).await?;
    let told = Told { submission_id: about.submission_id, kind: writing.kind, version };
    let words = words(about, writing)?;
    let headers = &about.letter.headers;
    let answered = AnsweredIds { message_id: headers.message_id.clone(), references: headers.references.clone() };
    // A letter that is held for a retraction bears the time from which on it may go.
    let dated_at = writing.due_at.max(now);
    let recipient = recipient(sender, about, writing.occasion);
    let (to, silence) = match recipient {
        Ok(to) => {
            let silence = kept_silent(tx, policy, &to, writing.occasion, now).await?;
            (to, silence)
        }
        Err(silence) => (String::new(), Some(silence)),
    };
    let from =
        Sender { name: &sender.name, address: &sender.address, message_id_domain: &sender.ourselves.message_id_domain };
    let written = if to.is_empty() { None } else { Some(mail(&told, &words, &from, &to, &answered, dated_at)) };
    let mut detail = String::new();
    let (state, silence) = match (&written, silence) {
        (_, Some(silence)) => (State::Suppressed, Some(silence)),
        (Some(Err(WriteError::Address { field: "recipient", .. })), None) => {
            (State::Suppressed, Some(Silence::NoAddress))
        }
        // Our own address is unfit: the mail is recorded all the same, and an editor sees why nothing went.
        (Some(Err(error)), None) => {
            detail = error.to_string();
            (State::Failed, None)
        }
        (_, None) if writing.is_held => (State::Held, None),
        (_, None) => (State::Pending, None),
    };
    let raw = written.and_then(std::result::Result::ok).map(|reply| reply.raw).unwrap_or_default();
    let at = micros(now);
    let contact = if to.is_empty() { headers.from.first().map(|from| from.address.as_str()) } else { Some(&*to) };
    let row = row::Model {
        id: Uuid::now_v7(),
        submission_id: about.submission_id,
        root_id: about.root_id,
        campaign_id: about.campaign.id,
        number: i64::try_from(about.number).unwrap_or(i64::MAX),
        kind: writing.kind.as_str().to_owned(),
        version: i64::from(version),
        state: word(state)?,
        occasion: occasion(writing.occasion).to_owned(),
        from_name: sender.name.clone(),
        from_address: sender.address.clone(),
        contact: contact.map(address).unwrap_or_default(),
        to_address: to,
        subject: clean(&words.subject),
        body: clean(&words.body),
        language: word(words.language)?,
        raw,
        message_id: told.message_id(&sender.ourselves.message_id_domain),
        answered: json(&answered)?,
        dated_at: micros(dated_at),
        due_at: micros(writing.due_at),
        tries: 0,
        lease_holder: None,
        lease_fence: 0,
        lease_until: None,
        stage: None,
        was_uncertain: false,
        called_off: false,
        silence: silence.map(|silence| silence.code().to_owned()),
        silence_zh: silence.map(Silence::zh).unwrap_or_default(),
        silence_en: silence.map(Silence::en).unwrap_or_default(),
        detail: text(&detail, LINE_CHARACTERS_MAX),
        handed_at: None,
        failed_at: None,
        sent_at: None,
        bounced_at: None,
        bounce_detail: String::new(),
        edited: false,
        traceparent: trace::current().map(|at| at.to_string()),
        row_version: 1,
        created_at: at,
        updated_at: at,
        erased_at: None,
    };
    let id = row.id;
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    trace::wrote(id, about.submission_id);
    let detail = silence.map(Silence::en).unwrap_or(detail);
    line::append(tx, id, Line { before: None, after: state, actor: writing.actor, detail: &detail }, now).await
}

/// Letters of one kind about one submission are counted from 1.
async fn version_next(tx: &DatabaseTransaction, submission_id: Uuid, kind: Kind) -> Result<u32> {
    let newest: Option<Option<i64>> = row::Entity::find()
        .select_only()
        .column_as(row::Column::Version.max(), "newest")
        .filter(row::Column::SubmissionId.eq(submission_id))
        .filter(row::Column::Kind.eq(kind.as_str()))
        .into_tuple()
        .one(tx)
        .await?;
    unsigned(newest.flatten().unwrap_or(0) + 1)
}

fn words(about: &About<'_>, writing: &Writing<'_>) -> Result<Text> {
    // Words that were read when they were written have no fault, unless the program changed: then those that ship stand in,
    // and no step is held up.
    let templates = Templates::read(&template::of_campaign(about.campaign))
        .or_else(|_| Templates::read(&[]))
        .map_err(|faults| Error::Internal(format!("words that ship: {faults:?}")))?;
    let template = templates.of(writing.kind, language(about.letter));
    let template = template.ok_or_else(|| Error::Internal(format!("{} has no words", writing.kind)))?;
    Ok(template.fill(&Particulars {
        campaign: about.campaign,
        number: about.number,
        subject: about.subject,
        name: about.contact.names.first().map(|name| name.value.as_str()).unwrap_or_default(),
        received_at: about.received_at,
        findings: about.findings,
        until_day: writing.until_day,
        reason: writing.reason,
    }))
}

fn recipient(sender: &ReplySender, about: &About<'_>, occasion: Occasion) -> std::result::Result<String, Silence> {
    let incoming = Incoming {
        class: about.class,
        headers: &about.letter.headers,
        authentication_results: &about.letter.headers.authentication_results,
        loop_mark: about.letter.headers.loop_mark,
        backfilled: about.backfilled,
        // Asked once it is known which address: `kept_silent`.
        unreachable: false,
    };
    answering::recipient(&incoming, &sender.ourselves, occasion)
}

/// What the tables say against a letter to this address.
async fn kept_silent(
    tx: &DatabaseTransaction,
    policy: &ReplyPolicy,
    to: &str,
    occasion: Occasion,
    now: DateTime<Utc>,
) -> Result<Option<Silence>> {
    let contact = address(to);
    if reach::is_marked(tx, &contact).await? {
        return Ok(Some(Silence::Unreachable));
    }
    if occasion == Occasion::Decided {
        return Ok(None);
    }
    let sent = |occasions: &[&str]| {
        Condition::all()
            .add(row::Column::Contact.eq(contact.as_str()))
            .add(row::Column::CreatedAt.gt(micros(now - TimeDelta::hours(24))))
            .add(row::Column::Occasion.is_in(occasions.iter().copied()))
            .add(row::Column::State.is_not_in(["suppressed", "cancelled"]))
    };
    // Recording takes turns at the counter of changes, so that no other letter to the same sender is missed here.
    let counts = Counts {
        sender_day: count(tx, sent(&["manuscript", "bare"])).await?,
        sender_bare_day: count(tx, sent(&["bare"])).await?,
        ..Counts::default()
    };
    let permit = limits::permit(&policy.caps, &counts, Tripped::default(), occasion, now);
    // What may go later is asked when it is taken.
    Ok(permit.err().filter(|silence| !silence.is_for_now()))
}

fn occasion(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Automatic { brings_manuscript: true } => "manuscript",
        Occasion::Automatic { brings_manuscript: false } => "bare",
        Occasion::Decided => "decided",
    }
}

/// The mail's bytes: the same for the same arguments.
pub fn mail(
    told: &Told,
    words: &Text,
    from: &Sender<'_>,
    to: &str,
    answered: &AnsweredIds,
    dated_at: DateTime<Utc>,
) -> ::reply::Result<Reply> {
    let answered = Answered { message_id: answered.message_id.as_deref(), references: &answered.references };
    message::write(told, words, from, to, &answered, dated_at)
}
