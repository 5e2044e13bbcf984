//! Several letters: connections are kept while all is well, logins are not forced, and a stop is clean.

use std::time::Duration;

use post::{Office, Post, STOP_GRACE, deliver, run};
use reply::outbox::{Outbox, Outcome, Stage, State};
use stdx::SystemClock;
use tokio_util::sync::CancellationToken;

use crate::{
    fake::{Act, At, Fake},
    outbox::{FROM, Tables},
    outcomes::LETTER,
};

async fn send_all(post: &mut Post, tables: &Tables) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while let Some(letter) = tables.take("", Duration::ZERO).await.unwrap() {
        let outcome = deliver(post, tables, &letter).await.unwrap();
        tables.ended(&letter, &outcome).await.unwrap();
        outcomes.push(outcome);
    }
    outcomes
}

fn letters(count: usize) -> Tables {
    let tables = Tables::default();
    for _ in 0..count {
        tables.write(LETTER);
    }
    tables
}

#[tokio::test]
async fn one_connection_carries_fifty_letters_and_no_more() {
    let (tables, fake) = (letters(51), Fake::start(vec![]).await);
    let outcomes = send_all(&mut Post::new(fake.settings()), &tables).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Sent { .. })));
    assert_eq!(fake.heard(|heard| (heard.connections, heard.accepted.len())), (2, 51));
    assert_eq!(fake.count("QUIT"), 1);
}

#[tokio::test]
async fn a_refused_letter_leaves_the_connection_to_the_next_and_a_doubtful_one_does_not() {
    for (act, connections, expected) in [
        (Act::Say("550 user unknown"), 1, State::Failed),
        (Act::Say("450 greylisted"), 1, State::Deferred),
        (Act::Say("421 closing"), 2, State::Deferred),
        (Act::Say("nonsense"), 2, State::Deferred),
    ] {
        let (tables, fake) = (letters(2), Fake::start(vec![(At::Rcpt, 0, act)]).await);
        send_all(&mut Post::new(fake.settings()), &tables).await;
        let states: Vec<_> = tables.all().into_iter().map(|kept| kept.state).collect();
        assert_eq!(states, [expected, State::Sent], "{act:?}");
        assert_eq!(fake.heard(|heard| heard.connections), connections, "{act:?}");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_gave_up_between_two_letters_costs_neither_a_try() {
    for act in [Act::SayAndCut("421 too many mails per connection"), Act::Cut, Act::Say("450 MI:DMC")] {
        let (tables, fake) = (letters(2), Fake::start(vec![(At::Mail, 1, act)]).await);
        let outcomes = send_all(&mut Post::new(fake.settings()), &tables).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Sent { .. })), "{act:?}: {outcomes:?}");
        assert_eq!(fake.heard(|heard| (heard.connections, heard.accepted.len())), (2, 2), "{act:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such_and_not_tried_again_at_once() {
    let refused = Act::Say("535 5.7.8 cannot: AUTH PLAIN AHRvdWdhb0BleGFtcGxlLmNvbQBnZWhlaW1lcy13b3J0");
    let (tables, fake) = (letters(3), Fake::start(vec![(At::Auth, 0, refused)]).await);
    let outcomes = send_all(&mut Post::new(fake.settings()), &tables).await;
    for outcome in &outcomes {
        let Outcome::Unable { said } = outcome else { panic!("{outcome:?}") };
        assert!(said.contains("refused the login") && said.ends_with("535"), "{said}");
    }
    assert_eq!((outcomes.len(), fake.count("AUTH")), (3, 1));
    assert!(tables.all().iter().all(|kept| kept.outgoing.tries == 0 && kept.state == State::Deferred));
}

#[tokio::test]
async fn a_sender_sends_what_is_due_and_ends_when_it_is_told_to() {
    let (tables, fake) = (letters(3), Fake::start(vec![]).await);
    let foreign = tables.write_from("other@example.com", LETTER);
    let cancel = CancellationToken::new();
    let office = Office { address: FROM.to_uppercase(), settings: fake.settings() };
    let running = tokio::spawn({
        let (tables, cancel) = (tables.clone(), cancel.clone());
        async move { run(vec![office], tables, SystemClock, "s", cancel).await }
    });
    while tables.all().iter().any(|kept| kept.outcome.is_none()) {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    running.await.unwrap();
    assert_eq!(fake.heard(|heard| (heard.connections, heard.accepted.len())), (1, 3));
    assert!(matches!(tables.of(foreign).outcome, Some(Outcome::Unable { .. })));
    assert_eq!(fake.count("QUIT"), 1);
}

#[tokio::test]
async fn a_letter_that_does_not_end_in_time_is_left_to_its_lease_with_its_stage() {
    for (at, stage) in [(At::Rcpt, Stage::Envelope), (At::End, Stage::End)] {
        let (tables, fake) = (letters(1), Fake::start(vec![(at, 0, Act::Hang)]).await);
        let mut settings = fake.settings();
        settings.timeout = STOP_GRACE * 10;
        let cancel = CancellationToken::new();
        let office = Office { address: FROM.into(), settings };
        let running = tokio::spawn({
            let (tables, cancel) = (tables.clone(), cancel.clone());
            async move { run(vec![office], tables, SystemClock, "s", cancel).await }
        });
        while tables.all()[0].stage != Some(stage) {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
        running.await.unwrap();
        let kept = &tables.all()[0];
        assert_eq!((kept.state, kept.stage, &kept.outcome), (State::Sending, Some(stage), &None));
    }
}
