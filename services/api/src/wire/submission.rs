//! Submissions, their facts, findings and judgements, for the wire.

use chrono::{DateTime, Utc};
use intake::{
    campaign::Campaign,
    contact::{Contact, Found},
    finding::{Finding, Outcome, RuleCode, Severity},
    judgement::{Judgement, Verdict},
    letter::{Address, CloudFile, Content, DocumentFormat, Letter, Part},
    message::ReceivedBasis,
    sorting::Class,
    submission::Assessment,
};
use proto::intake::v1;
use stdx::Sha256;
use store::record::SubmissionRecord;

use super::{DOCUMENT_BYTES_MAX, TEXT_BYTES_MAX, cut, fit::fitted, sentence, timestamp};
use crate::names;

/// A recorded submission with all that is known of it, as far as that fits into an answer.
#[must_use]
pub fn submission(record: &SubmissionRecord) -> v1::Submission {
    fitted(whole(record))
}

fn whole(record: &SubmissionRecord) -> v1::Submission {
    let message = &record.message;
    v1::Submission {
        name: names::SUBMISSION.name(record.id),
        etag: format!("v{}", record.row_version),
        campaign: names::CAMPAIGN.name(record.campaign_id),
        number: record.number,
        message: names::MESSAGE.name(message.id),
        root: names::SUBMISSION.name(record.root_id),
        version: record.version,
        class: class(record.class).into(),
        class_reason: Some(sentence(&record.class_reason.0, &record.class_reason.1)),
        received_time: Some(timestamp(message.received_at)),
        received_basis: message.received_basis.as_str().to_owned(),
        raw_sha256: message.raw_sha256.map(|hash| hash.hex()).unwrap_or_default(),
        raw_size_bytes: message.size_bytes,
        backfilled: message.backfilled,
        contact: Some(contact(&record.contact)),
        findings: record.findings.iter().map(finding).collect(),
        judgement: Some(judgement(&record.judgement)),
        create_time: Some(timestamp(record.created_at)),
        erase_time: record.erased_at.map(timestamp),
        ..facts(&record.letter)
    }
}

/// A submission as a list shows it: without text, document texts and evidence.
#[must_use]
pub fn submission_listed(record: &SubmissionRecord) -> v1::Submission {
    let mut submission = whole(record);
    submission.text.clear();
    for attachment in &mut submission.attachments {
        if let Some(v1::attachment::Content::Document(document)) = &mut attachment.content {
            document.text.clear();
        }
    }
    for finding in &mut submission.findings {
        finding.evidence.clear();
    }
    fitted(submission)
}

/// What would be recorded of a mail that no table knows: names, number and version stay empty. `campaign` is the one
/// that the assessment chose.
#[must_use]
pub fn submission_unrecorded(
    letter: &Letter,
    received_at: DateTime<Utc>,
    received_basis: ReceivedBasis,
    raw_sha256: Sha256,
    raw_size_bytes: u64,
    assessment: &Assessment,
    campaign: Option<&Campaign>,
) -> v1::Submission {
    v1::Submission {
        campaign: campaign.map(|campaign| names::CAMPAIGN.name(campaign.id)).unwrap_or_default(),
        class: class(assessment.sorting.class).into(),
        class_reason: Some(sentence(&assessment.sorting.zh, &assessment.sorting.en)),
        received_time: Some(timestamp(received_at)),
        received_basis: received_basis.as_str().to_owned(),
        raw_sha256: raw_sha256.hex(),
        raw_size_bytes,
        contact: Some(contact(&assessment.contact)),
        findings: assessment.findings.iter().map(finding).collect(),
        judgement: assessment.judgement.as_ref().map(judgement),
        ..facts(letter)
    }
}

/// What the letter itself says; everything else of the submission is left empty.
fn facts(letter: &Letter) -> v1::Submission {
    let mut document_bytes_left = DOCUMENT_BYTES_MAX;
    v1::Submission {
        subject: letter.headers.subject.clone(),
        from: letter.headers.from.first().map(address),
        date: letter.headers.date.map(|date| date.to_rfc3339()).unwrap_or_default(),
        text: cut(letter.body.own_text(), TEXT_BYTES_MAX).to_owned(),
        attachments: letter.parts.iter().map(|part| attachment(part, &mut document_bytes_left)).collect(),
        cloud_files: letter.cloud_files.iter().map(cloud_file).collect(),
        faults: letter
            .faults
            .iter()
            .map(|fault| v1::Fault {
                code: fault.code.clone(),
                place: fault.place.clone(),
                detail: fault.detail.clone(),
            })
            .collect(),
        ..v1::Submission::default()
    }
}

