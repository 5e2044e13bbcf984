//! Two of each role behind a proxy: `deploy/compose.scale.yaml` with the mail servers of `compose.try.yaml`.

use std::{
    collections::HashMap,
    fs,
    ops::Range,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use proto::intake::v1::{ListRepliesRequest, ReplyState};
use tests::{
    Imap, Visitor, wait_for,
    world::{USER, in_time, plain_mail},
};

use crate::{ALONE, Caller, Installation, channel, runtime};

const BOUND: Duration = Duration::from_secs(120);
/// How soon after a worker's death the other one has its mailbox. The lease that compose.scale.yaml sets lasts 8 s.
const TAKE_OVER: Duration = Duration::from_secs(15);
/// How long the letter that a killed worker had in hand may rest: 19 steps of five seconds (`servers/mailbox.toml`), and
/// another try.
const LETTERS: Duration = Duration::from_secs(240);
const MAILS: usize = 50;

/// Gives mails to Dovecot, each of an author of its own.
fn deliver(session: &mut Imap, numbers: Range<usize>) {
    for number in numbers {
        let received_at = in_time() + TimeDelta::seconds(i64::try_from(number).expect("a small number"));
        session.append("INBOX", received_at, &plain_mail(&format!("author{number}"), number, 20));
    }
}

/// The worker that took the mailbox last, as its log says.
fn holder(many: &Installation) -> Option<&'static str> {
    let took = |worker: &&str| {
        let log = many.engine.docker(&["logs", "--timestamps", &many.container(worker)]);
        // A line begins with its time.
        log.lines().rfind(|line| line.contains("took the mailbox")).map(str::to_owned)
    };
    ["worker-1", "worker-2"].into_iter().filter(|worker| took(worker).is_some()).max_by_key(took)
}

#[test]
fn two_of_each_lose_nothing_and_double_nothing_when_a_worker_and_a_server_are_killed() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let begun = Instant::now();
    let many = Installation::prepare(&["compose.scale.yaml", "compose.try.yaml"], &[], &["--try"]);
    println!("{:5.1} s  an engine, and all images", begun.elapsed().as_secs_f32());
    many.composed(&["up", "--detach"]);
    runtime().block_on(async {
        many.healthy(&["api-1", "api-2", "worker-1", "worker-2", "desk-1", "desk-2"], BOUND).await;
        println!("{:5.1} s  all are healthy", begun.elapsed().as_secs_f32());
        let root = many.root();
        let caller = Caller::new(channel(&root), &many.secret("api.token"));
        let mut session = Imap::login_with(1143, USER, &many.secret("mailbox.password"));
        let mut admin = many.administrator("api-1", Visitor::over_tls("desk.localhost:8443", &root)).await;
        // Whence they came is noted as the proxy was reached, not as the desk or the proxy reaches the service.
        let of_proxy = |field: &str| {
            let format = format!("{{{{range .NetworkSettings.Networks}}}}{{{{.{field}}}}}{{{{end}}}}");
            many.engine.ask(&["inspect", "--format", &format, &many.container("proxy")]).trim().to_owned()
        };
        let accesses = admin.get("/administration/access").await.html;
        let tells = |address: String| accesses.contains(&format!(">{address}<"));
        assert!(tells(of_proxy("Gateway")) && !tells(of_proxy("IPAddress")), "{accesses}");

        deliver(&mut session, 0..20);
        caller.settled(20, BOUND).await;
        println!("{:5.1} s  20 mails are recorded", begun.elapsed().as_secs_f32());
        let list = admin.get("/submissions").await;
        let submission = admin.get(&list.link("/submissions/0")).await;
        assert!(submission.status == 200 && submission.html.contains("浙江省财政厅"), "{}", submission.html);

        // Killed while mails are in hand.
        let (dead, alive) = match holder(&many) {
            Some("worker-1") => ("worker-1", "worker-2"),
            _ => ("worker-2", "worker-1"),
        };
        deliver(&mut session, 20..35);
        many.engine.ask(&["kill", &many.container(dead)]);
        let killed = Instant::now();
        many.engine.ask(&["kill", &many.container("api-1")]);
        deliver(&mut session, 35..MAILS);
        // The other server answers, over gRPC and to the desks.
        wait_for("gRPC answers", TAKE_OVER, || async { caller.ledger().await.ok() }).await;
        println!("        gRPC answers {:.1} s after a server was killed", killed.elapsed().as_secs_f32());
        wait_for("the desk answers", TAKE_OVER, || {
            let mut admin = admin.clone();
            async move { (admin.get("/submissions").await.status == 200).then_some(()) }
        })
        .await;
        println!("        the desk answers {:.1} s after it", killed.elapsed().as_secs_f32());
        wait_for(&format!("{alive} has the mailbox"), TAKE_OVER.saturating_sub(killed.elapsed()), || async {
            (holder(&many) == Some(alive)).then_some(())
        })
        .await;
        println!("        {alive} has the mailbox {:.1} s after {dead} was killed", killed.elapsed().as_secs_f32());

        let ledger = caller.settled(MAILS, BOUND).await;
        println!("{:5.1} s  {MAILS} mails are at their end: {}", begun.elapsed().as_secs_f32(), ledger.stages());
        ledger.assert_sound();
        assert_eq!(ledger.stages(), format!("STAGE_RECORDED {MAILS}"));
        let mut numbers: Vec<_> = ledger.submissions.iter().map(|submission| submission.number).collect();
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(1..=numbers.len().try_into().expect("few")), "no gaps: {numbers:?}");
        assert_eq!(numbers.len(), MAILS);

        // Each author got the acknowledgement once, or it is told that nobody knows.
        let states = wait_for("no letter waits", LETTERS, || async {
            let request = ListRepliesRequest { page_size: 500, ..Default::default() };
            let replies = caller.outbox().list_replies(request).await.ok()?.into_inner().replies;
            let rests = |state| matches!(state, ReplyState::Sent | ReplyState::Uncertain);
            (replies.len() == MAILS && replies.iter().all(|reply| rests(reply.state()))).then_some(replies)
        })
        .await;
        let uncertain = states.iter().filter(|reply| reply.state() == ReplyState::Uncertain).count();
        let letters = many.local("letters");
        many.engine.ask(&["cp", &format!("{}:/srv/letters", many.container("sink")), &letters.display().to_string()]);
        let mut by_id: HashMap<String, usize> = HashMap::new();
        for letter in fs::read_dir(&letters).expect("our own folder").flatten() {
            let text = String::from_utf8_lossy(&fs::read(letter.path()).expect("a letter")).into_owned();
            let id =
                text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("a letter has one").to_owned();
            *by_id.entry(id).or_default() += 1;
        }
        assert!(by_id.values().all(|times| *times == 1), "a letter came twice: {by_id:?}");
        assert!((MAILS - uncertain..=MAILS).contains(&by_id.len()), "{} letters, {uncertain} uncertain", by_id.len());
        println!("        {} letters arrived, none twice; {uncertain} uncertain", by_id.len());

        let found = many.caibian(alive, &["verify", "--server"]);
        assert!(found.contains("no faults"), "{found}");
        println!("        verify --server in a container: {}", found.trim());

        // Who was killed comes back, and joins.
        many.composed(&["up", "--detach"]);
        many.healthy(&[dead, "api-1"], BOUND).await;
        assert_eq!(caller.ledger().await.expect("it answers").submissions.len(), MAILS);
        println!("{:5.1} s  who was killed is back", begun.elapsed().as_secs_f32());
    });
}
