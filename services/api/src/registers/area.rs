//! For which regions a total is asked, and which of them report.

use std::collections::BTreeSet;

use procurement::{
    figure::Scope,
    region::{Carried, Region, RegionCode, RegisterOfRegions, year_end},
};
use proto::procurement::v1;
use store::{Store, rollup::Origin};
use tonic::Status;

use crate::{errors, wire::Fault};

/// Regions told by name in one coverage.
const TOLD_MAX: usize = 200;
/// Parts that are left out.
const WITHOUT_MAX: usize = 64;

/// A region, itself alone or with everything below it, without some parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// The region.
    pub region: RegionCode,
    /// 本级 or 全辖.
    pub scope: Scope,
    /// Parts that are left out (不含宁波).
    pub without: Vec<RegionCode>,
}

impl Area {
    /// Reads the fields of a request; the nation when there is no region. `prefix` stands before the names of the fields.
    pub fn read(
        regions: &RegisterOfRegions,
        prefix: &str,
        region: &str,
        scope: v1::AreaScope,
        without: &[String],
    ) -> Result<Self, Status> {
        let mut faults = Vec::new();
        let mut code = |field: String, name: &str| {
            let code = name.strip_prefix("regions/").and_then(|code| code.parse::<RegionCode>().ok());
            let code = code.filter(|code| regions.periods(code).next().is_some());
            if code.is_none() {
                let en = "no region of any time has this name; regions/330000 is Zhejiang".to_owned();
                faults.push(Fault { field, zh: "没有这个行政区划;浙江省为 regions/330000".to_owned(), en });
            }
            code
        };
        let nation = Some(RegionCode::nation());
        let region = if region.is_empty() { nation } else { code(format!("{prefix}region"), region) };
        let parts = without.iter().take(WITHOUT_MAX).enumerate();
        let parts: Vec<_> = parts.map(|(at, name)| code(format!("{prefix}without_regions[{at}]"), name)).collect();
        if without.len() > WITHOUT_MAX {
            let en = format!("at most {WITHOUT_MAX} are taken");
            faults.push(Fault { field: format!("{prefix}without_regions"), zh: "最多 64 个".to_owned(), en });
        }
        let scope = match scope {
            v1::AreaScope::Unspecified | v1::AreaScope::WholeArea => Scope::WholeArea,
            v1::AreaScope::OwnLevel => Scope::OwnLevel,
        };
        match region {
            Some(region) if faults.is_empty() => {
                Ok(Self { region, scope, without: parts.into_iter().flatten().collect() })
            }
            _ => Err(errors::fields(&faults)),
        }
    }

    /// Whether the region of a record lies in it.
    #[must_use]
    pub fn holds(&self, code: &RegionCode) -> bool {
        let inside = match self.scope {
            Scope::WholeArea => self.region.covers(code),
            Scope::OwnLevel => self.region == *code,
        };
        inside && !self.without.iter().any(|part| part.covers(code))
    }

    /// Ranges `[from, to)` of the codes in it; those left out are not looked at.
    #[must_use]
    pub fn ranges(&self) -> Vec<(String, String)> {
        match self.scope {
            Scope::WholeArea => within(&self.region),
            Scope::OwnLevel => vec![only(&self.region)],
        }
    }

    /// Ranges of the codes left out.
    #[must_use]
    pub fn ranges_without(&self) -> Vec<(String, String)> {
        self.without.iter().flat_map(within).collect()
    }

    /// The regions in it at the end of a year, by code; with `boundary`, those whose land lies in it at the end of that
    /// later year.
    #[must_use]
    pub fn existing<'a>(&self, regions: &'a RegisterOfRegions, year: i32, boundary: Option<i32>) -> Vec<&'a Region> {
        let Some(day) = year_end(year) else { return Vec::new() };
        let inside = |region: &&Region| match boundary {
            None => self.holds(&region.code),
            Some(to) => matches!(regions.carried_to(&region.code, year, to), Carried::Into(code) if self.holds(&code)),
        };
        regions.on(day).filter(inside).collect()
    }

    /// Which of the regions in it report in a year.
    pub async fn coverage(
        &self,
        store: &Store,
        regions: &RegisterOfRegions,
        year: i32,
        boundary: Option<i32>,
        origin: Origin,
    ) -> Result<v1::Coverage, Status> {
        let reporting = store.rollup_regions(year, origin).await.map_err(errors::of_store)?;
        let reporting: BTreeSet<RegionCode> = reporting.iter().filter_map(|code| code.parse().ok()).collect();
        let existing = self.existing(regions, year, boundary);
        let missing: Vec<_> = existing.iter().filter(|region| !reporting.contains(&region.code)).collect();
        let is_known = |code: &RegionCode| year_end(year).is_some_and(|day| regions.get(code, day).is_some());
        let unknown = reporting.iter().filter(|code| self.holds(code) && !is_known(code));
        Ok(v1::Coverage {
            year,
            regions_reporting: count(existing.len() - missing.len()),
            regions_existing: count(existing.len()),
            missing_count: count(missing.len()),
            missing: missing
                .iter()
                .take(TOLD_MAX)
                .map(|region| v1::RegionRef { region: format!("regions/{}", region.code), title: region.name.clone() })
                .collect(),
            unknown: unknown.take(TOLD_MAX).map(|code| format!("regions/{code}")).collect(),
        })
    }
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// The range that holds one code alone: nothing stands between a text and that text with a space behind it.
pub(super) fn only(code: &RegionCode) -> (String, String) {
    (code.as_str().to_owned(), format!("{code} "))
}

