//! StatisticsService: totals of projects and contracts (统计).

use std::collections::{BTreeSet, HashMap};

use num_rational::BigRational;
use num_traits::One;
use procurement::{
    catalogue::ServiceKind,
    interval::Interval,
    party::ProviderKind,
    project::ProcurementMethod,
    rational::{self, Rounding, fraction},
    region::{Level, RegisterOfRegions, year_end},
};
use proto::{
    google::longrunning::Operation,
    procurement::v1::{self, statistics_service_server::StatisticsService},
};
use stdx::Sha256;
use store::{
    LIST_MAX,
    rollup::{Dimension, Totals},
};
use tonic::{Request, Response, Status};

use super::{
    Registrar, WriteOptions,
    area::{self, Area},
    caller,
    catalogue_service::CATALOGUE_ITEM,
    operations::Operations,
    selection::{Gathered, Selection, dimension, gather, told},
    wire::{plain, wording},
};
use crate::errors;

/// Places of a percentage.
const PERCENT_PLACES: usize = 4;
/// Entries of QueryTop.
const TOP_MAX: i32 = 100;
/// Entries of QueryTop when the caller does not say.
const TOP: i32 = 10;
/// Faults that are told one by one.
const FAULTS_MAX: usize = 1_000;

/// The service.
pub struct Statistics {
    registrar: Registrar,
    operations: Operations,
}

impl Statistics {
    /// Over this registrar; works run as these operations.
    #[must_use]
    pub fn new(registrar: Registrar, operations: Operations) -> Self {
        Self { registrar, operations }
    }

    /// Titles of the 类 among the codes of groups.
    async fn classes(&self, codes: BTreeSet<&str>) -> Result<HashMap<String, String>, Status> {
        let ids: Vec<String> = codes.into_iter().filter(|code| !code.is_empty()).map(str::to_owned).collect();
        let mut titles = HashMap::new();
        for ids in ids.chunks(LIST_MAX as usize) {
            let entries = self.registrar.store().register_many(&CATALOGUE_ITEM.register, ids).await;
            for entry in entries.map_err(errors::of_store)? {
                let item = self.registrar.resource(&CATALOGUE_ITEM, &entry)?;
                titles.insert(entry.id, item.title);
            }
        }
        Ok(titles)
    }

    async fn coverage(&self, selection: &Selection) -> Result<Vec<v1::Coverage>, Status> {
        let (store, regions) = (self.registrar.store(), self.registrar.regions());
        let mut found = Vec::new();
        for year in selection.years.clone() {
            found.push(selection.area.coverage(store, &regions, year, selection.boundary, selection.origin).await?);
        }
        Ok(found)
    }
}

/// The measure of a request.
fn measure(measure: v1::RollupMeasure) -> Result<fn(&Totals) -> i64, Status> {
    Ok(match measure {
        v1::RollupMeasure::Unspecified => return Err(errors::field("measure", "a measure is needed", "请选择指标")),
        v1::RollupMeasure::ProjectCount => |totals| totals.project_count,
        v1::RollupMeasure::SettledProjectCount => |totals| totals.settled_project_count,
        v1::RollupMeasure::BudgetFen => |totals| totals.budget_fen,
        v1::RollupMeasure::SettlementFen => |totals| totals.settlement_fen,
        v1::RollupMeasure::ContractCount => |totals| totals.contract_count,
        v1::RollupMeasure::ContractFen => |totals| totals.contract_fen,
        v1::RollupMeasure::PaidFen => |totals| totals.paid_fen,
    })
}

fn is_of_contracts(measure: v1::RollupMeasure) -> bool {
    matches!(measure, v1::RollupMeasure::ContractCount | v1::RollupMeasure::ContractFen | v1::RollupMeasure::PaidFen)
}

/// What a code stands for, where a closed list or the register of regions says it.
fn label(regions: &RegisterOfRegions, dimension: Dimension, code: &str, last_year: i32) -> String {
    let known = match dimension {
        Dimension::Year => Some(format!("{code}年")),
        Dimension::Region => code.parse().ok().and_then(|region| {
            let there = year_end(last_year).and_then(|day| regions.get(&region, day));
            there.or_else(|| regions.periods(&region).last()).map(|region| region.name.clone())
        }),
        Dimension::Level => code.parse::<Level>().ok().map(|level| level.chinese().to_owned()),
        Dimension::ServiceKind => code.parse::<ServiceKind>().ok().map(|kind| kind.chinese().to_owned()),
        Dimension::Method => code.parse::<ProcurementMethod>().ok().map(|method| method.chinese().to_owned()),
        Dimension::ProviderKind => code.parse::<ProviderKind>().ok().map(|kind| kind.chinese().to_owned()),
        // Names of catalogue items are looked up together.
        Dimension::Class => None,
    };
    known.unwrap_or_else(|| code.to_owned())
}

