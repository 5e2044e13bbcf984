//! What changed between two editions, so exactly that the later can be rebuilt from the earlier.
//!
//! Laws, for all editions: the difference of one with itself is empty; that of b and a is the inverse of that of a and b;
//! applied to a it gives b; and b has as many items as a, with those added, without those removed, and with what splits and
//! merges gained or lost.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;

use super::{CatalogueItem, Counts, Edition, Fault, ItemUid, crosswalk::Crosswalk, path, tokens};
use crate::coded::coded;

/// Most suggestions that are told.
pub const SUGGESTIONS_MAX: usize = 1_000;
// Pairs of characters that stand in more items than this tell nothing (服务), and would make suggesting quadratic.
const COMMON_TOKEN_ITEMS_MAX: usize = 200;

coded! {
    /// What became different about one item that is the same in both editions.
    Alteration, "alteration":
    /// Another name.
    Renamed = "RENAMED" "更名",
    /// Another code.
    Recoded = "RECODED" "改码",
    /// Below another parent, or at another depth.
    Moved = "MOVED" "移位",
    /// Another description.
    TextChanged = "TEXT_CHANGED" "说明修改",
    /// From 公共服务 to 履职辅助性服务 or back.
    Reclassified = "RECLASSIFIED" "类别变更",
    /// Another place among its siblings.
    Reordered = "REORDERED" "次序变更",
    /// Another uid for itself or for the same parent: nothing a reader sees, but the later edition is rebuilt with it.
    Rekeyed = "REKEYED" "标识变更",
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Stands in the later edition only.
    Added(CatalogueItem),
    /// Stands in the earlier edition only.
    Removed(CatalogueItem),
    /// Stands in both and differs.
    Altered {
        /// As it was.
        before: CatalogueItem,
        /// As it is.
        after: CatalogueItem,
        /// In what.
        alterations: BTreeSet<Alteration>,
    },
    /// One item became several.
    Split {
        /// As it was.
        before: CatalogueItem,
        /// What it became, by uid.
        after: Vec<CatalogueItem>,
    },
    /// Several items became one.
    Merged {
        /// As they were, by uid.
        before: Vec<CatalogueItem>,
        /// What they became.
        after: CatalogueItem,
    },
    /// Several items became several others.
    Regrouped {
        /// As they were, by uid.
        before: Vec<CatalogueItem>,
        /// As they are, by uid.
        after: Vec<CatalogueItem>,
    },
}

impl Change {
    /// The items that it takes away.
    #[must_use]
    pub fn before(&self) -> &[CatalogueItem] {
        match self {
            Self::Added(_) => &[],
            Self::Removed(before) | Self::Altered { before, .. } | Self::Split { before, .. } => {
                std::slice::from_ref(before)
            }
            Self::Merged { before, .. } | Self::Regrouped { before, .. } => before,
        }
    }

    /// The items that it brings.
    #[must_use]
    pub fn after(&self) -> &[CatalogueItem] {
        match self {
            Self::Removed(_) => &[],
            Self::Added(after) | Self::Altered { after, .. } | Self::Merged { after, .. } => {
                std::slice::from_ref(after)
            }
            Self::Split { after, .. } | Self::Regrouped { after, .. } => after,
        }
    }

    fn inverse(&self) -> Self {
        match self.clone() {
            Self::Added(item) => Self::Removed(item),
            Self::Removed(item) => Self::Added(item),
            Self::Altered { before, after, alterations } => Self::Altered { before: after, after: before, alterations },
            Self::Split { before, after } => Self::Merged { before: after, after: before },
            Self::Merged { before, after } => Self::Split { before: after, after: before },
            Self::Regrouped { before, after } => Self::Regrouped { before: after, after: before },
        }
    }
}

/// Two items that look alike and were not taken for one: somebody has to decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suggestion {
    /// Removed.
    pub before: ItemUid,
    /// Added.
    pub after: ItemUid,
    /// Pairs of characters that both names have.
    pub shared: usize,
    /// Pairs of characters of both names together; the likeness is 2·shared ÷ total and at least 0.8.
    pub total: usize,
}

