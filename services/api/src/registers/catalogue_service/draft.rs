//! The items of a draft: added, changed, taken out, put back. Each write also writes the edition, at the version read.

use procurement::catalogue::ITEMS_MAX;
use proto::procurement::v1::{self, ItemLevel};
use store::register::{Comparison, Condition, Entry, Reference, Value, Write};
use tonic::{Code, Status};

use super::{
    CATALOGUE_ITEM, Catalogues, EDITION, convert,
    edition::{draft_only, version},
};
use crate::{
    errors,
    registers::{WriteOptions, body, registrar::version_given},
};

/// Tries of a write while others change the same draft.
const TRIES_MAX: usize = 5;

/// Does it again while the edition moved in between: its version is ours to know, not the caller's.
macro_rules! again {
    ($attempt:expr) => {{
        let mut tries = 1;
        loop {
            match $attempt.await {
                Err(status) if status.code() == Code::Aborted && tries < TRIES_MAX => tries += 1,
                answer => break answer,
            }
        }
    }};
}

impl Catalogues {
    pub(super) async fn item_created(
        &self,
        request: &v1::CreateCatalogueItemRequest,
        options: &WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        again!(self.try_create(request, options.clone()))
    }

    pub(super) async fn item_updated(
        &self,
        request: &v1::UpdateCatalogueItemRequest,
        options: &WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        again!(self.try_update(request, options.clone()))
    }

    pub(super) async fn item_deleted(
        &self,
        request: &v1::DeleteCatalogueItemRequest,
        options: &WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        again!(self.try_delete(request, options.clone()))
    }

    pub(super) async fn item_undeleted(
        &self,
        request: &v1::UndeleteCatalogueItemRequest,
        options: &WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        again!(self.try_undelete(request, options.clone()))
    }

    async fn try_create(
        &self,
        request: &v1::CreateCatalogueItemRequest,
        options: WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        if let Some(item) = self.replayed_item(&options).await? {
            return Ok(item);
        }
        let mut item = self.registrar.fresh(&CATALOGUE_ITEM, request.catalogue_item.clone(), "")?.resource;
        let mut edition = self.draft_of(&item).await?;
        let edition_id = body::id_of("editions", &edition.name).unwrap_or_default().to_owned();
        let id = format!("{edition_id}.{}", item.uid);
        if !request.catalogue_item_id.is_empty() && request.catalogue_item_id != id {
            let en = format!("must be {id}, or empty");
            return Err(errors::field("catalogue_item_id", en, format!("应为空或 {id}")));
        }
        self.place(&mut item).await?;
        item.name = CATALOGUE_ITEM.name(&id);
        if item.level() == ItemLevel::Category {
            item.class.clone_from(&item.name);
        }
        count(&mut edition, item.level(), 1)?;
        let (draft, references) = self.registrar.draft(&CATALOGUE_ITEM, &id, &item)?;
        let writes = vec![Write::Insert(&CATALOGUE_ITEM.register, draft)];
        let entries = self.commit_with(edition, writes, references, options).await?;
        self.registrar.resource(&CATALOGUE_ITEM, &entries[0])
    }

    async fn try_update(
        &self,
        request: &v1::UpdateCatalogueItemRequest,
        options: WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        if let Some(item) = self.replayed_item(&options).await? {
            return Ok(item);
        }
        let merged =
            self.registrar.merged(&CATALOGUE_ITEM, request.catalogue_item.clone(), request.update_mask.clone());
        let merged = merged.await?;
        let edition = self.draft_of(&merged.stored).await?;
        let (before, mut item) = (merged.stored, merged.resource);
        self.place(&mut item).await?;
        if item.level != before.level {
            let (en, zh) = ("a line keeps its level: choose a parent of the same level", "条目不能改变级次");
            return Err(errors::field("catalogue_item.parent", en, zh));
        }
        if item.level() == ItemLevel::Category {
            item.class.clone_from(&before.class);
        }
        let (draft, references) = self.registrar.draft(&CATALOGUE_ITEM, &merged.id, &item)?;
        let mut writes = vec![Write::Update(&CATALOGUE_ITEM.register, draft, Some(merged.expected))];
        if (&item.path, &item.class) != (&before.path, &before.class) && before.delete_time.is_none() {
            writes.extend(self.below(&before, &item).await?);
        }
        let entries = self.commit_with(edition, writes, references, options).await?;
        self.registrar.resource(&CATALOGUE_ITEM, &entries[0])
    }

