//! One purchased service in one year, and what the rules say of it.

use std::{fmt, str::FromStr};

use crate::{
    catalogue::{Depth, Edition, ItemUid, ServiceKind},
    coded::coded,
    error::Error,
    finding::{Finding, Findings, Outcome, Rule, Severity},
    money::Fen,
    party::{PartyName, ProviderKind},
    region::RegionCode,
    settings::RuleSettings,
};

/// Longest project or contract number, in characters.
pub const NUMBER_CHARS_MAX: usize = 100;
/// Fiscal years that a project may name.
pub const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// A project's or contract's number as its bureau writes it: 1 to 100 characters, no blanks, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileNo(String);

impl FileNo {
    /// The number itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileNo {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let sound = (1..=NUMBER_CHARS_MAX).contains(&text.chars().count())
            && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::malformed("number", text, "must have 1 to 100 characters and no blanks"))
        }
    }
}

impl fmt::Display for FileNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

coded! {
    /// How a provider is found (采购方式; 政府采购法 §26 and what the ministry added under it).
    ProcurementMethod, "procurement method":
    /// 公开招标
    OpenTender = "OPEN_TENDER" "公开招标",
    /// 邀请招标
    InvitedTender = "INVITED_TENDER" "邀请招标",
    /// 竞争性谈判
    CompetitiveNegotiation = "COMPETITIVE_NEGOTIATION" "竞争性谈判",
    /// 竞争性磋商 (财库〔2014〕214号)
    CompetitiveConsultation = "COMPETITIVE_CONSULTATION" "竞争性磋商",
    /// 询价
    Inquiry = "INQUIRY" "询价",
    /// 单一来源采购
    SingleSource = "SINGLE_SOURCE" "单一来源",
    /// 框架协议采购 (财政部令第110号)
    FrameworkAgreement = "FRAMEWORK_AGREEMENT" "框架协议",
    /// Whatever the record's own words say.
    Other = "OTHER" "其他",
}

impl ProcurementMethod {
    /// Reads a record's words; what is none of the known ones is `Other`, and the words are kept beside it.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let bare = text.strip_suffix("采购").unwrap_or(text);
        Self::ALL.iter().copied().find(|method| method.chinese() == bare).unwrap_or(Self::Other)
    }
}

coded! {
    /// 集中采购 or 分散采购.
    OrganisationForm, "form of organisation":
    /// 集中采购
    Central = "CENTRAL" "集中采购",
    /// 分散采购
    Dispersed = "DISPERSED" "分散采购",
}

/// One purchased service in one fiscal year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Unique for its purchaser.
    pub project_no: FileNo,
    /// What it is called.
    pub name: PartyName,
    /// What is bought, in more words; may be empty.
    pub description: String,
    /// The fiscal (calendar) year.
    pub year: i32,
    /// Where.
    pub region: RegionCode,
    /// The catalogue's item; `None`: outside the catalogue.
    pub item: Option<ItemUid>,
    /// The finance department's consent to buy outside the catalogue.
    pub approval_ref: Option<String>,
    /// Which kind of service.
    pub service_kind: ServiceKind,
    /// How the provider was found.
    pub method: ProcurementMethod,
    /// How it was found, in the record's own words (竞争择优方式).
    pub method_text: String,
    /// Who ran the purchase.
    pub form: Option<OrganisationForm>,
    /// Planned; `None`: nobody says.
    pub budget: Option<Fen>,
    /// Settled (决算), once it is.
    pub settlement: Option<Fen>,
    /// Why a person and not an organisation delivers, where one does.
    pub individual_reason: Option<String>,
}

/// Money is planned before anything is bought.
pub const BUDGETED: Rule =
    Rule {
        code: "PROJECT_BUDGETED", article: "财政部令第102号 §3, 财预〔2017〕87号", severity: Severity::Error
    };
/// What is bought stands in the catalogue of its year, or the finance department consented.
pub const IN_CATALOGUE: Rule = Rule {
    code: "PROJECT_IN_CATALOGUE",
    article: "财政部令第102号 §11–§13, 财预〔2017〕87号",
    severity: Severity::Warning,
};
/// The project's kind of service is its item's.
pub const SERVICE_KIND: Rule =
    Rule { code: "PROJECT_SERVICE_KIND", article: "财政部令第102号 §9", severity: Severity::Warning };
/// No word of what may not be bought as a service. A word is a reason to look, not a verdict.
pub const NEGATIVE_LIST: Rule =
    Rule { code: "PROJECT_NEGATIVE_LIST", article: "财政部令第102号 §10", severity: Severity::Warning };
