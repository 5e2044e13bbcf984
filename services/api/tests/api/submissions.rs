//! Submissions: one, lists, filters, pages and the stream of changes.

use chrono::TimeDelta;
use intake::{finding::RuleCode, sorting::Class};
use proto::intake::v1::{self, submission_service_client::SubmissionServiceClient};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

use crate::world::{Mail, World, at, document, fields, refusal, soon};

async fn client(world: &World) -> (SubmissionServiceClient<Channel>, crate::world::Server) {
    let server = world.serve().await;
    (SubmissionServiceClient::new(server.channel().await), server)
}

fn name(id: Uuid) -> String {
    format!("submissions/{id}")
}

#[tokio::test]
async fn a_submission_is_shown_with_its_facts_findings_and_judgement() {
    let world = World::new().await;
    let part = document("2", "稿件.txt", b"bytes", "全文");
    let mail = Mail { parts: vec![part.clone()], failed: vec![RuleCode::VideoDuration], ..Mail::default() };
    let id = world.submission(&mail).await;
    let (mut client, _server) = client(&world).await;

    let shown = client.get_submission(v1::GetSubmissionRequest { name: name(id) }).await.unwrap().into_inner();
    assert_eq!(shown.name, name(id));
    assert_eq!(shown.root, name(id));
    assert_eq!((shown.number, shown.version), (1, 1));
    assert_eq!(shown.campaign, format!("campaigns/{}", world.campaign.id));
    assert_eq!(shown.class(), v1::Class::Submission);
    assert_eq!(shown.class_reason.unwrap().zh, "主题含有“主题征稿”");
    assert_eq!(shown.subject, mail.subject);
    assert_eq!(shown.from.unwrap().address, mail.from);
    assert_eq!(shown.date, "2023-02-28T23:00:00+09:00");
    assert_eq!(shown.received_time.unwrap().seconds, mail.received_at.timestamp());
    assert_eq!(shown.received_basis, "internal_date");
    assert_eq!(shown.text, mail.text);
    assert_eq!(shown.contact.unwrap().names[0].value, "李敏");
    let attachment = &shown.attachments[0];
    assert_eq!((attachment.path.as_str(), attachment.file_name.as_str()), ("2", "稿件.txt"));
    assert_eq!(attachment.sha256, part.sha256.hex());
    let Some(v1::attachment::Content::Document(document)) = &attachment.content else { panic!("{attachment:?}") };
    assert_eq!((document.text.as_str(), document.characters, document.pictures), ("全文", 2, 2));
    assert_eq!(shown.findings[1].rule, "video-duration");
    assert_eq!(shown.findings[1].outcome(), v1::Outcome::Failed);
    assert_eq!(shown.findings[1].evidence[0].place, "body");
    let judgement = shown.judgement.unwrap();
    assert_eq!(judgement.verdict(), v1::Verdict::Incomplete);
    assert_eq!(judgement.failed, ["video-duration"]);

    let missing = v1::GetSubmissionRequest { name: name(Uuid::now_v7()) };
    let answer = client.get_submission(missing).await;
    assert_eq!(refusal(answer), (Code::NotFound, "SUBMISSION_NOT_FOUND".into()));
    let wrong = v1::GetSubmissionRequest { name: format!("messages/{id}") };
    assert_eq!(fields(client.get_submission(wrong).await), ["name"]);
}