/// The range of a region's code and of those below it. Digits end at `9`, and `:` is the character behind it.
fn within(code: &RegionCode) -> Vec<(String, String)> {
    use procurement::region::Level;
    let digits = code.as_str();
    let stem = match code.level() {
        Level::Nation => return vec![("0".to_owned(), ":".to_owned())],
        Level::Province => &digits[..2],
        Level::City => &digits[..4],
        Level::County | Level::Township | Level::Village => digits,
    };
    vec![(stem.to_owned(), format!("{stem}:"))]
}

/// The store's word for an origin.
#[must_use]
pub fn origin(origin: v1::Origin) -> Origin {
    match origin {
        v1::Origin::Unspecified | v1::Origin::Real => Origin::Real,
        v1::Origin::Synthetic => Origin::Synthetic,
        v1::Origin::All => Origin::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(region: &str, scope: v1::AreaScope, without: &[&str]) -> Area {
        let without: Vec<String> = without.iter().map(|code| format!("regions/{code}")).collect();
        Area::read(RegisterOfRegions::shipped(), "", &format!("regions/{region}"), scope, &without).unwrap()
    }

    #[test]
    fn a_range_holds_the_codes_that_the_area_holds_and_no_other() {
        use v1::AreaScope::{OwnLevel, WholeArea};
        let codes = ["000000", "330000", "330100", "330110", "330110001", "330200", "330203", "340000"];
        let codes = codes.map(|code| code.parse::<RegionCode>().unwrap());
        for (region, scope, held) in [
            ("000000", WholeArea, &codes[..]),
            ("330000", WholeArea, &codes[1..7]),
            ("330000", OwnLevel, &codes[1..2]),
            ("330100", WholeArea, &codes[2..5]),
            ("330110", WholeArea, &codes[3..5]),
            ("330110", OwnLevel, &codes[3..4]),
        ] {
            let area = area(region, scope, &[]);
            let ranges = area.ranges();
            for code in &codes {
                let in_range = ranges.iter().any(|(from, to)| (from.as_str()..to.as_str()).contains(&code.as_str()));
                assert_eq!((in_range, area.holds(code)), (held.contains(code), held.contains(code)), "{region} {code}");
            }
        }
    }

    #[test]
    fn without_ningbo_is_without_its_counties_too() {
        let area = area("330000", v1::AreaScope::WholeArea, &["330200"]);
        let held = |code: &str| area.holds(&code.parse().unwrap());
        assert!(held("330000") && held("330110") && !held("330200") && !held("330203"));
        assert_eq!(area.ranges_without(), [("3302".to_owned(), "3302:".to_owned())]);
    }

    #[test]
    fn the_regions_of_an_area_are_those_of_the_year() {
        let hangzhou = area("330100", v1::AreaScope::WholeArea, &[]);
        let codes = |year| -> Vec<String> {
            let regions = hangzhou.existing(RegisterOfRegions::shipped(), year, None);
            regions.iter().map(|region| region.code.to_string()).collect()
        };
        assert!(codes(2020).contains(&"330103".to_owned()) && !codes(2021).contains(&"330103".to_owned()));
        assert!(codes(2021).contains(&"330113".to_owned()) && !codes(2020).contains(&"330113".to_owned()));
    }

    #[test]
    fn every_wrong_name_is_told() {
        let without = ["regions/330200".to_owned(), "330300".to_owned()];
        let refused =
            Area::read(RegisterOfRegions::shipped(), "selection.", "regions/339999", v1::AreaScope::OwnLevel, &without);
        assert!(refused.unwrap_err().message().contains("2 fields"));
    }
}
