//! The one transaction that empties the rows: everything of an erasure, or nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::reply::outbox::State as ReplyState;
use intake::{
    contact::Contact, finding::Finding, letter::Letter, likeness::Sketch, message::Stage, review::State, sorting::Class,
};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use stdx::{Sha256, crash};
use uuid::Uuid;

use super::{
    Adopted, Asked, Begun, Counts, ErasedBlob, ErasedMail, Erasure, Fate, MAILS_MAX, Refusal, Subject,
    again::{made, replayed},
    find::{Found, IDS_MAX, find},
    scrub::overwrite,
    words,
};
use crate::{
    Error, Result, Store,
    account::{AccessAction, AccessEvent, access},
    entity::{
        attachment, contact_mark, erased_mail, erasure, letter, likeness, likeness_band, mailbox, manuscript_tag,
        message, reply, review, submission, submission_contact,
    },
    history::{self, Line},
    manuscript,
    outbox::{self, AnsweredIds, Line as ReplyLine},
    register::once,
    submission::CHANGE_COUNTER,
    values::{REASON_CHARACTERS_MAX, from_json, from_word, instant, json, line, micros, now, parsed, unsigned, word},
    write::numbers_next,
};

/// What stands in a line of history where something was erased.
const ERASED: &str = "erased";

/// Hashes of one insert.
const ROWS_MAX: usize = 500;

pub async fn begin(store: &Store, asked: &Asked) -> Result<std::result::Result<Begun, Refusal>> {
    overwrite(store).await?;
    let tx = store.write().await?;
    if let (Some(once), false) = (&asked.once, asked.is_rehearsal)
        && let Some(made) = once::claim(&tx, once).await?
    {
        return replayed(store, &made).await.map(Ok);
    }
    let at = now();
    let found = find(&tx, &asked.subject).await?;
    if found.messages.len() > MAILS_MAX {
        return Ok(Err(Refusal::TooMany(found.messages.len() as u64)));
    }
    let messages = held(&tx, &found.messages).await?;
    if let Some(unfetched) = messages.iter().find(|row| !has_content(row)) {
        return Ok(Err(Refusal::NotFetched(unfetched.id)));
    }
    let rows = Rows::of(&tx, &found, messages).await?;
    if !rows.adopted.is_empty() && !asked.includes_adopted && !asked.is_rehearsal {
        return Ok(Err(Refusal::Adopted(rows.adopted)));
    }
    let sending = rows.replies.iter().filter(|row| row.state == "sending").count() as u64;
    if sending > 0 {
        return Ok(Err(Refusal::Sending(sending)));
    }
    let blobs = rows.blobs(&tx).await?;
    let mails = rows.mails(&tx).await?;
    let counts = rows.empty(&tx, &found, &asked.by, at).await?;
    let (subject_sha256, salt) = commitment(found.address.as_deref())?;
    let id = Uuid::now_v7();
    let erasure = Erasure {
        id,
        kind: asked.subject.kind(),
        asked_at: instant(at)?,
        asked_by: line(&asked.by, REASON_CHARACTERS_MAX),
        reason: line(&asked.reason, REASON_CHARACTERS_MAX),
        subject_sha256,
        counts,
        mails,
        blobs,
        ended_at: None,
    };
    let Found { mentions, unread, .. } = found;
    let begun = Begun { salt, adopted: rows.adopted, mentions, unread, erasure, is_replayed: false };
    never_again(&tx, &begun.erasure, &asked.subject, at).await?;
    if asked.is_rehearsal || (counts.is_empty() && !matches!(asked.subject, Subject::Hashes(_))) {
        return Ok(Ok(begun));
    }
    insert(&tx, &begun.erasure, at).await?;
    let event = AccessEvent {
        at: begun.erasure.asked_at,
        actor: asked.by.clone(),
        action: AccessAction::PersonErased,
        subject: format!("erasures/{id}"),
        peer: asked.peer.clone(),
        detail: String::new(),
    };
    access::append(&tx, &event).await?;
    if let Some(once) = &asked.once {
        once::keep(&tx, once, &[made(&begun.erasure)]).await?;
    }
    tx.commit().await?;
    crash::point("E1");
    Ok(Ok(begun))
}

