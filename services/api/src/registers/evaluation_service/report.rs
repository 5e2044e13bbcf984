//! What a report says: points by leaf that roll up to one exact score, the grade of it, or a score alone.

use chrono::NaiveDate;
use procurement::{
    evaluation::{Band, GradeTable, INDICATORS_MAX, Indicator, Scheme, SchemeFault, Score, Sheet},
    rational,
};
use proto::procurement::v1;
use tonic::Status;

use crate::{
    errors,
    registers::{
        day,
        held::{Held, NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    },
    wire::Fault,
};

/// Tables of grades of one scheme.
const GRADE_TABLES_MAX: usize = 20;
/// Grades of one table.
const BANDS_MAX: usize = 20;
/// The most points of a leaf that does not say.
const POINTS: &str = "100";

fn fault(field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) -> Fault {
    Fault { field: field.into(), zh: zh.into(), en: en.into() }
}

/// The tree of a scheme, or what is wrong with it.
pub fn scheme(scheme: &v1::EvaluationScheme) -> Result<Scheme, Fault> {
    let mut indicators = Vec::new();
    if scheme.indicators.len() > INDICATORS_MAX {
        return Err(broken(&SchemeFault::Size));
    }
    for (index, indicator) in scheme.indicators.iter().enumerate() {
        let decimal = |field: &str, text: &str| {
            rational::parse(text).map(|(value, _)| value).map_err(|_| {
                fault(format!("indicators[{index}].{field}"), "a decimal number is needed", "应为十进制数")
            })
        };
        let score_max = if indicator.score_max.is_empty() { POINTS } else { &indicator.score_max };
        indicators.push(Indicator {
            code: indicator.code.clone(),
            name: indicator.title.clone(),
            parent: Some(indicator.parent.clone()).filter(|parent| !parent.is_empty()),
            weight: decimal("weight", &indicator.weight)?,
            score_max: decimal("score_max", score_max)?,
        });
    }
    Scheme::new(indicators).map_err(|broke| broken(&broke))
}

fn broken(why: &SchemeFault) -> Fault {
    let zh = match why {
        SchemeFault::Size => format!("指标应有 1 至 {INDICATORS_MAX} 项"),
        SchemeFault::Twice(code) => format!("指标 {code} 重复"),
        SchemeFault::Parent(code) => format!("指标 {code} 的上级不存在、成环或层级过深"),
        SchemeFault::Weight(code) => format!("指标 {code} 的权重和满分应大于零"),
        SchemeFault::Sum { under, sum } if under.is_empty() => format!("一级指标权重之和为 {sum},应为 100"),
        SchemeFault::Sum { under, sum } => format!("指标 {under} 下级权重之和为 {sum},应为 100"),
        SchemeFault::Missing(code) => format!("指标 {code} 没有得分"),
        SchemeFault::NotALeaf(code) => format!("{code} 不是末级指标"),
        SchemeFault::Range(code) => format!("指标 {code} 的得分超出范围"),
    };
    fault("indicators", why.to_string(), zh)
}

/// The tables of grades of a scheme, none when it has none of its own.
pub fn grades(scheme: &v1::EvaluationScheme) -> Result<Vec<GradeTable>, Fault> {
    if scheme.grade_tables.len() > GRADE_TABLES_MAX {
        let en = format!("at most {GRADE_TABLES_MAX} are taken");
        return Err(fault("grade_tables", en, format!("最多 {GRADE_TABLES_MAX} 项")));
    }
    let mut tables: Vec<GradeTable> = Vec::new();
    let mut days = std::collections::BTreeSet::new();
    for (index, table) in scheme.grade_tables.iter().enumerate() {
        let at = |field: &str| format!("grade_tables[{index}].{field}");
        let from_day = if table.from_day.is_empty() { Some(NaiveDate::MIN) } else { day::read(&table.from_day) };
        let from_day = from_day.filter(|day| days.insert(*day)).ok_or_else(|| {
            fault(
                at("from_day"),
                "a day of its own, such as 2021-01-01, is needed",
                "应为互不相同的日期,格式如 2021-01-01",
            )
        })?;
        let mut bands = Vec::new();
        for (place, band) in table.bands.iter().enumerate().take(BANDS_MAX + 1) {
            let from = Score::parse(&band.from_score).map_err(|_| {
                fault(
                    at(&format!("bands[{place}].from_score")),
                    "a score of 0 to 100 is needed",
                    "应为 0 至 100 的分数",
                )
            })?;
            bands.push(Band { grade: band.grade.clone(), from });
        }
        let is_short = bands.len() <= BANDS_MAX && bands.iter().all(|band| band.grade.chars().count() <= 20);
        let table = GradeTable::new(from_day, bands).ok().filter(|_| is_short).ok_or_else(|| {
            let en = "1 to 20 named grades are needed, falling from the best to one that begins at 0";
            fault(at("bands"), en, "应有 1 至 20 个等级,由高到低,最后一级从 0 分起")
        })?;
        tables.push(table);
    }
    Ok(tables)
}

/// A report that was read against the scheme of its evaluation.
pub(super) struct Report {
    score: Option<Score>,
    exact_score: String,
    grade: String,
    satisfaction: Option<Score>,
    day: NaiveDate,
    request: v1::SubmitEvaluationReportRequest,
}

impl Report {
    /// Reads a report; INVALID_ARGUMENT names what is missing or wrong.
    pub(super) fn read(
        request: v1::SubmitEvaluationReportRequest,
        by: Option<&v1::EvaluationScheme>,
    ) -> Result<Self, Status> {
        let day = day::or_today("reported_day", &request.reported_day)?;
        let points = |field: &str, text: &str| match text {
            "" => Ok(None),
            text => Score::parse(text).map(Some).map_err(|_| {
                errors::field(field, "0 to 100 with two decimals at most is taken", "应为 0 至 100,最多两位小数")
            }),
        };
        let (score, exact_score, tables) = match by {
            Some(by) => {
                if !request.score.is_empty() {
                    let en = "follows from the sheet and cannot be given";
                    return Err(errors::field("score", en, "由评分表计算得出,不能填写"));
                }
                let inside = |fault: Fault| errors::of_kind(stdx::ErrorKind::Internal, &fault.en);
                let exact = scheme(by)
                    .map_err(inside)?
                    .score(&sheet(&request.sheet)?)
                    .map_err(|why| errors::fields(&[Fault { field: place(&why, &request.sheet), ..broken(&why) }]))?;
                let score =
                    Score::nearest(&exact).map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &error))?;
                (Some(score), exact.to_string(), grades(by).map_err(inside)?)
            }
            None if request.sheet.is_empty() => (points("score", &request.score)?, String::new(), Vec::new()),
            None => {
                let en = "the evaluation has no scheme whose leaves these could be";
                return Err(errors::field("sheet", en, "该评价没有指标体系,不能填写评分表"));
            }
        };
        let usual = GradeTable::usual();
        let table = if tables.is_empty() { Some(&usual) } else { GradeTable::in_force(&tables, day) };
        let grade = score.and_then(|score| table.map(|table| table.grade(score).to_owned())).unwrap_or_default();
        let satisfaction = points("satisfaction", &request.satisfaction)?;
        let mut held = Held::default();
        held.text("report", &request.report, 0..=TEXT_CHARACTERS_MAX);
        held.text("delivered_to", &request.delivered_to, 0..=NAME_CHARACTERS_MAX);
        held.text("channel", &request.channel, 0..=NAME_CHARACTERS_MAX);
        let faults = held.faults();
        if !faults.is_empty() {
            return Err(errors::fields(&faults));
        }
        Ok(Self { score, exact_score, grade, satisfaction, day, request })
    }

    /// Writes it into the evaluation.
    pub(super) fn put(self, evaluation: &mut v1::Evaluation) {
        let text = |score: Option<Score>| score.map(|score| score.to_string()).unwrap_or_default();
        evaluation.score = text(self.score);
        evaluation.exact_score = self.exact_score;
        evaluation.grade = self.grade;
        evaluation.satisfaction = text(self.satisfaction);
        evaluation.reported_day = self.day.to_string();
        evaluation.sheet = self.request.sheet;
        evaluation.report = self.request.report;
        if !self.request.delivered_to.is_empty() {
            evaluation.delivered_to = self.request.delivered_to;
        }
        if !self.request.channel.is_empty() {
            evaluation.channel = self.request.channel;
        }
        evaluation.set_state(v1::EvaluationState::Reported);
    }
}

