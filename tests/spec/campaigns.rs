//! An editor's changes to the rules over gRPC: tried on stored mail first, then made, then in force.

use std::time::Duration;

use proto::intake::v1::{
    Campaign, CreateCampaignRequest, Day, GetCampaignRequest, ListCampaignsRequest, TestCampaignRequest,
    UpdateCampaignRequest, Verdict, rule::Check,
};
use tests::{
    Backend, Ledger, Product, World,
    world::{USER, at, in_time, plain_mail},
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

const BOUND: Duration = Duration::from_secs(60);

async fn shipped(product: &Product) -> Campaign {
    let listed =
        product.campaigns().list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
    listed
        .campaigns
        .into_iter()
        .find(|campaign| campaign.tag == "主题征稿")
        .expect("a campaign is there from the start")
}

fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

/// The fields that an INVALID_ARGUMENT names.
fn named(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_details_bad_request().unwrap_or_else(|| panic!("no BadRequest: {status:?}"));
    details.field_violations.into_iter().map(|violation| violation.field).collect()
}

fn verdict_of(ledger: &Ledger, place: tests::imap::Place) -> (Verdict, u32) {
    let message = ledger.message("INBOX", place);
    let submission = ledger.submission_of(message).expect("it was recorded");
    let judgement = submission.judgement.as_ref().expect("it was judged");
    (judgement.verdict(), judgement.campaign_revision)
}

async fn a_changed_deadline_is_tried_then_made(backend: Backend) {
    let world = World::new(backend);
    let mut session = world.session();
    let early = session.append("INBOX", at("2023-02-28T23:59:59+08:00"), &plain_mail(USER, 0, 20));
    let later = session.append("INBOX", at("2023-03-01T00:00:00+08:00"), &plain_mail(USER, 1, 20));
    let product = world.start(&[world.mailbox()]);
    let before = Ledger::settled(&product, 2, BOUND).await;
    assert_eq!(verdict_of(&before, early), (Verdict::Eligible, 1));
    assert_eq!(verdict_of(&before, later), (Verdict::Eligible, 1));

    let campaign = shipped(&product).await;
    assert_eq!(campaign.deadline_day, Some(Day { year: 2023, month: 3, day: 31 }));
    assert_eq!(campaign.rules.len(), 12);
    let earlier = Campaign { deadline_day: Some(Day { year: 2023, month: 2, day: 28 }), ..campaign.clone() };

    // The dry run says what would change, and changes nothing.
    let request = TestCampaignRequest { campaign: Some(earlier.clone()), ..Default::default() };
    let trial = product.campaigns().test_campaign(request).await.expect("a dry run").into_inner();
    assert_eq!((trial.tested, trial.changes.len(), trial.truncated), (2, 1, false), "{trial:?}");
    let change = &trial.changes[0];
    assert_eq!(change.submission, before.message("INBOX", later).submission);
    assert_eq!(change.before.as_ref().expect("judged").verdict(), Verdict::Eligible);
    assert_eq!(change.after.as_ref().expect("judged").verdict(), Verdict::Late);
    assert_eq!(change.findings_after.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["deadline"]);
    assert_eq!(shipped(&product).await, campaign);
    assert_eq!(Ledger::read(&product).await.submissions, before.submissions);

    // Made, it holds for new mail, under a new revision; what was judged stays judged.
    let update = |campaign: &Campaign, validate_only: bool| UpdateCampaignRequest {
        campaign: Some(campaign.clone()),
        update_mask: mask(&["deadline_day"]),
        validate_only,
    };
    let mut client = product.campaigns();
    client.update_campaign(update(&earlier, true)).await.expect("it would be taken");
    assert_eq!(shipped(&product).await, campaign, "validate_only writes nothing");
    let made = client.update_campaign(update(&earlier, false)).await.expect("it is taken").into_inner();
    assert_eq!((made.revision, made.deadline_day), (2, earlier.deadline_day));
    assert_ne!(made.etag, campaign.etag);
    let stale = client.update_campaign(update(&earlier, false)).await.expect_err("the etag is an older one");
    assert_eq!(stale.code(), Code::Aborted, "{stale:?}");
    let new = session.append("INBOX", at("2023-03-01T00:00:00+08:00"), &plain_mail(USER, 2, 20));
    let after = Ledger::settled(&product, 3, BOUND).await;
    assert_eq!(verdict_of(&after, new), (Verdict::Late, 2));
    assert_eq!(verdict_of(&after, later), (Verdict::Eligible, 1));
    product.terminate().await;
    world.settings(&[world.mailbox()]).verify_with_server();
}

async fn a_second_campaign_takes_the_mail_with_its_tag(backend: Backend) {
    let world = World::new(backend);
    let product = world.start(&[world.mailbox()]);
    let shipped = shipped(&product).await;
    let second = Campaign {
        name: String::new(),
        etag: String::new(),
        revision: 0,
        theme: "政府购买服务改革十年".into(),
        tag: "改革十年".into(),
        // Without the contact's details, and with a longer body asked for.
        rules: shipped
            .rules
            .iter()
            .filter(|rule| !matches!(rule.check, Some(Check::ContactDetails(_))))
            .cloned()
            .collect(),
        ..shipped.clone()
    };
    let create = |campaign: &Campaign, validate_only: bool| CreateCampaignRequest {
        campaign: Some(campaign.clone()),
        validate_only,
    };
    let mut client = product.campaigns();

    // What is wrong is named by its field.
    let backwards = Campaign { opens_day: Some(Day { year: 2023, month: 4, day: 1 }), ..second.clone() };
    let no_day = Campaign { deadline_day: Some(Day { year: 2023, month: 2, day: 30 }), ..second.clone() };
    let untagged = Campaign { tag: String::new(), ..second.clone() };
    let twice = Campaign { rules: [second.rules.clone(), second.rules[..1].to_vec()].concat(), ..second.clone() };
    for (wrong, field) in [(&backwards, "day"), (&no_day, "deadline_day"), (&untagged, "tag"), (&twice, "rules")] {
        for validate_only in [true, false] {
            let status = client.create_campaign(create(wrong, validate_only)).await.expect_err(field);
            assert!(named(&status).iter().any(|name| name.contains(field)), "{field}: {:?}", named(&status));
        }
    }
    client.create_campaign(create(&second, true)).await.expect("it would be taken");
    let listed = client.list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
    assert_eq!(listed.campaigns.len(), 1, "nothing was made yet");

    let made = client.create_campaign(create(&second, false)).await.expect("it is made").into_inner();
    let request = GetCampaignRequest { name: made.name.clone() };
    assert_eq!(client.get_campaign(request).await.expect("it is there").into_inner(), made);
    assert_eq!((made.revision, made.theme.as_str(), made.rules.len()), (1, second.theme.as_str(), 11));
    let request = GetCampaignRequest { name: "campaigns/00000000-0000-0000-0000-000000000000".into() };
    assert_eq!(client.get_campaign(request).await.expect_err("there is none").code(), Code::NotFound);

    let mut session = world.session();
    let first = session.append("INBOX", in_time(), &plain_mail(USER, 0, 20));
    let tagged = String::from_utf8(plain_mail("second", 1, 20)).expect("UTF-8");
    let tagged = tagged
        .replace("=E4=B8=BB=E9=A2=98=E5=BE=81=E7=A8=BF", "=E6=94=B9=E9=9D=A9=E5=8D=81=E5=B9=B4")
        .replace("电话：0571-87057000\r\n", "");
    let other = session.append("INBOX", in_time(), tagged.as_bytes());
    let ledger = Ledger::settled(&product, 2, BOUND).await;
    ledger.assert_sound();
    let of = |place| ledger.submission_of(ledger.message("INBOX", place)).expect("it was recorded");
    assert_eq!(of(first).campaign, shipped.name);
    assert_eq!(of(other).campaign, made.name);
    assert_eq!((of(first).number, of(other).number), (1, 1), "numbers count within a campaign");
    assert_eq!(verdict_of(&ledger, other), (Verdict::Eligible, 1), "the rule that was left out is not checked");
    product.terminate().await;
}

on_each_backend! {
    a_changed_deadline_is_tried_on_stored_mail_then_made => super::a_changed_deadline_is_tried_then_made;
    a_second_campaign_takes_the_mail_that_has_its_tag => super::a_second_campaign_takes_the_mail_with_its_tag;
}
