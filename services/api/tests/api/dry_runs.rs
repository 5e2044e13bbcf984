//! Dry runs: a changed campaign tried on recorded mail.

use proto::intake::v1::{self, campaign_service_client::CampaignServiceClient};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

use crate::{
    campaigns::{client, default},
    world::{Mail, World, at, document, fields, refusal},
};

fn test(campaign: &v1::Campaign, mails_max: i32) -> v1::TestCampaignRequest {
    v1::TestCampaignRequest { campaign: Some(campaign.clone()), mails_max }
}

/// As complete, and with a document that makes it a near miss where the tag is missing.
fn manuscript(day: u32) -> Mail {
    let parts = vec![document("2", "做法与成效.txt", b"text", &"财政工作要服务大局。".repeat(80))];
    Mail { parts, ..complete(day) }
}

/// A dry run over all mail that changes nothing in the tables.
async fn tested(
    world: &World,
    client: &mut CampaignServiceClient<Channel>,
    campaign: &v1::Campaign,
) -> v1::TestCampaignResponse {
    let before = world.store.change_latest().await.unwrap();
    let answer = client.test_campaign(test(campaign, 0)).await.unwrap().into_inner();
    assert!(!answer.truncated);
    assert_eq!(world.store.change_latest().await.unwrap(), before);
    answer
}

/// Subject, class before and after, of each change.
fn classes(answer: &v1::TestCampaignResponse) -> Vec<(&str, v1::Class, v1::Class)> {
    let told = |change: &v1::JudgementChange| (change.class_before(), change.class_after());
    answer.changes.iter().map(|change| (change.subject.as_str(), told(change).0, told(change).1)).collect()
}

/// Complete but for its date: an earlier deadline makes it late, and nothing else changes.
fn complete(day: u32) -> Mail {
    let text = format!("作者:李敏\n单位:某省财政厅\n电话:13800001234\n\n{}", "财政工作要服务大局。".repeat(80));
    Mail { text, received_at: at(&format!("2023-03-{day:02}T12:00:00+08:00")), ..Mail::default() }
}

#[tokio::test]
async fn a_dry_run_tells_what_a_changed_deadline_would_change_and_writes_nothing() {
    let world = World::new().await;
    let mut newest = Uuid::nil();
    for day in [1, 10, 20, 30] {
        newest = world.assessed(&complete(day)).await;
    }
    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    let before = world.store.change_latest().await.unwrap();

    let same = client.test_campaign(test(&campaign, 0)).await.unwrap().into_inner();
    assert_eq!((same.tested, same.changes.as_slice(), same.truncated), (4, &[][..], false));

    campaign.deadline_day = Some(v1::Day { year: 2023, month: 3, day: 15 });
    let answer = client.test_campaign(test(&campaign, 0)).await.unwrap().into_inner();
    assert_eq!((answer.tested, answer.changes.len(), answer.truncated), (4, 2, false));
    let change = &answer.changes[0];
    let newest = world.store.message_get(newest).await.unwrap();
    assert_eq!(change.message, format!("messages/{}", newest.message.id));
    assert_eq!(change.submission, format!("submissions/{}", newest.submission_id.unwrap()));
    assert_eq!((&change.campaign_before, &change.campaign_after), (&campaign.name, &campaign.name));
    assert_ne!(change.before.as_ref().unwrap().verdict(), v1::Verdict::Late);
    assert_eq!(change.after.as_ref().unwrap().verdict(), v1::Verdict::Late);
    assert_eq!(change.after.as_ref().unwrap().campaign_revision, 2);
    let rules: Vec<&str> = change.findings_after.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["deadline"]);

    let two = client.test_campaign(test(&campaign, 2)).await.unwrap().into_inner();
    assert_eq!((two.tested, two.changes.len(), two.truncated), (2, 2, true));

    assert_eq!(world.store.change_latest().await.unwrap(), before);
    assert_eq!(world.store.campaign_get(world.campaign.id).await.unwrap(), world.campaign);
}

