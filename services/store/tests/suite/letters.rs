//! Letters to authors: which is written and which silence is kept, what a decision owes and a retraction stops, and what a
//! person does with them.

use chrono::{TimeDelta, Utc};
use intake::{
    judgement::Verdict,
    letter::{Address, DeliveryReport, Headers, Letter},
    review::{Action, Actor, Decision, Role, Step},
    sorting::Class,
};
use reply::{
    Kind, Language,
    editing::Refusal,
    outbox::{OnUncertain, Outbox, Outcome, Stage, State, TRIES_MAX},
};
use stdx::ErrorKind;
use store::{
    ReplyPolicy,
    outbox::record::{ReplyAction, ReplyQuery, ReplyRecord, ReplyStep},
    record::{ReviewPerson, ReviewRecord, ReviewStep},
};
use uuid::Uuid;

use crate::{
    outbox::{LEASE, answering, policy, sent, taken, time_comes},
    scene::{Scene, assessment, day, letter},
};

/// Every letter, oldest first.
pub async fn letters(scene: &Scene) -> Vec<ReplyRecord> {
    let query = ReplyQuery { limit: 100, ..ReplyQuery::default() };
    let mut letters = scene.store.reply_list(&query).await.unwrap();
    letters.reverse();
    letters
}

async fn only(scene: &Scene) -> ReplyRecord {
    let letters = letters(scene).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    scene.store.reply_get(letters[0].id).await.unwrap()
}

pub async fn history(scene: &Scene, id: Uuid) -> String {
    let events = scene.store.reply_history(id).await.unwrap();
    let line = |event: store::outbox::record::ReplyEvent| {
        let from = event.from.map_or("", State::en);
        format!("{from} → {}, {}: {}\n", event.to.en(), event.actor, event.detail)
    };
    events.into_iter().map(line).collect()
}

pub async fn act(scene: &Scene, letter: &ReplyRecord, action: ReplyAction) -> Result<ReplyRecord, Refusal> {
    let step = ReplyStep {
        id: letter.id,
        row_version: letter.row_version,
        action,
        actor: "李主编".into(),
        note: "请核对".into(),
    };
    scene.store.reply_step(&step).await.unwrap()
}

/// A step of the review, now.
async fn review(scene: &Scene, before: &ReviewRecord, by: u128, action: Action) -> ReviewRecord {
    scene.store.review_step(&asked(before, by, action)).await.unwrap().unwrap()
}

fn asked(before: &ReviewRecord, by: u128, action: Action) -> ReviewStep {
    let tells = matches!(action, Action::Decline | Action::AskRevision { .. });
    let reason = if tells { format!("理由{}", before.row_version) } else { String::new() };
    let assigned = match &action {
        Action::Assign { editor } => Some(*editor),
        _ => None,
    };
    let persons = assigned.into_iter().chain([Uuid::from_u128(by)]);
    ReviewStep {
        submission_id: before.submission_id,
        row_version: before.row_version,
        step: Step { action, reason, note: "备注".into() },
        actor: Actor { id: Uuid::from_u128(by), role: Role::ChiefEditor },
        persons: persons.map(|id| ReviewPerson { id, name: format!("p{}", id.as_u128()) }).collect(),
        now: Utc::now(),
        once: None,
        is_rehearsal: false,
    }
}

/// A submission whose review waits for a decision of the first round; its acknowledgement has gone.
async fn recommended(scene: &Scene, uid: u64) -> ReviewRecord {
    let submission = scene.submission(uid, "zhang@czt.example.cn", &format!("主题征稿{uid}")).await;
    let acknowledgement = taken(scene).await;
    scene.store.ended(&acknowledgement, &sent()).await.unwrap();
    let before = scene.store.review_get(submission.id).await.unwrap();
    let before = review(scene, &before, 9, Action::Assign { editor: Uuid::from_u128(1) }).await;
    let before = review(scene, &before, 1, Action::Begin).await;
    review(scene, &before, 1, Action::Recommend { decision: Decision::Decline }).await
}

/// The letters of decisions, oldest first.
async fn decisions(scene: &Scene) -> Vec<ReplyRecord> {
    let mut letters = letters(scene).await;
    letters.retain(|letter| !matches!(letter.kind, Kind::Acknowledgement | Kind::Findings));
    letters
}

