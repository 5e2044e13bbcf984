//! What is wrong with a campaign that an editor wrote, field by field.

use crate::{
    campaign::{Campaign, Check, ReplyTemplate, Rule},
    finding::Severity,
    wording,
};

/// Things of one kind that a campaign may list.
const ITEMS_MAX: usize = 50;

/// 300 hours: a limit above it is a slip of the pen.
const SECONDS_MAX: u32 = 300 * 3600;

/// What is erased sooner was hardly meant: authors ask for weeks what became of their manuscripts.
const RETENTION_DAYS: std::ops::RangeInclusive<u32> = 30..=36_500;

/// One field that breaks a stated bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Its path on the wire: `rules[3].video_duration.seconds_max`.
    pub field: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    fn unless(&mut self, sound: bool, field: impl Into<String>, zh: &str, en: &str) {
        if !sound {
            self.0.push(FieldFault { field: field.into(), zh: zh.into(), en: en.into() });
        }
    }

    fn text(&mut self, text: &str, field: impl Into<String>, characters_max: usize) {
        let sound = !text.trim().is_empty()
            && text.chars().count() <= characters_max
            && !text.chars().any(|character| character.is_control());
        self.unless(
            sound,
            field,
            &format!("不能为空，不超过 {characters_max} 字，不含控制字符"),
            &format!("must have 1 to {characters_max} characters and no control characters"),
        );
    }

    fn count(&mut self, count: usize, field: &str) {
        let (zh, en) = (format!("最多 {ITEMS_MAX} 项"), format!("must have at most {ITEMS_MAX} items"));
        self.unless(count <= ITEMS_MAX, field, &zh, &en);
    }

    fn positive(&mut self, value: u64, field: String) {
        self.unless(value > 0, field, "必须大于 0", "must be greater than 0");
    }
}

impl Campaign {
    /// Everything that is wrong with its fields, in their order; empty for a campaign that can be used.
    #[must_use]
    pub fn faults(&self) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        faults.text(&self.theme, "theme", 200);
        let tag = wording::squeeze(&self.tag).chars().count();
        faults.unless(
            (2..=50).contains(&tag) && self.tag.chars().count() <= 100,
            "tag",
            "除括号、空格和分隔符外应有 2 至 50 字",
            "must have 2 to 50 characters beside brackets, spaces and separators",
        );
        faults.unless(is_address(&self.mailbox), "mailbox", "不是邮箱地址", "must be a mail address");
        faults.unless(
            self.opens_day <= self.deadline_day,
            "deadline_day",
            "截止日期不能早于开始日期",
            "must not be before opens_day",
        );
        faults.count(self.categories.len(), "categories");
        faults.count(self.contacts.len(), "contacts");
        faults.count(self.channels.len(), "channels");
        faults.count(self.rules.len(), "rules");
        for (index, category) in self.categories.iter().enumerate().take(ITEMS_MAX) {
            faults.text(category, format!("categories[{index}]"), 500);
        }
        for (index, contact) in self.contacts.iter().enumerate().take(ITEMS_MAX) {
            faults.text(&contact.name, format!("contacts[{index}].name"), 50);
            faults.text(&contact.phone, format!("contacts[{index}].phone"), 50);
        }
        for (index, channel) in self.channels.iter().enumerate().take(ITEMS_MAX) {
            faults.text(channel, format!("channels[{index}]"), 50);
        }
        for (index, rule) in self.rules.iter().enumerate().take(ITEMS_MAX) {
            let again = self.rules[..index].iter().any(|earlier| earlier.check.code() == rule.check.code());
            faults.unless(
                !again,
                format!("rules[{index}]"),
                "同一规则只能出现一次",
                "a rule of this kind stands before",
            );
            rule_faults(&mut faults, rule, index, self.categories.len());
        }
        faults.count(self.templates.len(), "templates");
        for (index, template) in self.templates.iter().enumerate().take(ITEMS_MAX) {
            let same =
                |earlier: &ReplyTemplate| (&earlier.kind, &earlier.language) == (&template.kind, &template.language);
            faults.unless(
                !self.templates[..index].iter().any(same),
                format!("templates[{index}]"),
                "同一封信的同一语言只能有一个模板",
                "the same letter stands before in the same language",
            );
        }
        faults.unless(
            self.retention_days == 0 || RETENTION_DAYS.contains(&self.retention_days),
            "retention_days",
            "应为 0（一直保留）或 30 至 36500 天",
            "must be 0 (kept) or 30 to 36500",
        );
        // The channels were looked at above; a campaign may have none, and then nothing can be scheduled.
        let review = self.review.faults().into_iter().filter(|fault| !fault.field.starts_with("channels"));
        faults.0.extend(review.map(|fault| FieldFault { field: format!("review.{}", fault.field), ..fault }));
        faults.0
    }
}

