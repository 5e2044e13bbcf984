//! Who buys and who delivers: purchasers, providers, the kinds the rules know, and what may be shown of a person.
//!
//! Source: 政府购买服务管理办法 (财政部令第102号) §5–§8, §18.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    coded::coded,
    credit_code::CreditCode,
    finding::{Finding, Findings, Outcome, Rule, Severities, Severity},
    region::RegionCode,
};

/// Longest name of a party, in characters.
pub const NAME_CHARS_MAX: usize = 200;

coded! {
    /// Kinds of providers (承接主体).
    ProviderKind, "kind of provider":
    /// 企业
    Enterprise = "ENTERPRISE" "企业",
    /// 社会机构 (law firms, notaries, appraisers and the like)
    SocialInstitution = "SOCIAL_INSTITUTION" "社会机构",
    /// 社会组织
    SocialOrganisation = "SOCIAL_ORGANISATION" "社会组织",
    /// 公益一类事业单位: barred (§8).
    PublicInstitutionOne = "PUBLIC_INSTITUTION_ONE" "公益一类事业单位",
    /// 公益二类事业单位
    PublicInstitutionTwo = "PUBLIC_INSTITUTION_TWO" "公益二类事业单位",
    /// 从事生产经营活动的事业单位
    PublicInstitutionCommercial = "PUBLIC_INSTITUTION_COMMERCIAL" "从事生产经营活动的事业单位",
    /// 使用事业编制且由财政拨款保障的群团组织: barred (§8).
    FundedMassOrganisation = "FUNDED_MASS_ORGANISATION" "使用事业编制且由财政拨款保障的群团组织",
    /// 农村集体经济组织
    VillageCollective = "VILLAGE_COLLECTIVE" "农村集体经济组织",
    /// 基层群众性自治组织
    GrassrootsSelfGovernment = "GRASSROOTS_SELF_GOVERNMENT" "基层群众性自治组织",
    /// 具备条件的个人
    Individual = "INDIVIDUAL" "个人",
}

impl ProviderKind {
    /// Whether the kind may neither buy nor deliver (102号令 §8).
    #[must_use]
    pub fn is_barred(self) -> bool {
        matches!(self, Self::PublicInstitutionOne | Self::FundedMassOrganisation)
    }

    /// Whether the kind is counted in the article's 企业及社会机构.
    #[must_use]
    pub fn is_enterprise_or_social_institution(self) -> bool {
        matches!(self, Self::Enterprise | Self::SocialInstitution)
    }
}

coded! {
    /// Kinds of purchasers (购买主体).
    PurchaserKind, "kind of purchaser":
    /// 国家机关 (§5).
    StateOrgan = "STATE_ORGAN" "国家机关",
    /// 承担行政职能的事业单位, by reference (§33).
    AdministrativeInstitution = "ADMINISTRATIVE_INSTITUTION" "承担行政职能的事业单位",
    /// 党的机关、政协、民主党派、群团, by reference.
    ByReference = "BY_REFERENCE" "参照执行单位",
}

/// A department or institution that buys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchaser {
    /// Its full name.
    pub name: PartyName,
    /// Its credit code, where it is known.
    pub credit_code: Option<CreditCode>,
    /// 预算单位编码, as the budget office writes it.
    pub budget_unit_code: Option<String>,
    /// Where it belongs.
    pub region: RegionCode,
    /// What it is.
    pub kind: PurchaserKind,
}

/// Who delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its full name; for a person only the masked form leaves this room.
    pub name: PartyName,
    /// Its credit code; a person has none.
    pub credit_code: Option<CreditCode>,
    /// What it is.
    pub kind: ProviderKind,
    /// What its registration says, as written (公证处, 民办非企业单位).
    pub registration_class: Option<String>,
    /// Where it is registered; never a ground for preferring it (政府采购法 §5).
    pub region: Option<RegionCode>,
}

/// A name of 1 to [`NAME_CHARS_MAX`] characters, trimmed, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartyName(String);

/// The text is empty, too long, or holds control characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to {NAME_CHARS_MAX} characters and no control characters")]
pub struct NotAName;