    async fn try_delete(
        &self,
        request: &v1::DeleteCatalogueItemRequest,
        options: WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        if let Some(item) = self.replayed_item(&options).await? {
            return Ok(item);
        }
        let item = self.registrar.get(&CATALOGUE_ITEM, &request.name).await?;
        let asked = version_given("etag", &request.etag)?;
        let mut edition = self.draft_of(&item).await?;
        let id = id_of(&item);
        let below = Condition::Compare("parent", Comparison::Equal, Value::Text(id.clone()));
        let below = self.registrar.store().register_count(&CATALOGUE_ITEM.register, Some(&below), false).await;
        if below.map_err(errors::of_store)? > 0 {
            let (en, zh) = ("there are lines below it: they go first", "还有下级条目,请先删除下级");
            return Err(errors::precondition("ITEM_HAS_CHILDREN", en, zh));
        }
        count(&mut edition, item.level(), -1)?;
        let writes = vec![Write::Delete(&CATALOGUE_ITEM.register, id, asked)];
        let entries = self.commit_with(edition, writes, Vec::new(), options).await?;
        self.registrar.resource(&CATALOGUE_ITEM, &entries[0])
    }

    async fn try_undelete(
        &self,
        request: &v1::UndeleteCatalogueItemRequest,
        options: WriteOptions,
    ) -> Result<v1::CatalogueItem, Status> {
        if let Some(item) = self.replayed_item(&options).await? {
            return Ok(item);
        }
        let before = self.registrar.get(&CATALOGUE_ITEM, &request.name).await?;
        let asked = version_given("etag", &request.etag)?;
        let mut edition = self.draft_of(&before).await?;
        let id = id_of(&before);
        let mut item = before.clone();
        // What stands above it may have another title by now.
        self.place(&mut item).await?;
        if item.level() == ItemLevel::Category {
            item.class.clone_from(&before.class);
        }
        count(&mut edition, item.level(), 1)?;
        let (draft, references) = self.registrar.draft(&CATALOGUE_ITEM, &id, &item)?;
        let mut writes = vec![Write::Undelete(&CATALOGUE_ITEM.register, id, asked)];
        if (&item.path, &item.class) != (&before.path, &before.class) {
            writes.push(Write::Update(&CATALOGUE_ITEM.register, draft, None));
        }
        let at = writes.len() - 1;
        let entries = self.commit_with(edition, writes, references, options).await?;
        self.registrar.resource(&CATALOGUE_ITEM, &entries[at])
    }

    // The item's entry stands before the edition's, which is the last.
    async fn replayed_item(&self, options: &WriteOptions) -> Result<Option<v1::CatalogueItem>, Status> {
        let Some(entries) = self.registrar.replayed(options).await? else { return Ok(None) };
        entries.first().map(|entry| self.registrar.resource(&CATALOGUE_ITEM, entry)).transpose()
    }

    /// The edition of an item, which must be a draft.
    async fn draft_of(&self, item: &v1::CatalogueItem) -> Result<v1::Edition, Status> {
        let edition = self.registrar.get_at(&EDITION, "catalogue_item.edition", &item.edition).await?;
        draft_only(&edition)?;
        Ok(edition)
    }