#[tokio::test]
async fn a_dry_run_goes_over_more_mail_than_it_holds_at_once() {
    let world = World::new().await;
    for _ in 0..45 {
        world.assessed(&complete(10)).await;
    }
    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    campaign.deadline_day = Some(v1::Day { year: 2023, month: 3, day: 1 });
    for (most, tested, truncated) in [(0, 45, false), (45, 45, false), (44, 44, true), (40, 40, true), (20, 20, true)] {
        let answer = client.test_campaign(test(&campaign, most)).await.unwrap().into_inner();
        let mut names: Vec<&str> = answer.changes.iter().map(|change| change.submission.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((answer.tested, names.len(), answer.truncated), (tested, tested as usize, truncated), "{most}");
    }
}

#[tokio::test]
async fn a_changed_tag_shows_the_mail_that_it_would_take_and_the_mail_that_it_would_lose() {
    let world = World::new().await;
    let titled =
        |day, subject: &str, from: &str| Mail { subject: subject.into(), from: from.into(), ..manuscript(day) };
    let note = Mail {
        text: "请问栏目何时刊出?".into(), parts: Vec::new(), ..titled(2, "读者来信:请教", "zhao@b.cn")
    };
    let near_miss = titled(3, "读者来信:绩效之我见", "qian@b.cn");
    let tagged = titled(4, "【主题征稿】做法与成效", "sun@b.cn");
    let both = titled(5, "主题征稿(读者来信):又一篇", "li@b.cn");
    let other = Mail { text: "会议改期。".into(), parts: Vec::new(), ..titled(6, "通知", "zhou@b.cn") };
    let mut ids = Vec::new();
    for mail in [&note, &near_miss, &tagged, &both, &other] {
        ids.push(world.assessed(mail).await);
    }
    // None of these is recorded mail with a letter to test.
    world.seen(at("2023-03-07T12:00:00+08:00")).await;
    world.stored(at("2023-03-07T12:00:00+08:00")).await;
    let released = world.quarantined(at("2023-03-08T12:00:00+08:00")).await;
    world.store.quarantine_release(released, "editor", "unreadable").await.unwrap();

    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    let answer = tested(&world, &mut client, &campaign).await;
    assert_eq!((answer.tested, answer.changes.len()), (5, 0), "{answer:?}");

    campaign.tag = "读者来信".into();
    let answer = tested(&world, &mut client, &campaign).await;
    assert_eq!(answer.tested, 5);
    let (nothing, near, submission) = (v1::Class::NotASubmission, v1::Class::NearMiss, v1::Class::Submission);
    let expected = [
        (tagged.subject.as_str(), submission, near),
        (near_miss.subject.as_str(), near, submission),
        (note.subject.as_str(), nothing, submission),
    ];
    assert_eq!(classes(&answer), expected);
    let taken = &answer.changes[2];
    assert_eq!((taken.message.clone(), taken.submission.as_str()), (format!("messages/{}", ids[0]), ""));
    assert_eq!((taken.campaign_before.as_str(), &taken.campaign_after), ("", &campaign.name));
    assert_eq!((taken.before.is_some(), taken.after.as_ref().unwrap().verdict()), (false, v1::Verdict::Incomplete));
    let told: Vec<_> = taken.findings_after.iter().map(|finding| (finding.rule.as_str(), finding.outcome())).collect();
    assert!(told.contains(&("subject-tag", v1::Outcome::Passed)), "{told:?}");
    assert!(told.contains(&("manuscript-present", v1::Outcome::Failed)), "{told:?}");
    assert!(answer.changes[..2].iter().all(|change| change.submission.starts_with("submissions/")));
}

#[tokio::test]
async fn a_changed_tag_gives_mail_to_another_campaign_of_the_mailbox_and_takes_mail_from_it() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    let wide = v1::Campaign { tag: "征稿".into(), theme: "又一主题".into(), ..campaign.clone() };
    let create = v1::CreateCampaignRequest { campaign: Some(wide), validate_only: false };
    let wide = client.create_campaign(create).await.unwrap().into_inner();
    let strict = Mail { from: "sun@b.cn".into(), ..complete(2) };
    let loose = Mail { subject: "征稿(绩效):一篇".into(), from: "li@b.cn".into(), ..complete(3) };
    for mail in [&strict, &loose] {
        world.assessed(mail).await;
    }
    let moves = |answer: &v1::TestCampaignResponse| -> Vec<(String, String, String)> {
        let told = |change: &v1::JudgementChange| {
            assert_eq!((change.class_before(), change.class_after()), (v1::Class::Submission, v1::Class::Submission));
            (change.subject.clone(), change.campaign_before.clone(), change.campaign_after.clone())
        };
        answer.changes.iter().map(told).collect()
    };
    let answer = tested(&world, &mut client, &campaign).await;
    assert_eq!((answer.tested, answer.changes.len()), (2, 0), "{answer:?}");

    campaign.tag = "征稿(绩效)".into();
    let answer = tested(&world, &mut client, &campaign).await;
    let (here, there) = (campaign.name.clone(), wide.name.clone());
    let expected = [(loose.subject.clone(), there.clone(), here.clone()), (strict.subject.clone(), here, there)];
    assert_eq!(moves(&answer), expected);
}

