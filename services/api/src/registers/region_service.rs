//! RegionService: administrative divisions (行政区划) with their periods, and what became of them.

mod convert;
mod table;

use procurement::region::{Carried, Level, Region, RegionCode, RegisterOfRegions, Resolution, Territory};
use proto::procurement::v1::{self, region_service_server::RegionService};
use tonic::{Code, Request, Response, Status};

use super::{Registrar, day, write_of};
use crate::{errors, page};

/// Years that are compared.
const YEARS: std::ops::RangeInclusive<i32> = 1949..=2100;
/// Regions of other days told at most.
const OTHERS_MAX: usize = 50;

/// The service.
pub struct Regions {
    registrar: Registrar,
}

impl Regions {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }
}

fn code_of(field: &str, name: &str) -> Result<RegionCode, Status> {
    name.strip_prefix("regions/").and_then(|code| code.parse().ok()).ok_or_else(|| {
        let en = "a name of the form regions/{code} is needed, such as regions/330110";
        errors::field(field, en, "应为 regions/{区划代码} 形式的名称,例如 regions/330110")
    })
}

fn missing(name: &str, en: &str, zh: &str) -> Status {
    let (en, zh) = (format!("{name}: {en}"), format!("{name}:{zh}"));
    errors::named(Code::NotFound, "RESOURCE_NOT_FOUND", name, en, zh)
}

#[tonic::async_trait]
impl RegionService for Regions {
    async fn get_region(&self, request: Request<v1::GetRegionRequest>) -> Result<Response<v1::Region>, Status> {
        let request = request.get_ref();
        let code = code_of("name", &request.name)?;
        let as_of = day::or_today("as_of_day", &request.as_of_day)?;
        let register = self.registrar.regions();
        let region = register.get(&code, as_of).ok_or_else(|| {
            let known: Vec<String> = register.periods(&code).map(convert::period).collect();
            if known.is_empty() {
                return missing(&request.name, "there is no such region", "没有这个行政区划");
            }
            let (en, zh) = (
                format!("the code named nothing on {as_of}, but {}", known.join(", ")),
                format!("{as_of} 没有使用该代码的区划;有 {}", known.join("、")),
            );
            missing(&request.name, &en, &zh)
        })?;
        Ok(Response::new(convert::region(&register, region, as_of)))
    }

    async fn list_regions(
        &self,
        request: Request<v1::ListRegionsRequest>,
    ) -> Result<Response<v1::ListRegionsResponse>, Status> {
        let request = request.get_ref();
        let size = page::size(request.page_size)?;
        let today_or_asked = day::or_today("as_of_day", &request.as_of_day)?;
        let level = convert::level_read(request.level)?;
        let above = match (request.parent.as_str(), request.inside.as_str()) {
            ("", "") => None,
            (parent, "") => Some((code_of("parent", parent)?, true)),
            ("", inside) => Some((code_of("inside", inside)?, false)),
            _ => {
                let (en, zh) = ("parent and inside exclude each other", "parent 与 inside 不能同时填写");
                return Err(errors::field("inside", en, zh));
            }
        };
        let (register, version) = self.registrar.regions_with_version();
        let version = version.to_string();
        let level_text = request.level.to_string();
        let query =
            ["ListRegions", &request.as_of_day, &request.parent, &request.inside, &level_text, version.as_str()];
        // The day goes with the token: a list that began before midnight ends with the same regions.
        let token: Option<(chrono::NaiveDate, String)> = self.registrar.tokens().open(&query, &request.page_token)?;
        let (as_of, after) = token.map_or((today_or_asked, None), |(day, code)| (day, Some(code)));
        let meets = |region: &&Region| {
            level.is_none_or(|level| region.level == level)
                && match &above {
                    None => true,
                    Some((code, true)) => {
                        region.code != *code
                            && code.covers(&region.code)
                            && register.parent(&region.code, as_of).is_some_and(|parent| parent.code == *code)
                    }
                    Some((code, false)) => region.code != *code && code.covers(&region.code),
                }
        };
        let total_size = request.return_total.then(|| register.on(as_of).filter(meets).count());
        let rest: Vec<&Region> = register
            .on(as_of)
            .filter(|region| after.as_deref().is_none_or(|after| region.code.as_str() > after))
            .filter(meets)
            .take(size as usize + 1)
            .collect();
        let (regions, more) = page::fill(&rest, size, |region| convert::region(&register, region, as_of));
        let next_page_token = match regions.last().filter(|_| more) {
            Some(last) => self.registrar.tokens().seal(&query, &(as_of, &last.code)),
            None => String::new(),
        };
        let total_size = total_size.and_then(|total| i64::try_from(total).ok());
        Ok(Response::new(v1::ListRegionsResponse { regions, next_page_token, total_size }))
    }

