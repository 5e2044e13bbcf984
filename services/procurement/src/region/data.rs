//! Reads the register's files and ties the links of the changes to the territories they mean; every fault has its line.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use super::{ChangeKind, Level, Link, NAME_CHARS_MAX, REGIONS_MAX, Region, RegionCode, RegionId, RegisterOfRegions};

/// Most faults of one table that are told.
pub const FAULTS_MAX: usize = 1_000;
/// Longest note of a change, in characters.
const NOTE_CHARS_MAX: usize = 1_000;

/// Why a register of regions was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file is not the TOML we read.
    #[error("a file of regions does not read: {0}")]
    Toml(String),
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
    /// Nothing stands above it on its first day.
    #[error("no region stands above {0}")]
    Orphan(RegionCode),
    /// More regions than a register takes.
    #[error("too many regions")]
    TooMany,
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

    /// The same for Chinese readers.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Self::Toml(reason) => format!("文件不是规定的 TOML 格式:{reason}"),
            Self::Line(line) => format!("这一行无法识别:{line}"),
            Self::Overlap(code) => format!("{code} 的有效期重叠"),
            Self::EmptyPeriod(code) => format!("{code} 的有效期为空"),
            Self::LooseLink(code) => format!("{code} 的沿革与有效期的起止日不衔接"),
            Self::Orphan(code) => format!("{code} 没有上级区划"),
            Self::TooMany => format!("区划超过 {REGIONS_MAX} 个"),
        }
    }
}

/// A fault with its place in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFault {
    /// Which file, from 1.
    pub file: usize,
    /// Which line of it, from 1.
    pub line: usize,
    /// The words there.
    pub text: String,
    /// What is wrong.
    pub fault: Fault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    since: Spanned<toml::value::Datetime>,
    nation: Option<Spanned<String>>,
    #[serde(default)]
    provinces: Vec<Spanned<String>>,
    #[serde(default)]
    cities: Vec<Spanned<String>>,
    #[serde(default)]
    counties: Vec<Spanned<String>>,
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    day: Spanned<toml::value::Datetime>,
    edges: Vec<Spanned<String>>,
    note: Spanned<String>,
}

/// The texts of the register that ships.
pub(super) const SHIPPED: [&str; 3] = [
    include_str!("../../data/regions.toml"),
    include_str!("../../data/regions/zhejiang.toml"),
    include_str!("../../data/regions/cities.toml"),
];

/// Reads files that make up one register. All faults are told, in the order of the files, at most [`FAULTS_MAX`].
pub(super) fn read(texts: &[&str]) -> Result<RegisterOfRegions, Vec<TableFault>> {
    let mut table = Table::default();
    let files: Vec<(Lines, File)> = texts
        .iter()
        .enumerate()
        .filter_map(|(index, text)| {
            let lines = Lines::of(index + 1, text);
            let file = toml::from_str::<File>(text);
            file.map_err(|error| table.fault(lines.place(error.span().unwrap_or(0..0)), "", toml_fault(&error)))
                .ok()
                .map(|file| (lines, file))
        })
        .collect();
    for (lines, file) in &files {
        table.regions(lines, file);
    }
    for (lines, file) in &files {
        for change in &file.changes {
            table.change(lines, change);
        }
    }
    table.finish()
}

fn toml_fault(error: &toml::de::Error) -> Fault {
    Fault::Toml(error.message().chars().take(200).collect())
}

/// A file and a line of it.
type Place = (usize, usize);

/// Where the lines of a file begin.
struct Lines {
    file: usize,
    starts: Vec<usize>,
}

impl Lines {
    fn of(file: usize, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { file, starts: std::iter::once(0).chain(breaks).collect() }
    }

    fn place(&self, span: Range<usize>) -> Place {
        (self.file, self.starts.partition_point(|start| *start <= span.start).max(1))
    }
}

#[derive(Default)]
struct Table {
    regions: Vec<Region>,
    places: BTreeMap<RegionId, Place>,
    // By code and the last or first day: what a link ties together.
    ends: BTreeMap<(RegionCode, NaiveDate), usize>,
    begins: BTreeMap<(RegionCode, NaiveDate), usize>,
    faults: Vec<TableFault>,
}

