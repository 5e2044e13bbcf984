//! What leaves as a file.

use chrono::{TimeDelta, Utc};
use intake::{
    judgement::Verdict,
    review::{Action, Actor, Decision, Role, State, Step},
    sorting::Class,
};
use store::record::{ExportLine, ExportQuery, ReviewFilter, ReviewFlag, ReviewPerson, ReviewRecord, ReviewStep};
use uuid::Uuid;

use crate::scene::{Scene, assessment, letter};

fn query(scene: &Scene, filters: Vec<ReviewFilter>, after: u64, limit: u32) -> ExportQuery {
    ExportQuery { campaign_id: scene.campaign.id, filters, after, limit }
}

fn numbers(lines: &[ExportLine]) -> Vec<u64> {
    lines.iter().map(|line| line.submission.number).collect()
}

async fn take(scene: &Scene, id: Uuid, by: u128, action: Action, reason: &str) -> ReviewRecord {
    let review = scene.store.review_get(id).await.unwrap();
    let person = |number: u128| ReviewPerson { id: Uuid::from_u128(number), name: format!("编辑{number}") };
    let step = ReviewStep {
        submission_id: id,
        row_version: review.row_version,
        step: Step { action, reason: reason.into(), note: "备注".into() },
        actor: Actor { id: Uuid::from_u128(by), role: Role::ChiefEditor },
        persons: vec![person(1), person(9)],
        now: Utc::now() + TimeDelta::seconds(1),
        once: None,
        is_rehearsal: false,
    };
    scene.store.review_step(&step).await.unwrap().unwrap()
}

pub async fn every_number_of_a_campaign_leaves_and_a_filter_leaves_whole_manuscripts(scene: Scene) {
    for uid in 1..=3 {
        scene.submission(uid, "a@b.cn", &format!("主题征稿{uid}")).await;
    }
    scene.recorded(4, "c@d.cn", "疑似", Class::NearMiss, Verdict::Eligible).await;
    let correction = letter("a@b.cn", "修改稿");
    let message = scene.parsed(5, &correction).await;
    let earlier = intake::ports::Ledger::earlier(&scene.store, scene.mailbox_id, "a@b.cn").await.unwrap();
    let mut assessed = assessment(Class::Correction, Verdict::Late);
    assessed.sorting.corrects = earlier.iter().position(|earlier| earlier.subject == "主题征稿2");
    scene.record(&message, &correction, &earlier, &assessed).await;

    let all = scene.store.export_lines(&query(&scene, vec![], 0, 100)).await.unwrap();
    assert_eq!(numbers(&all), [1, 2, 3, 4, 5]);
    assert!(all[3].review.is_none() && all[4].review == all[1].review);
    let rest = scene.store.export_lines(&query(&scene, vec![], 2, 2)).await.unwrap();
    assert_eq!(rest, all[2..4]);

    let root = all[1].submission.id;
    take(&scene, root, 9, Action::Assign { editor: Uuid::from_u128(1) }, "").await;
    let assigned = vec![ReviewFilter::State(vec![State::Assigned], true), ReviewFilter::Is(ReviewFlag::Assigned, true)];
    let lines = scene.store.export_lines(&query(&scene, assigned, 0, 100)).await.unwrap();
    assert_eq!(numbers(&lines), [2, 5], "all versions");
    assert_eq!(lines[1].review.as_ref().unwrap().editor, "编辑1");
    let judged = vec![ReviewFilter::State(vec![State::Judged], true)];
    let lines = scene.store.export_lines(&query(&scene, judged, 0, 100)).await.unwrap();
    assert_eq!(numbers(&lines), [1, 3]);
    let elsewhere = ExportQuery { campaign_id: Uuid::now_v7(), ..query(&scene, vec![], 0, 100) };
    assert_eq!(scene.store.export_lines(&elsewhere).await.unwrap(), []);

    let by_id = scene.store.export_lines_of(&[all[4].submission.id, Uuid::now_v7(), root]).await.unwrap();
    assert_eq!(numbers(&by_id), [2, 5]);
}

pub async fn the_decision_that_holds_leaves_with_its_reason_and_a_retracted_one_does_not(scene: Scene) {
    let id = scene.submission(1, "a@b.cn", "主题征稿").await.id;
    take(&scene, id, 9, Action::Assign { editor: Uuid::from_u128(1) }, "").await;
    take(&scene, id, 1, Action::Begin, "").await;
    take(&scene, id, 1, Action::Recommend { decision: Decision::Decline }, "").await;
    let decided = || async {
        let line = scene.store.export_lines_of(&[id]).await.unwrap().remove(0);
        let review = line.review.unwrap();
        (review.decision, review.reason)
    };
    assert_eq!(decided().await, (None, String::new()));
    take(&scene, id, 9, Action::Decline, "与主题无关。").await;
    assert_eq!(decided().await, (Some(Decision::Decline), "与主题无关。".into()));
    take(&scene, id, 9, Action::Retract, "").await;
    assert_eq!(decided().await, (None, String::new()));
    take(&scene, id, 9, Action::Decline, "重复来稿。").await;
    assert_eq!(decided().await, (Some(Decision::Decline), "重复来稿。".into()));
}
