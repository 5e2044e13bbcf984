//! What every register does the same way: names, pages, filters, masks, etags, request ids, soft deletion.

use std::sync::Arc;

use procurement::{region::RegisterOfRegions, settings::RuleSettings};
use prost_types::FieldMask;
use stdx::Sha256;
use store::{
    LIST_MAX, Store,
    register::{Change, Condition, Direction, Draft, Entry, Once, Reference, Refusal, RegisterQuery, Value, Write},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    body::{self, Resource},
    filter,
    kind::Kind,
    mask,
    regions::Regions,
};
use crate::{errors, page, wire::Fault};

/// Names of one batch.
const BATCH_MAX: usize = 1_000;
/// Columns of one order.
const ORDER_MAX: usize = 4;

/// The arguments that every List call has. Made by [`crate::registers::list_of!`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// 0 is 50; at most 500.
    pub page_size: i32,
    /// Of the page before.
    pub page_token: String,
    /// See `filter`.
    pub filter: String,
    /// Comma-separated fields, each with an optional ` desc`.
    pub order_by: String,
    /// Deleted ones too.
    pub show_deleted: bool,
    /// Whether the size of the whole is told.
    pub return_total: bool,
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<M> {
    /// In the order asked for.
    pub resources: Vec<M>,
    /// Empty at the end.
    pub next_page_token: String,
    /// How many there are in all, if asked.
    pub total_size: Option<i64>,
}

/// The arguments that every writing call has, with what makes it the same call. Made by [`crate::registers::write_of!`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The method: `PurchaserService/CreatePurchaser`.
    pub method: &'static str,
    /// A UUID, or empty.
    pub request_id: String,
    /// Everything is tried, and nothing is kept.
    pub validate_only: bool,
    /// Who calls.
    pub caller: String,
    /// SHA-256 of the encoded request.
    pub body_sha256: Option<Sha256>,
}

impl WriteOptions {
    fn once(&self) -> Result<Option<Once>, Status> {
        if self.request_id.is_empty() {
            return Ok(None);
        }
        if Uuid::try_parse(&self.request_id).is_err() {
            return Err(errors::field("request_id", "a UUID is needed", "应为 UUID"));
        }
        let body_sha256 = self.body_sha256.unwrap_or_else(|| Sha256::of(b""));
        let method = format!("{} {}", self.caller, self.method);
        Ok(Some(Once { method, request_id: self.request_id.to_lowercase(), body_sha256 }))
    }
}

/// A resource that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Fresh<M> {
    /// The caller's, or a new one.
    pub id: String,
    /// Without head and output-only fields.
    pub resource: M,
}

/// A resource that is to replace the stored one.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged<M> {
    /// As it is stored.
    pub stored: M,
    /// As it would be.
    pub resource: M,
    /// Its id.
    pub id: String,
    /// The version that the caller saw.
    pub expected: i64,
}

/// Does it.
#[derive(Clone)]
pub struct Registrar {
    store: Store,
    tokens: page::Tokens,
    rules: Arc<RuleSettings>,
    regions: Arc<Regions>,
}

