//! A campaign (征稿) as data: its theme, tag, days and the rules that an editor may change without a release.

mod fault;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use stdx::beijing;
use uuid::Uuid;

use crate::{
    finding::{RuleCode, Severity},
    review::Settings,
};

pub use fault::FieldFault;

/// A call for manuscripts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its identity.
    pub id: Uuid,
    /// Counts its changes from 1; a judgement names the revision that it used.
    pub revision: u32,
    /// 主题.
    pub theme: String,
    /// What the subject must hold: 主题征稿.
    pub tag: String,
    /// The address that manuscripts go to.
    pub mailbox: String,
    /// 征稿内容, numbered from 1 in their order.
    pub categories: Vec<String>,
    /// First day in Beijing.
    pub opens_day: NaiveDate,
    /// Last day in Beijing, inclusive (截止日期).
    pub deadline_day: NaiveDate,
    /// Who answers questions.
    pub contacts: Vec<CampaignContact>,
    /// Where manuscripts may appear: 杂志, 微信, 视频号.
    pub channels: Vec<String>,
    /// The rules in force; a rule that is not listed is not checked.
    pub rules: Vec<Rule>,
    /// How its submissions are reviewed; what was kept before there were reviews gets 三审制. Its channels are those of the
    /// campaign and stay empty here: [`Campaign::review_settings`].
    #[serde(default)]
    pub review: Settings,
    /// Its own words for letters to authors; none where it is content with those that ship.
    #[serde(default)]
    pub templates: Vec<ReplyTemplate>,
    /// Days after the deadline, or after a later receipt, from which manuscripts that were not adopted are erased; 0 keeps
    /// them (PIPL 19).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retention_days: u32,
}

fn is_zero(days: &u32) -> bool {
    *days == 0
}

/// A campaign's words for a letter, as an editor wrote them. What they mean is known to the room that writes letters; here
/// they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTemplate {
    /// Of which letter: `acknowledgement`, `findings`, `adopted`, `declined`, `revision_asked`.
    pub kind: String,
    /// In which language: `zh`, `en`.
    pub language: String,
    /// The subject, with named places.
    pub subject: String,
    /// The body, with named places.
    pub body: String,
}

/// A contact of the campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignContact {
    /// Name.
    pub name: String,
    /// Phone.
    pub phone: String,
}

/// A rule of a campaign: what is measured, against which limit, and what a failure means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// What a failure means.
    pub severity: Severity,
    /// The measure with its limits.
    pub check: Check,
}

/// The measures that rules may use, each with its own limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "check", rename_all = "kebab-case")]
pub enum Check {
    /// The decoded subject holds the campaign's tag.
    SubjectTag,
    /// The server's receipt time lies before the end of the deadline day.
    Deadline,
    /// A person's name is found.
    ContactName,
    /// An organisation (工作单位) is found.
    ContactOrganisation,
    /// A phone or a mail address is found.
    ContactDetails,
    /// At least one text or video manuscript is there.
    ManuscriptPresent {
        /// 字数 from which a bare body counts as the manuscript.
        body_characters_min: u64,
    },
    /// A text of the named category comes with pictures.
    PublicityPictures {
        /// Number of the category, from 1.
        category: u32,
    },
    /// A video is not longer than this.
    VideoDuration {
        /// Limit in seconds.
        seconds_max: u32,
        /// Tolerance in milliseconds for container rounding.
        tolerance_ms: u32,
    },
    /// A decoded video file is not larger than this.
    VideoSize {
        /// Limit in bytes.
        bytes_max: u64,
    },
    /// The displayed picture is large enough.
    VideoResolution {
        /// Least pixels of the displayed short side.
        short_side_min: u32,
        /// Long side from which a shorter short side is only advice (cropped picture).
        cropped_long_side_min: u32,
    },
    /// The file is of this container and codec.
    VideoFormat {
        /// Such as `mp4`.
        container: String,
        /// Such as `h264`.
        codec: String,
    },
    /// An introduction to the video is in the body or in a document.
    VideoSynopsis {
        /// 字数 that an introduction has at least.
        characters_min: u64,
    },
}

