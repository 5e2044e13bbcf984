//! An edition: the three levels hold together, and what is published stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{
    CODE_BYTES_MAX, CatalogueItem, Counts, DESCRIPTION_CHARS_MAX, Depth, EditionState, Fault, ITEMS_MAX, ItemUid,
    NAME_CHARS_MAX, path,
};

/// One year's catalogue: a draft that may change, or a published text that never does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    year: i32,
    revision: u32,
    state: EditionState,
    effective_from_day: Option<NaiveDate>,
    pub(super) items: BTreeMap<ItemUid, CatalogueItem>,
}

impl Edition {
    /// An empty draft for a year; `revision` tells several of one year apart.
    #[must_use]
    pub fn draft(year: i32, revision: u32) -> Self {
        Self { year, revision, state: EditionState::Draft, effective_from_day: None, items: BTreeMap::new() }
    }

    /// A draft with all its items, in whatever order they come.
    pub fn with_items(year: i32, revision: u32, items: impl IntoIterator<Item = CatalogueItem>) -> Result<Self, Fault> {
        let mut edition = Self::draft(year, revision);
        for item in items {
            if edition.items.len() == ITEMS_MAX {
                return Err(Fault::TooMany);
            }
            let uid = item.uid.clone();
            if edition.items.insert(uid.clone(), item).is_some() {
                return Err(Fault::UidTwice(uid));
            }
        }
        edition.check()?;
        Ok(edition)
    }

    /// The year it is for.
    #[must_use]
    pub fn year(&self) -> i32 {
        self.year
    }

    /// Which one of the year.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Draft, published or superseded.
    #[must_use]
    pub fn state(&self) -> EditionState {
        self.state
    }

    /// The first civil day in force, once published.
    #[must_use]
    pub fn effective_from_day(&self) -> Option<NaiveDate> {
        self.effective_from_day
    }

    /// Every line by uid.
    #[must_use]
    pub fn items(&self) -> &BTreeMap<ItemUid, CatalogueItem> {
        &self.items
    }

    /// One line.
    #[must_use]
    pub fn get(&self, uid: &ItemUid) -> Option<&CatalogueItem> {
        self.items.get(uid)
    }

    /// The lines in the order of print: each category, its sections, their items; by sort, then code.
    #[must_use]
    pub fn in_order(&self) -> Vec<&CatalogueItem> {
        let mut below: BTreeMap<Option<&ItemUid>, Vec<&CatalogueItem>> = BTreeMap::new();
        for item in self.items.values() {
            below.entry(item.parent.as_ref()).or_default().push(item);
        }
        for siblings in below.values_mut() {
            siblings.sort_by(|a, b| (b.sort, &b.code).cmp(&(a.sort, &a.code)));
        }
        let mut open = below.remove(&None).unwrap_or_default();
        let mut printed = Vec::with_capacity(self.items.len());
        while let Some(item) = open.pop() {
            printed.push(item);
            open.extend(below.remove(&Some(&item.uid)).unwrap_or_default());
        }
        printed
    }

    /// The names from the category down to the line itself.
    #[must_use]
    pub fn path(&self, uid: &ItemUid) -> Vec<&str> {
        path(&self.items, uid)
    }

    /// How many there are of each depth.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(self.items.values())
    }

    /// Adds a line to a draft or replaces the one of its uid.
    pub fn put(&mut self, item: CatalogueItem) -> Result<(), Fault> {
        self.change(|items| {
            items.insert(item.uid.clone(), item);
            Ok(())
        })
    }

    /// Takes a line without children out of a draft.
    pub fn remove(&mut self, uid: &ItemUid) -> Result<(), Fault> {
        self.change(|items| {
            if items.values().any(|item| item.parent.as_ref() == Some(uid)) {
                return Err(Fault::HasChildren(uid.clone()));
            }
            items.remove(uid).map(drop).ok_or_else(|| Fault::DoesNotFit(uid.clone()))
        })
    }

    fn change(
        &mut self,
        how: impl FnOnce(&mut BTreeMap<ItemUid, CatalogueItem>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.state != EditionState::Draft {
            return Err(Fault::Published);
        }
        let mut changed = self.clone();
        how(&mut changed.items)?;
        changed.check()?;
        *self = changed;
        Ok(())
    }

    /// Publishes a draft: from here on it never changes.
    pub fn publish(&mut self, effective_from_day: NaiveDate) -> Result<(), Fault> {
        if self.state != EditionState::Draft || self.items.is_empty() {
            return Err(Fault::State);
        }
        self.state = EditionState::Published;
        self.effective_from_day = Some(effective_from_day);
        Ok(())
    }

    /// Notes that a later edition follows.
    pub fn supersede(&mut self) -> Result<(), Fault> {
        if self.state != EditionState::Published {
            return Err(Fault::State);
        }
        self.state = EditionState::Superseded;
        Ok(())
    }

    fn check(&self) -> Result<(), Fault> {
        if self.items.len() > ITEMS_MAX {
            return Err(Fault::TooMany);
        }
        let mut codes = BTreeSet::new();
        for item in self.items.values() {
            for (field, sound) in [
                ("code", (1..=CODE_BYTES_MAX).contains(&item.code.len())),
                ("name", (1..=NAME_CHARS_MAX).contains(&item.name.chars().count())),
                ("description", item.description.chars().count() <= DESCRIPTION_CHARS_MAX),
            ] {
                if !sound {
                    return Err(Fault::Text { uid: item.uid.clone(), field });
                }
            }
            if !codes.insert(&item.code) {
                return Err(Fault::CodeTwice(item.code.clone()));
            }
            let above = item.parent.as_ref().map(|uid| self.items.get(uid).map(|parent| parent.depth.number()));
            let fits = match above {
                None => item.depth == Depth::Category,
                Some(above) => above == Some(item.depth.number() - 1),
            };
            if !fits {
                return Err(Fault::Parent(item.uid.clone()));
            }
        }
        Ok(())
    }
}