impl Registrar {
    /// Over these tables, under the rules as shipped.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens) -> Self {
        let regions = Arc::new(Regions::new(store.clone()));
        Self { store, tokens, rules: Arc::default(), regions }
    }

    /// Under these limits and weights.
    #[must_use]
    pub fn under(self, rules: RuleSettings) -> Self {
        Self { rules: Arc::new(rules), ..self }
    }

    /// The limits and weights of the rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSettings {
        &self.rules
    }

    /// The tables.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Seals page tokens, for lists that are not of one register.
    #[must_use]
    pub fn tokens(&self) -> &page::Tokens {
        &self.tokens
    }

    /// The register of regions in use: hold it for as long as what was read from it.
    #[must_use]
    pub fn regions(&self) -> Arc<RegisterOfRegions> {
        self.regions.current().0
    }

    /// The register of regions in use and its version, 0 for the one that ships.
    #[must_use]
    pub fn regions_with_version(&self) -> (Arc<RegisterOfRegions>, i64) {
        self.regions.current()
    }

    /// Reads the imported table of regions if it was written since the last look.
    pub async fn refresh_regions(&self) -> Result<(), Status> {
        self.regions.refresh().await
    }

    /// Keeps the register of regions up with other processes' imports, until `shutdown`.
    pub async fn follow_regions(self, shutdown: CancellationToken) {
        self.regions.follow(shutdown).await;
    }

    /// The resource of that name, also a deleted one; NOT_FOUND.
    pub async fn get<M: Resource>(&self, kind: &Kind<M>, name: &str) -> Result<M, Status> {
        self.get_at(kind, "name", name).await
    }

    /// As [`Self::get`]; errors name the request's field that holds the name.
    pub async fn get_at<M: Resource>(&self, kind: &Kind<M>, field: &str, name: &str) -> Result<M, Status> {
        let id = id_required(kind, field, name)?;
        self.find(kind, id).await?.ok_or_else(|| missing(kind, id))
    }

    /// The resource with that id, also a deleted one.
    pub async fn find<M: Resource>(&self, kind: &Kind<M>, id: &str) -> Result<Option<M>, Status> {
        let entry = self.store.register_get(&kind.register, id).await.map_err(errors::of_store)?;
        entry.map(|entry| body::resource(kind, &entry)).transpose()
    }

    /// Those resources in the order of the names, each name once or more; NOT_FOUND when one is missing.
    pub async fn batch_get<M: Resource>(&self, kind: &Kind<M>, names: &[String]) -> Result<Vec<M>, Status> {
        if names.len() > BATCH_MAX {
            let en = format!("at most {BATCH_MAX} names are taken");
            return Err(errors::field("names", en, format!("最多 {BATCH_MAX} 个名称")));
        }
        let ids: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(index, name)| id_required(kind, &format!("names[{index}]"), name).map(str::to_owned))
            .collect::<Result<_, _>>()?;
        let mut distinct = ids.clone();
        distinct.sort();
        distinct.dedup();
        let entries = self.store.register_many(&kind.register, &distinct).await.map_err(errors::of_store)?;
        let found: std::collections::HashMap<&str, &Entry> =
            entries.iter().map(|entry| (entry.id.as_str(), entry)).collect();
        ids.iter()
            .map(|id| match found.get(id.as_str()) {
                Some(entry) => body::resource(kind, entry),
                None => Err(missing(kind, id)),
            })
            .collect()
    }

    /// A page of a register.
    pub async fn list<M: Resource>(&self, kind: &Kind<M>, method: &str, list: &List) -> Result<Page<M>, Status> {
        self.list_where(kind, method, list, Condition::All(Vec::new()), &[]).await
    }

    /// A page of those that also meet `extra`, which `extra_arguments` chose: a token is bound to them.
    pub async fn list_where<M: Resource>(
        &self,
        kind: &Kind<M>,
        method: &str,
        list: &List,
        extra: Condition,
        extra_arguments: &[&str],
    ) -> Result<Page<M>, Status> {
        let size = page::size(list.page_size)?;
        let order = filter::order(&list.order_by, &kind.fields)?;
        if order.len() > ORDER_MAX {
            let en = format!("at most {ORDER_MAX} fields are taken");
            return Err(errors::field("order_by", en, format!("最多 {ORDER_MAX} 个字段")));
        }
        let descriptor = body::descriptor::<M>();
        let vocabulary = filter::Vocabulary {
            collection: kind.collection,
            fields: &kind.fields,
            message: &descriptor,
            regions: &self.regions(),
            is_searchable: !kind.searched.is_empty(),
        };
        let asked = filter::read(&list.filter, &vocabulary)?;
        let shown = if list.show_deleted { "all" } else { "live" };
        let mut query = vec![method, &list.filter, &list.order_by, shown];
        query.extend(extra_arguments);
        let after: Option<(Vec<Value>, String)> = self.tokens.open(&query, &list.page_token)?;
        let condition = Condition::All(asked.into_iter().chain([extra]).collect());
        let total_size = if list.return_total {
            let count = self.store.register_count(&kind.register, Some(&condition), list.show_deleted).await;
            Some(count.map_err(errors::of_store)?.cast_signed())
        } else {
            None
        };
        let rows = RegisterQuery {
            condition: Some(condition),
            order: order.clone(),
            after,
            limit: size + 1,
            shows_deleted: list.show_deleted,
        };
        let rows = self.store.register_list(&kind.register, &rows).await.map_err(errors::of_store)?;
        let all: Vec<M> = rows.iter().map(|entry| body::resource(kind, entry)).collect::<Result<_, _>>()?;
        let (resources, more) = page::fill(&all, size, Clone::clone);
        let next_page_token = match rows[..resources.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &key_of(kind, &order, last)),
            None => String::new(),
        };
        Ok(Page { resources, next_page_token, total_size })
    }

    /// All live ones that meet a condition; RESOURCE_EXHAUSTED when there are more than `at_most`.
    pub async fn all_where<M: Resource>(
        &self,
        kind: &Kind<M>,
        condition: Condition,
        order: Vec<(&'static str, Direction)>,
        at_most: usize,
    ) -> Result<Vec<M>, Status> {
        let mut all = Vec::new();
        let mut query =
            RegisterQuery { condition: Some(condition), order, after: None, limit: LIST_MAX, shows_deleted: false };
        loop {
            let rows = self.store.register_list(&kind.register, &query).await.map_err(errors::of_store)?;
            for row in &rows {
                all.push(body::resource(kind, row)?);
            }
            if all.len() > at_most {
                let (en, zh) =
                    (format!("more than {at_most} {}", kind.collection), format!("{}超过 {at_most} 个", kind.chinese));
                return Err(errors::status(Code::ResourceExhausted, "TOO_MANY", en, zh));
            }
            match rows.last() {
                Some(last) if rows.len() == LIST_MAX as usize => query.after = Some(key_of(kind, &query.order, last)),
                _ => return Ok(all),
            }
        }
    }

    /// Makes a resource.
    pub async fn create<M: Resource>(
        &self,
        kind: &Kind<M>,
        resource: Option<M>,
        id: &str,
        options: WriteOptions,
    ) -> Result<M, Status> {
        let fresh = self.fresh(kind, resource, id)?;
        self.insert(kind, fresh, options).await
    }

    /// The first half of a creation: an id, what the caller may not say cleared, the rules of the message kept.
    pub fn fresh<M: Resource>(&self, kind: &Kind<M>, resource: Option<M>, id: &str) -> Result<Fresh<M>, Status> {
        let resource = required(kind, resource)?;
        if !id.is_empty() && !body::is_id(id) {
            let en = "1 to 128 characters of A-Z a-z 0-9 . _ ~ - are taken";
            return Err(errors::field(&format!("{}_id", kind.field), en, "应为 1 至 128 个字符:A-Z a-z 0-9 . _ ~ -"));
        }
        let id = if id.is_empty() { Uuid::now_v7().hyphenated().to_string() } else { id.to_owned() };
        let mut message = body::dynamic(&resource);
        for name in body::HEAD {
            message.clear_field_by_name(name);
        }
        let nothing = body::dynamic(&M::default());
        for path in &kind.output_only {
            mask::put(&mut message, &nothing, path);
        }
        let resource = body::typed(&message);
        self.checked(kind, &resource)?;
        Ok(Fresh { id, resource })
    }

    /// The second half of a creation.
    pub async fn insert<M: Resource>(
        &self,
        kind: &Kind<M>,
        fresh: Fresh<M>,
        options: WriteOptions,
    ) -> Result<M, Status> {
        let (draft, references) = self.draft(kind, &fresh.id, &fresh.resource)?;
        self.write_one(kind, Write::Insert(&kind.register, draft), references, options).await
    }

    /// Changes the fields of the mask. The resource's etag is required; ABORTED when it is not the present one.
    pub async fn update<M: Resource>(
        &self,
        kind: &Kind<M>,
        resource: Option<M>,
        update_mask: Option<FieldMask>,
        options: WriteOptions,
    ) -> Result<M, Status> {
        let merged = self.merged(kind, resource, update_mask).await?;
        self.replace(kind, merged, options).await
    }

    /// The first half of an update.
    pub async fn merged<M: Resource>(
        &self,
        kind: &Kind<M>,
        resource: Option<M>,
        update_mask: Option<FieldMask>,
    ) -> Result<Merged<M>, Status> {
        let given = body::dynamic(&required(kind, resource)?);
        let text = |name: &str| match given.get_field_by_name(name).as_deref() {
            Some(prost_reflect::Value::String(text)) => text.clone(),
            _ => String::new(),
        };
        let id = id_required(kind, &format!("{}.name", kind.field), &text("name"))?.to_owned();
        let etag = text("etag");
        let expected = version_given(&format!("{}.etag", kind.field), &etag)?.ok_or_else(|| {
            let field = format!("{}.etag", kind.field);
            errors::field(&field, "the etag of the resource as it was read is needed", "请提供读取时的 etag")
        })?;
        let stored: M = self.find(kind, &id).await?.ok_or_else(|| missing(kind, &id))?;
        let before = body::dynamic(&stored);
        let after = mask::merged(&before, &given, update_mask.as_ref(), &kind.output_only)
            .map_err(|faults| errors::fields(&faults))?;
        let immutable: Vec<&str> = kind.immutable.iter().copied().chain([body::IS_SYNTHETIC]).collect();
        let moved: Vec<Fault> = mask::moved(&before, &after, &immutable)
            .into_iter()
            .map(|path| Fault {
                field: format!("{}.{path}", kind.field),
                zh: "建立后不能修改".to_owned(),
                en: "stays as it was made".to_owned(),
            })
            .collect();
        if !moved.is_empty() {
            return Err(errors::fields(&moved));
        }
        let resource: M = body::typed(&after);
        self.checked(kind, &resource)?;
        Ok(Merged { stored, resource, id, expected })
    }

    /// The second half of an update.
    pub async fn replace<M: Resource>(
        &self,
        kind: &Kind<M>,
        merged: Merged<M>,
        options: WriteOptions,
    ) -> Result<M, Status> {
        let (draft, references) = self.draft(kind, &merged.id, &merged.resource)?;
        let write = Write::Update(&kind.register, draft, Some(merged.expected));
        self.write_one(kind, write, references, options).await
    }

    /// Reads, changes and writes; for methods of a service's own. With an etag, ABORTED when it is not the present one.
    pub async fn change<M: Resource>(
        &self,
        kind: &Kind<M>,
        name: &str,
        etag: &str,
        options: WriteOptions,
        change: impl FnOnce(&mut M) -> Result<(), Status>,
    ) -> Result<M, Status> {
        let id = id_required(kind, "name", name)?;
        let asked = version_given("etag", etag)?;
        if let Some(entries) = self.replayed(&options).await? {
            return body::resource(kind, &entries[0]);
        }
        let entry = self.store.register_get(&kind.register, id).await.map_err(errors::of_store)?;
        let entry = entry.ok_or_else(|| missing(kind, id))?;
        let expected = asked.unwrap_or(entry.row_version);
        let mut resource = body::resource(kind, &entry)?;
        if expected == entry.row_version {
            change(&mut resource)?;
        }
        let (draft, references) = self.draft(kind, id, &resource)?;
        self.write_one(kind, Write::Update(&kind.register, draft, Some(expected)), references, options).await
    }

    /// Marks as deleted; the answer has a delete_time.
    pub async fn delete<M: Resource>(
        &self,
        kind: &Kind<M>,
        name: &str,
        etag: &str,
        options: WriteOptions,
    ) -> Result<M, Status> {
        let id = id_required(kind, "name", name)?.to_owned();
        let write = Write::Delete(&kind.register, id, version_given("etag", etag)?);
        self.write_one(kind, write, Vec::new(), options).await
    }

    /// Takes a deletion back; ALREADY_EXISTS when it is live.
    pub async fn undelete<M: Resource>(
        &self,
        kind: &Kind<M>,
        name: &str,
        etag: &str,
        options: WriteOptions,
    ) -> Result<M, Status> {
        let id = id_required(kind, "name", name)?.to_owned();
        let write = Write::Undelete(&kind.register, id, version_given("etag", etag)?);
        self.write_one(kind, write, Vec::new(), options).await
    }

    /// What the table will hold of a resource, and what it refers to.
    pub fn draft<M: Resource>(
        &self,
        kind: &Kind<M>,
        id: &str,
        resource: &M,
    ) -> Result<(Draft, Vec<Reference>), Status> {
        body::draft(kind, id, resource, &self.regions()).map_err(|faults| errors::fields(&within(kind, faults)))
    }

    /// Writes that happen together or not at all; gives the entries as they are then.
    pub async fn commit(
        &self,
        writes: Vec<Write<'_>>,
        references: Vec<Reference>,
        options: WriteOptions,
    ) -> Result<Vec<Entry>, Status> {
        let change = Change { writes, references, once: options.once()?, is_rehearsal: options.validate_only };
        self.store.register_write(change).await.map_err(|error| refused(None, error))
    }

    /// The resource of an entry that `commit` gave.
    pub fn resource<M: Resource>(&self, kind: &Kind<M>, entry: &Entry) -> Result<M, Status> {
        body::resource(kind, entry)
    }

    /// The entries of this very call's first success, when it was made before.
    pub async fn replayed(&self, options: &WriteOptions) -> Result<Option<Vec<Entry>>, Status> {
        match options.once()? {
            Some(once) => self.store.register_replayed(&once).await.map_err(|error| refused(None, error)),
            None => Ok(None),
        }
    }

    async fn write_one<M: Resource>(
        &self,
        kind: &Kind<M>,
        write: Write<'_>,
        references: Vec<Reference>,
        options: WriteOptions,
    ) -> Result<M, Status> {
        let references = references
            .into_iter()
            .map(|reference| Reference { field: format!("{}.{}", kind.field, reference.field), ..reference });
        let change = Change {
            writes: vec![write],
            references: references.collect(),
            once: options.once()?,
            is_rehearsal: options.validate_only,
        };
        let labelled = Some((kind.collection, kind.chinese));
        let entries = self.store.register_write(change).await.map_err(|error| refused(labelled, error))?;
        body::resource(kind, &entries[0])
    }

    fn checked<M: Resource>(&self, kind: &Kind<M>, resource: &M) -> Result<(), Status> {
        let faults = (kind.check)(resource);
        if faults.is_empty() { Ok(()) } else { Err(errors::fields(&within(kind, faults))) }
    }
}