/// Everything that changed between two editions, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The changes.
    pub changes: Vec<Change>,
    /// Possible matches among the removed and the added; no part of the difference.
    pub suggestions: Vec<Suggestion>,
}

/// How many items changed in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffCounts {
    /// Items of the earlier edition, by depth.
    pub before: Counts,
    /// Items of the later edition, by depth.
    pub after: Counts,
    /// Added.
    pub added: usize,
    /// Removed.
    pub removed: usize,
    /// Altered in any way.
    pub altered: usize,
    /// Items that splits, merges and regroupings brought more than they took; may be negative.
    pub regrouped: isize,
}

impl Diff {
    /// Compares two editions. A crosswalk tells what the items themselves do not: splits and merges.
    ///
    /// Matched in this order: by uid and crosswalk; by code and name; by the path of names; by name below a matched parent.
    /// A match by content counts only where it is the only one possible.
    pub fn between(a: &Edition, b: &Edition, crosswalk: Option<&Crosswalk>) -> Result<Self, Fault> {
        if let Some(crosswalk) = crosswalk {
            crosswalk.check(a, b)?;
        }
        let groups = Groups::of(a, b, crosswalk);
        let mut changes = Vec::new();
        for (before, after) in &groups.members {
            let (mut before, mut after): (Vec<CatalogueItem>, Vec<CatalogueItem>) = (
                before.iter().map(|uid| a.items[uid].clone()).collect(),
                after.iter().map(|uid| b.items[uid].clone()).collect(),
            );
            match (before.len(), after.len()) {
                (0, _) => changes.extend(after.into_iter().map(Change::Added)),
                (_, 0) => changes.extend(before.into_iter().map(Change::Removed)),
                (1, 1) => {
                    let (before, after) = (before.remove(0), after.remove(0));
                    let alterations = groups.alterations(&before, &after);
                    if !alterations.is_empty() {
                        changes.push(Change::Altered { before, after, alterations });
                    }
                }
                (1, _) => changes.push(Change::Split { before: before.remove(0), after }),
                (_, 1) => changes.push(Change::Merged { before, after: after.remove(0) }),
                _ => changes.push(Change::Regrouped { before, after }),
            }
        }
        changes.sort();
        let suggestions = suggest(&changes);
        Ok(Self { changes, suggestions })
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The difference the other way round.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut changes: Vec<Change> = self.changes.iter().map(Change::inverse).collect();
        changes.sort();
        let suggestions = suggest(&changes);
        Self { changes, suggestions }
    }

    /// Rebuilds the later edition from the earlier, as a draft of the given year.
    pub fn apply(&self, a: &Edition, year: i32, revision: u32) -> Result<Edition, Fault> {
        let mut items = a.items.clone();
        for gone in self.changes.iter().flat_map(Change::before) {
            if items.remove(&gone.uid).as_ref() != Some(gone) {
                return Err(Fault::DoesNotFit(gone.uid.clone()));
            }
        }
        Edition::with_items(
            year,
            revision,
            items.into_values().chain(self.changes.iter().flat_map(Change::after).cloned()),
        )
    }

    /// Counts the changes; the counts of both editions go with them.
    #[must_use]
    pub fn counts(&self, a: &Edition, b: &Edition) -> DiffCounts {
        let mut counts = DiffCounts { before: a.counts(), after: b.counts(), ..DiffCounts::default() };
        for change in &self.changes {
            match change {
                Change::Added(_) => counts.added += 1,
                Change::Removed(_) => counts.removed += 1,
                Change::Altered { .. } => counts.altered += 1,
                Change::Split { .. } | Change::Merged { .. } | Change::Regrouped { .. } => {
                    counts.regrouped += change.after().len() as isize - change.before().len() as isize;
                }
            }
        }
        counts
    }
}

