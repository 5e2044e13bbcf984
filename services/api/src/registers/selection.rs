//! Totals that a question selects: read from the wire, added up, carried to later boundaries where that is asked.

use std::collections::{BTreeMap, BTreeSet};

use procurement::region::{Carried, Edge, RegionCode, RegisterOfRegions, year_end};
use proto::procurement::v1;
use store::rollup::{Dimension, Origin, RollupQuery, Totals};
use tonic::{Code, Status};

use super::{
    Registrar, area,
    area::{Area, only},
    wire::wording,
};
use crate::errors;

/// Years of one question.
const YEARS_MAX: i32 = 50;
/// Years that there are.
const YEARS: std::ops::RangeInclusive<i32> = 1949..=2199;
/// Codes of one filter.
const CODES_MAX: usize = 200;
/// Groups of one answer.
const GROUPS_MAX: usize = 10_000;
/// Ranges of codes that are asked for one by one.
const RANGES_MAX: usize = 500;
/// Regions that are told as not carried.
const NOT_CARRIED_MAX: usize = 500;

/// What is added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Inclusive.
    pub years: std::ops::RangeInclusive<i32>,
    /// For which regions.
    pub area: Area,
    /// Only these codes.
    pub only: Vec<(Dimension, Vec<String>)>,
    /// Which records.
    pub origin: Origin,
    /// The year whose boundaries are asked for; none for each record's own.
    pub boundary: Option<i32>,
}

/// The store's word for a dimension.
pub fn dimension(field: &str, dimension: v1::RollupDimension) -> Result<Dimension, Status> {
    match dimension {
        v1::RollupDimension::Unspecified => Err(errors::field(field, "a dimension is needed", "请选择维度")),
        v1::RollupDimension::Year => Ok(Dimension::Year),
        v1::RollupDimension::Region => Ok(Dimension::Region),
        v1::RollupDimension::Level => Ok(Dimension::Level),
        v1::RollupDimension::Class => Ok(Dimension::Class),
        v1::RollupDimension::ServiceKind => Ok(Dimension::ServiceKind),
        v1::RollupDimension::Method => Ok(Dimension::Method),
        v1::RollupDimension::ProviderKind => Ok(Dimension::ProviderKind),
    }
}

impl Selection {
    /// Reads the arguments of a question.
    pub fn read(regions: &RegisterOfRegions, given: Option<v1::RollupSelection>) -> Result<Self, Status> {
        let given = given.ok_or_else(|| errors::field("selection", "a selection is needed", "请填写统计范围"))?;
        let to_year = if given.to_year == 0 { given.from_year } else { given.to_year };
        if !YEARS.contains(&given.from_year) {
            return Err(errors::field(
                "selection.from_year",
                "a year from 1949 to 2199 is needed",
                "应为 1949 至 2199 年",
            ));
        }
        if !YEARS.contains(&to_year) || to_year < given.from_year || to_year - given.from_year >= YEARS_MAX {
            let en = format!("a year not before from_year and within {YEARS_MAX} years is needed");
            return Err(errors::field("selection.to_year", en, "应不早于起始年,且不超过 50 年"));
        }
        let boundary = match given.boundary() {
            v1::RollupBoundary::Unspecified | v1::RollupBoundary::AsReported if given.boundary_year == 0 => None,
            v1::RollupBoundary::AsOf if YEARS.contains(&given.boundary_year) && given.boundary_year >= to_year => {
                Some(given.boundary_year)
            }
            _ => {
                let en = "with AS_OF a year not before to_year is needed, without it none is taken";
                return Err(errors::field("selection.boundary_year", en, "AS_OF 须给出不早于终止年的年份,否则应留空"));
            }
        };
        let scope = given.scope();
        let area = Area::read(regions, "selection.", &given.region, scope, &given.without_regions)?;
        let mut only: Vec<(Dimension, Vec<String>)> = Vec::new();
        for (at, filter) in given.filters.iter().enumerate() {
            let field = format!("selection.filters[{at}]");
            let dimension = dimension(&format!("{field}.dimension"), filter.dimension())?;
            if only.iter().any(|(there, _)| *there == dimension) {
                return Err(errors::field(&field, "this dimension has a filter already", "该维度已有筛选条件"));
            }
            if !(1..=CODES_MAX).contains(&filter.codes.len()) {
                let en = format!("1 to {CODES_MAX} codes are taken");
                return Err(errors::field(&format!("{field}.codes"), en, "应为 1 至 200 个代码"));
            }
            only.push((dimension, filter.codes.clone()));
        }
        Ok(Self { years: given.from_year..=to_year, area, only, origin: area::origin(given.origin()), boundary })
    }