fn within<M>(kind: &Kind<M>, mut faults: Vec<Fault>) -> Vec<Fault> {
    for fault in &mut faults {
        if fault.field != kind.field {
            fault.field = format!("{}.{}", kind.field, fault.field);
        }
    }
    faults
}

fn required<M: Resource>(kind: &Kind<M>, resource: Option<M>) -> Result<M, Status> {
    resource.ok_or_else(|| {
        errors::field(kind.field, format!("a {} is needed", kind.field), format!("请提供{}", kind.chinese))
    })
}

fn id_required<'a, M>(kind: &Kind<M>, field: &str, name: &'a str) -> Result<&'a str, Status> {
    body::id_of(kind.collection, name).ok_or_else(|| {
        let form = format!("{}/{{id}}", kind.collection);
        errors::field(field, format!("a name of the form {form} is needed"), format!("应为 {form} 形式的名称"))
    })
}

/// The version behind an etag of a request's field, if one was given.
pub(super) fn version_given(field: &str, etag: &str) -> Result<Option<i64>, Status> {
    if etag.is_empty() {
        return Ok(None);
    }
    body::version(etag).map(Some).ok_or_else(|| errors::field(field, "is no etag of ours", "不是有效的 etag"))
}

fn missing<M>(kind: &Kind<M>, id: &str) -> Status {
    absent(kind.collection, kind.chinese, id)
}