impl PartyName {
    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PartyName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let sound = (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if sound { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

impl TryFrom<String> for PartyName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<PartyName> for String {
    fn from(name: PartyName) -> Self {
        name.0
    }
}

impl Provider {
    /// The name as it may be shown: a person's is masked.
    #[must_use]
    pub fn shown_name(&self) -> String {
        if self.kind == ProviderKind::Individual { mask_name(self.name.as_str()) } else { self.name.0.clone() }
    }
}

/// 张*, 欧阳** : the family name (one character, two for the compound ones) and a star for each further character.
#[must_use]
pub fn mask_name(name: &str) -> String {
    const COMPOUND: [&str; 12] =
        ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "司徒", "夏侯"];
    // A mark in brackets before the name (【合成】) is no part of it and stays to be seen.
    if let Some(end) = name.strip_prefix('【').and_then(|rest| rest.find('】')) {
        let (mark, rest) = name.split_at('【'.len_utf8() + end + '】'.len_utf8());
        return format!("{mark}{}", mask_name(rest));
    }
    let chars = name.chars().count();
    let kept = if chars > 2 && COMPOUND.iter().any(|family| name.starts_with(family)) { 2 } else { 1 };
    name.chars().enumerate().map(|(index, c)| if index < kept && chars > 1 { c } else { '*' }).collect()
}

/// A resident identity number with everything but the first four and the last digit starred; anything else wholly starred.
#[must_use]
pub fn mask_identity_number(number: &str) -> String {
    let chars = number.chars().count();
    number
        .chars()
        .enumerate()
        .map(|(index, c)| if chars == 18 && (index < 4 || index == 17) { c } else { '*' })
        .collect()
}

/// A black mark with the days it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFlag {
    /// Which list.
    pub source: FlagSource,
    /// First civil day.
    pub from_day: NaiveDate,
    /// First civil day it no longer holds; `None`: still.
    pub to_day: Option<NaiveDate>,
}

coded! {
    /// Lists that bar a provider while it stands on them (政府采购法 §22; 财库〔2016〕125号).
    FlagSource, "source of a flag":
    /// 失信被执行人
    DishonestJudgmentDebtor = "DISHONEST_JUDGMENT_DEBTOR" "失信被执行人名单",
    /// 重大税收违法失信主体
    TaxViolation = "TAX_VIOLATION" "重大税收违法失信主体名单",
    /// 政府采购严重违法失信行为记录名单
    ProcurementViolation = "PROCUREMENT_VIOLATION" "政府采购严重违法失信行为记录名单",
}

impl ProviderFlag {
    /// Whether the mark holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from_day <= day && self.to_day.is_none_or(|to| day < to)
    }
}

/// 公益一类 and funded mass organisations neither buy nor deliver.
pub const PROVIDER_BARRED: Rule =
    Rule { code: "PROVIDER_KIND_BARRED", article: "财政部令第102号 §8", severity: Severity::Error };
/// The stated kind should be one that the credit code's prefix is given to.
pub const KIND_AGAINST_CODE: Rule =
    Rule { code: "PROVIDER_KIND_CONTRADICTS_USCC", article: "GB 32100-2015 表1", severity: Severity::Warning };
/// Nobody on a black list on the day.
pub const PROVIDER_FLAGGED: Rule =
    Rule { code: "PROVIDER_FLAGGED", article: "政府采购法 §22", severity: Severity::Error };