#[tokio::test]
async fn long_texts_are_cut_so_that_an_answer_fits_into_what_clients_take() {
    let world = World::new().await;
    let long = "绩".repeat(40_000);
    let parts = (0..60).map(|index| document(&index.to_string(), "稿", &[index], &long)).collect();
    let id = world.submission(&Mail { text: long.clone(), parts, ..Mail::default() }).await;
    let (mut client, _server) = client(&world).await;
    let shown = client.get_submission(v1::GetSubmissionRequest { name: name(id) }).await.unwrap().into_inner();
    // 64 KiB is no multiple of three.
    assert_eq!(shown.text, "绩".repeat(64 * 1024 / 3));
    let documents: Vec<&v1::Document> = shown
        .attachments
        .iter()
        .map(|attachment| match &attachment.content {
            Some(v1::attachment::Content::Document(document)) => document,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(documents.len(), 60);
    assert_eq!(documents[0].text.len(), 64 * 1024 / 3 * 3);
    assert!(documents.iter().all(|document| document.truncated && document.characters == 40_000));
    assert!(documents.iter().map(|document| document.text.len()).sum::<usize>() <= 2 * 1024 * 1024);
}

#[tokio::test]
async fn a_list_leaves_out_texts_and_evidence() {
    let world = World::new().await;
    let mail = Mail { parts: vec![document("2", "稿件.txt", b"bytes", "全文")], ..Mail::default() };
    world.submission(&mail).await;
    let (mut client, _server) = client(&world).await;
    let list = client.list_submissions(v1::ListSubmissionsRequest::default()).await.unwrap().into_inner();
    let shown = &list.submissions[0];
    assert_eq!(shown.subject, mail.subject);
    assert_eq!(shown.text, "");
    assert_eq!(shown.attachments[0].file_name, "稿件.txt");
    let Some(v1::attachment::Content::Document(document)) = &shown.attachments[0].content else { panic!() };
    assert_eq!((document.text.as_str(), document.characters), ("", 2));
    assert!(shown.findings.iter().all(|finding| finding.evidence.is_empty()));
    assert_eq!(list.next_page_token, "");
}

#[tokio::test]
async fn filters_choose_and_orders_order() {
    let world = World::new().await;
    let day = |day: u32| at(&format!("2023-03-{day:02}T12:00:00+08:00"));
    let mail = |subject: &str, day_of: u32, class, failed: &[RuleCode]| Mail {
        subject: subject.into(),
        received_at: day(day_of),
        class,
        failed: failed.to_vec(),
        ..Mail::default()
    };
    let mails = [
        mail("主题征稿 甲", 3, Class::Submission, &[]),
        mail("主题征稿 乙", 1, Class::Submission, &[RuleCode::VideoDuration]),
        mail("丙 绩效评价", 2, Class::NearMiss, &[]),
        Mail {
            from: "Wang@example.cn".into(), ..mail("主题征稿 丁", 4, Class::Correction, &[RuleCode::Deadline])
        },
        Mail { received_at: at("2022-11-01T00:00:00+08:00"), ..mail("主题征稿 戊", 1, Class::Submission, &[]) },
    ];
    for mail in &mails {
        world.submission(mail).await;
    }
    world.received(&Mail { class: Class::Bounce, ..Mail::default() }).await;
    let (mut client, _server) = client(&world).await;
    let campaign = format!("campaigns/{}", world.campaign.id);

    // (filter, order) → numbers in order
    let table: [(&str, &str, &[u64]); 18] = [
        ("", "", &[4, 1, 3, 2, 5]),
        ("", "received_time desc", &[4, 1, 3, 2, 5]),
        ("", "received_time", &[5, 2, 3, 1, 4]),
        ("", "number", &[1, 2, 3, 4, 5]),
        ("", "number desc", &[5, 4, 3, 2, 1]),
        ("class = NEAR_MISS", "number", &[3]),
        ("class != submission", "number", &[3, 4]),
        ("class = BOUNCE", "number", &[]),
        ("verdict = LATE", "number", &[4]),
        ("verdict != ELIGIBLE", "number", &[2, 4]),
        ("from = wang@EXAMPLE.cn", "number", &[4]),
        ("subject : \"绩效\"", "number", &[3]),
        ("subject : \"%\"", "number", &[]),
        ("finding = \"video-duration\"", "number", &[2]),
        ("backfilled = true", "number", &[5]),
        ("received_time >= 2023-03-02 AND received_time < 2023-03-04", "number", &[1, 3]),
        ("received_time <= \"2023-03-02T04:00:00Z\"", "number", &[2, 3, 5]),
        ("received_time > \"2023-03-02T04:00:00Z\" AND class = SUBMISSION", "number", &[1]),
    ];
    for (filter, order_by, expected) in table {
        let request = v1::ListSubmissionsRequest {
            filter: filter.into(),
            order_by: order_by.into(),
            campaign: campaign.clone(),
            ..v1::ListSubmissionsRequest::default()
        };
        let list = client.list_submissions(request).await.unwrap().into_inner();
        let numbers: Vec<u64> = list.submissions.iter().map(|submission| submission.number).collect();
        assert_eq!(numbers, expected, "{filter} / {order_by}");
    }
    let other = v1::ListSubmissionsRequest { campaign: format!("campaigns/{}", Uuid::now_v7()), ..Default::default() };
    assert_eq!(client.list_submissions(other).await.unwrap().into_inner().submissions, []);
}

#[tokio::test]
async fn a_list_that_is_asked_wrongly_names_the_field() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let base = v1::ListSubmissionsRequest::default;
    let table = [
        (v1::ListSubmissionsRequest { page_size: -1, ..base() }, "page_size"),
        (v1::ListSubmissionsRequest { page_token: "abc".into(), ..base() }, "page_token"),
        (v1::ListSubmissionsRequest { campaign: "campaigns/1".into(), ..base() }, "campaign"),
        (v1::ListSubmissionsRequest { filter: "class = ".into(), ..base() }, "filter"),
        (v1::ListSubmissionsRequest { order_by: "subject".into(), ..base() }, "order_by"),
        (v1::ListSubmissionsRequest { order_by: "number desc desc".into(), ..base() }, "order_by"),
    ];
    for (request, field) in table {
        assert_eq!(fields(client.list_submissions(request.clone()).await), [field], "{request:?}");
        assert_eq!(refusal(client.list_submissions(request).await), (Code::InvalidArgument, "FIELD_INVALID".into()));
    }
    let status = client.list_submissions(v1::ListSubmissionsRequest { filter: "class = X".into(), ..base() }).await;
    assert!(status.unwrap_err().message().starts_with("filter: at character 9: expected SUBMISSION"));
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_mail_comes_in() {
    let world = World::new().await;
    let there = world.submissions(20).await;
    let (mut client, _server) = client(&world).await;
    for order_by in ["received_time desc", "received_time", "number", "number desc"] {
        let mut request = v1::ListSubmissionsRequest { page_size: 7, order_by: order_by.into(), ..Default::default() };
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = client.list_submissions(request.clone()).await.unwrap().into_inner();
            assert!(page.submissions.len() <= 7);
            seen.extend(page.submissions.into_iter().map(|submission| submission.name));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
            // One mail before everything, one in the middle, one after everything.
            for minutes in [-60, 5, 600] {
                let received_at = Mail::default().received_at + TimeDelta::minutes(minutes);
                if seen.len() < 20 {
                    world.submission(&Mail { received_at, ..Mail::default() }).await;
                }
            }
        }
        let mut told = seen.clone();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), seen.len(), "repeated, {order_by}");
        assert!(there.iter().all(|id| seen.contains(&name(*id))), "skipped, {order_by}");
    }
}

