//! The guidance catalogue (政府购买服务指导性目录): one per jurisdiction, one edition a year, three levels 类/款/项.
//!
//! Source: 财政部令第102号 §11–§13. Codes are opaque: what an item is, its depth and service kind say, never its code.

pub mod classify;
pub mod crosswalk;
pub mod diff;
mod edition;
pub mod tokens;

use std::{collections::BTreeMap, fmt, str::FromStr};

pub use edition::Edition;

use crate::{coded::coded, region::RegionCode};

/// Most items of an edition, all levels together.
pub const ITEMS_MAX: usize = 20_000;
/// Longest code and longest uid, in bytes.
pub const CODE_BYTES_MAX: usize = 64;
/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// Longest description, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// The catalogue's levels (102号令 §12: 一、二、三级).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Depth {
    /// 类
    Category,
    /// 款
    Section,
    /// 项; the only depth that a project may name.
    Item,
}

impl Depth {
    /// 1 to 3.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The depth of 1, 2 or 3.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Category, Self::Section, Self::Item].into_iter().find(|depth| depth.number() == number)
    }

    /// 类, 款 or 项.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Category => "类",
            Self::Section => "款",
            Self::Item => "项",
        }
    }
}

coded! {
    /// The two kinds of what may be bought (102号令 §9).
    ServiceKind, "kind of service":
    /// 公共服务
    Public = "PUBLIC" "公共服务",
    /// 政府履职辅助性服务
    Auxiliary = "AUXILIARY" "政府履职辅助性服务",
}

/// Names one item through all editions, whatever becomes of its code and name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemUid(String);

impl ItemUid {
    /// The text of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ItemUid {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let sound = (1..=CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if sound { Ok(Self(text.to_owned())) } else { Err(Fault::Uid) }
    }
}

impl fmt::Display for ItemUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ItemUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of an edition, of any depth.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CatalogueItem {
    /// Its name through all editions.
    pub uid: ItemUid,
    /// Its code in this edition, unique there.
    pub code: String,
    /// Its name in this edition.
    pub name: String,
    /// 类, 款 or 项.
    pub depth: Depth,
    /// The line above; a category has none.
    pub parent: Option<ItemUid>,
    /// Which kind of service.
    pub service_kind: ServiceKind,
    /// What is meant, may be empty.
    pub description: String,
    /// Where it stands among its siblings.
    pub sort: u32,
}

/// Why a catalogue was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not 1 to 64 visible ASCII characters.
    #[error("an item's uid has 1 to {CODE_BYTES_MAX} visible ASCII characters")]
    Uid,
    /// A code, name or description is empty or too long.
    #[error("{uid}: its {field} is empty or too long")]
    Text {
        /// Whose.
        uid: ItemUid,
        /// `code`, `name` or `description`.
        field: &'static str,
    },
    /// Two lines of one uid.
    #[error("{0} stands twice")]
    UidTwice(ItemUid),
    /// Two lines of one code.
    #[error("code {0:?} stands twice")]
    CodeTwice(String),
    /// The parent is missing, or not exactly one level above.
    #[error("{0}: its parent is missing or not exactly one level above")]
    Parent(ItemUid),
    /// Something still hangs below what was to be removed.
    #[error("{0} cannot go: there are items below it")]
    HasChildren(ItemUid),
    /// More lines than an edition takes.
    #[error("an edition takes {ITEMS_MAX} items at most")]
    TooMany,
    /// A published edition never changes.
    #[error("a published edition never changes")]
    Published,
    /// Only a draft with items can be published, and only what is published superseded.
    #[error("an edition goes from draft to published to superseded, and not without items")]
    State,
    /// A diff or crosswalk names what the edition does not hold, or not in that form.
    #[error("{0} does not stand in the edition as the difference says")]
    DoesNotFit(ItemUid),
    /// The weights from one item do not sum to 1.
    #[error("the weights from {0} do not sum to 1")]
    Weights(ItemUid),
}

impl Fault {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> stdx::ErrorKind {
        match self {
            Self::UidTwice(_) | Self::CodeTwice(_) => stdx::ErrorKind::AlreadyExists,
            Self::TooMany => stdx::ErrorKind::Exhausted,
            Self::Published | Self::State | Self::HasChildren(_) | Self::DoesNotFit(_) => stdx::ErrorKind::Conflict,
            Self::Uid | Self::Text { .. } | Self::Parent(_) | Self::Weights(_) => stdx::ErrorKind::Invalid,
        }
    }
}

/// A jurisdiction's catalogue; its editions hang below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// Whose it is.
    pub jurisdiction: RegionCode,
    /// 浙江省政府购买服务指导性目录
    pub title: String,
}

coded! {
    /// Where an edition stands.
    EditionState, "state of an edition":
    /// May still change.
    Draft = "DRAFT" "草案",
    /// In force and immutable.
    Published = "PUBLISHED" "已公布",
    /// Followed by a later one; immutable.
    Superseded = "SUPERSEDED" "已被替代",
}

/// How many categories, sections and items there are: “6类46款170项”.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counts {
    /// 类
    pub categories: usize,
    /// 款
    pub sections: usize,
    /// 项
    pub items: usize,
}