/// Whether a provider may be awarded on a day, and whether its papers agree with each other.
#[must_use]
pub fn check_provider(
    provider: &Provider,
    flags: &[ProviderFlag],
    on_day: NaiveDate,
    severities: &Severities,
) -> Vec<Finding> {
    let mut findings = Findings::under(severities);
    let kind = provider.kind;
    findings.judge(
        PROVIDER_BARRED,
        !kind.is_barred(),
        match kind.is_barred() {
            true => format!("{}不得作为购买主体和承接主体。", kind.chinese()),
            false => format!("{}可以作为承接主体。", kind.chinese()),
        },
    );
    match &provider.credit_code {
        None if kind == ProviderKind::Individual => {}
        None => findings.note(KIND_AGAINST_CODE, Outcome::Undetermined, "没有统一社会信用代码, 无法核对主体类型。"),
        Some(code) => {
            let class = code.registration_class().unwrap_or("未知类别");
            let sentence = format!("信用代码前两位 {} 为{class}, 登记的主体类型为{}。", code.prefix(), kind.chinese());
            let kinds = code.provider_kinds();
            let outcome = match (kinds.is_empty(), kinds.contains(&kind), code.registration_class()) {
                (false, true, _) => Outcome::Pass,
                // An organ of state or a union is no provider of any kind.
                (false, false, _) | (true, _, Some("机关" | "基层工会")) => Outcome::Fail,
                (true, ..) => Outcome::Undetermined,
            };
            findings.note(KIND_AGAINST_CODE, outcome, sentence);
        }
    }
    let held: Vec<&str> = flags.iter().filter(|flag| flag.holds_on(on_day)).map(|flag| flag.source.chinese()).collect();
    findings.judge(
        PROVIDER_FLAGGED,
        held.is_empty(),
        match held.is_empty() {
            true => format!("{on_day} 未列入失信名单。"),
            false => format!("{on_day} 列入{}。", held.join("、")),
        },
    );
    findings.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{credit_code, finding::is_clear};

    fn code(prefix: &str) -> CreditCode {
        let body = format!("{prefix}330106673959654");
        format!("{body}{}", credit_code::check(&body).unwrap()).parse().unwrap()
    }

    fn provider(kind: ProviderKind, credit_code: Option<CreditCode>) -> Provider {
        Provider { name: "某某".parse().unwrap(), credit_code, kind, registration_class: None, region: None }
    }

    #[test]
    fn the_stated_kind_is_held_against_the_codes_prefix_and_against_the_law() {
        use {Outcome::*, ProviderKind::*};
        //   kind, prefix, kind against code, clear
        for (kind, prefix, agrees, clear) in [
            (Enterprise, Some("91"), Some(Pass), true),
            (Enterprise, Some("51"), Some(Fail), true),
            (SocialOrganisation, Some("52"), Some(Pass), true),
            (SocialInstitution, Some("32"), Some(Pass), true),
            (PublicInstitutionOne, Some("12"), Some(Pass), false),
            (PublicInstitutionTwo, Some("12"), Some(Pass), true),
            (FundedMassOrganisation, Some("13"), Some(Pass), false),
            (Enterprise, Some("11"), Some(Fail), true),
            (Enterprise, Some("Y1"), Some(Undetermined), true),
            (VillageCollective, Some("N2"), Some(Pass), true),
            (Individual, None, None, true),
            (Enterprise, None, Some(Undetermined), true),
        ] {
            let findings = check_provider(
                &provider(kind, prefix.map(code)),
                &[],
                "2021-06-01".parse().unwrap(),
                &Severities::default(),
            );
            let found = findings.iter().find(|found| found.rule == KIND_AGAINST_CODE.code).map(|found| found.outcome);
            assert_eq!((found, is_clear(&findings)), (agrees, clear), "{kind:?} {prefix:?}");
        }
    }

    #[test]
    fn a_flag_holds_from_its_first_day_until_the_day_it_ends() {
        let flag = ProviderFlag {
            source: FlagSource::ProcurementViolation,
            from_day: "2021-03-01".parse().unwrap(),
            to_day: Some("2021-06-01".parse().unwrap()),
        };
        for (day, clear) in [("2021-02-28", true), ("2021-03-01", false), ("2021-05-31", false), ("2021-06-01", true)] {
            let subject = provider(ProviderKind::Enterprise, Some(code("91")));
            let findings =
                check_provider(&subject, std::slice::from_ref(&flag), day.parse().unwrap(), &Severities::default());
            assert_eq!(is_clear(&findings), clear, "{day}");
        }
    }

    #[test]
    fn a_person_is_shown_masked_and_an_enterprise_is_not() {
        for (name, masked) in [
            ("张三", "张*"),
            ("王小明", "王**"),
            ("欧阳修", "欧阳*"),
            ("欧阳", "欧*"),
            ("甲", "*"),
            ("【合成】王小明", "【合成】王**"),
            ("【王小明", "【***"),
            ("", ""),
        ] {
            assert_eq!(mask_name(name), masked);
        }
        assert_eq!(mask_identity_number("330106199001011234"), "3301*************4");
        assert_eq!(mask_identity_number("1234"), "****");
        assert_eq!(provider(ProviderKind::Individual, None).shown_name(), "某*");
        assert_eq!(provider(ProviderKind::Enterprise, None).shown_name(), "某某");
    }
}
