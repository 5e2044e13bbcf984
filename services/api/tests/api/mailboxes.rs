//! Mailboxes, messages with their history, the question whether server and rows agree, and the quarantine.

use std::time::Duration;

use api::TokenSetting;
use chrono::TimeDelta;
use intake::{
    ports::{FolderReconciliation, Ledger},
    review::Role,
};
use proto::intake::v1::{
    self, mailbox_service_client::MailboxServiceClient, quarantine_service_client::QuarantineServiceClient,
};
use stdx::Sha256;
use tonic::{Code, Request, transport::Channel};
use uuid::Uuid;

use crate::world::{EPOCH, Mail, Server, World, at, fields, refusal, soon};

async fn client(world: &World) -> (MailboxServiceClient<Channel>, Server) {
    let server = world.serve().await;
    (MailboxServiceClient::new(server.channel().await), server)
}

#[tokio::test]
async fn a_mailbox_is_new_then_ok_then_failing_and_says_how() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let name = format!("mailboxes/{}", world.mailbox_id);
    let get = || v1::GetMailboxRequest { name: name.clone() };
    let shown = client.get_mailbox(get()).await.unwrap().into_inner();
    assert_eq!((shown.name.as_str(), shown.display_name.as_str(), shown.kind.as_str()), (&*name, "投稿邮箱", "imap"));
    assert_eq!(shown.state(), v1::mailbox::State::New);
    assert_eq!(shown.answer_from_time.unwrap().seconds, at("2022-12-01T00:00:00+08:00").timestamp());

    world.seen(Mail::default().received_at).await;
    world.store.sweep_noted(&world.lease, "INBOX", Ok(1)).await.unwrap();
    let shown = client.get_mailbox(get()).await.unwrap().into_inner();
    assert_eq!((shown.state(), shown.last_error.as_str()), (v1::mailbox::State::Ok, ""));
    let folder = &shown.folders[0];
    assert_eq!((folder.folder.as_str(), folder.uidvalidity), ("INBOX", EPOCH));
    assert_eq!((folder.position, folder.server_count, folder.row_count), (1, 1, 1));
    assert!(shown.lag_seconds > 0);

    world.store.sweep_noted(&world.lease, "INBOX", Err("NO Unsafe Login")).await.unwrap();
    let shown = client.get_mailbox(get()).await.unwrap().into_inner();
    assert_eq!((shown.state(), shown.last_error.as_str()), (v1::mailbox::State::Failing, "NO Unsafe Login"));
    assert!(shown.last_error_time.is_some());
    let list = client.list_mailboxes(v1::ListMailboxesRequest {}).await.unwrap().into_inner();
    assert_eq!(list.mailboxes.len(), 1);
    assert_eq!(list.mailboxes[0].name, name);

    let missing = v1::GetMailboxRequest { name: format!("mailboxes/{}", Uuid::now_v7()) };
    assert_eq!(refusal(client.get_mailbox(missing).await), (Code::NotFound, "MAILBOX_NOT_FOUND".into()));
    assert_eq!(fields(client.get_mailbox(v1::GetMailboxRequest::default()).await), ["name"]);
}

