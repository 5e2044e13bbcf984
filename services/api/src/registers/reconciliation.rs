//! Published figures against one another and against our records. What comes of it is told, or kept as a finding; a figure
//! is never changed by it.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;
use num_traits::Zero;
use procurement::{
    figure::{FigureId, Period, PublishedFigure},
    formula::{Figures, Formula},
    rational::{Rounding, fraction},
    reconcile::{Claim, Mismatch, Records, RecordsVerdict, Wanted},
};
use proto::procurement::v1;
use stdx::ErrorKind;
use store::{
    LIST_MAX,
    register::{Comparison, Condition, Value},
    rollup::{Dimension, Origin, RollupQuery, Totals},
};
use tonic::{Code, Status};

use super::{
    Registrar, area,
    area::Area,
    body::Resource,
    catalogue_service::{CATALOGUE, EDITION},
    figure_register::{FIGURE, WANTED_FIGURE, failure_words},
    kind::Kind,
    measure::{self, Measure, Taken},
    wire,
};
use crate::{errors, wire::Fault};

/// Catalogues of one region.
const CATALOGUES_MAX: usize = 100;
/// Editions of one catalogue and year.
const EDITIONS_MAX: usize = 100;

/// A stored resource breaks a rule of its own register: our fault, for it was checked when it was written.
fn damaged(name: &str, faults: &[Fault]) -> Status {
    let detail = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.en)).collect::<Vec<_>>().join("; ");
    errors::of_kind(ErrorKind::Internal, &format!("{name}: {detail}"))
}

/// The figure of a stored message.
pub fn published(message: &v1::Figure) -> Result<PublishedFigure, Status> {
    let id = message.name.strip_prefix("figures/").unwrap_or_default();
    let id: FigureId = id.parse().map_err(|_| damaged(&message.name, &[]))?;
    wire::figure_read(&id, message).map_err(|faults| damaged(&message.name, &faults))
}

/// The claim of a stored message.
pub fn claimed(message: &v1::Claim) -> Result<Claim, Status> {
    let id = message.name.strip_prefix("claims/").unwrap_or_default();
    wire::claim_read(id, message).map_err(|faults| damaged(&message.name, &faults))
}

/// The live ones among these ids.
async fn live<M: Resource>(registrar: &Registrar, kind: &Kind<M>, ids: &BTreeSet<FigureId>) -> Result<Vec<M>, Status> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut found = Vec::new();
    for ids in ids.chunks(LIST_MAX as usize) {
        for entry in registrar.store().register_many(&kind.register, ids).await.map_err(errors::of_store)? {
            if entry.deleted_at.is_none() {
                found.push(registrar.resource(kind, &entry)?);
            }
        }
    }
    Ok(found)
}

/// The figures of these ids that have been entered.
pub async fn figures(registrar: &Registrar, ids: &BTreeSet<FigureId>) -> Result<Figures, Status> {
    let messages = live(registrar, &FIGURE, ids).await?;
    messages.iter().map(|message| published(message).map(|figure| (figure.id.clone(), figure))).collect()
}

async fn wanted(registrar: &Registrar, ids: &BTreeSet<FigureId>) -> Result<BTreeMap<FigureId, Wanted>, Status> {
    let mut found = BTreeMap::new();
    for message in live(registrar, &WANTED_FIGURE, ids).await? {
        let id: FigureId = message
            .name
            .strip_prefix("wantedFigures/")
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| damaged(&message.name, &[]))?;
        let wanted = wire::wanted_read(&id, &message).map_err(|faults| damaged(&message.name, &faults))?;
        found.insert(id, wanted);
    }
    Ok(found)
}