/// A crosswalk from one edition to another as far as their items can be matched, for somebody to confirm: the links known
/// already with their weights, and a whole link for each further pair. What has no counterpart has no link.
///
/// # Errors
/// A known crosswalk that does not fit the editions.
pub fn suggest_crosswalk(a: &Edition, b: &Edition, known: Option<&Crosswalk>) -> Result<Crosswalk, Fault> {
    if let Some(known) = known {
        known.check(a, b)?;
    }
    let told: Vec<_> = known.into_iter().flat_map(Crosswalk::links).collect();
    let linked: BTreeSet<&ItemUid> = told.iter().map(|(from, ..)| *from).collect();
    let groups = Groups::of(a, b, known);
    let found = groups.members.iter().filter(|(before, after)| !before.is_empty() && !after.is_empty());
    let further = found.flat_map(|(before, after)| {
        let share = BigRational::new(1.into(), after.len().into());
        let links = before.iter().filter(|from| !linked.contains(from)).flat_map(move |from| {
            let share = share.clone();
            after.iter().map(move |to| (from.clone(), to.clone(), share.clone()))
        });
        links.collect::<Vec<_>>()
    });
    let kept = told.iter().map(|(from, to, weight)| ((*from).clone(), (*to).clone(), (*weight).clone()));
    Crosswalk::new(kept.chain(further))
}

// Items of both editions that are one thing: pairs mostly, larger where something split or merged, lone ones otherwise.
struct Groups {
    members: Vec<(Vec<ItemUid>, Vec<ItemUid>)>,
    of_a: BTreeMap<ItemUid, usize>,
    of_b: BTreeMap<ItemUid, usize>,
}

impl Groups {
    fn of(a: &Edition, b: &Edition, crosswalk: Option<&Crosswalk>) -> Self {
        let mut groups = Self { members: Vec::new(), of_a: BTreeMap::new(), of_b: BTreeMap::new() };
        groups.by_identity(a, b, crosswalk);
        groups.by_content(a, b, |item, _| Some((item.depth, item.code.clone(), item.name.clone())));
        groups.by_content(a, b, |item, edition| {
            Some((item.depth, path(&edition.items, &item.uid).join("\n"), String::new()))
        });
        for depth in 1..=3 {
            let places = (groups.of_a.clone(), groups.of_b.clone());
            groups.by_content(a, b, |item, edition| {
                let places = if std::ptr::eq(edition, a) { &places.0 } else { &places.1 };
                let parent = match &item.parent {
                    None => String::new(),
                    Some(parent) => places.get(parent)?.to_string(),
                };
                (item.depth.number() == depth).then(|| (item.depth, item.name.clone(), parent))
            });
        }
        for uid in a.items.keys() {
            if !groups.of_a.contains_key(uid) {
                groups.join(vec![uid.clone()], Vec::new());
            }
        }
        for uid in b.items.keys() {
            if !groups.of_b.contains_key(uid) {
                groups.join(Vec::new(), vec![uid.clone()]);
            }
        }
        groups
    }

    fn join(&mut self, before: Vec<ItemUid>, after: Vec<ItemUid>) {
        let number = self.members.len();
        self.of_a.extend(before.iter().map(|uid| (uid.clone(), number)));
        self.of_b.extend(after.iter().map(|uid| (uid.clone(), number)));
        self.members.push((before, after));
    }

    // Whatever uid and crosswalk connect, directly or through others, is one group.
    fn by_identity(&mut self, a: &Edition, b: &Edition, crosswalk: Option<&Crosswalk>) {
        let mut onward: BTreeMap<&ItemUid, BTreeSet<&ItemUid>> = BTreeMap::new();
        let mut back: BTreeMap<&ItemUid, BTreeSet<&ItemUid>> = BTreeMap::new();
        let kept = a.items.keys().filter(|uid| b.items.contains_key(uid)).map(|uid| (uid, uid));
        let told = crosswalk.into_iter().flat_map(Crosswalk::links).map(|(from, to, _)| (from, to));
        for (from, to) in kept.chain(told) {
            onward.entry(from).or_default().insert(to);
            back.entry(to).or_default().insert(from);
        }
        let mut seen: BTreeSet<&ItemUid> = BTreeSet::new();
        for start in onward.keys().copied() {
            if seen.contains(start) {
                continue;
            }
            let (mut before, mut after) = (BTreeSet::from([start]), BTreeSet::new());
            let mut open = vec![start];
            while let Some(from) = open.pop() {
                for to in onward[from].iter().copied() {
                    if after.insert(to) {
                        open.extend(back[to].iter().copied().filter(|next| before.insert(next)));
                    }
                }
            }
            seen.extend(&before);
            self.join(before.into_iter().cloned().collect(), after.into_iter().cloned().collect());
        }
    }

