//! Erasure: what it takes away, what counting keeps, and that nothing of it comes back.

use std::collections::BTreeSet;

use intake::{
    judgement::Verdict,
    letter::DeliveryReport,
    message::{Message, Stage},
    ports::{Ledger, StoreOutcome},
    review::{Action, Actor, Decision, Role, Step},
    sorting::Class,
};
use reply::outbox::State;
use sea_orm::{ConnectionTrait, Statement};
use stdx::Sha256;
use store::{
    Store,
    account::{AccessAction, AccessQuery},
    erasure::{Asked, Begun, Fate, Kind, MAILS_MAX, Refusal, Subject},
    record::{
        ContactQuery, MessageQuery, RemarkMade, ReviewPerson, ReviewQuery, ReviewStep, SubmissionQuery,
        SubmissionRecord,
    },
    register::Once,
};
use uuid::Uuid;

use crate::{
    letters::letters,
    outbox::{answering, policy, sent, taken},
    reviews::who,
    scene::{INBOX, Scene, assessment, by, day, letter, listed},
    similar::{manuscript, with_text},
};

const LI: &str = "li.min@czt.example.cn";
const WANG: &str = "wang@czt.example.cn";

pub fn asked(subject: Subject) -> Asked {
    Asked {
        subject,
        by: "管理员".into(),
        peer: "192.0.2.7".into(),
        reason: "本人来信要求".into(),
        includes_adopted: false,
        is_rehearsal: false,
        once: None,
    }
}

fn of_li() -> Asked {
    asked(Subject::Person("Li.Min@czt.example.cn".into()))
}

async fn begun(scene: &Scene, asked: &Asked) -> Begun {
    scene.store.erasure_begin(asked).await.unwrap().unwrap()
}

/// What follows the rows, but for the blobs, which no store has.
async fn ended(scene: &Scene, begun: &Begun) {
    let mut blobs = begun.erasure.blobs.clone();
    let hashes: Vec<Sha256> = blobs.iter().map(|blob| blob.sha256.parse().unwrap()).collect();
    let (free, is_quiet) = scene.store.erasure_removable(&hashes).await.unwrap();
    assert!(is_quiet, "nothing is on its way");
    for blob in &mut blobs {
        blob.fate = if free.contains(&blob.sha256.parse().unwrap()) { Fate::Removed } else { Fate::Shared };
    }
    scene.store.erasure_note(begun.erasure.id, &blobs).await.unwrap();
    scene.store.scrub().await.unwrap();
    scene.store.erasure_end(begun.erasure.id).await.unwrap();
}

