//! Made-up registers whose totals are the published ones to the fen: for demonstrations, trials and measurements.
//!
//! Nothing here is real. Every name begins with [`MARK`], every number with `SYN-`, and the credit codes name region 339999,
//! which does not exist. A record is a function of seed and number, so a province's year streams in constant memory.

mod catalogue;
mod dice;

use std::ops::Range;

use chrono::{Days, Months, NaiveDate};

pub use self::catalogue::edition;
use self::dice::{Dice, Permutation};
use crate::{
    catalogue::{Depth, ItemUid, ServiceKind},
    contract::{Contract, Part, Payment, Share},
    credit_code::{self, CreditCode},
    error::Error,
    money::Fen,
    party::{PartyName, Provider, ProviderKind, Purchaser, PurchaserKind},
    project::{OrganisationForm, ProcurementMethod, Project},
    region::{Level, RegionCode, RegisterOfRegions, year_end},
    workday::WorkdayCalendar,
};

/// What every made-up name begins with.
pub const MARK: &str = "【合成】";
/// The regions and years that have a plan: those whose totals the article publishes.
pub const PUBLISHED: [(&str, i32); 2] = [("330000", 2015), ("330000", 2021)];
/// Most projects of a plan.
pub const PROJECTS_MAX: u64 = 20_000_000;
// Amounts are whole hundreds of yuan.
const STEP_FEN: i64 = 100 * 100;
const DEPARTMENTS: [&str; 12] = [
    "民政局",
    "教育局",
    "卫生健康局",
    "人力资源和社会保障局",
    "农业农村局",
    "生态环境局",
    "住房和城乡建设局",
    "文化广电旅游局",
    "司法局",
    "市场监督管理局",
    "交通运输局",
    "科学技术局",
];

/// How much there is to be of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The region whose own level and whose divisions buy.
    pub region: RegionCode,
    /// The fiscal year.
    pub year: i32,
    /// The same seed makes the same registers.
    pub seed: u64,
    /// Projects; each has one contract with one provider.
    pub projects: u64,
    /// The settlements of all projects together: whole hundreds of yuan, at least one a project.
    pub settlement: Fen,
    /// Projects of 公共服务 among them.
    pub public_projects: u64,
    /// Contracts with 企业 or 社会机构 among them.
    pub market_contracts: u64,
}

impl Plan {
    /// The plan whose totals the article on Zhejiang publishes: 2021 and 2015. `None` for all others.
    ///
    /// 2021: 34,463 projects, 321.70 亿元, 69.4 % public services (read as a share of the projects), 81.4 % enterprises and
    /// social institutions (read as a share of the contracts). For 2015 the article gives 9,699 projects and 84 亿元 alone;
    /// its two shares are our assumption.
    #[must_use]
    pub fn published(region: &RegionCode, year: i32, seed: u64) -> Option<Self> {
        let (projects, yuan, public_permille, market_permille) = match (region.as_str(), year) {
            ("330000", 2021) => (34_463, 32_170_000_000, 694, 814),
            ("330000", 2015) => (9_699, 8_400_000_000, 600, 700),
            _ => return None,
        };
        Some(Self {
            region: region.clone(),
            year,
            seed,
            projects,
            settlement: Fen::new(yuan * 100),
            public_projects: share(projects, public_permille),
            market_contracts: share(projects, market_permille),
        })
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |reason: &str| Err(Error::malformed("plan", &format!("{self:?}"), reason));
        let steps = self.settlement.get() / STEP_FEN;
        match () {
            () if !(1..=PROJECTS_MAX).contains(&self.projects) => wrong("has no projects or too many"),
            () if self.settlement.get() % STEP_FEN != 0 => wrong("must settle whole hundreds of yuan"),
            () if u64::try_from(steps).is_ok_and(|steps| steps / self.projects > 0) => {
                match self.public_projects.max(self.market_contracts) <= self.projects {
                    true => Ok(()),
                    false => wrong("has shares above the whole"),
                }
            }
            () => wrong("must settle at least a hundred yuan a project"),
        }
    }
}

// The whole number nearest to so many thousandths.
fn share(of: u64, permille: u64) -> u64 {
    (of * permille + 500) / 1000
}

/// One made-up project with all that hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// From 0.
    pub number: u64,
    /// Who buys.
    pub purchaser: Purchaser,
    /// Who delivers; the same name is the same provider.
    pub provider: Provider,
    /// What is bought.
    pub project: Project,
    /// Under which agreement.
    pub contract: Contract,
    /// The evaluation's score in hundredths of a point (0 to 10,000), where one was made.
    pub score_hundredths: Option<u32>,
}

impl Record {
    /// Always true: for whoever writes the mark into a table or a file.
    #[must_use]
    pub const fn is_synthetic(&self) -> bool {
        true
    }
}

/// The records of a plan, one after another.
pub struct Records {
    plan: Plan,
    places: Vec<(RegionCode, String)>,
    items: [Vec<ItemUid>; 2],
    by_kind_of_service: Permutation,
    by_kind_of_provider: Permutation,
    weight_whole: u128,
    weight_done: u128,
    next: u64,
}