pub async fn a_submission_and_its_letter_are_recorded_together_or_not_at_all(scene: Scene) {
    let scene = answering(scene, policy());
    let mail = letter("zhang@czt.example.cn", "主题征稿：预算绩效");
    let message = scene.parsed(1, &mail).await;
    let (refuse, allow) = match scene.url.starts_with("postgres") {
        true => {
            ("ALTER TABLE reply ADD CONSTRAINT full_disk CHECK (false)", "ALTER TABLE reply DROP CONSTRAINT full_disk")
        }
        false => (
            "CREATE TRIGGER full_disk BEFORE INSERT ON reply BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER full_disk",
        ),
    };
    scene.sql(refuse).await.unwrap();
    let campaigns = std::slice::from_ref(&scene.campaign);
    let assessed = assessment(Class::Submission, Verdict::Eligible);
    use intake::ports::Ledger;
    let recorded = scene.store.message_recorded(&scene.lease, &message, campaigns, &[], &mail, &assessed).await;
    assert!(recorded.is_err());
    let row = scene.store.message_get(message.id).await.unwrap();
    assert_eq!((row.message.stage, row.submission_id), (message.stage, None), "neither");
    scene.sql(allow).await.unwrap();
    scene.record(&message, &mail, &[], &assessed).await;
    let written = only(&scene).await;
    let submission = scene.submission_of(&message).await;
    assert_eq!((written.submission_id, written.number), (submission.id, 1), "both");
    assert_eq!((written.kind, written.version, written.state), (Kind::Acknowledgement, 1, State::Pending));
    assert_eq!((written.to.as_str(), written.language), ("zhang@czt.example.cn", Language::Zh));
    assert_eq!(written.subject, "来稿收悉（收稿号 1）：主题征稿：预算绩效");
    assert!(written.body.starts_with("张三：\n\n您好！"), "{}", written.body);
    assert_eq!(history(&scene, written.id).await, " → pending, worker: \n");
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_letter_is_of_the_kind_and_the_language_that_the_mail_asks_for(scene: Scene) {
    let scene = answering(scene, policy());
    scene.recorded(1, "a@b.cn", "主题征稿1", Class::Submission, Verdict::Incomplete).await;
    assert_eq!(only(&scene).await.kind, Kind::Findings);
    let mut english = letter("c@d.cn", "主题征稿2");
    english.body.text = "Please find my article attached.".into();
    english.body.quoted_from = None;
    english.parts.clear();
    let message = scene.parsed(2, &english).await;
    scene.record(&message, &english, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
    let written = letters(&scene).await.pop().unwrap();
    assert_eq!((written.kind, written.language), (Kind::Acknowledgement, Language::En));
    assert_eq!(written.subject, "Received (number 2): 主题征稿2");
    // A correction gets an answer of its own.
    let earlier = intake::ports::Ledger::earlier(&scene.store, scene.mailbox_id, "a@b.cn").await.unwrap();
    let correction = letter("a@b.cn", "主题征稿1（修改稿）");
    let message = scene.parsed(3, &correction).await;
    let mut assessed = assessment(Class::Correction, Verdict::Eligible);
    assessed.sorting.corrects = Some(0);
    scene.record(&message, &correction, &earlier, &assessed).await;
    let written = letters(&scene).await.pop().unwrap();
    assert_eq!((written.kind, written.version, written.number), (Kind::Acknowledgement, 1, 3));
    let of_manuscript = ReplyQuery { submission_id: Some(written.submission_id), limit: 9, ..ReplyQuery::default() };
    assert_eq!(scene.store.reply_list(&of_manuscript).await.unwrap().len(), 2, "of any version");
}

pub async fn old_mail_and_what_is_no_submission_get_no_letter_and_nobody_does_without_a_policy(scene: Scene) {
    scene.submission(1, "a@b.cn", "主题征稿").await;
    assert_eq!(letters(&scene).await, []);
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none());
    let elsewhere = |policy: ReplyPolicy| {
        let mut policy = policy;
        policy.senders[0].mailbox = "other@163.com".into();
        policy
    };
    answering(scene.clone(), elsewhere(policy())).submission(2, "a@b.cn", "主题征稿").await;
    let scene = answering(scene, policy());
    for (uid, class) in (3..).zip([Class::NearMiss, Class::Bounce, Class::AutomaticReply, Class::NotASubmission]) {
        scene.recorded(uid, "a@b.cn", "稿件", class, Verdict::Eligible).await;
    }
    let old = intake::ports::Listed { received_at: day() - TimeDelta::days(300), ..crate::scene::listed(9) };
    let message = scene.seen_in("INBOX", 7, old).await;
    let mail = letter("a@b.cn", "主题征稿旧");
    use intake::ports::Ledger;
    scene.store.message_stored(&scene.lease, &message, scene.raw_sha256(9), 1).await.unwrap();
    scene.store.message_parsed(&scene.lease, &scene.again(&message).await, &mail).await.unwrap();
    scene.record(&scene.again(&message).await, &mail, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
    assert!(scene.submission_of(&message).await.message.backfilled);
    assert_eq!(letters(&scene).await, []);
}

pub async fn every_silence_is_kept_by_name(scene: Scene) {
    let mut strict = policy();
    strict.senders[0].ourselves.authserv_id = Some("mx.163.com".into());
    let (plain, scene) = (answering(scene.clone(), policy()), answering(scene, strict));
    type Change = fn(&mut Headers);
    let changes: [(&str, Change); 12] = [
        ("automatic_reply", |headers| headers.auto_submitted = Some("auto-replied".into())),
        ("list_mail", |headers| headers.list = Some("news".into())),
        ("list_mail", |headers| headers.precedence = Some("bulk".into())),
        ("null_path", |headers| headers.return_path = Some(String::new())),
        ("suppressed", |headers| headers.auto_response = Some("X-Auto-Response-Suppress".into())),
        ("own_address", |headers| headers.from[0].address = "CZZhengwen@163.com".into()),
        ("unattended", |headers| headers.from[0].address = "no-reply@b.cn".into()),
        ("no_address", |headers| headers.from = vec![Address::default()]),
        ("loop_mark", |headers| headers.loop_mark = true),
        ("spoofed", |headers| headers.authentication_results = vec!["mx.163.com; dmarc=fail".into()]),
        ("unproven", |headers| headers.authentication_results = vec!["mx.163.com; none".into()]),
        ("own_letter", |headers| {
            let id = "caibian.declined.1.00000000000000000000000000000007@caibian.example.cn";
            headers.message_id = Some(id.into());
        }),
    ];
    for (uid, (code, change)) in (1..).zip(changes) {
        let mut mail = letter(&format!("a{uid}@b.cn"), &format!("主题征稿{uid}"));
        mail.headers.authentication_results = vec![format!("mx.163.com; spf=pass smtp.mailfrom=a{uid}@b.cn")];
        change(&mut mail.headers);
        let message = scene.parsed(uid, &mail).await;
        scene.record(&message, &mail, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
        let written = letters(&scene).await.pop().unwrap();
        assert_eq!(written.silence.as_ref().map(|(code, ..)| code.as_str()), Some(code), "{uid}");
        assert_eq!((written.state, written.to.as_str()), (State::Suppressed, ""), "{code}");
        assert_eq!(act(&scene, &written, ReplyAction::Retry).await, Err(Refusal::Silent), "{code}");
    }
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none());
    let scene = plain;
    // An address that a letter came back from, and a sender that writes without end.
    scene
        .sql("INSERT INTO contact_mark (address, unreachable_since, reason) VALUES ('gone@b.cn', 1, '550')")
        .await
        .unwrap();
    scene.submission(20, "Gone@b.cn", "主题征稿").await;
    let gone = letters(&scene).await.pop().unwrap();
    assert_eq!(gone.silence.as_ref().unwrap().0, "unreachable");
    assert_eq!(act(&scene, &gone, ReplyAction::Retry).await.unwrap().state, State::Pending, "a person has looked");
    scene.submission(21, "Gone@b.cn", "主题征稿").await;
    assert_eq!(letters(&scene).await.pop().unwrap().state, State::Pending, "and the mark is lifted");
    let cap = policy().caps.sender_day;
    for uid in 30..=30 + u64::from(cap) {
        scene.submission(uid, "many@b.cn", &format!("主题征稿{uid}")).await;
        let state = letters(&scene).await.pop().unwrap().state;
        assert_eq!(state == State::Suppressed, uid == 30 + u64::from(cap), "{uid}");
    }
    assert_eq!(letters(&scene).await.pop().unwrap().silence.unwrap().0, "sender_cap");
    let (counts, bounced) = scene.store.reply_counts(None).await.unwrap();
    assert_eq!(counts.iter().find(|(state, _)| *state == State::Suppressed), Some(&(State::Suppressed, 13)));
    assert_eq!((counts.len(), bounced), (State::ALL.len(), 0));
}

pub async fn a_decision_is_told_when_its_window_has_ended_and_a_retraction_within_it_stops_the_letter(scene: Scene) {
    let scene = answering(scene, policy());
    let before = recommended(&scene, 1).await;
    let rehearsal = ReviewStep { is_rehearsal: true, ..asked(&before, 9, Action::Decline) };
    scene.store.review_step(&rehearsal).await.unwrap().unwrap();
    assert_eq!(decisions(&scene).await, [], "a rehearsal writes nothing");
    let declined = review(&scene, &before, 9, Action::Decline).await;
    let told = decisions(&scene).await.remove(0);
    assert_eq!((told.kind, told.version, told.state), (Kind::Declined, 1, State::Pending));
    assert_eq!(told.due_at, declined.updated_at + TimeDelta::minutes(30));
    let body = scene.store.reply_get(told.id).await.unwrap().body;
    assert!(body.contains(&format!("理由{}", before.row_version)), "{body}");
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none(), "not before the end of the window");
    assert_eq!(scene.store.due_next().await.unwrap(), Some(told.due_at));

    let retracted = review(&scene, &declined, 9, Action::Retract).await;
    let stopped = scene.store.reply_get(told.id).await.unwrap();
    assert_eq!(stopped.state, State::Cancelled);
    let lines = history(&scene, told.id).await;
    assert!(lines.ends_with("pending → cancelled, p9: its decision was retracted\n"), "{lines}");
    assert_eq!(act(&scene, &stopped, ReplyAction::Retry).await, Err(Refusal::CalledOff), "no way back");
    time_comes(&scene).await;
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none());

    review(&scene, &retracted, 9, Action::Decline).await;
    let again = decisions(&scene).await.remove(1);
    assert_eq!((again.kind, again.version, again.state), (Kind::Declined, 2, State::Pending));
    assert_ne!(again.message_id, told.message_id);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_letter_that_a_sender_has_when_its_decision_is_retracted_never_goes_again(scene: Scene) {
    let scene = answering(scene, ReplyPolicy { on_uncertain: OnUncertain::Resend, ..policy() });
    for (uid, outcome, state) in [
        (1, Outcome::Deferred { stage: Stage::Connect, said: "421".into() }, State::Cancelled),
        (2, Outcome::Unable { said: "535".into() }, State::Cancelled),
        (3, Outcome::Uncertain { said: "the line broke".into() }, State::Uncertain),
        (4, sent(), State::Sent),
    ] {
        let before = recommended(&scene, uid).await;
        let declined = review(&scene, &before, 9, Action::Decline).await;
        time_comes(&scene).await;
        let letter = taken(&scene).await;
        review(&scene, &declined, 9, Action::Retract).await;
        scene.store.ended(&letter, &outcome).await.unwrap();
        let ended = scene.store.reply_get(letter.id).await.unwrap();
        assert_eq!(ended.state, state, "{outcome:?}");
        if state == State::Uncertain {
            let again = ReplyAction::Settle { send_again: true };
            assert_eq!(act(&scene, &ended, again).await, Err(Refusal::CalledOff));
        }
    }
}

pub async fn a_decline_waits_for_a_person_where_the_policy_says_so(scene: Scene) {
    let scene = answering(scene, ReplyPolicy { hold_declines: true, ..policy() });
    let before = recommended(&scene, 1).await;
    review(&scene, &before, 9, Action::Decline).await;
    let held = decisions(&scene).await.remove(0);
    assert_eq!(held.state, State::Held);
    scene.sql("UPDATE reply SET due_at = 1").await.unwrap();
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none());
    let words =
        ReplyAction::Rewrite { subject: "审稿结果".into(), body: "改写：\r\n\r\n此次未能采用。".into() };
    let held = act(&scene, &held, words).await.unwrap();
    assert_eq!((held.state, held.edited, held.subject.as_str()), (State::Held, true, "审稿结果"));
    let approved = act(&scene, &held, ReplyAction::Approve).await.unwrap();
    assert_eq!(approved.state, State::Pending);
    let letter = taken(&scene).await;
    assert_eq!(letter.message_id, held.message_id, "the same letter");
    let mail = String::from_utf8(letter.raw).unwrap();
    assert!(mail.contains("\r\n\r\n5pS55YaZ77ya"), "改写： in base64: {mail}");
    let lines = history(&scene, letter.id).await;
    assert!(lines.contains("held → pending, 李主编: approved: 请核对\n"), "{lines}");
}

