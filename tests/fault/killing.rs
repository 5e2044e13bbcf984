//! kill -9 at any moment loses no mail and records none twice (guarantees G1, G2; reliability.md 2.3).

use std::time::Duration;

use chrono::TimeDelta;
use proto::intake::v1::Stage;
use tests::{
    Backend, Imap, Ledger, Product, World, oracle,
    world::{USER, in_time, plain_mail},
};

const MAILS: usize = 500;
const KILLS: usize = 200;

/// SplitMix64: the same seed gives the same kills.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % bound
    }
}

fn deliver(session: &mut Imap, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let received_at = in_time() + TimeDelta::seconds(i64::try_from(number).expect("a small number"));
        session.append("INBOX", received_at, &plain_mail(USER, number, 20 + number % 50));
    }
}

/// Each of `count` mails is recorded once, the server and the rows agree, and `verify` finds nothing.
async fn assert_each_recorded_once(world: &World, product: &Product, count: usize, bound: Duration) {
    let ledger = Ledger::settled(product, count, bound).await;
    ledger.assert_sound();
    assert_eq!(ledger.stages(), format!("STAGE_RECORDED {count}"));
    assert_eq!(ledger.submissions.len(), count);
    assert_eq!(oracle::assert_reconciled(product, USER).await, count as u64);
    let mut session = world.session();
    session.select("INBOX");
    assert_eq!(session.flags().len(), count, "a mail is gone from the server");
}

fn two_hundred_kills(backend: Backend) {
    let _alone = crate::ALONE.blocking_lock();
    let seed = std::env::var("CAIBIAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        u64::try_from(now.as_nanos() & u128::from(u64::MAX)).expect("masked")
    });
    println!("CAIBIAN_TEST_SEED={seed}");
    let mut dice = Dice(seed);
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut session = world.session();
        // Mails come while the worker is killed, so that every kill can meet unfinished work.
        let mut delivered = MAILS / 5;
        deliver(&mut session, 0..delivered);
        let (mut hits, mut busy) = (0, 0);
        for kill in 0..KILLS {
            let product = Product::start(&settings);
            let arrived = MAILS / 5 + (MAILS - MAILS / 5) * (kill + 1) / KILLS;
            deliver(&mut session, delivered..arrived);
            delivered = arrived;
            tokio::time::sleep(Duration::from_millis(20 + dice.below(381))).await;
            if kill % 10 == 9
                && let Ok(ledger) = Ledger::try_read(&product).await
            {
                ledger.assert_none_doubled();
                busy += usize::from(
                    ledger.messages.len() < delivered
                        || ledger.messages.iter().any(|message| oracle::is_open(message.stage())),
                );
            }
            hits += usize::from(product.kill());
        }
        println!("{hits} of {KILLS} kills hit a live worker; {busy} of {} looked at had work left", KILLS / 10);
        assert_eq!(hits, KILLS, "a worker ended by itself");
        assert_eq!(delivered, MAILS);
        let product = Product::start(&settings);
        // A mail in whose work the process died three times is taken for the cause and set aside until an editor looks.
        let ledger = Ledger::settled(&product, MAILS, Duration::from_secs(180)).await;
        let suspects = oracle::retry_quarantined(&product, &ledger, "were begun, and none ended").await;
        println!("{suspects} mails were in hand at three kills");
        assert_each_recorded_once(&world, &product, MAILS, Duration::from_secs(180)).await;
        product.terminate().await;
        settings.verify_with_server();
    });
}

#[test]
fn two_hundred_kills_over_five_hundred_mails_lose_none_and_double_none() {
    two_hundred_kills(Backend::Sqlite);
}

#[test]
fn the_same_holds_on_postgres() {
    two_hundred_kills(Backend::Postgres);
}

/// A crash at each point of reliability.md 2.3, then a restart.
#[tokio::test]
async fn a_crash_at_each_point_of_an_intake_step_is_made_good_by_the_next_start() {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    let settings = world.settings(&[world.mailbox().with("filing", "\"flag:caibian-recorded\"")]);
    let mut session = world.session();
    let mut delivered = 0;
    let mut missed = Vec::new();
    for point in 1..=11 {
        deliver(&mut session, delivered..delivered + 3);
        delivered += 3;
        let name = format!("C{point}");
        let crashed = match Product::try_start(&settings, &[("CAIBIAN_CRASH_AT", &name)]) {
            Err(status) => Some(status),
            Ok(mut product) => {
                let begun = std::time::Instant::now();
                loop {
                    if let Some(status) = product.ended() {
                        break Some(status);
                    }
                    if begun.elapsed() > Duration::from_secs(20) {
                        break None;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        match crashed {
            None => missed.push(format!("{name} was never reached")),
            Some(status) if status.success() => missed.push(format!("{name} ended with success")),
            Some(_) => {}
        }
        let product = Product::start(&settings);
        let ledger = Ledger::settled(&product, delivered, Duration::from_secs(60)).await;
        ledger.assert_sound();
        assert_eq!(ledger.stages(), format!("STAGE_RECORDED {delivered}"), "after {name}");
        assert_eq!(ledger.submissions.len(), delivered, "after {name}");
        assert!(ledger.messages.iter().all(|message| message.stage() == Stage::Recorded));
        // Filing comes after the record.
        tests::wait_for("every mail is flagged", Duration::from_secs(30), || async {
            let mut session = world.session();
            session.select("INBOX");
            let flagged = session.flags().iter().filter(|(_, flags)| flags == &["caibian-recorded"]).count();
            (flagged == delivered).then_some(())
        })
        .await;
        product.terminate().await;
    }
    assert_eq!(missed, Vec::<String>::new());
    settings.verify_with_server();
}
