//! What became of each item of one edition in another, with exact weights, so that sums survive a new catalogue.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::{Edition, Fault, ItemUid};
use crate::coded::coded;

/// Most links of a crosswalk.
pub const LINKS_MAX: usize = 100_000;

coded! {
    /// How the links between two items look from both ends.
    LinkKind, "kind of link":
    /// One to one, code, name and place kept.
    Same = "SAME" "不变",
    /// One to one under a new name.
    Rename = "RENAME" "更名",
    /// One to one below another parent or under another code.
    Move = "MOVE" "移位",
    /// One to several.
    Split = "SPLIT" "拆分",
    /// Several to one.
    Merge = "MERGE" "合并",
    /// Several to several.
    Regroup = "REGROUP" "重组",
}

/// Weighted links from the items of one edition to those of another; the weights from each item sum to exactly 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crosswalk {
    links: BTreeMap<(ItemUid, ItemUid), BigRational>,
}

impl Crosswalk {
    /// Takes links `(from, to, weight)`; every weight above 0, and those from each item summing to 1.
    pub fn new(links: impl IntoIterator<Item = (ItemUid, ItemUid, BigRational)>) -> Result<Self, Fault> {
        let mut map = BTreeMap::new();
        for (from, to, weight) in links {
            if map.len() == LINKS_MAX {
                return Err(Fault::TooMany);
            }
            if !weight.is_positive() || map.insert((from.clone(), to), weight).is_some() {
                return Err(Fault::Weights(from));
            }
        }
        let mut sums: BTreeMap<&ItemUid, BigRational> = BTreeMap::new();
        for ((from, _), weight) in &map {
            *sums.entry(from).or_insert_with(BigRational::zero) += weight;
        }
        let wrong = sums.into_iter().find(|(_, sum)| !sum.is_one()).map(|(from, _)| from.clone());
        wrong.map_or(Ok(Self { links: map }), |from| Err(Fault::Weights(from)))
    }

    /// Links that share an item's weight equally among its targets.
    pub fn equal(links: impl IntoIterator<Item = (ItemUid, ItemUid)>) -> Result<Self, Fault> {
        let links: BTreeSet<(ItemUid, ItemUid)> = links.into_iter().take(LINKS_MAX + 1).collect();
        let mut fans: BTreeMap<ItemUid, u64> = BTreeMap::new();
        for (from, _) in &links {
            *fans.entry(from.clone()).or_default() += 1;
        }
        Self::new(links.into_iter().map(|(from, to)| {
            let weight = BigRational::new(1.into(), fans[&from].into());
            (from, to, weight)
        }))
    }

    /// Every link with its weight, in order.
    pub fn links(&self) -> impl Iterator<Item = (&ItemUid, &ItemUid, &BigRational)> {
        self.links.iter().map(|((from, to), weight)| (from, to, weight))
    }

    /// The links that lead away from one item, with their weights.
    pub fn parts(&self, from: &ItemUid) -> impl Iterator<Item = (&ItemUid, &BigRational)> {
        let first = (from.clone(), ItemUid(String::new()));
        let from = from.clone();
        self.links.range(first..).take_while(move |((link, _), _)| *link == from).map(|((_, to), weight)| (to, weight))
    }

    /// Whether both ends of every link stand in the editions.
    pub fn check(&self, from: &Edition, to: &Edition) -> Result<(), Fault> {
        self.links().try_for_each(|(a, b, _)| match (from.get(a), to.get(b)) {
            (Some(a), Some(b)) if a.depth == b.depth => Ok(()),
            (None, _) => Err(Fault::DoesNotFit(a.clone())),
            _ => Err(Fault::DoesNotFit(b.clone())),
        })
    }

    /// The links the other way round. A weight back is the share of the weight that came: so inverted twice the links are
    /// the same, the weights only where nothing was merged.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut sums: BTreeMap<&ItemUid, BigRational> = BTreeMap::new();
        for (_, to, weight) in self.links() {
            *sums.entry(to).or_insert_with(BigRational::zero) += weight;
        }
        let links = self.links().map(|(from, to, weight)| ((to.clone(), from.clone()), weight / &sums[to])).collect();
        Self { links }
    }

    /// How each link looks: by how many meet at its ends, and for a lone pair by what changed between the editions. Links
    /// without both ends in the editions are left out.
    #[must_use]
    pub fn kinds(&self, from: &Edition, to: &Edition) -> BTreeMap<(ItemUid, ItemUid), LinkKind> {
        let (mut fans_out, mut fans_in): (BTreeMap<&ItemUid, usize>, BTreeMap<&ItemUid, usize>) = Default::default();
        for (a, b, _) in self.links() {
            *fans_out.entry(a).or_default() += 1;
            *fans_in.entry(b).or_default() += 1;
        }
        self.links()
            .filter_map(|(a, b, _)| {
                let (before, after) = (from.get(a)?, to.get(b)?);
                let kind = match (fans_out[a], fans_in[b]) {
                    (1, 1) if before.name != after.name => LinkKind::Rename,
                    (1, 1) if before.code != after.code || before.parent != after.parent => LinkKind::Move,
                    (1, 1) => LinkKind::Same,
                    (_, 1) => LinkKind::Split,
                    (1, _) => LinkKind::Merge,
                    _ => LinkKind::Regroup,
                };
                Some(((a.clone(), b.clone()), kind))
            })
            .collect()
    }

    /// Carries amounts by item over to the other edition, exactly. What has no link is told apart.
    #[must_use]
    pub fn carry(&self, amounts: &BTreeMap<ItemUid, BigRational>) -> Carried {
        let mut carried = Carried::default();
        let mut linked = BTreeSet::new();
        for (from, to, weight) in self.links() {
            if let Some(amount) = amounts.get(from) {
                linked.insert(from);
                *carried.amounts.entry(to.clone()).or_insert_with(BigRational::zero) += amount * weight;
            }
        }
        carried.unlinked = amounts
            .iter()
            .filter(|(uid, _)| !linked.contains(uid))
            .map(|(uid, sum)| (uid.clone(), sum.clone()))
            .collect();
        carried
    }
}

