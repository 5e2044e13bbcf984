//! ReviewService: what an editor does with a submission. Each call makes one step of `intake::review`; the tables take it
//! or refuse it, and here the refusal is put in the words of the wire.

mod remarks;
mod views;

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, NaiveDate, Utc};
use intake::review::{Action, Actor, Decision, Refusal, Settings, Step, WORDS_MAX};
use prost::Message;
use proto::intake::v1::{self, review_service_server::ReviewService};
use stdx::Sha256;
use store::{
    Error, Store,
    record::{ReviewKey, ReviewOnce, ReviewOrder, ReviewPerson, ReviewQuery, ReviewStep},
    register,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, codegen::BoxStream};
use uuid::Uuid;

use crate::{
    editors::Editors,
    errors,
    gate::{Acting, acting},
    names, page, review_filter, watch_reviews, wire,
};

/// Events that come with a review.
const HISTORY_MAX: u32 = 20;
/// Filters that are counted at once.
const COUNTS_MAX: usize = 40;

/// The service.
pub struct Reviews {
    store: Store,
    tokens: page::Tokens,
    editors: Editors,
    drain: CancellationToken,
}

impl Reviews {
    /// Over these tables; `editors` may get a submission, and watches end when `drain` is cancelled.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens, editors: Editors, drain: CancellationToken) -> Self {
        Self { store, tokens, editors, drain }
    }
}