/// A person delivers only where that is truly fitting, never as hidden employment.
pub const INDIVIDUAL: Rule =
    Rule { code: "PROJECT_INDIVIDUAL", article: "财政部令第102号 §18", severity: Severity::Warning };
/// The year is one that can be.
pub const YEAR: Rule = Rule { code: "PROJECT_YEAR", article: "预算法 §18", severity: Severity::Error };

/// What the rules say of a project. `edition` is the catalogue in force in its year, as far as one is known.
#[must_use]
pub fn check_project(
    project: &Project,
    edition: Option<&Edition>,
    provider_kinds: &[ProviderKind],
    settings: &RuleSettings,
) -> Vec<Finding> {
    let mut findings = Findings::under(&settings.severities);
    findings.judge(YEAR, YEARS.contains(&project.year), format!("预算年度为{}年。", project.year));
    match project.budget {
        None => findings.note(BUDGETED, Outcome::Undetermined, "没有预算金额。"),
        Some(budget) => findings.judge(BUDGETED, budget > Fen::ZERO, format!("预算金额为{budget}。")),
    }
    in_catalogue(project, edition, &mut findings);
    let text = format!("{} {}", project.name.as_str(), project.description);
    let hits: Vec<String> = settings
        .negative_words
        .iter()
        .filter_map(|entry| {
            let words: Vec<&str> = entry.words.iter().map(String::as_str).filter(|word| text.contains(word)).collect();
            (!words.is_empty()).then(|| format!("“{}”指向{}", words.join("”“"), entry.exclusion))
        })
        .collect();
    findings.judge(
        NEGATIVE_LIST,
        hits.is_empty(),
        match hits.is_empty() {
            true => "名称和内容不含负面清单的字词。".to_owned(),
            false => format!("{}, 请核实。", hits.join("; ")),
        },
    );
    if provider_kinds.contains(&ProviderKind::Individual) {
        let reason = project.individual_reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        findings.judge(
            INDIVIDUAL,
            reason.is_some(),
            match reason {
                Some(reason) => format!("由个人承接, 理由: {reason}。"),
                None => "由个人承接, 没有说明适宜由个人承接的理由; 不得变相用工。".to_owned(),
            },
        );
    }
    findings.finish()
}