fn rule_faults(faults: &mut Faults, rule: &Rule, index: usize, categories: usize) {
    faults.unless(
        (rule.severity == Severity::Routes) == (rule.check == Check::SubjectTag),
        format!("rules[{index}].severity"),
        "主题标记规则的级别必须是“归类”，其他规则不能是",
        "must be ROUTES for subject_tag, and for no other rule",
    );
    let field = |name: &str| format!("rules[{index}].{name}");
    match &rule.check {
        Check::SubjectTag
        | Check::Deadline
        | Check::ContactName
        | Check::ContactOrganisation
        | Check::ContactDetails => {}
        Check::ManuscriptPresent { body_characters_min } => {
            faults.positive(*body_characters_min, field("manuscript_present.body_characters_min"));
        }
        Check::PublicityPictures { category } => faults.unless(
            *category >= 1 && *category as usize <= categories,
            field("publicity_pictures.category"),
            "没有这个征稿类别",
            "must be the number of a category, from 1",
        ),
        Check::VideoDuration { seconds_max, tolerance_ms } => {
            faults.unless(
                (1..=SECONDS_MAX).contains(seconds_max),
                field("video_duration.seconds_max"),
                "必须大于 0 且不超过 300 小时",
                "must be greater than 0 and at most 300 hours",
            );
            faults.unless(
                *tolerance_ms <= 60_000,
                field("video_duration.tolerance_ms"),
                "不能超过 60000",
                "must be at most 60000",
            );
        }
        Check::VideoSize { bytes_max } => faults.positive(*bytes_max, field("video_size.bytes_max")),
        Check::VideoResolution { short_side_min, cropped_long_side_min } => {
            faults.positive(u64::from(*short_side_min), field("video_resolution.short_side_min"));
            faults.unless(
                *cropped_long_side_min > 0 && cropped_long_side_min >= short_side_min,
                field("video_resolution.cropped_long_side_min"),
                "必须大于 0 且不小于短边下限",
                "must be greater than 0 and not less than short_side_min",
            );
        }
        Check::VideoFormat { container, codec } => {
            faults.text(container, field("video_format.container"), 20);
            faults.text(codec, field("video_format.codec"), 20);
        }
        Check::VideoSynopsis { characters_min } => {
            faults.positive(*characters_min, field("video_synopsis.characters_min"));
        }
    }
}

/// `local@domain` in the plain form of RFC 5321 §4.1.2, with a dot in the domain.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_sound = (1..=64).contains(&local.len())
        && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    local_sound && text.len() <= 254 && domain.contains('.') && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn faults(change: impl FnOnce(&mut Campaign)) -> Vec<String> {
        let mut campaign = Campaign::twentieth_congress(Uuid::nil());
        change(&mut campaign);
        campaign.faults().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn the_default_campaign_has_no_fault() {
        assert_eq!(faults(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn each_broken_field_is_named() {
        type Change = fn(&mut Campaign);
        let cases: [(&str, Change); 28] = [
            ("theme", |campaign| campaign.theme = "  ".into()),
            ("theme", |campaign| campaign.theme = "题".repeat(201)),
            ("theme", |campaign| campaign.theme = "主\n题".into()),
            ("tag", |campaign| campaign.tag = String::new()),
            ("tag", |campaign| campaign.tag = "【征】".into()),
            ("tag", |campaign| campaign.tag = "征".repeat(51)),
            ("mailbox", |campaign| campaign.mailbox = "czzhengwen".into()),
            ("mailbox", |campaign| campaign.mailbox = "a b@163.com".into()),
            ("mailbox", |campaign| campaign.mailbox = "a@163..com".into()),
            ("mailbox", |campaign| campaign.mailbox = "a@b@".into()),
            ("deadline_day", |campaign| campaign.opens_day = NaiveDate::from_ymd_opt(2023, 4, 1).unwrap()),
            ("categories", |campaign| campaign.categories = vec!["类".into(); 51]),
            ("categories[1]", |campaign| campaign.categories[1].clear()),
            ("contacts", |campaign| campaign.contacts = vec![campaign.contacts[0].clone(); 51]),
            ("contacts[0].name", |campaign| campaign.contacts[0].name.clear()),
            ("contacts[1].phone", |campaign| campaign.contacts[1].phone.clear()),
            ("channels", |campaign| campaign.channels = vec!["微信".into(); 51]),
            ("channels[2]", |campaign| campaign.channels[2].clear()),
            ("templates[1]", |campaign| {
                let [kind, language, subject, body] = ["adopted", "zh", "主题", "正文"].map(str::to_owned);
                campaign.templates = vec![ReplyTemplate { kind, language, subject, body }; 2];
            }),
            ("rules[12]", |campaign| campaign.rules.push(campaign.rules[1].clone())),
            ("rules[0].severity", |campaign| campaign.rules[0].severity = Severity::Required),
            ("rules[1].severity", |campaign| campaign.rules[1].severity = Severity::Routes),
            ("rules[5].manuscript_present.body_characters_min", |campaign| {
                campaign.rules[5].check = Check::ManuscriptPresent { body_characters_min: 0 };
            }),
            ("rules[6].publicity_pictures.category", |campaign| {
                campaign.rules[6].check = Check::PublicityPictures { category: 4 };
            }),
            ("rules[7].video_duration.seconds_max", |campaign| {
                campaign.rules[7].check = Check::VideoDuration { seconds_max: 0, tolerance_ms: 0 };
            }),
            ("rules[8].video_size.bytes_max", |campaign| campaign.rules[8].check = Check::VideoSize { bytes_max: 0 }),
            ("rules[9].video_resolution.cropped_long_side_min", |campaign| {
                campaign.rules[9].check = Check::VideoResolution { short_side_min: 1080, cropped_long_side_min: 720 };
            }),
            ("rules[10].video_format.codec", |campaign| {
                campaign.rules[10].check = Check::VideoFormat { container: "mp4".into(), codec: String::new() };
            }),
        ];
        for (field, change) in cases {
            assert_eq!(faults(change), [field], "{field}");
        }
    }

    #[test]
    fn too_many_rules_are_named_once_and_the_rest_is_not_read() {
        let found = faults(|campaign| campaign.rules = vec![campaign.rules[1].clone(); 1000]);
        assert_eq!(found.iter().filter(|field| *field == "rules").count(), 1);
        assert_eq!(found.len(), ITEMS_MAX);
    }

    proptest! {
        #[test]
        fn any_tag_and_mailbox_are_answered(tag in any::<String>(), mailbox in any::<String>()) {
            let found = faults(|campaign| (campaign.tag, campaign.mailbox) = (tag.clone(), mailbox.clone()));
            prop_assert!(found.len() <= 2);
        }
    }
}