/// The rows, held until the end of the transaction; those that were erased before are left out.
async fn held(tx: &DatabaseTransaction, ids: &BTreeSet<Uuid>) -> Result<Vec<message::Model>> {
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_MAX) {
        let live = message::Entity::find()
            .filter(message::Column::Id.is_in(chunk.iter().copied()))
            .filter(message::Column::ErasedAt.is_null())
            .order_by_asc(message::Column::Id)
            .lock_exclusive();
        rows.extend(live.all(tx).await?);
    }
    Ok(rows)
}

/// Whether anything of a mail is held beside that the server listed it.
fn has_content(row: &message::Model) -> bool {
    row.raw_sha256.is_some() || row.stage == Stage::Recorded.as_str()
}

/// Everything that an erasure empties.
struct Rows {
    messages: Vec<message::Model>,
    submissions: Vec<submission::Model>,
    /// Manuscripts that lose a version.
    touched: BTreeSet<Uuid>,
    /// Manuscripts that lose their last one.
    whole: Vec<Uuid>,
    adopted: Vec<Adopted>,
    replies: Vec<reply::Model>,
}

impl Rows {
    async fn of(tx: &DatabaseTransaction, found: &Found, messages: Vec<message::Model>) -> Result<Self> {
        let mut submissions = Vec::new();
        for chunk in messages.chunks(IDS_MAX) {
            let of = submission::Column::MessageId.is_in(chunk.iter().map(|row| row.id));
            let rows = submission::Entity::find().filter(of).order_by_asc(submission::Column::Id).lock_exclusive();
            submissions.extend(rows.all(tx).await?);
        }
        let touched: BTreeSet<Uuid> = submissions.iter().map(|row| row.root_id).collect();
        let roots: Vec<Uuid> = touched.iter().copied().collect();
        let whole = whole(tx, &roots, &submissions).await?;
        let adopted = adopted(tx, &roots).await?;
        let replies = replies(tx, &submissions, &whole, found.address.as_deref()).await?;
        Ok(Self { messages, submissions, touched, whole, adopted, replies })
    }

    /// Hashes that these rows name.
    async fn blobs(&self, tx: &DatabaseTransaction) -> Result<Vec<ErasedBlob>> {
        let mut hashes: BTreeSet<String> = self.messages.iter().filter_map(|row| row.raw_sha256.clone()).collect();
        for chunk in self.messages.chunks(IDS_MAX) {
            let parts: Vec<String> = attachment::Entity::find()
                .select_only()
                .column(attachment::Column::Sha256)
                .filter(attachment::Column::MessageId.is_in(chunk.iter().map(|row| row.id)))
                .into_tuple()
                .all(tx)
                .await?;
            hashes.extend(parts);
        }
        Ok(hashes.into_iter().map(|sha256| ErasedBlob { sha256, fate: Fate::Waiting }).collect())
    }

    async fn mails(&self, tx: &DatabaseTransaction) -> Result<Vec<ErasedMail>> {
        let names: Vec<(Uuid, String)> = mailbox::Entity::find()
            .select_only()
            .columns([mailbox::Column::Id, mailbox::Column::Name])
            .into_tuple()
            .all(tx)
            .await?;
        let names: HashMap<Uuid, String> = names.into_iter().collect();
        let mail = |row: &message::Model| {
            Ok(ErasedMail {
                message_id: row.id,
                mailbox: names.get(&row.mailbox_id).cloned().unwrap_or_default(),
                folder: row.folder.clone(),
                uidvalidity: unsigned(row.uidvalidity)?,
                uid: unsigned(row.uid)?,
                raw_sha256: row.raw_sha256.clone(),
            })
        };
        self.messages.iter().map(mail).collect()
    }