#[tokio::test]
async fn a_page_token_belongs_to_its_query_and_to_this_installation() {
    let world = World::new().await;
    world.submissions(3).await;
    let (mut client, _server) = client(&world).await;
    let first = v1::ListSubmissionsRequest { page_size: 1, ..Default::default() };
    let token = client.list_submissions(first).await.unwrap().into_inner().next_page_token;
    let next = v1::ListSubmissionsRequest { page_size: 2, page_token: token.clone(), ..Default::default() };
    assert_eq!(client.list_submissions(next.clone()).await.unwrap().into_inner().submissions.len(), 2);
    for wrong in [
        v1::ListSubmissionsRequest { filter: "backfilled = false".into(), ..next.clone() },
        v1::ListSubmissionsRequest { order_by: "number".into(), ..next.clone() },
        v1::ListSubmissionsRequest { campaign: format!("campaigns/{}", world.campaign.id), ..next.clone() },
        v1::ListSubmissionsRequest { page_token: token.to_uppercase(), ..next.clone() },
    ] {
        assert_eq!(fields(client.list_submissions(wrong).await), ["page_token"]);
    }
}

/// Reads the stream until `count` submissions came; gives their numbers and the last token.
async fn read(stream: &mut tonic::Streaming<v1::WatchSubmissionsResponse>, count: usize) -> (Vec<u64>, String) {
    let mut numbers = Vec::new();
    loop {
        let response = soon("a response", stream.message()).await.unwrap().unwrap();
        numbers.extend(response.submission.map(|submission| submission.number));
        if numbers.len() == count {
            return (numbers, response.resume_token);
        }
    }
}