/// Recomputes claims from the figures that are there, in their order.
pub async fn claims(registrar: &Registrar, claims: &[v1::Claim]) -> Result<Vec<v1::ClaimReconciliation>, Status> {
    let claims: Vec<Claim> = claims.iter().map(claimed).collect::<Result<_, _>>()?;
    let mut ids = BTreeSet::new();
    for claim in &claims {
        ids.extend(claim.stated.clone());
        ids.extend(claim.readings.iter().flat_map(|reading| reading.formula.figures()));
    }
    let figures = figures(registrar, &ids).await?;
    let wanted = wanted(registrar, &ids).await?;
    let one = |claim: &Claim| {
        let found = claim.reconcile(&figures, &wanted).map_err(|failure| {
            let (zh, en) = failure_words(&claim.id, &failure);
            errors::precondition(
                "CLAIM_MAKES_NO_SENSE",
                format!("claims/{}: {en}", claim.id),
                format!("论断 {} 无法核对：{zh}", claim.id),
            )
        })?;
        let stated = claim.stated.as_ref().and_then(|id| figures.get(id));
        Ok(wire::claim_reconciliation(claim, stated, &found))
    };
    claims.iter().map(one).collect()
}

/// Computes a formula from the figures that are there.
pub async fn evaluate(
    registrar: &Registrar,
    name: Option<&v1::Wording>,
    field: &str,
    text: &str,
) -> Result<v1::EvaluateFormulaResponse, Status> {
    let refuse = |failure: &procurement::formula::Failure| {
        let (zh, en) = failure_words(text, failure);
        match failure.kind() {
            ErrorKind::NotFound => errors::status(Code::NotFound, "FIGURE_NOT_FOUND", en, zh),
            _ => errors::field(field, en, zh),
        }
    };
    let formula: Formula = text.parse().map_err(|failure| refuse(&failure))?;
    let figures = figures(registrar, &formula.figures()).await?;
    let value = formula.evaluate(&figures).map_err(|failure| refuse(&failure))?;
    let written = formula.to_string();
    let sentence = |language, name: Option<&str>| {
        procurement::reconcile::tell(name.unwrap_or(&written), &formula, &value, &figures, language)
    };
    use procurement::formula::Language;
    let zh = sentence(Language::Chinese, name.map(|name| name.zh.as_str()));
    let en = sentence(Language::English, name.map(|name| name.en.as_str()));
    Ok(v1::EvaluateFormulaResponse {
        formula: written.clone(),
        value: Some(wire::computed(&value)),
        sentence: Some(wire::wording(zh, en)),
    })
}

/// What the records give for a figure.
struct Found {
    /// In base units; none where nothing is recorded.
    total: Option<BigRational>,
    includes_synthetic: bool,
    coverage: v1::Coverage,
    /// Projects without a recorded settlement, where settlements are added up.
    unsettled: i64,
}

/// Compares a published figure with the records.
pub async fn figure(
    registrar: &Registrar,
    figure: &PublishedFigure,
    asked: v1::Origin,
) -> Result<v1::FigureReconciliation, Status> {
    let asked = if asked == v1::Origin::Unspecified { v1::Origin::Real } else { asked };
    let mut answer = v1::FigureReconciliation {
        figure: format!("figures/{}", figure.id),
        published: Some(wire::interval(&figure.quantity.interval())),
        origin: asked.into(),
        ..v1::FigureReconciliation::default()
    };
    let id = &figure.id;
    let Some(measure) = measure::of(figure) else {
        let zh = format!("没有记录衡量 {id}（{}）：没有可比数据。", figure.chinese);
        let en = format!("Nothing that is recorded measures {id} ({}): NO_DATA.", figure.english);
        return Ok(silent(answer, v1::NoDataReason::Measure, zh, en));
    };
    measure.code.clone_into(&mut answer.measure);
    answer.reading = (!measure.chinese.is_empty()).then(|| wire::wording(measure.chinese, measure.english));
    let Period::Year(year) = figure.period else {
        let zh = format!("{id} 的时间为{}，记录按年汇总：没有可比数据。", figure.period.chinese());
        let en = format!("The period of {id} is {}, records are added up by year: NO_DATA.", figure.period);
        return Ok(silent(answer, v1::NoDataReason::Period, zh, en));
    };
    let area = Area { region: figure.region.clone(), scope: figure.scope, without: figure.without.clone() };
    if area.existing(&registrar.regions(), year, None).is_empty() {
        let zh = format!("行政区划登记中没有 {year} 年底的 {}：没有可比数据。", figure.region);
        let en = format!("The register of regions has no {} at the end of {year}: NO_DATA.", figure.region);
        return Ok(silent(answer, v1::NoDataReason::Region, zh, en));
    }
    let found = match measure.taken {
        Taken::Lines(count) => lines(registrar, &area, year, area::origin(asked), count).await?,
        _ => totals(registrar, measure, &area, year, area::origin(asked)).await?,
    };
    let at_least_none = |count: i32| u32::try_from(count).unwrap_or_default();
    let reporting = if found.total.is_some() { at_least_none(found.coverage.regions_reporting) } else { 0 };
    let records = Records {
        total: found.total.clone().unwrap_or_else(BigRational::zero),
        unit: measure.unit(),
        basis: measure.basis,
        scope: figure.scope,
        region: figure.region.clone(),
        without: figure.without.clone(),
        period: figure.period,
        regions_reporting: reporting,
        regions_existing: at_least_none(found.coverage.regions_existing),
    };
    let comparison = records.compare(figure);
    answer.verdict = wire::records_verdict(&comparison.verdict).into();
    let told = |value: &BigRational| Some(wire::number(value, Rounding::Nearest));
    match &comparison.verdict {
        RecordsVerdict::NoData { reason } => {
            answer.no_data_reason = wire::mismatch(*reason).into();
            if *reason != Mismatch::Nothing {
                // Records on another footing: their total stands beside nothing.
                answer.sentence = Some(wire::wording(comparison.chinese, comparison.english));
                return Ok(answer);
            }
        }
        RecordsVerdict::Differs { absolute, percent } => {
            answer.total = told(&records.total);
            answer.difference = told(absolute);
            answer.difference_percent = percent.as_ref().and_then(told);
        }
        _ => answer.total = told(&records.total),
    }
    answer.includes_synthetic = found.includes_synthetic;
    answer.sentence = Some(sentence(&comparison.chinese, &comparison.english, measure, &found));
    answer.coverage = Some(found.coverage);
    Ok(answer)
}

