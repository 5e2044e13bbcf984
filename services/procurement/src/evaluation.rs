//! Evaluations (绩效评价): schemes as trees of weighted indicators, scores that roll up exactly, grades by a dated table, and
//! what was done with the result (结果应用).
//!
//! Source: 预算法实施条例 §20, 财预〔2020〕10号; grade bands differ by place and year and are data.

mod scheme;
mod trace;

use chrono::NaiveDate;
use num_rational::BigRational;

pub use scheme::{INDICATORS_MAX, Indicator, Scheme, SchemeFault, Sheet};
pub use trace::{Effect, ResultUse, Trace, USE_AFTER_FINAL, USE_DELTA, UseKind, trace, unused};

use crate::{
    coded::coded,
    error::Error,
    finding::{Finding, Findings, Outcome, Rule, Severities, Severity},
    party::PartyName,
    project::FileNo,
    rational,
    region::RegionCode,
};

coded! {
    /// When an evaluation is made (“事前、事中、事后控制”).
    Phase, "phase":
    /// 事前
    Before = "BEFORE" "事前",
    /// 事中
    During = "DURING" "事中",
    /// 事后
    After = "AFTER" "事后",
}

/// What is evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// One project.
    Project(FileNo),
    /// All that a purchaser buys.
    Purchaser(PartyName),
    /// A region's whole system (2017: 全省政府购买服务制度建设).
    Region(RegionCode),
    /// A policy document, by its number.
    Policy(FileNo),
    /// The projects of a pilot as one, by its number.
    Pilot(FileNo),
}

/// Who evaluates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluator {
    /// The purchaser itself.
    Own,
    /// The finance department.
    Finance,
    /// Somebody independent of both sides; the one who controls it, where known.
    ThirdParty {
        /// Who.
        name: PartyName,
        /// Whose it is.
        controller: Option<PartyName>,
    },
}

/// A score of 0 to 100 points with two decimals, kept in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Score(u32);

impl Score {
    /// Takes 0 to 10,000 hundredths of a point.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn from_hundredths(hundredths: u32) -> Result<Self, Error> {
        if hundredths <= 10_000 {
            Ok(Self(hundredths))
        } else {
            Err(Error::malformed("score", &hundredths.to_string(), "must lie between 0 and 10000 hundredths"))
        }
    }

    /// Reads `98.9` or `87.35`.
    ///
    /// # Errors
    /// [`Error::Malformed`]: not a number, more than two decimals, outside 0 to 100.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (value, decimals) = rational::parse(text)?;
        let wrong = || Error::malformed("score", text, "must lie between 0 and 100 and have two decimals at most");
        if decimals > 2 {
            return Err(wrong());
        }
        let hundredths = (value * BigRational::from_integer(100.into())).to_integer();
        u32::try_from(hundredths).ok().and_then(|hundredths| Self::from_hundredths(hundredths).ok()).ok_or_else(wrong)
    }

    /// Hundredths of a point.
    #[must_use]
    pub fn hundredths(self) -> u32 {
        self.0
    }

    /// Rounds an exact score to two decimals, halves up.
    ///
    /// # Errors
    /// [`Error::Malformed`]: outside 0 to 100.
    pub fn nearest(value: &BigRational) -> Result<Self, Error> {
        let hundredths = (value * BigRational::from_integer(100.into())).round().to_integer();
        let wrong = || Error::malformed("score", &value.to_string(), "must lie between 0 and 100");
        u32::try_from(hundredths).ok().and_then(|hundredths| Self::from_hundredths(hundredths).ok()).ok_or_else(wrong)
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// One grade: from its lowest score up to the next grade's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// 优, 良, 中, 差 or whatever a place says.
    pub grade: String,
    /// The lowest score of it, inclusive.
    pub from: Score,
}

/// The grades in force from a day on, the best first; the last begins at 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradeTable {
    from_day: NaiveDate,
    bands: Vec<Band>,
}

impl GradeTable {
    /// Takes bands from the best to the worst.
    ///
    /// # Errors
    /// [`Error::Malformed`]: not falling, the last not from 0, a grade without a name.
    pub fn new(from_day: NaiveDate, bands: Vec<Band>) -> Result<Self, Error> {
        let falling = bands.windows(2).all(|pair| pair[0].from > pair[1].from);
        let named = bands.iter().all(|band| !band.grade.trim().is_empty());
        if falling && named && bands.last().is_some_and(|last| last.from == Score(0)) {
            Ok(Self { from_day, bands })
        } else {
            Err(Error::malformed("grades", &format!("{bands:?}"), "must fall from the best to one that begins at 0"))
        }
    }

    /// 优 from 90, 良 from 80, 中 from 60, 差 below (财预〔2020〕10号), the table used where a place has none of its own.
    ///
    /// # Panics
    /// Never: the bands fall.
    #[must_use]
    pub fn usual() -> Self {
        let bands = [("优", 90), ("良", 80), ("中", 60), ("差", 0)];
        let bands = bands.map(|(grade, from)| Band { grade: grade.to_owned(), from: Score(from * 100) });
        Self::new(NaiveDate::MIN, bands.to_vec()).expect("the usual bands fall")
    }

