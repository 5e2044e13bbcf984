//! Several folders, copies, and a folder whose UIDs the server forgot.

use std::time::Duration;

use proto::intake::v1::Stage;
use tests::{
    Backend, Ledger, Product, World, oracle, wait_for,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);

/// 垃圾邮件 in modified UTF-7 (RFC 3501 §5.1.3).
const JUNK_IN_UTF7: &str = "&V4NXPpCuTvY-";

async fn both_folders_are_swept_and_a_copy_is_recorded_once(backend: Backend) {
    let world = World::new(backend);
    let mut session = world.session();
    session.command(&format!("CREATE \"{JUNK_IN_UTF7}\""));
    let mailbox = world.mailbox().with("folders", "[\"INBOX\", \"垃圾邮件\"]");
    let settings = world.settings(&[mailbox]);
    let product = Product::start(&settings);
    let in_inbox = session.append("INBOX", in_time(), &plain_mail(USER, 0, 20));
    let in_junk = session.append(JUNK_IN_UTF7, in_time(), &plain_mail(USER, 1, 20));
    let ledger = Ledger::settled(&product, 2, BOUND).await;
    for (folder, place) in [("INBOX", in_inbox), ("垃圾邮件", in_junk)] {
        let message = ledger.message(folder, place);
        assert_eq!(oracle::decided(message, ledger.submission_of(message)), "submission eligible", "{folder}");
    }

    // Somebody copies the mail out of the junk: the same bytes, one submission.
    session.select(JUNK_IN_UTF7);
    session.command(&format!("UID COPY {} INBOX", in_junk.uid));
    let ledger = Ledger::settled(&product, 3, BOUND).await;
    ledger.assert_sound();
    assert_eq!(ledger.submissions.len(), 2);
    let copy =
        ledger.messages.iter().find(|message| message.stage() == Stage::Repeated).expect("the copy is told apart");
    assert_eq!(copy.repeats, ledger.message("垃圾邮件", in_junk).name);

    let mailbox = oracle::mailbox(&product, USER).await.expect("it is listed");
    let mut folders: Vec<_> =
        mailbox.folders.iter().map(|folder| (folder.folder.as_str(), folder.row_count, folder.position)).collect();
    folders.sort_unstable();
    assert_eq!(folders, [("INBOX", 2, 2), ("垃圾邮件", 1, 1)]);
    assert_eq!(oracle::assert_reconciled(&product, USER).await, 3);
    product.terminate().await;
    settings.verify_with_server();
}

async fn a_folder_whose_uids_the_server_forgot_gives_the_same_submissions(backend: Backend) {
    const MAILS: usize = 12;
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let mut session = world.session();
    for number in 0..MAILS {
        session.append("INBOX", in_time(), &plain_mail(USER, number, 20));
    }
    session.command("LOGOUT");
    let product = Product::start(&settings);
    let before = Ledger::settled(&product, MAILS, BOUND).await;
    assert_eq!(before.submissions.len(), MAILS);
    let old = before.messages[0].uidvalidity;
    product.terminate().await;

    world.dovecot.forget_uids(USER, "INBOX");
    let mut session = world.session();
    assert_ne!(session.select("INBOX"), old, "the server did not forget");
    let product = Product::start(&settings);
    let after = wait_for("every mail has a row under its new UID", BOUND, || async {
        let ledger = Ledger::try_read(&product).await.ok()?;
        let renewed = ledger.messages.iter().filter(|message| message.uidvalidity != old).count();
        (renewed == MAILS && !ledger.messages.iter().any(|message| oracle::is_open(message.stage()))).then_some(ledger)
    })
    .await;
    after.assert_sound();
    let names = |ledger: &Ledger| {
        let mut names: Vec<String> = ledger.submissions.iter().map(|submission| submission.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&after), names(&before), "the same submissions, none more");

    // A mail that is new in the new epoch is a submission.
    let place = session.append("INBOX", in_time(), &plain_mail(USER, MAILS, 20));
    let ledger = wait_for("the new mail is recorded", BOUND, || async {
        let ledger = Ledger::try_read(&product).await.ok()?;
        // Messages are read before submissions: the mail may be recorded in between.
        let is_done = !ledger.messages.iter().any(|message| oracle::is_open(message.stage()));
        (is_done && ledger.submissions.len() > MAILS).then_some(ledger)
    })
    .await;
    assert_eq!(ledger.message("INBOX", place).stage(), Stage::Recorded);
    assert_eq!(oracle::assert_reconciled(&product, USER).await, MAILS as u64 + 1);
    product.terminate().await;
    settings.verify_with_server();
}

on_each_backend! {
    two_folders_are_swept_and_a_copy_is_recorded_once => super::both_folders_are_swept_and_a_copy_is_recorded_once;
    a_new_uidvalidity_doubles_nothing => super::a_folder_whose_uids_the_server_forgot_gives_the_same_submissions;
}
