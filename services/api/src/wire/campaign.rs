//! Campaigns and their rules, both ways. Reading collects every fault at once, so that a form is corrected in one go.

use chrono::{Datelike, NaiveDate};
use intake::{
    campaign::{Campaign, CampaignContact, Check, Rule},
    finding::Severity,
    review::{Settings, settings::RoundSettings},
};
use proto::intake::v1;
use uuid::Uuid;

use super::{review, submission::severity, template};
use crate::names;

/// Rounds of a review that are looked at.
const ROUNDS_READ_MAX: usize = 8;

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its path in the campaign: `deadline_day`, `rules[2].severity`.
    pub field: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Fault {
    pub(super) fn new(field: impl Into<String>, zh: &str, en: &str) -> Self {
        Self { field: field.into(), zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// A campaign. Its etag changes with each revision.
#[must_use]
pub fn campaign(campaign: &Campaign) -> v1::Campaign {
    v1::Campaign {
        name: names::CAMPAIGN.name(campaign.id),
        etag: format!("r{}", campaign.revision),
        revision: campaign.revision,
        theme: campaign.theme.clone(),
        tag: campaign.tag.clone(),
        mailbox: campaign.mailbox.clone(),
        categories: campaign.categories.clone(),
        opens_day: Some(day(campaign.opens_day)),
        deadline_day: Some(day(campaign.deadline_day)),
        contacts: campaign
            .contacts
            .iter()
            .map(|contact| v1::CampaignContact { name: contact.name.clone(), phone: contact.phone.clone() })
            .collect(),
        channels: campaign.channels.clone(),
        rules: campaign.rules.iter().map(rule).collect(),
        review: Some(review_settings(&campaign.review)),
        templates: template::templates(campaign),
        retention_days: campaign.retention_days,
    }
}

fn review_settings(settings: &Settings) -> v1::ReviewSettings {
    v1::ReviewSettings {
        rounds: settings
            .rounds
            .iter()
            .map(|round| v1::ReviewRoundSettings {
                round: review::round(round.round).into(),
                recommendations_min: round.recommendations_min,
                decisions: round.decisions.iter().map(|decision| review::decision(*decision).into()).collect(),
                decides: review::role(round.decides).into(),
            })
            .collect(),
        decider_differs: settings.decider_differs,
        retract_minutes: settings.retract_minutes,
        revision_days_max: settings.revision_days_max,
    }
}

/// 三审制 when there are none.
fn review_settings_read(message: Option<&v1::ReviewSettings>, faults: &mut Vec<Fault>) -> Settings {
    let Some(message) = message else { return Settings::default() };
    let mut rounds = Vec::with_capacity(message.rounds.len().min(ROUNDS_READ_MAX));
    // More than there are kinds of round break a rule anyway.
    for (index, given) in message.rounds.iter().enumerate().take(ROUNDS_READ_MAX) {
        let mut unknown = |name: &str, zh: &str, en: &str| {
            faults.push(Fault::new(format!("review.rounds[{index}].{name}"), zh, en));
        };
        let round = review::round_read(given.round());
        if round.is_none() {
            unknown("round", "请选择 FIRST、SECOND 或 FINAL", "FIRST, SECOND or FINAL is needed");
        }
        let decides = review::role_read(given.decides());
        if decides.is_none() {
            unknown("decides", "请选择角色", "a role is needed");
        }
        let decisions: Option<Vec<_>> = given.decisions().take(8).map(review::decision_read).collect();
        if decisions.is_none() {
            unknown("decisions", "请选择 ADOPT、DECLINE 或 ASK_REVISION", "ADOPT, DECLINE or ASK_REVISION is needed");
        }
        if let (Some(round), Some(decides), Some(decisions)) = (round, decides, decisions) {
            let recommendations_min = given.recommendations_min;
            rounds.push(RoundSettings { round, recommendations_min, decisions, decides });
        }
    }
    Settings {
        rounds,
        decider_differs: message.decider_differs,
        retract_minutes: message.retract_minutes,
        revision_days_max: message.revision_days_max,
        channels: Vec::new(),
    }
}

/// Reads a campaign; identity and revision are the server's. Gives every fault of the wire and of the campaign itself;
/// without a fault, the campaign is lawful.
pub fn campaign_read(message: &v1::Campaign, id: Uuid, revision: u32) -> Result<Campaign, Vec<Fault>> {
    let mut faults = Vec::new();
    // A day that cannot be read is replaced by one that no rule about the order of days can object to.
    let opens_day = day_read("opens_day", message.opens_day.as_ref(), NaiveDate::MIN, &mut faults);
    let deadline_day = day_read("deadline_day", message.deadline_day.as_ref(), NaiveDate::MAX, &mut faults);
    let rules: Vec<Rule> =
        message.rules.iter().enumerate().filter_map(|(index, rule)| rule_read(index, rule, &mut faults)).collect();
    let review = review_settings_read(message.review.as_ref(), &mut faults);
    let templates = template::templates_read(&message.templates, &mut faults);
    let campaign = Campaign {
        id,
        revision,
        theme: message.theme.trim().to_owned(),
        tag: message.tag.trim().to_owned(),
        mailbox: message.mailbox.trim().to_owned(),
        categories: message.categories.iter().map(|category| category.trim().to_owned()).collect(),
        opens_day,
        deadline_day,
        contacts: message
            .contacts
            .iter()
            .map(|contact| CampaignContact {
                name: contact.name.trim().to_owned(),
                phone: contact.phone.trim().to_owned(),
            })
            .collect(),
        channels: message.channels.iter().map(|channel| channel.trim().to_owned()).collect(),
        rules,
        review,
        templates,
        retention_days: message.retention_days,
    };
    let told: Vec<&str> = ["opens_day", "deadline_day", "rules", "review", "templates"]
        .into_iter()
        .filter(|part| faults.iter().any(|fault| fault.field.starts_with(part)))
        .collect();
    // What stands on a field that was replaced or left out would only confuse.
    let own = campaign.faults().into_iter().filter(|fault| !told.iter().any(|part| fault.field.starts_with(part)));
    let own: Vec<Fault> = own.map(|fault| Fault { field: fault.field, zh: fault.zh, en: fault.en }).collect();
    faults.extend(own);
    if faults.is_empty() { Ok(campaign) } else { Err(faults) }
}

/// A day of the calendar in Beijing.
#[must_use]
pub fn day(day: NaiveDate) -> v1::Day {
    let small = |number: u32| i32::try_from(number).unwrap_or_default();
    v1::Day { year: day.year(), month: small(day.month()), day: small(day.day()) }
}

/// Reads a day; `otherwise` stands for one that is missing or not of the calendar, with a fault.
pub fn day_read(field: &str, message: Option<&v1::Day>, otherwise: NaiveDate, faults: &mut Vec<Fault>) -> NaiveDate {
    let Some(message) = message else {
        faults.push(Fault::new(field, "请填写日期", "a day is needed"));
        return otherwise;
    };
    let day = (1..=9999)
        .contains(&message.year)
        .then(|| {
            let (month, day) = (u32::try_from(message.month).ok()?, u32::try_from(message.day).ok()?);
            NaiveDate::from_ymd_opt(message.year, month, day)
        })
        .flatten();
    day.unwrap_or_else(|| {
        let en = format!("{}-{}-{} is not a day of the calendar", message.year, message.month, message.day);
        let zh = format!("没有 {} 年 {} 月 {} 日这一天", message.year, message.month, message.day);
        faults.push(Fault::new(field, &zh, &en));
        otherwise
    })
}

/// A rule with its limits.
#[must_use]
pub fn rule(rule: &Rule) -> v1::Rule {
    use v1::rule::Check as Wire;
    let check = match &rule.check {
        Check::SubjectTag => Wire::SubjectTag(v1::SubjectTagRule {}),
        Check::Deadline => Wire::Deadline(v1::DeadlineRule {}),
        Check::ContactName => Wire::ContactName(v1::ContactNameRule {}),
        Check::ContactOrganisation => Wire::ContactOrganisation(v1::ContactOrganisationRule {}),
        Check::ContactDetails => Wire::ContactDetails(v1::ContactDetailsRule {}),
        Check::ManuscriptPresent { body_characters_min } => {
            Wire::ManuscriptPresent(v1::ManuscriptPresentRule { body_characters_min: *body_characters_min })
        }
        Check::PublicityPictures { category } => {
            Wire::PublicityPictures(v1::PublicityPicturesRule { category: *category })
        }
        Check::VideoDuration { seconds_max, tolerance_ms } => {
            Wire::VideoDuration(v1::VideoDurationRule { seconds_max: *seconds_max, tolerance_ms: *tolerance_ms })
        }
        Check::VideoSize { bytes_max } => Wire::VideoSize(v1::VideoSizeRule { bytes_max: *bytes_max }),
        Check::VideoResolution { short_side_min, cropped_long_side_min } => {
            Wire::VideoResolution(v1::VideoResolutionRule {
                short_side_min: *short_side_min,
                cropped_long_side_min: *cropped_long_side_min,
            })
        }
        Check::VideoFormat { container, codec } => {
            Wire::VideoFormat(v1::VideoFormatRule { container: container.clone(), codec: codec.clone() })
        }
        Check::VideoSynopsis { characters_min } => {
            Wire::VideoSynopsis(v1::VideoSynopsisRule { characters_min: *characters_min })
        }
    };
    v1::Rule { severity: severity(rule.severity).into(), check: Some(check) }
}

fn rule_read(index: usize, message: &v1::Rule, faults: &mut Vec<Fault>) -> Option<Rule> {
    use v1::rule::Check as Wire;
    let severity = match v1::Severity::try_from(message.severity) {
        Ok(v1::Severity::Routes) => Some(Severity::Routes),
        Ok(v1::Severity::Required) => Some(Severity::Required),
        Ok(v1::Severity::Advice) => Some(Severity::Advice),
        Ok(v1::Severity::Unspecified) | Err(_) => {
            let field = format!("rules[{index}].severity");
            faults.push(Fault::new(field, "请选择 ROUTES、REQUIRED 或 ADVICE", "ROUTES, REQUIRED or ADVICE is needed"));
            None
        }
    };
    let check = match message.check.clone() {
        None => {
            let field = format!("rules[{index}]");
            faults.push(Fault::new(field, "请写明是哪一条规则", "the rule does not say which one it is"));
            None
        }
        Some(check) => Some(match check {
            Wire::SubjectTag(v1::SubjectTagRule {}) => Check::SubjectTag,
            Wire::Deadline(v1::DeadlineRule {}) => Check::Deadline,
            Wire::ContactName(v1::ContactNameRule {}) => Check::ContactName,
            Wire::ContactOrganisation(v1::ContactOrganisationRule {}) => Check::ContactOrganisation,
            Wire::ContactDetails(v1::ContactDetailsRule {}) => Check::ContactDetails,
            Wire::ManuscriptPresent(v1::ManuscriptPresentRule { body_characters_min }) => {
                Check::ManuscriptPresent { body_characters_min }
            }
            Wire::PublicityPictures(v1::PublicityPicturesRule { category }) => Check::PublicityPictures { category },
            Wire::VideoDuration(v1::VideoDurationRule { seconds_max, tolerance_ms }) => {
                Check::VideoDuration { seconds_max, tolerance_ms }
            }
            Wire::VideoSize(v1::VideoSizeRule { bytes_max }) => Check::VideoSize { bytes_max },
            Wire::VideoResolution(v1::VideoResolutionRule { short_side_min, cropped_long_side_min }) => {
                Check::VideoResolution { short_side_min, cropped_long_side_min }
            }
            Wire::VideoFormat(v1::VideoFormatRule { container, codec }) => Check::VideoFormat { container, codec },
            Wire::VideoSynopsis(v1::VideoSynopsisRule { characters_min }) => Check::VideoSynopsis { characters_min },
        }),
    };
    Some(Rule { severity: severity?, check: check? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_campaign_comes_back_from_the_wire_as_it_went() {
        let default = Campaign::twentieth_congress(Uuid::now_v7());
        assert_eq!(campaign_read(&campaign(&default), default.id, default.revision), Ok(default));
    }

    #[test]
    fn every_fault_of_the_wire_is_told_at_once() {
        let mut message = campaign(&Campaign::twentieth_congress(Uuid::nil()));
        message.opens_day = None;
        message.deadline_day = Some(v1::Day { year: 2023, month: 2, day: 29 });
        message.rules[1].severity = 9;
        message.rules[2].check = None;
        let faults = campaign_read(&message, Uuid::nil(), 1).unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["opens_day", "deadline_day", "rules[1].severity", "rules[2]"]);
        assert_eq!(faults[1].en, "2023-2-29 is not a day of the calendar");
        assert!(faults.iter().all(|fault| !fault.zh.is_empty()));
    }
}
