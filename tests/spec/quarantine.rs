//! A mail that nobody can open is set aside, kept, tried again on request, and released by an editor.

use std::time::Duration;

use proto::intake::v1::{
    Class, DownloadRawRequest, GetQuarantinedRequest, ListQuarantinedRequest, ReleaseQuarantinedRequest,
    RetryQuarantinedRequest, Stage,
};
use specimen::hostile;
use tests::{
    Backend, Ledger, World, oracle, wait_for,
    world::{USER, in_time, plain_mail},
};
use tonic::Code;

const BOUND: Duration = Duration::from_secs(60);

async fn a_bomb_is_set_aside_and_the_next_mail_goes_on(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let product = tests::Product::start(&settings);
    let mut session = world.session();
    let bomb = session.append("INBOX", in_time(), &hostile::nested_multiparts(500));
    let good = session.append("INBOX", in_time(), &plain_mail(USER, 0, 20));
    let ledger = Ledger::settled(&product, 2, BOUND).await;
    ledger.assert_sound();
    assert_eq!(ledger.message("INBOX", good).stage(), Stage::Recorded);
    let set_aside = ledger.message("INBOX", bomb);
    assert_eq!(set_aside.stage(), Stage::Quarantined, "{set_aside:?}");
    let name = set_aside.name.clone();
    let id = name.strip_prefix("messages/").expect("a name").to_owned();

    let mut client = product.quarantine();
    let listed = client.list_quarantined(ListQuarantinedRequest::default()).await.expect("a list").into_inner();
    assert_eq!(listed.messages.iter().map(|message| &message.name).collect::<Vec<_>>(), [&name]);
    let got =
        client.get_quarantined(GetQuarantinedRequest { name: name.clone() }).await.expect("it is there").into_inner();
    assert!(!got.reason.is_empty() && !got.history.is_empty(), "{got:?}");
    let refused =
        client.get_quarantined(GetQuarantinedRequest { name: ledger.message("INBOX", good).name.clone() }).await;
    assert_eq!(refused.expect_err("it is not in quarantine").code(), Code::NotFound);

    // The raw bytes are kept.
    let request = DownloadRawRequest { name: name.clone(), offset: 0, limit: 5 };
    let mut stream = product.submissions().download_raw(request).await.expect("a stream").into_inner();
    assert_eq!(stream.message().await.expect("no failure").expect("bytes").data, b"From:");

    // An editor has to say why.
    let request = RetryQuarantinedRequest { name: name.clone(), reason: String::new() };
    assert_eq!(client.retry_quarantined(request).await.expect_err("no reason").code(), Code::InvalidArgument);
    let events = got.history.len();
    let request = RetryQuarantinedRequest { name: name.clone(), reason: "读信程序已更新".into() };
    client.retry_quarantined(request).await.expect("it is tried again");
    let again = wait_for("it is set aside again", BOUND, || async {
        let message = oracle::message(&product, &name).await;
        (message.stage() == Stage::Quarantined && message.history.len() > events + 1).then_some(message)
    })
    .await;
    assert!(again.history.iter().any(|event| event.detail.contains("读信程序已更新")), "{again:?}");

    // The command line sees the same.
    let output = settings.run(&["quarantine", "list"]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains(&id), "{output:?}");
    let output = settings.run(&["quarantine", "show", &id]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("读信程序已更新"), "{output:?}");

    let request = ReleaseQuarantinedRequest { name: name.clone(), reason: "恶意邮件".into() };
    let released = client.release_quarantined(request.clone()).await.expect("it is released").into_inner();
    assert_eq!((released.stage(), released.class()), (Stage::Recorded, Class::Unreadable));
    assert!(client.release_quarantined(request).await.is_err(), "only once");
    let listed = client.list_quarantined(ListQuarantinedRequest::default()).await.expect("a list").into_inner();
    assert_eq!(listed.messages.len(), 0);
    let ledger = Ledger::read(&product).await;
    ledger.assert_sound();
    assert_eq!(ledger.submissions.len(), 1);
    assert_eq!(oracle::assert_reconciled(&product, USER).await, 2);
    product.terminate().await;
    let output = settings.run(&["reconcile"]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("missing 0"), "{output:?}");
    settings.verify_with_server();
}

on_each_backend! {
    a_bomb_is_set_aside_and_the_next_mail_goes_on => super::a_bomb_is_set_aside_and_the_next_mail_goes_on;
}
