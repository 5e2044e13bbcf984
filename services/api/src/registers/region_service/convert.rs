//! Regions as messages.

use chrono::NaiveDate;
use procurement::region::{ChangeKind, Edge, Level, Link, Region, RegionCode, RegisterOfRegions, Territory};
use proto::procurement::v1;
use stdx::{Clock, SystemClock};
use tonic::Status;

use super::level_of;
use crate::errors;

/// `regions/{code}`.
pub(super) fn name(code: &RegionCode) -> String {
    format!("regions/{code}")
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// A region as it stood on a day.
pub(super) fn region(register: &RegisterOfRegions, region: &Region, as_of: NaiveDate) -> v1::Region {
    v1::Region {
        name: name(&region.code),
        code: region.code.to_string(),
        title: region.name.clone(),
        full_title: register.full_name(region, as_of),
        short_title: region.short_name().to_owned(),
        level: level_of(region.level).into(),
        parent: register.parent(&region.code, as_of).map(|parent| name(&parent.code)).unwrap_or_default(),
        valid_from_day: day(region.valid_from),
        valid_to_day: day(region.valid_to),
        known_since_day: region.known_since.to_string(),
        predecessors: region.predecessors.iter().map(|one| link(register, one)).collect(),
        successors: region.successors.iter().map(|one| link(register, one)).collect(),
    }
}

/// The last day of a region's period, or today while it lasts.
pub(super) fn day_of(region: &Region) -> NaiveDate {
    region
        .valid_to
        .and_then(|day| day.pred_opt())
        .unwrap_or_else(|| stdx::beijing::day_of(SystemClock.now()).max(region.valid_from.unwrap_or(NaiveDate::MIN)))
}

/// A region as it stood at the end of its period.
pub(super) fn region_of_its_time(register: &RegisterOfRegions, found: &Region) -> v1::Region {
    region(register, found, day_of(found))
}

/// 余杭区 2021-04-09–.
pub(super) fn period(region: &Region) -> String {
    format!("{} {}–{}", region.name, day(region.valid_from), day(region.valid_to))
}

fn change(kind: ChangeKind) -> v1::RegionChange {
    match kind {
        ChangeKind::Rename => v1::RegionChange::Rename,
        ChangeKind::Merge => v1::RegionChange::Merge,
        ChangeKind::Split => v1::RegionChange::Split,
        ChangeKind::Upgrade => v1::RegionChange::Upgrade,
        ChangeKind::Transfer => v1::RegionChange::Transfer,
    }
}

fn link(register: &RegisterOfRegions, link: &Link) -> v1::RegionLink {
    v1::RegionLink {
        region: name(&link.region.code),
        title: register.by_id(&link.region).map(|region| region.name.clone()).unwrap_or_default(),
        valid_from_day: day(link.region.valid_from),
        kind: change(link.kind).into(),
        day: link.day.to_string(),
        note: link.note.clone(),
    }
}

/// A flow of territory.
pub(super) fn edge(edge: &Edge) -> v1::RegionEdge {
    v1::RegionEdge {
        from_region: name(&edge.from.code),
        from_valid_from_day: day(edge.from.valid_from),
        to_region: name(&edge.to.code),
        to_valid_from_day: day(edge.to.valid_from),
        kind: change(edge.kind).into(),
        day: edge.day.to_string(),
    }
}

/// The level of a request; none when it is not set.
pub(super) fn level_read(level: i32) -> Result<Option<Level>, Status> {
    let known = v1::RegionLevel::try_from(level)
        .map_err(|_| errors::field("level", format!("{level} is none of its values"), "取值无效"))?;
    Ok(match known {
        v1::RegionLevel::Unspecified => None,
        v1::RegionLevel::Nation => Some(Level::Nation),
        v1::RegionLevel::Province => Some(Level::Province),
        v1::RegionLevel::City => Some(Level::City),
        v1::RegionLevel::County => Some(Level::County),
        v1::RegionLevel::Township => Some(Level::Township),
        v1::RegionLevel::Village => Some(Level::Village),
    })
}

/// The verdict on two years in one sentence.
pub(super) fn sentence(
    register: &RegisterOfRegions,
    code: &RegionCode,
    (early, late): (i32, i32),
    territory: &Territory,
) -> String {
    let title = |code: &RegionCode, year: i32| {
        let region = procurement::region::year_end(year).and_then(|day| register.get(code, day));
        region.map_or_else(|| code.to_string(), |region| format!("{}({code})", region.name))
    };
    match territory {
        Territory::Same => format!("{}在{early}年末与{late}年末辖区相同", title(code, early)),
        Territory::SameUnderOtherCode(later) => {
            format!("{}在{late}年末为{},辖区相同", title(code, early), title(later, late))
        }
        Territory::Different(edges) => {
            let flows: Vec<String> = edges
                .iter()
                .map(|edge| {
                    let named = |id| register.by_id(id).map_or("", |region| region.name.as_str());
                    let (from, to) = (named(&edge.from), named(&edge.to));
                    format!("{}{from}→{to}({})", edge.day.format("%Y-%m-%d "), edge.kind.chinese())
                })
                .collect();
            format!("{}在{early}年末与{late}年末不是同一辖区:{}", title(code, early), flows.join(";"))
        }
        Territory::NotVouched { since } => format!("区划表只保证{since}以后的情况,{early}年末无从比较"),
        Territory::Absent { year } => format!("{year}年末没有使用代码{code}的区划"),
    }
}