fn silent(
    answer: v1::FigureReconciliation,
    reason: v1::NoDataReason,
    zh: String,
    en: String,
) -> v1::FigureReconciliation {
    v1::FigureReconciliation {
        verdict: v1::RecordsVerdict::NoData.into(),
        no_data_reason: reason.into(),
        sentence: Some(wire::wording(zh, en)),
        ..answer
    }
}

/// The comparison with the reading before it, and what must be known of the records behind it.
fn sentence(chinese: &str, english: &str, measure: &Measure, found: &Found) -> v1::Wording {
    let (mut zh, mut en) = (chinese.to_owned(), english.to_owned());
    if !measure.chinese.is_empty() {
        zh = format!("{}。{zh}", measure.chinese);
        en = format!("Read {}. {en}", measure.english);
    }
    if found.unsettled > 0 {
        zh.push_str(&format!("注意：另有 {} 个项目尚无决算记录。", found.unsettled));
        en.push_str(&format!(" Caveat: {} projects have no recorded settlement.", found.unsettled));
    }
    if found.includes_synthetic {
        zh.push_str("注意：含合成记录。");
        en.push_str(" Caveat: made-up records are among them.");
    }
    v1::Wording { zh, en }
}

async fn totals(
    registrar: &Registrar,
    measure: &Measure,
    area: &Area,
    year: i32,
    origin: Origin,
) -> Result<Found, Status> {
    let ask = |only: Vec<(Dimension, Vec<String>)>, origin| RollupQuery {
        dimensions: Vec::new(),
        years: year..=year,
        regions: area.ranges(),
        without_regions: area.ranges_without(),
        only,
        origin,
    };
    let store = registrar.store();
    let query = async |query: RollupQuery| {
        let groups = store.rollup_query(&query).await.map_err(errors::of_store)?;
        Ok::<Totals, Status>(groups.into_iter().next().unwrap_or_default())
    };
    let whole = query(ask(Vec::new(), origin)).await?;
    let part = async |only: measure::Only| match only {
        Some((dimension, codes)) => query(ask(vec![(dimension, codes())], origin)).await,
        None => Ok(whole.clone()),
    };
    let whole_number = |number: i64| fraction(number, 1);
    let mut unsettled = 0;
    let total = match measure.taken {
        _ if whole.project_count == 0 => None,
        Taken::Count(count, only) => Some(whole_number(count(&part(only).await?))),
        Taken::Money(money) => {
            if measure.code == "settlement_fen" {
                unsettled = whole.project_count - whole.settled_project_count;
            }
            Some(measure::yuan(money(&whole)))
        }
        Taken::Share(count, only) => {
            let of = count(&whole);
            let taken = count(&part(only).await?);
            (of != 0).then(|| whole_number(taken) / whole_number(of))
        }
        Taken::Lines(_) => None,
    };
    let includes_synthetic = match origin {
        Origin::Real => false,
        Origin::Synthetic => whole.project_count > 0,
        Origin::All => query(ask(Vec::new(), Origin::Synthetic)).await?.project_count > 0,
    };
    let coverage = area.coverage(store, &registrar.regions(), year, None, origin).await?;
    Ok(Found { total, includes_synthetic, coverage, unsettled })
}

