//! Which submissions are like another: a sketch is kept in the transaction that records, candidates are found by the bands
//! that they share, and files by their hash. How alike they are is computed by who asks, from the texts themselves.

use intake::{
    letter::{Disposition, Letter},
    likeness::{Sketch, paragraphs, shingles},
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, JoinType, Order, QueryFilter, QueryOrder, QuerySelect,
    Set,
    sea_query::{Expr, OnConflict, Query},
};
use stdx::Sha256;
use uuid::Uuid;

use crate::{
    Error, Result, Store, contact,
    entity::{attachment, likeness, likeness_band, submission},
    message,
    record::SameFile,
    values::{from_json, parsed},
};

/// Candidates of one question.
const CANDIDATES_MAX: u64 = 40;

/// Hashes of files of one question, and files of its answer.
const FILES_MAX: usize = 200;

/// Bytes below which a file says nothing of its own: a mark, a line of a signature.
const FILE_BYTES_MIN: u64 = 1024;

/// The sketch of a letter's text.
pub fn sketch(letter: &Letter) -> Sketch {
    Sketch::of(&shingles(&paragraphs(letter)))
}

/// Keeps the sketch of a submission; one that is there stays.
pub async fn insert(tx: &DatabaseTransaction, submission_id: Uuid, sketch: &Sketch) -> Result<()> {
    let row = likeness::ActiveModel {
        submission_id: Set(submission_id),
        shingles: Set(i64::from(sketch.shingles)),
        minima: Set(sketch.minima.iter().flat_map(|minimum| minimum.to_be_bytes()).collect()),
    };
    let there = OnConflict::column(likeness::Column::SubmissionId).do_nothing().to_owned();
    likeness::Entity::insert(row).on_conflict(there).exec_without_returning(tx).await?;
    let mut bands = sketch.bands();
    bands.sort_unstable();
    bands.dedup();
    if bands.is_empty() {
        return Ok(());
    }
    let rows =
        bands.into_iter().map(|band| likeness_band::ActiveModel { band: Set(band), submission_id: Set(submission_id) });
    let there = [likeness_band::Column::Band, likeness_band::Column::SubmissionId];
    let there = OnConflict::columns(there).do_nothing().to_owned();
    likeness_band::Entity::insert_many(rows).on_conflict(there).exec_without_returning(tx).await?;
    Ok(())
}

/// Makes what stands beside submissions for these look-ups where it is missing: of what was recorded by an older program.
/// Gives how many submissions it was made for; 0 once all have it.
pub async fn fill(store: &Store, limit: u32) -> Result<u64> {
    let kept = Query::select()
        .expr(Expr::val(1))
        .from(likeness::Entity)
        .and_where(
            Expr::col((likeness::Entity, likeness::Column::SubmissionId))
                .equals((submission::Entity, submission::Column::Id)),
        )
        .take();
    let missing = submission::Entity::find()
        .filter(Expr::exists(kept).not())
        .order_by_asc(submission::Column::Id)
        .limit(u64::from(limit))
        .all(&store.reader)
        .await?;
    let mut sketches = Vec::with_capacity(missing.len());
    for row in &missing {
        sketches.push(match message::letter(store, row.message_id).await {
            Ok(letter) => sketch(&letter),
            // `verify` tells a letter that cannot be read; here it must not hold the others up.
            Err(Error::NotFound { .. } | Error::Internal(_)) => Sketch::default(),
            Err(error) => return Err(error),
        });
    }
    let tx = store.write().await?;
    for (row, sketch) in missing.iter().zip(&sketches) {
        insert(&tx, row.id, sketch).await?;
        let contact = from_json(row.contact.clone())?;
        contact::insert(&tx, row.id, row.root_id, &row.sender, &contact, row.received_at).await?;
    }
    tx.commit().await?;
    Ok(missing.len() as u64)
}

/// Submissions of other manuscripts that share a band with this one, those that share most first.
pub async fn alike(store: &Store, submission_id: Uuid, is_within_campaign: bool) -> Result<Vec<Uuid>> {
    let this = this(store, submission_id).await?;
    let bands = Query::select()
        .column(likeness_band::Column::Band)
        .from(likeness_band::Entity)
        .and_where(likeness_band::Column::SubmissionId.eq(submission_id))
        .take();
    let mut rows = likeness_band::Entity::find()
        .select_only()
        .column(likeness_band::Column::SubmissionId)
        .column_as(likeness_band::Column::Band.count(), "shared")
        .join(JoinType::InnerJoin, submission_of_band())
        .filter(likeness_band::Column::Band.in_subquery(bands))
        .filter(submission::Column::RootId.ne(this.root_id));
    if is_within_campaign {
        rows = rows.filter(submission::Column::CampaignId.eq(this.campaign_id));
    }
    let found: Vec<(Uuid, i64)> = rows
        .group_by(likeness_band::Column::SubmissionId)
        .order_by(likeness_band::Column::Band.count(), Order::Desc)
        .order_by_desc(likeness_band::Column::SubmissionId)
        .limit(CANDIDATES_MAX)
        .into_tuple()
        .all(&store.reader)
        .await?;
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

fn submission_of_band() -> sea_orm::RelationDef {
    likeness_band::Entity::belongs_to(submission::Entity)
        .from(likeness_band::Column::SubmissionId)
        .to(submission::Column::Id)
        .into()
}

async fn this(store: &Store, id: Uuid) -> Result<submission::Model> {
    let row = submission::Entity::find_by_id(id).one(&store.reader).await?;
    row.ok_or(Error::NotFound { what: "submission", id })
}

/// Files of this submission that came with another manuscript too, newest receipt first. Pictures inside a body and what
/// is smaller than a kibibyte are passed over.
pub async fn same_files(store: &Store, submission_id: Uuid, is_within_campaign: bool) -> Result<Vec<SameFile>> {
    let this = this(store, submission_id).await?;
    let outline: Letter = from_json(this.outline)?;
    let own = outline.parts.iter().filter(|part| part.disposition == Disposition::Attachment);
    let own = own.filter(|part| part.size_bytes >= FILE_BYTES_MIN);
    let hashes: Vec<String> = own.map(|part| part.sha256.hex()).take(FILES_MAX).collect();
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let submission_of_message: sea_orm::RelationDef = attachment::Entity::belongs_to(submission::Entity)
        .from(attachment::Column::MessageId)
        .to(submission::Column::MessageId)
        .into();
    let mut rows = attachment::Entity::find()
        .select_only()
        .column(submission::Column::Id)
        .column(attachment::Column::Sha256)
        .join(JoinType::InnerJoin, submission_of_message)
        .filter(attachment::Column::Sha256.is_in(hashes))
        .filter(submission::Column::RootId.ne(this.root_id));
    if is_within_campaign {
        rows = rows.filter(submission::Column::CampaignId.eq(this.campaign_id));
    }
    let found: Vec<(Uuid, String)> = rows
        .order_by_desc(submission::Column::ReceivedAt)
        .order_by_desc(submission::Column::Id)
        .limit(FILES_MAX as u64)
        .into_tuple()
        .all(&store.reader)
        .await?;
    found
        .into_iter()
        .map(|(submission_id, sha256)| Ok(SameFile { submission_id, sha256: parsed::<Sha256>(&sha256)? }))
        .collect()
}
