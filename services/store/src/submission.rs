//! Submissions: recorded in one transaction with everything that belongs to them, and read back by page and by change.

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, Utc};
use intake::{
    campaign::Campaign,
    category,
    finding::Finding,
    letter::{Content, Letter},
    likeness::Sketch,
    message::{Message, Stage},
    ports::Lease,
    sorting::Class,
    submission::{Assessment, Earlier},
};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use crate::{
    Error, Result, Store, campaign, contact,
    entity::{letter, message, submission, submission_finding},
    likeness, mailbox_test, manuscript,
    message::{advance, succeeded, tell},
    outbox::{self, About},
    record::SubmissionRecord,
    review,
    values::{
        LINE_CHARACTERS_MAX, REASON_CHARACTERS_MAX, address, bounded, from_json, from_word, instant, json, line,
        micros, now, unsigned, word,
    },
    write::{Leased, number_next},
};

/// Earlier submissions of one sender that are offered to the sorting.
const EARLIER_MAX: u64 = 50;

/// The counter of changes, which `submission_changes` follows.
pub const CHANGE_COUNTER: &str = "submission_change";

/// The counter of 收稿号 of one campaign.
pub fn number_counter(campaign_id: Uuid) -> String {
    format!("submission_number {campaign_id}")
}

/// Submissions of one sender to the campaigns of this mailbox, newest first.
pub async fn earlier(store: &Store, mailbox_id: Uuid, sender: &str) -> Result<Vec<Earlier>> {
    let campaigns = campaign::of_mailbox(store, mailbox_id).await?;
    let ids: Vec<Uuid> = campaigns.iter().map(|campaign| campaign.id).collect();
    earlier_of(store, &ids, sender, None).await
}

/// Submissions of one sender to these campaigns, newest first; of those recorded before an instant, if one is given.
pub async fn earlier_of(
    store: &Store,
    campaign_ids: &[Uuid],
    sender: &str,
    recorded_before: Option<DateTime<Utc>>,
) -> Result<Vec<Earlier>> {
    let sender = address(sender);
    if sender.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = submission::Entity::find()
        .filter(submission::Column::Sender.eq(sender))
        .filter(submission::Column::CampaignId.is_in(campaign_ids.iter().copied()));
    if let Some(instant) = recorded_before {
        rows = rows.filter(submission::Column::CreatedAt.lt(micros(instant)));
    }
    let rows = rows
        .order_by_desc(submission::Column::ReceivedAt)
        .order_by_desc(submission::Column::Id)
        .limit(EARLIER_MAX)
        .all(&store.reader)
        .await?;
    let mut revisions = HashMap::new();
    let mut earlier = Vec::with_capacity(rows.len());
    for row in rows {
        let revision_until = match revisions.entry(row.root_id) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                *unknown.insert(review::revision_until(&store.reader, row.root_id, recorded_before).await?)
            }
        };
        earlier.push(Earlier {
            submission_id: row.id,
            campaign_id: row.campaign_id,
            root_id: row.root_id,
            version: unsigned(row.version)?,
            message_id_header: row.message_id_header,
            subject: row.subject,
            received_at: instant(row.received_at)?,
            revision_until,
        });
    }
    Ok(earlier)
}

/// `Parsed` → `Recorded`. A mail of a judged class for a campaign becomes a submission; every other keeps its class and
/// the reason for it.
pub async fn recorded(
    store: &Store,
    lease: &Lease,
    message: &Message,
    campaigns: &[Campaign],
    earlier: &[Earlier],
    letter: &Letter,
    assessment: &Assessment,
) -> Result<()> {
    if message.stage != Stage::Parsed {
        return Err(Error::Conflict(format!("message {} is {}, not parsed", message.id, message.stage)));
    }
    // Before the transaction begins: others wait for it.
    let sketch = likeness::sketch(letter);
    let leased = store.write_leased(lease).await?;
    let own = match mailbox_test::is_own(&leased.tx, letter).await? {
        true => Some(mailbox_test::assessment(assessment)),
        false => None,
    };
    let assessment = own.as_ref().unwrap_or(assessment);
    let sorting = &assessment.sorting;
    let campaign = offered(campaigns, sorting.campaign, "campaign")?;
    let corrected = offered(earlier, sorting.corrects, "earlier submission")?;
    let class = word(sorting.class)?;
    let set = message::ActiveModel {
        campaign_id: Set(campaign.map(|campaign| campaign.id)),
        class: Set(Some(class.clone())),
        class_reason_zh: Set(Some(line(&sorting.zh, REASON_CHARACTERS_MAX))),
        class_reason_en: Set(Some(line(&sorting.en, REASON_CHARACTERS_MAX))),
        ..succeeded()
    };
    advance(&leased, lease, message, Stage::Recorded, set).await?;
    if sorting.class == Class::Bounce {
        outbox::bounced(&leased.tx, letter, instant(now())?).await?;
    }
    let detail = match campaign.filter(|_| sorting.class.is_judged()) {
        None => format!("{class}: {}", sorting.en),
        Some(campaign) => {
            insert(store, &leased, message, campaign, corrected, letter, assessment, &class, &sketch).await?
        }
    };
    tell(&leased, message, Stage::Recorded, &detail).await?;
    Ok(leased.tx.commit().await?)
}