#[tokio::test]
async fn a_watch_that_was_cut_resumes_and_gets_each_submission_exactly_once() {
    let world = World::new().await;
    world.submissions(3).await;
    let (mut client, _server) = client(&world).await;
    let from =
        |resume_token: &str| v1::WatchSubmissionsRequest { resume_token: resume_token.into(), ..Default::default() };

    let mut stream = client.watch_submissions(from("0")).await.unwrap().into_inner();
    let (numbers, token) = read(&mut stream, 2).await;
    assert_eq!(numbers, [1, 2]);
    drop(stream);

    world.submissions(2).await;
    let mut stream = client.watch_submissions(from(&token)).await.unwrap().into_inner();
    let (numbers, _) = read(&mut stream, 3).await;
    assert_eq!(numbers, [3, 4, 5]);
    // It is at the end now, and what comes later arrives by itself.
    world.submissions(1).await;
    let (numbers, token) = read(&mut stream, 1).await;
    assert_eq!(numbers, [6]);

    let mut stream = client.watch_submissions(from(&token)).await.unwrap().into_inner();
    let first = soon("a heartbeat", stream.message()).await.unwrap().unwrap();
    assert_eq!((first.submission, first.resume_token), (None, token));
}

#[tokio::test]
async fn a_watch_without_a_token_begins_now_and_at_once_says_where() {
    let world = World::new().await;
    world.submissions(2).await;
    let (mut client, _server) = client(&world).await;
    let mut stream = client.watch_submissions(v1::WatchSubmissionsRequest::default()).await.unwrap().into_inner();
    let first = soon("a heartbeat", stream.message()).await.unwrap().unwrap();
    assert_eq!(first.submission, None);
    world.submissions(1).await;
    assert_eq!(read(&mut stream, 1).await.0, [3]);
    let resume = v1::WatchSubmissionsRequest { resume_token: first.resume_token, ..Default::default() };
    let mut stream = client.watch_submissions(resume).await.unwrap().into_inner();
    assert_eq!(read(&mut stream, 1).await.0, [3]);
}

#[tokio::test]
async fn a_watch_of_another_campaign_passes_over_what_is_not_its_own() {
    let world = World::new().await;
    world.submissions(2).await;
    let (mut client, _server) = client(&world).await;
    let campaign = format!("campaigns/{}", Uuid::now_v7());
    let watch = v1::WatchSubmissionsRequest { resume_token: "0".into(), campaign };
    let mut stream = client.watch_submissions(watch).await.unwrap().into_inner();
    let first = soon("a heartbeat", stream.message()).await.unwrap().unwrap();
    assert_eq!((first.submission, first.resume_token), (None, "2".into()));
}

#[tokio::test]
async fn a_watch_refuses_tokens_that_it_never_gave() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let from =
        |resume_token: &str| v1::WatchSubmissionsRequest { resume_token: resume_token.into(), ..Default::default() };
    assert_eq!(fields(client.watch_submissions(from("x")).await), ["resume_token"]);
    let ahead = client.watch_submissions(from("7")).await;
    assert_eq!(refusal(ahead), (Code::OutOfRange, "RESUME_TOKEN_AHEAD".into()));
}

#[tokio::test]
async fn a_mail_of_ten_thousand_parts_is_shown_in_part_and_does_not_end_the_watch() {
    let world = World::new().await;
    let name_long = "名".repeat(341);
    let parts =
        (0..10_000_u32).map(|index| document(&index.to_string(), &name_long, &index.to_be_bytes(), "文")).collect();
    let id = world.submission(&Mail { parts, ..Mail::default() }).await;
    world.submissions(1).await;
    let (mut client, _server) = client(&world).await;

    let shown = client.get_submission(v1::GetSubmissionRequest { name: name(id) }).await.unwrap().into_inner();
    let kept = shown.attachments.len();
    assert!((100..10_000).contains(&kept), "{kept}");
    let fault = shown.faults.last().unwrap();
    assert_eq!((fault.code.as_str(), fault.place.as_str()), ("answer_cut", "attachments"));
    assert_eq!(fault.detail, format!("{kept} of 10000 are shown"));

    let all = v1::WatchSubmissionsRequest { resume_token: "0".into(), ..Default::default() };
    let mut stream = client.watch_submissions(all).await.unwrap().into_inner();
    assert_eq!(read(&mut stream, 2).await.0, [1, 2]);

    let mut request = v1::ListSubmissionsRequest::default();
    let mut numbers = Vec::new();
    loop {
        let page = client.list_submissions(request.clone()).await.unwrap().into_inner();
        numbers.extend(page.submissions.iter().map(|submission| submission.number));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(numbers.len(), 2);
}
