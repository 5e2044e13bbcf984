//! What is filled into a letter: values of the campaign, the mail and the decision, made fit for a letter.
//!
//! An author’s words (a subject, a name, a file’s name in a finding) stand in a letter that may go to somebody else, if
//! the sender was forged. They are cut short, kept on one line, and no link in them can be clicked.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use intake::{
    campaign::Campaign,
    finding::{Evidence, Finding, Outcome, RuleCode, Severity},
    wording,
};
use stdx::beijing;

use crate::{
    Kind, Language,
    template::{Placeholder, Template, Text},
};

/// Findings told in one letter; further ones are counted.
const ITEMS_MAX: usize = 40;

/// Characters of one finding.
const ITEM_MAX: usize = 400;

/// Characters of a title, a name, a theme.
const VALUE_MAX: usize = 80;

/// Characters of an editor’s reason.
const REASON_MAX: usize = intake::review::WORDS_MAX;

/// Contacts named.
const CONTACTS_MAX: usize = 10;

/// What a letter tells.
#[derive(Clone, Copy, Debug)]
pub struct Particulars<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// 收稿号.
    pub number: u64,
    /// The decoded subject of the author’s mail.
    pub subject: &'a str,
    /// The author’s name; empty if none was found.
    pub name: &'a str,
    /// When the server received the mail.
    pub received_at: DateTime<Utc>,
    /// One outcome a rule.
    pub findings: &'a [Finding],
    /// The last day in Beijing for what is asked, inclusive.
    pub until_day: Option<NaiveDate>,
    /// The editor’s reason; empty for a letter that needs none.
    pub reason: &'a str,
}

/// The last day for what is missing: the campaign’s deadline, while it has not passed. What comes later is late, whatever
/// a letter says.
#[must_use]
pub fn until_day(campaign: &Campaign, now: DateTime<Utc>) -> Option<NaiveDate> {
    (now < campaign.late_from()).then_some(campaign.deadline_day)
}

/// Fills a template in with a made-up submission, so that an editor sees every place filled.
#[must_use]
pub fn preview(template: &Template, campaign: &Campaign) -> Text {
    let zh = template.language() == Language::Zh;
    let finding = |rule, severity, outcome, zh: &str, en: &str| Finding {
        rule,
        severity,
        outcome,
        measured: String::new(),
        limit: String::new(),
        evidence: Vec::<Evidence>::new(),
        zh: zh.into(),
        en: en.into(),
    };
    let findings = [
        finding(
            RuleCode::ContactDetails,
            Severity::Required,
            Outcome::Failed,
            "邮件和稿件中没有找到联系方式，请回复邮件补充。",
            "No contact details were found in the mail or the manuscript: please send them in a reply.",
        ),
        finding(
            RuleCode::PublicityPictures,
            Severity::Advice,
            Outcome::Failed,
            "宣传类稿件宜提供配图，来稿中没有找到图片，建议补充（可作为附件或插入文档）。",
            "Publicity texts should come with pictures, and none was found: please add some.",
        ),
        finding(
            RuleCode::VideoResolution,
            Severity::Required,
            Outcome::Undetermined,
            "视频“示例.mp4”无法读取，不能测量分辨率，编辑将人工核对。",
            "The video “example.mp4” could not be read, so its resolution is unknown: an editor will look.",
        ),
    ];
    let (reason_zh, reason_en) = match template.kind() {
        Kind::Adopted => ("论述扎实，配图清晰。", "Well argued, with clear pictures."),
        Kind::RevisionAsked => (
            "请补充 2022 年数据的来源，并将全文压缩到 4000 字以内。",
            "Please name the source of the figures of 2022, and keep within 4000 characters.",
        ),
        _ => ("选题与近期已刊稿件重复。", "The subject is near to one that appeared lately."),
    };
    let day = campaign.deadline_day;
    template.fill(&Particulars {
        campaign,
        number: 128,
        subject: &format!("{}：{}", campaign.tag, if zh { "示例标题" } else { "An example" }),
        name: if zh { "张三" } else { "Zhang San" },
        received_at: beijing::day_start(day) + chrono::TimeDelta::hours(10),
        findings: if matches!(template.kind(), Kind::Acknowledgement) { &findings[1..] } else { &findings },
        until_day: Some(day),
        reason: if zh { reason_zh } else { reason_en },
    })
}

/// Values ready to be written, one a place.
pub(crate) struct Filled(Vec<(Placeholder, String)>);

