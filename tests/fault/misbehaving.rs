//! Servers that misbehave: memory and time stay bounded, the failure is told, and the mailbox beside goes on.

use std::time::Duration;

use chrono::TimeDelta;
use proto::intake::v1::mailbox::State;
use tests::{
    Backend, Ledger, Mailbox, World,
    fake_imap::{FakeImap, Manner, UIDVALIDITY},
    imap::Place,
    memory::Watch,
    oracle, wait_for,
    world::{USER, in_time, plain_mail},
};

/// Resident memory of worker and API together.
const RSS_MAX: u64 = 96 * 1024 * 1024;

/// A server of this manner with one small mail and one of several windows.
fn server(name: &str, manner: Manner) -> FakeImap {
    FakeImap::start(manner, vec![plain_mail(name, 1, 20), plain_mail(name, 2, 30_000)])
}

fn impatient(name: &str, port: u16) -> Mailbox {
    Mailbox::imap(name, port).with("command_timeout_seconds", "2").with("window_timeout_seconds", "2")
}

/// Connections that a server has had before its mailbox is looked at: a refused login is not tried again for a while.
fn connections_min(name: &str) -> usize {
    if name == "refuses" { 1 } else { 2 }
}

const MANNERS: [(&str, Manner); 7] = [
    ("stalls", Manner::StallsInLiteral),
    ("claims", Manner::ClaimsHugeLiteral),
    ("cuts", Manner::CutsInLiteral),
    ("wrong-tag", Manner::AnswersWithWrongTag),
    ("floods", Manner::FloodsExists),
    ("endless", Manner::NeverEndsTheLine),
    ("refuses", Manner::RefusesLogin),
];

#[tokio::test]
async fn servers_that_misbehave_are_told_and_bounded_and_the_mailbox_beside_them_goes_on() {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    let fakes: Vec<(&str, FakeImap)> = MANNERS.iter().map(|(name, manner)| (*name, server(name, *manner))).collect();
    let mut mailboxes = vec![world.mailbox()];
    mailboxes.extend(fakes.iter().map(|(name, fake)| impatient(name, fake.port)));
    let product = world.start(&mailboxes);
    let watch = Watch::start(product.pid(), Duration::from_millis(20));

    let mut session = world.session();
    let mut healthy = Vec::new();
    let mut told = vec![false; fakes.len()];
    let begun = std::time::Instant::now();
    // New mail keeps coming to the healthy mailbox until every other was tried twice and told.
    while !told.iter().all(|told| *told) {
        let silent: Vec<&str> =
            fakes.iter().zip(&told).filter(|(_, told)| !**told).map(|((name, _), _)| *name).collect();
        assert!(begun.elapsed() < Duration::from_secs(180), "not told: {silent:?}");
        let number = healthy.len();
        let received_at = in_time() + TimeDelta::seconds(i64::try_from(number).expect("a small number"));
        healthy.push(session.append("INBOX", received_at, &plain_mail(USER, number, 20)));
        let place = healthy[number];
        wait_for("the healthy mailbox goes on", Duration::from_secs(60), || async {
            let ledger = Ledger::try_read(&product).await.ok()?;
            ledger
                .messages
                .iter()
                .any(|message| {
                    message.uid == place.uid
                        && message.uidvalidity == place.uidvalidity
                        && !oracle::is_open(message.stage())
                })
                .then_some(())
        })
        .await;
        for (told, (name, fake)) in told.iter_mut().zip(&fakes) {
            if let Some(mailbox) = oracle::mailbox(&product, name).await {
                *told |= mailbox.state() == State::Failing
                    && !mailbox.last_error.is_empty()
                    && fake.connections() >= connections_min(name);
            }
        }
    }
    assert!(healthy.len() >= 3, "only {} mails came meanwhile", healthy.len());
    let mailbox = oracle::mailbox(&product, USER).await.expect("it is listed");
    assert_eq!(mailbox.state(), State::Ok, "{mailbox:?}");
    let peak = watch.peak();
    println!("{peak:?}");
    assert!(peak.parent_bytes < RSS_MAX, "{peak:?}");

    // No mail of theirs was lost or set aside: once they behave, each is recorded.
    for (_, fake) in &fakes {
        fake.set_manner(Manner::Honest);
    }
    let expected = healthy.len() + 2 * fakes.len();
    // A mail on which the line broke often waits five minutes for its next try.
    let ledger = Ledger::settled(&product, expected, Duration::from_secs(400)).await;
    ledger.assert_sound();
    assert_eq!(ledger.stages(), format!("STAGE_RECORDED {expected}"));
    for (name, _) in &fakes {
        wait_for(&format!("{name} is well again"), Duration::from_secs(60), || async {
            oracle::mailbox(&product, name).await.filter(|mailbox| mailbox.state() == State::Ok)
        })
        .await;
    }
    product.terminate().await;
}

#[tokio::test]
async fn a_server_that_wants_id_after_the_login_gets_it_and_nothing_on_it_is_changed() {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    let fake = server("netease", Manner::WantsId);
    let product = world.start(&[Mailbox::imap("netease", fake.port)]);
    let ledger = Ledger::settled(&product, 2, Duration::from_secs(60)).await;
    ledger.assert_sound();
    for uid in [1, 2] {
        let message = ledger.message("INBOX", Place { uidvalidity: UIDVALIDITY, uid });
        assert_eq!(oracle::decided(message, ledger.submission_of(message)), "submission eligible");
    }
    product.terminate().await;

    let transcript = fake.transcript();
    let first = |verbs: &[&str]| {
        transcript.iter().position(|command| verbs.iter().any(|verb| command.to_uppercase().starts_with(verb)))
    };
    let login = first(&["LOGIN", "AUTHENTICATE"]).expect("it logs in");
    let id = first(&["ID "]).expect("it says who it is");
    let select = first(&["SELECT", "EXAMINE"]).expect("it opens the folder");
    assert!(login < id && id < select, "{transcript:?}");
    for command in &transcript {
        let upper = command.to_uppercase();
        assert!(!upper.contains("EXPUNGE") && !upper.contains("\\SEEN"), "{command}");
        assert!(!upper.contains("BODY[") && !upper.contains("RFC822 "), "sets \\Seen: {command}");
        assert!(!upper.contains("UNSEEN"), "mail that somebody has read would be missed: {command}");
        assert!(!upper.starts_with("CLOSE"), "CLOSE expunges: {command}");
    }
}