impl Table {
    fn fault(&mut self, (file, line): Place, text: &str, fault: Fault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(TableFault { file, line, text: text.chars().take(200).collect(), fault });
        }
    }

    fn regions(&mut self, lines: &Lines, file: &File) {
        let Some(known_since) = day(file.since.get_ref()) else {
            let text = file.since.get_ref().to_string();
            return self.fault(lines.place(file.since.span()), &text, Fault::Line(text.clone()));
        };
        for line in file.nation.iter().chain(&file.provinces).chain(&file.cities).chain(&file.counties) {
            let (place, text) = (lines.place(line.span()), line.get_ref());
            match region(text, known_since) {
                Ok(_) if self.regions.len() == REGIONS_MAX => return self.fault(place, text, Fault::TooMany),
                Ok(region) if self.places.contains_key(&region.id()) => {
                    self.fault(place, text, Fault::Overlap(region.code));
                }
                Ok(region) => {
                    let index = self.regions.len();
                    self.places.insert(region.id(), place);
                    if let Some(day) = region.valid_to {
                        self.ends.insert((region.code.clone(), day), index);
                    }
                    if let Some(day) = region.valid_from {
                        self.begins.insert((region.code.clone(), day), index);
                    }
                    self.regions.push(region);
                }
                Err(fault) => self.fault(place, text, fault),
            }
        }
    }

    fn change(&mut self, lines: &Lines, change: &Change) {
        let note = change.note.get_ref();
        let Some(day) = day(change.day.get_ref()).filter(|_| note.chars().count() <= NOTE_CHARS_MAX) else {
            let text = change.day.get_ref().to_string();
            return self.fault(lines.place(change.day.span()), &text, Fault::Line(text.clone()));
        };
        for edge in &change.edges {
            if let Err(fault) = self.link(edge.get_ref(), day, note) {
                self.fault(lines.place(edge.span()), edge.get_ref(), fault);
            }
        }
    }

    fn link(&mut self, edge: &str, day: NaiveDate, note: &str) -> Result<(), Fault> {
        let wrong = || Fault::Line(edge.to_owned());
        let words: Vec<&str> = edge.split(' ').collect();
        let [old, ">", new, kind] = words.as_slice() else { return Err(wrong()) };
        let kind: ChangeKind = kind.parse().map_err(|_| wrong())?;
        let code = |text: &str| text.parse::<RegionCode>().map_err(|_| wrong());
        let (old, new) = (code(old)?, code(new)?);
        let (from, to) = (self.ends.get(&(old.clone(), day)), self.begins.get(&(new, day)));
        let (Some(from), Some(to)) = (from.copied(), to.copied()) else { return Err(Fault::LooseLink(old)) };
        let tie = |region: RegionId| Link { region, kind, day, note: note.to_owned() };
        let (old_id, new_id) = (self.regions[from].id(), self.regions[to].id());
        self.regions[from].successors.push(tie(new_id));
        self.regions[to].predecessors.push(tie(old_id));
        Ok(())
    }

    fn finish(mut self) -> Result<RegisterOfRegions, Vec<TableFault>> {
        let regions = std::mem::take(&mut self.regions);
        let register = RegisterOfRegions { regions: regions.into_iter().map(|region| (region.id(), region)).collect() };
        let mut told = BTreeSet::new();
        for (id, fault) in register.faults().chain(register.orphans()) {
            let place = self.places.get(&id).copied().unwrap_or_default();
            if told.insert((id.clone(), fault.to_string())) {
                let text = register.regions.get(&id).map(|region| format!("{} {}", region.code, region.name));
                self.fault(place, &text.unwrap_or_default(), fault);
            }
        }
        if self.faults.is_empty() {
            return Ok(register);
        }
        self.faults.sort_by_key(|fault| (fault.file, fault.line));
        Err(self.faults)
    }
}

impl RegisterOfRegions {
    fn orphans(&self) -> impl Iterator<Item = (RegionId, Fault)> {
        let below = self.iter().filter(|region| region.level != Level::Nation);
        below
            .filter(|region| self.parent(&region.code, region.valid_from.unwrap_or(region.known_since)).is_none())
            .map(|region| (region.id(), Fault::Orphan(region.code.clone())))
    }
}

fn region(line: &str, known_since: NaiveDate) -> Result<Region, Fault> {
    let wrong = || Fault::Line(line.to_owned());
    let mut words = line.split(' ');
    let code: RegionCode = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
    let sound = |name: &&str| !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX;
    let name = words.next().filter(sound).ok_or_else(wrong)?.to_owned();
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

fn day(value: &toml::value::Datetime) -> Option<NaiveDate> {
    value.to_string().parse().ok()
}