/// The points of a sheet by leaf.
pub(super) fn sheet(scores: &[v1::LeafScore]) -> Result<Sheet, Status> {
    if scores.len() > INDICATORS_MAX {
        let en = format!("at most {INDICATORS_MAX} are taken");
        return Err(errors::field("sheet", en, format!("最多 {INDICATORS_MAX} 项")));
    }
    let mut sheet = Sheet::new();
    for (index, leaf) in scores.iter().enumerate() {
        let (value, _) = rational::parse(&leaf.points).map_err(|_| {
            errors::field(&format!("sheet[{index}].points"), "a decimal number is needed", "应为十进制数")
        })?;
        if sheet.insert(leaf.code.clone(), value).is_some() {
            return Err(errors::field(&format!("sheet[{index}].code"), "stands twice", "重复"));
        }
    }
    Ok(sheet)
}

fn place(why: &SchemeFault, scores: &[v1::LeafScore]) -> String {
    let of = |code: &str, field: &str| {
        let index = scores.iter().position(|leaf| leaf.code == code);
        index.map_or("sheet".to_owned(), |index| format!("sheet[{index}].{field}"))
    };
    match why {
        SchemeFault::NotALeaf(code) => of(code, "code"),
        SchemeFault::Range(code) => of(code, "points"),
        _ => "sheet".to_owned(),
    }
}
