//! Lists of the desk under names: a person's own, and those that are shown to all.

use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::saved_view::{ActiveModel, Column, Entity, Model},
    record::{SavedView, ViewRefusal},
    values::{LINE_CHARACTERS_MAX, clean, instant, line, micros},
};

/// Views of one person.
pub const VIEWS_MAX: u64 = 50;

/// Views that are shown at once: one's own and those for all.
const SHOWN_MAX: u64 = 200;

fn record(row: Model) -> Result<SavedView> {
    Ok(SavedView {
        id: row.id,
        owner: row.owner,
        title: row.title,
        query: row.query,
        shared: row.shared,
        created_at: instant(row.created_at)?,
    })
}

/// Keeps a view.
pub async fn create(store: &Store, view: &SavedView) -> Result<std::result::Result<(), ViewRefusal>> {
    let tx = store.write().await?;
    let own = Entity::find().filter(Column::Owner.eq(view.owner.as_str()));
    if own.clone().count(&tx).await? >= VIEWS_MAX {
        return Ok(Err(ViewRefusal::TooMany));
    }
    if own.filter(Column::Title.eq(view.title.as_str())).count(&tx).await? > 0 {
        return Ok(Err(ViewRefusal::Taken));
    }
    let row = Model {
        id: view.id,
        owner: line(&view.owner, LINE_CHARACTERS_MAX),
        title: line(&view.title, LINE_CHARACTERS_MAX),
        query: clean(&view.query),
        shared: view.shared,
        created_at: micros(view.created_at),
    };
    match Entity::insert(ActiveModel::from(row)).exec_without_returning(&tx).await.map_err(Error::from) {
        Ok(_) => {}
        // The same name in the same moment.
        Err(Error::Conflict(_)) => return Ok(Err(ViewRefusal::Taken)),
        Err(error) => return Err(error),
    }
    tx.commit().await?;
    Ok(Ok(()))
}

/// What a person sees: those for all first, each kind by title.
pub async fn list(store: &Store, owner: &str) -> Result<Vec<SavedView>> {
    let rows = Entity::find()
        .filter(Column::Owner.eq(owner).or(Column::Shared.eq(true)))
        .order_by_desc(Expr::col(Column::Shared))
        .order_by_asc(Column::Title)
        .order_by_asc(Column::Id)
        .limit(SHOWN_MAX)
        .all(&store.reader)
        .await?;
    rows.into_iter().map(record).collect()
}

/// One view.
pub async fn get(store: &Store, id: Uuid) -> Result<SavedView> {
    record(Entity::find_by_id(id).one(&store.reader).await?.ok_or(Error::NotFound { what: "view", id })?)
}

/// Removes a view; one that is gone is no failure.
pub async fn delete(store: &Store, id: Uuid) -> Result<()> {
    Entity::delete_by_id(id).exec(&store.writer).await?;
    Ok(())
}