    fn query(&self, dimensions: Vec<Dimension>) -> RollupQuery {
        RollupQuery {
            dimensions,
            years: self.years.clone(),
            regions: self.area.ranges(),
            without_regions: self.area.ranges_without(),
            only: self.only.clone(),
            origin: self.origin,
        }
    }
}

/// Totals in groups, with what is not in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// By the codes of the dimensions asked for.
    pub groups: BTreeMap<Vec<String>, Totals>,
    /// Of all groups.
    pub total: Totals,
    /// What could not be carried.
    pub not_carried: Vec<v1::NotCarried>,
    /// Distinct purchasers and providers, where they can be counted.
    pub distinct: Option<(u64, u64)>,
    /// Whether made-up records are among them.
    pub includes_synthetic: bool,
}

fn has_any(totals: &Totals) -> bool {
    totals.project_count > 0 || totals.contract_count > 0
}

/// Adds one group to another.
pub fn add(into: &mut Totals, more: &Totals) -> Result<(), Status> {
    let sum = |one: &mut i64, two: i64| {
        *one = one.checked_add(two).ok_or_else(|| {
            let (en, zh) = ("a total leaves the range of 64-bit fen", "合计超出 64 位分值的范围");
            errors::status(Code::OutOfRange, "TOTAL_TOO_LARGE", en, zh)
        })?;
        Ok::<(), Status>(())
    };
    sum(&mut into.project_count, more.project_count)?;
    sum(&mut into.settled_project_count, more.settled_project_count)?;
    sum(&mut into.budget_fen, more.budget_fen)?;
    sum(&mut into.settlement_fen, more.settlement_fen)?;
    sum(&mut into.contract_count, more.contract_count)?;
    sum(&mut into.contract_fen, more.contract_fen)?;
    sum(&mut into.paid_fen, more.paid_fen)
}

/// Adds up what a question selects, in groups.
pub async fn gather(
    registrar: &Registrar,
    selection: &Selection,
    dimensions: &[Dimension],
    counts_distinct: bool,
) -> Result<Gathered, Status> {
    let mut gathered = match selection.boundary {
        None => as_reported(registrar, selection, dimensions, counts_distinct).await?,
        Some(boundary) => as_of(registrar, selection, dimensions, boundary, counts_distinct).await?,
    };
    if gathered.groups.len() > GROUPS_MAX {
        let (en, zh) =
            (format!("more than {GROUPS_MAX} groups: ask for less"), format!("超过 {GROUPS_MAX} 组,请缩小范围"));
        return Err(errors::status(Code::ResourceExhausted, "TOO_MANY_GROUPS", en, zh));
    }
    for totals in gathered.groups.values() {
        add(&mut gathered.total, totals)?;
    }
    gathered.includes_synthetic = match selection.origin {
        Origin::Real => false,
        Origin::Synthetic => has_any(&gathered.total),
        Origin::All => {
            let query = RollupQuery { origin: Origin::Synthetic, ..selection.query(Vec::new()) };
            registrar.store().rollup_query(&query).await.map_err(errors::of_store)?.iter().any(has_any)
        }
    };
    Ok(gathered)
}

async fn as_reported(
    registrar: &Registrar,
    selection: &Selection,
    dimensions: &[Dimension],
    counts_distinct: bool,
) -> Result<Gathered, Status> {
    let query = selection.query(dimensions.to_vec());
    let store = registrar.store();
    let mut gathered = Gathered::default();
    let found = store.rollup_query(&query).await.map_err(errors::of_store)?;
    // One total of nothing is no group.
    for totals in found.into_iter().filter(has_any) {
        add(gathered.groups.entry(totals.codes.clone()).or_default(), &totals)?;
    }
    if counts_distinct {
        gathered.distinct = Some(store.rollup_distinct(&query).await.map_err(errors::of_store)?);
    }
    Ok(gathered)
}

/// The regions outside an area whose land came to lie in it, or partly did.
fn neighbours(regions: &RegisterOfRegions, selection: &Selection, boundary: i32) -> BTreeSet<RegionCode> {
    let area = &selection.area;
    let days = selection.years.clone().filter_map(|year| Some((year, year_end(year)?)));
    let comes_in = |year, code: &RegionCode| match regions.carried_to(code, year, boundary) {
        Carried::Into(to) => area.holds(&to),
        Carried::Torn(edges) => touches(area, code, &edges),
        Carried::NotVouched { .. } | Carried::Absent { .. } => false,
    };
    days.flat_map(|(year, day)| regions.on(day).map(move |region| (year, region)))
        .filter(|(year, region)| !area.holds(&region.code) && comes_in(*year, &region.code))
        .map(|(_, region)| region.code.clone())
        .collect()
}