/// Whoever acts under a name, a user or a token: the same for the same name, whatever the secret is.
#[must_use]
pub fn account(name: &str) -> Uuid {
    let digest = Sha256::of(format!("caibian token {name}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn actor(acting: &Acting) -> Actor {
    Actor { id: account(&acting.name), role: acting.role }
}

/// What every step is told.
struct Asked {
    submission: String,
    etag: String,
    request_id: String,
    validate_only: bool,
    note: String,
    body_sha256: Sha256,
    acting: Acting,
    /// Who gets it, by name; of an assignment alone.
    editor: String,
}

/// `asked!(request, "AssignSubmission")`: what every step is told, and the message itself.
macro_rules! asked {
    ($request:expr, $method:literal) => {{
        let acting = acting(&$request)?;
        let message = $request.into_inner();
        let mut body = $method.as_bytes().to_vec();
        body.push(0);
        message.encode(&mut body).expect("a vector grows");
        let asked = Asked {
            submission: message.submission.clone(),
            etag: message.etag.clone(),
            request_id: message.request_id.clone(),
            validate_only: message.validate_only,
            note: message.note.clone(),
            body_sha256: Sha256::of(&body),
            acting,
            editor: String::new(),
        };
        (asked, message)
    }};
}

impl Reviews {
    /// Takes a step and answers with the review after it.
    async fn take(&self, asked: Asked, action: Action, reason: String) -> Result<Response<v1::Review>, Status> {
        let id = names::SUBMISSION.required("submission", &asked.submission)?;
        let row_version = version(&asked.etag)?;
        let once = once(&asked.request_id, asked.body_sha256)?;
        let actor = actor(&asked.acting);
        let mut persons = vec![ReviewPerson { id: actor.id, name: asked.acting.name.clone() }];
        if let Action::Assign { editor } = &action {
            persons.push(ReviewPerson { id: *editor, name: asked.editor.clone() });
        }
        let now = Utc::now();
        let step = ReviewStep {
            submission_id: id,
            row_version,
            step: Step { action, reason, note: asked.note },
            actor: actor.clone(),
            persons,
            now,
            once,
            is_rehearsal: asked.validate_only,
        };
        let record = match self.store.review_step(&step).await {
            Ok(Ok(record)) => record,
            Ok(Err(refusal)) => return Err(refused(&refusal, &step.step)),
            Err(error) => return Err(failed(error)),
        };
        let settings = self.settings(record.campaign_id).await?;
        let mut review = wire::review::review(&record, &actor, now, &settings);
        review.history = self.history(id).await?;
        // A call that is made again tells what was then.
        review.history.retain(|event| u64::from(event.number) <= record.row_version);
        Ok(Response::new(review))
    }

    async fn settings(&self, campaign_id: Uuid) -> Result<Settings, Status> {
        Ok(self.store.campaign_get(campaign_id).await.map_err(errors::of_store)?.review_settings())
    }

    async fn history(&self, id: Uuid) -> Result<Vec<v1::ReviewEvent>, Status> {
        let events = self.store.review_events(id, None, HISTORY_MAX).await.map_err(errors::of_store)?;
        Ok(events.iter().map(wire::review::event).collect())
    }
}

/// The version behind an etag.
fn version(etag: &str) -> Result<u64, Status> {
    if etag.is_empty() {
        let en = "the etag that was read is needed, so that nobody's step is lost";
        return Err(errors::field("etag", en, "请带回读取时的 etag,以免覆盖他人的操作"));
    }
    let version = etag.strip_prefix('r').and_then(|digits| digits.parse().ok());
    let version = version.filter(|version| i64::try_from(*version).is_ok() && wire::review::etag(*version) == etag);
    version.ok_or_else(|| errors::field("etag", "is no etag of ours", "不是有效的 etag"))
}

fn once(request_id: &str, body_sha256: Sha256) -> Result<Option<ReviewOnce>, Status> {
    if request_id.is_empty() {
        return Ok(None);
    }
    let id = Uuid::try_parse(request_id).map_err(|_| errors::field("request_id", "a UUID is needed", "应为 UUID"))?;
    Ok(Some(ReviewOnce { request_id: id.hyphenated().to_string(), body_sha256 }))
}

/// What the tables did not take.
fn failed(error: Error) -> Status {
    match error {
        Error::Conflict(_) => {
            let en = "the review went on since it was read; read it again";
            errors::status(Code::Aborted, "ETAG_STALE", en, "其间已有他人操作,请重新读取")
        }
        Error::Refused(register::Refusal::Reused) => {
            let (en, zh) = ("this request_id was used for another request", "该 request_id 已用于另一请求");
            errors::named(Code::InvalidArgument, "REQUEST_ID_REUSED", "request_id", en.into(), zh.into())
        }
        error => errors::of_store(error),
    }
}

/// A refused step: what is said badly is the field's, what is not lawful yet a precondition.
fn refused(refusal: &Refusal, step: &Step) -> Status {
    let field = match refusal {
        Refusal::ReasonMissing | Refusal::ReasonReachesNobody => Some("reason"),
        Refusal::NoteMissing | Refusal::ExceptionUnexplained => Some("note"),
        Refusal::WordsUnfit(_) => {
            let unfit = |character: char| character.is_control() && character != '\n';
            let bad = step.reason.chars().count() > WORDS_MAX || step.reason.chars().any(unfit);
            Some(if bad { "reason" } else { "note" })
        }
        Refusal::DayUnfit(..) => Some("until_day"),
        Refusal::ChannelUnknown => Some("channel"),
        Refusal::SlotUnfit => Some("slot"),
        _ => None,
    };
    match field {
        Some(field) => errors::field(field, refusal.en(), refusal.zh()),
        None => {
            let code = if refusal.is_of_rights() { Code::PermissionDenied } else { Code::FailedPrecondition };
            errors::status(code, &refusal.code().to_ascii_uppercase(), refusal.en(), refusal.zh())
        }
    }
}

fn decision_needed(decision: v1::ReviewDecision) -> Result<Decision, Status> {
    wire::review::decision_read(decision).ok_or_else(|| {
        let en = "ADOPT, DECLINE or ASK_REVISION is needed";
        errors::field("decision", en, "请选择 ADOPT、DECLINE 或 ASK_REVISION")
    })
}

/// The action of a decision; only a revision has a last day.
fn decided(decision: Decision, until_day: Option<&v1::Day>) -> Result<Action, Status> {
    if decision != Decision::AskRevision && until_day.is_some() {
        return Err(errors::field("until_day", "only a revision has a last day", "只有退修才有修改期限"));
    }
    Ok(match decision {
        Decision::Adopt => Action::Adopt,
        Decision::Decline => Action::Decline,
        Decision::AskRevision => {
            let mut faults = Vec::new();
            let until_day = wire::day_read("until_day", until_day, NaiveDate::MIN, &mut faults);
            if !faults.is_empty() {
                return Err(errors::fields(&faults));
            }
            Action::AskRevision { until_day }
        }
    })
}

fn order(order_by: &str) -> Result<ReviewOrder, Status> {
    let words: Vec<&str> = order_by.split_ascii_whitespace().take(3).collect();
    Ok(match words[..] {
        [] | ["received_time", "desc"] => ReviewOrder::ReceivedDescending,
        ["received_time"] | ["received_time", "asc"] => ReviewOrder::ReceivedAscending,
        ["update_time", "desc"] => ReviewOrder::UpdatedDescending,
        ["update_time"] | ["update_time", "asc"] => ReviewOrder::UpdatedAscending,
        ["due_day"] | ["due_day", "asc"] => ReviewOrder::DueAscending,
        _ => {
            let expected = "received_time, received_time desc, update_time, update_time desc, due_day";
            let en = format!("expected one of: {expected}");
            return Err(errors::field("order_by", en, format!("应为以下之一:{expected}")));
        }
    })
}

/// Where a page ended, as its token holds it.
type Key = (DateTime<Utc>, DateTime<Utc>, Option<NaiveDate>, Uuid);

#[tonic::async_trait]
impl ReviewService for Reviews {
    type WatchReviewsStream = BoxStream<v1::WatchReviewsResponse>;

    async fn watch_reviews(
        &self,
        request: Request<v1::WatchReviewsRequest>,
    ) -> Result<Response<Self::WatchReviewsStream>, Status> {
        let session = acting(&request)?.session().map(|session| session.token);
        let after = watch_reviews::resume(&request.get_ref().resume_token, Utc::now())?;
        let stream = watch_reviews::stream(self.store.clone(), after, session, self.drain.clone());
        Ok(Response::new(Box::pin(stream)))
    }

    async fn get_review(&self, request: Request<v1::GetReviewRequest>) -> Result<Response<v1::Review>, Status> {
        let actor = actor(&acting(&request)?);
        let id = names::SUBMISSION.required("submission", &request.get_ref().submission)?;
        let record = self.store.review_get(id).await.map_err(errors::of_store)?;
        let settings = self.settings(record.campaign_id).await?;
        let mut review = wire::review::review(&record, &actor, Utc::now(), &settings);
        review.history = self.history(id).await?;
        review.history.retain(|event| u64::from(event.number) <= record.row_version);
        Ok(Response::new(review))
    }

    async fn list_reviews(
        &self,
        request: Request<v1::ListReviewsRequest>,
    ) -> Result<Response<v1::ListReviewsResponse>, Status> {
        let actor = actor(&acting(&request)?);
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let order = order(&request.order_by)?;
        let campaign_id = names::CAMPAIGN.optional("campaign", &request.campaign)?;
        let filters = review_filter::read("filter", &request.filter)?;
        let query = ["ListReviews", &request.campaign, &request.filter, &request.order_by];
        let after: Option<Key> = self.tokens.open(&query, &request.page_token)?;
        let after = after.map(|(received_at, updated_at, due_day, submission_id)| ReviewKey {
            received_at,
            updated_at,
            due_day,
            submission_id,
        });
        let rows = ReviewQuery { campaign_id, filters, order, after, limit: size + 1 };
        let rows = self.store.review_list(&rows).await.map_err(errors::of_store)?;
        let mut settings: HashMap<Uuid, Settings> = HashMap::new();
        for row in &rows {
            if let Entry::Vacant(unknown) = settings.entry(row.campaign_id) {
                unknown.insert(self.settings(row.campaign_id).await?);
            }
        }
        let now = Utc::now();
        let listed: Vec<v1::Review> =
            rows.iter().map(|row| wire::review::review(row, &actor, now, &settings[&row.campaign_id])).collect();
        let (reviews, more) = page::fill(&listed, size, Clone::clone);
        let next_page_token = match rows[..reviews.len()].last().filter(|_| more) {
            Some(last) => {
                let due_day = last.standing.revision.map(|(_, day)| day);
                self.tokens.seal(&query, &(last.received_at, last.updated_at, due_day, last.submission_id))
            }
            None => String::new(),
        };
        Ok(Response::new(v1::ListReviewsResponse { reviews, next_page_token }))
    }

    async fn count_reviews(
        &self,
        request: Request<v1::CountReviewsRequest>,
    ) -> Result<Response<v1::CountReviewsResponse>, Status> {
        let request = request.into_inner();
        let campaign_id = names::CAMPAIGN.optional("campaign", &request.campaign)?;
        if request.filters.len() > COUNTS_MAX {
            let en = format!("at most {COUNTS_MAX} filters are counted at once");
            return Err(errors::field("filters", en, format!("一次最多统计 {COUNTS_MAX} 个筛选条件")));
        }
        let filters = request.filters.iter().enumerate();
        let filters = filters.map(|(at, filter)| review_filter::read(&format!("filters[{at}]"), filter));
        let filters = filters.collect::<Result<Vec<_>, _>>()?;
        let at_most = (request.count_max > 0).then_some(request.count_max);
        let counts = self.store.review_count(campaign_id, &filters, at_most).await.map_err(errors::of_store)?;
        Ok(Response::new(v1::CountReviewsResponse { counts }))
    }

    async fn get_review_neighbours(
        &self,
        request: Request<v1::GetReviewNeighboursRequest>,
    ) -> Result<Response<v1::GetReviewNeighboursResponse>, Status> {
        let request = request.into_inner();
        let id = names::SUBMISSION.required("submission", &request.submission)?;
        let query = ReviewQuery {
            campaign_id: names::CAMPAIGN.optional("campaign", &request.campaign)?,
            filters: review_filter::read("filter", &request.filter)?,
            order: order(&request.order_by)?,
            ..ReviewQuery::default()
        };
        let neighbours = self.store.review_neighbours(id, &query).await.map_err(errors::of_store)?;
        let name = |id: Option<Uuid>| id.map(|id| names::SUBMISSION.name(id)).unwrap_or_default();
        let (previous, next) = (name(neighbours.previous), name(neighbours.next));
        Ok(Response::new(v1::GetReviewNeighboursResponse { previous, next }))
    }

    async fn list_review_events(
        &self,
        request: Request<v1::ListReviewEventsRequest>,
    ) -> Result<Response<v1::ListReviewEventsResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let id = names::SUBMISSION.required("submission", &request.submission)?;
        let query = ["ListReviewEvents", &request.submission];
        let after: Option<u32> = self.tokens.open(&query, &request.page_token)?;
        let after = Some(after.unwrap_or_default());
        let rows = self.store.review_events(id, after, size + 1).await.map_err(errors::of_store)?;
        let (events, more) = page::fill(&rows, size, wire::review::event);
        let next_page_token = match rows[..events.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &last.number),
            None => String::new(),
        };
        Ok(Response::new(v1::ListReviewEventsResponse { events, next_page_token }))
    }

    async fn assign_submission(
        &self,
        request: Request<v1::AssignSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, message) = asked!(request, "AssignSubmission");
        if !self.editors.has(&message.editor).await? {
            let en = "no user and no token of this name has the role editor or a higher one";
            return Err(errors::field("editor", en, "没有这个名称且具有编辑以上权限的用户或令牌"));
        }
        let action = Action::Assign { editor: account(&message.editor) };
        self.take(Asked { editor: message.editor, ..asked }, action, String::new()).await
    }

    async fn begin_review(&self, request: Request<v1::BeginReviewRequest>) -> Result<Response<v1::Review>, Status> {
        let (asked, _) = asked!(request, "BeginReview");
        self.take(asked, Action::Begin, String::new()).await
    }

    async fn recommend_submission(
        &self,
        request: Request<v1::RecommendSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, message) = asked!(request, "RecommendSubmission");
        let decision = decision_needed(message.decision())?;
        self.take(asked, Action::Recommend { decision }, String::new()).await
    }

    async fn pass_submission(
        &self,
        request: Request<v1::PassSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, _) = asked!(request, "PassSubmission");
        self.take(asked, Action::Pass, String::new()).await
    }

    async fn send_back_submission(
        &self,
        request: Request<v1::SendBackSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, _) = asked!(request, "SendBackSubmission");
        self.take(asked, Action::SendBack, String::new()).await
    }

    async fn decide_submission(
        &self,
        request: Request<v1::DecideSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, message) = asked!(request, "DecideSubmission");
        let decision = decision_needed(message.decision())?;
        let action = decided(decision, message.until_day.as_ref())?;
        self.take(asked, action, message.reason).await
    }

    async fn resume_review(&self, request: Request<v1::ResumeReviewRequest>) -> Result<Response<v1::Review>, Status> {
        let (asked, _) = asked!(request, "ResumeReview");
        self.take(asked, Action::Resume, String::new()).await
    }

    async fn schedule_submission(
        &self,
        request: Request<v1::ScheduleSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, message) = asked!(request, "ScheduleSubmission");
        let v1::ScheduleSubmissionRequest { channel, slot, .. } = message;
        self.take(asked, Action::Schedule { channel, slot }, String::new()).await
    }

    async fn unschedule_submission(
        &self,
        request: Request<v1::UnscheduleSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, message) = asked!(request, "UnscheduleSubmission");
        self.take(asked, Action::Unschedule { channel: message.channel }, String::new()).await
    }

    async fn publish_submission(
        &self,
        request: Request<v1::PublishSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, message) = asked!(request, "PublishSubmission");
        self.take(asked, Action::Publish { channel: message.channel }, String::new()).await
    }

    async fn withdraw_submission(
        &self,
        request: Request<v1::WithdrawSubmissionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, _) = asked!(request, "WithdrawSubmission");
        self.take(asked, Action::Withdraw, String::new()).await
    }

    async fn retract_decision(
        &self,
        request: Request<v1::RetractDecisionRequest>,
    ) -> Result<Response<v1::Review>, Status> {
        let (asked, _) = asked!(request, "RetractDecision");
        self.take(asked, Action::Retract, String::new()).await
    }

    async fn tag_submission(&self, request: Request<v1::TagSubmissionRequest>) -> Result<Response<v1::Review>, Status> {
        self.tag(request).await
    }

    async fn list_tags(&self, _: Request<v1::ListTagsRequest>) -> Result<Response<v1::ListTagsResponse>, Status> {
        self.tags().await
    }

    async fn comment_submission(
        &self,
        request: Request<v1::CommentSubmissionRequest>,
    ) -> Result<Response<v1::ReviewRemark>, Status> {
        self.comment(request).await
    }

    async fn list_review_remarks(
        &self,
        request: Request<v1::ListReviewRemarksRequest>,
    ) -> Result<Response<v1::ListReviewRemarksResponse>, Status> {
        self.remarks(request).await
    }

    async fn create_saved_view(
        &self,
        request: Request<v1::CreateSavedViewRequest>,
    ) -> Result<Response<v1::SavedView>, Status> {
        self.create_view(request).await
    }

    async fn list_saved_views(
        &self,
        request: Request<v1::ListSavedViewsRequest>,
    ) -> Result<Response<v1::ListSavedViewsResponse>, Status> {
        self.views(request).await
    }

    async fn delete_saved_view(
        &self,
        request: Request<v1::DeleteSavedViewRequest>,
    ) -> Result<Response<v1::DeleteSavedViewResponse>, Status> {
        self.delete_view(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_the_same_for_the_same_name_and_never_the_workers() {
        assert_eq!(account("zhang"), account("zhang"));
        assert_ne!(account("zhang"), account("Zhang"));
        assert_ne!(account(""), Uuid::nil());
    }

    #[test]
    fn an_etag_is_read_in_its_one_spelling_only() {
        assert_eq!(version("r12").unwrap(), 12);
        for wrong in ["", "12", "r", "r012", "r+1", "r-1", "R1", "r18446744073709551615"] {
            assert_eq!(version(wrong).unwrap_err().code(), Code::InvalidArgument, "{wrong}");
        }
    }
}
