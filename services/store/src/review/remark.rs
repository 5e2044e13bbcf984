//! What editors note beside the steps: tags that come and go, and comments that stay. Each is a line that is only added
//! to; the tags of now are rows of an index beside them, changed in the same transaction.

use std::collections::{BTreeSet, HashMap};

use intake::remark::TAGS_MAX;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, NotSet, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, sea_query::Expr,
};
use uuid::Uuid;

use super::{locked, persons, read};
use crate::{
    Error, Result, Store,
    entity::{manuscript_tag, review, review_remark},
    record::{Remark, RemarkKind, RemarkMade, ReviewPerson, ReviewRecord, TagCount, Tagging},
    register::Refusal as RequestRefusal,
    values::{bounded, clean, from_word, instant, micros, parsed, unsigned, word},
};

/// Sets and takes away tags. What is so already leaves no line. None when it would have more than fit.
pub async fn tag(store: &Store, asked: &Tagging) -> Result<Option<ReviewRecord>> {
    let made = &asked.made;
    let root_id = read::root_of(&store.reader, made.submission_id).await?;
    let tx = store.write().await?;
    let row = locked(&tx, root_id).await?.ok_or(Error::NotFound { what: "review", id: made.submission_id })?;
    let had = of(&tx, &[root_id]).await?.remove(&root_id).unwrap_or_default();
    let mut tags: BTreeSet<String> = had.iter().cloned().collect();
    tags.retain(|tag| !asked.remove.contains(tag));
    tags.extend(asked.add.iter().cloned());
    if tags.len() > TAGS_MAX {
        return Ok(None);
    }
    let gone: Vec<&String> = had.iter().filter(|tag| !tags.contains(*tag)).collect();
    let new: Vec<&String> = tags.iter().filter(|tag| !had.contains(tag)).collect();
    for tag in &gone {
        manuscript_tag::Entity::delete_by_id(((*tag).clone(), row.received_at, root_id)).exec(&tx).await?;
        append(&tx, root_id, made, RemarkKind::Untagged, tag).await?;
    }
    for tag in &new {
        let held = manuscript_tag::ActiveModel {
            tag: Set((*tag).clone()),
            received_at: Set(row.received_at),
            submission_id: Set(root_id),
        };
        manuscript_tag::Entity::insert(held).exec_without_returning(&tx).await?;
        append(&tx, root_id, made, RemarkKind::Tagged, tag).await?;
    }
    let record = read::one(&tx, row).await?;
    if !asked.is_rehearsal {
        tx.commit().await?;
    }
    Ok(Some(record))
}

/// Keeps a comment.
pub async fn comment(store: &Store, made: &RemarkMade, words: &str) -> Result<Remark> {
    let root_id = read::root_of(&store.reader, made.submission_id).await?;
    let tx = store.write().await?;
    locked(&tx, root_id).await?.ok_or(Error::NotFound { what: "review", id: made.submission_id })?;
    if let Some(once) = &made.once {
        let before = review_remark::Entity::find()
            .filter(review_remark::Column::ActorId.eq(made.actor.id))
            .filter(review_remark::Column::RequestId.eq(once.request_id.as_str()))
            .one(&tx)
            .await?;
        if let Some(before) = before {
            let same = before.request_sha256.as_deref() == Some(&once.body_sha256.hex());
            if !same || before.submission_id != root_id {
                return Err(RequestRefusal::Reused.into());
            }
            return Ok(told(&tx, vec![before]).await?.remove(0));
        }
    }
    let row = append(&tx, root_id, made, RemarkKind::Commented, words).await?;
    let remark = told(&tx, vec![row]).await?.remove(0);
    tx.commit().await?;
    Ok(remark)
}

/// A line more; the review's row is held.
async fn append(
    tx: &DatabaseTransaction,
    root_id: Uuid,
    made: &RemarkMade,
    kind: RemarkKind,
    words: &str,
) -> Result<review_remark::Model> {
    let person = ReviewPerson { id: made.actor.id, name: made.name.clone() };
    persons(tx, &[person]).await?;
    let last: Option<i64> = review_remark::Entity::find()
        .select_only()
        .column(review_remark::Column::Number)
        .filter(review_remark::Column::SubmissionId.eq(root_id))
        .order_by_desc(review_remark::Column::Number)
        .into_tuple()
        .one(tx)
        .await?;
    let row = review_remark::Model {
        id: 0,
        submission_id: root_id,
        number: last.unwrap_or(0) + 1,
        at: micros(made.now),
        actor_id: made.actor.id,
        role: made.actor.role.as_str().to_owned(),
        kind: word(kind)?,
        words: clean(words),
        request_id: made.once.as_ref().map(|once| once.request_id.clone()),
        request_sha256: made.once.as_ref().map(|once| once.body_sha256.hex()),
    };
    let inserted = review_remark::ActiveModel { id: NotSet, ..row.clone().into() };
    review_remark::Entity::insert(inserted).exec_without_returning(tx).await?;
    Ok(row)
}

/// Remarks after a number, oldest first.
pub async fn remarks(store: &Store, submission_id: Uuid, after: u32, limit: u32) -> Result<Vec<Remark>> {
    let root_id = read::root_of(&store.reader, submission_id).await?;
    let rows = review_remark::Entity::find()
        .filter(review_remark::Column::SubmissionId.eq(root_id))
        .filter(review_remark::Column::Number.gt(i64::from(after)))
        .order_by_asc(review_remark::Column::Number)
        .limit(bounded(limit))
        .all(&store.reader)
        .await?;
    if rows.is_empty() && review::Entity::find_by_id(root_id).count(&store.reader).await? == 0 {
        return Err(Error::NotFound { what: "review", id: submission_id });
    }
    told(&store.reader, rows).await
}

async fn told(connection: &impl ConnectionTrait, rows: Vec<review_remark::Model>) -> Result<Vec<Remark>> {
    let names = read::names(connection, rows.iter().map(|row| row.actor_id).collect()).await?;
    let remark = |row: review_remark::Model| {
        Ok(Remark {
            number: unsigned(row.number)?,
            at: instant(row.at)?,
            actor: names.get(&row.actor_id).cloned().unwrap_or_default(),
            role: parsed(&row.role)?,
            kind: from_word(&row.kind)?,
            words: row.words,
        })
    };
    rows.into_iter().map(remark).collect()
}

/// The tags of some manuscripts, each in the order of its code points.
pub async fn of(connection: &impl ConnectionTrait, root_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>> {
    let rows = manuscript_tag::Entity::find()
        .filter(manuscript_tag::Column::SubmissionId.is_in(root_ids.iter().copied()))
        .order_by_asc(manuscript_tag::Column::Tag)
        .all(connection)
        .await?;
    let mut tags: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in rows {
        tags.entry(row.submission_id).or_default().push(row.tag);
    }
    Ok(tags)
}

/// The tags in use, the most used first.
pub async fn tags(store: &Store, limit: u32) -> Result<Vec<TagCount>> {
    let counted: Vec<(String, i64)> = manuscript_tag::Entity::find()
        .select_only()
        .column(manuscript_tag::Column::Tag)
        .column_as(Expr::cust("COUNT(*)"), "count")
        .group_by(manuscript_tag::Column::Tag)
        .order_by_desc(Expr::cust("COUNT(*)"))
        .order_by_asc(manuscript_tag::Column::Tag)
        .limit(bounded(limit))
        .into_tuple()
        .all(&store.reader)
        .await?;
    counted.into_iter().map(|(tag, count)| Ok(TagCount { tag, count: unsigned(count)? })).collect()
}