fn in_catalogue(project: &Project, edition: Option<&Edition>, findings: &mut Findings<'_>) {
    let approved = project.approval_ref.as_deref().is_some_and(|reference| !reference.trim().is_empty());
    let line = project.item.as_ref().and_then(|uid| edition.and_then(|edition| edition.get(uid)));
    match (&project.item, edition, line) {
        (None, ..) if approved => findings.note(IN_CATALOGUE, Outcome::Pass, "目录以外的事项, 已报财政部门审核备案。"),
        (None, ..) => findings.note(IN_CATALOGUE, Outcome::Fail, "未纳入指导性目录, 也没有财政部门的审核备案。"),
        (Some(_), None, _) => {
            findings.note(IN_CATALOGUE, Outcome::Undetermined, format!("没有{}年适用的指导性目录。", project.year));
        }
        (Some(uid), Some(edition), None) => {
            let sentence = format!("{}年指导性目录中没有{uid}。", edition.year());
            findings.note(IN_CATALOGUE, if approved { Outcome::Pass } else { Outcome::Fail }, sentence);
        }
        (Some(_), Some(edition), Some(line)) => {
            let path = edition.path(&line.uid).join("—");
            findings.judge(
                IN_CATALOGUE,
                line.depth == Depth::Item,
                format!("{}年指导性目录: {path} ({})。", edition.year(), line.depth.name()),
            );
            findings.judge(
                SERVICE_KIND,
                line.service_kind == project.service_kind,
                format!("项目为{}, 目录所列为{}。", project.service_kind.chinese(), line.service_kind.chinese()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::small;

    fn project() -> Project {
        Project {
            project_no: "330110-2021-001".parse().unwrap(),
            name: "网络投诉件辅助处理服务".parse().unwrap(),
            description: String::new(),
            year: 2021,
            region: "330110".parse().unwrap(),
            item: Some("a11".parse().unwrap()),
            approval_ref: None,
            service_kind: ServiceKind::Public,
            method: ProcurementMethod::OpenTender,
            method_text: "公开招标".to_owned(),
            form: None,
            budget: Some(Fen::new(1)),
            settlement: None,
            individual_reason: None,
        }
    }

    type Edit = fn(&mut Project);

    #[test]
    fn each_rule_is_kept_and_broken() {
        use Outcome::{Fail, Pass, Undetermined};
        let edition = Edition::with_items(2021, 1, small()).unwrap();
        let cases: [(&str, Edit, Option<Outcome>); 16] = [
            ("PROJECT_BUDGETED", |_| {}, Some(Pass)),
            ("PROJECT_BUDGETED", |p| p.budget = Some(Fen::ZERO), Some(Fail)),
            ("PROJECT_BUDGETED", |p| p.budget = None, Some(Undetermined)),
            ("PROJECT_IN_CATALOGUE", |_| {}, Some(Pass)),
            ("PROJECT_IN_CATALOGUE", |p| p.item = Some("a1".parse().unwrap()), Some(Fail)),
            ("PROJECT_IN_CATALOGUE", |p| p.item = Some("nowhere".parse().unwrap()), Some(Fail)),
            ("PROJECT_IN_CATALOGUE", |p| p.item = None, Some(Fail)),
            (
                "PROJECT_IN_CATALOGUE",
                |p| {
                    p.item = None;
                    p.approval_ref = Some("浙财1号".to_owned())
                },
                Some(Pass),
            ),
            (
                "PROJECT_IN_CATALOGUE",
                |p| {
                    p.item = None;
                    p.approval_ref = Some(" ".to_owned())
                },
                Some(Fail),
            ),
            ("PROJECT_SERVICE_KIND", |p| p.service_kind = ServiceKind::Auxiliary, Some(Fail)),
            ("PROJECT_SERVICE_KIND", |p| p.item = None, None),
            ("PROJECT_NEGATIVE_LIST", |_| {}, Some(Pass)),
            ("PROJECT_NEGATIVE_LIST", |p| p.description = "以劳务派遣方式补充窗口人员".to_owned(), Some(Fail)),
            ("PROJECT_NEGATIVE_LIST", |p| p.name = "道路改建工程施工".parse().unwrap(), Some(Fail)),
            ("PROJECT_YEAR", |p| p.year = 21, Some(Fail)),
            ("PROJECT_INDIVIDUAL", |_| {}, None),
        ];
        for (rule, edit, expected) in cases {
            let mut subject = project();
            edit(&mut subject);
            let findings =
                check_project(&subject, Some(&edition), &[ProviderKind::Enterprise], &RuleSettings::default());
            assert_eq!(
                findings.iter().find(|found| found.rule == rule).map(|found| found.outcome),
                expected,
                "{rule} {subject:?}"
            );
        }
        let unknown = check_project(&project(), None, &[], &RuleSettings::default());
        assert!(unknown.iter().any(|found| found.rule == IN_CATALOGUE.code && found.outcome == Undetermined));
    }

    #[test]
    fn a_person_needs_a_reason_and_a_rule_can_be_turned_off() {
        let mut subject = project();
        let mut settings = RuleSettings::default();
        let outcome = |subject: &Project, settings: &RuleSettings| {
            check_project(subject, None, &[ProviderKind::Individual], settings)
                .into_iter()
                .find(|found| found.rule == INDIVIDUAL.code)
                .map(|found| (found.outcome, found.severity))
        };
        assert_eq!(outcome(&subject, &settings), Some((Outcome::Fail, Severity::Warning)));
        subject.individual_reason = Some("非遗传承人授课".to_owned());
        assert_eq!(outcome(&subject, &settings), Some((Outcome::Pass, Severity::Warning)));
        settings.severities.0.insert(INDIVIDUAL.code.to_owned(), Severity::Error);
        assert_eq!(outcome(&subject, &settings), Some((Outcome::Pass, Severity::Error)));
        settings.severities.0.insert(INDIVIDUAL.code.to_owned(), Severity::Off);
        assert_eq!(outcome(&subject, &settings), None);
    }

    #[test]
    fn methods_and_numbers_are_read_as_written() {
        for (text, method) in [
            ("公开招标", ProcurementMethod::OpenTender),
            (" 竞争性磋商 ", ProcurementMethod::CompetitiveConsultation),
            ("单一来源采购", ProcurementMethod::SingleSource),
            ("竞争择优方式", ProcurementMethod::Other),
            ("", ProcurementMethod::Other),
        ] {
            assert_eq!(ProcurementMethod::read(text), method, "{text}");
        }
        for (text, sound) in
            [("浙财采监[2021]1号", true), ("", false), ("a b", false), ("a\u{7}", false), (&"9".repeat(101), false)]
        {
            assert_eq!(text.parse::<FileNo>().is_ok(), sound, "{text}");
        }
    }
}