/// The recorded lines of the region's catalogue of a year: of its latest published edition that has lines. What a publisher
/// says that an edition holds is no record.
async fn lines(
    registrar: &Registrar,
    area: &Area,
    year: i32,
    origin: Origin,
    count: fn(&v1::EditionCounts) -> i32,
) -> Result<Found, Status> {
    let equal = |column, value| Condition::Compare(column, Comparison::Equal, value);
    let of_origin = match origin {
        Origin::All => Condition::All(Vec::new()),
        Origin::Real => equal("is_synthetic", Value::Flag(false)),
        Origin::Synthetic => equal("is_synthetic", Value::Flag(true)),
    };
    let of_region = equal("region", Value::Text(area.region.to_string()));
    let catalogues =
        registrar.all_where(&CATALOGUE, Condition::All(vec![of_region, of_origin]), Vec::new(), CATALOGUES_MAX).await?;
    let mut editions: Vec<v1::Edition> = Vec::new();
    for catalogue in catalogues {
        let id = catalogue.name.trim_start_matches("catalogues/").to_owned();
        let there = Condition::All(vec![
            equal("catalogue", Value::Text(id)),
            equal("year", Value::Integer(year.into())),
            Condition::Compare("state", Comparison::Unequal, Value::Text("DRAFT".to_owned())),
        ]);
        editions.extend(registrar.all_where(&EDITION, there, Vec::new(), EDITIONS_MAX).await?);
    }
    let has_lines = |edition: &v1::Edition| edition.counts.as_ref().is_some_and(|counts| counts.items > 0);
    let edition = editions.into_iter().filter(has_lines).max_by_key(|edition| edition.revision);
    let reports = i32::from(edition.is_some());
    let regions = registrar.regions();
    let here = procurement::region::year_end(year).and_then(|day| regions.get(&area.region, day));
    let missing = here
        .filter(|_| edition.is_none())
        .map(|region| v1::RegionRef { region: format!("regions/{}", region.code), title: region.name.clone() });
    Ok(Found {
        total: edition
            .as_ref()
            .and_then(|edition| edition.counts.as_ref())
            .map(|counts| fraction(count(counts).into(), 1)),
        includes_synthetic: edition
            .as_ref()
            .and_then(|edition| edition.provenance.as_ref())
            .is_some_and(|provenance| provenance.is_synthetic),
        coverage: v1::Coverage {
            year,
            regions_reporting: reports,
            regions_existing: 1,
            missing_count: 1 - reports,
            missing: missing.into_iter().collect(),
            unknown: Vec::new(),
        },
        unsettled: 0,
    })
}

/// Wanted figures with whether somebody has entered them.
pub async fn wanted_told(
    registrar: &Registrar,
    wanted: Vec<v1::WantedFigure>,
) -> Result<Vec<v1::WantedFigure>, Status> {
    let id = |wanted: &v1::WantedFigure| wanted.name.strip_prefix("wantedFigures/").and_then(|id| id.parse().ok());
    let ids: BTreeSet<FigureId> = wanted.iter().filter_map(id).collect();
    let entered: BTreeSet<String> =
        live(registrar, &FIGURE, &ids).await?.into_iter().map(|figure| figure.name).collect();
    let told = |wanted: v1::WantedFigure| {
        let is_entered = id(&wanted).is_some_and(|id| entered.contains(&format!("figures/{id}")));
        v1::WantedFigure { is_entered, ..wanted }
    };
    Ok(wanted.into_iter().map(told).collect())
}