#[tokio::test]
async fn what_another_campaign_changes_is_not_told_of_this_one() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    let other = v1::Campaign { tag: "绩效征文".into(), ..campaign.clone() };
    let create = v1::CreateCampaignRequest { campaign: Some(other), validate_only: false };
    let mut other = client.create_campaign(create).await.unwrap().into_inner();
    let theirs = Mail { subject: "绩效征文:一篇".into(), from: "li@b.cn".into(), ..complete(20) };
    world.assessed(&theirs).await;
    world.assessed(&complete(20)).await;
    other.deadline_day = Some(v1::Day { year: 2023, month: 3, day: 15 });
    let update = v1::UpdateCampaignRequest { campaign: Some(other.clone()), ..Default::default() };
    client.update_campaign(update).await.unwrap();

    assert_eq!(tested(&world, &mut client, &campaign).await.changes, []);
    campaign.deadline_day = other.deadline_day;
    let answer = tested(&world, &mut client, &campaign).await;
    assert_eq!((answer.tested, answer.changes.len()), (2, 1));
    assert_eq!(answer.changes[0].campaign_before, campaign.name);
    // As its rules stand now, the other would judge its mail anew.
    let answer = tested(&world, &mut client, &other).await;
    assert_eq!((answer.changes.len(), &answer.changes[0].campaign_after), (1, &other.name));
}

#[tokio::test]
async fn a_campaign_that_moves_to_another_mailbox_leaves_its_mail_behind() {
    let world = World::new().await;
    world.assessed(&complete(2)).await;
    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    campaign.mailbox = "another@163.com".into();
    let answer = tested(&world, &mut client, &campaign).await;
    assert_eq!(answer.tested, 1);
    let expected = [(Mail::default().subject.as_str(), v1::Class::Submission, v1::Class::NotASubmission)]
        .map(|(subject, before, after)| (subject.to_owned(), before, after));
    let told: Vec<_> =
        classes(&answer).into_iter().map(|(subject, before, after)| (subject.to_owned(), before, after)).collect();
    assert_eq!(told, expected);
    assert_eq!(answer.changes[0].campaign_after, "");
    assert_eq!(answer.changes[0].after, None);

    // The address is compared as the worker compares it.
    campaign.mailbox = world.campaign.mailbox.to_uppercase();
    assert_eq!(tested(&world, &mut client, &campaign).await.changes, []);
}

#[tokio::test]
async fn a_correction_is_sorted_by_what_its_sender_had_sent_before_it() {
    let world = World::new().await;
    let correction = Mail { subject: "【主题征稿】做法与成效(修改稿)".into(), ..manuscript(3) };
    let later = Mail { subject: "【主题征稿】做法与成效".into(), ..manuscript(4) };
    for mail in [&manuscript(2), &correction, &later] {
        world.assessed(mail).await;
    }
    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    // The first was no correction of the ones after it.
    let answer = tested(&world, &mut client, &campaign).await;
    assert_eq!((answer.tested, answer.changes.len()), (3, 0), "{answer:?}");

    // The word alone makes the second a correction as before; the third was one by its tag and title.
    campaign.tag = "完全不同的标签".into();
    let answer = tested(&world, &mut client, &campaign).await;
    let (submission, correction, near) = (v1::Class::Submission, v1::Class::Correction, v1::Class::NearMiss);
    let told: Vec<_> = classes(&answer).into_iter().map(|(_, before, after)| (before, after)).collect();
    assert_eq!(told, [(correction, near), (submission, near)]);
}

#[tokio::test]
async fn a_dry_run_that_is_asked_wrongly_names_the_field() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let campaign = default(&mut client).await;
    assert_eq!(fields(client.test_campaign(test(&campaign, -1)).await), ["mails_max"]);
    assert_eq!(fields(client.test_campaign(v1::TestCampaignRequest::default()).await), ["campaign"]);
    let nameless = v1::Campaign { name: "x".into(), ..campaign.clone() };
    assert_eq!(fields(client.test_campaign(test(&nameless, 0)).await), ["campaign.name"]);
    let dayless = v1::Campaign { opens_day: None, ..campaign.clone() };
    assert_eq!(fields(client.test_campaign(test(&dayless, 0)).await), ["campaign.opens_day"]);
    let missing = v1::Campaign { name: format!("campaigns/{}", Uuid::now_v7()), ..campaign };
    let answer = client.test_campaign(test(&missing, 0)).await;
    assert_eq!(refusal(answer), (Code::NotFound, "CAMPAIGN_NOT_FOUND".into()));
}
