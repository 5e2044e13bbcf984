//! What the worker promises, one sentence a test.

use std::time::Duration;

use intake::{
    message::{Stage, TRIES_MAX},
    ports::{Filing, Ledger},
    submission::assess,
};
use stdx::{Clock, ErrorKind, Sha256};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{Mailbox, WINDOW_BYTES};

use crate::{
    opener::Act,
    server::Mail,
    world::{INBOX, JUNK, MAILBOX, World, plain},
};

const MIB: usize = 1 << 20;

fn big(windows: usize, rest: usize) -> Vec<u8> {
    (0..windows * MIB + rest).map(|index| (index / 7) as u8).collect()
}

#[tokio::test(start_paused = true)]
async fn a_mail_is_recorded_with_its_bytes_its_parts_and_its_page_kept() {
    let world = World::new();
    let uid = world.deliver("主题征稿");
    world.server.deliver(JUNK, world.mail("in the junk folder"));
    world.settle().await;
    assert_eq!(world.stage(uid), Some(Stage::Recorded));
    assert_eq!(world.counts(), [("recorded", 2)].into());
    let shelf = world.shelf.lock().unwrap();
    assert_eq!(shelf.kept[&Sha256::of("主题征稿".as_bytes())], "主题征稿".as_bytes());
    assert_eq!(shelf.kept.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_recorded_mail_carries_what_the_rules_say_of_it() {
    let world = World::new();
    let uid = world.deliver("hello");
    let mut ports = world.ports("one");
    assert!(std::ptr::fn_addr_eq(ports.assess, plain as worker::Assess));
    ports.assess = assess;
    let hand = world.start_with(world.mailbox.clone(), ports);
    world.until("it is recorded", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    hand.stop().await;
    let (letter, received_at, told) =
        world.row(uid, |row| (row.letter.clone().unwrap(), row.message.received_at, row.assessment.clone().unwrap()));
    let campaigns = world.ports("one").ledger.campaigns(MAILBOX).await.unwrap();
    assert_eq!(told, assess(&letter, received_at, &campaigns, &[]));
}

#[tokio::test(start_paused = true)]
async fn a_renumbered_folder_is_bound_anew_and_no_mail_is_recorded_twice() {
    let world = World::new();
    for number in 0..5 {
        world.deliver(&format!("mail {number}"));
    }
    world.settle().await;
    world.server.renumber(INBOX);
    let late = world.deliver("after the change");
    world.settle().await;
    assert_eq!(world.counts(), [("recorded", 6), ("repeated", 5)].into());
    assert_eq!(world.stage(late), Some(Stage::Recorded));
    assert_eq!(world.tables.lock().unwrap().renumbered, [(INBOX.to_owned(), 1, 2)]);
}

#[tokio::test(start_paused = true)]
async fn rows_of_an_old_numbering_that_were_never_fetched_vanish_and_the_new_one_brings_the_mail() {
    let world = World::new();
    world.shelf.lock().unwrap().full = true;
    let uid = world.deliver("waits for room on the disk");
    let hand = world.start("one");
    world.until("it has a row", |world| world.stage(uid) == Some(Stage::Seen)).await;
    hand.stop().await;
    world.server.renumber(INBOX);
    world.shelf.lock().unwrap().full = false;
    world.settle().await;
    assert_eq!(world.counts(), [("recorded", 1), ("vanished", 1)].into());
    let tables = world.tables.lock().unwrap();
    assert_eq!(tables.rows[0].message.stage, Stage::Vanished);
    assert!(tables.rows[0].reason.contains("UIDVALIDITY 1 became 2"), "{}", tables.rows[0].reason);
}

#[tokio::test(start_paused = true)]
async fn a_folder_renumbered_in_the_middle_of_a_mail_costs_it_no_try() {
    let world = World::new();
    world.server.deliver(INBOX, world.mail_of(big(3, 1)));
    let hand = world.start("one");
    while world.calls("window") == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    world.server.renumber(INBOX);
    world.until("all is done", World::is_settled).await;
    hand.stop().await;
    assert_eq!(world.counts(), [("recorded", 1), ("vanished", 1)].into());
    assert_eq!(world.tables.lock().unwrap().rows[0].tries_counted, 0);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_turns_up_below_numbers_already_known_is_taken() {
    let world = World::new();
    world.deliver("one");
    let hidden = world.server.deliver(INBOX, world.mail("two"));
    let mail = world.server.rooms.lock().unwrap().folders.get_mut(INBOX).unwrap().mails.remove(&hidden).unwrap();
    world.deliver("three");
    world.settle().await;
    world.server.rooms.lock().unwrap().folders.get_mut(INBOX).unwrap().mails.insert(hidden, mail);
    world.settle().await;
    assert_eq!(world.stage(hidden), Some(Stage::Recorded));
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_somebody_removes_before_it_is_fetched_has_vanished_and_the_next_is_recorded() {
    let world = World::new();
    world.shelf.lock().unwrap().full = true;
    let gone = world.deliver("removed in time");
    let next = world.deliver("stays");
    let hand = world.start("one");
    world.until("both have rows", |world| world.stage(next) == Some(Stage::Seen)).await;
    world.server.remove(INBOX, gone);
    world.shelf.lock().unwrap().full = false;
    world.until("both are done", World::is_settled).await;
    hand.stop().await;
    assert_eq!((world.stage(gone), world.stage(next)), (Some(Stage::Vanished), Some(Stage::Recorded)));
}

#[tokio::test(start_paused = true)]
async fn a_mail_larger_than_the_mailbox_takes_stays_on_the_server_unread() {
    let mut world = World::new();
    world.mailbox.size_bytes_max = 1000;
    let large = world.deliver(&"x".repeat(1001));
    let fits = world.deliver(&"x".repeat(1000));
    world.settle().await;
    assert_eq!((world.stage(large), world.stage(fits)), (Some(Stage::TooLarge), Some(Stage::Recorded)));
    assert_eq!(world.calls("window"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mail_whose_listed_size_is_a_lie_is_read_to_its_end_or_to_the_bound() {
    let mut world = World::new();
    world.mailbox.size_bytes_max = 2 * MIB as u64;
    let listed = |bytes: Vec<u8>, listed_bytes| Mail { listed_bytes, ..world.mail_of(bytes) };
    let understated = world.server.deliver(INBOX, listed(big(2, 5), 10));
    let overstated = world.server.deliver(INBOX, listed(big(0, 5), 1_000_000));
    let whole = world.server.deliver(INBOX, listed(big(1, 0), MIB as u64));
    let endless = world.server.deliver(INBOX, listed(big(4, 0), 10));
    let truly_empty = world.server.deliver(INBOX, listed(Vec::new(), 0));
    world.settle().await;
    for (uid, bytes) in [(understated, big(2, 5)), (overstated, big(0, 5)), (whole, big(1, 0)), (truly_empty, vec![])] {
        let kept = world.row(uid, |row| (row.message.stage, row.message.raw_sha256, row.message.size_bytes));
        assert_eq!(kept, (Stage::Recorded, Some(Sha256::of(&bytes)), bytes.len() as u64));
    }
    assert_eq!(world.stage(endless), Some(Stage::TooLarge));
}

#[tokio::test(start_paused = true)]
async fn a_mail_of_which_the_server_gives_nothing_is_asked_for_again_and_again_and_never_kept_as_empty() {
    let world = World::new();
    let empty = world.server.deliver(INBOX, Mail { listed_bytes: 10, ..world.mail_of(Vec::new()) });
    let next = world.deliver("next");
    let hand = world.start("one");
    world.until("the next is recorded", |world| world.stage(next) == Some(Stage::Recorded)).await;
    world.until("it was asked for often", |world| world.row(empty, |row| row.tries_counted > TRIES_MAX)).await;
    assert_eq!((world.stage(empty), world.stage(next)), (Some(Stage::Seen), Some(Stage::Recorded)));
    assert!(world.row(empty, |row| row.reason.contains("none came")));
    hand.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_kills_its_child_is_set_aside_after_three_counted_tries_and_the_next_is_recorded_meanwhile() {
    let world = World::new();
    world.acts("poison", Act::Die, u32::MAX);
    let poison = world.deliver("poison");
    let next = world.deliver("next");
    let hand = world.start("one");
    world.until("the next is recorded", |world| world.stage(next) == Some(Stage::Recorded)).await;
    assert_eq!(world.row(poison, |row| (row.message.stage, row.message.tries)), (Stage::Stored, 1));
    world.until("the poison is set aside", |world| world.stage(poison) == Some(Stage::Quarantined)).await;
    hand.stop().await;
    let (reason, raw) = world.row(poison, |row| (row.reason.clone(), row.message.raw_sha256.unwrap()));
    assert_eq!(reason, "child_killed: as the test wrote");
    assert_eq!(world.opener.opened.lock().unwrap()[&raw], TRIES_MAX);
    assert_eq!(world.shelf.lock().unwrap().kept[&raw], b"poison");
}

#[tokio::test(start_paused = true)]
async fn a_mail_on_which_this_process_panics_is_set_aside_after_three_tries_and_the_next_is_recorded() {
    let world = World::new();
    world.acts("poison", Act::Panic, u32::MAX);
    let poison = world.deliver("poison");
    let next = world.deliver("next");
    world.settle().await;
    assert_eq!((world.stage(poison), world.stage(next)), (Some(Stage::Quarantined), Some(Stage::Recorded)));

    fn panics(
        letter: &intake::letter::Letter,
        received_at: chrono::DateTime<chrono::Utc>,
        campaigns: &[intake::campaign::Campaign],
        earlier: &[intake::submission::Earlier],
    ) -> intake::submission::Assessment {
        assert_ne!(letter.headers.subject, "no rule can bear this");
        plain(letter, received_at, campaigns, earlier)
    }
    let mut ports = world.ports("one");
    ports.assess = panics;
    let unbearable = world.deliver("no rule can bear this");
    let after = world.deliver("after");
    let hand = world.start_with(world.mailbox.clone(), ports);
    world.until("all is done", World::is_settled).await;
    hand.stop().await;
    assert_eq!((world.stage(unbearable), world.stage(after)), (Some(Stage::Quarantined), Some(Stage::Recorded)));
    assert!(world.row(unbearable, |row| row.reason.starts_with("assessing panicked")));
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_breaks_a_bound_is_set_aside_at_once() {
    let world = World::new();
    world.acts("a million headers", Act::Refuse, u32::MAX);
    let uid = world.deliver("a million headers");
    world.settle().await;
    assert_eq!(world.stage(uid), Some(Stage::Quarantined));
    assert_eq!(world.opener.opened.lock().unwrap().values().sum::<u32>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mail_whose_fetch_kills_the_line_waits_ever_longer_holds_up_nobody_and_is_never_given_up() {
    let world = World::new();
    let killer = world.server.deliver(INBOX, Mail { kills_line_at: Some(0), ..world.mail("killer") });
    let far = Mail { kills_line_at: Some(MIB as u64 + 1), ..world.mail_of(big(2, 1)) };
    let far = world.server.deliver(INBOX, far);
    let next = world.deliver("next");
    let hand = world.start("one");
    world.until("the next is recorded", |world| world.stage(next) == Some(Stage::Recorded)).await;
    assert_eq!(world.stage(killer), Some(Stage::Seen));
    world
        .until("both had more than three tries", |world| {
            [killer, far].iter().all(|uid| world.row(*uid, |row| row.tries_counted > TRIES_MAX))
        })
        .await;
    let later = world.deliver("later");
    world.until("what came later is recorded", |world| world.stage(later) == Some(Stage::Recorded)).await;
    for uid in [killer, far] {
        assert_eq!(world.stage(uid), Some(Stage::Seen));
        assert!(world.row(uid, |row| row.reason.contains("connection reset")));
    }
    world.server.heal(INBOX);
    world.until("all is recorded", World::is_settled).await;
    hand.stop().await;
    assert_eq!((world.stage(killer), world.stage(far)), (Some(Stage::Recorded), Some(Stage::Recorded)));
}

#[tokio::test(start_paused = true)]
async fn a_long_mail_on_a_bad_line_goes_on_where_the_line_failed() {
    let world = World::new();
    world.server.rooms.lock().unwrap().cuts = vec![MIB as u64, 2 * MIB as u64, 3 * MIB as u64];
    let uid = world.server.deliver(INBOX, world.mail_of(big(3, 77)));
    world.settle().await;
    assert_eq!(world.row(uid, |row| (row.message.stage, row.tries_counted)), (Stage::Recorded, 3));
    assert_eq!(world.shelf.lock().unwrap().kept[&Sha256::of(&big(3, 77))], big(3, 77));
    // Four windows, and each of the three that failed once more.
    assert_eq!(world.calls("window"), 4);
    assert_eq!(world.shelf.lock().unwrap().commits, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_costs_no_mail_a_try_and_stored_mail_goes_on() {
    let world = World::new();
    world.acts("fetched before", Act::Die, 1);
    let fetched = world.deliver("fetched before");
    let hand = world.start("one");
    world.until("its child died once", |world| world.stage(fetched) == Some(Stage::Stored)).await;
    world.server.rooms.lock().unwrap().down = Some(ErrorKind::Unavailable);
    let waiting = world.deliver("waits on the server");
    world.until("the stored mail is recorded", |world| world.stage(fetched) == Some(Stage::Recorded)).await;
    sleep(Duration::from_secs(3600)).await;
    // From 1 s to 5 min, and never less than half of that.
    assert!((12..60).contains(&(world.server.rooms.lock().unwrap().selects_tried / 2)));
    assert!(world.tables.lock().unwrap().notes.last().unwrap().1.as_ref().is_err_and(|why| why.contains("refused")));
    world.server.rooms.lock().unwrap().down = None;
    world.until("the other too", |world| world.stage(waiting) == Some(Stage::Recorded)).await;
    hand.stop().await;
    assert_eq!(world.row(waiting, |row| row.tries_counted), 3);
    let noted = world.tables.lock().unwrap().notes.last().cloned();
    assert_eq!(noted, Some((JUNK.to_owned(), Ok(0))));
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_tried_seldom() {
    let world = World::new();
    world.server.rooms.lock().unwrap().down = Some(ErrorKind::Unauthenticated);
    let hand = world.start("one");
    sleep(Duration::from_secs(600)).await;
    hand.stop().await;
    let tried = world.server.rooms.lock().unwrap().selects_tried;
    assert!((2..=8).contains(&tried), "{tried} logins in ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_costs_no_try_and_the_work_goes_on_once_there_is_room() {
    let world = World::new();
    world.shelf.lock().unwrap().full = true;
    let uids: Vec<u64> = (0..3).map(|number| world.deliver(&format!("mail {number}"))).collect();
    let hand = world.start("one");
    sleep(Duration::from_secs(3600)).await;
    assert!(uids.iter().all(|uid| world.stage(*uid) == Some(Stage::Seen)));
    assert!(uids.iter().all(|uid| world.row(*uid, |row| row.tries_counted) == 0));
    assert!(
        world.tables.lock().unwrap().notes.iter().all(|(_, note)| note.as_ref().is_err_and(|e| e.contains("space")))
    );
    world.shelf.lock().unwrap().full = false;
    world.until("all is done", World::is_settled).await;
    hand.stop().await;
    assert_eq!(world.counts(), [("recorded", 3)].into());
}

#[tokio::test(start_paused = true)]
async fn a_mail_for_which_alone_the_disk_is_too_small_holds_up_nobody() {
    let world = World::new();
    world.shelf.lock().unwrap().largest = Some(1000);
    let large = world.server.deliver(INBOX, world.mail_of(big(1, 0)));
    let next = world.deliver("next");
    let hand = world.start("one");
    world.until("the next is recorded", |world| world.stage(next) == Some(Stage::Recorded)).await;
    world.shelf.lock().unwrap().largest = None;
    world.until("both are", |world| world.stage(large) == Some(Stage::Recorded)).await;
    hand.stop().await;
}

#[tokio::test(start_paused = true)]
async fn tables_that_are_away_cost_no_try_and_the_debt_is_paid_when_they_are_back() {
    let world = World::new();
    world.acts("slow", Act::Slow(Duration::from_secs(20)), 1);
    let uid = world.deliver("slow");
    let hand = world.start("one");
    world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
    world.tables.lock().unwrap().down = Some(ErrorKind::Unavailable);
    sleep(Duration::from_secs(600)).await;
    assert_eq!(world.row(uid, |row| (row.message.stage, row.message.tries)), (Stage::Stored, 1));
    world.tables.lock().unwrap().down = None;
    world.until("it is recorded", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    hand.stop().await;
    assert_eq!(world.row(uid, |row| row.tries_counted), 3);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_the_tables_refuse_is_set_aside_and_the_next_mails_go_on() {
    let world = World::new();
    world.tables.lock().unwrap().refuses.insert("message_parsed", ErrorKind::Invalid);
    let uid = world.deliver("has a NUL in its subject");
    world.settle().await;
    assert_eq!(world.stage(uid), Some(Stage::Quarantined));
    world.tables.lock().unwrap().refuses.clear();
    let next = world.deliver("next");
    world.settle().await;
    assert_eq!(world.stage(next), Some(Stage::Recorded));
}

#[tokio::test(start_paused = true)]
async fn a_mail_is_filed_on_the_server_only_after_it_is_recorded() {
    let mut world = World::new();
    world.mailbox.filing = Filing::Move("已收".into());
    world.acts("slow", Act::Slow(Duration::from_secs(20)), 1);
    let slow = world.deliver("slow");
    let filed = |world: &World, uid: u64| world.server.rooms.lock().unwrap().folders[INBOX].mails[&uid].filed;
    let hand = world.start("one");
    world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
    assert_eq!(filed(&world, slow), 0);
    world.until("it is filed", |world| world.row(slow, |row| row.filed)).await;
    hand.stop().await;
    assert_eq!((filed(&world, slow), world.stage(slow)), (1, Some(Stage::Recorded)));

    world.acts("poison", Act::Refuse, u32::MAX);
    let poison = world.deliver("poison");
    let copy = world.deliver("slow");
    world.settle().await;
    assert_eq!(filed(&world, poison), 0, "what is set aside stays where it was");
    assert_eq!((filed(&world, copy), filed(&world, slow)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_to_file_still_has_its_mail_recorded_and_the_refusal_is_noted() {
    let mut world = World::new();
    world.mailbox.filing = Filing::Flag("$Recorded".into());
    world.server.rooms.lock().unwrap().files_nothing = true;
    let hand = world.start("one");
    for number in 0..3 {
        let uid = world.deliver(&format!("mail {number}"));
        let began = Instant::now();
        world.until("it is recorded", |world| world.stage(uid) == Some(Stage::Recorded)).await;
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    world
        .until("it is noted", |world| {
            world
                .tables
                .lock()
                .unwrap()
                .notes
                .iter()
                .any(|(_, note)| note.as_ref().is_err_and(|e| e.contains("keywords")))
        })
        .await;
    hand.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stopped_worker_takes_its_try_back_and_lets_the_lease_go_within_ten_seconds() {
    let world = World::new();
    world.acts("endless", Act::Slow(Duration::from_secs(3600)), 1);
    let uid = world.deliver("endless");
    let hand = world.start("one");
    world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
    assert!(hand.stop().await <= Duration::from_secs(10));
    assert_eq!(world.row(uid, |row| (row.message.stage, row.message.tries)), (Stage::Stored, 0));
    assert!(world.tables.lock().unwrap().holders.is_empty());
    assert_eq!(world.opener.alive.lock().unwrap().0, 0);

    let began = Instant::now();
    let hand = world.start("another");
    world.until("another takes over", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    assert!(began.elapsed() < Duration::from_secs(10));
    world.until("it waits", |world| world.calls("wait") > 0).await;
    assert!(hand.stop().await < Duration::from_secs(1), "a wait ends at once");
}

#[tokio::test(start_paused = true)]
async fn a_worker_whose_lease_passed_on_changes_nothing_any_more() {
    let world = World::new();
    world.acts("slow", Act::Slow(Duration::from_secs(10)), 1);
    let uid = world.deliver("slow");
    let stale = world.start("one");
    world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
    // As if the first had been stopped for longer than its lease lasts.
    world.tables.lock().unwrap().holders.clear();
    let fresh = world.start("two");
    world.until("the second records it", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    world.until("the first was refused", |world| world.tables.lock().unwrap().refused_stale > 0).await;
    let next = world.deliver("next");
    world.until("the next is recorded", |world| world.stage(next) == Some(Stage::Recorded)).await;
    world.check();
    assert_eq!(world.tables.lock().unwrap().holders[&MAILBOX].0, "two");
    stale.stop().await;
    fresh.stop().await;
    assert_eq!(world.row(uid, |row| row.recorded), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_kept_through_a_child_that_takes_longer_than_it_lasts() {
    let world = World::new();
    world.acts("slow", Act::Slow(Duration::from_secs(600)), 1);
    let uid = world.deliver("slow");
    let hand = world.start("one");
    world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
    let rival = world.start("two");
    world.until("it is recorded", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    assert_eq!(world.tables.lock().unwrap().fences[&MAILBOX], 1);
    hand.stop().await;
    let next = world.deliver("next");
    world.until("the rival takes over", |world| world.stage(next) == Some(Stage::Recorded)).await;
    rival.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_died_is_followed_by_another_after_its_lease_and_a_quarter() {
    let lease = Duration::from_secs(8);
    let world = World::new();
    world.acts("slow", Act::Slow(Duration::from_secs(3600)), 1);
    let uid = world.deliver("slow");
    let with_lease = |holder: &str| world.ports(holder).with_lease(lease);
    let hand = world.start_with(world.mailbox.clone(), with_lease("one"));
    world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
    let rival = world.start_with(world.mailbox.clone(), with_lease("two"));
    sleep(10 * lease).await;
    assert_eq!(world.tables.lock().unwrap().fences[&MAILBOX], 1, "it is renewed");
    hand.kill().await;
    let died = Instant::now();
    world.until("the other takes over", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    assert!(died.elapsed() <= lease + lease / 4 + Duration::from_secs(1), "{:?}", died.elapsed());
    rival.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_mail_whose_worker_was_killed_three_times_over_it_is_set_aside_behind_the_others() {
    let world = World::new();
    world.acts("deadly", Act::Slow(Duration::from_secs(3600)), u32::MAX);
    let deadly = world.deliver("deadly");
    let next = world.deliver("next");
    for _ in 0..3 {
        let hand = world.start("one");
        world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
        hand.kill().await;
    }
    assert_eq!(world.stage(next), Some(Stage::Recorded), "the third time it came last");
    world.settle().await;
    assert_eq!(world.stage(deadly), Some(Stage::Quarantined));
    assert_eq!(world.row(deadly, |row| row.reason.clone()), "3 tries from stage stored were begun, and none ended");
}

#[tokio::test(start_paused = true)]
async fn a_backlog_is_recorded_oldest_first_and_new_mail_gets_its_row_meanwhile() {
    let mut world = World::new();
    world.mailbox.folders.truncate(1);
    for number in 0..700_i64 {
        // The server numbers them the other way round.
        let mail = Mail { received_at: world.ago(number), ..world.mail(&format!("mail {number}")) };
        world.server.deliver(INBOX, mail);
    }
    let hand = world.start("one");
    world.until("the first is recorded", |world| world.counts().contains_key("recorded")).await;
    assert_eq!(world.tables.lock().unwrap().rows.len(), 700, "every row comes before the work");
    let fresh = world.deliver("fresh");
    let began = Instant::now();
    world.until("the new mail has a row", |world| world.stage(fresh).is_some()).await;
    assert!(began.elapsed() < Duration::from_secs(70), "{:?}", began.elapsed());
    assert!(world.counts()["recorded"] < 600);
    world.until("all is done", World::is_settled).await;
    hand.stop().await;
    let expected: Vec<u64> = (1..=700).rev().chain([fresh]).collect();
    assert_eq!(world.tables.lock().unwrap().order, expected);
}

#[tokio::test(start_paused = true)]
async fn two_folders_with_mail_of_the_same_hour_do_not_cost_a_selection_a_mail() {
    let world = World::new();
    for number in 0..64 {
        let mail = Mail { received_at: world.ago(100 - number), ..world.mail(&format!("mail {number}")) };
        world.server.deliver(if number % 2 == 0 { INBOX } else { JUNK }, mail);
    }
    world.settle().await;
    assert_eq!(world.counts(), [("recorded", 64)].into());
    assert!(world.calls("select") < 20, "{} selections", world.calls("select"));
}

#[tokio::test(start_paused = true)]
async fn new_mail_ends_the_wait_and_so_does_a_retry_that_is_due() {
    let mut world = World::new();
    world.mailbox.sweep_every = Duration::from_secs(100_000);
    let hand = world.start("one");
    world.until("it waits", |world| world.calls("wait") == 1).await;
    world.acts("second try", Act::Die, 1);
    let began = Instant::now();
    let uid = world.deliver("second try");
    world.until("it is recorded", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    assert!((5..15).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    hand.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_editor_who_asks_for_another_try_or_a_reconciliation_does_not_wait_for_the_next_sweep() {
    let mut world = World::new();
    world.mailbox.sweep_every = Duration::from_secs(100_000);
    world.acts("poison until now", Act::Refuse, 1);
    let uid = world.deliver("poison until now");
    let gone = world.deliver("removed later");
    let hand = world.start("one");
    world.until("it waits", |world| world.calls("wait") == 1).await;
    assert_eq!(world.retry_quarantined(), 1);
    let began = Instant::now();
    world.until("it is recorded", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    world.until("it waits again", |world| world.calls("wait") == 2).await;
    world.server.remove(INBOX, gone);
    world.tables.lock().unwrap().asked = Some(4);
    world.until("it is answered", |world| !world.tables.lock().unwrap().answers.is_empty()).await;
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    hand.stop().await;
    let tables = world.tables.lock().unwrap();
    let (asked, folders) = &tables.answers[0];
    let told: Vec<_> =
        folders.iter().map(|f| (f.folder.as_str(), f.server_count, f.missing_count, f.gone_count)).collect();
    assert_eq!((*asked, told), (4, vec![(INBOX, 1, 0, 1), (JUNK, 0, 0, 0)]));
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_does_not_exist_is_noted_and_the_others_are_swept() {
    let mut world = World::new();
    world.mailbox.folders = vec!["Spam".into(), INBOX.into()];
    let uid = world.deliver("hello");
    let hand = world.start("one");
    world.until("it is recorded", |world| world.stage(uid) == Some(Stage::Recorded)).await;
    world.until("it waits", |world| world.calls("wait") > 0).await;
    let began = Instant::now();
    let next = world.deliver("while it waits");
    world.until("the next is recorded", |world| world.stage(next) == Some(Stage::Recorded)).await;
    assert!(began.elapsed() < Duration::from_secs(10), "new mail is waited for in a folder that is there");
    hand.stop().await;
    let tables = world.tables.lock().unwrap();
    assert!(tables.notes.iter().any(|(folder, note)| folder == "Spam" && note.is_err()));
    assert!(tables.notes.iter().all(|(folder, note)| folder == "Spam" || note.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_fails_does_not_stop_another_and_two_children_at_most_work_at_once() {
    let world = World::new();
    world.server.rooms.lock().unwrap().refused.insert("broken".into(), ErrorKind::Unavailable);
    let mut mailboxes = Vec::new();
    for number in 0..5_u128 {
        let folder = if number == 0 { "broken".to_owned() } else { format!("folder {number}") };
        world.server.rooms.lock().unwrap().folders.entry(folder.clone()).or_default().uidvalidity = 1;
        let text = format!("mail {number}");
        world.acts(&text, Act::Slow(Duration::from_secs(30)), 1);
        world.server.deliver(&folder, world.mail(&text));
        let mailbox = Mailbox {
            id: Uuid::from_u128(100 + number),
            name: format!("box {number}"),
            folders: vec![folder],
            ..world.mailbox.clone()
        };
        mailboxes.push((mailbox, world.source()));
    }
    let cancel = CancellationToken::new();
    let all = tokio::spawn(worker::run(mailboxes, world.ports("one"), cancel.clone()));
    world.until("four are recorded", |world| world.counts().get("recorded") == Some(&4)).await;
    cancel.cancel();
    all.await.unwrap();
    assert_eq!(world.opener.alive.lock().unwrap().1, 2);
    assert!(world.tables.lock().unwrap().holders.is_empty());
}

#[tokio::test(start_paused = true)]
async fn work_folders_are_removed_however_the_child_ends() {
    let place = tempfile::tempdir().unwrap();
    let world = World::seeded(1, Some(place.path().to_owned()));
    for (text, act) in [
        ("reads", Act::Read),
        ("dies", Act::Die),
        ("refused", Act::Refuse),
        ("fails", Act::Fail(ErrorKind::Unavailable)),
    ] {
        world.acts(text, act, 1);
        world.deliver(text);
    }
    world.settle().await;
    world.acts("endless", Act::Slow(Duration::from_secs(3600)), 1);
    world.deliver("endless");
    let hand = world.start("one");
    world.until("its child works", |world| world.opener.alive.lock().unwrap().0 == 1).await;
    hand.stop().await;
    assert_eq!(world.shelf.lock().unwrap().workdirs.len(), 7);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_mail_is_asked_for_in_windows_and_kept_once() {
    let world = World::new();
    let uid = world.server.deliver(INBOX, world.mail_of(big(3, 1)));
    world.settle().await;
    assert_eq!(world.stage(uid), Some(Stage::Recorded));
    let rooms = world.server.rooms.lock().unwrap();
    assert_eq!((rooms.window_longest, rooms.calls["window"]), (WINDOW_BYTES, 4));
    assert_eq!(world.shelf.lock().unwrap().commits, 1);
    assert!(world.clock.now() > world.ago(1));
}
