//! Takes a step: the form's words become one call, and the page is shown again, or the next one.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{Datelike, NaiveDate};
use proto::intake::v1::{
    AssignSubmissionRequest, BeginReviewRequest, Day, DecideSubmissionRequest, PassSubmissionRequest,
    PublishSubmissionRequest, RecommendSubmissionRequest, ResumeReviewRequest, RetractDecisionRequest, Review,
    ReviewAction, ReviewDecision, ScheduleSubmissionRequest, SendBackSubmissionRequest, UnscheduleSubmissionRequest,
    WithdrawSubmissionRequest,
};
use tonic::Status;

use super::{Asked, Refused, load, page, steps::word};
use crate::{
    fault::Fault,
    html::{is_own_path, url},
    posted::{Fields, Posted},
};

/// `POST /submissions/{id}/steps`
pub async fn take(Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let mut around = query;
    around.push(("tab".into(), posted.one("tab").into()));
    let action = ReviewAction::from_str_name(&format!("REVIEW_ACTION_{}", posted.one("action")));
    let (Some(asked), Some(action)) = (Asked::read(&id, &Fields(around)), action) else {
        return Fault::not_found().to(visit);
    };
    let fault = match call(&asked.name, action, &posted).await {
        Ok(_) => return Redirect::to(&after(&asked, action, posted.one("next"))).into_response(),
        Err(status) => Fault::from(status),
    };
    // What was typed is not lost: the page comes back as it is now, with the form and what was said to it.
    let refused = Refused { action, fields: posted.fields(), fault };
    match load(visit, &asked).await {
        Ok(loaded) => {
            let page = page(visit, &asked, &loaded, Some(&refused), None);
            (refused.fault.status(), page).into_response()
        }
        Err(_) => refused.fault.to(visit),
    }
}

/// To the same page, or to the next submission where that was asked for; never to anywhere else.
fn after(asked: &Asked, action: ReviewAction, next: &str) -> String {
    if is_own_path(next) && next.starts_with("/submissions/") {
        return url(next, &[("before", word(action))]);
    }
    asked.url(
        &asked.name,
        &[("tab", if asked.tab == super::TABS[0].0 { "" } else { asked.tab }), ("done", word(action))],
    )
}

async fn call(submission: &str, action: ReviewAction, posted: &Posted) -> Result<Review, Status> {
    let mut reviews = posted.visit.api.reviews();
    macro_rules! step {
        ($method:ident, $request:ident { $($name:ident: $value:expr),* $(,)? }) => {
            reviews.$method($request {
                submission: submission.to_owned(),
                etag: posted.one("etag").to_owned(),
                request_id: posted.one("request_id").to_owned(),
                validate_only: false,
                note: posted.text("note"),
                $($name: $value),*
            }).await
        };
    }
    macro_rules! decide {
        ($decision:expr, $until_day:expr) => {
            step!(
                decide_submission,
                DecideSubmissionRequest {
                    decision: $decision.into(),
                    reason: posted.text("reason"),
                    until_day: $until_day,
                }
            )
        };
    }
    let text = |name: &str| posted.one(name).trim().to_owned();
    let answer = match action {
        ReviewAction::Assign => step!(assign_submission, AssignSubmissionRequest { editor: text("editor") }),
        ReviewAction::Begin => step!(begin_review, BeginReviewRequest {}),
        ReviewAction::Recommend => {
            let decision = ReviewDecision::from_str_name(&format!("REVIEW_DECISION_{}", posted.one("decision")));
            step!(recommend_submission, RecommendSubmissionRequest { decision: decision.unwrap_or_default().into() })
        }
        ReviewAction::Pass => step!(pass_submission, PassSubmissionRequest {}),
        ReviewAction::SendBack => step!(send_back_submission, SendBackSubmissionRequest {}),
        ReviewAction::Adopt => decide!(ReviewDecision::Adopt, None),
        ReviewAction::Decline => decide!(ReviewDecision::Decline, None),
        ReviewAction::AskRevision => decide!(ReviewDecision::AskRevision, day(posted.one("until_day"))),
        ReviewAction::Resume => step!(resume_review, ResumeReviewRequest {}),
        ReviewAction::Schedule => {
            step!(schedule_submission, ScheduleSubmissionRequest { channel: text("channel"), slot: text("slot") })
        }
        ReviewAction::Unschedule => {
            step!(unschedule_submission, UnscheduleSubmissionRequest { channel: text("channel") })
        }
        ReviewAction::Publish => step!(publish_submission, PublishSubmissionRequest { channel: text("channel") }),
        ReviewAction::Withdraw => step!(withdraw_submission, WithdrawSubmissionRequest {}),
        ReviewAction::Retract => step!(retract_decision, RetractDecisionRequest {}),
        // The worker's.
        ReviewAction::Unspecified | ReviewAction::Judge | ReviewAction::TakeCorrection => {
            return Err(Status::invalid_argument("no step of an editor"));
        }
    };
    Ok(answer?.into_inner())
}

fn day(text: &str) -> Option<Day> {
    let day: NaiveDate = text.trim().parse().ok()?;
    Some(Day { year: day.year(), month: day.month().try_into().ok()?, day: day.day().try_into().ok()? })
}
