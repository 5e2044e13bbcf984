//! The bytes of an attachment and of the raw mail, passed on as they come.

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, Method},
    response::Response,
};
use proto::intake::v1::{DownloadAttachmentRequest, DownloadRawRequest, GetSubmissionRequest, Submission};

use super::name_of;
use crate::{
    fault::Fault,
    posted::Fields,
    stream::{Told, has_body, head, part, window, with_bytes},
    visit::Visit,
};

/// Characters of an attachment's place in its mail.
const PATH_CHARACTERS_MAX: usize = 64;

/// `GET /submissions/{id}/files/{path}`: shown where it is a picture or a film, kept otherwise and with `?download=1`.
pub async fn file(
    visit: Visit,
    method: Method,
    headers: HeaderMap,
    Path((id, path)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let submission = match submission(&visit, &id).await {
        Ok(submission) => submission,
        Err(fault) => return fault.to(&visit),
    };
    let attachment = submission.attachments.iter().find(|attachment| attachment.path == path);
    let Some(attachment) = attachment.filter(|_| path.len() <= PATH_CHARACTERS_MAX) else {
        return Fault::not_found().to(&visit);
    };
    let or_else = format!("{}-{path}", submission.number);
    let told = Told {
        name: &attachment.file_name,
        or_else: &or_else,
        media_type: &attachment.media_type,
        size_bytes: attachment.size_bytes,
        sha256: &attachment.sha256,
    };
    let part = part(&headers, &told);
    let answer = head(&told, part, Fields(query).has("download"));
    if !has_body(&method, part) {
        return answer;
    }
    let (offset, limit) = window(part);
    let asked = DownloadAttachmentRequest { name: submission.name.clone(), path, offset, limit };
    match visit.api.submissions().download_attachment(asked).await {
        Ok(bytes) => with_bytes(answer, bytes.into_inner()),
        Err(status) => Fault::from(status).to(&visit),
    }
}

/// `GET /submissions/{id}/raw`
pub async fn raw(visit: Visit, method: Method, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let submission = match submission(&visit, &id).await {
        Ok(submission) => submission,
        Err(fault) => return fault.to(&visit),
    };
    let name = format!("{}.eml", submission.number);
    let told = Told {
        name: &name,
        or_else: "mail.eml",
        media_type: "message/rfc822",
        size_bytes: submission.raw_size_bytes,
        sha256: &submission.raw_sha256,
    };
    let part = part(&headers, &told);
    let answer = head(&told, part, true);
    if !has_body(&method, part) {
        return answer;
    }
    let (offset, limit) = window(part);
    match visit.api.submissions().download_raw(DownloadRawRequest { name: submission.name, offset, limit }).await {
        Ok(bytes) => with_bytes(answer, bytes.into_inner()),
        Err(status) => Fault::from(status).to(&visit),
    }
}

async fn submission(visit: &Visit, id: &str) -> Result<Submission, Fault> {
    let name = name_of(id).ok_or_else(Fault::not_found)?;
    Ok(visit.api.submissions().get_submission(GetSubmissionRequest { name }).await?.into_inner())
}