fn caveats(gathered: &Gathered, coverage: &[v1::Coverage]) -> Vec<v1::Wording> {
    let mut found = Vec::new();
    let Totals { project_count, settled_project_count, .. } = gathered.total;
    if settled_project_count < project_count {
        found.push(wording(
            format!(
                "口径不同：项目按实施计数，共 {project_count} 个；决算金额只含其中已有决算的 {settled_project_count} 个"
            ),
            format!(
                "different bases: {project_count} projects are counted as carried out, settled money is that of \
                 {settled_project_count} of them"
            ),
        ));
    }
    for year in coverage.iter().filter(|year| year.missing_count > 0) {
        let (reporting, existing) = (year.regions_reporting, year.regions_existing);
        found.push(wording(
            format!("{}年只有 {reporting}/{existing} 个地区报送", year.year),
            format!("only {reporting} of {existing} regions report for {}", year.year),
        ));
    }
    if gathered.includes_synthetic {
        found.push(wording("含合成记录", "made-up records are among them"));
    }
    if !gathered.not_carried.is_empty() {
        let count = gathered.not_carried.len();
        found.push(wording(
            format!("{count} 个地区年度不能归入后来的区划，未计入"),
            format!("{count} years of regions cannot be carried to the later boundaries and are left out"),
        ));
    }
    found
}

/// A change as a rate; `None` where there is nothing to change from.
fn growth(from: i64, to: i64) -> Option<v1::Rate> {
    if from <= 0 {
        return None;
    }
    let change = BigRational::new(to.into(), from.into()) - BigRational::one();
    Some(rate(&change, true))
}

fn rate(change: &BigRational, is_exact: bool) -> v1::Rate {
    let hundredths = change * fraction(100, 1);
    let percent = plain(&hundredths, PERCENT_PLACES, Rounding::Nearest);
    let is_whole = rational::parse(&percent).is_ok_and(|(shown, _)| shown == hundredths);
    let exact = super::wire::number(change, Rounding::Nearest).exact;
    v1::Rate { percent, exact: if is_exact { exact } else { String::new() }, is_rounded: !(is_exact && is_whole) }
}

/// The yearly growth that leads from one number to the other in so many years.
fn annual_growth(from: i64, to: i64, years: u32) -> Option<v1::Rate> {
    if from <= 0 || to < 0 || years == 0 {
        return None;
    }
    if years == 1 {
        return growth(from, to);
    }
    let times = Interval::point(BigRational::new(to.into(), from.into())).root(years)?;
    let (low, high) = (times.low()?, times.high()?);
    // The enclosure is of twelve decimals: its middle tells four of a percentage.
    let middle = (&low.value + &high.value) / fraction(2, 1);
    Some(rate(&(middle - BigRational::one()), false))
}

#[tonic::async_trait]
impl StatisticsService for Statistics {
    async fn query_rollup(
        &self,
        request: Request<v1::QueryRollupRequest>,
    ) -> Result<Response<v1::QueryRollupResponse>, Status> {
        let request = request.into_inner();
        let mut dimensions: Vec<Dimension> = Vec::new();
        for (at, given) in request.dimensions().enumerate() {
            let field = format!("dimensions[{at}]");
            let read = dimension(&field, given)?;
            if dimensions.contains(&read) {
                return Err(errors::field(&field, "this dimension is there already", "维度重复"));
            }
            dimensions.push(read);
        }
        let regions = self.registrar.regions();
        let selection = Selection::read(&regions, request.selection)?;
        let gathered = gather(&self.registrar, &selection, &dimensions, true).await?;
        let coverage = self.coverage(&selection).await?;
        let label_year = selection.boundary.unwrap_or(*selection.years.end());
        let class_at = dimensions.iter().position(|dimension| *dimension == Dimension::Class);
        let classes = gathered.groups.keys().filter_map(|codes| Some(codes.get(class_at?)?.as_str())).collect();
        let classes = self.classes(classes).await?;
        let groups = gathered.groups.iter().map(|(codes, totals)| v1::RollupGroup {
            codes: codes.clone(),
            labels: dimensions
                .iter()
                .zip(codes)
                .map(|(dimension, code)| match classes.get(code).filter(|_| *dimension == Dimension::Class) {
                    Some(title) => title.clone(),
                    None => label(&regions, *dimension, code, label_year),
                })
                .collect(),
            totals: Some(told(totals)),
        });
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(Response::new(v1::QueryRollupResponse {
            groups: groups.collect(),
            total: Some(told(&gathered.total)),
            distinct_purchasers: gathered.distinct.map(|(purchasers, _)| whole(purchasers)),
            distinct_providers: gathered.distinct.map(|(_, providers)| whole(providers)),
            includes_synthetic: gathered.includes_synthetic,
            caveats: caveats(&gathered, &coverage),
            not_carried: gathered.not_carried,
            coverage,
        }))
    }

