//! Editions: made as drafts with their items, put in force, superseded.

use std::collections::HashMap;

use procurement::catalogue::{self as room, CatalogueItem, Depth, Fault as RoomFault, ITEMS_MAX, ItemUid};
use proto::procurement::v1;
use store::register::{Comparison, Condition, Value, Write};
use tonic::{Code, Status};

use super::{CATALOGUE_ITEM, Catalogues, EDITION, check_line, convert, fault};
use crate::{
    errors,
    registers::{Registrar, WriteOptions, body},
};

/// Characters of an edition's id: with a dot and a uid it makes the id of an item.
const ID_CHARACTERS_MAX: usize = 63;

/// FAILED_PRECONDITION unless it is a draft.
pub(super) fn draft_only(edition: &v1::Edition) -> Result<(), Status> {
    if edition.state() == v1::EditionState::Draft {
        return Ok(());
    }
    let (en, zh) = ("a published edition never changes, nor do its items", "已公布的版本及其条目不能修改");
    Err(errors::precondition("EDITION_PUBLISHED", en, zh))
}

/// The version that an etag of ours stands for.
pub(super) fn version(etag: &str) -> i64 {
    body::version(etag).unwrap_or_default()
}

impl Catalogues {
    pub(super) async fn edition_created(
        &self,
        request: v1::CreateEditionRequest,
        options: WriteOptions,
    ) -> Result<v1::Edition, Status> {
        if let Some(entries) = self.registrar.replayed(&options).await? {
            return self.registrar.resource(&EDITION, &entries[0]);
        }
        let v1::CreateEditionRequest { edition, edition_id, items, .. } = request;
        let mut fresh = self.registrar.fresh(&EDITION, edition, &edition_id)?;
        if fresh.id.len() > ID_CHARACTERS_MAX || fresh.id.contains('.') {
            let en = format!("at most {ID_CHARACTERS_MAX} characters, no dot: the ids of the items begin with it");
            let zh = format!("最多 {ID_CHARACTERS_MAX} 个字符,不含“.”:条目的标识以它开头");
            return Err(errors::field("edition_id", en, zh));
        }
        fresh.resource.revision = fresh.resource.revision.max(1);
        fresh.resource.set_state(v1::EditionState::Draft);
        let (registrar, id) = (self.registrar.clone(), fresh.id.clone());
        // Twenty thousand lines take a second of work.
        let built = tokio::task::spawn_blocking(move || {
            let lines = lines(&fresh.resource, items)?;
            fresh.resource.counts = Some(convert::counts(lines.counts()));
            let (draft, references) = registrar.draft(&EDITION, &fresh.id, &fresh.resource)?;
            let mut writes = vec![Write::Insert(&EDITION.register, draft)];
            for item in messages(&fresh.id, &fresh.resource, &lines) {
                writes.push(insertion(&registrar, &item)?);
            }
            Ok::<_, Status>((writes, references))
        });
        let (writes, references) =
            built.await.map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &error))??;
        let references = references.into_iter().map(super::within_edition).collect();
        let entries = self.registrar.commit(writes, references, options).await.map_err(|status| taken(status, &id))?;
        self.registrar.resource(&EDITION, &entries[0])
    }

    pub(super) async fn edition_updated(
        &self,
        request: v1::UpdateEditionRequest,
        options: WriteOptions,
    ) -> Result<v1::Edition, Status> {
        if let Some(entries) = self.registrar.replayed(&options).await? {
            return self.registrar.resource(&EDITION, &entries[0]);
        }
        let merged = self.registrar.merged(&EDITION, request.edition, request.update_mask).await?;
        draft_only(&merged.stored)?;
        self.registrar.replace(&EDITION, merged, options).await
    }

    pub(super) async fn edition_published(
        &self,
        request: &v1::PublishEditionRequest,
        options: WriteOptions,
    ) -> Result<v1::Edition, Status> {
        if let Some(last) = self.registrar.replayed(&options).await?.and_then(|entries| entries.into_iter().next_back())
        {
            return self.registrar.resource(&EDITION, &last);
        }
        let day = crate::registers::day::required("effective_from_day", &request.effective_from_day)?;
        let edition = self.registrar.get(&EDITION, &request.name).await?;
        let id = request.name.strip_prefix("editions/").unwrap_or_default();
        let asked = crate::registers::registrar::version_given("etag", &request.etag)?;
        let expected = asked.unwrap_or_else(|| version(&edition.etag));
        let mut writes = Vec::new();
        let mut references = Vec::new();
        let mut published = edition.clone();
        published.set_state(v1::EditionState::Published);
        published.effective_from_day = day.to_string();
        if expected == version(&edition.etag) {
            publishable(&edition)?;
            let catalogue = body::id_of("catalogues", &edition.catalogue).unwrap_or_default();
            let compare =
                |column, value: &str| Condition::Compare(column, Comparison::Equal, Value::Text(value.to_owned()));
            let in_force = Condition::All(vec![compare("catalogue", catalogue), compare("state", "PUBLISHED")]);
            let in_force = self.registrar.all_where(&EDITION, in_force, Vec::new(), 1).await?;
            for mut before in in_force {
                follows(&published, &before)?;
                before.set_state(v1::EditionState::Superseded);
                before.superseded_by.clone_from(&request.name);
                let before_id = body::id_of("editions", &before.name).unwrap_or_default().to_owned();
                let (draft, _) = self.registrar.draft(&EDITION, &before_id, &before)?;
                // Before the new one: a catalogue has one edition in force at every moment.
                writes.push(Write::Update(&EDITION.register, draft, Some(version(&before.etag))));
            }
        }
        let (draft, named) = self.registrar.draft(&EDITION, id, &published)?;
        writes.push(Write::Update(&EDITION.register, draft, Some(expected)));
        references.extend(named.into_iter().map(super::within_edition));
        let entries = self.registrar.commit(writes, references, options).await?;
        let last = entries.last().ok_or_else(|| errors::of_kind(stdx::ErrorKind::Internal, &"nothing was written"))?;
        self.registrar.resource(&EDITION, last)
    }
}