#[tokio::test]
async fn messages_are_listed_by_mailbox_and_stage_and_shown_with_their_history() {
    let world = World::new().await;
    let recorded = world.received(&Mail::default()).await;
    let seen = world.seen(at("2023-03-02T00:00:00Z")).await.id;
    let quarantined = world.quarantined(at("2023-03-03T00:00:00Z")).await;
    let (mut client, _server) = client(&world).await;
    let name = |id: Uuid| format!("messages/{id}");
    let base = v1::ListMessagesRequest::default;
    let mailbox = format!("mailboxes/{}", world.mailbox_id);
    let (seen_stage, recorded_stage) = (v1::Stage::Seen.into(), v1::Stage::Recorded.into());
    let table = [
        (base(), vec![quarantined, seen, recorded]),
        (v1::ListMessagesRequest { mailbox, ..base() }, vec![quarantined, seen, recorded]),
        (v1::ListMessagesRequest { mailbox: format!("mailboxes/{}", Uuid::now_v7()), ..base() }, vec![]),
        (v1::ListMessagesRequest { stages: vec![seen_stage], ..base() }, vec![seen]),
        (
            v1::ListMessagesRequest { stages: vec![seen_stage, recorded_stage, seen_stage], ..base() },
            vec![seen, recorded],
        ),
        (v1::ListMessagesRequest { classes: vec![v1::Class::Submission.into()], ..base() }, vec![recorded]),
        (v1::ListMessagesRequest { classes: vec![v1::Class::Bounce.into()], ..base() }, vec![]),
        (v1::ListMessagesRequest { text: "主题征稿".into(), ..base() }, vec![recorded]),
        (v1::ListMessagesRequest { text: "没有这几个字".into(), ..base() }, vec![]),
    ];
    for (request, expected) in table {
        let list = client.list_messages(request.clone()).await.unwrap().into_inner();
        let names: Vec<&str> = list.messages.iter().map(|message| message.name.as_str()).collect();
        assert_eq!(names, expected.into_iter().map(name).collect::<Vec<_>>(), "{request:?}");
        assert!(list.messages.iter().all(|message| message.history.is_empty()));
    }
    let unknown = v1::ListMessagesRequest { stages: vec![1, 77], ..base() };
    assert_eq!(fields(client.list_messages(unknown).await), ["stages[1]"]);
    let unspecified = v1::ListMessagesRequest { stages: vec![0], ..base() };
    assert_eq!(fields(client.list_messages(unspecified).await), ["stages[0]"]);
    let strange = v1::ListMessagesRequest { classes: vec![0], ..base() };
    assert_eq!(fields(client.list_messages(strange).await), ["classes[0]"]);
    let long = v1::ListMessagesRequest { text: "长".repeat(201), ..base() };
    assert_eq!(fields(client.list_messages(long).await), ["text"]);

    let get = |id| v1::GetMessageRequest { name: name(id) };
    let shown = client.get_message(get(recorded)).await.unwrap().into_inner();
    assert_eq!((shown.stage(), shown.class()), (v1::Stage::Recorded, v1::Class::Submission));
    assert_eq!(shown.subject, Mail::default().subject);
    assert!(shown.submission.starts_with("submissions/"));
    let stages: Vec<v1::Stage> = shown.history.iter().map(v1::MessageEvent::to).collect();
    assert_eq!(stages, [v1::Stage::Seen, v1::Stage::Stored, v1::Stage::Parsed, v1::Stage::Recorded]);
    assert_eq!(shown.history[0].from(), v1::Stage::Unspecified);
    let answer = client.get_message(get(Uuid::now_v7())).await;
    assert_eq!(refusal(answer), (Code::NotFound, "MESSAGE_NOT_FOUND".into()));
}

#[tokio::test]
async fn pages_of_messages_neither_skip_nor_repeat_while_mail_comes_in() {
    let world = World::new().await;
    let start = Mail::default().received_at;
    let mut there = Vec::new();
    for minutes in 0..10 {
        there.push(format!("messages/{}", world.seen(start + TimeDelta::minutes(minutes)).await.id));
    }
    let (mut client, _server) = client(&world).await;
    let mut request = v1::ListMessagesRequest { page_size: 3, ..Default::default() };
    let mut told = Vec::new();
    loop {
        let page = client.list_messages(request.clone()).await.unwrap().into_inner();
        told.extend(page.messages.into_iter().map(|message| message.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        world.seen(start + TimeDelta::minutes(60)).await;
    }
    there.reverse();
    assert_eq!(told, there);
    let elsewhere = v1::ListMessagesRequest { stages: vec![1], ..request };
    assert_eq!(fields(client.list_messages(elsewhere).await), ["page_token"]);
}

#[tokio::test]
async fn a_reconciliation_waits_for_the_worker_and_gives_what_it_found() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let request = v1::ReconcileMailboxRequest { name: format!("mailboxes/{}", world.mailbox_id) };
    let worker = async {
        let asked = loop {
            match world.store.reconcile_asked(world.mailbox_id).await.unwrap() {
                Some(asked) => break asked,
                None => tokio::task::yield_now().await,
            }
        };
        let found = FolderReconciliation {
            folder: "INBOX".into(),
            server_count: 12,
            missing: vec![3, 4],
            missing_count: 2,
            gone_count: 1,
            reconciled_at: at("2023-03-01T00:00:00Z"),
        };
        world.store.reconcile_noted(&world.lease, asked, &[found]).await.unwrap();
    };
    let (answer, ()) = soon("the answer", async { tokio::join!(client.reconcile_mailbox(request), worker) }).await;
    let folders = answer.unwrap().into_inner().folders;
    assert_eq!(folders.len(), 1);
    assert_eq!((folders[0].server_count, folders[0].missing.as_slice()), (12, &[3, 4][..]));
    assert_eq!((folders[0].missing_count, folders[0].gone_count), (2, 1));

    let missing = v1::ReconcileMailboxRequest { name: format!("mailboxes/{}", Uuid::now_v7()) };
    assert_eq!(refusal(client.reconcile_mailbox(missing).await), (Code::NotFound, "MAILBOX_NOT_FOUND".into()));
}

#[tokio::test]
async fn a_reconciliation_that_no_worker_answers_ends_with_the_callers_deadline() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let name = format!("mailboxes/{}", world.mailbox_id);
    let mut request = Request::new(v1::ReconcileMailboxRequest { name });
    request.set_timeout(Duration::from_secs(2));
    let answer = soon("a refusal", client.reconcile_mailbox(request)).await;
    assert_eq!(refusal(answer), (Code::DeadlineExceeded, "WORKER_SILENT".into()));
}

