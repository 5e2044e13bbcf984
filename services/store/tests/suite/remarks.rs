//! What is noted beside the steps of a review: tags, comments, and lists under a name.

use chrono::{TimeDelta, Utc};
use intake::{
    judgement::Verdict,
    remark::TAGS_MAX,
    review::{Actor, Role},
    sorting::Class,
};
use stdx::{ErrorKind, Sha256};
use store::{
    Store,
    record::{
        RemarkKind, RemarkMade, ReviewFilter, ReviewOnce, ReviewQuery, ReviewRecord, SavedView, TagCount, Tagging,
        ViewRefusal,
    },
};
use uuid::Uuid;

use crate::{
    reviews::{correct, who},
    scene::{Scene, day},
};

fn made(submission_id: Uuid, minutes: i64) -> RemarkMade {
    RemarkMade {
        submission_id,
        actor: Actor { id: who(7), role: Role::Editor },
        name: "p7".into(),
        now: day() + TimeDelta::minutes(minutes),
        once: None,
    }
}

fn tagging(submission_id: Uuid, add: &[&str], remove: &[&str]) -> Tagging {
    let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
    Tagging { made: made(submission_id, 1), add: owned(add), remove: owned(remove), is_rehearsal: false }
}

pub async fn tagged(store: &Store, review: &ReviewRecord, add: &[&str], remove: &[&str]) -> Option<ReviewRecord> {
    store.review_tag(&tagging(review.submission_id, add, remove)).await.unwrap()
}

async fn lines(store: &Store, id: Uuid) -> Vec<(u32, RemarkKind, String)> {
    let remarks = store.review_remarks(id, 0, 1_000).await.unwrap();
    assert!(remarks.iter().all(|remark| remark.actor == "p7" && remark.role == Role::Editor));
    remarks.into_iter().map(|remark| (remark.number, remark.kind, remark.words)).collect()
}

async fn listed(store: &Store, filter: ReviewFilter) -> Vec<Uuid> {
    let query = ReviewQuery { filters: vec![filter], limit: 10, ..ReviewQuery::default() };
    store.review_list(&query).await.unwrap().iter().map(|review| review.submission_id).collect()
}