pub async fn a_person_holds_cancels_and_retries_a_letter_and_never_on_what_others_changed(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, "a@b.cn", "主题征稿").await;
    let first = only(&scene).await;
    let held = act(&scene, &first, ReplyAction::Hold).await.unwrap();
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none());
    let stale = ReplyStep {
        id: first.id,
        row_version: first.row_version,
        action: ReplyAction::Cancel,
        actor: "王".into(),
        note: String::new(),
    };
    assert_eq!(scene.store.reply_step(&stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    let unknown = ReplyStep { id: Uuid::now_v7(), ..stale };
    assert_eq!(scene.store.reply_step(&unknown).await.unwrap_err().kind(), ErrorKind::NotFound);
    let cancelled = act(&scene, &held, ReplyAction::Cancel).await.unwrap();
    assert_eq!(act(&scene, &cancelled, ReplyAction::Approve).await, Err(Refusal::State(State::Cancelled)));
    act(&scene, &cancelled, ReplyAction::Retry).await.unwrap();
    let letter = taken(&scene).await;
    scene.store.staged(&letter, Stage::End).await.unwrap();
    scene.store.ended(&letter, &Outcome::Uncertain { said: "the line broke".into() }).await.unwrap();
    let uncertain = only(&scene).await;
    assert_eq!((uncertain.state, uncertain.detail.as_str()), (State::Uncertain, "the line broke"));
    let again = act(&scene, &uncertain, ReplyAction::Settle { send_again: true }).await.unwrap();
    let words = ReplyAction::Rewrite { subject: "x".into(), body: "y".into() };
    assert_eq!(act(&scene, &again, words).await, Err(Refusal::HandedOver), "a server may have the other words");
    let second = taken(&scene).await;
    assert_eq!((second.raw, second.message_id), (letter.raw, letter.message_id), "the same mail");
}

pub async fn what_our_own_side_cannot_do_costs_no_try_and_what_no_server_takes_fails_at_last(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, "a@b.cn", "主题征稿").await;
    for _ in 0..3 {
        time_comes(&scene).await;
        let letter = taken(&scene).await;
        scene.store.ended(&letter, &Outcome::Unable { said: "no server is set".into() }).await.unwrap();
        let unable = only(&scene).await;
        assert_eq!((unable.state, unable.tries), (State::Deferred, 0));
    }
    let lines = history(&scene, only(&scene).await.id).await;
    assert_eq!(lines.lines().count(), 2, "told once: {lines}");
    for tries in 1..=TRIES_MAX {
        time_comes(&scene).await;
        let letter = taken(&scene).await;
        assert_eq!(letter.tries, tries);
        let outcome = Outcome::Deferred { stage: Stage::Connect, said: "421 too many connections".into() };
        scene.store.ended(&letter, &outcome).await.unwrap();
    }
    let failed = only(&scene).await;
    assert_eq!((failed.state, failed.detail.as_str()), (State::Failed, "connect: 421 too many connections"));
    let retried = act(&scene, &failed, ReplyAction::Retry).await.unwrap();
    assert_eq!((retried.state, retried.tries, retried.detail.as_str()), (State::Pending, 0, ""));
}