/// Streams the records of a plan.
///
/// # Errors
/// A plan that does not add up, or a region that the register does not know at the end of the year.
pub fn records(plan: Plan) -> Result<Records, Error> {
    plan.check()?;
    let unknown = || Error::malformed("region", plan.region.as_str(), "is not known at the end of that year");
    let at = year_end(plan.year).ok_or_else(unknown)?;
    let register = RegisterOfRegions::shipped();
    register.get(&plan.region, at).ok_or_else(unknown)?;
    let places: Vec<(RegionCode, String)> = register
        .on(at)
        .filter(|region| region.level != Level::Nation && plan.region.covers(&region.code))
        .map(|region| (region.code.clone(), register.full_name(region, at)))
        .collect();
    let edition = edition(plan.year);
    let of = |kind: ServiceKind| -> Vec<ItemUid> {
        let lines = edition.in_order().into_iter();
        lines
            .filter(|line| line.depth == Depth::Item && line.service_kind == kind)
            .map(|line| line.uid.clone())
            .collect()
    };
    let items = [of(ServiceKind::Public), of(ServiceKind::Auxiliary)];
    let weight_whole = (0..plan.projects).map(|number| u128::from(weight(plan.seed, number))).sum();
    Ok(Records {
        by_kind_of_service: Permutation::new(plan.projects, Dice::new(plan.seed, "service kind", 0)),
        by_kind_of_provider: Permutation::new(plan.projects, Dice::new(plan.seed, "provider kind", 0)),
        plan,
        places,
        items,
        weight_whole,
        weight_done: 0,
        next: 0,
    })
}

