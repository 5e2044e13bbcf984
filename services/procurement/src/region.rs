//! Administrative divisions (行政区划) with validity: a code names a territory only together with a day.
//!
//! Source: GB/T 2260 as kept up by the Ministry of Civil Affairs; the files under `data/regions`. Zhejiang is complete at
//! county level for 2014–2023, the rest of the country at province and prefecture level for 2023.
//!
//! Two regions of one code with adjoining periods are two territories (余杭 330110 before and after 2021-04-09).

mod code;
mod data;
mod name;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use chrono::NaiveDate;

use crate::coded::coded;
pub use code::{Level, NotARegionCode, RegionCode};
pub use data::{FAULTS_MAX, Fault, TableFault};
pub use name::short_name;

/// Longest name that is looked up, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// Most regions a register takes.
pub const REGIONS_MAX: usize = 100_000;

coded! {
    /// What happened between two regions.
    ChangeKind, "kind of change":
    /// The same territory under a new name or code.
    Rename = "RENAME" "更名",
    /// The successor took in more than this predecessor.
    Merge = "MERGE" "合并",
    /// The predecessor went into more than this successor.
    Split = "SPLIT" "析分",
    /// The same territory under a new rank (县 → 区, 县 → 市).
    Upgrade = "UPGRADE" "改制",
    /// A part of the predecessor's territory was handed to a neighbour.
    Transfer = "TRANSFER" "划转",
}

/// A territory between two days: the code alone does not name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId {
    /// The code in force.
    pub code: RegionCode,
    /// The first civil day of the period; `None` where the register does not reach back to its beginning.
    pub valid_from: Option<NaiveDate>,
}

/// One line of a region's family: to or from whom, when and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The region at the other end.
    pub region: RegionId,
    /// How.
    pub kind: ChangeKind,
    /// The first civil day after the change.
    pub day: NaiveDate,
    /// What was decided, and how sure the day is.
    pub note: String,
}

/// One flow of territory, with both its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The region that was.
    pub from: RegionId,
    /// The region that became.
    pub to: RegionId,
    /// How.
    pub kind: ChangeKind,
    /// The first civil day after the change.
    pub day: NaiveDate,
}

/// A territory under one code, name and rank, for one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// GB/T 2260, or a township's or village's code.
    pub code: RegionCode,
    /// The full name of this level alone (余杭区).
    pub name: String,
    /// The level.
    pub level: Level,
    /// First civil day of validity; `None`: from before the register begins.
    pub valid_from: Option<NaiveDate>,
    /// First civil day no longer valid; `None`: still valid when the register was written.
    pub valid_to: Option<NaiveDate>,
    /// The first day the register vouches for this region.
    pub known_since: NaiveDate,
    /// Where it came from.
    pub predecessors: Vec<Link>,
    /// What became of it.
    pub successors: Vec<Link>,
}

impl Region {
    /// Names this region and no other.
    #[must_use]
    pub fn id(&self) -> RegionId {
        RegionId { code: self.code.clone(), valid_from: self.valid_from }
    }

    /// Whether the region stood on that day, as far as the register knows.
    #[must_use]
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day < to)
    }

    /// 杭州 for 杭州市.
    #[must_use]
    pub fn short_name(&self) -> &str {
        short_name(&self.name)
    }
}

/// What a name led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// Exactly one region bears it.
    One(&'a Region),
    /// Several do; in order of their codes. The caller has to say more (浙江省 before it).
    Ambiguous(Vec<&'a Region>),
    /// None does on that day.
    Unknown,
}

/// Whether a code stands for the same ground in two years (each taken at its 31 December).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Territory {
    /// Code and ground are the same.
    Same,
    /// The ground is the same; the later code is another (富阳市 330183, 富阳区 330111).
    SameUnderOtherCode(RegionCode),
    /// The ground is another; what flowed where.
    Different(Vec<Edge>),
    /// The earlier year lies before the days the register vouches for.
    NotVouched {
        /// The first day it vouches for.
        since: NaiveDate,
    },
    /// The code named nothing at the end of that year.
    Absent {
        /// The year without it.
        year: i32,
    },
}