/// A sender that was given up at the end of the mail comes back with the server's answer.
pub async fn an_answer_that_comes_late_is_taken_while_no_other_sender_has_the_letter(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, "a@b.cn", "主题征稿").await;
    let letter = taken(&scene).await;
    scene.store.staged(&letter, Stage::End).await.unwrap();
    crate::outbox::leases_end(&scene).await;
    assert!(scene.store.take("sender-2", LEASE).await.unwrap().is_none());
    assert_eq!(only(&scene).await.state, State::Uncertain);
    let failed = Outcome::Deferred { stage: Stage::End, said: "451".into() };
    assert_eq!(scene.store.ended(&letter, &failed).await.unwrap_err().kind, ErrorKind::Conflict);
    scene.store.ended(&letter, &sent()).await.unwrap();
    assert_eq!(only(&scene).await.state, State::Sent);
}

pub async fn a_bounce_is_tied_to_its_letter_and_stops_the_next_one_while_a_delay_stops_nothing(scene: Scene) {
    let scene = answering(scene, policy());
    let report = |uid: u64, id: &str, action: &str| {
        let mut report = letter("MAILER-DAEMON@b.cn", &format!("退信{uid}"));
        report.report = Some(DeliveryReport {
            original_message_id: Some(id.into()),
            action: Some(action.into()),
            status: Some("5.1.1".into()),
            diagnostic: Some("550 no such user".into()),
            ..DeliveryReport::default()
        });
        report
    };
    let bounce = async |uid: u64, mail: &Letter| {
        let message = scene.parsed(uid, mail).await;
        scene.record(&message, mail, &[], &assessment(Class::Bounce, Verdict::Eligible)).await;
    };
    scene.submission(1, "Li@b.cn", "主题征稿1").await;
    let id = only(&scene).await.message_id;
    bounce(2, &report(2, &id, "failed")).await;
    assert_eq!(only(&scene).await.bounced_at, None, "what never left cannot come back");
    let outgoing = taken(&scene).await;
    scene.store.staged(&outgoing, Stage::End).await.unwrap();
    scene.store.ended(&outgoing, &sent()).await.unwrap();
    bounce(3, &report(3, &id, "delayed")).await;
    bounce(4, &report(4, &id.replace("caibian.ack", "caibian.find"), "failed")).await;
    assert_eq!(only(&scene).await.bounced_at, None, "delayed, or another's");

    // A report of a server that only answers: known by the letter that it refers to.
    let mut bare = letter("postmaster@b.cn", "系统退信");
    bare.headers.in_reply_to = vec![id.clone()];
    bounce(5, &bare).await;
    let bounced = only(&scene).await;
    assert_eq!((bounced.state, bounced.bounce_detail.as_str()), (State::Sent, "系统退信"));
    let at = bounced.bounced_at.unwrap();
    bounce(6, &report(6, &id, "failed")).await;
    assert_eq!(only(&scene).await.bounced_at, Some(at), "it came back once");
    let lines = history(&scene, bounced.id).await;
    assert!(lines.ends_with("sent → sent, worker: it came back: 系统退信\n"), "{lines}");
    let back = ReplyQuery { bounced: true, limit: 9, ..ReplyQuery::default() };
    assert_eq!(scene.store.reply_list(&back).await.unwrap().len(), 1);
    assert_eq!(scene.store.reply_counts(None).await.unwrap().1, 1);
    assert_eq!(scene.store.reply_sending().await.unwrap().failed_last_hour, 1);

    scene.submission(7, "li@B.cn", "主题征稿2").await;
    let next = letters(&scene).await.pop().unwrap();
    assert_eq!((next.state, next.silence.unwrap().0.as_str()), (State::Suppressed, "unreachable"));
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn no_more_letters_go_than_the_caps_allow(scene: Scene) {
    let mut capped = policy();
    (capped.caps.hour, capped.caps.day) = (2, 3);
    let scene = answering(scene, capped);
    for uid in 1..=5 {
        scene.submission(uid, &format!("a{uid}@b.cn"), "主题征稿").await;
    }
    let go = async || {
        let letter = scene.store.take("sender", LEASE).await.unwrap()?;
        scene.store.staged(&letter, Stage::End).await.unwrap();
        scene.store.ended(&letter, &sent()).await.unwrap();
        Some(letter)
    };
    assert!(go().await.is_some());
    let under_way = taken(&scene).await;
    assert!(go().await.is_none(), "one that is under way counts");
    scene.store.staged(&under_way, Stage::End).await.unwrap();
    scene.store.ended(&under_way, &sent()).await.unwrap();
    assert!(go().await.is_none(), "two in an hour");
    assert!(scene.store.due_next().await.unwrap().unwrap() > Utc::now());
    let sending = scene.store.reply_sending().await.unwrap();
    assert_eq!((sending.sent_last_hour, sending.hour_max, sending.day_max), (2, 2, 3));
    assert_eq!(sending.senders, ["czzhengwen@163.com"]);
    let hours = 2 * 3_600_000_000_i64;
    scene.sql(&format!("UPDATE reply SET handed_at = handed_at - {hours}")).await.unwrap();
    assert!(go().await.is_some());
    assert!(go().await.is_none(), "three in a day");
}

pub async fn letters_stop_while_too_many_fail_and_one_tries_after_the_pause(scene: Scene) {
    let mut strict = policy();
    strict.caps.failed_min = 2;
    let scene = answering(scene, strict);
    for uid in 1..=6 {
        scene.submission(uid, &format!("a{uid}@b.cn"), "主题征稿").await;
    }
    let refused = Outcome::Refused { stage: Stage::Envelope, said: "554 DT:SPM".into() };
    for _ in 0..2 {
        scene.store.ended(&taken(&scene).await, &refused).await.unwrap();
    }
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none(), "the circuit is open");
    let until = scene.store.reply_sending().await.unwrap().paused_until.unwrap();
    assert_eq!(scene.store.due_next().await.unwrap(), Some(until));
    let pause_over = "UPDATE reply_circuit SET tripped_at = tripped_at - 3700000000";
    scene.sql(pause_over).await.unwrap();
    let trial = taken(&scene).await;
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none(), "one tries it");
    scene.store.ended(&trial, &refused).await.unwrap();
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none(), "the pause begins anew");
    scene.sql(pause_over).await.unwrap();
    let trial = taken(&scene).await;
    scene.store.staged(&trial, Stage::End).await.unwrap();
    scene.store.ended(&trial, &sent()).await.unwrap();
    assert_eq!(scene.store.reply_sending().await.unwrap().paused_until, None);
    taken(&scene).await;
    taken(&scene).await;
}

