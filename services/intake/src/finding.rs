//! A finding (审核发现): the outcome of one rule on one mail, with its evidence. A finding is a value, not an error.

use serde::{Deserialize, Serialize};

/// The rules' stable names (domain.md section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // each is explained at `campaign::Check`
pub enum RuleCode {
    SubjectTag,
    Deadline,
    ContactName,
    ContactOrganisation,
    ContactDetails,
    ManuscriptPresent,
    PublicityPictures,
    VideoDuration,
    VideoSize,
    VideoResolution,
    VideoFormat,
    VideoSynopsis,
}

impl RuleCode {
    /// Every rule, in the order of the call.
    pub const ALL: [Self; 12] = [
        Self::SubjectTag,
        Self::Deadline,
        Self::ContactName,
        Self::ContactOrganisation,
        Self::ContactDetails,
        Self::ManuscriptPresent,
        Self::PublicityPictures,
        Self::VideoDuration,
        Self::VideoSize,
        Self::VideoResolution,
        Self::VideoFormat,
        Self::VideoSynopsis,
    ];

    /// `video-duration`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SubjectTag => "subject-tag",
            Self::Deadline => "deadline",
            Self::ContactName => "contact-name",
            Self::ContactOrganisation => "contact-organisation",
            Self::ContactDetails => "contact-details",
            Self::ManuscriptPresent => "manuscript-present",
            Self::PublicityPictures => "publicity-pictures",
            Self::VideoDuration => "video-duration",
            Self::VideoSize => "video-size",
            Self::VideoResolution => "video-resolution",
            Self::VideoFormat => "video-format",
            Self::VideoSynopsis => "video-synopsis",
        }
    }
}

/// What a failed rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Decides whether the mail is for the campaign at all.
    Routes,
    /// A failure makes the submission incomplete or late.
    Required,
    /// A failure is told and changes nothing (宜, 建议).
    Advice,
}

/// How a rule ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The measured value is within the limit.
    Passed,
    /// It is not.
    Failed,
    /// It could not be measured (a cloud link, an encrypted archive, a broken video). Never a silent pass.
    Undetermined,
}

/// Where a finding was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `subject`, `body`, `part 2 “稿件.docx”`, `received`.
    pub place: String,
    /// The words or the value found there, at most 200 characters.
    pub excerpt: String,
}

/// One rule's outcome. A rule about videos gives one finding a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule.
    pub rule: RuleCode,
    /// What a failure means here.
    pub severity: Severity,
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured, in words: `311.4 s`, `1280×720`.
    pub measured: String,
    /// What the campaign asks: `≤ 300 s`.
    pub limit: String,
    /// Where.
    pub evidence: Vec<Evidence>,
    /// A sentence for the author in Chinese: what was found, and what to do.
    pub zh: String,
    /// The same in English.
    pub en: String,
}