/// Amounts carried along a crosswalk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// By item of the other edition.
    pub amounts: BTreeMap<ItemUid, BigRational>,
    /// Amounts of items that no link leads away from.
    pub unlinked: BTreeMap<ItemUid, BigRational>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::tests::{item, small};

    fn uid(text: &str) -> ItemUid {
        text.parse().unwrap()
    }

    fn part(numerator: i64, denominator: i64) -> BigRational {
        BigRational::new(numerator.into(), denominator.into())
    }

    #[test]
    fn weights_that_do_not_sum_to_one_are_refused() {
        for (weights, sound) in [
            (vec![part(1, 1)], true),
            (vec![part(1, 3), part(2, 3)], true),
            (vec![part(1, 3), part(1, 3)], false),
            (vec![part(3, 2), part(-1, 2)], false),
            (vec![part(1, 1), part(0, 1)], false),
        ] {
            let links = weights.iter().enumerate().map(|(n, weight)| (uid("a"), uid(&format!("b{n}")), weight.clone()));
            assert_eq!(Crosswalk::new(links).is_ok(), sound, "{weights:?}");
        }
    }

    #[test]
    fn a_link_is_named_by_what_meets_at_its_ends() {
        let from = Edition::with_items(2020, 1, small()).unwrap();
        let mut items = small();
        items[2] = item("a11", "A0101", "居家上门养老", 3, Some("a1"));
        items.push(item("b12", "B0102", "法律援助", 3, Some("b1")));
        let to = Edition::with_items(2021, 1, items).unwrap();
        let walk = Crosswalk::equal(
            [("a11", "a11"), ("a12", "a12"), ("b11", "b11"), ("b11", "b12")].map(|(a, b)| (uid(a), uid(b))),
        )
        .unwrap();
        walk.check(&from, &to).unwrap();
        let kind = |a: &str, b: &str| walk.kinds(&from, &to).get(&(uid(a), uid(b))).copied();
        assert_eq!(kind("a11", "a11"), Some(LinkKind::Rename));
        assert_eq!(kind("a12", "a12"), Some(LinkKind::Same));
        assert_eq!(kind("b11", "b12"), Some(LinkKind::Split));
        assert_eq!(kind("b11", "a11"), None);
        assert_eq!(walk.inverse().kinds(&to, &from)[&(uid("b12"), uid("b11"))], LinkKind::Merge);
        let parts = |from: &str| walk.parts(&uid(from)).map(|(to, w)| format!("{to} {w}")).collect::<Vec<_>>();
        assert_eq!(parts("b11"), ["b11 1/2", "b12 1/2"]);
        assert_eq!(parts("b1"), Vec::<String>::new());
        let astray = Crosswalk::equal([(uid("a11"), uid("a1"))]).unwrap();
        assert!(astray.check(&from, &to).is_err());
    }

    proptest! {
        #[test]
        fn the_inverse_is_a_crosswalk_and_nothing_is_lost_on_the_way(
            pairs in proptest::collection::btree_set((0u8..6, 0u8..6), 1..20),
            amounts in proptest::collection::btree_map(0u8..6, -1_000_000i64..1_000_000, 0..6),
        ) {
            let walk = Crosswalk::equal(pairs.iter().map(|(a, b)| (uid(&format!("a{a}")), uid(&format!("b{b}"))))).unwrap();
            let back = walk.inverse();
            prop_assert!(Crosswalk::new(back.links().map(|(a, b, w)| (a.clone(), b.clone(), w.clone()))).is_ok());
            let ends = |walk: &Crosswalk| walk.links().map(|(a, b, _)| (a.clone(), b.clone())).collect::<Vec<_>>();
            prop_assert_eq!(ends(&back.inverse()), ends(&walk));
            let amounts: BTreeMap<ItemUid, BigRational> =
                amounts.iter().map(|(n, fen)| (uid(&format!("a{n}")), part(*fen, 1))).collect();
            let carried = walk.carry(&amounts);
            let before: BigRational = amounts.values().sum();
            let after: BigRational = carried.amounts.values().chain(carried.unlinked.values()).sum();
            prop_assert_eq!(before, after);
        }
    }
}
