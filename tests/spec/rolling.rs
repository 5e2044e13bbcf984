//! The release before and this one side by side on one database, as while an installation goes from one to the other.
//!
//! `.ci/run rolling` builds the release before and names its program; without one there is nothing to see here.

use std::{fs, path::PathBuf, time::Duration};

use proto::intake::v1::{
    AssignSubmissionRequest, BeginReviewRequest, GetReviewRequest, ListReviewEventsRequest, ReviewState,
};
use tests::{
    Backend, Ledger, Product, Settings, World, wait_for,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(120);

fn before() -> PathBuf {
    std::env::var_os("CAIBIAN_BEFORE").expect("CAIBIAN_BEFORE names the program of the release before").into()
}

async fn both_work_on_one_database_and_nothing_is_lost(backend: Backend) {
    let world = World::new(backend);
    let home = world.home().join("before");
    fs::create_dir(&home).expect("our own folder");
    let mailbox = [world.mailbox()];
    let old_settings = Settings::write(&home, world.store_url(), &mailbox).of_program(before());
    let new_settings = world.settings(&mailbox).beside(&old_settings, "w2");
    let mut session = world.session();
    let mut sent = 0;
    let mut append = |count: usize| {
        for _ in 0..count {
            session.append("INBOX", in_time(), &plain_mail(USER, sent, 20));
            sent += 1;
        }
        sent
    };

    let old = Product::start(&old_settings);
    let count = append(10);
    let ledger = Ledger::settled(&old, count, BOUND).await;
    let submissions: Vec<String> = ledger.submissions.iter().map(|submission| submission.name.clone()).collect();
    let assign = async |product: &Product, submission: &str| {
        let request = GetReviewRequest { submission: submission.to_owned() };
        let review = product.reviews().get_review(request).await.expect("it is reviewed").into_inner();
        let request = AssignSubmissionRequest {
            submission: review.submission,
            etag: review.etag,
            editor: "local".into(),
            ..Default::default()
        };
        product.reviews().assign_submission(request).await.expect("it is assigned").into_inner()
    };
    assign(&old, &submissions[0]).await;

    // The tables first, while the old one works.
    let migrated = new_settings.run(&["migrate"]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let count = append(5);
    Ledger::settled(&old, count, BOUND).await;
    let began = assign(&old, &submissions[1]).await;

    // Both: the old worker has the mailbox; each server tells the same, and each goes on with what the other began.
    let new = Product::start(&new_settings);
    let count = append(5);
    let of_old = Ledger::settled(&old, count, BOUND).await;
    let of_new = Ledger::settled(&new, count, BOUND).await;
    let names = |ledger: &Ledger| {
        let mut names: Vec<_> = ledger.submissions.iter().map(|it| (it.name.clone(), it.number)).collect();
        names.sort();
        names
    };
    assert_eq!(names(&of_old), names(&of_new));
    let request =
        BeginReviewRequest { submission: began.submission.clone(), etag: began.etag.clone(), ..Default::default() };
    let begun = new.reviews().begin_review(request).await.expect("the new one goes on").into_inner();
    assert_eq!(begun.state(), ReviewState::FirstReview);
    let assigned = assign(&new, &submissions[2]).await;
    let request = BeginReviewRequest {
        submission: assigned.submission.clone(),
        etag: assigned.etag.clone(),
        ..Default::default()
    };
    old.reviews().begin_review(request).await.expect("the old one goes on");
    let request = ListReviewEventsRequest { submission: assigned.submission, ..Default::default() };
    let events = new.reviews().list_review_events(request).await.expect("a history").into_inner().events;
    assert_eq!(events.len(), 3, "{events:?}");

    // The old one goes, by force; the new one has the mailbox once its lease is over, and does what it left.
    let count = append(5);
    drop(old);
    let ledger = Ledger::settled(&new, count, BOUND).await;
    ledger.assert_sound();
    ledger.assert_none_doubled();
    assert_eq!(ledger.submissions.len(), count);
    // What the old one wrote to the end is in the chain and in the lists of the new one.
    let found = || {
        let output = new_settings.run(&["verify", "--server"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    wait_for("the new one knows what the old one wrote", BOUND, || async { (found() == "no faults\n").then_some(()) })
        .await;
    let refused = old_settings.run(&["verify"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("the database is newer than this program"), "{said}");
    new.terminate().await;
    new_settings.verify_with_server();
}

macro_rules! on_each_backend_with_the_release_before {
    ($($backend:ident => $kind:ident;)+) => {
        $(mod $backend {
            #[tokio::test]
            #[ignore = "needs the program of the release before: .ci/run rolling"]
            async fn both_releases_work_on_one_database_and_nothing_is_lost() {
                super::both_work_on_one_database_and_nothing_is_lost(tests::Backend::$kind).await;
            }
        })+
    };
}

on_each_backend_with_the_release_before! {
    sqlite => Sqlite;
    postgres => Postgres;
}