impl Check {
    /// The rule's stable name.
    #[must_use]
    pub fn code(&self) -> RuleCode {
        match self {
            Self::SubjectTag => RuleCode::SubjectTag,
            Self::Deadline => RuleCode::Deadline,
            Self::ContactName => RuleCode::ContactName,
            Self::ContactOrganisation => RuleCode::ContactOrganisation,
            Self::ContactDetails => RuleCode::ContactDetails,
            Self::ManuscriptPresent { .. } => RuleCode::ManuscriptPresent,
            Self::PublicityPictures { .. } => RuleCode::PublicityPictures,
            Self::VideoDuration { .. } => RuleCode::VideoDuration,
            Self::VideoSize { .. } => RuleCode::VideoSize,
            Self::VideoResolution { .. } => RuleCode::VideoResolution,
            Self::VideoFormat { .. } => RuleCode::VideoFormat,
            Self::VideoSynopsis { .. } => RuleCode::VideoSynopsis,
        }
    }
}

impl Campaign {
    /// The instant from which a mail is late: the midnight in Beijing that ends the deadline day.
    #[must_use]
    pub fn late_from(&self) -> DateTime<Utc> {
        beijing::day_end(self.deadline_day)
    }

    /// How its submissions are reviewed, with its channels.
    #[must_use]
    pub fn review_settings(&self) -> Settings {
        Settings { channels: self.channels.clone(), ..self.review.clone() }
    }

    /// The campaign of the call in 《中国财政》 (征稿启事, 二十大), which ships as the default. The call names no first
    /// day (金秋十月, 即日起); 2022-10-01 is assumed.
    #[must_use]
    pub fn twentieth_congress(id: Uuid) -> Self {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar");
        let rule = |severity, check| Rule { severity, check };
        use Severity::{Advice, Required, Routes};
        Self {
            id,
            revision: 1,
            theme: "深入学习宣传贯彻党的二十大精神".into(),
            tag: "主题征稿".into(),
            mailbox: "czzhengwen@163.com".into(),
            categories: vec![
                "对财政工作如何贯彻党的二十大精神的重要精神和重要部署的系统、深入、创新性研究".into(),
                "各级财政部门学习宣传贯彻党的二十大精神的做法和成效".into(),
                "广大财政干部立足本职岗位学习宣传贯彻党的二十大精神的心得体会".into(),
            ],
            opens_day: day(2022, 10, 1),
            deadline_day: day(2023, 3, 31),
            contacts: vec![
                CampaignContact { name: "张小莉".into(), phone: "010-88227050".into() },
                CampaignContact { name: "吕怡慧".into(), phone: "010-88227055".into() },
            ],
            channels: vec!["杂志".into(), "微信".into(), "视频号".into()],
            rules: vec![
                rule(Routes, Check::SubjectTag),
                rule(Required, Check::Deadline),
                rule(Required, Check::ContactName),
                rule(Required, Check::ContactOrganisation),
                rule(Required, Check::ContactDetails),
                rule(Required, Check::ManuscriptPresent { body_characters_min: 500 }),
                rule(Advice, Check::PublicityPictures { category: 2 }),
                rule(Required, Check::VideoDuration { seconds_max: 300, tolerance_ms: 1000 }),
                rule(Advice, Check::VideoSize { bytes_max: 500 * 1024 * 1024 }),
                rule(Required, Check::VideoResolution { short_side_min: 1080, cropped_long_side_min: 1920 }),
                rule(Advice, Check::VideoFormat { container: "mp4".into(), codec: "h264".into() }),
                rule(Required, Check::VideoSynopsis { characters_min: 15 }),
            ],
            review: Settings::default(),
            templates: Vec::new(),
            retention_days: 0,
        }
    }
}
