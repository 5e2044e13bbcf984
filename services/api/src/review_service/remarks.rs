//! Tags and comments: what editors note beside the steps.

use chrono::Utc;
use intake::remark::{self, TAGS_MAX};
use prost::Message;
use proto::intake::v1;
use stdx::Sha256;
use store::record::{RemarkMade, Tagging};
use tonic::{Code, Request, Response, Status};

use super::{Reviews, actor, failed, once};
use crate::{errors, gate::acting, names, page, wire};

/// Tags that are told.
const TAGS_TOLD_MAX: u32 = 200;

/// Tags of a field, folded.
fn tags(field: &str, texts: &[String]) -> Result<Vec<String>, Status> {
    if texts.len() > TAGS_MAX {
        let en = format!("at most {TAGS_MAX} tags at once");
        return Err(errors::field(field, en, format!("一次最多 {TAGS_MAX} 个标签")));
    }
    let tag = |(at, text): (usize, &String)| {
        remark::tag(text).ok_or_else(|| {
            let en = "a tag has 1 to 20 letters, digits, `-`, `_`, `.` or `·`";
            let zh = "标签为 1 至 20 个文字、字母或数字，可含 - _ . ·，不含空格";
            errors::field(&format!("{field}[{at}]"), en, zh)
        })
    };
    texts.iter().enumerate().map(tag).collect()
}

impl Reviews {
    pub(super) async fn tag(&self, request: Request<v1::TagSubmissionRequest>) -> Result<Response<v1::Review>, Status> {
        let acting = acting(&request)?;
        let asked = request.into_inner();
        let tagging = Tagging {
            made: RemarkMade {
                submission_id: names::SUBMISSION.required("submission", &asked.submission)?,
                actor: actor(&acting),
                name: acting.name,
                now: Utc::now(),
                once: None,
            },
            add: tags("add", &asked.add)?,
            remove: tags("remove", &asked.remove)?,
            is_rehearsal: asked.validate_only,
        };
        let record = self.store.review_tag(&tagging).await.map_err(errors::of_store)?;
        let record = record.ok_or_else(|| {
            let en = format!("a submission has at most {TAGS_MAX} tags");
            errors::status(Code::ResourceExhausted, "TOO_MANY_TAGS", en, format!("一篇稿件最多 {TAGS_MAX} 个标签"))
        })?;
        let settings = self.settings(record.campaign_id).await?;
        Ok(Response::new(wire::review::review(&record, &tagging.made.actor, tagging.made.now, &settings)))
    }

    pub(super) async fn tags(&self) -> Result<Response<v1::ListTagsResponse>, Status> {
        let tags = self.store.tag_list(TAGS_TOLD_MAX).await.map_err(errors::of_store)?;
        let tags = tags.into_iter().map(|tag| v1::Tag { tag: tag.tag, count: tag.count }).collect();
        Ok(Response::new(v1::ListTagsResponse { tags }))
    }

    pub(super) async fn comment(
        &self,
        request: Request<v1::CommentSubmissionRequest>,
    ) -> Result<Response<v1::ReviewRemark>, Status> {
        let acting = acting(&request)?;
        let asked = request.into_inner();
        let words = remark::comment(&asked.comment).ok_or_else(|| {
            errors::field("comment", "1 to 2000 printable characters", "备注为 1 至 2000 个可显示的字符")
        })?;
        let made = RemarkMade {
            submission_id: names::SUBMISSION.required("submission", &asked.submission)?,
            actor: actor(&acting),
            name: acting.name,
            now: Utc::now(),
            once: once(&asked.request_id, Sha256::of(&asked.encode_to_vec()))?,
        };
        let kept = self.store.review_comment(&made, &words).await.map_err(failed)?;
        Ok(Response::new(wire::review::remark(&kept)))
    }

    pub(super) async fn remarks(
        &self,
        request: Request<v1::ListReviewRemarksRequest>,
    ) -> Result<Response<v1::ListReviewRemarksResponse>, Status> {
        let asked = request.into_inner();
        let size = page::size(asked.page_size)?;
        let id = names::SUBMISSION.required("submission", &asked.submission)?;
        let query = ["ListReviewRemarks", &asked.submission];
        let after: Option<u32> = self.tokens.open(&query, &asked.page_token)?;
        let rows = self.store.review_remarks(id, after.unwrap_or_default(), size + 1).await;
        let rows = rows.map_err(errors::of_store)?;
        let (remarks, more) = page::fill(&rows, size, wire::review::remark);
        let next_page_token = match rows[..remarks.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &last.number),
            None => String::new(),
        };
        Ok(Response::new(v1::ListReviewRemarksResponse { remarks, next_page_token }))
    }
}
