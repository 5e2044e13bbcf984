//! Tries a changed campaign on stored mail. Writes nothing.

use std::sync::Arc;

use intake::{
    campaign::Campaign,
    check::{self, Case},
    contact,
    finding::Finding,
    judgement::{self, Judgement},
    sorting::Class,
    submission::assess,
};
use prost::Message;
use proto::intake::v1;
use stdx::ErrorKind;
use store::{Store, record::SubmissionRecord};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{errors, page, wire};

/// Submissions judged when the caller does not say.
const SUBMISSIONS_DEFAULT: u32 = 500;
/// Submissions judged at most.
const SUBMISSIONS_MAX: u32 = 5_000;
/// Findings told of one submission.
const FINDINGS_MAX: usize = 100;
/// Submissions held in memory with their texts at once.
const BATCH: u32 = 20;

/// How many submissions are judged: 500 for 0, at most 5,000; a negative number is refused.
pub fn submissions_max(requested: i32) -> Result<u32, Status> {
    match u32::try_from(requested) {
        Ok(0) => Ok(SUBMISSIONS_DEFAULT),
        Ok(count) => Ok(count.min(SUBMISSIONS_MAX)),
        Err(_) => Err(errors::field("submissions_max", "submissions_max is negative", "投稿数不能为负")),
    }
}

/// Judges the newest stored submissions of the campaign by its changed rules. Ends early, and says so, when the answer
/// would outgrow a message.
pub async fn run(store: &Store, campaign: Campaign, submissions_max: u32) -> Result<v1::TestCampaignResponse, Status> {
    let campaign = Arc::new(campaign);
    // When the caller goes away, this future is dropped, and a batch at work on its own thread stops too.
    let stop = CancellationToken::new();
    let _stop_with_us = stop.clone().drop_guard();
    let mut answer = v1::TestCampaignResponse::default();
    let (mut after, mut bytes) = (None, 0);
    loop {
        let left = submissions_max - answer.tested;
        // One more than is judged tells whether there are more.
        let limit = BATCH.min(left + 1);
        let mut batch = store.submission_letters(campaign.id, after, limit).await.map_err(errors::of_store)?;
        let last_page = batch.len() < limit as usize;
        answer.truncated = batch.len() > left as usize;
        batch.truncate(left as usize);
        if let Some(last) = batch.last() {
            after = Some((last.message.received_at, last.id));
        }
        let ended = last_page || answer.truncated;
        let (campaign, stop) = (campaign.clone(), stop.clone());
        let judged = tokio::task::spawn_blocking(move || {
            let judge = |record: &SubmissionRecord| change(record, &campaign);
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

/// What the changed campaign does to one submission; none when class and judgement stay.
fn change(record: &SubmissionRecord, campaign: &Campaign) -> Option<v1::JudgementChange> {
    let (class, findings, judgement) = outcome(record, campaign);
    let same = |after: &Judgement| {
        let before = &record.judgement;
        // The revision differs always and means nothing here.
        (before.verdict, &before.failed, &before.undetermined, &before.advice)
            == (after.verdict, &after.failed, &after.undetermined, &after.advice)
    };
    if class == record.class && judgement.as_ref().is_some_and(same) {
        return None;
    }
    Some(v1::JudgementChange {
        submission: crate::names::SUBMISSION.name(record.id),
        subject: record.letter.headers.subject.clone(),
        class_before: wire::class(record.class).into(),
        class_after: wire::class(class).into(),
        before: Some(wire::judgement(&record.judgement)),
        after: judgement.as_ref().map(wire::judgement),
        findings_after: differing(&record.findings, &findings).take(FINDINGS_MAX).map(wire::finding).collect(),
    })
}

fn outcome(record: &SubmissionRecord, campaign: &Campaign) -> (Class, Vec<Finding>, Option<Judgement>) {
    let received_at = record.message.received_at;
    if record.class == Class::Correction {
        // It was sorted by the mails before it, not by its tag, and stays what it is.
        let contact = contact::find(&record.letter);
        let findings = check::check(Case { letter: &record.letter, received_at, contact: &contact }, campaign);
        let judgement = judgement::judge(&findings, campaign.revision);
        return (record.class, findings, Some(judgement));
    }
    let assessment = assess(&record.letter, received_at, std::slice::from_ref(campaign), &[]);
    (assessment.sorting.class, assessment.findings, assessment.judgement)
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