// Sizes of projects: each of nine doublings as likely as the others, so that few projects hold most of the money.
fn weight(seed: u64, number: u64) -> u64 {
    let mut dice = Dice::new(seed, "weight", number);
    (64 + dice.below(64)) << dice.below(9)
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let number = self.next;
        if number == self.plan.projects {
            return None;
        }
        self.next += 1;
        let settlement = self.settle(number);
        Some(self.record(number, settlement))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.plan.projects - self.next).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl Records {
    // One step for each project, the rest by weight. What all before have had is cut down to whole steps, and a project
    // gets what its weight adds to that: the last one closes the sum exactly.
    fn settle(&mut self, number: u64) -> Fen {
        let spare = self.plan.settlement.get() / STEP_FEN - self.plan.projects as i64;
        let given = |weight: u128| (spare.unsigned_abs() as u128 * weight / self.weight_whole) as i64;
        let before = given(self.weight_done);
        let after = given(self.weight_done + u128::from(weight(self.plan.seed, number)));
        self.weight_done += u128::from(weight(self.plan.seed, number));
        Fen::new((1 + after - before) * STEP_FEN)
    }

    fn record(&self, number: u64, settlement: Fen) -> Record {
        let plan = &self.plan;
        let mut dice = Dice::new(plan.seed, "record", number);
        let is_public = self.by_kind_of_service.rank(number) < plan.public_projects;
        let (region, place) = &self.places[dice.index(self.places.len())];
        let department = dice.index(DEPARTMENTS.len());
        let purchaser = Purchaser {
            name: name(format!("{place}{}", DEPARTMENTS[department])),
            credit_code: Some(code("11", &format!("{}{department:02}", &region.as_str()[..6]))),
            budget_unit_code: Some(format!("SYN-{}{department:03}", region.as_str())),
            region: region.clone(),
            kind: PurchaserKind::StateOrgan,
        };
        let provider = self.provider(number, &mut dice);
        let items = &self.items[usize::from(!is_public)];
        let item = items[dice.index(items.len())].clone();
        // Contracts lie up to 3 %, budgets up to 5 % above what is settled in the end.
        let above = |base: Fen, permille: u64| {
            let steps = base.get() / STEP_FEN;
            Fen::new((steps + steps * permille as i64 / 1000) * STEP_FEN)
        };
        let agreed = above(settlement, dice.below(31));
        let budget = above(agreed, dice.below(21));
        let subject = format!("{}第{}号服务项目", DEPARTMENTS[department].trim_end_matches('局'), number + 1);
        const METHODS: [ProcurementMethod; 6] = [
            ProcurementMethod::OpenTender,
            ProcurementMethod::OpenTender,
            ProcurementMethod::CompetitiveConsultation,
            ProcurementMethod::CompetitiveNegotiation,
            ProcurementMethod::Inquiry,
            ProcurementMethod::SingleSource,
        ];
        let method = METHODS[dice.index(METHODS.len())];
        let project = Project {
            project_no: file_no(format!("SYN-{}-{}-P{:06}", plan.region, plan.year, number + 1)),
            name: name(subject),
            description: "合成数据, 不对应任何真实项目".to_owned(),
            year: plan.year,
            region: region.clone(),
            item: Some(item),
            approval_ref: None,
            service_kind: if is_public { ServiceKind::Public } else { ServiceKind::Auxiliary },
            method,
            method_text: method.chinese().to_owned(),
            form: Some(if dice.below(3) == 0 { OrganisationForm::Central } else { OrganisationForm::Dispersed }),
            budget: Some(budget),
            settlement: Some(settlement),
            individual_reason: (provider.kind == ProviderKind::Individual).then(|| "合成: 适宜由个人承接".to_owned()),
        };
        let contract = self.contract(number, agreed, settlement, is_public, &provider, &mut dice);
        let score_hundredths = (dice.below(5) == 0).then(|| 5_500 + dice.below(4_501) as u32);
        Record { number, purchaser, provider, project, contract, score_hundredths }
    }

    fn provider(&self, number: u64, dice: &mut Dice) -> Provider {
        let plan = &self.plan;
        let rank = self.by_kind_of_provider.rank(number);
        let rest = plan.projects - plan.market_contracts;
        // A tenth of the market are social institutions; of the others three fifths are social organisations.
        let social_institutions = plan.market_contracts / 10;
        let bands: [(ProviderKind, &str, &str, u64); 8] = [
            (ProviderKind::SocialInstitution, "31", "事务所", social_institutions),
            (ProviderKind::Enterprise, "91", "服务有限公司", plan.market_contracts - social_institutions),
            (ProviderKind::SocialOrganisation, "52", "服务中心", rest * 6 / 10),
            (ProviderKind::PublicInstitutionTwo, "12", "研究院", rest * 2 / 10),
            (ProviderKind::GrassrootsSelfGovernment, "54", "村民委员会", rest / 10),
            (ProviderKind::VillageCollective, "N2", "股份经济合作社", rest / 20),
            (ProviderKind::PublicInstitutionCommercial, "12", "技术服务站", rest / 40),
            (ProviderKind::Individual, "", "", u64::MAX),
        ];
        let mut first = 0u64;
        let at = bands.iter().position(|(.., size)| {
            let inside = (first..first.saturating_add(*size)).contains(&rank);
            first = first.saturating_add(*size);
            inside
        });
        let band = at.unwrap_or(bands.len() - 1);
        let (kind, prefix, ending, size) = bands[band];
        // About four contracts a provider.
        let which = dice.below((size.min(plan.projects) / 4).max(1));
        let (name_text, credit_code) = match kind {
            ProviderKind::Individual => (format!("个人{which:05}"), None),
            // Two kinds share the prefix 12, and no two bodies share a code.
            _ => (format!("{which:05}号{ending}"), Some(code(prefix, &format!("{band}{which:07}")))),
        };
        Provider {
            name: name(name_text),
            registration_class: credit_code.as_ref().and_then(CreditCode::registration_class).map(str::to_owned),
            credit_code,
            kind,
            region: Some(plan.region.clone()),
        }
    }

    fn contract(
        &self,
        number: u64,
        agreed: Fen,
        settlement: Fen,
        is_public: bool,
        provider: &Provider,
        dice: &mut Dice,
    ) -> Contract {
        let year = self.plan.year;
        let day = |month: u32, day: u32| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        let award = day(1, 4) + Days::new(dice.below(300));
        let signed = award + Days::new(1 + dice.below(25));
        let within = |workdays: Range<u64>, dice: &mut Dice| {
            let n = workdays.start + dice.below(workdays.end - workdays.start);
            WorkdayCalendar::shipped().nth_after(signed, n as u32).unwrap_or(signed + Days::new(1))
        };
        let start = signed + Days::new(dice.below(10));
        let months = Months::new(1 + dice.below(12) as u32);
        let end = start.checked_add_months(months).and_then(|day| day.pred_opt());
        let first = Fen::new(settlement.get() / STEP_FEN * dice.below(70) as i64 / 100 * STEP_FEN);
        let second = settlement.minus(first).unwrap_or(Fen::ZERO);
        let paid = |day: NaiveDate, amount: Fen| (amount > Fen::ZERO).then_some(Payment { day, amount });
        Contract {
            contract_no: file_no(format!("SYN-{}-{year}-C{:06}", self.plan.region, number + 1)),
            amount: agreed,
            parts: vec![Part { provider: provider.name.clone(), share: Share::whole() }],
            award_day: Some(award),
            signed_day: Some(signed),
            start_day: Some(start),
            end_day: end,
            published_day: Some(within(1..3, dice)),
            filed_day: Some(within(3..8, dice)),
            is_secret: false,
            is_public_service: is_public,
            multi_year_basis: None,
            amendments: Vec::new(),
            payments: [paid(start, first), paid(day(12, 20), second)].into_iter().flatten().collect(),
            acceptance: None,
        }
    }
}

fn name(text: String) -> PartyName {
    format!("{MARK}{text}").parse().expect("made-up names are short")
}

fn file_no(text: String) -> crate::project::FileNo {
    text.parse().expect("made-up numbers are short")
}

// Both check digits are right; region 339999 keeps it apart from every code ever given out.
fn code(prefix: &str, eight: &str) -> CreditCode {
    let body = format!("{prefix}339999{eight}");
    let made = credit_code::organisation_check(eight).and_then(|check| {
        let body = format!("{body}{check}");
        let last = credit_code::check(&body)?;
        format!("{body}{last}").parse().ok()
    });
    made.expect("eight digits always have both checks")
}

#[cfg(test)]
mod tests;
