//! Reviews: every action in every state by every role, etags, calls that are made again, lists and history.

use api::TokenSetting;
use intake::{
    review::{ActionKind, Role, State, table},
    sorting::Class,
};
use proto::intake::v1::{
    self, ReviewAction, ReviewDecision, ReviewState, campaign_service_client::CampaignServiceClient,
    review_service_client::ReviewServiceClient,
};
use stdx::Sha256;
use tonic::{
    Code, Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use uuid::Uuid;

use crate::world::{Mail, Server, World, fields, refusal};

/// Calls with a token.
#[derive(Clone)]
pub struct Bearer(&'static str);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        // An empty one is no token at all.
        if !self.0.is_empty() {
            request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().unwrap());
        }
        Ok(request)
    }
}

pub type Client = ReviewServiceClient<InterceptedService<Channel, Bearer>>;

/// A server for a viewer, two editors and a chief editor; each token's secret is its name.
pub async fn desk(world: &World) -> (Server, impl Fn(&'static str) -> Client) {
    let token = |name: &str, role| TokenSetting { name: name.into(), sha256: Sha256::of(name.as_bytes()), role };
    let tokens = vec![
        token("look", Role::Viewer),
        token("zhang", Role::Editor),
        token("wang", Role::Editor),
        token("chief", Role::ChiefEditor),
    ];
    let server = world.serve_with(tokens).await;
    let channel = server.channel().await;
    (server, move |name| ReviewServiceClient::with_interceptor(channel.clone(), Bearer(name)))
}

pub fn named(id: Uuid) -> String {
    format!("submissions/{id}")
}

async fn get(client: &mut Client, submission: &str) -> v1::Review {
    let request = v1::GetReviewRequest { submission: submission.into() };
    client.get_review(request).await.unwrap().into_inner()
}

/// What a call is told beside its verb.
#[derive(Clone, Default)]
struct Told {
    request_id: String,
    validate_only: bool,
    note: String,
    reason: String,
}

/// With the words that any lawful action takes.
fn told(kind: ActionKind) -> Told {
    let tells = matches!(kind, ActionKind::Decline | ActionKind::AskRevision);
    Told {
        note: "编辑部意见".into(),
        reason: if tells { "请补充数据。".into() } else { String::new() },
        ..Told::default()
    }
}

/// A day that is always in the window for a revision.
fn until_day() -> v1::Day {
    let day = stdx::beijing::day_of(chrono::Utc::now()) + chrono::Days::new(30);
    use chrono::Datelike;
    v1::Day { year: day.year(), month: day.month().try_into().unwrap(), day: day.day().try_into().unwrap() }
}

/// Calls the method of an action on what was read.
async fn call(client: &mut Client, review: &v1::Review, kind: ActionKind, told: Told) -> Result<v1::Review, Status> {
    macro_rules! ask {
        ($method:ident, $request:ident { $($own:tt)* }) => {
            client.$method(v1::$request {
                submission: review.submission.clone(),
                etag: review.etag.clone(),
                request_id: told.request_id,
                validate_only: told.validate_only,
                note: told.note,
                $($own)*
            }).await.map(tonic::Response::into_inner)
        };
    }
    let channel = "微信".to_owned();
    let decide = |decision: ReviewDecision| i32::from(decision);
    match kind {
        ActionKind::Assign => ask!(assign_submission, AssignSubmissionRequest { editor: "zhang".into() }),
        ActionKind::Begin => ask!(begin_review, BeginReviewRequest {}),
        ActionKind::Recommend => {
            ask!(recommend_submission, RecommendSubmissionRequest { decision: decide(ReviewDecision::Adopt) })
        }
        ActionKind::Pass => ask!(pass_submission, PassSubmissionRequest {}),
        ActionKind::SendBack => ask!(send_back_submission, SendBackSubmissionRequest {}),
        ActionKind::Adopt | ActionKind::Decline | ActionKind::AskRevision => {
            let (decision, until_day) = match kind {
                ActionKind::Adopt => (ReviewDecision::Adopt, None),
                ActionKind::Decline => (ReviewDecision::Decline, None),
                _ => (ReviewDecision::AskRevision, Some(until_day())),
            };
            ask!(
                decide_submission,
                DecideSubmissionRequest { reason: told.reason, decision: decide(decision), until_day }
            )
        }
        ActionKind::Resume => ask!(resume_review, ResumeReviewRequest {}),
        ActionKind::Schedule => {
            ask!(schedule_submission, ScheduleSubmissionRequest { channel, slot: "3月第4周".into() })
        }
        ActionKind::Unschedule => ask!(unschedule_submission, UnscheduleSubmissionRequest { channel }),
        ActionKind::Publish => ask!(publish_submission, PublishSubmissionRequest { channel }),
        ActionKind::Withdraw => ask!(withdraw_submission, WithdrawSubmissionRequest {}),
        ActionKind::Retract => ask!(retract_decision, RetractDecisionRequest {}),
        ActionKind::Judge | ActionKind::TakeCorrection => panic!("no call does this"),
    }
}

/// What callers do, in the order of the table.
fn called() -> impl Iterator<Item = ActionKind> {
    ActionKind::ALL.into_iter().filter(|kind| !matches!(kind, ActionKind::Judge | ActionKind::TakeCorrection))
}

/// Who does it in a lawful life: opinions are of another than who decides.
fn by(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Adopt | ActionKind::Decline | ActionKind::AskRevision => "chief",
        _ => "zhang",
    }
}

