//! From the mail to the magazine: a mail is recorded, assigned, recommended, adopted, scheduled and published over gRPC,
//! and the history tells it all after a restart.

use std::time::Duration;

use proto::intake::v1::{
    AssignSubmissionRequest, BeginReviewRequest, DecideSubmissionRequest, GetReviewRequest, ListCampaignsRequest,
    ListReviewEventsRequest, ListReviewsRequest, PassSubmissionRequest, PublishSubmissionRequest,
    RecommendSubmissionRequest, Review, ReviewAction, ReviewDecision, ReviewState, ScheduleSubmissionRequest,
    UpdateCampaignRequest, Verdict,
};
use tests::{
    Backend, Ledger, Product, World,
    world::{USER, in_time, plain_mail},
};
use tonic::Code;

const BOUND: Duration = Duration::from_secs(60);

/// A request about a review that was read.
macro_rules! of {
    ($review:expr, $request:ident { $($field:ident: $value:expr),* }) => {
        $request { submission: $review.submission.clone(), etag: $review.etag.clone(), $($field: $value,)* ..Default::default() }
    };
}

/// One person does everything: the campaign has to allow that.
async fn let_one_person_decide(product: &Product) {
    let mut client = product.campaigns();
    let listed = client.list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
    let mut campaign = listed.campaigns.into_iter().next().expect("a campaign is there from the start");
    campaign.review.as_mut().expect("it says how it reviews").decider_differs = false;
    let request = UpdateCampaignRequest { campaign: Some(campaign), ..Default::default() };
    client.update_campaign(request).await.expect("it is taken");
}

async fn read(product: &Product, submission: &str) -> Review {
    let request = GetReviewRequest { submission: submission.to_owned() };
    product.reviews().get_review(request).await.expect("it is reviewed").into_inner()
}

async fn a_mail_comes_to_be_published(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let mut session = world.session();
    let place = session.append("INBOX", in_time(), &plain_mail(USER, 0, 20));
    let ledger = Ledger::settled(&product, 1, BOUND).await;
    let submission = ledger.submission_of(ledger.message("INBOX", place)).expect("it was recorded").name.clone();

    let mut client = product.reviews();
    let request = ListReviewsRequest { filter: "state = JUDGED AND assigned = false".into(), ..Default::default() };
    let waiting = client.list_reviews(request.clone()).await.expect("a list").into_inner().reviews;
    assert_eq!(waiting.iter().map(|review| &review.submission).collect::<Vec<_>>(), [&submission]);
    let judged = &waiting[0];
    assert_eq!((judged.state(), judged.verdict()), (ReviewState::Judged, Verdict::Eligible));

    let request = of!(judged, AssignSubmissionRequest { editor: "local".into() });
    let review = client.assign_submission(request.clone()).await.expect("it is assigned").into_inner();
    let stale = client.assign_submission(request).await.expect_err("somebody went on");
    assert_eq!(stale.code(), Code::Aborted);
    let mut review = client.begin_review(of!(review, BeginReviewRequest {})).await.expect("it begins").into_inner();
    for round in [ReviewState::FirstReview, ReviewState::SecondReview, ReviewState::FinalReview] {
        assert_eq!(review.state(), round);
        let adopt = ReviewDecision::Adopt.into();
        let opinion = of!(review, RecommendSubmissionRequest { note: "选题好".into(), decision: adopt });
        review = client.recommend_submission(opinion).await.expect("it is recommended").into_inner();
        if round != ReviewState::FinalReview {
            review = client.pass_submission(of!(review, PassSubmissionRequest {})).await.expect("on").into_inner();
        }
    }
    let adopt = of!(review, DecideSubmissionRequest { decision: ReviewDecision::Adopt.into() });
    let alone = client.decide_submission(adopt.clone()).await.expect_err("the own opinion does not count");
    assert_eq!(alone.code(), Code::FailedPrecondition, "{alone:?}");
    let_one_person_decide(&product).await;
    let adopted = client.decide_submission(adopt).await.expect("it is adopted").into_inner();
    assert!(adopted.retractable_until_time.is_some());
    let (channel, slot) = ("杂志".to_owned(), "2023年第5期".to_owned());
    let schedule = of!(adopted, ScheduleSubmissionRequest { channel: channel.clone(), slot: slot.clone() });
    let scheduled = client.schedule_submission(schedule).await.expect("it has a place").into_inner();
    product.terminate().await;

    let product = Product::start(&settings);
    let again = read(&product, &submission).await;
    assert_eq!((again.state(), &again.etag), (ReviewState::Scheduled, &scheduled.etag));
    let publish = of!(again, PublishSubmissionRequest { channel: channel.clone() });
    let published = product.reviews().publish_submission(publish).await.expect("it appeared").into_inner();
    assert_eq!((published.state(), published.placements[0].slot.as_str()), (ReviewState::Published, "2023年第5期"));

    let request = ListReviewEventsRequest { submission, ..Default::default() };
    let events = product.reviews().list_review_events(request).await.expect("a history").into_inner().events;
    use ReviewAction::{Adopt, Assign, Begin, Judge, Pass, Publish, Recommend, Schedule};
    let actions: Vec<ReviewAction> = events.iter().map(|event| event.action()).collect();
    assert_eq!(actions, [Judge, Assign, Begin, Recommend, Pass, Recommend, Pass, Recommend, Adopt, Schedule, Publish]);
    assert_eq!(events[0].actor, "worker");
    assert!(events[1..].iter().all(|event| event.actor == "local" && event.time.is_some()), "{events:?}");
    assert_eq!((events[3].note.as_str(), events[9].slot.as_str()), ("选题好", slot.as_str()));
    Ledger::read(&product).await.assert_sound();
    product.terminate().await;
    settings.verify_with_server();
}

on_each_backend! {
    a_mail_comes_to_be_published => super::a_mail_comes_to_be_published;
}