fn touches(area: &Area, code: &RegionCode, edges: &[Edge]) -> bool {
    edges.iter().any(|edge| edge.from.code == *code && area.holds(&edge.to.code))
}

async fn as_of(
    registrar: &Registrar,
    selection: &Selection,
    dimensions: &[Dimension],
    boundary: i32,
    counts_distinct: bool,
) -> Result<Gathered, Status> {
    let regions = registrar.regions();
    let area = &selection.area;
    let neighbours = neighbours(&regions, selection, boundary);
    // Filters on regions speak of the later ones, so they wait until everything is carried.
    let wanted = selection.only.iter().find(|(dimension, _)| *dimension == Dimension::Region).map(|(_, codes)| codes);
    let inner: Vec<Dimension> =
        dimensions.iter().copied().filter(|dimension| *dimension != Dimension::Region).collect();
    let mut query = selection.query([&[Dimension::Year, Dimension::Region][..], &inner].concat());
    query.regions.extend(neighbours.iter().map(only));
    query.without_regions = Vec::new();
    query.only.retain(|(dimension, _)| *dimension != Dimension::Region);

    let mut gathered = Gathered::default();
    let mut lost: BTreeMap<(i32, RegionCode), (Carried, Totals)> = BTreeMap::new();
    let mut taken: BTreeSet<(i32, RegionCode)> = BTreeSet::new();
    let mut left: BTreeSet<RegionCode> = BTreeSet::new();
    for totals in registrar.store().rollup_query(&query).await.map_err(errors::of_store)? {
        let (Some(year), Some(code)) = (
            totals.codes.first().and_then(|year| year.parse::<i32>().ok()),
            totals.codes.get(1).and_then(|code| code.parse::<RegionCode>().ok()),
        ) else {
            continue;
        };
        match regions.carried_to(&code, year, boundary) {
            Carried::Into(to)
                if area.holds(&to) && wanted.is_none_or(|codes| codes.iter().any(|one| one == to.as_str())) =>
            {
                taken.insert((year, code));
                let mut rest = totals.codes[2..].iter();
                let key = dimensions.iter().map(|dimension| match dimension {
                    Dimension::Region => to.as_str().to_owned(),
                    _ => rest.next().cloned().unwrap_or_default(),
                });
                add(gathered.groups.entry(key.collect()).or_default(), &totals)?;
            }
            Carried::Into(_) => {
                left.insert(code);
            }
            carried => {
                let concerns = match &carried {
                    Carried::Torn(edges) => area.holds(&code) || touches(area, &code, edges),
                    _ => area.holds(&code),
                };
                left.insert(code.clone());
                if concerns {
                    add(&mut lost.entry((year, code)).or_insert_with(|| (carried, Totals::default())).1, &totals)?;
                }
            }
        }
    }
    let told = lost.iter().take(NOT_CARRIED_MAX);
    gathered.not_carried =
        told.map(|((year, code), (carried, totals))| not_carried(&regions, *year, code, carried, totals)).collect();
    if counts_distinct {
        // Counting asks for codes in all years at once: it is right only when a code is in or out in all of them.
        let codes: BTreeSet<&RegionCode> = taken.iter().map(|(_, code)| code).collect();
        let is_clear = !left.iter().any(|code| codes.contains(code));
        if is_clear && codes.len() <= RANGES_MAX {
            let query = RollupQuery { regions: codes.iter().map(|code| only(code)).collect(), ..query };
            gathered.distinct = if codes.is_empty() {
                Some((0, 0))
            } else {
                Some(registrar.store().rollup_distinct(&query).await.map_err(errors::of_store)?)
            };
        }
    }
    Ok(gathered)
}