/// The way to a state, from judged on.
fn way(state: State) -> Vec<ActionKind> {
    use ActionKind::{Adopt, AskRevision, Assign, Begin, Decline, Pass, Publish, Recommend, Schedule, Withdraw};
    let rounds = [Assign, Begin, Recommend, Pass, Recommend, Pass, Recommend, Adopt, Schedule, Publish];
    match state {
        State::Received => panic!("nobody sees it so"),
        State::Judged => vec![],
        State::Assigned => vec![Assign],
        State::FirstReview => rounds[..3].to_vec(),
        State::SecondReview => rounds[..5].to_vec(),
        State::FinalReview => rounds[..7].to_vec(),
        State::RevisionAsked => [&rounds[..3], &[AskRevision]].concat(),
        State::Adopted => rounds[..8].to_vec(),
        State::Declined => [&rounds[..3], &[Decline]].concat(),
        State::Scheduled => rounds[..9].to_vec(),
        State::Published => rounds.to_vec(),
        State::Withdrawn => vec![Assign, Withdraw],
    }
}

pub async fn brought(world: &World, client: &impl Fn(&'static str) -> Client, state: State) -> v1::Review {
    let id = world.submission(&Mail::default()).await;
    let mut review = get(&mut client("look"), &named(id)).await;
    for kind in way(state) {
        review = call(&mut client(by(kind)), &review, kind, told(kind)).await.unwrap();
    }
    review
}

/// The least role that may, hard-coded: what the shipped campaign and the table say together.
fn may(role: Role, state: State, kind: ActionKind) -> bool {
    let least = match kind {
        ActionKind::Adopt | ActionKind::Decline | ActionKind::AskRevision => Role::ChiefEditor,
        ActionKind::Withdraw if state == State::Scheduled => Role::ChiefEditor,
        _ => Role::Editor,
    };
    role >= least
}

#[tokio::test]
async fn every_action_in_every_state_is_taken_or_refused_by_the_table_and_the_role() {
    let world = World::new().await;
    let (_server, client) = desk(&world).await;
    let mut asked = 0;
    for state in State::ALL.into_iter().filter(|state| *state != State::Received) {
        let review = brought(&world, &client, state).await;
        let wire = ReviewState::from_str_name(&format!("REVIEW_STATE_{}", state.as_str().to_ascii_uppercase()));
        assert_eq!(Some(review.state()), wire);
        for (name, role) in [("look", Role::Viewer), ("wang", Role::Editor), ("chief", Role::ChiefEditor)] {
            let mut caller = client(name);
            let seen = get(&mut caller, &review.submission).await;
            let mut open = Vec::new();
            for kind in called() {
                let rehearsed = Told { validate_only: true, ..told(kind) };
                let answer = call(&mut caller, &review, kind, rehearsed).await;
                asked += 1;
                let place = format!("{state} {kind} by {name}");
                let dead_end = match (state, kind) {
                    // The shipped campaign adopts in the last round only.
                    (State::FirstReview | State::SecondReview, ActionKind::Adopt) => Some("DECISION_NOT_OF_ROUND"),
                    (State::Published, ActionKind::Schedule | ActionKind::Unschedule | ActionKind::Publish) => {
                        Some("PUBLISHED_ALREADY")
                    }
                    // The chief editor decided.
                    (State::Adopted | State::Declined | State::RevisionAsked, ActionKind::Retract)
                        if role == Role::Editor =>
                    {
                        Some("NOT_OWN_DECISION")
                    }
                    (State::Withdrawn, ActionKind::Retract) if role == Role::Editor => Some("NOT_OWN_DECISION"),
                    _ => None,
                };
                if role < Role::Editor {
                    // The gate asks no state.
                    assert_eq!(refusal(answer), (Code::PermissionDenied, "ROLE_TOO_LOW".into()), "{place}");
                } else if table::row_of(state, kind).is_none() {
                    assert_eq!(refusal(answer), (Code::FailedPrecondition, "NOT_LAWFUL".into()), "{place}");
                } else if !may(role, state, kind) {
                    assert_eq!(refusal(answer), (Code::PermissionDenied, "ROLE_TOO_LOW".into()), "{place}");
                } else if let Some(reason) = dead_end {
                    assert_eq!(refusal(answer).1, reason, "{place}");
                    // A further channel of a published one is open; this one is not.
                    if kind == ActionKind::Schedule {
                        open.push(kind);
                    }
                } else {
                    answer.unwrap_or_else(|status| panic!("{place}: {status:?}"));
                    open.push(kind);
                }
            }
            let told: Vec<ReviewAction> = seen.next_actions.iter().map(v1::ReviewNextAction::action).collect();
            let word = |kind: &ActionKind| {
                ReviewAction::from_str_name(&format!("REVIEW_ACTION_{}", kind.as_str().to_ascii_uppercase())).unwrap()
            };
            assert_eq!(told, open.iter().map(word).collect::<Vec<_>>(), "{state} by {name}");
            // Rehearsals left nothing.
            assert_eq!(get(&mut caller, &review.submission).await.etag, review.etag);
        }
    }
    assert_eq!(asked, 11 * 3 * 14);
    assert_eq!(world.store.verify().await.unwrap(), []);
}

#[tokio::test]
async fn a_step_tells_the_standing_the_next_actions_and_who_did_what_and_why() {
    let world = World::new().await;
    let (_server, client) = desk(&world).await;
    let review = brought(&world, &client, State::Published).await;
    assert_eq!((review.editor.as_str(), review.number), ("zhang", 1));
    assert_eq!(review.verdict(), v1::Verdict::Eligible);
    assert_eq!(review.placements.len(), 1);
    assert_eq!((review.placements[0].channel.as_str(), review.placements[0].slot.as_str()), ("微信", "3月第4周"));
    assert!(review.placements[0].publish_time.is_some());
    let told: Vec<String> = review
        .history
        .iter()
        .map(|event| format!("{} {} {} {}", event.number, event.actor, event.action().as_str_name(), event.note))
        .collect();
    assert_eq!(
        told,
        [
            "1 worker REVIEW_ACTION_JUDGE ",
            "2 zhang REVIEW_ACTION_ASSIGN 编辑部意见",
            "3 zhang REVIEW_ACTION_BEGIN 编辑部意见",
            "4 zhang REVIEW_ACTION_RECOMMEND 编辑部意见",
            "5 zhang REVIEW_ACTION_PASS 编辑部意见",
            "6 zhang REVIEW_ACTION_RECOMMEND 编辑部意见",
            "7 zhang REVIEW_ACTION_PASS 编辑部意见",
            "8 zhang REVIEW_ACTION_RECOMMEND 编辑部意见",
            "9 chief REVIEW_ACTION_ADOPT 编辑部意见",
            "10 zhang REVIEW_ACTION_SCHEDULE 编辑部意见",
            "11 zhang REVIEW_ACTION_PUBLISH 编辑部意见",
        ]
    );
    assert_eq!(review.history[1].editor, "zhang");
    assert_eq!(review.history[8].role(), v1::ReviewRole::ChiefEditor);

    // The same, page by page.
    let mut client = client("look");
    let mut events = Vec::new();
    let mut page_token = String::new();
    loop {
        let submission = review.submission.clone();
        let request = v1::ListReviewEventsRequest { submission, page_size: 4, page_token: page_token.clone() };
        let page = client.list_review_events(request).await.unwrap().into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(events, review.history);
}

#[tokio::test]
async fn a_step_from_a_stale_or_missing_etag_is_refused_and_a_call_made_again_is_not_made_twice() {
    let world = World::new().await;
    let (_server, client) = desk(&world).await;
    let judged = brought(&world, &client, State::Judged).await;
    let mut zhang = client("zhang");
    let request_id = Uuid::now_v7().to_string();
    let told_once = Told { request_id: request_id.clone(), ..told(ActionKind::Assign) };
    let assigned = call(&mut zhang, &judged, ActionKind::Assign, told_once.clone()).await.unwrap();
    let again = call(&mut zhang, &judged, ActionKind::Assign, told_once.clone()).await.unwrap();
    assert_eq!((again.etag.as_str(), &again.history), (assigned.etag.as_str(), &assigned.history));
    assert_eq!(again.history.len(), 2);

    let stale = call(&mut zhang, &judged, ActionKind::Assign, told(ActionKind::Assign)).await;
    assert_eq!(refusal(stale), (Code::Aborted, "ETAG_STALE".into()));
    for etag in ["", "x", "r01"] {
        let review = v1::Review { etag: etag.into(), ..assigned.clone() };
        assert_eq!(fields(call(&mut zhang, &review, ActionKind::Begin, Told::default()).await), ["etag"], "{etag}");
    }
    // The id stands for that one request.
    let other = call(&mut zhang, &assigned, ActionKind::Begin, told_once.clone()).await;
    assert_eq!(refusal(other), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
    let not_a_uuid = Told { request_id: "1".into(), ..Told::default() };
    assert_eq!(fields(call(&mut zhang, &assigned, ActionKind::Begin, not_a_uuid).await), ["request_id"]);
    // Of another caller it is another id.
    let wangs = call(&mut client("wang"), &assigned, ActionKind::Begin, told_once).await.unwrap();
    assert_eq!(wangs.state(), ReviewState::FirstReview);
}

#[tokio::test]
async fn what_is_said_badly_is_named_by_its_field() {
    let world = World::new().await;
    let (_server, client) = desk(&world).await;
    let review = brought(&world, &client, State::FirstReview).await;
    let mut chief = client("chief");
    let decline = |reason: &str, note: &str| Told { reason: reason.into(), note: note.into(), ..Told::default() };
    for (kind, told, field) in [
        (ActionKind::Decline, decline(" ", "x"), "reason"),
        (ActionKind::Decline, decline(&"长".repeat(2001), ""), "reason"),
        (ActionKind::Decline, decline("因为", "a\u{7}b"), "note"),
        (ActionKind::Recommend, decline("", ""), "note"),
    ] {
        assert_eq!(fields(call(&mut chief, &review, kind, told).await), [field]);
    }
    let submission = review.submission.clone();
    let step = v1::DecideSubmissionRequest { submission, etag: review.etag.clone(), ..Default::default() };
    assert_eq!(fields(chief.decide_submission(step.clone()).await), ["decision"]);
    let reason = "请修改".to_owned();
    let revision = v1::DecideSubmissionRequest {
        decision: ReviewDecision::AskRevision.into(),
        reason: reason.clone(),
        ..step.clone()
    };
    assert_eq!(fields(chief.decide_submission(revision.clone()).await), ["until_day"]);
    let past = v1::DecideSubmissionRequest { until_day: Some(v1::Day { year: 2023, month: 3, day: 1 }), ..revision };
    assert_eq!(fields(chief.decide_submission(past).await), ["until_day"]);
    let decision = ReviewDecision::Decline.into();
    let day_too_much = v1::DecideSubmissionRequest { decision, reason, until_day: Some(until_day()), ..step };
    assert_eq!(fields(chief.decide_submission(day_too_much).await), ["until_day"]);
    for editor in ["", "look", "nobody"] {
        let assign = v1::AssignSubmissionRequest {
            submission: review.submission.clone(),
            etag: review.etag.clone(),
            editor: editor.into(),
            ..Default::default()
        };
        assert_eq!(fields(chief.assign_submission(assign).await), ["editor"], "{editor}");
    }
    let adopted = brought(&world, &client, State::Adopted).await;
    let place = v1::ScheduleSubmissionRequest {
        submission: adopted.submission.clone(),
        etag: adopted.etag.clone(),
        channel: "报纸".into(),
        slot: "头版".into(),
        ..Default::default()
    };
    assert_eq!(fields(chief.schedule_submission(place.clone()).await), ["channel"]);
    let nowhere = v1::ScheduleSubmissionRequest { channel: "杂志".into(), slot: " ".into(), ..place };
    assert_eq!(fields(chief.schedule_submission(nowhere).await), ["slot"]);
}

#[tokio::test]
async fn reviews_are_listed_by_filter_and_page_and_what_is_not_reviewed_has_none() {
    let world = World::new().await;
    let (_server, client) = desk(&world).await;
    let asked = brought(&world, &client, State::RevisionAsked).await;
    for state in [State::Judged, State::Assigned, State::Adopted, State::Judged] {
        brought(&world, &client, state).await;
    }
    let mut look = client("look");
    let mut listed = async |filter: &str, page_size: i32| {
        let mut found = Vec::new();
        let mut request = v1::ListReviewsRequest {
            filter: filter.into(),
            page_size,
            order_by: "update_time".into(),
            campaign: format!("campaigns/{}", world.campaign.id),
            ..Default::default()
        };
        loop {
            let page = look.list_reviews(request.clone()).await.unwrap().into_inner();
            found.extend(page.reviews);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return found;
            }
        }
    };
    assert_eq!(listed("", 2).await, listed("", 0).await);
    assert_eq!(listed("", 0).await.len(), 5);
    assert!(listed("", 0).await.iter().all(|review| review.history.is_empty()));
    for (filter, count) in [
        ("state = JUDGED", 2),
        ("state != JUDGED AND assigned = true", 3),
        ("assigned = false", 2),
        ("editor = zhang", 3),
        ("editor = wang", 0),
        ("due_day >= 2023-01-01", 1),
        ("due_day < 2023-01-01", 0),
    ] {
        assert_eq!(listed(filter, 0).await.len(), count, "{filter}");
    }
    assert_eq!(listed("due_day >= 2023-01-01", 0).await[0].revision.as_ref().unwrap().until_day, Some(until_day()));
    assert_eq!(listed("state = REVISION_ASKED", 0).await[0].submission, asked.submission);

    for (request, field) in [
        (v1::ListReviewsRequest { filter: "stat = X".into(), ..Default::default() }, "filter"),
        (v1::ListReviewsRequest { order_by: "number".into(), ..Default::default() }, "order_by"),
        (v1::ListReviewsRequest { page_size: -1, ..Default::default() }, "page_size"),
        (v1::ListReviewsRequest { page_token: "AAAA".into(), ..Default::default() }, "page_token"),
        (v1::ListReviewsRequest { campaign: "x".into(), ..Default::default() }, "campaign"),
    ] {
        assert_eq!(fields(client("look").list_reviews(request).await), [field]);
    }
    let near_miss = world.submission(&Mail { class: Class::NearMiss, ..Mail::default() }).await;
    let submission = named(near_miss);
    let answer = client("look").get_review(v1::GetReviewRequest { submission }).await;
    assert_eq!(refusal(answer), (Code::NotFound, "REVIEW_NOT_FOUND".into()));
    let submission = named(Uuid::now_v7());
    let answer = client("look").get_review(v1::GetReviewRequest { submission }).await;
    assert_eq!(refusal(answer), (Code::NotFound, "SUBMISSION_NOT_FOUND".into()));
}

#[tokio::test]
async fn a_count_is_as_long_as_the_list_behind_it_and_neighbours_walk_it() {
    let world = World::new().await;
    let (_server, client) = desk(&world).await;
    for state in [State::Judged, State::Assigned, State::FirstReview, State::RevisionAsked, State::Declined] {
        brought(&world, &client, state).await;
    }
    let mut look = client("look");
    let filters = [
        "",
        "state = (JUDGED OR ASSIGNED)",
        "state != (JUDGED OR DECLINED) AND verdict = ELIGIBLE",
        "editor = (zhang OR wang)",
        "text : \"主题征稿\" AND has_video = false",
        "text : \"主題\"",
        "text : \"没有\"",
        "number >= 2 AND number <= 4",
        "versions = 1 AND backfilled = false",
        "received_time >= 2000-01-01",
        "update_time < 2000-01-01",
        "finding = \"deadline\"",
        "bounced = true",
        "cloud_expire_time > 2000-01-01",
    ];
    let request = v1::CountReviewsRequest {
        campaign: format!("campaigns/{}", world.campaign.id),
        filters: filters.map(str::to_owned).to_vec(),
        count_max: 0,
    };
    let counts = look.count_reviews(request).await.unwrap().into_inner().counts;
    let mut listed = Vec::new();
    for filter in filters {
        let request = v1::ListReviewsRequest { filter: filter.into(), ..Default::default() };
        listed.push(look.list_reviews(request).await.unwrap().into_inner().reviews);
    }
    assert_eq!(counts, listed.iter().map(|list| list.len() as u64).collect::<Vec<_>>());
    assert_eq!(counts[..4], [5, 2, 3, 4], "and they are not all of none");
    let summary = listed[0][0].summary.as_ref().unwrap();
    assert_eq!((summary.versions, summary.submission.as_str()), (1, listed[0][0].submission.as_str()));
    assert_eq!((&summary.subject, summary.received_time), (&listed[0][0].subject, listed[0][0].received_time));

    for order_by in ["", "received_time", "update_time desc", "due_day"] {
        let filter = "state != DECLINED";
        let request = v1::ListReviewsRequest { filter: filter.into(), order_by: order_by.into(), ..Default::default() };
        let list = look.list_reviews(request).await.unwrap().into_inner().reviews;
        for at in 0..list.len() {
            let request = v1::GetReviewNeighboursRequest {
                submission: list[at].submission.clone(),
                filter: filter.into(),
                order_by: order_by.into(),
                ..Default::default()
            };
            let found = look.get_review_neighbours(request).await.unwrap().into_inner();
            let name = |at: Option<usize>| at.and_then(|at| list.get(at)).map(|review| review.submission.clone());
            assert_eq!(found.previous, name(at.checked_sub(1)).unwrap_or_default(), "{order_by} at {at}");
            assert_eq!(found.next, name(Some(at + 1)).unwrap_or_default(), "{order_by} at {at}");
        }
    }

    let count = |filters: &[&str]| v1::CountReviewsRequest {
        filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
        ..Default::default()
    };
    assert_eq!(fields(look.count_reviews(count(&["", "stat = X"])).await), ["filters[1]"]);
    assert_eq!(fields(look.count_reviews(count(&[""; 41])).await), ["filters"]);
    let nothing = v1::GetReviewNeighboursRequest::default();
    assert_eq!(fields(look.get_review_neighbours(nothing).await), ["submission"]);
    let submission = named(Uuid::now_v7());
    let unknown = v1::GetReviewNeighboursRequest { submission, ..Default::default() };
    let answer = look.get_review_neighbours(unknown).await;
    assert_eq!(refusal(answer), (Code::NotFound, "SUBMISSION_NOT_FOUND".into()));
}

#[tokio::test]
async fn a_campaign_says_how_its_submissions_are_reviewed() {
    let world = World::new().await;
    let server = world.serve().await;
    let mut campaigns = CampaignServiceClient::new(server.channel().await);
    let mut campaign = crate::campaigns::default(&mut campaigns).await;
    let shipped = campaign.review.clone().unwrap();
    assert_eq!((shipped.rounds.len(), shipped.retract_minutes, shipped.revision_days_max), (3, 30, 60));

    // One round, no opinion asked for, nothing to retract.
    let review = campaign.review.as_mut().unwrap();
    review.rounds.drain(..2);
    review.rounds[0].recommendations_min = 0;
    review.retract_minutes = 0;
    let request = v1::UpdateCampaignRequest { campaign: Some(campaign.clone()), ..Default::default() };
    let mut changed = campaigns.update_campaign(request).await.unwrap().into_inner();
    assert_eq!((changed.revision, &changed.review), (2, &campaign.review));
    // A caller that knows of no reviews leaves them as they are.
    let kept = changed.review.take();
    changed.theme = "新主题".into();
    let request = v1::UpdateCampaignRequest { campaign: Some(changed), ..Default::default() };
    let changed = campaigns.update_campaign(request).await.unwrap().into_inner();
    assert_eq!((changed.revision, &changed.review), (3, &kept));

    let mut reviews = ReviewServiceClient::with_interceptor(server.channel().await, Bearer(""));
    let id = world.submission(&Mail::default()).await;
    let mut review = get(&mut reviews, &named(id)).await;
    let assign = v1::AssignSubmissionRequest {
        submission: review.submission.clone(),
        etag: review.etag.clone(),
        editor: "local".into(),
        ..Default::default()
    };
    review = reviews.assign_submission(assign).await.unwrap().into_inner();
    for kind in [ActionKind::Begin, ActionKind::Adopt] {
        review = call(&mut reviews, &review, kind, told(kind)).await.unwrap();
    }
    assert_eq!((review.state(), review.retractable_until_time), (ReviewState::Adopted, None));
    assert_eq!(review.history[3].state_before(), ReviewState::FinalReview);

    let broken = |change: fn(&mut v1::ReviewSettings)| {
        let mut broken = changed.clone();
        change(broken.review.as_mut().unwrap());
        v1::UpdateCampaignRequest { campaign: Some(broken), ..Default::default() }
    };
    for (request, field) in [
        (broken(|review| review.rounds.clear()), "campaign.review.rounds"),
        (broken(|review| review.rounds[0].decisions = vec![2]), "campaign.review.rounds[0].decisions"),
        (broken(|review| review.rounds[0].decisions = vec![9, 1]), "campaign.review.rounds[0].decisions"),
        (broken(|review| review.rounds[0].round = 0), "campaign.review.rounds[0].round"),
        (broken(|review| review.rounds[0].decides = 2), "campaign.review.rounds[0].decides"),
        (broken(|review| review.rounds[0].recommendations_min = 6), "campaign.review.rounds[0].recommendations_min"),
        (broken(|review| review.retract_minutes = 20_000), "campaign.review.retract_minutes"),
        (broken(|review| review.revision_days_max = 0), "campaign.review.revision_days_max"),
    ] {
        assert_eq!(fields(campaigns.update_campaign(request).await), [field]);
    }
}
