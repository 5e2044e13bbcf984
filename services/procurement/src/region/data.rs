//! Reads the register's files and ties the links of the changes to the territories they mean.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{ChangeKind, Link, Region, RegionCode, RegionId, RegisterOfRegions};

/// Why a register of regions was refused.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file is not the TOML we read.
    #[error("a file of regions does not read")]
    Toml(#[from] toml::de::Error),
    /// A line is not "code name from until", or a link not "old > new KIND".
    #[error("this line of a file of regions does not read: {0}")]
    Line(String),
    /// Two periods of one code share a day.
    #[error("periods of {0} overlap")]
    Overlap(RegionCode),
    /// A period ends before it begins.
    #[error("a period of {0} is empty")]
    EmptyPeriod(RegionCode),
    /// A link without its other end, or whose day is not the seam of two periods.
    #[error("a link of {0} does not join two periods on its day")]
    LooseLink(RegionCode),
    /// More regions than a register takes.
    #[error("too many regions")]
    TooMany,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    since: toml::value::Datetime,
    nation: Option<String>,
    #[serde(default)]
    provinces: Vec<String>,
    #[serde(default)]
    cities: Vec<String>,
    #[serde(default)]
    counties: Vec<String>,
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    day: toml::value::Datetime,
    edges: Vec<String>,
    note: String,
}

impl Fault {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> stdx::ErrorKind {
        match self {
            Self::TooMany => stdx::ErrorKind::Exhausted,
            _ => stdx::ErrorKind::Invalid,
        }
    }
}

pub(super) fn shipped() -> Result<RegisterOfRegions, Fault> {
    read(&[
        include_str!("../../data/regions.toml"),
        include_str!("../../data/regions/zhejiang.toml"),
        include_str!("../../data/regions/cities.toml"),
    ])
}

pub(super) fn read(texts: &[&str]) -> Result<RegisterOfRegions, Fault> {
    let mut regions = Vec::new();
    let mut changes = Vec::new();
    for text in texts {
        let file: File = toml::from_str(text)?;
        let known_since = day(&file.since)?;
        for line in file.nation.iter().chain(&file.provinces).chain(&file.cities).chain(&file.counties) {
            regions.push(region(line, known_since)?);
        }
        changes.extend(file.changes);
    }
    for change in &changes {
        let day = day(&change.day)?;
        for edge in &change.edges {
            link(&mut regions, edge, day, &change.note)?;
        }
    }
    RegisterOfRegions::new(regions)
}

fn region(line: &str, known_since: NaiveDate) -> Result<Region, Fault> {
    let wrong = || Fault::Line(line.to_owned());
    let mut words = line.split(' ');
    let code: RegionCode = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
    let name = words.next().filter(|name| !name.is_empty()).ok_or_else(wrong)?.to_owned();
    let mut bound = || match words.next() {
        None | Some("-") => Ok(None),
        Some(word) => word.parse().map(Some).map_err(|_| wrong()),
    };
    let (valid_from, valid_to) = (bound()?, bound()?);
    if words.next().is_some() {
        return Err(wrong());
    }
    let level = code.level();
    Ok(Region {
        code,
        name,
        level,
        valid_from,
        valid_to,
        known_since,
        predecessors: Vec::new(),
        successors: Vec::new(),
    })
}

fn link(regions: &mut [Region], edge: &str, day: NaiveDate, note: &str) -> Result<(), Fault> {
    let wrong = || Fault::Line(edge.to_owned());
    let words: Vec<&str> = edge.split(' ').collect();
    let [old, ">", new, kind] = words.as_slice() else { return Err(wrong()) };
    let kind: ChangeKind = kind.parse().map_err(|_| wrong())?;
    let (old, new): (RegionCode, RegionCode) = (old.parse().map_err(|_| wrong())?, new.parse().map_err(|_| wrong())?);
    let from = regions.iter().position(|region| region.code == old && region.valid_to == Some(day));
    let to = regions.iter().position(|region| region.code == new && region.valid_from == Some(day));
    let (Some(from), Some(to)) = (from, to) else { return Err(Fault::LooseLink(old)) };
    let tie = |region: RegionId| Link { region, kind, day, note: note.to_owned() };
    let (old_id, new_id) = (regions[from].id(), regions[to].id());
    regions[from].successors.push(tie(new_id));
    regions[to].predecessors.push(tie(old_id));
    Ok(())
}

fn day(value: &toml::value::Datetime) -> Result<NaiveDate, Fault> {
    value.to_string().parse().map_err(|_| Fault::Line(value.to_string()))
}