pub async fn a_letter_stands_once_in_the_tables_and_its_history_can_only_be_added_to(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, "a@b.cn", "主题征稿").await;
    scene.submission(2, "c@d.cn", "主题征稿").await;
    let same = "UPDATE reply SET submission_id = (SELECT submission_id FROM reply ORDER BY created_at, id LIMIT 1)";
    assert!(scene.sql(same).await.is_err(), "one letter of a kind and version");
    for sql in ["UPDATE reply_event SET detail = 'x'", "DELETE FROM reply_event"] {
        let refused = scene.sql(sql).await.unwrap_err();
        assert!(refused.to_string().contains("the history is append-only"), "{sql}: {refused}");
    }
    let query = ReplyQuery { limit: 1, ..ReplyQuery::default() };
    let newest = scene.store.reply_list(&query).await.unwrap().remove(0);
    let next = ReplyQuery { after: Some((newest.created_at, newest.id)), limit: 9, ..ReplyQuery::default() };
    let next = scene.store.reply_list(&next).await.unwrap();
    assert_eq!((newest.number, next.len(), next[0].number), (2, 1, 1));
    assert_eq!((next[0].body.as_str(), next[0].to.as_str()), ("", "a@b.cn"));
    let held = ReplyQuery { states: vec![State::Held], limit: 9, ..ReplyQuery::default() };
    assert_eq!(scene.store.reply_list(&held).await.unwrap(), []);
    assert_eq!(scene.faults().await, [""; 0]);
    scene.sql("UPDATE reply SET state = 'sent' WHERE number = 1").await.unwrap();
    let fault = format!("reply {}: it is sent, its history ends at pending", next[0].id);
    assert_eq!(scene.faults().await, [fault]);
}