fn offered<'a, T>(offers: &'a [T], index: Option<usize>, what: &str) -> Result<Option<&'a T>> {
    match index {
        None => Ok(None),
        Some(index) => {
            let offer = offers.get(index);
            offer.map(Some).ok_or_else(|| Error::Invalid(format!("{what} {index} of {} was chosen", offers.len())))
        }
    }
}

/// Inserts the submission of a message; gives the line of history.
#[allow(clippy::too_many_arguments)] // one caller, which has them all
async fn insert(
    store: &Store,
    leased: &Leased,
    message: &Message,
    campaign: &Campaign,
    corrected: Option<&Earlier>,
    letter: &Letter,
    assessment: &Assessment,
    class: &str,
    sketch: &Sketch,
) -> Result<String> {
    let tx = &leased.tx;
    let judgement = assessment
        .judgement
        .as_ref()
        .ok_or_else(|| Error::Invalid(format!("message {} has no judgement", message.id)))?;
    let verdict = word(judgement.verdict)?;
    let id = Uuid::now_v7();
    let number = number_next(tx, &number_counter(campaign.id)).await?;
    let (root_id, version) = match corrected {
        None => (id, 1),
        Some(corrected) => (corrected.root_id, version_next(tx, corrected.root_id).await?),
    };
    let category = category_of(letter, campaign);
    let headers = &letter.headers;
    let sender = headers.from.first().map(|from| address(&from.address)).unwrap_or_default();
    let row = submission::ActiveModel {
        id: Set(id),
        message_id: Set(message.id),
        campaign_id: Set(campaign.id),
        number: Set(number),
        root_id: Set(root_id),
        version: Set(version),
        row_version: Set(1),
        // Taken late: all recording takes turns at this counter until the commit.
        change_seq: Set(number_next(tx, CHANGE_COUNTER).await?),
        class: Set(class.to_owned()),
        verdict: Set(verdict.clone()),
        sender: Set(sender.clone()),
        subject: Set(line(&headers.subject, LINE_CHARACTERS_MAX)),
        message_id_header: Set(headers.message_id.as_deref().map(|id| line(id, LINE_CHARACTERS_MAX))),
        received_at: Set(micros(message.received_at)),
        backfilled: Set(message.backfilled),
        outline: Set(json(&outline(letter))?),
        contact: Set(json(&assessment.contact)?),
        findings: Set(json(&assessment.findings)?),
        judgement: Set(json(judgement)?),
        created_at: Set(now()),
        category: Set(Some(category)),
        erased_at: Set(None),
    };
    submission::Entity::insert(row).exec_without_returning(tx).await?;
    trace::recorded(id);
    likeness::insert(tx, id, sketch).await?;
    contact::insert(tx, id, root_id, &sender, &assessment.contact, micros(message.received_at)).await?;
    let findings = assessment
        .findings
        .iter()
        .zip(0_i64..)
        .map(|(finding, position)| {
            Ok(submission_finding::ActiveModel {
                submission_id: Set(id),
                position: Set(position),
                rule: Set(finding.rule.as_str().to_owned()),
                outcome: Set(word(finding.outcome)?),
                severity: Set(word(finding.severity)?),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    for chunk in findings.chunks(500) {
        submission_finding::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
    }
    let mut detail = format!("{class} {number} of campaign {}, version {version}: {verdict}", campaign.id);
    if matches!(assessment.sorting.class, Class::Submission | Class::Correction) {
        let received_at = micros(message.received_at);
        let now = instant(now())?;
        let policy = store.policy.as_deref();
        let beside = review::recorded(tx, policy, campaign, root_id, received_at, judgement.verdict, now).await?;
        manuscript::refresh(tx, &[root_id]).await?;
        detail.extend(beside.map(|beside| format!("; {beside}")));
        if let Some(policy) = policy {
            let about = About {
                campaign,
                submission_id: id,
                root_id,
                number: unsigned(number)?,
                subject: &headers.subject,
                class: assessment.sorting.class,
                letter,
                contact: &assessment.contact,
                findings: &assessment.findings,
                received_at: message.received_at,
                backfilled: message.backfilled,
            };
            outbox::acknowledge(tx, policy, &about, judgement.verdict, now).await?;
        }
    }
    Ok(detail)
}

/// The category that a letter is for, as its column holds it.
pub fn category_of(letter: &Letter, campaign: &Campaign) -> i64 {
    category::guess(letter, campaign).map_or(0, |(number, _)| i64::from(number))
}

/// The number of a chain's next version; the chain's first is held, so that two corrections at once count on.
async fn version_next(tx: &DatabaseTransaction, root_id: Uuid) -> Result<i64> {
    let root = submission::Entity::find_by_id(root_id).lock_exclusive().one(tx).await?;
    root.ok_or(Error::NotFound { what: "submission", id: root_id })?;
    let newest: Option<Option<i64>> = submission::Entity::find()
        .select_only()
        .column_as(submission::Column::Version.max(), "newest")
        .filter(submission::Column::RootId.eq(root_id))
        .into_tuple()
        .one(tx)
        .await?;
    Ok(newest.flatten().unwrap_or(0) + 1)
}

/// The letter without its texts.
fn outline(letter: &Letter) -> Letter {
    let mut outline = letter.clone();
    outline.body.text.clear();
    outline.body.quoted_from = None;
    for part in &mut outline.parts {
        if let Content::Document(document) = &mut part.content {
            document.text.clear();
        }
    }
    outline
}

/// A submission with its message, as the tables hold it.
type Row = (submission::Model, Option<message::Model>);

fn record(row: Row, letter: Option<Letter>) -> Result<SubmissionRecord> {
    let (submission, message) = row;
    let message = message.ok_or(Error::NotFound { what: "message", id: submission.message_id })?;
    let mut findings: Vec<Finding> = from_json(submission.findings)?;
    let letter = match letter {
        Some(letter) => letter,
        None => {
            findings.iter_mut().for_each(|finding| finding.evidence.clear());
            from_json(submission.outline)?
        }
    };
    Ok(SubmissionRecord {
        id: submission.id,
        campaign_id: submission.campaign_id,
        number: unsigned(submission.number)?,
        root_id: submission.root_id,
        version: unsigned(submission.version)?,
        row_version: unsigned(submission.row_version)?,
        class: from_word(&submission.class)?,
        letter,
        contact: from_json(submission.contact)?,
        findings,
        judgement: from_json(submission.judgement)?,
        created_at: instant(submission.created_at)?,
        class_reason: (
            message.class_reason_zh.clone().unwrap_or_default(),
            message.class_reason_en.clone().unwrap_or_default(),
        ),
        erased_at: submission.erased_at.map(instant).transpose()?,
        message: message.message()?,
    })
}

/// Rows as records of a list: without texts.
pub fn records(rows: Vec<Row>) -> Result<Vec<SubmissionRecord>> {
    rows.into_iter().map(|row| record(row, None)).collect()
}

/// Rows as whole records, each with its change number.
async fn records_whole(store: &Store, rows: Vec<Row>) -> Result<Vec<(i64, SubmissionRecord)>> {
    let mut letters: HashMap<Uuid, Letter> = HashMap::with_capacity(rows.len());
    let found = letter::Entity::find()
        .filter(letter::Column::MessageId.is_in(rows.iter().map(|(submission, _)| submission.message_id)))
        .all(&store.reader)
        .await?;
    for row in found {
        letters.insert(row.message_id, from_json(row.facts)?);
    }
    rows.into_iter()
        .map(|row| {
            let id = row.0.message_id;
            let letter = match letters.remove(&id) {
                // Its outline is empty too.
                None if row.0.erased_at.is_some() => None,
                None => return Err(Error::NotFound { what: "letter of message", id }),
                letter => letter,
            };
            Ok((row.0.change_seq, record(row, letter)?))
        })
        .collect()
}

pub async fn get(store: &Store, id: Uuid) -> Result<SubmissionRecord> {
    let row = submission::Entity::find_by_id(id).find_also_related(message::Entity).one(&store.reader).await?;
    let row = row.ok_or(Error::NotFound { what: "submission", id })?;
    let mut records = records_whole(store, vec![row]).await?;
    records.pop().map(|(_, record)| record).ok_or(Error::NotFound { what: "submission", id })
}

pub async fn changes(
    store: &Store,
    after: i64,
    campaign_id: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(i64, SubmissionRecord)>> {
    let mut rows =
        submission::Entity::find().find_also_related(message::Entity).filter(submission::Column::ChangeSeq.gt(after));
    if let Some(campaign_id) = campaign_id {
        rows = rows.filter(submission::Column::CampaignId.eq(campaign_id));
    }
    let rows = rows.order_by_asc(submission::Column::ChangeSeq).limit(bounded(limit)).all(&store.reader).await?;
    records_whole(store, rows).await
}
