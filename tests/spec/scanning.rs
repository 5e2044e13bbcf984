//! A virus scanner sees each mail before it is taken apart; without its answer mail waits.

use std::time::Duration;

use proto::intake::v1::{DownloadRawRequest, RetryQuarantinedRequest, Stage};
use specimen::docx;
use tests::{
    Backend, Ledger, Product, World,
    clamd::{Clamd, PLANTED, SIZE_BYTES_MAX},
    oracle, wait_for,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);

/// A submission with a document that holds the words; `long` is longer than the scanner takes.
fn mail(number: usize, words: &str, long: bool) -> Vec<u8> {
    let filling = if long { "政府购买服务。".repeat(SIZE_BYTES_MAX / 10) } else { String::new() };
    specimen::Mail::new("张三", "zhang@a.example", "czzhengwen@163.com")
        .subject("主题征稿 稿件")
        .message_id(&format!("{number}@a.example"))
        .text(&format!("见附件。\n{filling}"))
        .attach("稿件.docx", "application/octet-stream", docx(&[words], 0))
        .to_bytes()
}

async fn what_the_scanner_finds_is_set_aside_and_mail_waits_for_it(backend: Backend) {
    let (world, mut clamd) = (World::new(backend), Clamd::start());
    let product = Product::start(&world.settings(&[world.mailbox()]).with_more(&clamd.settings()));
    let mut session = world.session();
    let mut append = |mail: &[u8]| session.append("INBOX", in_time(), mail);
    let good = append(&mail(1, "预算绩效管理", false));
    let long = append(&mail(2, "预算绩效管理", true));
    // Deflated in a document, in base64 in a mail: nothing that a search for the words would find.
    let evil = append(&mail(3, PLANTED, false));
    let long_evil = append(&mail(4, PLANTED, true));
    let ledger = Ledger::settled(&product, 4, BOUND).await;
    ledger.assert_sound();
    for place in [good, long] {
        assert_eq!(ledger.message("INBOX", place).stage(), Stage::Recorded, "{}", ledger.stages());
    }
    for (place, words) in [(evil, "in the mail"), (long_evil, "in part 2")] {
        let message = ledger.message("INBOX", place);
        assert_eq!(message.stage(), Stage::Quarantined);
        let expected = format!("infected: clamd found Caibian.Planted.UNOFFICIAL {words}");
        assert_eq!(message.reason, expected);
        assert!(ledger.submission_of(message).is_none());
    }
    // Nothing is lost of it.
    let name = ledger.message("INBOX", evil).name.clone();
    let request = DownloadRawRequest { name: name.clone(), offset: 0, limit: 5 };
    let mut stream = product.submissions().download_raw(request).await.expect("a stream").into_inner();
    assert!(!stream.message().await.expect("no failure").expect("bytes").data.is_empty());

    clamd.stop();
    append(&plain_mail(USER, 5, 20));
    wait_for("the scanner was asked in vain", BOUND, || async {
        product.metric("caibian_scan_files_total{outcome=\"failed\"}").await.filter(|count| *count >= 1.0)
    })
    .await;
    let waiting = Ledger::read(&product).await;
    let waiting: Vec<_> = waiting.messages.iter().filter(|message| message.stage() == Stage::Stored).collect();
    assert_eq!(waiting.len(), 1, "its bytes are kept, and it waits");

    // Signatures that no longer know it, as after a false alarm: an editor tries the mail again.
    clamd.forget();
    clamd.begin();
    let ledger = Ledger::settled(&product, 5, BOUND).await;
    assert_eq!(ledger.messages.iter().filter(|message| message.stage() == Stage::Recorded).count(), 3);
    let request = RetryQuarantinedRequest { name: name.clone(), reason: "误报".into() };
    product.quarantine().retry_quarantined(request).await.expect("it is tried again");
    wait_for("it is recorded", BOUND, || async {
        (oracle::message(&product, &name).await.stage() == Stage::Recorded).then_some(())
    })
    .await;
    let settings = product.settings().command(&["doctor"]).output().expect("the binary starts");
    let told = String::from_utf8_lossy(&settings.stdout).into_owned();
    assert!(told.contains("virus scanner: ClamAV 1."), "{told}");
    product.settings().verify_with_server();
}

on_each_backend! {
    what_the_scanner_finds_is_set_aside_and_mail_waits_for_it => super::what_the_scanner_finds_is_set_aside_and_mail_waits_for_it;
}