// The unique indexes speak of columns; the caller is told what they mean.
fn taken(status: Status, id: &str) -> Status {
    if status.code() == Code::AlreadyExists && status.message().contains("revision") {
        let (en, zh) = ("the catalogue has an edition of this year and revision", "该目录已有同一年份和序号的版本");
        return errors::named(Code::AlreadyExists, "RESOURCE_DUPLICATE", &EDITION.name(id), en.into(), zh.into());
    }
    status
}

fn publishable(edition: &v1::Edition) -> Result<(), Status> {
    draft_only(edition)?;
    let recorded = edition.counts.unwrap_or_default();
    let is_empty = recorded == v1::EditionCounts::default();
    match edition.published_counts {
        None if is_empty => {
            let (en, zh) = ("it has neither items nor published counts", "没有条目,也没有公布的数量");
            Err(errors::precondition("EDITION_EMPTY", en, zh))
        }
        Some(published) if !is_empty && published != recorded => {
            let (published, recorded) = (convert::counts_read(&published), convert::counts_read(&recorded));
            let en = format!("{published} were published, {recorded} are recorded");
            let zh = format!("公布的是{published},录入的是{recorded}");
            Err(errors::precondition("EDITION_COUNTS_DIFFER", en, zh))
        }
        _ => Ok(()),
    }
}

fn follows(edition: &v1::Edition, in_force: &v1::Edition) -> Result<(), Status> {
    let is_later = edition.effective_from_day >= in_force.effective_from_day
        && (edition.year, edition.revision) > (in_force.year, in_force.revision);
    if is_later {
        return Ok(());
    }
    let en = format!("{} is in force and later, by its day or by year and revision", in_force.name);
    let zh = format!("现行版本 {} 的生效日期或年份序号更晚", in_force.name);
    Err(errors::precondition("EDITION_NOT_LATER", en, zh))
}

/// A line's insertion. What it refers to is inserted with it, so that nothing is looked up for it.
fn insertion<'a>(registrar: &Registrar, item: &v1::CatalogueItem) -> Result<Write<'a>, Status> {
    let id = body::id_of(CATALOGUE_ITEM.collection, &item.name).unwrap_or_default();
    Ok(Write::Insert(&CATALOGUE_ITEM.register, registrar.draft(&CATALOGUE_ITEM, id, item)?.0))
}