/// Takes a letter all the way, with a text of its own.
async fn comes(scene: &Scene, uid: u64, sender: &str, subject: &str, text: &str) -> SubmissionRecord {
    let letter = with_text(sender, subject, text);
    let message = scene.parsed(uid, &letter).await;
    scene.record(&message, &letter, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
    scene.submission_of(&message).await
}

/// Takes a manuscript from the judgement to a decision, with words of the deciding step.
async fn decide(scene: &Scene, of: &SubmissionRecord, decision: Decision, reason: &str, note: &str) {
    let recommend = || (1, Action::Recommend { decision }, "", "可议");
    let mut steps = vec![(9, Action::Assign { editor: who(1) }, "", ""), (1, Action::Begin, "", ""), recommend()];
    if decision == Decision::Adopt {
        for _ in 0..2 {
            steps.extend([(1, Action::Pass, "", ""), recommend()]);
        }
    }
    let last = if decision == Decision::Adopt { Action::Adopt } else { Action::Decline };
    steps.push((9, last, reason, note));
    for (by, action, reason, note) in steps {
        let review = scene.store.review_get(of.id).await.unwrap();
        let step = ReviewStep {
            submission_id: of.id,
            row_version: review.row_version,
            step: Step { action, reason: reason.into(), note: note.into() },
            persons: [1, 9].map(|by| ReviewPerson { id: who(by), name: format!("p{by}") }).to_vec(),
            actor: Actor { id: who(by), role: Role::ChiefEditor },
            now: chrono::Utc::now(),
            once: None,
            is_rehearsal: false,
        };
        scene.store.review_step(&step).await.unwrap().unwrap();
    }
}

async fn remark(scene: &Scene, of: &SubmissionRecord, words: &str) {
    let made = RemarkMade {
        submission_id: of.id,
        actor: Actor { id: Uuid::from_u128(7), role: Role::ChiefEditor },
        name: "李主编".into(),
        now: chrono::Utc::now(),
        once: None,
    };
    scene.store.review_comment(&made, words).await.unwrap();
}

/// All that the tables hold, as text: every column of every row.
async fn everything(scene: &Scene) -> String {
    let raw = scene.raw().await;
    let backend = raw.get_database_backend();
    let is_postgres = scene.url.starts_with("postgres");
    let mut all = String::new();
    for table in tables(scene).await {
        let sql = if is_postgres {
            format!("SELECT CAST(to_jsonb(t) AS text) FROM {table} AS t")
        } else {
            let columns = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns = raw.query_all_raw(Statement::from_string(backend, columns)).await.unwrap();
            let columns: Vec<String> = columns.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
            let told = |name: &String| {
                format!("CASE typeof({name}) WHEN 'blob' THEN hex({name}) ELSE COALESCE({name}, '') END")
            };
            let told: Vec<String> = columns.iter().map(told).collect();
            format!("SELECT {} FROM {table}", told.join(" || '|' || "))
        };
        for row in raw.query_all_raw(Statement::from_string(backend, sql)).await.unwrap() {
            let line: String = row.try_get_by_index(0).unwrap();
            all.push_str(&format!("{table}: {line}\n"));
        }
    }
    all
}

async fn tables(scene: &Scene) -> BTreeSet<String> {
    let names = match scene.url.starts_with("postgres") {
        true => "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()",
        false => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    };
    let raw = scene.raw().await;
    let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), names)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

