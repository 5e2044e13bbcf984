//! Where in the guidance catalogue a project stands: from its 项 up to the 款 and the 类.

use procurement::catalogue::{CatalogueItem, Depth, Edition, EditionState, ItemUid, ServiceKind};
use proto::procurement::v1;
use store::register::{Comparison, Condition, Direction, Value};
use tonic::Status;

use super::super::{
    Registrar, body,
    catalogue_service::{CATALOGUE_ITEM, EDITION},
    rules,
};
use crate::errors;

/// Levels of a catalogue.
const LEVELS: usize = 3;
/// Editions of one catalogue.
const EDITIONS_MAX: usize = 10_000;

/// The lines from the 类 down to the named one, also deleted ones. A request's `field` holds the name.
pub async fn chain_at(registrar: &Registrar, field: &str, name: &str) -> Result<Vec<v1::CatalogueItem>, Status> {
    let mut chain = vec![registrar.get_at(&CATALOGUE_ITEM, field, name).await?];
    while chain.len() < LEVELS && !chain[0].parent.is_empty() {
        let above = registrar.get_at(&CATALOGUE_ITEM, field, &chain[0].parent).await?;
        chain.insert(0, above);
    }
    Ok(chain)
}

/// As [`chain_at`], none for an empty name and for one that stands for nothing: the reference tells that.
pub async fn chain(registrar: &Registrar, name: &str) -> Result<Vec<v1::CatalogueItem>, Status> {
    let Some(id) = body::id_of(CATALOGUE_ITEM.collection, name) else { return Ok(Vec::new()) };
    match registrar.find(&CATALOGUE_ITEM, id).await? {
        None => Ok(Vec::new()),
        Some(item) => chain_at(registrar, "item", &item.name).await,
    }
}

/// The uid in a line's name: what comes after the edition's id, which has no dot.
#[must_use]
pub fn uid_in(name: &str) -> Option<&str> {
    body::id_of(CATALOGUE_ITEM.collection, name)?.split_once('.').map(|(_, uid)| uid)
}

/// What of the catalogue in force in a year the rules need to see: the chain, if it stands in that edition, else the
/// edition without it. None when the catalogue has no edition in force in that year.
pub async fn in_force(
    registrar: &Registrar,
    chain: &[v1::CatalogueItem],
    year: i32,
) -> Result<Option<Edition>, Status> {
    let Some(line) = chain.last() else { return Ok(None) };
    let own = registrar.get_at(&EDITION, "item", &line.edition).await?;
    let catalogue = own.catalogue.rsplit('/').next().unwrap_or_default().to_owned();
    let equal = |column, text: &str| Condition::Compare(column, Comparison::Equal, Value::Text(text.to_owned()));
    let condition = Condition::All(vec![
        equal("catalogue", &catalogue),
        Condition::Compare("year", Comparison::AtMost, Value::Integer(i64::from(year))),
        Condition::Not(Box::new(equal("state", EditionState::Draft.code()))),
    ]);
    let order = vec![("year", Direction::Descending), ("revision", Direction::Descending)];
    let editions = registrar.all_where(&EDITION, condition, order, EDITIONS_MAX).await?;
    let end = format!("{year:04}-12-31");
    let Some(edition) = editions.into_iter().find(|edition| edition.effective_from_day <= end) else {
        return Ok(None);
    };
    let lines = if edition.name == own.name { chain } else { &[] };
    let lines: Vec<CatalogueItem> = lines.iter().map(read).collect::<Option<_>>().unwrap_or_default();
    let revision = u32::try_from(edition.revision).unwrap_or_default();
    Edition::with_items(edition.year, revision, lines)
        .map(Some)
        .map_err(|fault| errors::of_kind(stdx::ErrorKind::Internal, &fault))
}

fn read(item: &v1::CatalogueItem) -> Option<CatalogueItem> {
    let depth = match item.level() {
        v1::ItemLevel::Unspecified => return None,
        v1::ItemLevel::Category => Depth::Category,
        v1::ItemLevel::Section => Depth::Section,
        v1::ItemLevel::Item => Depth::Item,
    };
    let uid = |name: &str| name.parse::<ItemUid>().ok();
    Some(CatalogueItem {
        uid: uid(&item.uid)?,
        code: item.code.clone(),
        name: item.title.clone(),
        depth,
        parent: uid_in(&item.parent).and_then(uid),
        service_kind: rules::member::<ServiceKind>(item.service_kind().as_str_name(), "SERVICE_KIND_")?,
        description: item.description.clone(),
        sort: u32::try_from(item.sort).unwrap_or_default(),
    })
}
