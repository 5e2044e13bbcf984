//! The unified social credit code (统一社会信用代码, GB 32100-2015) with both of its check digits.
//!
//! Eighteen symbols: department 1, class 1, region 6, organisation code 9 (GB 11714, with a check digit of its own), check 1.
//! The letters I, O, S, V, Z do not occur.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::party::ProviderKind;

const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
// 3^(i-1) mod 31 for the first 17 places (GB 32100-2015, 4.2).
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
// GB 11714-1997 for the first 8 places of the organisation code.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
const LENGTH: usize = 18;

/// A code whose form and both check digits are right. That it was ever given out, it does not say.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

/// Why a text is no credit code; places are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not 18 symbols.
    #[error("a credit code has 18 symbols, not {symbols}")]
    Length {
        /// How many there are.
        symbols: usize,
    },
    /// A symbol that never occurs.
    #[error("place {place} holds {symbol:?}, which never occurs in a credit code")]
    Symbol {
        /// Counted from 1.
        place: usize,
        /// What stands there.
        symbol: char,
    },
    /// A region place (3 to 8) that is not a digit.
    #[error("place {place} belongs to the region and holds {symbol:?}, not a digit")]
    Region {
        /// Counted from 1.
        place: usize,
        /// What stands there.
        symbol: char,
    },
    /// The organisation code's own check digit, place 17 (GB 11714).
    #[error("the organisation code's check digit at place 17 is {found:?} and should be {expected:?} (GB 11714)")]
    OrganisationCheck {
        /// What the eight places before it give.
        expected: char,
        /// What stands there.
        found: char,
    },
    /// The last check digit, place 18.
    #[error("the check digit at place 18 is {found:?} and should be {expected:?} (GB 32100-2015)")]
    Check {
        /// What the seventeen places before it give.
        expected: char,
        /// What stands there.
        found: char,
    },
}

impl Fault {
    /// The same in one Chinese sentence.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Self::Length { symbols } => format!("统一社会信用代码应有18位, 现有{symbols}位。"),
            Self::Symbol { place, symbol } => {
                format!("第{place}位为“{symbol}”, 统一社会信用代码不使用这个字符。")
            }
            Self::Region { place, symbol } => {
                format!("第{place}位为“{symbol}”, 第3至8位为登记管理机关行政区划码, 应为数字。")
            }
            Self::OrganisationCheck { expected, found } => {
                format!("第17位为“{found}”, 按 GB 11714 计算, 组织机构代码的校验码应为“{expected}”。")
            }
            Self::Check { expected, found } => {
                format!("第18位为“{found}”, 按 GB 32100-2015 计算, 校验码应为“{expected}”。")
            }
        }
    }

    /// The wrong place, counted from 1; none for a wrong length.
    #[must_use]
    pub fn place(&self) -> Option<usize> {
        match self {
            Self::Length { .. } => None,
            Self::Symbol { place, .. } | Self::Region { place, .. } => Some(*place),
            Self::OrganisationCheck { .. } => Some(17),
            Self::Check { .. } => Some(18),
        }
    }
}

impl CreditCode {
    /// The 18 symbols.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Department and class, `91` for an enterprise.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0[..2]
    }

    /// The six digits of the registering office's region; an old code may no longer be in force.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.0[2..8]
    }

    /// The nine symbols of the organisation code.
    #[must_use]
    pub fn organisation_code(&self) -> &str {
        &self.0[8..17]
    }

    /// Who gave the code out and to what, in Chinese; `None` for prefixes we do not know.
    #[must_use]
    pub fn registration_class(&self) -> Option<&'static str> {
        class(self.prefix()).map(|(_, name, _)| *name)
    }

    /// The kinds of provider that carry this prefix; empty where the prefix says nothing.
    #[must_use]
    pub fn provider_kinds(&self) -> &'static [ProviderKind] {
        class(self.prefix()).map_or(&[], |(_, _, kinds)| kinds)
    }
}

type Class = (&'static str, &'static str, &'static [ProviderKind]);

// GB 32100-2015 table 1; 54 and 55 as the civil-affairs offices use them.
const CLASSES: &[Class] = {
    use ProviderKind as K;
    &[
        ("11", "机关", &[]),
        ("12", "事业单位", &[K::PublicInstitutionOne, K::PublicInstitutionTwo, K::PublicInstitutionCommercial]),
        ("13", "编办直接管理机构编制的群众团体", &[K::FundedMassOrganisation]),
        ("19", "编办登记的其他机构", &[]),
        ("31", "律师执业机构", &[K::SocialInstitution]),
        ("32", "公证处", &[K::SocialInstitution, K::PublicInstitutionTwo]),
        ("33", "基层法律服务所", &[K::SocialInstitution]),
        ("34", "司法鉴定机构", &[K::SocialInstitution]),
        ("35", "仲裁委员会", &[K::SocialInstitution, K::PublicInstitutionTwo]),
        ("39", "司法行政登记的其他机构", &[K::SocialInstitution]),
        ("51", "社会团体", &[K::SocialOrganisation]),
        ("52", "民办非企业单位", &[K::SocialOrganisation]),
        ("53", "基金会", &[K::SocialOrganisation]),
        ("54", "基层群众性自治组织", &[K::GrassrootsSelfGovernment]),
        ("55", "基层群众性自治组织", &[K::GrassrootsSelfGovernment]),
        ("81", "基层工会", &[]),
        ("91", "企业", &[K::Enterprise]),
        ("92", "个体工商户", &[K::Enterprise, K::Individual]),
        ("93", "农民专业合作社", &[K::Enterprise]),
        ("A1", "军队事业单位", &[]),
        ("N1", "组级集体经济组织", &[K::VillageCollective]),
        ("N2", "村级集体经济组织", &[K::VillageCollective]),
        ("N3", "乡镇级集体经济组织", &[K::VillageCollective]),
        ("Y1", "其他", &[]),
    ]
};

fn class(prefix: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|(of, ..)| *of == prefix)
}