fn not_carried(
    regions: &RegisterOfRegions,
    year: i32,
    code: &RegionCode,
    carried: &Carried,
    totals: &Totals,
) -> v1::NotCarried {
    use v1::not_carried::Reason;
    let named = |code: &RegionCode, year: i32| {
        let region = year_end(year).and_then(|day| regions.get(code, day));
        region.map_or_else(|| code.to_string(), |region| format!("{}（{code}）", region.name))
    };
    let here = named(code, year);
    let (reason, zh, en) = match carried {
        Carried::Torn(edges) => {
            let went: Vec<String> = edges
                .iter()
                .filter(|edge| edge.from.code == *code)
                .map(|edge| {
                    let region = regions.by_id(&edge.to);
                    region.map_or_else(
                        || edge.to.code.to_string(),
                        |region| format!("{}（{}）", region.name, region.code),
                    )
                })
                .collect();
            let list = went.join("、");
            let zh = format!("{year}年的{here}后来分属{list}，其记录不能归入后来的区划。");
            let en = format!("The land of {here} as of {year} went to {list}: its records cannot be carried.");
            (Reason::Torn, zh, en)
        }
        Carried::NotVouched { since } => (
            Reason::NotVouched,
            format!("行政区划登记自{since}起可靠，{year}年的{here}不能归入后来的区划。"),
            format!("The register of regions vouches from {since} on: {here} of {year} cannot be carried."),
        ),
        Carried::Into(_) | Carried::Absent { .. } => (
            Reason::Absent,
            format!("行政区划登记中没有{year}年底的{here}，或其后已撤销而无去向。"),
            format!("The register of regions has no {here} at the end of {year}, or not where its land went."),
        ),
    };
    v1::NotCarried {
        year,
        region: format!("regions/{code}"),
        reason: reason.into(),
        sentence: Some(wording(zh, en)),
        totals: Some(told(totals)),
    }
}

/// Totals as a message.
#[must_use]
pub fn told(totals: &Totals) -> v1::RollupTotals {
    v1::RollupTotals {
        project_count: totals.project_count,
        settled_project_count: totals.settled_project_count,
        budget_fen: totals.budget_fen,
        settlement_fen: totals.settlement_fen,
        contract_count: totals.contract_count,
        contract_fen: totals.contract_fen,
        paid_fen: totals.paid_fen,
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    fn given() -> v1::RollupSelection {
        v1::RollupSelection { from_year: 2015, to_year: 2021, region: "regions/330000".into(), ..Default::default() }
    }

    #[test]
    fn a_selection_names_the_field_that_is_wrong() {
        let as_of = v1::RollupBoundary::AsOf.into();
        let filter = |dimension: v1::RollupDimension, codes: usize| v1::RollupFilter {
            dimension: dimension.into(),
            codes: vec!["A".into(); codes],
        };
        let level = || filter(v1::RollupDimension::Level, 1);
        for (selection, field) in [
            (v1::RollupSelection { from_year: 0, ..given() }, Some("selection.from_year")),
            (v1::RollupSelection { to_year: 2014, ..given() }, Some("selection.to_year")),
            (v1::RollupSelection { to_year: 2065, ..given() }, Some("selection.to_year")),
            (v1::RollupSelection { region: "regions/339999".into(), ..given() }, Some("selection.region")),
            (v1::RollupSelection { boundary: as_of, ..given() }, Some("selection.boundary_year")),
            (v1::RollupSelection { boundary: as_of, boundary_year: 2020, ..given() }, Some("selection.boundary_year")),
            (v1::RollupSelection { boundary_year: 2021, ..given() }, Some("selection.boundary_year")),
            (v1::RollupSelection { filters: vec![level(), level()], ..given() }, Some("selection.filters[1]")),
            (
                v1::RollupSelection { filters: vec![filter(v1::RollupDimension::Method, 0)], ..given() },
                Some("selection.filters[0].codes"),
            ),
            (v1::RollupSelection { boundary: as_of, boundary_year: 2021, ..given() }, None),
            (v1::RollupSelection { to_year: 0, ..given() }, None),
        ] {
            let read = Selection::read(RegisterOfRegions::shipped(), Some(selection));
            let found = read.err().map(|status| {
                let request = status.get_details_bad_request().unwrap();
                request.field_violations[0].field.clone()
            });
            assert_eq!(found.as_deref(), field);
        }
    }

    #[test]
    fn the_districts_that_came_to_a_district_are_asked_for_too() {
        // 2021: 下城区 330103 went wholly to 拱墅区 330105.
        let selection = v1::RollupSelection {
            from_year: 2020,
            to_year: 2020,
            region: "regions/330105".into(),
            boundary: v1::RollupBoundary::AsOf.into(),
            boundary_year: 2021,
            ..Default::default()
        };
        let selection = Selection::read(RegisterOfRegions::shipped(), Some(selection)).unwrap();
        let found = neighbours(RegisterOfRegions::shipped(), &selection, 2021);
        assert!(found.contains(&"330103".parse().unwrap()), "{found:?}");
    }

    #[test]
    fn a_total_that_leaves_its_range_is_refused_and_not_wrapped() {
        let mut total = Totals { budget_fen: i64::MAX, ..Totals::default() };
        assert!(add(&mut total, &Totals { budget_fen: 1, ..Totals::default() }).is_err());
    }
}
