//! The reform year by year (大事记): the milestones of a region, and what the registers know of a year that no milestone
//! mentions.

use std::{collections::BTreeSet, ops::RangeInclusive};

use chrono::Datelike;
use proto::procurement::v1;
use store::register::{Comparison, Condition, Value};
use tonic::Status;

use super::{DESIGNATION, MILESTONE, PILOT};
use crate::{
    errors,
    registers::{
        Registrar,
        body::Resource,
        evaluation_service::EVALUATION,
        held::{YEARS, span},
        inside,
        kind::Kind,
        policy_service::{MECHANISM, POLICY_DOCUMENT},
        region_code,
    },
};

/// Entries of one register in a timeline.
const ENTRIES_MAX: usize = 5_000;

/// One that a year is known of.
trait Dated: Resource {
    fn entry(self) -> Option<v1::TimelineEntry>;
}

macro_rules! dated {
    ($message:ident, $region:ident, $title_en:expr, $year:expr) => {
        impl Dated for v1::$message {
            fn entry(self) -> Option<v1::TimelineEntry> {
                let year: fn(&Self) -> Option<i32> = $year;
                let title_en: fn(&Self) -> String = $title_en;
                Some(v1::TimelineEntry {
                    year: year(&self)?,
                    title_en: title_en(&self),
                    title: self.title,
                    region: self.$region,
                    name: self.name,
                    entries: Vec::new(),
                    provenance: self.provenance,
                })
            }
        }
    };
}

dated!(Pilot, region, |pilot| pilot.title_en.clone(), |pilot| Some(pilot.year));
dated!(Designation, holder, |designation| designation.title_en.clone(), |designation| Some(designation.year));
dated!(Evaluation, region, |evaluation| evaluation.title_en.clone(), |evaluation| Some(evaluation.year));
dated!(Mechanism, region, |mechanism| mechanism.title_en.clone(), |mechanism| mechanism.start_year);
dated!(PolicyDocument, region, |_| String::new(), |document| span(&document.issue_date).map(|(first, _)| first.year()));

struct Asked {
    region: procurement::region::RegionCode,
    years: RangeInclusive<i32>,
}

pub(super) async fn timeline(
    registrar: &Registrar,
    request: &v1::GetPilotTimelineRequest,
) -> Result<v1::GetPilotTimelineResponse, Status> {
    let region = region_code(registrar, "region", &request.region)?;
    let year = |field: &str, year: i32, open: i32| match year {
        0 => Ok(open),
        year if YEARS.contains(&year) => Ok(year),
        _ => Err(errors::field(field, "a year from 2000 to 2100 is needed", "年份应在 2000 至 2100 之间")),
    };
    let from = year("from_year", request.from_year, i32::MIN)?;
    let asked = Asked { region, years: from..=year("to_year", request.to_year, i32::MAX)? };

    let milestones =
        registrar.all_where(&MILESTONE, asked.condition("region", Some("year")), Vec::new(), ENTRIES_MAX).await?;
    let mut entries: Vec<v1::TimelineEntry> = milestones
        .into_iter()
        .map(|milestone| v1::TimelineEntry {
            year: milestone.year,
            title: milestone.title,
            title_en: milestone.title_en,
            region: milestone.region,
            name: milestone.name,
            entries: milestone.entries,
            provenance: milestone.provenance,
        })
        .collect();
    entries.sort_by(|a, b| (a.year, &a.name).cmp(&(b.year, &b.name)));
    let mentioned: BTreeSet<String> = entries.iter().flat_map(|entry| entry.entries.iter().cloned()).collect();
    let mut others = asked.of(registrar, &POLICY_DOCUMENT, "region", None).await?;
    others.extend(asked.of(registrar, &MECHANISM, "region", None).await?);
    others.extend(asked.of(registrar, &PILOT, "region", Some("year")).await?);
    others.extend(asked.of(registrar, &DESIGNATION, "holder", Some("year")).await?);
    others.extend(asked.of(registrar, &EVALUATION, "region", Some("year")).await?);
    others.retain(|entry| !mentioned.contains(&entry.name));
    others.sort_by(|a, b| a.name.cmp(&b.name));
    entries.extend(others);
    // Stable: milestones stay before others of their year.
    entries.sort_by_key(|entry| entry.year);
    Ok(v1::GetPilotTimelineResponse { entries })
}

impl Asked {
    fn condition(&self, region: &'static str, year: Option<&'static str>) -> Condition {
        let mut all = vec![inside(region, &self.region)];
        if let Some(year) = year {
            let bound = |comparison, bound: i32| Condition::Compare(year, comparison, Value::Integer(bound.into()));
            all.push(bound(Comparison::AtLeast, *self.years.start()));
            all.push(bound(Comparison::AtMost, *self.years.end()));
        }
        Condition::All(all)
    }

    async fn of<M: Dated>(
        &self,
        registrar: &Registrar,
        kind: &Kind<M>,
        region: &'static str,
        year: Option<&'static str>,
    ) -> Result<Vec<v1::TimelineEntry>, Status> {
        let found = registrar.all_where(kind, self.condition(region, year), Vec::new(), ENTRIES_MAX).await?;
        Ok(found.into_iter().filter_map(Dated::entry).filter(|entry| self.years.contains(&entry.year)).collect())
    }
}
