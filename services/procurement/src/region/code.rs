//! Codes of divisions and the levels that their digits say.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::coded::coded;

/// A code of 6 digits (GB/T 2260), 9 (township) or 12 (village; GB/T 10114).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(String);

/// The text is not a region code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a region code: expected 6, 9 or 12 digits, without gaps between the levels")]
pub struct NotARegionCode;

impl RegionCode {
    /// The code of the nation, `000000`.
    #[must_use]
    pub fn nation() -> Self {
        Self("000000".to_owned())
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The level that the digits say.
    #[must_use]
    pub fn level(&self) -> Level {
        match (self.0.len(), &self.0[..2], &self.0[2..4], &self.0[4..6]) {
            (12, ..) => Level::Village,
            (9, ..) => Level::Township,
            (_, "00", ..) => Level::Nation,
            (_, _, "00", _) => Level::Province,
            (_, _, _, "00") => Level::City,
            _ => Level::County,
        }
    }

    /// The code one step up by its digits alone; a county directly under its province has none in a register there.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self.level() {
            Level::Nation => None,
            Level::Province => Some(Self::nation()),
            Level::City => Some(Self(format!("{}0000", &self.0[..2]))),
            Level::County => Some(Self(format!("{}00", &self.0[..4]))),
            Level::Township => Some(Self(self.0[..6].to_owned())),
            Level::Village => Some(Self(self.0[..9].to_owned())),
        }
    }

    /// Whether the other code lies inside this one (or is it) by its digits. Every code lies inside the nation.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let stem = match self.level() {
            Level::Nation => "",
            Level::Province => &self.0[..2],
            Level::City => &self.0[..4],
            Level::County | Level::Township | Level::Village => &self.0,
        };
        other.0.starts_with(stem)
    }
}

impl FromStr for RegionCode {
    type Err = NotARegionCode;

    fn from_str(text: &str) -> Result<Self, NotARegionCode> {
        if !matches!(text.len(), 6 | 9 | 12) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotARegionCode);
        }
        let (province, city, county) = (&text[..2], &text[2..4], &text[4..6]);
        let gap = (province == "00" && text != "000000") || (city == "00" && county != "00");
        let township_without_county = text.len() > 6 && county == "00" && city == "00";
        let empty_tail = (text.len() > 6 && &text[6..9] == "000") || (text.len() > 9 && &text[9..] == "000");
        if gap || township_without_county || empty_tail { Err(NotARegionCode) } else { Ok(Self(text.to_owned())) }
    }
}

impl TryFrom<String> for RegionCode {
    type Error = NotARegionCode;

    fn try_from(text: String) -> Result<Self, NotARegionCode> {
        text.parse()
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.0
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

coded! {
    /// Levels of division, from the widest.
    Level, "level of division":
    /// 全国
    Nation = "NATION" "全国",
    /// 省, 自治区, 直辖市, 特别行政区
    Province = "PROVINCE" "省级",
    /// 地级市, 地区, 自治州, 盟
    City = "CITY" "地级",
    /// 县, 市辖区, 县级市, 自治县
    County = "COUNTY" "县级",
    /// 乡, 镇, 街道
    Township = "TOWNSHIP" "乡级",
    /// 村, 社区
    Village = "VILLAGE" "村级",
}