    async fn query_trend(
        &self,
        request: Request<v1::QueryTrendRequest>,
    ) -> Result<Response<v1::QueryTrendResponse>, Status> {
        let request = request.into_inner();
        let value = measure(request.measure())?;
        let selection = Selection::read(&self.registrar.regions(), request.selection)?;
        let gathered = gather(&self.registrar, &selection, &[Dimension::Year], false).await?;
        let coverage = self.coverage(&selection).await?;
        let of_year = |year: i32| gathered.groups.get(&vec![year.to_string()]).map(value);
        let points = coverage.iter().map(|coverage| {
            let (here, before) = (of_year(coverage.year), of_year(coverage.year - 1));
            v1::query_trend_response::Point {
                year: coverage.year,
                value: here.unwrap_or_default(),
                has_records: here.is_some(),
                growth: before.zip(here).and_then(|(before, here)| growth(before, here)),
                coverage: Some(coverage.clone()),
            }
        });
        let (first, last) = (*selection.years.start(), *selection.years.end());
        let years = u32::try_from(last - first).unwrap_or_default();
        let ends = of_year(first).zip(of_year(last));
        Ok(Response::new(v1::QueryTrendResponse {
            points: points.collect(),
            annual_growth: ends.and_then(|(from, to)| annual_growth(from, to, years)),
            includes_synthetic: gathered.includes_synthetic,
            caveats: caveats(&gathered, &coverage),
            not_carried: gathered.not_carried,
        }))
    }