    /// Empties them.
    async fn empty(&self, tx: &DatabaseTransaction, found: &Found, by: &str, at: i64) -> Result<Counts> {
        let mut counts = Counts::default();
        self.empty_messages(tx, by, at, &mut counts).await?;
        self.empty_submissions(tx, at, &mut counts).await?;
        self.empty_replies(tx, by, at, &mut counts).await?;
        if let Some(address) = &found.address {
            counts.marks = contact_mark::Entity::delete_by_id(address.clone()).exec(tx).await?.rows_affected;
            counts.lines += words::of_address(tx, address).await?;
        }
        // What lists show is made from what is left, the words of its history included.
        for chunk in self.touched.iter().copied().collect::<Vec<_>>().chunks(100) {
            manuscript::refresh(tx, chunk).await?;
        }
        Ok(counts)
    }

    async fn empty_messages(&self, tx: &DatabaseTransaction, by: &str, at: i64, counts: &mut Counts) -> Result<()> {
        for chunk in self.messages.chunks(IDS_MAX) {
            let ids: Vec<Uuid> = chunk.iter().map(|row| row.id).collect();
            counts.lines += words::messages(tx, &ids).await?;
            let within = || ids.iter().copied();
            let letters = letter::Entity::delete_many().filter(letter::Column::MessageId.is_in(within()));
            counts.letters += letters.exec(tx).await?.rows_affected;
            let files = attachment::Entity::delete_many().filter(attachment::Column::MessageId.is_in(within()));
            counts.files += files.exec(tx).await?.rows_affected;
            let bare = message::ActiveModel {
                subject: Set(String::new()),
                from_name: Set(None),
                from_address: Set(None),
                reason: Set(String::new()),
                stage_failed: Set(None),
                due_at: Set(None),
                erased_at: Set(Some(at)),
                ..Default::default()
            };
            message::Entity::update_many().set(bare).filter(message::Column::Id.is_in(within())).exec(tx).await?;
            let told = message::ActiveModel {
                class_reason_zh: Set(Some(String::new())),
                class_reason_en: Set(Some(String::new())),
                ..Default::default()
            };
            message::Entity::update_many()
                .set(told)
                .filter(message::Column::Id.is_in(within()))
                .filter(message::Column::Class.is_not_null())
                .exec(tx)
                .await?;
            for row in chunk {
                let from: Stage = parsed(&row.stage)?;
                let to = if from.is_open() || from == Stage::Quarantined { Stage::Recorded } else { from };
                if to != from {
                    let ended = message::ActiveModel {
                        stage: Set(to.as_str().to_owned()),
                        class: Set(Some(word(Class::Unreadable)?)),
                        class_reason_zh: Set(Some(String::new())),
                        class_reason_en: Set(Some(String::new())),
                        ..Default::default()
                    };
                    message::Entity::update_many().set(ended).filter(message::Column::Id.eq(row.id)).exec(tx).await?;
                }
                let told = Line { message_id: row.id, from: Some(from), to, actor: by, detail: ERASED };
                history::append(tx, [told]).await?;
            }
            counts.messages += chunk.len() as u64;
        }
        Ok(())
    }

