//! A mailbox's test as its asker sees it, while a worker that is made up does it.

use std::time::Duration;

use api::TokenSetting;
use intake::review::Role;
use proto::intake::v1::{
    TestMailboxRequest,
    mailbox_service_client::MailboxServiceClient,
    test_mailbox_response::{Outcome, Step},
};
use stdx::Sha256;
use store::mailbox_test::{TestNote, TestOutcome, TestStep};
use tonic::{Code, Request};
use uuid::Uuid;

use crate::world::{World, refusal, soon};

fn by(token: &str, name: &str) -> Request<TestMailboxRequest> {
    let mut request = Request::new(TestMailboxRequest { name: name.into() });
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_told_step_by_step_to_an_administrator_alone() {
    let world = World::new().await;
    let token = |name: &str, role| TokenSetting { name: name.into(), sha256: Sha256::of(name.as_bytes()), role };
    let tokens = vec![token("chief", Role::ChiefEditor), token("admin", Role::Administrator)];
    let server = world.serve_with(tokens).await;
    let mut client = MailboxServiceClient::new(server.channel().await);
    let name = format!("mailboxes/{}", world.mailbox_id);
    let refused = client.test_mailbox(by("chief", &name)).await.map(|_| tonic::Response::new(()));
    assert_eq!(refusal(refused).0, Code::PermissionDenied);
    let unknown = client.test_mailbox(by("admin", &format!("mailboxes/{}", Uuid::now_v7()))).await;
    assert_eq!(refusal(unknown.map(|_| tonic::Response::new(()))).0, Code::NotFound);

    let mut stream = client.test_mailbox(by("admin", &name)).await.unwrap().into_inner();
    let second = client.test_mailbox(by("admin", &name)).await.map(|_| tonic::Response::new(()));
    let (code, reason, ..) = refusal(second);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "MAILBOX_TEST_RUNNING"), "one at a time");
    let test = soon("the test", async {
        loop {
            if let Some(test) = world.store.mailbox_test_take(world.mailbox_id, "worker").await.unwrap() {
                return test;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let note = |step, outcome, zh: &str| TestNote { step, outcome, zh: zh.into(), en: "said".into() };
    let mut notes = vec![note(TestStep::Receive, TestOutcome::Passed, "已登录")];
    world.store.mailbox_test_note(test.id, &notes, false).await.unwrap();
    let beat = soon("an answer", stream.message()).await.unwrap().unwrap();
    assert_eq!((beat.step(), beat.done), (Step::Unspecified, false));
    let first = soon("a step", stream.message()).await.unwrap().unwrap();
    assert_eq!((first.step(), first.outcome(), first.done), (Step::Receive, Outcome::Passed, false));
    assert_eq!(first.sentence.unwrap().zh, "已登录");
    notes.push(note(TestStep::Folders, TestOutcome::Failed, "打不开"));
    world.store.mailbox_test_note(test.id, &notes, true).await.unwrap();
    let second = soon("a step", stream.message()).await.unwrap().unwrap();
    assert_eq!((second.step(), second.outcome()), (Step::Folders, Outcome::Failed));
    let end = soon("the end", stream.message()).await.unwrap().unwrap();
    assert_eq!((end.step(), end.done), (Step::Unspecified, true));
    assert!(soon("nothing more", stream.message()).await.unwrap().is_none());
}