fn quarantine(channel: Channel) -> QuarantineServiceClient<Channel> {
    QuarantineServiceClient::new(channel)
}

#[tokio::test]
async fn the_quarantine_lists_what_is_in_it_and_shows_nothing_else() {
    let world = World::new().await;
    let recorded = world.received(&Mail::default()).await;
    let older = world.quarantined(at("2023-03-03T00:00:00Z")).await;
    let newer = world.quarantined(at("2023-03-04T00:00:00Z")).await;
    let server = world.serve().await;
    let mut client = quarantine(server.channel().await);
    let first = v1::ListQuarantinedRequest { page_size: 1, ..Default::default() };
    let page = client.list_quarantined(first).await.unwrap().into_inner();
    assert_eq!(page.messages[0].name, format!("messages/{newer}"));
    let next = v1::ListQuarantinedRequest { page_size: 1, page_token: page.next_page_token };
    let page = client.list_quarantined(next).await.unwrap().into_inner();
    assert_eq!(page.messages[0].name, format!("messages/{older}"));
    assert_eq!(page.messages[0].stage_failed(), v1::Stage::Stored);
    assert_eq!(page.next_page_token, "");

    let get = |id| v1::GetQuarantinedRequest { name: format!("messages/{id}") };
    let shown = client.get_quarantined(get(older)).await.unwrap().into_inner();
    assert_eq!(shown.reason, "too_deep: 10000 levels, at most 50");
    assert_eq!(shown.history.last().unwrap().to(), v1::Stage::Quarantined);
    for id in [recorded, Uuid::now_v7()] {
        let answer = client.get_quarantined(get(id)).await;
        assert_eq!(refusal(answer), (Code::NotFound, "MESSAGE_NOT_FOUND".into()));
    }
}

#[tokio::test]
async fn a_retry_and_a_release_are_written_into_the_history_with_who_and_why() {
    let world = World::new().await;
    let (retried, released) =
        (world.quarantined(at("2023-03-03T00:00:00Z")).await, world.quarantined(at("2023-03-04T00:00:00Z")).await);
    let token = TokenSetting { name: "editor-zhang".into(), sha256: Sha256::of(b"secret"), role: Role::Administrator };
    let server = world.serve_with(vec![token]).await;
    let with_token = |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", "Bearer secret".parse().unwrap());
        Ok(request)
    };
    let mut client = QuarantineServiceClient::with_interceptor(server.channel().await, with_token);
    let name = |id: Uuid| format!("messages/{id}");

    let retry = |reason: &str| v1::RetryQuarantinedRequest { name: name(retried), reason: reason.into() };
    let release = |reason: &str| v1::ReleaseQuarantinedRequest { name: name(released), reason: reason.into() };
    for wrong in ["", "  ", "two\nlines", &"长".repeat(501)] {
        assert_eq!(fields(client.retry_quarantined(retry(wrong)).await), ["reason"], "{wrong}");
        assert_eq!(fields(client.release_quarantined(release(wrong)).await), ["reason"], "{wrong}");
    }

    let shown = client.retry_quarantined(retry("修好了解析器")).await.unwrap().into_inner();
    assert_eq!((shown.stage(), shown.tries), (v1::Stage::Stored, 0));
    let line = shown.history.last().unwrap();
    assert_eq!((line.from(), line.to()), (v1::Stage::Quarantined, v1::Stage::Stored));
    assert_eq!(line.actor, "caller:editor-zhang");
    assert!(line.detail.contains("修好了解析器"), "{}", line.detail);

    let shown = client.release_quarantined(release("广告,不必再看")).await.unwrap().into_inner();
    assert_eq!((shown.stage(), shown.class()), (v1::Stage::Recorded, v1::Class::Unreadable));
    assert_eq!(shown.history.last().unwrap().actor, "caller:editor-zhang");

    let again = client.retry_quarantined(retry("再试")).await;
    assert_eq!(refusal(again), (Code::FailedPrecondition, "NOT_IN_QUARANTINE".into()));
    let again = client.release_quarantined(release("再试")).await;
    assert_eq!(refusal(again), (Code::FailedPrecondition, "NOT_IN_QUARANTINE".into()));
    let missing = v1::RetryQuarantinedRequest { name: name(Uuid::now_v7()), reason: "x".into() };
    assert_eq!(refusal(client.retry_quarantined(missing).await), (Code::NotFound, "MESSAGE_NOT_FOUND".into()));
}