pub async fn of_a_person_who_is_erased_no_word_is_left_and_every_count_is(scene: Scene) {
    let scene = answering(scene, policy());
    let li = comes(&scene, 1, "Li.Min@czt.example.cn", "主题征稿：乡村水利绩效", &manuscript(1, &[])).await;
    let wang = comes(&scene, 2, WANG, "主题征稿：城市供水", &manuscript(1, &[3, 9])).await;
    decide(&scene, &li, Decision::Decline, "选题与本刊不合", "作者李敏来过电话").await;
    remark(&scene, &li, "李敏答应另投").await;
    assert_eq!(scene.store.alike(wang.id, false).await.unwrap(), [li.id]);
    let before = everything(&scene).await;
    let words = ["乡村水利", "选题与本刊不合", "来过电话", "答应另投", "li.min", "Li.Min"];
    for word in words {
        assert!(before.contains(word), "{word} was never there");
    }

    let begun = begun(&scene, &of_li()).await;
    let counts = begun.erasure.counts;
    assert_eq!((counts.messages, counts.letters, counts.submissions, counts.manuscripts), (1, 1, 1, 1));
    assert_eq!((counts.replies, counts.called_off), (2, 2));
    assert_eq!(begun.erasure.kind, Kind::Person);
    let salt = begun.salt.clone().unwrap();
    let told = Sha256::of(format!("{salt} {LI}").as_bytes()).hex();
    assert_eq!(begun.erasure.subject_sha256.as_deref(), Some(told.as_str()), "who has the salt can show it");
    assert_eq!(scene.faults().await.len(), 1, "{:?}", scene.faults().await);
    assert!(scene.faults().await[0].contains("has not ended"));
    ended(&scene, &begun).await;

    let after = everything(&scene).await;
    for word in words.into_iter().chain([salt.as_str(), &Store::contact_id(LI).to_string()]) {
        assert!(!after.contains(word), "{word} in {after}");
    }
    assert_eq!(scene.faults().await, [""; 0]);
    // The other's are all there, and numbers go on.
    let there = scene.store.submission_get(wang.id).await.unwrap();
    assert_eq!((there.letter, there.contact, there.erased_at), (wang.letter.clone(), wang.contact.clone(), None));
    let gone = scene.store.submission_get(li.id).await.unwrap();
    assert_eq!((gone.number, gone.version, gone.root_id, gone.erased_at.is_some()), (1, 1, li.id, true));
    assert_eq!((gone.letter.headers.subject.as_str(), gone.contact.names.len()), ("", 0));
    assert_eq!(
        gone.findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(),
        [intake::finding::RuleCode::Deadline]
    );
    let listed = scene.store.submission_list(&SubmissionQuery { limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(listed.len(), 2);
    let reviews = scene.store.review_list(&ReviewQuery { limit: 9, ..Default::default() }).await.unwrap();
    let states: Vec<_> = reviews.iter().map(|review| review.standing.state.as_str()).collect();
    assert_eq!(states, ["judged", "declined"]);
    assert!(reviews[1].summary.as_ref().unwrap().erased_at.is_some());
    assert_eq!(scene.store.alike(wang.id, false).await.unwrap(), Vec::<Uuid>::new());
    let contacts = scene.store.contact_list(&ContactQuery { limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(contacts.iter().map(|contact| contact.address.as_str()).collect::<Vec<_>>(), [WANG]);
    assert_eq!(comes(&scene, 3, LI, "主题征稿：又一篇", "新的").await.number, 3);
    let again = scene.store.erasure_get(begun.erasure.id).await.unwrap();
    assert!(again.ended_at.is_some());
    assert_eq!(scene.store.erasure_open().await.unwrap(), []);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_rehearsal_and_an_erasure_of_nobody_leave_nothing(scene: Scene) {
    scene.submission(1, LI, "主题征稿一").await;
    let before = everything(&scene).await;
    let rehearsed = begun(&scene, &Asked { is_rehearsal: true, ..of_li() }).await;
    assert_eq!((rehearsed.erasure.counts.messages, rehearsed.erasure.mails.len()), (1, 1));
    let nobody = begun(&scene, &asked(Subject::Person("nobody@b.cn".into()))).await;
    assert!(nobody.erasure.counts.is_empty());
    begun(&scene, &asked(Subject::Person(" ".into()))).await;
    assert_eq!(everything(&scene).await, before);
    let all = AccessQuery { limit: 10, ..AccessQuery::default() };
    assert_eq!(scene.store.access_list(&all).await.unwrap(), []);

    // One that is begun is noted with its rows, whatever becomes of the process then.
    let begun = begun(&scene, &of_li()).await;
    let noted = scene.store.access_list(&all).await.unwrap();
    let noted: Vec<_> = noted.into_iter().map(|(_, event)| (event.action, event.subject, event.peer)).collect();
    assert_eq!(noted, [(AccessAction::PersonErased, format!("erasures/{}", begun.erasure.id), "192.0.2.7".into())]);
}

pub async fn a_letter_that_is_being_sent_and_an_adopted_manuscript_are_refused_with_a_word(scene: Scene) {
    let scene = answering(scene, policy());
    let li = scene.submission(1, LI, "主题征稿一").await;
    let outgoing = taken(&scene).await;
    let before = everything(&scene).await;
    let refusal = scene.store.erasure_begin(&of_li()).await.unwrap().unwrap_err();
    assert_eq!(refusal, Refusal::Sending(1));
    assert_eq!(everything(&scene).await, before);
    reply::outbox::Outbox::staged(&scene.store, &outgoing, reply::outbox::Stage::End).await.unwrap();
    reply::outbox::Outbox::ended(&scene.store, &outgoing, &sent()).await.unwrap();
    decide(&scene, &li, Decision::Adopt, "", "").await;

    let Refusal::Adopted(adopted) = scene.store.erasure_begin(&of_li()).await.unwrap().unwrap_err() else {
        panic!("it was adopted")
    };
    assert_eq!((adopted[0].submission_id, adopted[0].number), (li.id, 1));
    let rehearsed = begun(&scene, &Asked { is_rehearsal: true, ..of_li() }).await;
    assert_eq!(rehearsed.adopted, adopted, "a rehearsal names them");
    let begun = begun(&scene, &Asked { includes_adopted: true, ..of_li() }).await;
    ended(&scene, &begun).await;
    let states: Vec<State> = letters(&scene).await.iter().map(|letter| letter.state).collect();
    assert_eq!(states, [State::Sent, State::Cancelled], "what had gone has gone, the other never goes");
    assert!(reply::outbox::Outbox::due_next(&scene.store).await.unwrap().is_none());
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_file_that_two_people_sent_stays_with_the_other(scene: Scene) {
    let with_film = |sender: &str, subject: &str| {
        let mut letter = letter(sender, subject);
        letter.parts.push(letter.parts[0].clone());
        letter.parts[1].path = "3".into();
        letter.parts[1].size_bytes = 20_000;
        letter.parts[1].sha256 = Sha256::of("同一部片子".as_bytes());
        letter
    };
    let mut records = Vec::new();
    for (uid, sender) in [(1, LI), (2, WANG)] {
        let letter = with_film(sender, &format!("主题征稿{uid}"));
        let message = scene.parsed(uid, &letter).await;
        scene.record(&message, &letter, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
        records.push(scene.submission_of(&message).await);
    }
    assert_eq!(scene.store.same_files(records[1].id, false).await.unwrap().len(), 1);
    let begun = begun(&scene, &of_li()).await;
    ended(&scene, &begun).await;
    let erasure = scene.store.erasure_get(begun.erasure.id).await.unwrap();
    let fate = |hash: Sha256| erasure.blobs.iter().find(|blob| blob.sha256 == hash.hex()).unwrap().fate;
    assert_eq!(fate(Sha256::of("同一部片子".as_bytes())), Fate::Shared);
    assert_eq!(fate(scene.raw_sha256(1)), Fate::Removed);
    assert_eq!(fate(Sha256::of("主题征稿1".as_bytes())), Fate::Removed);
    assert_eq!(scene.store.same_files(records[1].id, false).await.unwrap(), []);
    let named: Vec<Sha256> =
        scene.store.blob_list(None, 100).await.unwrap().into_iter().map(|(sha256, _)| sha256).collect();
    assert!(!named.contains(&scene.raw_sha256(1)), "an erased mail names no blob");
    assert!(named.contains(&scene.raw_sha256(2)));
    assert_eq!(scene.store.blobs_unnamed(&[scene.raw_sha256(1)]).await.unwrap(), [scene.raw_sha256(1)]);
}

pub async fn a_mail_that_was_erased_comes_back_neither_under_a_new_epoch_nor_after_a_restore(scene: Scene) {
    scene.submission(1, LI, "主题征稿一").await;
    let begun = begun(&scene, &of_li()).await;
    ended(&scene, &begun).await;
    assert!(scene.store.is_erased(scene.raw_sha256(1)).await.unwrap());
    let again = scene.seen_in(INBOX, 8, listed(1)).await;
    let outcome = scene.store.message_stored(&scene.lease, &again, scene.raw_sha256(1), 9).await.unwrap();
    assert_eq!(outcome, StoreOutcome::Repeated(begun.erasure.mails[0].message_id));
    assert!(scene.store.message_get(again.id).await.unwrap().erased_at.is_some());

    // A backup from before: the list of what was erased is brought there.
    let restored = scene.submission(5, LI, "主题征稿五").await;
    let hashes = vec![scene.raw_sha256(5), scene.raw_sha256(6)];
    let replayed = crate::erasure::begun(&scene, &asked(Subject::Hashes(hashes))).await;
    ended(&scene, &replayed).await;
    assert!(scene.store.submission_get(restored.id).await.unwrap().erased_at.is_some());
    // And one that the backup did not know comes with the next sweep.
    let late = scene.seen(6).await;
    let outcome = scene.store.message_stored(&scene.lease, &late, scene.raw_sha256(6), 9).await.unwrap();
    assert_eq!(outcome, StoreOutcome::Erased);
    assert_eq!(scene.again(&late).await.stage, Stage::Recorded);
    assert_eq!(scene.store.messages_due(scene.mailbox_id, day() + chrono::TimeDelta::days(9), 9).await.unwrap(), []);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_worker_in_the_middle_of_an_erased_mail_goes_no_further(scene: Scene) {
    let facts = letter(LI, "主题征稿一");
    let parsed = scene.parsed(1, &facts).await;
    let stored = scene.stored(2).await;
    let by_person = begun(&scene, &of_li()).await;
    let by_id = begun(&scene, &asked(Subject::Messages(vec![stored.id]))).await;
    assert_eq!((by_person.erasure.counts.messages, by_id.erasure.counts.messages), (1, 1));
    let assessed = assessment(Class::Submission, Verdict::Eligible);
    let campaigns = std::slice::from_ref(&scene.campaign);
    let recorded = scene.store.message_recorded(&scene.lease, &parsed, campaigns, &[], &facts, &assessed).await;
    assert_eq!(recorded.unwrap_err().kind, stdx::ErrorKind::Conflict);
    let opened = scene.store.message_parsed(&scene.lease, &stored, &facts).await;
    assert_eq!(opened.unwrap_err().kind, stdx::ErrorKind::Conflict);
    let stages = |message: &Message| {
        let (scene, id) = (scene.clone(), message.id);
        async move { scene.store.message_get(id).await.unwrap() }
    };
    for message in [&parsed, &stored] {
        let row = stages(message).await;
        assert_eq!(
            (row.message.stage, row.class, row.subject.as_str()),
            (Stage::Recorded, Some(Class::Unreadable), "")
        );
    }
    for begun in [&by_person, &by_id] {
        ended(&scene, begun).await;
    }
    let seen = scene.seen(3).await;
    let refused = scene.store.erasure_begin(&asked(Subject::Messages(vec![seen.id]))).await.unwrap().unwrap_err();
    assert_eq!(refused, Refusal::NotFetched(seen.id));
    let (_, is_quiet) = scene.store.erasure_removable(&[]).await.unwrap();
    assert!(!is_quiet, "a mail is on its way");
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn what_came_back_from_an_address_goes_with_it_and_who_names_it_is_told(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, LI, "主题征稿一").await;
    let outgoing = taken(&scene).await;
    reply::outbox::Outbox::staged(&scene.store, &outgoing, reply::outbox::Stage::End).await.unwrap();
    reply::outbox::Outbox::ended(&scene.store, &outgoing, &sent()).await.unwrap();
    let mut report = letter("MAILER-DAEMON@b.cn", "退信");
    report.report = Some(DeliveryReport {
        original_message_id: Some(outgoing.message_id.clone()),
        final_recipient: Some(LI.to_uppercase()),
        action: Some("failed".into()),
        diagnostic: Some(format!("550 {LI} unknown")),
        ..DeliveryReport::default()
    });
    let message = scene.parsed(2, &report).await;
    scene.record(&message, &report, &[], &assessment(Class::Bounce, Verdict::Eligible)).await;
    let mut other = letter(WANG, "主题征稿二");
    other.body.text = format!("合作者的邮箱是 {LI}");
    let names = scene.parsed(3, &other).await;
    scene.record(&names, &other, &[], &assessment(Class::Submission, Verdict::Eligible)).await;

    let held = scene.store.person_mails(LI, None, 10).await.unwrap();
    assert_eq!(held.iter().map(|mail| mail.message_id).collect::<Vec<_>>().len(), 2);
    assert_eq!(held[0].letter.as_ref().unwrap().headers.subject, "主题征稿一");
    assert_eq!(held[0].submission.as_ref().unwrap().letters.len(), 1);
    let rest = scene.store.person_rest(LI).await.unwrap();
    assert!(rest.unreachable.is_some());
    assert_eq!((rest.mentions.as_slice(), rest.reach.len()), ([names.id].as_slice(), 1));
    let page = scene.store.person_mails(LI, Some(held[0].message_id), 10).await.unwrap();
    assert_eq!(page, held[1..]);

    let begun = begun(&scene, &of_li()).await;
    assert_eq!((begun.erasure.counts.messages, begun.erasure.counts.marks), (2, 1));
    assert_eq!(begun.mentions, [names.id]);
    ended(&scene, &begun).await;
    let after = everything(&scene).await;
    let left: Vec<&str> = after.lines().filter(|line| line.to_lowercase().contains(LI)).collect();
    assert!(left.iter().all(|line| line.starts_with("letter: ")) && left.len() == 1, "{left:#?}");
    assert_eq!(scene.store.person_mails(LI, None, 10).await.unwrap(), []);
    // A second report on the letter finds nobody to mark.
    report.report.as_mut().unwrap().final_recipient = None;
    let message = scene.parsed(4, &report).await;
    scene.record(&message, &report, &[], &assessment(Class::Bounce, Verdict::Eligible)).await;
    assert!(!everything(&scene).await.contains("contact_mark: "));
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn what_was_kept_long_enough_is_named_and_nothing_else(mut scene: Scene) {
    let deadline = stdx::beijing::day_end(scene.campaign.deadline_day);
    let day = chrono::TimeDelta::days(1);
    let expired = async |scene: &Scene, other_mail_days, now| {
        scene.store.erasure_expired(other_mail_days, now, None, 100).await.unwrap()
    };
    let declined = scene.submission(1, LI, "主题征稿一").await;
    decide(&scene, &declined, Decision::Decline, "不合", "").await;
    let adopted = scene.submission(2, LI, "主题征稿二").await;
    decide(&scene, &adopted, Decision::Adopt, "", "").await;
    let undecided = scene.submission(3, WANG, "主题征稿三").await;
    // Received ten days after the deadline.
    let late_at = deadline + day * 10;
    let listed_late = intake::ports::Listed { received_at: late_at, ..listed(4) };
    let late = scene.seen_in(INBOX, crate::scene::EPOCH, listed_late).await;
    let facts = letter(WANG, "主题征稿四");
    scene.store.message_stored(&scene.lease, &late, scene.raw_sha256(4), 9).await.unwrap();
    scene.store.message_parsed(&scene.lease, &scene.again(&late).await, &facts).await.unwrap();
    let late = scene.again(&late).await;
    scene.record(&late, &facts, &[], &assessment(Class::Submission, Verdict::Late)).await;
    let other = scene.recorded(5, WANG, "广告", Class::NotASubmission, Verdict::Eligible).await;
    let twin = scene.seen_in(INBOX, 8, listed(3)).await;
    scene.store.message_stored(&scene.lease, &twin, scene.raw_sha256(3), 9).await.unwrap();

    let far = deadline + day * 9_999;
    assert_eq!(expired(&scene, 0, far).await, Vec::<Uuid>::new(), "no time is set");
    assert_eq!(expired(&scene, 60, other.received_at + day * 60).await, Vec::<Uuid>::new(), "not before");
    let micro = chrono::TimeDelta::microseconds(1);
    assert_eq!(expired(&scene, 60, other.received_at + day * 60 + micro).await, [other.id]);
    scene.campaign.retention_days = 90;
    scene.campaign = scene.store.campaign_update(&scene.campaign, &by()).await.unwrap();
    assert_eq!(expired(&scene, 0, deadline + day * 90 - micro).await, Vec::<Uuid>::new(), "not before");
    let over = expired(&scene, 0, deadline + day * 90).await;
    assert_eq!(over, [declined.message.id, undecided.message.id], "what was adopted, and what came late, stay");
    assert_eq!(expired(&scene, 0, late_at + day * 90).await, [over[0], over[1], late.id]);
    assert_eq!(scene.store.erasure_expired(0, far, Some(over[0]), 1).await.unwrap(), [over[1]], "page by page");

    let begun = begun(&scene, &asked(Subject::Expired(over))).await;
    assert_eq!((begun.erasure.kind, begun.erasure.counts.messages), (Kind::Retention, 3), "with the copy");
    ended(&scene, &begun).await;
    assert_eq!(expired(&scene, 0, deadline + day * 90).await, Vec::<Uuid>::new(), "once");
    assert_eq!(scene.store.submission_get(adopted.id).await.unwrap().letter.headers.subject, "主题征稿二");
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_half_done_erasure_is_found(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, LI, "主题征稿一").await;
    let begun = begun(&scene, &of_li()).await;
    ended(&scene, &begun).await;
    assert_eq!(scene.faults().await, [""; 0]);
    for (planted, expected) in [
        ("UPDATE message SET subject = 'x'", "it was erased, and its subject is still held"),
        ("UPDATE submission SET sender = 'x'", "it was erased, and words of it are still held"),
        ("UPDATE submission SET erased_at = NULL", "its message was erased, and it was not"),
        ("UPDATE reply SET body = 'x'", "it was erased, and words of it are still held"),
        ("UPDATE message SET erased_at = NULL", "its bytes were erased, and it is not"),
        ("UPDATE erasure SET ended_at = NULL", "has not ended"),
    ] {
        scene.sql(planted).await.unwrap();
        let faults = scene.faults().await;
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{planted}: {faults:#?}");
    }
    let query = MessageQuery { limit: 9, ..MessageQuery::default() };
    assert_eq!(scene.store.message_list(&query).await.unwrap().len(), 1);
}

pub async fn a_call_that_is_asked_again_erases_once(scene: Scene) {
    scene.submission(1, LI, "主题征稿一").await;
    let once = |body: &str| {
        let (method, request_id) = ("管理员 ErasePerson".to_owned(), "1".to_owned());
        Some(Once { method, request_id, body_sha256: Sha256::of(body.as_bytes()) })
    };
    let of_li = |body: &str| Asked { once: once(body), ..of_li() };
    // Neither a rehearsal nor a refusal is the call.
    begun(&scene, &Asked { is_rehearsal: true, ..of_li("a") }).await;
    let nobody = Asked { subject: Subject::Person("nobody@b.cn".into()), ..of_li("b") };
    assert!(begun(&scene, &nobody).await.erasure.counts.is_empty());
    let first = begun(&scene, &of_li("a")).await;
    assert!(!first.is_replayed && first.salt.is_some());
    scene.submission(2, LI, "主题征稿二").await;
    let again = begun(&scene, &of_li("a")).await;
    assert_eq!((again.is_replayed, &again.erasure, again.salt), (true, &first.erasure, None));
    let other = scene.store.erasure_begin(&of_li("b")).await;
    assert!(matches!(other, Err(store::Error::Refused(store::register::Refusal::Reused))), "{other:?}");
    assert_eq!(scene.store.erasure_list(None, 9).await.unwrap().len(), 1, "what came later stays");
}

pub async fn more_mails_than_one_erasure_takes_are_refused_and_none_is_touched(scene: Scene) {
    let li = scene.submission(1, LI, "主题征稿一").await;
    let message_id = li.message.id;
    let with_others = |others: usize| {
        let others = (0..others).map(|_| Uuid::now_v7());
        asked(Subject::Messages(std::iter::once(message_id).chain(others).collect()))
    };
    let before = everything(&scene).await;
    let refusal = scene.store.erasure_begin(&with_others(MAILS_MAX)).await.unwrap().unwrap_err();
    assert_eq!(refusal, Refusal::TooMany(MAILS_MAX as u64 + 1));
    assert_eq!(everything(&scene).await, before);
    let begun = begun(&scene, &with_others(MAILS_MAX - 1)).await;
    assert_eq!(begun.erasure.counts.messages, 1);
}

pub async fn every_table_has_its_line_in_what_is_said_of_personal_data(scene: Scene) {
    let said = include_str!("../../../../docs/privacy.md");
    // Names stand in backquotes in the first cell of a row.
    let cells = said.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let rows: BTreeSet<String> =
        cells.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect();
    let mut there = tables(&scene).await;
    there.remove("seaql_migrations");
    assert_eq!(rows, there, "docs/privacy.md says of each table what an erasure does");
}
