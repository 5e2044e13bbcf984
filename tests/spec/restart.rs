//! What a restart, a person in webmail, and years of old mail do to the record: nothing.

use std::time::Duration;

use chrono::TimeDelta;
use proto::intake::v1::Stage;
use tests::{
    Backend, Imap, Ledger, Product, World, oracle, wait_for,
    world::{USER, at, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);

fn deliver(session: &mut Imap, number: usize) -> tests::imap::Place {
    session.append("INBOX", in_time(), &plain_mail(USER, number, 20))
}

/// Until Dovecot says that the product's session waits in IDLE.
async fn idles(world: &World) {
    wait_for("a session waits in IDLE", BOUND, || async {
        // The last state of each session is told by the title of its process.
        tests::memory::descendants(world.dovecot.pid())
            .iter()
            .any(|pid| {
                std::fs::read(format!("/proc/{pid}/cmdline"))
                    .is_ok_and(|line| String::from_utf8_lossy(&line).contains("IDLE"))
            })
            .then_some(())
    })
    .await;
}

async fn new_mail_is_taken_after_a_restart(backend: Backend) {
    let world = World::new(backend);
    // So long between sweeps that only IDLE, or the first sweep after the start, can be what finds a mail in time.
    let settings = world.settings(&[world.mailbox().with("sweep_seconds", "600")]);
    let mut session = world.session();
    deliver(&mut session, 0);
    let product = Product::start(&settings);
    Ledger::settled(&product, 1, BOUND).await;
    idles(&world).await;
    deliver(&mut session, 1);
    Ledger::settled(&product, 2, BOUND).await;

    idles(&world).await;
    product.terminate().await;
    deliver(&mut session, 2);
    let product = Product::start(&settings);
    Ledger::settled(&product, 3, BOUND).await;

    idles(&world).await;
    assert!(product.kill());
    deliver(&mut session, 3);
    let product = Product::start(&settings);
    let ledger = Ledger::settled(&product, 4, BOUND).await;
    ledger.assert_sound();
    assert_eq!(ledger.stages(), "STAGE_RECORDED 4");
    assert_eq!(ledger.submissions.len(), 4);
    idles(&world).await;
    deliver(&mut session, 4);
    Ledger::settled(&product, 5, BOUND).await;
    product.terminate().await;
    settings.verify_with_server();
}

async fn a_mail_that_a_person_has_read_is_taken_all_the_same(backend: Backend) {
    let world = World::new(backend);
    let mut session = world.session();
    let read = session.append_flagged("INBOX", "\\Seen", in_time(), &plain_mail(USER, 0, 20));
    let answered = session.append_flagged("INBOX", "\\Seen \\Answered", in_time(), &plain_mail(USER, 1, 20));
    let unread = deliver(&mut session, 2);
    let product = world.start(&[world.mailbox()]);
    let ledger = Ledger::settled(&product, 3, BOUND).await;
    for place in [read, answered, unread] {
        let message = ledger.message("INBOX", place);
        assert_eq!(oracle::decided(message, ledger.submission_of(message)), "submission eligible");
    }
    session.select("INBOX");
    let flags = session.flags();
    assert_eq!(
        flags,
        [
            (read.uid, vec!["\\Seen".into()]),
            (answered.uid, vec!["\\Answered".into(), "\\Seen".into()]),
            (unread.uid, vec![])
        ],
        "taking a mail changes no flag"
    );
    product.terminate().await;
}

async fn two_thousand_old_mails_are_recorded_as_backfill_and_none_twice(backend: Backend) {
    const OLD: usize = 2000;
    let world = World::new(backend);
    let cut_off = at("2023-02-01T00:00:00+08:00");
    let mut session = world.session();
    for number in 0..OLD {
        // The last is one second before the cut-off.
        let before = i64::try_from(OLD - number).expect("a small number");
        session.append("INBOX", cut_off - TimeDelta::seconds(before), &plain_mail(USER, number, 2 + number % 7));
    }
    let first_new = session.append("INBOX", cut_off, &plain_mail(USER, OLD, 20));
    let settings = world.settings(&[world.mailbox().with("answer_from", &format!("{:?}", cut_off.to_rfc3339()))]);
    let product = Product::start(&settings);
    let ledger = Ledger::settled(&product, OLD + 1, Duration::from_secs(480)).await;
    ledger.assert_sound();
    assert_eq!(ledger.stages(), format!("STAGE_RECORDED {}", OLD + 1));
    let new: Vec<_> = ledger.messages.iter().filter(|message| !message.backfilled).collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0].uid, first_new.uid);
    for submission in &ledger.submissions {
        assert_eq!(submission.backfilled, submission.message != new[0].name, "{}", submission.name);
    }
    // A second start sees the same mails and makes nothing of them.
    product.terminate().await;
    let product = Product::start(&settings);
    assert_eq!(oracle::assert_reconciled(&product, USER).await, OLD as u64 + 1);
    let again = Ledger::read(&product).await;
    assert_eq!(again.messages.len(), OLD + 1);
    assert_eq!(again.submissions.len(), ledger.submissions.len());
    assert!(again.messages.iter().all(|message| message.stage() == Stage::Recorded));
    product.terminate().await;
    settings.verify_with_server();
}

on_each_backend! {
    new_mail_is_taken_after_a_restart_in_idle => super::new_mail_is_taken_after_a_restart;
    a_mail_that_a_person_has_read_first_is_taken => super::a_mail_that_a_person_has_read_is_taken_all_the_same;
    two_thousand_old_mails_before_the_cut_off => super::two_thousand_old_mails_are_recorded_as_backfill_and_none_twice;
}