    /// Level, class and path, as they follow from the parent; the class of a category is its own name, set by the caller.
    async fn place(&self, item: &mut v1::CatalogueItem) -> Result<(), Status> {
        let field = "catalogue_item.parent";
        if item.sort < 0 {
            return Err(errors::field("catalogue_item.sort", "is negative", "不能为负"));
        }
        if item.parent.is_empty() {
            item.set_level(ItemLevel::Category);
            item.path = vec![item.title.clone()];
            return Ok(());
        }
        let parent = self.registrar.get_at(&CATALOGUE_ITEM, field, &item.parent).await?;
        let level = match parent.level() {
            ItemLevel::Category => ItemLevel::Section,
            ItemLevel::Section => ItemLevel::Item,
            ItemLevel::Item | ItemLevel::Unspecified => {
                return Err(errors::field(field, "nothing stands below an item", "项之下不再分级"));
            }
        };
        if parent.edition != item.edition {
            return Err(errors::field(field, "is a line of another edition", "上级不属于同一版本"));
        }
        item.set_level(level);
        item.class = parent.class;
        item.path = parent.path.into_iter().chain([item.title.clone()]).collect();
        Ok(())
    }

    /// The writes of the lines below one whose path or class changed.
    async fn below(&self, before: &v1::CatalogueItem, item: &v1::CatalogueItem) -> Result<Vec<Write<'static>>, Status> {
        let column = match item.level() {
            ItemLevel::Category => "class",
            ItemLevel::Section => "parent",
            ItemLevel::Item | ItemLevel::Unspecified => return Ok(Vec::new()),
        };
        let below = Condition::Compare(column, Comparison::Equal, Value::Text(id_of(before)));
        let lines = self.registrar.all_where(&CATALOGUE_ITEM, below, Vec::new(), ITEMS_MAX).await?;
        let depth = item.path.len();
        let mut writes = Vec::with_capacity(lines.len());
        for mut line in lines.into_iter().filter(|line| line.name != before.name) {
            let own = line.path.split_off(depth.min(line.path.len()));
            line.path = item.path.iter().cloned().chain(own).collect();
            line.class.clone_from(&item.class);
            let (draft, _) = self.registrar.draft(&CATALOGUE_ITEM, &id_of(&line), &line)?;
            writes.push(Write::Update(&CATALOGUE_ITEM.register, draft, Some(version(&line.etag))));
        }
        Ok(writes)
    }

    async fn commit_with(
        &self,
        edition: v1::Edition,
        mut writes: Vec<Write<'_>>,
        references: Vec<Reference>,
        options: WriteOptions,
    ) -> Result<Vec<Entry>, Status> {
        let id = body::id_of("editions", &edition.name).unwrap_or_default();
        let (draft, _) = self.registrar.draft(&EDITION, id, &edition)?;
        writes.push(Write::Update(&EDITION.register, draft, Some(version(&edition.etag))));
        let references = references
            .into_iter()
            .map(|reference| Reference { field: format!("catalogue_item.{}", reference.field), ..reference });
        self.registrar.commit(writes, references.collect(), options).await
    }
}

fn id_of(item: &v1::CatalogueItem) -> String {
    body::id_of(CATALOGUE_ITEM.collection, &item.name).unwrap_or_default().to_owned()
}

fn count(edition: &mut v1::Edition, level: ItemLevel, step: i32) -> Result<(), Status> {
    let counts = edition.counts.get_or_insert_default();
    match level {
        ItemLevel::Category => counts.categories += step,
        ItemLevel::Section => counts.sections += step,
        ItemLevel::Item => counts.items += step,
        ItemLevel::Unspecified => {}
    }
    let counts = convert::counts_read(counts);
    if counts.categories + counts.sections + counts.items <= ITEMS_MAX {
        return Ok(());
    }
    let (en, zh) = (format!("an edition takes {ITEMS_MAX} items at most"), format!("一个版本最多 {ITEMS_MAX} 条"));
    Err(errors::status(Code::ResourceExhausted, "TOO_MANY", en, zh))
}
