//! Tries a changed campaign on recorded mail: each mail is sorted and judged as the worker does it, with the changed
//! campaign in the place of the present one. Writes nothing.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use intake::{
    campaign::Campaign,
    finding::Finding,
    judgement::Judgement,
    ports::Ledger,
    submission::{Assessment, Earlier, assess},
};
use prost::Message;
use proto::intake::v1;
use stdx::ErrorKind;
use store::{Store, record::MessageLetter};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use crate::{errors, names, page, wire};

/// Mails tested when the caller does not say.
const MAILS_DEFAULT: u32 = 500;
/// Mails tested at most.
const MAILS_MAX: u32 = 5_000;
/// Findings told of one mail.
const FINDINGS_MAX: usize = 100;
/// Mails held in memory with their texts at once.
const BATCH: u32 = 20;

/// How many mails are tested: 500 for 0, at most 5,000; a negative number is refused.
pub fn mails_max(requested: i32) -> Result<u32, Status> {
    match u32::try_from(requested) {
        Ok(0) => Ok(MAILS_DEFAULT),
        Ok(count) => Ok(count.min(MAILS_MAX)),
        Err(_) => Err(errors::field("mails_max", "mails_max is negative", "邮件数不能为负")),
    }
}

/// The mailboxes whose mail the change may concern, each with its campaigns as they would be.
type Mailboxes = HashMap<Uuid, Arc<Vec<Campaign>>>;

async fn mailboxes(store: &Store, present: &Campaign, changed: &Campaign) -> Result<Mailboxes, Status> {
    let left = store.mailboxes_of_address(&present.mailbox).await.map_err(errors::of_store)?;
    let taken = store.mailboxes_of_address(&changed.mailbox).await.map_err(errors::of_store)?;
    let mut mailboxes = Mailboxes::new();
    for id in left.iter().chain(&taken) {
        let mut campaigns = store.campaigns(*id).await.map_err(|error| errors::of_port(&error))?;
        campaigns.retain(|campaign| campaign.id != changed.id);
        if taken.contains(id) {
            campaigns.push(changed.clone());
        }
        // The order in which the tables give them to the worker: it decides between equals.
        campaigns.sort_by_key(|campaign| Reverse((campaign.deadline_day, campaign.id)));
        mailboxes.insert(*id, Arc::new(campaigns));
    }
    Ok(mailboxes)
}

/// One mail with all that it is assessed by.
struct Case {
    record: MessageLetter,
    campaigns: Arc<Vec<Campaign>>,
    /// As the worker knew them then: recorded ones, not what this dry run would make of them.
    earlier: Vec<Earlier>,
}

async fn cases(store: &Store, mailboxes: &Mailboxes, records: Vec<MessageLetter>) -> Result<Vec<Case>, Status> {
    let mut cases = Vec::with_capacity(records.len());
    for record in records {
        let campaigns = mailboxes.get(&record.message.mailbox_id).cloned().unwrap_or_default();
        let ids: Vec<Uuid> = campaigns.iter().map(|campaign| campaign.id).collect();
        let sender = record.letter.headers.from.first().map_or("", |from| from.address.as_str());
        let earlier = store.earlier_before(&ids, sender, record.recorded_at).await.map_err(errors::of_store)?;
        cases.push(Case { record, campaigns, earlier });
    }
    Ok(cases)
}

