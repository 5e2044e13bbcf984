//! The rules, one a file. Each looks at a letter and gives a finding; none does anything.

mod contact_details;
mod contact_name;
mod contact_organisation;
mod deadline;
mod manuscript_present;
mod publicity_pictures;
mod subject_tag;
mod video_duration;
mod video_format;
mod video_resolution;
mod video_size;
mod video_synopsis;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    campaign::{Campaign, Check, Rule},
    contact::{Contact, Found},
    finding::{Evidence, Finding, Outcome, Severity},
    letter::Letter,
    manuscript, wording,
};

/// Characters of an evidence's excerpt.
const EXCERPT_MAX: usize = 200;

/// Pieces of evidence of one finding.
const EVIDENCE_MAX: usize = 10;

/// Videos that are looked at one by one; a mail with more is for an editor anyway.
const VIDEOS_MAX: usize = 50;

/// What the rules may look at.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The facts of the mail.
    pub letter: &'a Letter,
    /// The server's receipt time: IMAP INTERNALDATE (RFC 9051 §2.3.3), never the sender's Date.
    pub received_at: DateTime<Utc>,
    /// Who sends, as found in the mail and its documents.
    pub contact: &'a Contact,
    /// For a correction that the author was asked for: the last day for it.
    pub revision_until: Option<NaiveDate>,
}

/// Applies every rule of the campaign, in the campaign's order. A rule about videos gives one finding a video and none
/// where there is no video; publicity-pictures gives one only for a mail of its category.
#[must_use]
pub fn check(case: Case<'_>, campaign: &Campaign) -> Vec<Finding> {
    campaign.rules.iter().flat_map(|rule| apply(&case, campaign, rule)).collect()
}

fn apply(case: &Case<'_>, campaign: &Campaign, rule: &Rule) -> Vec<Finding> {
    let each = |check: &dyn Fn(&manuscript::Clip<'_>) -> Option<Told>| {
        let clips = manuscript::clips(case.letter);
        clips.iter().take(VIDEOS_MAX).filter_map(check).map(|told| told.under(rule)).collect()
    };
    let one = |told: Told| vec![told.under(rule)];
    match &rule.check {
        Check::SubjectTag => one(subject_tag::check(case, campaign)),
        Check::Deadline => one(deadline::check(case, campaign)),
        Check::ContactName => one(contact_name::check(case, campaign)),
        Check::ContactOrganisation => one(contact_organisation::check(case)),
        Check::ContactDetails => one(contact_details::check(case, campaign)),
        Check::ManuscriptPresent { body_characters_min } => {
            one(manuscript_present::check(case, campaign, *body_characters_min))
        }
        Check::PublicityPictures { category } => {
            publicity_pictures::check(case, campaign, *category).map(one).unwrap_or_default()
        }
        Check::VideoDuration { seconds_max, tolerance_ms } => {
            each(&|clip| Some(video_duration::check(clip, *seconds_max, *tolerance_ms)))
        }
        Check::VideoSize { bytes_max } => each(&|clip| video_size::check(clip, *bytes_max, rule.severity)),
        Check::VideoResolution { short_side_min, cropped_long_side_min } => {
            each(&|clip| video_resolution::check(clip, *short_side_min, *cropped_long_side_min))
        }
        Check::VideoFormat { container, codec } => each(&|clip| video_format::check(clip, container, codec)),
        Check::VideoSynopsis { characters_min } => {
            let synopsis = video_synopsis::find(case.letter, *characters_min);
            each(&|clip| Some(video_synopsis::check(clip, &synopsis, *characters_min)))
        }
    }
}

/// What a rule's file tells; the rule's code and severity are added by [`Told::under`].
#[derive(Clone, Debug)]
struct Told {
    outcome: Outcome,
    measured: String,
    limit: String,
    evidence: Vec<Evidence>,
    zh: String,
    en: String,
    /// Whether this outcome is advice whatever the rule's severity.
    advice: bool,
}

impl Told {
    fn new(outcome: Outcome, measured: impl Into<String>, limit: impl Into<String>) -> Self {
        Self {
            outcome,
            measured: measured.into(),
            limit: limit.into(),
            evidence: Vec::new(),
            zh: String::new(),
            en: String::new(),
            advice: false,
        }
    }

    fn because(mut self, place: impl Into<String>, excerpt: &str) -> Self {
        if self.evidence.len() < EVIDENCE_MAX {
            let excerpt = wording::one_line(excerpt, EXCERPT_MAX);
            self.evidence.push(Evidence { place: place.into(), excerpt });
        }
        self
    }

    fn because_found<'a>(self, found: impl IntoIterator<Item = &'a Found>) -> Self {
        found.into_iter().fold(self, |told, found| told.because(&found.place, &found.excerpt))
    }

    fn say(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        (self.zh, self.en) = (zh.into(), en.into());
        self
    }

    fn under(self, rule: &Rule) -> Finding {
        Finding {
            rule: rule.check.code(),
            severity: if self.advice { Severity::Advice } else { rule.severity },
            outcome: self.outcome,
            measured: self.measured,
            limit: self.limit,
            evidence: self.evidence,
            zh: self.zh,
            en: self.en,
        }
    }
}

/// How the three rules on contact data end when nothing was found: a document that cannot be read may hold it.
fn contact_missing(letter: &Letter, limit: &str, (zh, en): (&str, &str)) -> Told {
    match manuscript::closed(letter) {
        Some(manuscript::Closed { place, spoken, why }) => Told::new(Outcome::Undetermined, "none found, one file could not be read", limit)
            .because(&place, &why)
            .say(
                format!("邮件中没有找到{zh}，{spoken}无法自动读取，编辑将人工核对；您也可回复邮件补充。"),
                format!(
                    "No {en} was found in the mail, and {place} could not be read: an editor will look; you may also send the {en} in a reply."
                ),
            ),
        None => Told::new(Outcome::Failed, "none found", limit).say(
            format!("邮件和稿件中没有找到{zh}，请回复邮件补充。"),
            format!("No {en} was found in the mail or the manuscript: please send the {en} in a reply."),
        ),
    }
}

/// Values of people, at most three, as a sentence quotes them.
fn listed(found: &[&Found]) -> String {
    found.iter().take(3).map(|found| found.value.as_str()).collect::<Vec<_>>().join("、")
}

/// `1.5 GiB`, `700.4 MiB`, `12 KiB`, rounded to tenths: the call's M are 1024-based.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        if tenth == 0 { whole.to_string() } else { format!("{whole}.{tenth}") }
    };
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", tenths(1024)),
        0x10_0000..0x4000_0000 => format!("{} MiB", tenths(0x10_0000)),
        _ => format!("{} GiB", tenths(0x4000_0000)),
    }
}

/// A size as people write it, who say MB and mean 1024-based units: `700.4 MB`.
fn size_zh(bytes: u64) -> String {
    size(bytes).replace("iB", "B")
}

#[cfg(test)]
mod tests;