impl Counts {
    /// Counts lines by their depth.
    #[must_use]
    pub fn of<'a>(items: impl IntoIterator<Item = &'a CatalogueItem>) -> Self {
        items.into_iter().fold(Self::default(), |mut counts, item| {
            match item.depth {
                Depth::Category => counts.categories += 1,
                Depth::Section => counts.sections += 1,
                Depth::Item => counts.items += 1,
            }
            counts
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}类{}款{}项", self.categories, self.sections, self.items)
    }
}

fn path<'a>(items: &'a BTreeMap<ItemUid, CatalogueItem>, uid: &ItemUid) -> Vec<&'a str> {
    let mut names: Vec<&str> = std::iter::successors(items.get(uid), |item| items.get(item.parent.as_ref()?))
        .map(|item| item.name.as_str())
        .collect();
    names.reverse();
    names
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn item(uid: &str, code: &str, name: &str, depth: u8, parent: Option<&str>) -> CatalogueItem {
        CatalogueItem {
            uid: uid.parse().unwrap(),
            code: code.to_owned(),
            name: name.to_owned(),
            depth: Depth::from_number(depth).unwrap(),
            parent: parent.map(|uid| uid.parse().unwrap()),
            service_kind: ServiceKind::Public,
            description: String::new(),
            sort: 0,
        }
    }

    pub(crate) fn small() -> Vec<CatalogueItem> {
        vec![
            item("a", "A", "公共服务", 1, None),
            item("a1", "A01", "养老服务", 2, Some("a")),
            item("a11", "A0101", "居家养老服务", 3, Some("a1")),
            item("a12", "A0102", "社区养老服务", 3, Some("a1")),
            item("b", "B", "履职辅助", 1, None),
            item("b1", "B01", "法律服务", 2, Some("b")),
            item("b11", "B0101", "公证服务", 3, Some("b1")),
        ]
    }

    #[test]
    fn an_edition_counts_itself_and_prints_in_order() {
        let mut reversed = small();
        reversed.reverse();
        let edition = Edition::with_items(2021, 1, reversed).unwrap();
        assert_eq!(edition.counts().to_string(), "2类2款3项");
        let codes: Vec<&str> = edition.in_order().iter().map(|item| item.code.as_str()).collect();
        assert_eq!(codes, ["A", "A01", "A0101", "A0102", "B", "B01", "B0101"]);
        assert_eq!(edition.path(&"a12".parse().unwrap()), ["公共服务", "养老服务", "社区养老服务"]);
    }

    #[test]
    fn what_breaks_the_three_levels_is_refused() {
        let uid = |text: &str| text.parse::<ItemUid>().unwrap();
        for (extra, fault) in [
            (item("a", "Z", "又一", 1, None), Fault::UidTwice(uid("a"))),
            (item("z", "A", "又一", 1, None), Fault::CodeTwice("A".to_owned())),
            (item("z", "Z", "", 1, None), Fault::Text { uid: uid("z"), field: "name" }),
            (item("z", "", "又一", 1, None), Fault::Text { uid: uid("z"), field: "code" }),
            (item("z", "Z", "项无款", 3, Some("a")), Fault::Parent(uid("z"))),
            (item("z", "Z", "项无类", 3, None), Fault::Parent(uid("z"))),
            (item("z", "Z", "款无类", 2, Some("y")), Fault::Parent(uid("z"))),
            (item("z", "Z", "类有类", 1, Some("a")), Fault::Parent(uid("z"))),
        ] {
            let mut items = small();
            items.push(extra);
            assert_eq!(Edition::with_items(2021, 1, items), Err(fault));
        }
        assert_eq!("".parse::<ItemUid>(), Err(Fault::Uid));
        assert_eq!("中".parse::<ItemUid>(), Err(Fault::Uid));
    }

    #[test]
    fn a_published_edition_never_changes() {
        let mut edition = Edition::with_items(2021, 1, small()).unwrap();
        let uid: ItemUid = "a11".parse().unwrap();
        assert_eq!(edition.remove(&"a1".parse().unwrap()), Err(Fault::HasChildren("a1".parse().unwrap())));
        edition.remove(&uid).unwrap();
        edition.put(item("a11", "A0101", "居家养老服务", 3, Some("a1"))).unwrap();
        assert_eq!(edition.put(item("a13", "A0101", "重码", 3, Some("a1"))), Err(Fault::CodeTwice("A0101".to_owned())));
        assert_eq!(edition.items().len(), 7);
        assert_eq!(edition.supersede(), Err(Fault::State));
        edition.publish("2021-01-01".parse().unwrap()).unwrap();
        assert_eq!(edition.remove(&uid), Err(Fault::Published));
        assert_eq!(edition.put(item("a13", "A0103", "日间照料", 3, Some("a1"))), Err(Fault::Published));
        assert_eq!(edition.publish("2021-01-01".parse().unwrap()), Err(Fault::State));
        edition.supersede().unwrap();
        assert_eq!(edition.remove(&uid), Err(Fault::Published));
        assert_eq!(Edition::draft(2022, 1).publish("2022-01-01".parse().unwrap()), Err(Fault::State));
    }
}