/// The lines of a request as an edition of the room, or every field that breaks a rule.
fn lines(edition: &v1::Edition, items: Vec<v1::NewItem>) -> Result<room::Edition, Status> {
    if items.len() > ITEMS_MAX {
        let en = format!("at most {ITEMS_MAX} items are taken");
        return Err(errors::field("items", en, format!("最多 {ITEMS_MAX} 条")));
    }
    let mut faults = Vec::new();
    let mut parents: HashMap<&str, &str> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("items[{index}].");
        check_line(&mut faults, &at, &item.uid, &item.code, &item.title, &item.description);
        if item.service_kind() == v1::ServiceKind::Unspecified {
            faults.push(fault(format!("{at}service_kind"), "a kind of service is needed", "请选择服务类别"));
        }
        if item.sort < 0 {
            faults.push(fault(format!("{at}sort"), "is negative", "不能为负"));
        }
        parents.insert(&item.uid, &item.parent_uid);
    }
    let mut read = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match depth(&parents, &item.uid) {
            Some(depth) => read.extend(line(item, depth)),
            None => faults.push(fault(
                format!("items[{index}].parent_uid"),
                "is no category or section of these items",
                "不是这些条目中的类或款",
            )),
        }
    }
    if !faults.is_empty() {
        return Err(errors::fields(&faults));
    }
    let revision = u32::try_from(edition.revision).unwrap_or(1);
    room::Edition::with_items(edition.year, revision, read).map_err(|fault| {
        let last = |found: &dyn Fn(&v1::NewItem) -> bool| items.iter().rposition(found).unwrap_or_default();
        let field = match &fault {
            RoomFault::UidTwice(uid) => format!("items[{}].uid", last(&|item| item.uid == uid.as_str())),
            RoomFault::CodeTwice(code) => format!("items[{}].code", last(&|item| item.code == *code)),
            RoomFault::Parent(uid) => format!("items[{}].parent_uid", last(&|item| item.uid == uid.as_str())),
            _ => "items".to_owned(),
        };
        convert::refused(&field, &fault)
    })
}

// A chain of more than three has no depth, and neither has a ring.
fn depth(parents: &HashMap<&str, &str>, uid: &str) -> Option<Depth> {
    let mut above = parents.get(uid).copied()?;
    for number in 1..=3 {
        if above.is_empty() {
            return Depth::from_number(number);
        }
        above = parents.get(above).copied()?;
    }
    None
}

fn line(item: &v1::NewItem, depth: Depth) -> Option<CatalogueItem> {
    let parent: Option<ItemUid> = if item.parent_uid.is_empty() { None } else { Some(item.parent_uid.parse().ok()?) };
    Some(CatalogueItem {
        uid: item.uid.parse().ok()?,
        code: item.code.clone(),
        name: item.title.clone(),
        depth,
        parent,
        service_kind: convert::service_kind(item.service_kind())?,
        description: item.description.clone(),
        sort: u32::try_from(item.sort).ok()?,
    })
}

/// The lines of an edition as messages, each with its name, in the order of print.
pub(crate) fn messages<'a>(
    edition_id: &'a str,
    edition: &'a v1::Edition,
    lines: &'a room::Edition,
) -> impl Iterator<Item = v1::CatalogueItem> + 'a {
    let of_item = edition.provenance.as_ref().map(|of_edition| v1::Provenance {
        source: of_edition.source.clone(),
        quote: String::new(),
        is_synthetic: of_edition.is_synthetic,
    });
    lines.in_order().into_iter().map(move |item| {
        let class = std::iter::successors(Some(item), |item| lines.get(item.parent.as_ref()?)).last().unwrap_or(item);
        v1::CatalogueItem {
            name: convert::item_name(edition_id, item.uid.as_str()),
            provenance: of_item.clone(),
            edition: EDITION.name(edition_id),
            uid: item.uid.to_string(),
            code: item.code.clone(),
            title: item.name.clone(),
            level: convert::level(item.depth).into(),
            parent: item.parent.as_ref().map(|uid| convert::item_name(edition_id, uid.as_str())).unwrap_or_default(),
            class: convert::item_name(edition_id, class.uid.as_str()),
            service_kind: convert::service_kind_told(item.service_kind).into(),
            description: item.description.clone(),
            sort: i32::try_from(item.sort).unwrap_or(i32::MAX),
            path: lines.path(&item.uid).into_iter().map(str::to_owned).collect(),
            ..v1::CatalogueItem::default()
        }
    })
}