/// Where a territory went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// All of it lies in this code's territory of the later year, alone or with others (下城区 in 拱墅区).
    Into(RegionCode),
    /// It was torn apart; what flowed where.
    Torn(Vec<Edge>),
    /// The earlier year lies before the days the register vouches for.
    NotVouched {
        /// The first day it vouches for.
        since: NaiveDate,
    },
    /// The code named nothing at the end of the first year, the second lies before the first, or its land has left the
    /// register.
    Absent {
        /// The year.
        year: i32,
    },
}

/// All regions known, with their pasts.
#[derive(Clone, Debug)]
pub struct RegisterOfRegions {
    regions: BTreeMap<RegionId, Region>,
}

impl RegisterOfRegions {
    /// The register that ships: the nation, its provinces and prefectures, and Zhejiang's counties.
    ///
    /// # Panics
    /// Never: that the shipped files are sound is a test's promise.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<RegisterOfRegions> =
            LazyLock::new(|| RegisterOfRegions::read(&data::SHIPPED).expect("the shipped register is sound"));
        &SHIPPED
    }

    /// Reads a register from the files that make it up, in the form of those that ship (`data/regions`).
    ///
    /// # Errors
    /// Every fault with its file and line, at most [`FAULTS_MAX`].
    pub fn read(files: &[&str]) -> Result<Self, Vec<TableFault>> {
        data::read(files)
    }

    /// Builds a register from regions, checking that periods of one code do not overlap, that every link has both its ends
    /// and that time runs one way along it.
    pub fn new(regions: impl IntoIterator<Item = Region>) -> Result<Self, Fault> {
        let mut map = BTreeMap::new();
        for region in regions {
            if map.len() == REGIONS_MAX {
                return Err(Fault::TooMany);
            }
            let id = region.id();
            if map.insert(id.clone(), region).is_some() {
                return Err(Fault::Overlap(id.code));
            }
        }
        let register = Self { regions: map };
        let first = register.faults().next();
        first.map_or(Ok(register), |(_, fault)| Err(fault))
    }

    /// What does not hold together, with the region to blame.
    fn faults(&self) -> impl Iterator<Item = (RegionId, Fault)> {
        let overlaps = self.regions.values().zip(self.regions.values().skip(1)).filter_map(|(earlier, later)| {
            let apart = earlier.valid_to.is_some_and(|to| later.valid_from.is_some_and(|from| to <= from));
            (earlier.code == later.code && !apart).then(|| (later.id(), Fault::Overlap(later.code.clone())))
        });
        let empty = self.regions.values().filter_map(|region| {
            let is_empty = region.valid_from.is_some_and(|from| region.valid_to.is_some_and(|to| to <= from));
            is_empty.then(|| (region.id(), Fault::EmptyPeriod(region.code.clone())))
        });
        let loose = self.regions.values().filter_map(|region| {
            let fault = self.loose_link(region)?;
            Some((region.id(), Fault::LooseLink(fault)))
        });
        overlaps.chain(empty).chain(loose)
    }

    fn loose_link(&self, region: &Region) -> Option<RegionCode> {
        for link in &region.successors {
            // Every link leads from a period that ends on its day to one that begins then: so there is no cycle.
            let Some(next) = self.regions.get(&link.region) else { return Some(link.region.code.clone()) };
            let mirrored = next.predecessors.iter().any(|back| back.region == region.id() && back.kind == link.kind);
            if region.valid_to != Some(link.day) || next.valid_from != Some(link.day) || !mirrored {
                return Some(region.code.clone());
            }
        }
        region
            .predecessors
            .iter()
            .any(|link| {
                let back = self.regions.get(&link.region);
                !back.is_some_and(|back| back.successors.iter().any(|next| next.region == region.id()))
            })
            .then(|| region.code.clone())
    }

    /// Every region, in order of code and period.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.regions.values()
    }

    /// The regions that stood on a day, in order of code.
    pub fn on(&self, as_of: NaiveDate) -> impl Iterator<Item = &Region> {
        self.iter().filter(move |region| region.is_valid_on(as_of))
    }

    /// The region that bore a code on a day.
    #[must_use]
    pub fn get(&self, code: &RegionCode, as_of: NaiveDate) -> Option<&Region> {
        self.periods(code).find(|region| region.is_valid_on(as_of))
    }

    /// One region by its identity.
    #[must_use]
    pub fn by_id(&self, id: &RegionId) -> Option<&Region> {
        self.regions.get(id)
    }

    /// Every region that ever bore a code, oldest first.
    pub fn periods(&self, code: &RegionCode) -> impl Iterator<Item = &Region> {
        let first = RegionId { code: code.clone(), valid_from: None };
        self.regions.range(first..).map(|(_, region)| region).take_while({
            let code = code.clone();
            move |region| region.code == code
        })
    }

    /// The regions directly below a code on a day: counties of a city, cities and directly governed counties of a province.
    #[must_use]
    pub fn children(&self, code: &RegionCode, as_of: NaiveDate) -> Vec<&Region> {
        let code = code.clone();
        self.on(as_of)
            .filter(|region| region.code != code && code.covers(&region.code))
            .filter(|region| self.parent(&region.code, as_of).is_some_and(|parent| parent.code == code))
            .collect()
    }

    /// The region directly above a code on a day, skipping levels that do not exist (仙桃 429004 → 湖北).
    #[must_use]
    pub fn parent(&self, code: &RegionCode, as_of: NaiveDate) -> Option<&Region> {
        let mut above = code.parent();
        while let Some(candidate) = above {
            if let Some(region) = self.get(&candidate, as_of) {
                return Some(region);
            }
            above = candidate.parent();
        }
        None
    }

    /// The regions above a code on a day, nearest first, the nation last.
    #[must_use]
    pub fn ancestors(&self, code: &RegionCode, as_of: NaiveDate) -> Vec<&Region> {
        std::iter::successors(self.parent(code, as_of), |region| self.parent(&region.code, as_of)).collect()
    }

    /// The name with all names above it: 浙江省杭州市余杭区.
    #[must_use]
    pub fn full_name(&self, region: &Region, as_of: NaiveDate) -> String {
        let mut names: Vec<&str> = self
            .ancestors(&region.code, as_of)
            .into_iter()
            .filter(|above| above.level != Level::Nation)
            .map(|above| above.name.as_str())
            .collect();
        names.reverse();
        names.push(&region.name);
        names.concat()
    }

    /// Every region a code's territories ever came from or went into, with themselves, oldest first.
    #[must_use]
    pub fn lineage(&self, code: &RegionCode) -> Vec<&Region> {
        let mut seen: BTreeSet<RegionId> = BTreeSet::new();
        for (forward, step) in
            [(true, Region::successors_of as fn(&Region) -> &[Link]), (false, Region::predecessors_of)]
        {
            let mut open: Vec<RegionId> = self.periods(code).map(Region::id).collect();
            let mut walked = BTreeSet::new();
            while let Some(id) = open.pop() {
                if walked.insert((forward, id.clone())) {
                    open.extend(self.regions[&id].links(step).map(|link| link.region.clone()));
                    seen.insert(id);
                }
            }
        }
        let mut family: Vec<&Region> = seen.iter().map(|id| &self.regions[id]).collect();
        family.sort_by_key(|region| (region.valid_from, region.code.clone()));
        family
    }

    /// Whether a code's figures of two years speak of the same ground, each year taken at its 31 December.
    #[must_use]
    pub fn same_territory(&self, code: &RegionCode, year_a: i32, year_b: i32) -> Territory {
        let (early, late) = (year_a.min(year_b), year_a.max(year_b));
        let Some(region) = year_end(early).and_then(|day| self.get(code, day)) else {
            return Territory::Absent { year: early };
        };
        if year_end(early).is_some_and(|day| day < region.known_since) {
            return Territory::NotVouched { since: region.known_since };
        }
        let Some(last) = year_end(late) else { return Territory::Absent { year: late } };
        let mut here = region;
        while !here.is_valid_on(last) {
            match here.successors.as_slice() {
                [only] if matches!(only.kind, ChangeKind::Rename | ChangeKind::Upgrade) => {
                    let next = &self.regions[&only.region];
                    if next.predecessors.len() != 1 {
                        return Territory::Different(self.change(here));
                    }
                    here = next;
                }
                [] => return Territory::Absent { year: late },
                _ => return Territory::Different(self.change(here)),
            }
        }
        if here.code == *code { Territory::Same } else { Territory::SameUnderOtherCode(here.code.clone()) }
    }

    /// Where the whole of a code's territory of one year lies in a later one: how figures by county are carried to later
    /// boundaries. A territory that was torn apart cannot be carried without knowing more, and is told so.
    #[must_use]
    pub fn carried_to(&self, code: &RegionCode, from_year: i32, to_year: i32) -> Carried {
        let at = |year| year_end(year).and_then(|day| self.get(code, day).map(|region| (day, region)));
        let Some((from_day, mut here)) = at(from_year) else { return Carried::Absent { year: from_year } };
        let last = match year_end(to_year) {
            Some(last) if from_year <= to_year => last,
            _ => return Carried::Absent { year: to_year },
        };
        if from_day < here.known_since {
            return Carried::NotVouched { since: here.known_since };
        }
        while !here.is_valid_on(last) {
            match here.successors.as_slice() {
                [only] => here = &self.regions[&only.region],
                [] => return Carried::Absent { year: to_year },
                _ => return Carried::Torn(self.change(here)),
            }
        }
        Carried::Into(here.code.clone())
    }

    // A merge shows only in what else flowed into the successors, so their other predecessors are told as well.
    fn change(&self, region: &Region) -> Vec<Edge> {
        let mut edges = BTreeSet::new();
        for link in &region.successors {
            edges.insert(Edge { from: region.id(), to: link.region.clone(), kind: link.kind, day: link.day });
            for back in &self.regions[&link.region].predecessors {
                edges.insert(Edge {
                    from: back.region.clone(),
                    to: link.region.clone(),
                    kind: back.kind,
                    day: back.day,
                });
            }
        }
        edges.into_iter().collect()
    }

    /// Finds the region of a name on a day: 余杭, 余杭区, 杭州余杭, 浙江省杭州市余杭区. Names above may be left out, but those
    /// given must be right. A name borne by several (吉林) is told as ambiguous, not guessed.
    #[must_use]
    pub fn resolve(&self, text: &str, as_of: NaiveDate) -> Resolution<'_> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).take(NAME_CHARS_MAX + 1).collect();
        if text.is_empty() || text.chars().count() > NAME_CHARS_MAX {
            return Resolution::Unknown;
        }
        let mut found: Vec<(bool, &Region)> =
            self.on(as_of).filter_map(|region| Some((self.reads(&text, region, as_of)?, region))).collect();
        // A full name says more than a short one: 吉林市 is the city although 吉林 could be the province.
        if found.iter().any(|(full, _)| *full) {
            found.retain(|(full, _)| *full);
        }
        match found.as_slice() {
            [] => Resolution::Unknown,
            [(_, only)] => Resolution::One(only),
            _ => Resolution::Ambiguous(found.into_iter().map(|(_, region)| region).collect()),
        }
    }

    // Some(whether the last name was full) where the text reads as this region's name after names of its ancestors.
    fn reads(&self, text: &str, region: &Region, as_of: NaiveDate) -> Option<bool> {
        [(region.name.as_str(), true), (region.short_name(), false)].into_iter().find_map(|(name, full)| {
            let rest = text.strip_suffix(name)?;
            let above = self.ancestors(&region.code, as_of);
            name::is_path(rest, &above).then_some(full)
        })
    }
}

impl Region {
    fn successors_of(&self) -> &[Link] {
        &self.successors
    }

    fn predecessors_of(&self) -> &[Link] {
        &self.predecessors
    }

    fn links(&self, step: fn(&Self) -> &[Link]) -> impl Iterator<Item = &Link> {
        step(self).iter()
    }
}

/// The last day of a calendar year, which in China is the fiscal year.
#[must_use]
pub fn year_end(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 12, 31)
}

#[cfg(test)]
mod tests;