    async fn query_top(&self, request: Request<v1::QueryTopRequest>) -> Result<Response<v1::QueryTopResponse>, Status> {
        let request = request.into_inner();
        let dimension = dimension("dimension", request.dimension())?;
        let value = measure(request.measure())?;
        if dimension == Dimension::ProviderKind && !is_of_contracts(request.measure()) {
            let en = "projects have no provider kind: take a measure of contracts";
            return Err(errors::field("measure", en, "项目没有承接主体类型,请选择合同的指标"));
        }
        let limit = match request.limit {
            0 => TOP,
            1..=TOP_MAX => request.limit,
            _ => return Err(errors::field("limit", "1 to 100 is taken", "应为 1 至 100")),
        };
        let regions = self.registrar.regions();
        let selection = Selection::read(&regions, request.selection)?;
        let gathered = gather(&self.registrar, &selection, &[dimension], false).await?;
        let total = value(&gathered.total);
        let mut found: Vec<(&str, i64)> = gathered
            .groups
            .iter()
            .filter_map(|(codes, totals)| Some((codes.first()?.as_str(), value(totals))))
            // Of what is counted of contracts the projects' own group has nothing.
            .filter(|(code, value)| *value != 0 || !code.is_empty())
            .collect();
        found.sort_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.cmp(two.0)));
        found.truncate(usize::try_from(limit).unwrap_or_default());
        let taken: i64 = found.iter().map(|(_, value)| value).sum();
        let label_year = selection.boundary.unwrap_or(*selection.years.end());
        let is_class = dimension == Dimension::Class;
        let classes = found.iter().filter(|_| is_class).map(|(code, _)| *code).collect();
        let classes = self.classes(classes).await?;
        let entries = found.into_iter().map(|(code, value)| {
            let share = (total != 0).then(|| BigRational::new((i128::from(value) * 100).into(), total.into()));
            v1::query_top_response::Entry {
                code: code.to_owned(),
                label: match classes.get(code) {
                    Some(title) => title.clone(),
                    None => label(&regions, dimension, code, label_year),
                },
                value,
                share_percent: share.map(|share| plain(&share, PERCENT_PLACES, Rounding::Nearest)).unwrap_or_default(),
            }
        });
        Ok(Response::new(v1::QueryTopResponse {
            entries: entries.collect(),
            total,
            rest: total - taken,
            includes_synthetic: gathered.includes_synthetic,
            not_carried: gathered.not_carried,
        }))
    }

    async fn get_coverage(&self, request: Request<v1::GetCoverageRequest>) -> Result<Response<v1::Coverage>, Status> {
        let request = request.into_inner();
        let regions = self.registrar.regions();
        if !(1949..=2199).contains(&request.year) {
            return Err(errors::field("year", "a year from 1949 to 2199 is needed", "应为 1949 至 2199 年"));
        }
        let area = Area::read(&regions, "", &request.region, request.scope(), &request.without_regions)?;
        let origin = area::origin(request.origin());
        let store = self.registrar.store();
        Ok(Response::new(area.coverage(store, &regions, request.year, None, origin).await?))
    }

    async fn rebuild_rollups(
        &self,
        request: Request<v1::RebuildRollupsRequest>,
    ) -> Result<Response<Operation>, Status> {
        let message = request.get_ref();
        let options = WriteOptions {
            method: "caibian.procurement.v1.StatisticsService/RebuildRollups",
            request_id: message.request_id.clone(),
            validate_only: false,
            caller: caller(&request),
            body_sha256: Some(Sha256::of(&prost::Message::encode_to_vec(message))),
        };
        let store = self.registrar.store().clone();
        let work = move |_| async move {
            let count = store.rollup_rebuild().await.map_err(errors::of_store)?;
            Ok(v1::RebuildRollupsResponse { partition_count: i64::try_from(count).unwrap_or(i64::MAX) })
        };
        Ok(Response::new(self.operations.start(options, &v1::RebuildRollupsMetadata {}, work).await?))
    }

    async fn verify_rollups(
        &self,
        _: Request<v1::VerifyRollupsRequest>,
    ) -> Result<Response<v1::VerifyRollupsResponse>, Status> {
        let (count, faults) = self.registrar.store().rollup_verify().await.map_err(errors::of_store)?;
        let told = faults.iter().take(FAULTS_MAX).map(|fault| v1::verify_rollups_response::Fault {
            year: fault.year,
            region: format!("regions/{}", fault.region),
            detail: fault.detail.clone(),
        });
        Ok(Response::new(v1::VerifyRollupsResponse {
            partition_count: i64::try_from(count).unwrap_or(i64::MAX),
            faults: told.collect(),
            fault_count: i64::try_from(faults.len()).unwrap_or(i64::MAX),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_exact_and_its_percentage_rounded() {
        let rate = growth(9_699, 34_463).unwrap();
        assert_eq!((rate.percent.as_str(), rate.exact.as_str(), rate.is_rounded), ("255.3253", "24764/9699", true));
        let rate = growth(4, 5).unwrap();
        assert_eq!((rate.percent.as_str(), rate.exact.as_str(), rate.is_rounded), ("25.0000", "0.25", false));
        let rate = growth(995, 399).unwrap();
        assert_eq!(rate.percent, "-59.8995");
        assert_eq!(growth(0, 5), None);
    }

    #[test]
    fn annual_growth_is_the_root_of_the_whole_growth() {
        // procurement.md section 1.3: money 25.1 %, projects 23.5 % a year.
        let money = annual_growth(840_000_000_000, 3_217_000_000_000, 6).unwrap();
        assert_eq!((money.percent.as_str(), money.exact.as_str(), money.is_rounded), ("25.0821", "", true));
        assert_eq!(annual_growth(9_699, 34_463, 6).unwrap().percent, "23.5296");
        assert_eq!(annual_growth(4, 9, 2).unwrap().percent, "50.0000");
        assert_eq!(annual_growth(4, 5, 1).unwrap().exact, "0.25");
        assert_eq!((annual_growth(0, 5, 3), annual_growth(4, 5, 0)), (None, None));
    }

    #[test]
    fn a_code_is_told_by_the_name_it_had() {
        let regions = RegisterOfRegions::shipped();
        for (dimension, code, year, name) in [
            (Dimension::Region, "330103", 2015, "下城区"),
            (Dimension::Region, "330103", 2021, "下城区"),
            (Dimension::Region, "339999", 2021, "339999"),
            (Dimension::Level, "COUNTY", 2021, "县级"),
            (Dimension::ServiceKind, "PUBLIC", 2021, "公共服务"),
            (Dimension::ProviderKind, "", 2021, ""),
            (Dimension::Year, "2021", 2021, "2021年"),
        ] {
            assert_eq!(label(regions, dimension, code, year), name);
        }
    }
}