fn absent(collection: &str, chinese: &str, id: &str) -> Status {
    let name = format!("{collection}/{id}");
    errors::named(
        Code::NotFound,
        "RESOURCE_NOT_FOUND",
        &name,
        format!("there is no {name}"),
        format!("没有这个{chinese}:{name}"),
    )
}

/// The place of an entry in an order.
fn key_of<M>(kind: &Kind<M>, order: &[(&'static str, Direction)], entry: &Entry) -> (Vec<Value>, String) {
    let values = order
        .iter()
        .map(|(column, _)| match *column {
            "created_at" => Value::Integer(entry.created_at.timestamp_micros()),
            "updated_at" => Value::Integer(entry.updated_at.timestamp_micros()),
            "id" => Value::Text(entry.id.clone()),
            column => {
                let place = kind.register.columns.iter().position(|there| there.name == column);
                entry.values[place.expect("order knows the columns of the kind only")].clone()
            }
        })
        .collect();
    (values, entry.id.clone())
}

/// What the tables refused, in the words of the wire. `label`: collection and Chinese word of the kind, where there is one.
fn refused(label: Option<(&str, &str)>, error: store::Error) -> Status {
    let store::Error::Refused(refusal) = error else { return errors::of_store(error) };
    let collection = |table: &str| label.map_or_else(|| collection_of(table), |(collection, _)| collection.to_owned());
    let name = |table: &str, id: &str| format!("{}/{id}", collection(table));
    let chinese = label.map_or("条目", |(_, chinese)| chinese);
    match refusal {
        Refusal::Missing { table, id } => absent(&collection(&table), chinese, &id),
        Refusal::Taken { table, id } => {
            let name = name(&table, &id);
            let (en, zh) = (format!("{name} exists already"), format!("{chinese}已存在:{name}"));
            errors::named(Code::AlreadyExists, "RESOURCE_EXISTS", &name, en, zh)
        }
        Refusal::Double { columns, .. } => errors::named(
            Code::AlreadyExists,
            "RESOURCE_DUPLICATE",
            &columns,
            format!("another one has the same {columns}"),
            format!("已有相同的{chinese}({columns})"),
        ),
        Refusal::Stale { table, id, row_version } => {
            let name = name(&table, &id);
            let (en, zh) = (
                format!("{name} was changed in between: its etag is now {}", body::etag(row_version)),
                format!("{chinese}其间已被修改:{name} 现在的 etag 为 {}", body::etag(row_version)),
            );
            errors::named(Code::Aborted, "ETAG_MISMATCH", &name, en, zh)
        }
        Refusal::Deleted { table, id } => {
            let name = name(&table, &id);
            let (en, zh) = (format!("{name} is deleted; undelete it first"), format!("{chinese}已删除:{name}"));
            errors::named(Code::FailedPrecondition, "RESOURCE_DELETED", &name, en, zh)
        }
        Refusal::Live { table, id } => {
            let name = name(&table, &id);
            let (en, zh) = (format!("{name} is not deleted"), format!("{chinese}并未删除:{name}"));
            errors::named(Code::AlreadyExists, "RESOURCE_NOT_DELETED", &name, en, zh)
        }
        Refusal::Dangling { field } => {
            errors::field(&field, "stands for nothing that exists", "所指的条目不存在或已删除")
        }
        Refusal::Reused => {
            let (en, zh) = ("this request_id was used for another request", "该 request_id 已用于另一请求");
            errors::named(Code::InvalidArgument, "REQUEST_ID_REUSED", "request_id", en.into(), zh.into())
        }
    }
}

/// The collection of a table: `catalogueItems` of `catalogue_item`.
fn collection_of(table: &str) -> String {
    let mut words = table.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let collection = words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_uppercase() + rest
    });
    collection + "s"
}

/// The arguments of a List request.
macro_rules! list_of {
    ($request:expr) => {
        $crate::registers::List {
            page_size: $request.page_size,
            page_token: $request.page_token.clone(),
            filter: $request.filter.clone(),
            order_by: $request.order_by.clone(),
            show_deleted: $request.show_deleted,
            return_total: $request.return_total,
        }
    };
}
pub(crate) use list_of;

/// The arguments of a writing request: `write_of!(request, "PurchaserService/CreatePurchaser")`, where `request` is still
/// a `tonic::Request`.
macro_rules! write_of {
    ($request:expr, $method:literal) => {{
        let message = $request.get_ref();
        $crate::registers::WriteOptions {
            method: concat!("caibian.procurement.v1.", $method),
            request_id: message.request_id.clone(),
            validate_only: message.validate_only,
            caller: $crate::registers::caller(&$request),
            body_sha256: Some(stdx::Sha256::of(&prost::Message::encode_to_vec(message))),
        }
    }};
}
pub(crate) use write_of;