    async fn resolve_region(
        &self,
        request: Request<v1::ResolveRegionRequest>,
    ) -> Result<Response<v1::ResolveRegionResponse>, Status> {
        let request = request.get_ref();
        let most = procurement::region::NAME_CHARS_MAX;
        if request.text.trim().is_empty() || request.text.chars().count() > most {
            let en = format!("1 to {most} characters are taken");
            return Err(errors::field("text", en, format!("应为 1 至 {most} 个字符")));
        }
        let as_of = day::or_today("as_of_day", &request.as_of_day)?;
        let register = self.registrar.regions();
        let (outcome, regions) = match register.resolve(&request.text, as_of) {
            Resolution::One(region) => (v1::ResolutionOutcome::Unique, vec![region]),
            Resolution::Ambiguous(regions) => (v1::ResolutionOutcome::Ambiguous, regions),
            Resolution::Unknown => (v1::ResolutionOutcome::Unknown, Vec::new()),
        };
        let others = match outcome {
            v1::ResolutionOutcome::Unknown => of_other_days(&register, &request.text),
            _ => Vec::new(),
        };
        Ok(Response::new(v1::ResolveRegionResponse {
            outcome: outcome.into(),
            regions: regions.into_iter().map(|region| convert::region(&register, region, as_of)).collect(),
            regions_of_other_days: others,
        }))
    }

    async fn get_region_lineage(
        &self,
        request: Request<v1::GetRegionLineageRequest>,
    ) -> Result<Response<v1::GetRegionLineageResponse>, Status> {
        let name = &request.get_ref().name;
        let code = code_of("name", name)?;
        let register = self.registrar.regions();
        let family = register.lineage(&code);
        if family.is_empty() {
            return Err(missing(name, "there is no such region", "没有这个行政区划"));
        }
        let regions = family.into_iter().map(|region| convert::region_of_its_time(&register, region)).collect();
        Ok(Response::new(v1::GetRegionLineageResponse { regions }))
    }

    async fn compare_territory(
        &self,
        request: Request<v1::CompareTerritoryRequest>,
    ) -> Result<Response<v1::CompareTerritoryResponse>, Status> {
        let request = request.get_ref();
        let code = code_of("name", &request.name)?;
        for (field, year) in [("year_a", request.year_a), ("year_b", request.year_b)] {
            if !YEARS.contains(&year) {
                let en = "a year from 1949 to 2100 is needed";
                return Err(errors::field(field, en, "年份应在 1949 至 2100 之间"));
            }
        }
        let register = self.registrar.regions();
        if register.periods(&code).next().is_none() {
            return Err(missing(&request.name, "there is no such region", "没有这个行政区划"));
        }
        let (early, late) = (request.year_a.min(request.year_b), request.year_a.max(request.year_b));
        let territory = register.same_territory(&code, early, late);
        let carried_into = match register.carried_to(&code, early, late) {
            Carried::Into(code) => convert::name(&code),
            Carried::Torn(_) | Carried::NotVouched { .. } | Carried::Absent { .. } => String::new(),
        };
        let mut answer = v1::CompareTerritoryResponse {
            carried_into,
            sentence: convert::sentence(&register, &code, (early, late), &territory),
            ..v1::CompareTerritoryResponse::default()
        };
        match territory {
            Territory::Same => answer.set_verdict(v1::TerritoryVerdict::Same),
            Territory::SameUnderOtherCode(later) => {
                answer.set_verdict(v1::TerritoryVerdict::SameUnderOtherCode);
                answer.later_region = convert::name(&later);
            }
            Territory::Different(edges) => {
                answer.set_verdict(v1::TerritoryVerdict::Different);
                answer.edges = edges.iter().map(convert::edge).collect();
            }
            Territory::NotVouched { since } => {
                answer.set_verdict(v1::TerritoryVerdict::NotVouched);
                answer.known_since_day = since.to_string();
            }
            Territory::Absent { year } => {
                answer.set_verdict(v1::TerritoryVerdict::Absent);
                answer.absent_year = year;
            }
        }
        Ok(Response::new(answer))
    }

    async fn import_region_table(
        &self,
        request: Request<v1::ImportRegionTableRequest>,
    ) -> Result<Response<v1::ImportRegionTableResponse>, Status> {
        let options = write_of!(request, "RegionService/ImportRegionTable");
        table::import(&self.registrar, request.into_inner(), options).await.map(Response::new)
    }
}

// Regions that bore the name at some time, each at the last day it did.
fn of_other_days(register: &RegisterOfRegions, text: &str) -> Vec<v1::Region> {
    let days: std::collections::BTreeSet<_> = register.iter().map(convert::day_of).collect();
    let mut found: Vec<&Region> = Vec::new();
    for day in days.into_iter().rev() {
        let borne = match register.resolve(text, day) {
            Resolution::One(region) => vec![region],
            Resolution::Ambiguous(regions) => regions,
            Resolution::Unknown => Vec::new(),
        };
        for region in borne {
            if found.len() < OTHERS_MAX && !found.iter().any(|known| known.id() == region.id()) {
                found.push(region);
            }
        }
    }
    found.sort_by_key(|region| region.id());
    found.into_iter().map(|region| convert::region_of_its_time(register, region)).collect()
}

fn level_of(level: Level) -> v1::RegionLevel {
    match level {
        Level::Nation => v1::RegionLevel::Nation,
        Level::Province => v1::RegionLevel::Province,
        Level::City => v1::RegionLevel::City,
        Level::County => v1::RegionLevel::County,
        Level::Township => v1::RegionLevel::Township,
        Level::Village => v1::RegionLevel::Village,
    }
}
