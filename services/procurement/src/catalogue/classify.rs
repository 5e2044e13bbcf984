//! Suggests items for a service described in words: ranked, with the words that matched; never applied by itself.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;
use num_traits::Zero;

use super::{Depth, Edition, ItemUid, tokens};

/// Most candidates that are given.
pub const CANDIDATES_MAX: usize = 50;

// A word in the item's own name says most, in the section's name less, in the description least.
const NAME_WEIGHT: u64 = 4;
const ABOVE_WEIGHT: u64 = 2;
const DESCRIPTION_WEIGHT: u64 = 1;

/// One item that the description may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which item.
    pub uid: ItemUid,
    /// From 0 to 1: how much of what the description says, weighted by rarity, the item answers.
    pub score: BigRational,
    /// The stretches of the description that the item holds too.
    pub matched: Vec<String>,
}

/// Knows an edition's words and how rare each is.
#[derive(Clone, Debug)]
pub struct Classifier {
    items: Vec<(ItemUid, String, BTreeMap<String, u64>)>,
    rarity: BTreeMap<String, u64>,
}

impl Classifier {
    /// Reads the items (项) of an edition.
    #[must_use]
    pub fn of(edition: &Edition) -> Self {
        let mut items = Vec::new();
        let mut spread: BTreeMap<String, u64> = BTreeMap::new();
        for item in edition.in_order().into_iter().filter(|item| item.depth == Depth::Item) {
            let path = edition.path(&item.uid);
            let above = path[..path.len().saturating_sub(1)].join(" ");
            let mut weights: BTreeMap<String, u64> = BTreeMap::new();
            for (text, weight) in
                [(&item.name, NAME_WEIGHT), (&above, ABOVE_WEIGHT), (&item.description, DESCRIPTION_WEIGHT)]
            {
                for token in tokens::tokens(text) {
                    let best = weights.entry(token).or_default();
                    *best = weight.max(*best);
                }
            }
            for token in weights.keys() {
                *spread.entry(token.clone()).or_default() += 1;
            }
            items.push((item.uid.clone(), item.code.clone(), weights));
        }
        let all = items.len() as u64;
        let rarity = spread.into_iter().map(|(token, among)| (token, rarity(all, among))).collect();
        Self { items, rarity }
    }

    /// The candidates for a description, best first; of equal scores the one more of whose own name was said (公证服务 before
    /// 养老机构运营服务 for 公证机构), then by code.
    #[must_use]
    pub fn classify(&self, description: &str, candidates_max: usize) -> Vec<Candidate> {
        let asked: BTreeSet<String> = tokens::tokens(description).into_iter().collect();
        // A word that no item knows weighs like the rarest: a description that is mostly strange scores low.
        let strange = rarity(self.items.len() as u64, 1);
        let weight = |token: &String| self.rarity.get(token).copied().unwrap_or(strange);
        let whole: u64 = asked.iter().map(|token| NAME_WEIGHT * weight(token)).sum();
        let mut found: Vec<(u64, BigRational, &str, Candidate)> = Vec::new();
        for (uid, code, weights) in &self.items {
            let sum: u64 = asked.iter().filter_map(|token| Some(weights.get(token)? * weight(token))).sum();
            if sum > 0 {
                let candidate = Candidate {
                    uid: uid.clone(),
                    score: BigRational::new(sum.into(), whole.into()),
                    matched: tokens::stretches(description, |token| weights.contains_key(token)),
                };
                let own = |among: &dyn Fn(&String) -> bool| -> u64 {
                    let named = weights.iter().filter(|(_, weight)| **weight == NAME_WEIGHT);
                    named.map(|(token, _)| token).filter(|token| among(token)).map(weight).sum()
                };
                let answered =
                    BigRational::new(own(&|token| asked.contains(token)).into(), own(&|_| true).max(1).into());
                found.push((sum, answered, code, candidate));
            }
        }
        found.sort_by(|(a, a_own, a_code, _), (b, b_own, b_code, _)| {
            b.cmp(a).then_with(|| b_own.cmp(a_own)).then_with(|| a_code.cmp(b_code))
        });
        found.truncate(candidates_max.min(CANDIDATES_MAX));
        found.into_iter().map(|(.., candidate)| candidate).filter(|best| !best.score.is_zero()).collect()
    }
}

// One more than eight times the binary logarithm of all/among, rounded down: exact in integers (20,000⁸ < 2¹²⁸).
fn rarity(all: u64, among: u64) -> u64 {
    let power = |n: u64| u128::from(n.clamp(1, super::ITEMS_MAX as u64)).pow(8);
    1 + u64::from((power(all) / power(among)).max(1).ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::{item, small};

    fn classifier() -> Classifier {
        let mut items = small();
        items.push(item("a13", "A0103", "养老机构运营服务", 3, Some("a1")));
        items.push(item("c", "C", "环境治理", 1, None));
        items.push(item("c1", "C01", "农村环境", 2, Some("c")));
        items.push(item("c11", "C0101", "垃圾清运服务", 3, Some("c1")));
        items.push(item("c12", "C0102", "水面保洁服务", 3, Some("c1")));
        items[2].description = "助餐、助洁、陪护".to_owned();
        Classifier::of(&Edition::with_items(2021, 1, items).unwrap())
    }

    #[test]
    fn a_described_service_leads_to_its_item_with_the_words_that_matched() {
        for (description, best, matched) in [
            ("千岛湖湖面垃圾打捞", "c11", "垃圾"),
            ("购买社会化居家养老服务", "a11", "居家养老服务"),
            ("孝丰镇社区居家养老", "a11", "居家养老"),
            ("社区日间养老", "a12", "社区/养老"),
            ("老人助餐", "a11", "助餐"),
            ("委托第三方公证机构", "b11", "公证"),
            ("农村垃圾清运", "c11", "农村/垃圾清运"),
        ] {
            let found = classifier().classify(description, 5);
            let first = found.first().map(|found| (found.uid.to_string(), found.matched.join("/")));
            assert_eq!(first, Some((best.to_owned(), matched.to_owned())), "{description}");
        }
    }

    #[test]
    fn scores_fall_lie_between_nothing_and_all_and_name_is_the_best() {
        let found = classifier().classify("居家养老服务", 50);
        assert_eq!(found[0].score, BigRational::from_integer(1.into()));
        assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
        assert!(found.len() >= 3);
        assert_eq!(classifier().classify("居家养老服务", 1).len(), 1);
    }

    #[test]
    fn what_nobody_knows_leads_nowhere() {
        assert_eq!(classifier().classify("卫星发射", 5), []);
        assert_eq!(classifier().classify("", 5), []);
        assert_eq!(Classifier::of(&Edition::draft(2021, 1)).classify("养老", 5), []);
    }

    #[test]
    fn a_rarer_word_weighs_more() {
        assert!(rarity(170, 1) > rarity(170, 2) && rarity(170, 2) > rarity(170, 100));
        assert_eq!((rarity(170, 170), rarity(8, 1), rarity(20_000, 1)), (1, 25, 115));
    }
}