pub async fn tags_come_and_go_with_a_line_of_who_and_a_later_version_keeps_them(scene: Scene) {
    let submission = scene.submission(1, "a@b.cn", "主题征稿").await;
    let other = scene.submission(2, "c@d.cn", "主题征稿").await;
    let store = &scene.store;
    let review = store.review_get(submission.id).await.unwrap();
    let after = tagged(store, &review, &["浙江", "ai"], &[]).await.unwrap();
    assert_eq!(after.tags, ["ai", "浙江"]);
    // A tag is no step: what was read before still holds.
    assert_eq!(after.row_version, review.row_version);
    // What is so already leaves no line, and what is both set and taken away is set.
    let after = tagged(store, &review, &["ai", "绩效"], &["浙江", "绩效", "无"]).await.unwrap();
    assert_eq!(after.tags, ["ai", "绩效"]);
    let correction = correct(&scene, 3, Verdict::Eligible).await;
    assert_eq!(store.review_get(correction.id).await.unwrap().tags, ["ai", "绩效"]);
    let (set, away) = (RemarkKind::Tagged, RemarkKind::Untagged);
    let expected = [(1, set, "ai"), (2, set, "浙江"), (3, away, "浙江"), (4, set, "绩效")];
    let expected: Vec<_> = expected.map(|(number, kind, tag)| (number, kind, tag.to_owned())).into();
    assert_eq!(lines(store, correction.id).await, expected);
    tagged(store, &store.review_get(other.id).await.unwrap(), &["绩效"], &[]).await.unwrap();
    let has = |tags: &[&str], is| ReviewFilter::Tag(tags.iter().map(|tag| (*tag).to_owned()).collect(), is);
    assert_eq!(listed(store, has(&["ai"], true)).await, [submission.id]);
    assert_eq!(listed(store, has(&["ai"], false)).await, [other.id]);
    assert_eq!(listed(store, has(&["浙江"], true)).await, Vec::<Uuid>::new());
    let count = |tag: &str, count| TagCount { tag: tag.into(), count };
    assert_eq!(store.tag_list(10).await.unwrap(), [count("绩效", 2), count("ai", 1)]);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn more_tags_than_fit_and_a_rehearsal_leave_nothing(scene: Scene) {
    let submission = scene.submission(1, "a@b.cn", "主题征稿").await;
    let tags: Vec<String> = (0..=TAGS_MAX).map(|number| format!("t{number}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let too_many = tagging(submission.id, &tags, &[]);
    assert_eq!(scene.store.review_tag(&too_many).await.unwrap(), None);
    let tried = Tagging { is_rehearsal: true, ..tagging(submission.id, &tags[1..], &[]) };
    assert_eq!(scene.store.review_tag(&tried).await.unwrap().unwrap().tags.len(), TAGS_MAX);
    assert_eq!(lines(&scene.store, submission.id).await, []);
    assert_eq!(scene.store.review_get(submission.id).await.unwrap().tags, [""; 0]);
    // A mail that is not reviewed has neither.
    let near_miss = scene.recorded(2, "c@d.cn", "稿件", Class::NearMiss, Verdict::Eligible).await;
    let near_miss = scene.submission_of(&near_miss).await;
    let refused = scene.store.review_tag(&tagging(near_miss.id, &["ai"], &[])).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert_eq!(scene.store.review_remarks(near_miss.id, 0, 9).await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub async fn a_comment_is_kept_once_and_never_changed(scene: Scene) {
    let submission = scene.submission(1, "a@b.cn", "主题征稿").await;
    let once = ReviewOnce { request_id: Uuid::now_v7().to_string(), body_sha256: Sha256::of(b"1") };
    let first = RemarkMade { once: Some(once.clone()), ..made(submission.id, 1) };
    let comment = scene.store.review_comment(&first, "已电话联系。").await.unwrap();
    let again = RemarkMade { now: day() + TimeDelta::minutes(9), ..first.clone() };
    assert_eq!(scene.store.review_comment(&again, "已电话联系。").await.unwrap(), comment);
    let other = ReviewOnce { body_sha256: Sha256::of(b"2"), ..once };
    let other = RemarkMade { once: Some(other), ..first };
    assert!(scene.store.review_comment(&other, "别的。").await.is_err());
    scene.store.review_comment(&made(submission.id, 2), "周五回复。").await.unwrap();
    let said = RemarkKind::Commented;
    assert_eq!(
        lines(&scene.store, submission.id).await,
        [(1, said, "已电话联系。".to_owned()), (2, said, "周五回复。".to_owned())]
    );
    assert_eq!(scene.store.review_remarks(submission.id, 1, 9).await.unwrap().len(), 1);
    for change in ["UPDATE review_remark SET words = 'x'", "DELETE FROM review_remark"] {
        assert!(scene.sql(change).await.unwrap_err().to_string().contains("append-only"), "{change}");
    }
}

pub async fn a_view_is_its_owners_and_a_shared_one_everybodys(scene: Scene) {
    let view = |owner: &str, title: &str, shared| SavedView {
        id: Uuid::now_v7(),
        owner: owner.into(),
        title: title.into(),
        query: "state=open".into(),
        shared,
        created_at: store_time(),
    };
    let store = &scene.store;
    let (own, shared) = (view("zhang", "我的未决", false), view("chief", "逾期", true));
    for view in [&own, &shared, &view("wang", "我的未决", false)] {
        assert_eq!(store.view_create(view).await.unwrap(), Ok(()));
    }
    assert_eq!(store.view_create(&view("zhang", "我的未决", false)).await.unwrap(), Err(ViewRefusal::Taken));
    assert_eq!(store.view_list("zhang").await.unwrap(), [shared.clone(), own.clone()]);
    assert_eq!(store.view_get(own.id).await.unwrap(), own);
    store.view_delete(own.id).await.unwrap();
    store.view_delete(own.id).await.unwrap();
    assert_eq!(store.view_list("zhang").await.unwrap(), [shared]);
    for number in 0..50 {
        assert_eq!(store.view_create(&view("many", &format!("v{number}"), false)).await.unwrap(), Ok(()));
    }
    assert_eq!(store.view_create(&view("many", "v50", false)).await.unwrap(), Err(ViewRefusal::TooMany));
}

/// An instant that the tables hold whole.
fn store_time() -> chrono::DateTime<Utc> {
    day() + TimeDelta::minutes(1)
}
