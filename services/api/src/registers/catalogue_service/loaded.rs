//! Whole editions in memory, for what looks at all lines at once: comparing, carrying over, classifying.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use procurement::catalogue::{self as room, ITEMS_MAX, ItemUid, classify::Classifier};
use proto::procurement::v1;
use store::register::{Comparison, Condition, Value};
use tonic::{Code, Status};

use super::{CATALOGUE_ITEM, Catalogues, EDITION, convert};
use crate::errors;

/// Editions that are kept: two that are compared and two more.
const KEPT_MAX: usize = 4;
/// Reads of an edition that somebody keeps changing meanwhile.
const READS_MAX: usize = 4;

/// An edition with all its lines.
pub(super) struct Loaded {
    /// Its id.
    pub(super) id: String,
    /// As it is recorded.
    pub(super) edition: v1::Edition,
    /// Its lines as values.
    pub(super) lines: room::Edition,
    items: HashMap<ItemUid, v1::CatalogueItem>,
    classifier: OnceLock<Classifier>,
}

impl Loaded {
    /// The recorded line of a uid.
    pub(super) fn item(&self, uid: &ItemUid) -> v1::CatalogueItem {
        self.items.get(uid).cloned().unwrap_or_default()
    }

    /// Knows the words of its items.
    pub(super) fn classifier(&self) -> &Classifier {
        self.classifier.get_or_init(|| Classifier::of(&self.lines))
    }

    /// Whether only counts are known of it.
    pub(super) fn is_by_counts(&self) -> bool {
        self.items.is_empty() && self.edition.published_counts.is_some()
    }

    /// The counts of its lines, or the published ones where there is no line.
    pub(super) fn counts(&self) -> room::Counts {
        match &self.edition.published_counts {
            Some(published) if self.items.is_empty() => convert::counts_read(published),
            _ => self.lines.counts(),
        }
    }
}

/// The editions used last. An edition's etag changes with its items, so what is kept under one is always right.
#[derive(Default)]
pub(super) struct Shelf {
    kept: Mutex<VecDeque<Arc<Loaded>>>,
}

impl Shelf {
    fn take(&self, id: &str, etag: &str) -> Option<Arc<Loaded>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|loaded| loaded.id == id && loaded.edition.etag == etag)?;
        let loaded = kept.remove(at)?;
        kept.push_front(Arc::clone(&loaded));
        Some(loaded)
    }

    fn put(&self, loaded: &Arc<Loaded>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.id != loaded.id);
        kept.push_front(Arc::clone(loaded));
        kept.truncate(KEPT_MAX);
    }
}

impl Catalogues {
    /// The edition of a request's field with all its lines.
    pub(super) async fn loaded(&self, field: &str, name: &str) -> Result<Arc<Loaded>, Status> {
        let mut edition = self.registrar.get_at(&EDITION, field, name).await?;
        for _ in 0..READS_MAX {
            let id = edition.name.strip_prefix("editions/").unwrap_or_default().to_owned();
            if let Some(loaded) = self.shelf.take(&id, &edition.etag) {
                return Ok(loaded);
            }
            let of_edition = Condition::Compare("edition", Comparison::Equal, Value::Text(id.clone()));
            let items = self.registrar.all_where(&CATALOGUE_ITEM, of_edition, Vec::new(), ITEMS_MAX).await?;
            let again = self.registrar.get_at(&EDITION, field, name).await?;
            if again.etag != edition.etag {
                edition = again;
                continue;
            }
            let loaded = Arc::new(tokio::task::spawn_blocking(move || build(id, edition, items)).await.map_err(own)??);
            // A seed is loaded entry by entry, the edition before its lines: it is kept once it is whole.
            if loaded.edition.counts.as_ref() == Some(&convert::counts(loaded.lines.counts())) {
                self.shelf.put(&loaded);
            }
            return Ok(loaded);
        }
        let (en, zh) = ("the edition is being changed; try again", "该版本正在被修改,请稍后再试");
        Err(errors::status(Code::Aborted, "EDITION_CHANGING", en, zh))
    }
}

fn build(id: String, edition: v1::Edition, items: Vec<v1::CatalogueItem>) -> Result<Loaded, Status> {
    let broken = |name: &str| own(format!("{name} is not what this service writes"));
    let lines: Vec<room::CatalogueItem> =
        items.iter().map(|item| convert::line(item).ok_or_else(|| broken(&item.name))).collect::<Result<_, _>>()?;
    let revision = u32::try_from(edition.revision).unwrap_or_default();
    let lines = room::Edition::with_items(edition.year, revision, lines).map_err(own)?;
    let by_uid: Option<HashMap<ItemUid, v1::CatalogueItem>> =
        items.into_iter().map(|item| Some((item.uid.parse().ok()?, item))).collect();
    let items = by_uid.ok_or_else(|| broken(&edition.name))?;
    Ok(Loaded { id, edition, lines, items, classifier: OnceLock::new() })
}

fn own(error: impl std::fmt::Display) -> Status {
    errors::of_kind(stdx::ErrorKind::Internal, &error)
}