/// A leaf of the mail. A document's text takes from `document_bytes_left`, and is cut when that is used up.
#[must_use]
pub fn attachment(part: &Part, document_bytes_left: &mut usize) -> v1::Attachment {
    use v1::attachment::Content as Wire;
    let content = match &part.content {
        Content::Document(document) => {
            let text = cut(&document.text, TEXT_BYTES_MAX.min(*document_bytes_left));
            *document_bytes_left -= text.len();
            Some(Wire::Document(v1::Document {
                format: match document.format {
                    DocumentFormat::Text => "text",
                    DocumentFormat::Html => "html",
                    DocumentFormat::Docx => "docx",
                }
                .to_owned(),
                text: text.to_owned(),
                truncated: document.truncated || text.len() < document.text.len(),
                characters: document.characters,
                pictures: document.pictures,
            }))
        }
        Content::Picture => Some(Wire::Picture(v1::Picture {})),
        Content::Video(video) => Some(Wire::Video(v1::Video {
            container: video.container.clone(),
            brand: video.brand.clone(),
            // Milliseconds of any real film are exact in a double.
            duration_seconds: video.duration_ms.map(|milliseconds| milliseconds as f64 / 1000.0),
            coded_width: video.coded_width,
            coded_height: video.coded_height,
            displayed_width: video.displayed_width,
            displayed_height: video.displayed_height,
            rotation_degrees: video.rotation_degrees.into(),
            video_codec: video.video_codec.clone().unwrap_or_default(),
            audio_codec: video.audio_codec.clone().unwrap_or_default(),
            fragmented: video.fragmented,
        })),
        Content::Unreadable { what, reason } => {
            Some(Wire::Unreadable(v1::Unreadable { what: what.clone(), reason: reason.clone() }))
        }
        Content::Other => None,
    };
    v1::Attachment {
        path: part.path.clone(),
        file_name: part.name.clone(),
        media_type: part.media_type.clone(),
        media_type_declared: part.media_type_declared.clone(),
        size_bytes: part.size_bytes,
        sha256: part.sha256.hex(),
        inline: match part.disposition {
            intake::letter::Disposition::Inline => true,
            intake::letter::Disposition::Attachment => false,
        },
        content,
    }
}

fn cloud_file(file: &CloudFile) -> v1::CloudFile {
    v1::CloudFile {
        provider: file.provider.clone(),
        file_name: file.name.clone(),
        size_bytes_claimed: file.size_bytes_claimed.unwrap_or_default(),
        expire_time: file.expires_at.map(timestamp),
        url: file.url.clone(),
        quoted: file.quoted,
    }
}

pub(super) fn address(address: &Address) -> v1::Address {
    v1::Address { display_name: address.name.clone(), address: address.address.clone() }
}

/// Who sends.
#[must_use]
pub fn contact(contact: &Contact) -> v1::Contact {
    let found = |values: &[Found]| {
        values
            .iter()
            .map(|found| v1::Found {
                value: found.value.clone(),
                place: found.place.clone(),
                excerpt: found.excerpt.clone(),
            })
            .collect()
    };
    v1::Contact {
        names: found(&contact.names),
        organisations: found(&contact.organisations),
        phones: found(&contact.phones),
        addresses: found(&contact.addresses),
    }
}

/// One rule's outcome.
#[must_use]
pub fn finding(finding: &Finding) -> v1::Finding {
    v1::Finding {
        rule: finding.rule.as_str().to_owned(),
        severity: severity(finding.severity).into(),
        outcome: match finding.outcome {
            Outcome::Passed => v1::Outcome::Passed,
            Outcome::Failed => v1::Outcome::Failed,
            Outcome::Undetermined => v1::Outcome::Undetermined,
        }
        .into(),
        measured: finding.measured.clone(),
        limit: finding.limit.clone(),
        evidence: finding
            .evidence
            .iter()
            .map(|evidence| v1::Evidence { place: evidence.place.clone(), excerpt: evidence.excerpt.clone() })
            .collect(),
        sentence: Some(sentence(&finding.zh, &finding.en)),
    }
}

