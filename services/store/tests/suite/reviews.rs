//! Reviews: made with the record, changed step by step, never by two at once.

use chrono::{DateTime, TimeDelta, Utc};
use intake::{
    judgement::Verdict,
    review::{Action, ActionKind, Actor, Decision, Refusal, Role, State, Step},
    sorting::Class,
};
use stdx::{ErrorKind, Sha256};
use store::{
    Store,
    record::{
        ReviewFilter, ReviewFlag, ReviewKey, ReviewOnce, ReviewOrder, ReviewPerson, ReviewQuery, ReviewRecord,
        ReviewStep, SubmissionRecord,
    },
};
use uuid::Uuid;

use crate::scene::{Scene, assessment, day, letter};

pub fn who(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A step of a chief editor with words that every action takes.
fn asked(review: &ReviewRecord, by: u128, action: Action) -> ReviewStep {
    let tells = matches!(action.kind(), ActionKind::Decline | ActionKind::AskRevision);
    let persons = match &action {
        Action::Assign { editor } => vec![*editor, who(by)],
        _ => vec![who(by)],
    };
    ReviewStep {
        submission_id: review.submission_id,
        row_version: review.row_version,
        step: Step {
            reason: if tells { "请补充数据。".into() } else { String::new() }, note: "备注".into(), action
        },
        actor: Actor { id: who(by), role: Role::ChiefEditor },
        persons: persons.into_iter().map(|id| ReviewPerson { name: format!("p{}", id.as_u128()), id }).collect(),
        now: at(review.row_version),
        once: None,
        is_rehearsal: false,
    }
}

fn at(minutes: u64) -> DateTime<Utc> {
    day() + TimeDelta::days(1) + TimeDelta::minutes(i64::try_from(minutes).unwrap())
}

pub async fn take(store: &Store, review: &ReviewRecord, by: u128, action: Action) -> ReviewRecord {
    store.review_step(&asked(review, by, action)).await.unwrap().unwrap()
}

pub async fn in_first_review(scene: &Scene, uid: u64) -> (SubmissionRecord, ReviewRecord) {
    let submission = scene.submission(uid, "a@b.cn", &format!("主题征稿{uid}")).await;
    let review = scene.store.review_get(submission.id).await.unwrap();
    let review = take(&scene.store, &review, 9, Action::Assign { editor: who(1) }).await;
    (submission, take(&scene.store, &review, 1, Action::Begin).await)
}

pub async fn correct(scene: &Scene, uid: u64, verdict: Verdict) -> SubmissionRecord {
    let letter = letter("a@b.cn", "主题征稿（修改稿）");
    let message = scene.parsed(uid, &letter).await;
    let earlier = intake::ports::Ledger::earlier(&scene.store, scene.mailbox_id, "a@b.cn").await.unwrap();
    let mut assessed = assessment(Class::Correction, verdict);
    assessed.sorting.corrects = Some(0);
    scene.record(&message, &letter, &earlier, &assessed).await;
    scene.submission_of(&message).await
}

pub async fn a_recorded_submission_stands_as_judged_and_a_near_miss_has_no_review(scene: Scene) {
    let submission = scene.submission(1, "a@b.cn", "主题征稿").await;
    let review = scene.store.review_get(submission.id).await.unwrap();
    assert_eq!((review.standing.state, review.standing.verdict), (State::Judged, Some(Verdict::Eligible)));
    assert_eq!((review.number, review.subject.as_str(), review.row_version), (1, "主题征稿", 1));
    assert_eq!(review.received_at, submission.message.received_at);
    let events = scene.store.review_events(submission.id, None, 10).await.unwrap();
    assert_eq!((events.len(), events[0].actor.as_str(), events[0].entry.by.role), (1, "worker", Role::Worker));
    assert_eq!(events[0].entry.step.action, Action::Judge { verdict: Verdict::Eligible });

    let message = scene.recorded(2, "c@d.cn", "稿件", Class::NearMiss, Verdict::Eligible).await;
    let near_miss = scene.submission_of(&message).await;
    for unknown in [near_miss.id, Uuid::now_v7()] {
        assert_eq!(scene.store.review_get(unknown).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(scene.store.review_events(unknown, None, 9).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_correction_joins_the_review_of_what_it_corrects_and_opens_the_round_that_asked(scene: Scene) {
    let (first, review) = in_first_review(&scene, 1).await;
    let opinion = Action::Recommend { decision: Decision::AskRevision };
    let review = take(&scene.store, &review, 1, opinion).await;
    let until_day = "2023-03-20".parse().unwrap();
    let review = take(&scene.store, &review, 9, Action::AskRevision { until_day }).await;
    assert_eq!(review.standing.state, State::RevisionAsked);
    // What the sorting and the deadline are told of it, now and as it was known before the request.
    let known =
        |earlier: Vec<intake::submission::Earlier>| earlier.iter().map(|it| it.revision_until).collect::<Vec<_>>();
    let earlier = intake::ports::Ledger::earlier(&scene.store, scene.mailbox_id, "a@b.cn").await.unwrap();
    assert_eq!(known(earlier), [Some(until_day)]);

    let correction = correct(&scene, 2, Verdict::Incomplete).await;
    let earlier = intake::ports::Ledger::earlier(&scene.store, scene.mailbox_id, "a@b.cn").await.unwrap();
    assert_eq!(known(earlier), [Some(until_day); 2], "a second correction within the days is in time too");
    let after = scene.store.review_get(correction.id).await.unwrap();
    assert_eq!(after.submission_id, first.id, "one review for all versions");
    assert_eq!((after.standing.state, after.row_version), (State::FirstReview, review.row_version + 1));
    assert_eq!(after.standing.verdict, Some(Verdict::Incomplete));
    assert_eq!(scene.store.review_get(first.id).await.unwrap(), after);
    // The step that was read before the correction came is not taken.
    let stale = scene.store.review_step(&asked(&review, 9, Action::Resume)).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_refused_or_rehearsed_step_leaves_nothing(scene: Scene) {
    let (submission, review) = in_first_review(&scene, 1).await;
    let adopted = scene.store.review_step(&asked(&review, 9, Action::Decline)).await.unwrap();
    assert_eq!(adopted, Err(Refusal::RecommendationsMissing { asked: 1, counted: 0 }));
    let rehearsal =
        ReviewStep { is_rehearsal: true, ..asked(&review, 7, Action::Recommend { decision: Decision::Adopt }) };
    let would_be = scene.store.review_step(&rehearsal).await.unwrap().unwrap();
    assert_eq!((would_be.row_version, would_be.standing.recommendations.len()), (review.row_version + 1, 1));
    assert_eq!(scene.store.review_get(submission.id).await.unwrap(), review);
    assert_eq!(scene.store.review_events(submission.id, None, 100).await.unwrap().len(), 3);
    assert_eq!(scene.faults().await, [""; 0]);
}

/// Two chief editors, one adopts and one declines, both from the standing that they read.
pub async fn of_two_editors_who_decide_at_once_one_wins(scene: Scene) {
    for uid in 1..=12 {
        let (submission, review) = in_first_review(&scene, uid).await;
        let review = take(&scene.store, &review, 1, Action::Recommend { decision: Decision::Decline }).await;
        let until_day = "2023-03-20".parse().unwrap();
        let tasks = [(8, Action::Decline), (9, Action::AskRevision { until_day })].map(|(by, action)| {
            let (url, asked) = (scene.url.clone(), asked(&review, by, action));
            tokio::spawn(async move { Store::open(&url).await.unwrap().review_step(&asked).await })
        });
        let (mut won, mut lost) = (Vec::new(), 0);
        for task in tasks {
            match task.await.unwrap() {
                Ok(taken) => won.push(taken.unwrap()),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
                    lost += 1;
                }
            }
        }
        assert_eq!((won.len(), lost), (1, 1));
        assert_eq!(scene.store.review_get(submission.id).await.unwrap(), won[0]);
        assert_eq!(scene.store.review_events(submission.id, None, 100).await.unwrap().len(), 5);
    }
    assert_eq!(scene.faults().await, [""; 0]);
}

/// A correction is recorded while an editor acts: neither is lost, whoever comes first.
pub async fn a_correction_and_an_editors_step_at_once_are_both_kept_or_the_editor_is_told(scene: Scene) {
    let (submission, mut review) = in_first_review(&scene, 1).await;
    for uid in 2..=9 {
        let step = asked(&review, 5, Action::Recommend { decision: Decision::Adopt });
        let url = scene.url.clone();
        let editor = tokio::spawn(async move { Store::open(&url).await.unwrap().review_step(&step).await });
        correct(&scene, uid, Verdict::Eligible).await;
        let steps = match editor.await.unwrap() {
            Ok(taken) => {
                taken.unwrap();
                2
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Conflict);
                1
            }
        };
        let after = scene.store.review_get(submission.id).await.unwrap();
        assert_eq!(after.row_version, review.row_version + steps);
        review = after;
    }
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn the_same_call_again_gives_what_its_first_success_gave(scene: Scene) {
    let (_, review) = in_first_review(&scene, 1).await;
    let once = |bytes: &[u8]| {
        Some(ReviewOnce { request_id: "0190f000-0000-7000-8000-000000000001".into(), body_sha256: Sha256::of(bytes) })
    };
    let call =
        ReviewStep { once: once(b"adopt"), ..asked(&review, 1, Action::Recommend { decision: Decision::Adopt }) };
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (url, call) = (scene.url.clone(), call.clone());
            tokio::spawn(async move { Store::open(&url).await.unwrap().review_step(&call).await.unwrap().unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers, vec![answers[0].clone(); 6]);
    let passed = take(&scene.store, &answers[0], 1, Action::Pass).await;
    assert_eq!(scene.store.review_step(&call).await.unwrap().unwrap(), answers[0], "as it was then");
    assert_eq!(scene.store.review_get(review.submission_id).await.unwrap(), passed);
    // Another request under the id, and the id of another person.
    let other = ReviewStep { once: once(b"decline"), ..call.clone() };
    assert_eq!(scene.store.review_step(&other).await.unwrap_err().kind(), ErrorKind::Invalid);
    let (_, second) = in_first_review(&scene, 2).await;
    let elsewhere = ReviewStep { submission_id: second.submission_id, ..call.clone() };
    assert_eq!(scene.store.review_step(&elsewhere).await.unwrap_err().kind(), ErrorKind::Invalid);
    let anothers =
        ReviewStep { once: once(b"adopt"), ..asked(&second, 2, Action::Recommend { decision: Decision::Adopt }) };
    assert_eq!(scene.store.review_step(&anothers).await.unwrap().unwrap().standing.recommendations.len(), 1);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn reviews_are_listed_by_state_editor_day_and_campaign_page_by_page(scene: Scene) {
    let mut ids = Vec::new();
    for uid in 1..=6 {
        ids.push(scene.submission(uid, "a@b.cn", &format!("主题征稿{uid}")).await.id);
    }
    for (index, editor) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
        let review = scene.store.review_get(ids[index]).await.unwrap();
        let review = take(&scene.store, &review, 9, Action::Assign { editor: who(editor) }).await;
        if index < 3 {
            let review = take(&scene.store, &review, editor, Action::Begin).await;
            let opinion = Action::Recommend { decision: Decision::AskRevision };
            let review = take(&scene.store, &review, editor, opinion).await;
            let until_day = format!("2023-03-{}", 20 - index).parse().unwrap();
            take(&scene.store, &review, 9, Action::AskRevision { until_day }).await;
        }
    }
    let listed = async |campaign_id: Option<Uuid>, filters: Vec<ReviewFilter>, order: ReviewOrder| {
        // Page by page of two: what is asked for comes whole and once.
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let query = ReviewQuery { campaign_id, filters: filters.clone(), order, after, limit: 2 };
            let page = scene.store.review_list(&query).await.unwrap();
            let Some(last) = page.last() else { return found };
            after = Some(ReviewKey {
                received_at: last.received_at,
                updated_at: last.updated_at,
                due_day: last.standing.revision.map(|(_, day)| day),
                submission_id: last.submission_id,
            });
            for review in &page {
                found.push(ids.iter().position(|id| *id == review.submission_id).unwrap());
            }
        }
    };
    use ReviewFilter::{DueBefore, DueFrom, Editor, Is, State as In};
    let assigned = |is| Is(ReviewFlag::Assigned, is);
    let day = |text: &str| text.parse().unwrap();
    let received = ReviewOrder::ReceivedAscending;
    assert_eq!(listed(None, vec![], ReviewOrder::default()).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(listed(None, vec![], received).await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(listed(Some(scene.campaign.id), vec![], received).await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(listed(Some(Uuid::now_v7()), vec![], received).await, [0; 0]);
    assert_eq!(listed(None, vec![In(vec![State::RevisionAsked], true)], received).await, [0, 1, 2]);
    assert_eq!(listed(None, vec![In(vec![State::RevisionAsked], false)], received).await, [3, 4, 5]);
    assert_eq!(listed(None, vec![Editor(vec![who(2)], true)], received).await, [2, 3]);
    assert_eq!(listed(None, vec![Editor(vec![who(2)], false)], received).await, [0, 1, 4, 5]);
    assert_eq!(listed(None, vec![assigned(false)], received).await, [4, 5]);
    assert_eq!(listed(None, vec![assigned(true), In(vec![State::Assigned], true)], received).await, [3]);
    assert_eq!(listed(None, vec![DueFrom(day("2023-03-19"))], received).await, [0, 1]);
    assert_eq!(listed(None, vec![DueBefore(day("2023-03-19"))], received).await, [2]);
    assert_eq!(listed(None, vec![], ReviewOrder::DueAscending).await[..3], [2, 1, 0]);
    let mut updated = listed(None, vec![], ReviewOrder::UpdatedAscending).await;
    let mut reversed = listed(None, vec![], ReviewOrder::UpdatedDescending).await;
    reversed.reverse();
    assert_eq!(updated, reversed);
    updated.sort_unstable();
    assert_eq!(updated, [0, 1, 2, 3, 4, 5]);
}

/// The tables as they were before there were reviews, with what was recorded then.
pub async fn what_was_recorded_before_there_were_reviews_stands_as_judged(scene: Scene) {
    let alone = scene.submission(1, "c@d.cn", "主题征稿").await;
    let first = scene.submission(2, "a@b.cn", "主题征稿").await;
    let correction = correct(&scene, 3, Verdict::Late).await;
    scene.recorded(4, "e@f.cn", "稿件", Class::NearMiss, Verdict::Eligible).await;
    let expected: Vec<_> = {
        let reviews = scene.store.review_list(&ReviewQuery { limit: 9, ..ReviewQuery::default() }).await.unwrap();
        reviews.into_iter().map(|review| (review.submission_id, review.standing, review.received_at)).collect()
    };
    let newer = ["manuscript_group", "manuscript_pair", "manuscript_rule", "manuscript_summary", "manuscript"];
    let newer = newer.into_iter().chain(["manuscript_tag", "review_remark", "saved_view"]);
    for table in newer.chain(["review_event", "review", "review_person"]) {
        scene.sql(&format!("DROP TABLE {table}")).await.unwrap();
    }
    scene.sql("ALTER TABLE submission DROP COLUMN category").await.unwrap();
    scene.before_erasures().await;
    let those = "version IN ('m0012_review', 'm0015_manuscript', 'm0017_group', 'm0019_remark')";
    scene.sql(&format!("DELETE FROM seaql_migrations WHERE {those}")).await.unwrap();
    scene.store.migrate().await.unwrap();
    let reviews = scene.store.review_list(&ReviewQuery { limit: 9, ..ReviewQuery::default() }).await.unwrap();
    let found: Vec<_> =
        reviews.iter().map(|review| (review.submission_id, review.standing.clone(), review.received_at)).collect();
    assert_eq!(found, expected);
    assert_eq!(reviews.len(), 2);
    assert_eq!(scene.store.review_get(correction.id).await.unwrap().submission_id, first.id);
    assert_eq!(scene.store.review_get(first.id).await.unwrap().standing.verdict, Some(Verdict::Late));
    let events = scene.store.review_events(alone.id, Some(0), 9).await.unwrap();
    assert_eq!(events[0].entry.step.action, Action::Judge { verdict: Verdict::Eligible });
    assert_eq!(scene.faults().await, [""; 0]);
    let review = scene.store.review_get(alone.id).await.unwrap();
    take(&scene.store, &review, 9, Action::Assign { editor: who(1) }).await;
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn the_history_of_a_review_can_only_be_added_to_and_a_planted_fault_is_found(scene: Scene) {
    let (first, review) = in_first_review(&scene, 1).await;
    for refused in ["UPDATE review_event SET note = 'x'", "DELETE FROM review_event"] {
        assert!(scene.sql(refused).await.unwrap_err().to_string().contains("append-only"), "{refused}");
    }
    assert_eq!(scene.store.review_events(first.id, Some(1), 1).await.unwrap()[0].number, 2);
    let cases: &[(&str, &str, &str)] = &[
        (
            "UPDATE review SET state = 'adopted'",
            "UPDATE review SET state = 'first_review'",
            "it is adopted, its history ends at first_review|its state, editor or day for look-ups is not that of its standing|lists know it with another state",
        ),
        (
            "UPDATE review SET row_version = 4",
            "UPDATE review SET row_version = 3",
            "it is at version 4, and its history has 3 events|lists know it with another row_version, grouped_version",
        ),
        (
            "UPDATE review SET due_day = '2023-03-01'",
            "UPDATE review SET due_day = '9999-12-31'",
            "its state, editor or day for look-ups is not that of its standing|lists know it with another due_day",
        ),
        (
            "UPDATE review SET standing = (SELECT standing FROM review_event WHERE number = 1)",
            "UPDATE review SET standing = (SELECT standing FROM review_event WHERE number = 3)",
            "its standing is not what its newest event led to",
        ),
    ];
    for (fault, undo, expected) in cases {
        scene.sql(fault).await.unwrap();
        let faults = scene.faults().await;
        let mut expected: Vec<String> =
            expected.split('|').map(|detail| format!("review {}: {detail}", first.id)).collect();
        expected.sort_unstable();
        let mut found = faults.clone();
        found.sort_unstable();
        assert_eq!(found, expected, "{fault}");
        scene.sql(undo).await.unwrap();
        assert_eq!(scene.faults().await, [""; 0], "{undo}");
    }
    assert_eq!(scene.store.review_get(first.id).await.unwrap(), review);
}