/// Tests the newest recorded mails of the campaign's mailboxes. Ends early, and says so, when the answer would outgrow a
/// message.
pub async fn run(
    store: &Store,
    present: &Campaign,
    changed: &Campaign,
    mails_max: u32,
) -> Result<v1::TestCampaignResponse, Status> {
    let mailboxes = mailboxes(store, present, changed).await?;
    let mailbox_ids: Vec<Uuid> = mailboxes.keys().copied().collect();
    // When the caller goes away, this future is dropped, and a batch at work on its own thread stops too.
    let stop = CancellationToken::new();
    let _stop_with_us = stop.clone().drop_guard();
    let mut answer = v1::TestCampaignResponse::default();
    let (mut after, mut bytes) = (None, 0);
    loop {
        let left = mails_max - answer.tested;
        // One more than is tested tells whether there are more.
        let limit = BATCH.min(left + 1);
        let mut batch = store.message_letters(&mailbox_ids, after, limit).await.map_err(errors::of_store)?;
        let last_page = batch.len() < limit as usize;
        answer.truncated = batch.len() > left as usize;
        batch.truncate(left as usize);
        if let Some(last) = batch.last() {
            after = Some((last.message.received_at, last.message.id));
        }
        let ended = last_page || answer.truncated;
        let batch = cases(store, &mailboxes, batch).await?;
        let (tested_id, stop) = (changed.id, stop.clone());
        let judged = tokio::task::spawn_blocking(move || {
            let judge = |case: &Case| change(case, tested_id);
            batch.iter().take_while(|_| !stop.is_cancelled()).map(judge).collect::<Vec<_>>()
        });
        for change in judged.await.map_err(|error| errors::of_kind(ErrorKind::Internal, &error))? {
            if let Some(change) = change {
                bytes += change.encoded_len();
                if bytes > page::BYTES_MAX {
                    answer.truncated = true;
                    return Ok(answer);
                }
                answer.changes.push(change);
            }
            answer.tested += 1;
        }
        if ended {
            return Ok(answer);
        }
    }
}

/// What the changed campaign does to one mail; none when class, campaign and judgement stay, or change without it.
fn change(case: &Case, tested_id: Uuid) -> Option<v1::JudgementChange> {
    let Case { record, campaigns, earlier } = case;
    let Assessment { sorting, findings, judgement, .. } =
        assess(&record.letter, record.message.received_at, campaigns, earlier);
    let before = record.submission.as_ref();
    let judgement_before = before.map(|submission| &submission.judgement);
    let (campaign_before, campaign_after) =
        (record.campaign_id, sorting.campaign.and_then(|index| campaigns.get(index)).map(|campaign| campaign.id));
    // Between two other campaigns this one decides nothing; between none and none its tag does: a mail that bears it is
    // no automatic reply.
    let concerns = match (campaign_before, campaign_after) {
        (None, None) => true,
        (before, after) => before == Some(tested_id) || after == Some(tested_id),
    };
    let same = (sorting.class, campaign_after) == (record.class, campaign_before)
        && judgement_before.map(told) == judgement.as_ref().map(told);
    if same || !concerns {
        return None;
    }
    let findings_before = before.map_or(&[][..], |submission| &submission.findings);
    let campaign = |id: Option<Uuid>| id.map(|id| names::CAMPAIGN.name(id)).unwrap_or_default();
    Some(v1::JudgementChange {
        message: names::MESSAGE.name(record.message.id),
        submission: before.map(|submission| names::SUBMISSION.name(submission.id)).unwrap_or_default(),
        subject: record.letter.headers.subject.clone(),
        class_before: wire::class(record.class).into(),
        class_after: wire::class(sorting.class).into(),
        campaign_before: campaign(campaign_before),
        campaign_after: campaign(campaign_after),
        before: judgement_before.map(wire::judgement),
        after: judgement.as_ref().map(wire::judgement),
        findings_after: differing(findings_before, &findings).take(FINDINGS_MAX).map(wire::finding).collect(),
    })
}

/// What a judgement says, without the campaign's revision, which always differs and means nothing here.
fn told(judgement: &Judgement) -> impl PartialEq {
    let Judgement { verdict, failed, undetermined, advice, campaign_revision: _ } = judgement;
    (*verdict, failed, undetermined, advice)
}

/// Findings whose outcome differs from that of the same rule's finding before; a rule about videos has one a video.
fn differing<'a>(before: &'a [Finding], after: &'a [Finding]) -> impl Iterator<Item = &'a Finding> {
    let nth = |findings: &[Finding], index: usize| {
        findings[..index].iter().filter(|earlier| earlier.rule == findings[index].rule).count()
    };
    after.iter().enumerate().filter_map(move |(index, finding)| {
        let mut same_rule = before.iter().filter(|earlier| earlier.rule == finding.rule);
        let earlier = same_rule.nth(nth(after, index));
        (earlier.map(|earlier| earlier.outcome) != Some(finding.outcome)).then_some(finding)
    })
}