/// What follows from all findings.
#[must_use]
pub fn judgement(judgement: &Judgement) -> v1::Judgement {
    let codes = |rules: &[RuleCode]| rules.iter().map(|rule| rule.as_str().to_owned()).collect();
    v1::Judgement {
        verdict: verdict(judgement.verdict).into(),
        failed: codes(&judgement.failed),
        undetermined: codes(&judgement.undetermined),
        advice: codes(&judgement.advice),
        campaign_revision: judgement.campaign_revision,
    }
}

pub(super) fn severity(severity: Severity) -> v1::Severity {
    match severity {
        Severity::Routes => v1::Severity::Routes,
        Severity::Required => v1::Severity::Required,
        Severity::Advice => v1::Severity::Advice,
    }
}

/// A class.
#[must_use]
pub fn class(class: Class) -> v1::Class {
    match class {
        Class::Submission => v1::Class::Submission,
        Class::Correction => v1::Class::Correction,
        Class::AutomaticReply => v1::Class::AutomaticReply,
        Class::Bounce => v1::Class::Bounce,
        Class::ListMail => v1::Class::ListMail,
        Class::NotASubmission => v1::Class::NotASubmission,
        Class::NearMiss => v1::Class::NearMiss,
        Class::Unreadable => v1::Class::Unreadable,
    }
}

/// A class from the wire; none when unspecified.
#[must_use]
pub fn class_read(class: v1::Class) -> Option<Class> {
    Some(match class {
        v1::Class::Unspecified => return None,
        v1::Class::Submission => Class::Submission,
        v1::Class::Correction => Class::Correction,
        v1::Class::AutomaticReply => Class::AutomaticReply,
        v1::Class::Bounce => Class::Bounce,
        v1::Class::ListMail => Class::ListMail,
        v1::Class::NotASubmission => Class::NotASubmission,
        v1::Class::NearMiss => Class::NearMiss,
        v1::Class::Unreadable => Class::Unreadable,
    })
}

/// A verdict.
#[must_use]
pub fn verdict(verdict: Verdict) -> v1::Verdict {
    match verdict {
        Verdict::Eligible => v1::Verdict::Eligible,
        Verdict::Incomplete => v1::Verdict::Incomplete,
        Verdict::Late => v1::Verdict::Late,
        Verdict::Undetermined => v1::Verdict::Undetermined,
    }
}

