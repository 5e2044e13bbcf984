//! A mailbox tests itself: a mail leaves by SMTP, arrives by IMAP, and becomes no submission.

use std::time::Duration;

use proto::intake::v1::{
    ListMailboxesRequest, ListMessagesRequest, TestMailboxRequest, TestMailboxResponse,
    test_mailbox_response::{Outcome, Step},
};
use tests::{
    Backend, Product, World,
    product::{ADDRESS, Worker},
    smtp::{Route, Sink},
    wait_for,
    world::USER,
};

/// What is told of a test of the only mailbox.
async fn tested(product: &Product) -> Vec<(Step, Outcome)> {
    let mut client = product.mailboxes();
    let name = wait_for("the mailbox is known", Duration::from_secs(60), || async {
        let listed = product.mailboxes().list_mailboxes(ListMailboxesRequest {}).await.ok()?;
        listed.into_inner().mailboxes.pop().map(|mailbox| mailbox.name)
    })
    .await;
    let request = TestMailboxRequest { name };
    let mut stream = client.test_mailbox(request).await.expect("it is asked for").into_inner();
    let mut told = Vec::new();
    while let Some(next) = stream.message().await.expect("it is told") {
        if next.step() != Step::Unspecified {
            told.push(next);
        }
    }
    for TestMailboxResponse { sentence, .. } in &told {
        let sentence = sentence.as_ref().expect("words");
        assert!(!sentence.zh.is_empty() && !sentence.en.is_empty(), "{told:?}");
    }
    told.iter().map(|told| (told.step(), told.outcome())).collect()
}

async fn a_mailbox_tests_itself_and_its_mail_becomes_no_submission(backend: Backend) {
    let world = World::new(backend);
    let route = Route { address: ADDRESS.into(), port: world.dovecot.port, user: USER.into() };
    let sink = Sink::routing(vec![route]);
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]);
    let product = Product::start(&settings);
    let passed = [Step::Receive, Step::Folders, Step::Send, Step::Taken, Step::Seen, Step::SetAside];
    assert_eq!(tested(&product).await, passed.map(|step| (step, Outcome::Passed)));
    assert_eq!(sink.taken().len(), 1);
    let mut client = product.mailboxes();
    let listed = client.list_messages(ListMessagesRequest::default()).await.expect("a list").into_inner();
    assert_eq!(listed.messages.len(), 1, "it stands in the ledger");
    assert_eq!(listed.messages[0].submission, "", "and nowhere else");
    product.terminate().await;

    // A server that nobody listens at, with the worker in a process of its own: told at its step, with the rest not reached.
    let (port, nobody) = {
        let gone = Sink::start();
        (gone.port, gone.settings())
    };
    assert_ne!(port, sink.port);
    let settings = world.settings(&[world.mailbox().with("smtp", &nobody)]);
    let product = Product::start_api(&settings);
    let worker = Worker::start(&settings);
    let steps = tested(&product).await;
    assert_eq!(steps.last(), Some(&(Step::Send, Outcome::Failed)), "{steps:?}");
    assert_eq!(steps.len(), 3);
    product.terminate().await;
    assert!(worker.terminate());
    assert_eq!(sink.taken().len(), 1, "and nothing answered it");
}

on_each_backend! {
    a_mailbox_tests_itself_and_its_mail_becomes_no_submission =>
        super::a_mailbox_tests_itself_and_its_mail_becomes_no_submission;
}