impl Filled {
    pub(crate) fn new(told: &Particulars<'_>, language: Language) -> Self {
        let zh = language == Language::Zh;
        let (campaign, or) = (told.campaign, |value: String, zh_else: &str, en_else: &str| match value.is_empty() {
            true => (if zh { zh_else } else { en_else }).to_owned(),
            false => value,
        });
        let list = |holds: &dyn Fn(&&Finding) -> bool| items(told.findings.iter().filter(holds), language);
        let failed = |finding: &&Finding| finding.outcome == Outcome::Failed;
        let value = |place| match place {
            Placeholder::Number => told.number.to_string(),
            Placeholder::Title => or(quiet(told.subject, VALUE_MAX), "（无主题）", "(no subject)"),
            Placeholder::Name => or(quiet(told.name, 20), "作者", "author"),
            Placeholder::Theme => line(&campaign.theme, 200),
            Placeholder::Tag => line(&campaign.tag, VALUE_MAX),
            Placeholder::Mailbox => line(&campaign.mailbox, 254),
            Placeholder::ReceivedAt => {
                let at = told.received_at.with_timezone(&beijing::zone());
                let day = day(at.date_naive(), language);
                let time = at.format("%H:%M");
                if zh { format!("{day} {time}") } else { format!("{time} on {day} (Beijing time)") }
            }
            Placeholder::Findings => list(&|finding| failed(finding) && finding.severity == Severity::Required),
            Placeholder::Advice => list(&|finding| failed(finding) && finding.severity != Severity::Required),
            Placeholder::Unmeasured => list(&|finding| finding.outcome == Outcome::Undetermined),
            Placeholder::UntilDay => told.until_day.map(|until| day(until, language)).unwrap_or_default(),
            Placeholder::Reason => {
                let lines = told.reason.split('\n').map(|words| line(words, REASON_MAX));
                lines.collect::<Vec<_>>().join("\n").trim().to_owned()
            }
            Placeholder::Contacts => {
                let contacts = campaign.contacts.iter().take(CONTACTS_MAX);
                let contacts = contacts.map(|contact| {
                    format!("{} {}", line(&contact.name, VALUE_MAX), line(&contact.phone, VALUE_MAX)).trim().to_owned()
                });
                contacts.collect::<Vec<_>>().join("\n")
            }
            Placeholder::Channels => {
                let channels = campaign.channels.iter().take(CONTACTS_MAX).map(|channel| line(channel, VALUE_MAX));
                channels.collect::<Vec<_>>().join(if zh { "、" } else { ", " })
            }
        };
        Self(Placeholder::ALL.into_iter().map(|place| (place, value(place))).collect())
    }

    pub(crate) fn value(&self, place: Placeholder) -> &str {
        self.0.iter().find(|(known, _)| *known == place).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// A numbered list, one finding a line.
fn items<'a>(findings: impl Iterator<Item = &'a Finding>, language: Language) -> String {
    let mut items: Vec<String> = findings
        .map(|finding| if language == Language::Zh { &finding.zh } else { &finding.en })
        .enumerate()
        .map(|(index, sentence)| format!("{}. {}", index + 1, quiet(sentence, ITEM_MAX)))
        .collect();
    if items.len() > ITEMS_MAX {
        let more = items.len() - ITEMS_MAX;
        items.truncate(ITEMS_MAX);
        items.push(match language {
            Language::Zh => format!("另有 {more} 项，请联系编辑。"),
            Language::En => format!("And {more} more: please ask the editors."),
        });
    }
    items.join("\n")
}

fn day(day: NaiveDate, language: Language) -> String {
    match language {
        Language::Zh => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Language::En => day.format("%-d %B %Y").to_string(),
    }
}

/// At most `limit` characters on one line, without marks that turn the direction of what follows.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let turns = |character: &char| matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    let plain: String = text.chars().filter(|character| !turns(character)).collect();
    wording::one_line(&plain, limit)
}

/// The same for words of an author: no mail program makes a link of them.
fn quiet(text: &str, limit: usize) -> String {
    let text = line(text, limit).replace("://", "： //");
    let mut quiet = String::new();
    for word in text.split_inclusive('.') {
        let links = word.to_lowercase().ends_with("www.");
        quiet.push_str(if links { word.trim_end_matches('.') } else { word });
        quiet.push_str(if links { " ." } else { "" });
    }
    line(&quiet, limit)
}
