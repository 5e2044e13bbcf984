//! StatisticsService of the intake: what came in, counted.

use chrono::{Datelike, NaiveDate};
use proto::intake::v1::{self, intake_statistics as wired, statistics_service_server::StatisticsService};
use store::{
    Store,
    statistics::{Statistics, StatisticsQuery, TOP_MAX, Top, Waiting},
};
use tonic::{Request, Response, Status};

use crate::{errors, names, wire};

/// Groups that are named when the caller does not say.
const TOP_DEFAULT: u32 = 20;

/// The service.
pub struct IntakeStatistics {
    store: Store,
}

impl IntakeStatistics {
    /// Over these tables.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

/// A day that may be unset. The years around it keep every instant of it in the calendar.
fn day(field: &str, day: Option<&v1::Day>, faults: &mut Vec<wire::Fault>) -> Option<NaiveDate> {
    let day = wire::day_read(field, Some(day?), NaiveDate::MIN, faults);
    if !(1900..=9998).contains(&day.year()) && faults.is_empty() {
        let (zh, en) = ("年份应在 1900 至 9998 之间", "the year is not between 1900 and 9998");
        faults.push(wire::Fault { field: field.to_owned(), zh: zh.to_owned(), en: en.to_owned() });
    }
    Some(day)
}

fn top(top: &Top) -> wired::TopGroups {
    let group = |(value, count): &(String, u64)| wired::Group { value: value.clone(), manuscript_count: *count };
    wired::TopGroups { groups: top.groups.iter().map(group).collect(), rest_count: top.rest }
}

fn waiting(waiting: Waiting) -> wired::Waiting {
    wired::Waiting {
        manuscript_count: waiting.manuscripts,
        median_seconds: waiting.median_seconds,
        p90_seconds: waiting.p90_seconds,
        max_seconds: waiting.max_seconds,
    }
}

/// As the wire has it; `categories` are those of the campaign.
fn statistics(of: &Statistics, categories: &[String]) -> v1::IntakeStatistics {
    let called = |number: u32| {
        let at = usize::try_from(number).unwrap_or_default().checked_sub(1);
        at.and_then(|at| categories.get(at)).cloned().unwrap_or_default()
    };
    let rules = |rules: &[(intake::finding::RuleCode, u64)]| {
        let rule = |(rule, count): &(intake::finding::RuleCode, u64)| wired::RuleCount {
            rule: rule.as_str().to_owned(),
            manuscript_count: *count,
        };
        rules.iter().map(rule).collect()
    };
    v1::IntakeStatistics {
        manuscript_count: of.manuscripts,
        days: of
            .days
            .iter()
            .map(|(day, count)| wired::DayCount { day: Some(wire::day(*day)), manuscript_count: *count })
            .collect(),
        verdicts: of
            .verdicts
            .iter()
            .map(|(verdict, count)| wired::VerdictCount {
                verdict: verdict.map_or(v1::Verdict::Unspecified, wire::verdict).into(),
                manuscript_count: *count,
            })
            .collect(),
        states: of
            .states
            .iter()
            .map(|(state, count)| v1::StateCount {
                state: wire::review::state(*state).into(),
                manuscript_count: *count,
            })
            .collect(),
        categories: of
            .categories
            .iter()
            .map(|(category, count)| wired::CategoryCount {
                category: *category,
                display_name: called(*category),
                manuscript_count: *count,
            })
            .collect(),
        organisations: Some(top(&of.organisations)),
        scheduled: Some(top(&of.scheduled)),
        published: Some(top(&of.published)),
        reasons: Some(top(&of.reasons)),
        failed: rules(&of.failed),
        undetermined: rules(&of.undetermined),
        first_step: Some(waiting(of.opened)),
        decision: Some(waiting(of.decided)),
    }
}

#[tonic::async_trait]
impl StatisticsService for IntakeStatistics {
    async fn get_intake_statistics(
        &self,
        request: Request<v1::GetIntakeStatisticsRequest>,
    ) -> Result<Response<v1::IntakeStatistics>, Status> {
        let request = request.into_inner();
        let campaign_id = names::CAMPAIGN.optional("campaign", &request.campaign)?;
        let mut faults = Vec::new();
        let from_day = day("from_day", request.from_day.as_ref(), &mut faults);
        let until_day = day("until_day", request.until_day.as_ref(), &mut faults);
        if faults.is_empty() && from_day.zip(until_day).is_some_and(|(from, until)| until < from) {
            let (zh, en) = ("结束日期早于开始日期", "it is before from_day");
            faults.push(wire::Fault { field: "until_day".into(), zh: zh.into(), en: en.into() });
        }
        if !faults.is_empty() {
            return Err(errors::fields(&faults));
        }
        let limit = match u32::try_from(request.limit) {
            Ok(0) => TOP_DEFAULT,
            Ok(limit) => limit.min(TOP_MAX),
            Err(_) => return Err(errors::field("limit", "limit is negative", "数量不能为负")),
        };
        let categories = match campaign_id {
            Some(id) => self.store.campaign_get(id).await.map_err(errors::of_store)?.categories,
            None => Vec::new(),
        };
        let query = StatisticsQuery { campaign_id, from_day, until_day, top: limit };
        let found = self.store.statistics_get(&query).await.map_err(errors::of_store)?;
        Ok(Response::new(statistics(&found, &categories)))
    }
}