/// A verdict from the wire; none when unspecified.
#[must_use]
pub fn verdict_read(verdict: v1::Verdict) -> Option<Verdict> {
    Some(match verdict {
        v1::Verdict::Unspecified => return None,
        v1::Verdict::Eligible => Verdict::Eligible,
        v1::Verdict::Incomplete => Verdict::Incomplete,
        v1::Verdict::Late => Verdict::Late,
        v1::Verdict::Undetermined => Verdict::Undetermined,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use intake::{
        finding::Evidence,
        letter::{Body, Disposition, Fault, Headers, Video},
        sorting::Sorting,
    };

    use super::*;

    #[test]
    fn a_mail_that_was_only_checked_has_no_name_and_every_fact() {
        let letter = Letter {
            headers: Headers {
                subject: "【主题征稿】短片".into(),
                from: vec![Address { name: "李敏".into(), address: "limin@example.cn".into() }],
                date: Some("2023-03-01T09:00:00+09:00".parse().unwrap()),
                ..Headers::default()
            },
            body: Body { text: "简介\n> 旧信".into(), quoted_from: Some("简介\n".len()), ..Body::default() },
            parts: vec![Part {
                path: "2".into(),
                name: "短片.mp4".into(),
                media_type_declared: "application/octet-stream".into(),
                media_type: "video/mp4".into(),
                disposition: Disposition::Inline,
                size_bytes: 5_000_000_000,
                sha256: Sha256::of(b""),
                content: Content::Video(Video {
                    container: "mp4".into(),
                    duration_ms: Some(311_400),
                    displayed_width: 1920,
                    displayed_height: 1080,
                    video_codec: Some("h264".into()),
                    ..Video::default()
                }),
            }],
            cloud_files: vec![CloudFile {
                provider: "netease".into(),
                name: "原片.mov".into(),
                size_bytes_claimed: None,
                expires_at: Some("2023-03-16T00:00:00Z".parse().unwrap()),
                url: "https://example.cn/1".into(),
                quoted: false,
            }],
            report: None,
            faults: vec![Fault { code: "charset_guessed".into(), place: "Subject".into(), detail: "GBK".into() }],
        };
        let finding = Finding {
            rule: RuleCode::VideoDuration,
            severity: Severity::Required,
            outcome: Outcome::Failed,
            measured: "311.4 s".into(),
            limit: "≤ 300 s".into(),
            evidence: vec![Evidence { place: "part 2".into(), excerpt: "311.4 s".into() }],
            zh: "时长超过五分钟".into(),
            en: "longer than five minutes".into(),
        };
        let assessment = Assessment {
            sorting: Sorting {
                class: Class::Submission,
                campaign: Some(0),
                corrects: None,
                zh: "主题含有标签".into(),
                en: "the subject holds the tag".into(),
            },
            contact: Contact::default(),
            judgement: Some(intake::judgement::judge(std::slice::from_ref(&finding), 3)),
            findings: vec![finding],
        };
        let campaign = Campaign::twentieth_congress(uuid::Uuid::nil());
        let message = submission_unrecorded(
            &letter,
            "2023-03-01T00:30:00Z".parse().unwrap(),
            ReceivedBasis::ReceivedHeader,
            Sha256::of(b"raw"),
            3,
            &assessment,
            Some(&campaign),
        );
        let json = proto::json("caibian.intake.v1.Submission", &message);
        expect![[r#"
            {
              "attachments": [
                {
                  "fileName": "短片.mp4",
                  "inline": true,
                  "mediaType": "video/mp4",
                  "mediaTypeDeclared": "application/octet-stream",
                  "path": "2",
                  "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                  "sizeBytes": "5000000000",
                  "video": {
                    "container": "mp4",
                    "displayedHeight": 1080,
                    "displayedWidth": 1920,
                    "durationSeconds": 311.4,
                    "videoCodec": "h264"
                  }
                }
              ],
              "campaign": "campaigns/00000000-0000-0000-0000-000000000000",
              "class": "CLASS_SUBMISSION",
              "classReason": {
                "en": "the subject holds the tag",
                "zh": "主题含有标签"
              },
              "cloudFiles": [
                {
                  "expireTime": "2023-03-16T00:00:00Z",
                  "fileName": "原片.mov",
                  "provider": "netease",
                  "url": "https://example.cn/1"
                }
              ],
              "contact": {},
              "date": "2023-03-01T09:00:00+09:00",
              "faults": [
                {
                  "code": "charset_guessed",
                  "detail": "GBK",
                  "place": "Subject"
                }
              ],
              "findings": [
                {
                  "evidence": [
                    {
                      "excerpt": "311.4 s",
                      "place": "part 2"
                    }
                  ],
                  "limit": "≤ 300 s",
                  "measured": "311.4 s",
                  "outcome": "OUTCOME_FAILED",
                  "rule": "video-duration",
                  "sentence": {
                    "en": "longer than five minutes",
                    "zh": "时长超过五分钟"
                  },
                  "severity": "SEVERITY_REQUIRED"
                }
              ],
              "from": {
                "address": "limin@example.cn",
                "displayName": "李敏"
              },
              "judgement": {
                "campaignRevision": 3,
                "failed": [
                  "video-duration"
                ],
                "verdict": "VERDICT_INCOMPLETE"
              },
              "rawSha256": "d7439bee24773bcbfa2d0a97947ee36227b10d1022b1a55847e928965bb6bfde",
              "rawSizeBytes": "3",
              "receivedBasis": "received_header",
              "receivedTime": "2023-03-01T00:30:00Z",
              "subject": "【主题征稿】短片",
              "text": "简介\n"
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&json).unwrap());
    }
}
