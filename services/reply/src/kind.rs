//! The letters that an author may get, stage by stage, and their languages.

use std::{fmt, str::FromStr};

use intake::{judgement::Verdict, review::Decision};
use serde::{Deserialize, Serialize};

/// Which letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 收稿回执: it was received, under this number.
    Acknowledgement,
    /// 补充通知: it was received, and this has to be sent still.
    Findings,
    /// 采用通知.
    Adopted,
    /// 退稿通知.
    Declined,
    /// 退修通知.
    RevisionAsked,
}

impl Kind {
    /// Every letter.
    pub const ALL: [Self; 5] =
        [Self::Acknowledgement, Self::Findings, Self::Adopted, Self::Declined, Self::RevisionAsked];

    /// The word used in tables, on the wire and in a `Message-ID`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Findings => "findings",
            Self::Adopted => "adopted",
            Self::Declined => "declined",
            Self::RevisionAsked => "revision_asked",
        }
    }

    /// The first letter after the judgement.
    #[must_use]
    pub fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Incomplete => Self::Findings,
            Verdict::Eligible | Verdict::Late | Verdict::Undetermined => Self::Acknowledgement,
        }
    }

    /// The letter that tells a decision.
    #[must_use]
    pub fn of_decision(decision: Decision) -> Self {
        match decision {
            Decision::Adopt => Self::Adopted,
            Decision::Decline => Self::Declined,
            Decision::AskRevision => Self::RevisionAsked,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| format!("no letter is called {text:?}"))
    }
}

/// The language of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The word used in tables and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// As `Content-Language` has it (RFC 3282).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == text)
            .ok_or_else(|| format!("no letter is written in {text:?}"))
    }
}