fn value(symbol: u8) -> Option<u32> {
    SYMBOLS.iter().position(|of| *of == symbol).and_then(|at| u32::try_from(at).ok())
}

/// The check digit of an organisation code's first eight symbols (GB 11714); `None` unless they are eight of `0-9A-Z`.
#[must_use]
pub fn organisation_check(body: &str) -> Option<char> {
    if body.len() != ORGANISATION_WEIGHTS.len() {
        return None;
    }
    // Here A is 10 and Z is 35: the older standard leaves no letter out.
    let sum = body.chars().zip(ORGANISATION_WEIGHTS).try_fold(0, |sum, (symbol, weight)| {
        (!symbol.is_ascii_lowercase()).then(|| symbol.to_digit(36)).flatten().map(|value| sum + value * weight)
    })?;
    Some(match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10)?,
    })
}

/// The check digit of a credit code's first seventeen symbols (GB 32100-2015); `None` unless they are seventeen of its 31.
#[must_use]
pub fn check(body: &str) -> Option<char> {
    if body.len() != WEIGHTS.len() {
        return None;
    }
    let sum = body.bytes().zip(WEIGHTS).try_fold(0, |sum, (symbol, weight)| Some(sum + value(symbol)? * weight))?;
    SYMBOLS.get(((31 - sum % 31) % 31) as usize).map(|symbol| char::from(*symbol))
}

impl FromStr for CreditCode {
    type Err = Fault;

    /// Reads a code in upper or lower case, without inner spaces.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let symbols = text.chars().count();
        if symbols != LENGTH {
            return Err(Fault::Length { symbols });
        }
        let upper = text.to_ascii_uppercase();
        for (index, symbol) in upper.chars().enumerate() {
            let place = index + 1;
            if !symbol.is_ascii() || value(symbol as u8).is_none() {
                return Err(Fault::Symbol { place, symbol });
            }
            if (3..=8).contains(&place) && !symbol.is_ascii_digit() {
                return Err(Fault::Region { place, symbol });
            }
        }
        let nth = |place: usize| char::from(upper.as_bytes()[place - 1]);
        match organisation_check(&upper[8..16]) {
            Some(expected) if expected != nth(17) => {
                return Err(Fault::OrganisationCheck { expected, found: nth(17) });
            }
            _ => {}
        }
        match check(&upper[..17]) {
            Some(expected) if expected != nth(18) => Err(Fault::Check { expected, found: nth(18) }),
            _ => Ok(Self(upper)),
        }
    }
}

impl TryFrom<String> for CreditCode {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        text.parse()
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> Self {
        code.0
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_standards_example_and_real_codes_are_read() {
        for (text, prefix, class) in [
            ("91350100M000100Y43", "91", "企业"),
            ("91330106673959654P", "91", "企业"),
            ("91440300708461136T", "91", "企业"),
            ("91110000802100433B", "91", "企业"),
            ("91330106673959654p", "91", "企业"),
        ] {
            let code: CreditCode = text.parse().unwrap();
            assert_eq!((code.prefix(), code.registration_class()), (prefix, Some(class)), "{text}");
            assert_eq!(code.as_str(), text.to_uppercase());
        }
        let code: CreditCode = "91330106673959654P".parse().unwrap();
        assert_eq!((code.region(), code.organisation_code()), ("330106", "673959654"));
        assert_eq!(code.provider_kinds(), [ProviderKind::Enterprise]);
    }

    #[test]
    fn a_refusal_says_which_place_and_which_check() {
        for (text, fault) in [
            ("", Fault::Length { symbols: 0 }),
            ("9133010667395965", Fault::Length { symbols: 16 }),
            ("９１330106673959654P", Fault::Symbol { place: 1, symbol: '９' }),
            ("91330106673I59654P", Fault::Symbol { place: 12, symbol: 'I' }),
            ("91330106673O59654P", Fault::Symbol { place: 12, symbol: 'O' }),
            ("9133A106673959654P", Fault::Region { place: 5, symbol: 'A' }),
            ("91330106673959655P", Fault::OrganisationCheck { expected: '4', found: '5' }),
            ("91330106673959654R", Fault::Check { expected: 'P', found: 'R' }),
            ("91330107673959654P", Fault::Check { expected: '6', found: 'P' }),
        ] {
            let place = fault.place().map(|place| format!("第{place}位"));
            assert!(fault.chinese().starts_with(place.as_deref().unwrap_or("统一社会信用代码应有18位")), "{fault}");
            assert_eq!(text.parse::<CreditCode>(), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_symbol_is_always_found(place in 0usize..18, symbol in 0usize..31) {
            let right = "91330106673959654P";
            let mut wrong = right.as_bytes().to_vec();
            wrong[place] = SYMBOLS[symbol];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(wrong.parse::<CreditCode>().is_ok(), wrong == right);
        }

        #[test]
        fn a_code_made_with_both_checks_is_read(body in "91[0-9]{6}[0-9A-HJ-NPQRTUWXY]{8}") {
            let body = format!("{body}{}", organisation_check(&body[8..]).unwrap());
            let whole = format!("{body}{}", check(&body).unwrap());
            prop_assert!(whole.parse::<CreditCode>().is_ok());
        }

        #[test]
        fn no_text_is_a_panic(text in ".{0,24}") {
            let _ = text.parse::<CreditCode>();
        }
    }
}