    fn by_content<K: Ord>(&mut self, a: &Edition, b: &Edition, key: impl Fn(&CatalogueItem, &Edition) -> Option<K>) {
        fn alone<K: Ord>(
            edition: &Edition,
            taken: &BTreeMap<ItemUid, usize>,
            key: impl Fn(&CatalogueItem, &Edition) -> Option<K>,
        ) -> BTreeMap<K, Option<ItemUid>> {
            let mut found = BTreeMap::new();
            for item in edition.items.values().filter(|item| !taken.contains_key(&item.uid)) {
                if let Some(key) = key(item, edition) {
                    found.entry(key).and_modify(|only| *only = None).or_insert_with(|| Some(item.uid.clone()));
                }
            }
            found
        }
        let ours = alone(a, &self.of_a, &key);
        let mut theirs = alone(b, &self.of_b, &key);
        for (key, before) in ours {
            if let (Some(before), Some(Some(after))) = (before, theirs.remove(&key)) {
                self.join(vec![before], vec![after]);
            }
        }
    }

    fn alterations(&self, before: &CatalogueItem, after: &CatalogueItem) -> BTreeSet<Alteration> {
        let same_parent = match (&before.parent, &after.parent) {
            (None, None) => true,
            (Some(old), Some(new)) => self.of_a.get(old) == self.of_b.get(new),
            _ => false,
        };
        [
            (Alteration::Renamed, before.name != after.name),
            (Alteration::Recoded, before.code != after.code),
            (Alteration::Moved, !same_parent || before.depth != after.depth),
            (Alteration::TextChanged, before.description != after.description),
            (Alteration::Reclassified, before.service_kind != after.service_kind),
            (Alteration::Reordered, before.sort != after.sort),
            (Alteration::Rekeyed, before.uid != after.uid || (same_parent && before.parent != after.parent)),
        ]
        .into_iter()
        .filter_map(|(alteration, holds)| holds.then_some(alteration))
        .collect()
    }
}

// Dice's coefficient of the names' pairs of characters, at least 4/5, among what was removed and what was added.
fn suggest(changes: &[Change]) -> Vec<Suggestion> {
    let pairs = |item: &CatalogueItem| -> BTreeSet<String> { tokens::tokens(&item.name).into_iter().collect() };
    let added: Vec<(&CatalogueItem, BTreeSet<String>)> = changes
        .iter()
        .filter_map(|change| if let Change::Added(item) = change { Some((item, pairs(item))) } else { None })
        .collect();
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, pairs)) in added.iter().enumerate() {
        for pair in pairs {
            holders.entry(pair).or_default().push(index);
        }
    }
    let mut suggestions = Vec::new();
    for change in changes {
        let Change::Removed(before) = change else { continue };
        let ours = pairs(before);
        let near: BTreeSet<usize> = ours
            .iter()
            .filter_map(|pair| holders.get(pair.as_str()))
            .filter(|holders| holders.len() <= COMMON_TOKEN_ITEMS_MAX)
            .flatten()
            .copied()
            .collect();
        for index in near {
            let (after, theirs) = &added[index];
            let (shared, total) = (ours.intersection(theirs).count(), ours.len() + theirs.len());
            if before.depth == after.depth && 10 * shared >= 4 * total && suggestions.len() < SUGGESTIONS_MAX {
                suggestions.push(Suggestion { before: before.uid.clone(), after: after.uid.clone(), shared, total });
            }
        }
    }
    suggestions.sort();
    suggestions
}

#[cfg(test)]
mod tests;