    async fn empty_submissions(&self, tx: &DatabaseTransaction, at: i64, counts: &mut Counts) -> Result<()> {
        let count = i64::try_from(self.submissions.len()).unwrap_or(i64::MAX);
        let first = numbers_next(tx, CHANGE_COUNTER, count).await? - count + 1;
        for chunk in self.submissions.chunks(IDS_MAX) {
            let within = || chunk.iter().map(|row| row.id);
            let contacts = submission_contact::Entity::delete_many()
                .filter(submission_contact::Column::SubmissionId.is_in(within()));
            contacts.exec(tx).await?;
            let bands = likeness_band::Entity::delete_many();
            bands.filter(likeness_band::Column::SubmissionId.is_in(within())).exec(tx).await?;
            let sketches = likeness::Entity::delete_many().filter(likeness::Column::SubmissionId.is_in(within()));
            sketches.exec(tx).await?;
        }
        for (row, change_seq) in self.submissions.iter().zip(first..) {
            let mut findings: Vec<Finding> = from_json(row.findings.clone())?;
            for finding in &mut findings {
                finding.measured.clear();
                finding.evidence.clear();
                finding.zh.clear();
                finding.en.clear();
            }
            let bare = submission::ActiveModel {
                id: Set(row.id),
                row_version: Set(row.row_version + 1),
                change_seq: Set(change_seq),
                sender: Set(String::new()),
                subject: Set(String::new()),
                message_id_header: Set(None),
                outline: Set(json(&Letter::default())?),
                contact: Set(json(&Contact::default())?),
                findings: Set(json(&findings)?),
                erased_at: Set(Some(at)),
                ..Default::default()
            };
            submission::Entity::update(bare).exec_without_returning(tx).await?;
            // So that none is looked for at the next start.
            crate::likeness::insert(tx, row.id, &Sketch::default()).await?;
        }
        for chunk in self.whole.chunks(IDS_MAX) {
            counts.lines += words::reviews(tx, chunk).await? + words::remarks(tx, chunk).await?;
            let tags = manuscript_tag::Entity::delete_many();
            let tags = tags.filter(manuscript_tag::Column::SubmissionId.is_in(chunk.iter().copied()));
            counts.tags += tags.exec(tx).await?.rows_affected;
        }
        counts.submissions = self.submissions.len() as u64;
        counts.manuscripts = self.whole.len() as u64;
        Ok(())
    }

    async fn empty_replies(&self, tx: &DatabaseTransaction, by: &str, at: i64, counts: &mut Counts) -> Result<()> {
        let ids: Vec<Uuid> = self.replies.iter().map(|row| row.id).collect();
        counts.lines += words::replies(tx, &ids).await?;
        for row in &self.replies {
            let before: ReplyState = from_word(&row.state)?;
            let goes =
                matches!(before, ReplyState::Held | ReplyState::Pending | ReplyState::Deferred | ReplyState::Failed);
            let after = if goes { ReplyState::Cancelled } else { before };
            let bare = reply::ActiveModel {
                state: Set(word(after)?),
                to_address: Set(String::new()),
                contact: Set(String::new()),
                subject: Set(String::new()),
                body: Set(String::new()),
                raw: Set(Vec::new()),
                answered: Set(json(&AnsweredIds::default())?),
                called_off: Set(true),
                detail: Set(String::new()),
                bounce_detail: Set(String::new()),
                erased_at: Set(Some(at)),
                ..Default::default()
            };
            outbox::set(tx, row, bare, instant(at)?).await?;
            let told = ReplyLine { before: Some(before), after, actor: by, detail: ERASED };
            outbox::append(tx, row.id, told, instant(at)?).await?;
            counts.called_off += u64::from(goes);
        }
        counts.replies = self.replies.len() as u64;
        Ok(())
    }
}

/// Manuscripts of which these are the last versions.
async fn whole(tx: &DatabaseTransaction, roots: &[Uuid], going: &[submission::Model]) -> Result<Vec<Uuid>> {
    let going: BTreeSet<Uuid> = going.iter().map(|row| row.id).collect();
    let mut stays = BTreeSet::new();
    for chunk in roots.chunks(IDS_MAX) {
        let live: Vec<(Uuid, Uuid)> = submission::Entity::find()
            .select_only()
            .columns([submission::Column::RootId, submission::Column::Id])
            .filter(submission::Column::RootId.is_in(chunk.iter().copied()))
            .filter(submission::Column::ErasedAt.is_null())
            .into_tuple()
            .all(tx)
            .await?;
        stays.extend(live.into_iter().filter(|(_, id)| !going.contains(id)).map(|(root_id, _)| root_id));
    }
    Ok(roots.iter().copied().filter(|root_id| !stays.contains(root_id)).collect())
}