    /// The table in force on a day: the latest that has begun.
    #[must_use]
    pub fn in_force(tables: &[Self], day: NaiveDate) -> Option<&Self> {
        tables.iter().filter(|table| table.from_day <= day).max_by_key(|table| table.from_day)
    }

    /// The grade of a score.
    #[must_use]
    pub fn grade(&self, score: Score) -> &str {
        self.bands.iter().find(|band| score >= band.from).map_or("", |band| &band.grade)
    }
}

coded! {
    /// Whether an evaluation's result stands.
    EvaluationState, "state of an evaluation":
    /// Being made.
    Open = "OPEN" "评价中",
    /// The report is in.
    Reported = "REPORTED" "已提交报告",
    /// It stands; only now may something follow from it.
    Final = "FINAL" "已定稿",
}

/// One evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Its number.
    pub evaluation_no: FileNo,
    /// Of what.
    pub subject: Subject,
    /// When in the subject's life.
    pub phase: Phase,
    /// Of which year.
    pub year: i32,
    /// By whom.
    pub evaluator: Evaluator,
    /// The result, once there is one.
    pub score: Option<Score>,
    /// How content those served were (98.9 %), as a score.
    pub satisfaction: Option<Score>,
    /// Whether it stands.
    pub state: EvaluationState,
    /// The day it became final.
    pub final_day: Option<NaiveDate>,
}

/// A third party is neither side, nor anybody's who is. A warning, like the next two: the texts they rest on were not seen
/// in full, and settings may raise them.
pub const INDEPENDENT: Rule =
    Rule { code: "EVALUATOR_INDEPENDENT", article: "财综〔2018〕42号", severity: Severity::Warning };
/// A final evaluation has a score and a day.
pub const COMPLETE: Rule =
    Rule { code: "EVALUATION_COMPLETE", article: "财预〔2020〕10号", severity: Severity::Warning };
/// One final evaluation for a subject, a phase and a year.
pub const ONE_FINAL: Rule =
    Rule { code: "EVALUATION_ONE_FINAL", article: "财预〔2020〕10号", severity: Severity::Warning };

/// The score is what the sheet rolls up to.
pub const SCORE: Rule =
    Rule { code: "EVALUATION_SCORE", article: "财预〔2020〕10号", severity: Severity::Warning };

/// Whether a score is what the sheet rolls up to by the scheme, rounded to two decimals.
#[must_use]
pub fn check_score(scheme: &Scheme, sheet: &Sheet, score: Score, severities: &Severities) -> Vec<Finding> {
    let mut findings = Findings::under(severities);
    match scheme.score(sheet) {
        Ok(exact) => findings.judge(
            SCORE,
            Score::nearest(&exact) == Ok(score),
            format!("按指标体系汇总为{exact}分, 记录为{score}分。"),
        ),
        Err(fault) => findings.note(SCORE, Outcome::Undetermined, format!("评分表不能汇总: {fault}。")),
    }
    findings.finish()
}

/// What the rules say of an evaluation. `sides` are the purchasers and providers with who controls them, `others` the
/// evaluations already there.
#[must_use]
pub fn check_evaluation(
    evaluation: &Evaluation,
    sides: &[(PartyName, Option<PartyName>)],
    others: &[Evaluation],
    severities: &Severities,
) -> Vec<Finding> {
    let mut findings = Findings::under(severities);
    if let Evaluator::ThirdParty { name, controller } = &evaluation.evaluator {
        let ours = [Some(name), controller.as_ref()];
        let shared = sides.iter().find(|(side, of)| {
            [Some(side), of.as_ref()].into_iter().flatten().any(|theirs| ours.contains(&Some(theirs)))
        });
        findings.judge(
            INDEPENDENT,
            shared.is_none(),
            match shared {
                None => format!("第三方{}与购买主体、承接主体没有记录在案的关系。", name.as_str()),
                Some((side, _)) => format!("第三方{}与{}是同一主体或受同一方控制。", name.as_str(), side.as_str()),
            },
        );
    }
    if evaluation.state == EvaluationState::Final {
        let whole = evaluation.score.is_some() && evaluation.final_day.is_some();
        findings.judge(COMPLETE, whole, if whole { "得分和定稿日期齐全。" } else { "已定稿, 但没有得分或定稿日期。" });
        let twin = others.iter().find(|other| {
            other.state == EvaluationState::Final
                && other.evaluation_no != evaluation.evaluation_no
                && (&other.subject, other.phase, other.year) == (&evaluation.subject, evaluation.phase, evaluation.year)
        });
        findings.note(
            ONE_FINAL,
            if twin.is_some() { Outcome::Fail } else { Outcome::Pass },
            match twin {
                Some(twin) => {
                    format!("{}年{}评价已有定稿{}。", evaluation.year, evaluation.phase.chinese(), twin.evaluation_no)
                }
                None => format!("{}年{}评价的唯一定稿。", evaluation.year, evaluation.phase.chinese()),
            },
        );
    }
    findings.finish()
}

#[cfg(test)]
mod tests;
