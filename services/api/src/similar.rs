//! Which submissions are like another, and two of them side by side. The tables give candidates; how alike they are is
//! computed here from the texts themselves.

use std::collections::HashMap;

use intake::{
    letter::Letter,
    likeness::{Overlap, SHINGLES_MIN, SHOWN_MIN, marked, overlap, paragraphs, shingles},
};
use proto::intake::v1;
use stdx::ErrorKind;
use store::{Store, record::SubmissionRecord};
use tonic::Status;
use uuid::Uuid;

use crate::{errors, names, wire};

/// Submissions that are held against one.
const CANDIDATES_MAX: usize = 40;

/// Bytes of each of two texts side by side.
const TEXT_BYTES_MAX: usize = 128 * 1024;

/// Runs what may take a while beside the calls that wait.
async fn computed<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|error| errors::of_kind(ErrorKind::Internal, &error))
}

async fn letter_and_shingles(letter: Letter) -> Result<(Letter, Vec<u64>), Status> {
    computed(move || {
        let shingles = shingles(&paragraphs(&letter));
        (letter, shingles)
    })
    .await
}

/// The likest of other manuscripts, and those that came with the same file.
pub async fn list(store: &Store, request: &v1::ListSimilarRequest) -> Result<v1::ListSimilarResponse, Status> {
    let id = names::SUBMISSION.required("name", &request.name)?;
    let record = store.submission_get(id).await.map_err(errors::of_store)?;
    let mut candidates = store.alike(id, request.same_campaign).await.map_err(errors::of_store)?;
    let mut files: HashMap<Uuid, Vec<String>> = HashMap::new();
    for file in store.same_files(id, request.same_campaign).await.map_err(errors::of_store)? {
        let name = record.letter.parts.iter().find(|part| part.sha256 == file.sha256).map(|part| part.name.clone());
        let names = files.entry(file.submission_id).or_default();
        names.extend(name.filter(|name| !names.contains(name)));
        if !candidates.contains(&file.submission_id) {
            candidates.push(file.submission_id);
        }
    }
    candidates.truncate(CANDIDATES_MAX);
    let (_, own) = letter_and_shingles(record.letter).await?;
    let mut found: HashMap<Uuid, v1::SimilarSubmission> = HashMap::new();
    for candidate in candidates {
        let other = store.submission_get(candidate).await.map_err(errors::of_store)?;
        let same_files = files.remove(&candidate).unwrap_or_default();
        let (root_id, mut similar) = (other.root_id, similar(&other, same_files));
        let (_, theirs) = letter_and_shingles(other.letter).await?;
        let overlap = compared(&own, &theirs);
        if overlap.likeness >= SHOWN_MIN {
            (similar.likeness, similar.contained) = (overlap.likeness, overlap.contained);
        }
        if overlap.likeness < SHOWN_MIN && similar.same_files.is_empty() {
            continue;
        }
        // Of the versions of one manuscript the likest is told.
        let better = found.get(&root_id).is_none_or(|known| {
            (similar.likeness, similar.same_files.len()) > (known.likeness, known.same_files.len())
        });
        if better {
            found.insert(root_id, similar);
        }
    }
    let mut similar: Vec<_> = found.into_values().collect();
    similar.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then_with(|| b.submission.cmp(&a.submission)));
    Ok(v1::ListSimilarResponse { similar, text_too_short: own.len() < SHINGLES_MIN })
}

/// A text that says too little is like nothing.
fn compared(own: &[u64], theirs: &[u64]) -> Overlap {
    if own.len() < SHINGLES_MIN || theirs.len() < SHINGLES_MIN { Overlap::default() } else { overlap(own, theirs) }
}

fn similar(record: &SubmissionRecord, same_files: Vec<String>) -> v1::SimilarSubmission {
    v1::SimilarSubmission {
        submission: names::SUBMISSION.name(record.id),
        campaign: names::CAMPAIGN.name(record.campaign_id),
        number: record.number,
        subject: record.letter.headers.subject.clone(),
        received_time: Some(wire::timestamp(record.message.received_at)),
        likeness: 0.0,
        contained: 0.0,
        same_files,
    }
}

/// Two submissions side by side.
pub async fn compare(
    store: &Store,
    request: &v1::CompareSubmissionsRequest,
) -> Result<v1::CompareSubmissionsResponse, Status> {
    let id = names::SUBMISSION.required("name", &request.name)?;
    let other = names::SUBMISSION.required("other", &request.other)?;
    let one = store.submission_get(id).await.map_err(errors::of_store)?.letter;
    let other = store.submission_get(other).await.map_err(errors::of_store)?.letter;
    computed(move || {
        let (one, other) = (paragraphs(&one), paragraphs(&other));
        let (own, theirs) = (shingles(&one), shingles(&other));
        let overlap = overlap(&own, &theirs);
        let (one, is_cut) = shown(&one);
        let (other, other_is_cut) = shown(&other);
        v1::CompareSubmissionsResponse {
            paragraphs: told(marked(&one, &theirs)),
            other_paragraphs: told(marked(&other, &own)),
            likeness: overlap.likeness,
            contained: overlap.contained,
            truncated: is_cut || other_is_cut,
        }
    })
    .await
}

/// As much of a text as is shown, and whether that is not all.
fn shown<'a>(paragraphs: &[&'a str]) -> (Vec<&'a str>, bool) {
    let mut left_bytes = TEXT_BYTES_MAX;
    let mut shown = Vec::new();
    for paragraph in paragraphs {
        let cut = wire::cut(paragraph, left_bytes);
        left_bytes -= cut.len();
        shown.push(cut);
        if cut.len() < paragraph.len() {
            return (shown, true);
        }
    }
    (shown, false)
}

fn told(paragraphs: Vec<Vec<intake::likeness::Piece>>) -> Vec<v1::ComparedParagraph> {
    let piece = |piece: intake::likeness::Piece| v1::ComparedPiece { text: piece.text, shared: piece.shared };
    paragraphs
        .into_iter()
        .map(|pieces| v1::ComparedParagraph { pieces: pieces.into_iter().map(piece).collect() })
        .collect()
}