async fn adopted(tx: &DatabaseTransaction, roots: &[Uuid]) -> Result<Vec<Adopted>> {
    let states = [State::Adopted, State::Scheduled, State::Published].map(State::as_str);
    let mut adopted = Vec::new();
    for chunk in roots.chunks(IDS_MAX) {
        let rows = review::Entity::find()
            .find_also_related(submission::Entity)
            .filter(review::Column::SubmissionId.is_in(chunk.iter().copied()))
            .filter(review::Column::State.is_in(states))
            .order_by_asc(review::Column::SubmissionId);
        for (review, root) in rows.all(tx).await? {
            let root = root.ok_or(Error::NotFound { what: "submission", id: review.submission_id })?;
            adopted.push(Adopted {
                submission_id: review.submission_id,
                campaign_id: review.campaign_id,
                number: unsigned(root.number)?,
                state: parsed(&review.state)?,
            });
        }
    }
    Ok(adopted)
}

/// Letters about these submissions, and those to the address; held until the end of the transaction.
async fn replies(
    tx: &DatabaseTransaction,
    submissions: &[submission::Model],
    whole: &[Uuid],
    address: Option<&str>,
) -> Result<Vec<reply::Model>> {
    let mut of: Vec<Condition> = Vec::new();
    for chunk in submissions.chunks(IDS_MAX) {
        of.push(Condition::all().add(reply::Column::SubmissionId.is_in(chunk.iter().map(|row| row.id))));
    }
    for chunk in whole.chunks(IDS_MAX) {
        of.push(Condition::all().add(reply::Column::RootId.is_in(chunk.iter().copied())));
    }
    of.extend(address.map(|address| Condition::all().add(reply::Column::Contact.eq(address))));
    let mut rows = BTreeMap::new();
    for condition in of {
        let found = reply::Entity::find()
            .filter(condition)
            .filter(reply::Column::ErasedAt.is_null())
            .order_by_asc(reply::Column::Id)
            .lock_exclusive();
        rows.extend(found.all(tx).await?.into_iter().map(|row| (row.id, row)));
    }
    Ok(rows.into_values().collect())
}

/// A salted hash of the address, and the salt.
fn commitment(address: Option<&str>) -> Result<(Option<String>, Option<String>)> {
    let Some(address) = address else { return Ok((None, None)) };
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(format!("no random bytes: {error}")))?;
    let salt = format!("{:032x}", u128::from_be_bytes(bytes));
    let sha256 = Sha256::of(format!("{salt} {address}").as_bytes());
    Ok((Some(sha256.hex()), Some(salt)))
}

/// From here on mails of these bytes are known as erased.
async fn never_again(tx: &DatabaseTransaction, erasure: &Erasure, subject: &Subject, at: i64) -> Result<()> {
    let mut hashes: BTreeSet<String> = erasure.mails.iter().filter_map(|mail| mail.raw_sha256.clone()).collect();
    if let Subject::Hashes(given) = subject {
        hashes.extend(given.iter().map(|hash| hash.hex()));
    }
    let rows: Vec<erased_mail::ActiveModel> = hashes
        .into_iter()
        .map(|raw_sha256| erased_mail::ActiveModel {
            raw_sha256: Set(raw_sha256),
            erasure_id: Set(erasure.id),
            erased_at: Set(at),
        })
        .collect();
    let there = sea_orm::sea_query::OnConflict::column(erased_mail::Column::RawSha256).do_nothing().to_owned();
    for chunk in rows.chunks(ROWS_MAX) {
        let insert = erased_mail::Entity::insert_many(chunk.to_vec()).on_conflict(there.clone());
        insert.exec_without_returning(tx).await?;
    }
    Ok(())
}

async fn insert(tx: &DatabaseTransaction, of: &Erasure, at: i64) -> Result<()> {
    let row = erasure::ActiveModel {
        id: Set(of.id),
        kind: Set(of.kind.as_str().to_owned()),
        asked_at: Set(micros(of.asked_at).max(at)),
        asked_by: Set(of.asked_by.clone()),
        reason: Set(of.reason.clone()),
        subject_sha256: Set(of.subject_sha256.clone()),
        counts: Set(json(&of.counts)?),
        mails: Set(json(&of.mails)?),
        blobs: Set(json(&of.blobs)?),
        ended_at: Set(None),
    };
    erasure::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
