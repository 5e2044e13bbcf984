//! Tags, comments and lists under a name: who may, what is refused, and that a list finds what was tagged.

use proto::intake::v1::{self, ReviewRemarkKind};
use tonic::{Code, Status};

use crate::{
    reviews::{Client, desk, named},
    world::{Mail, World, fields, refusal},
};

async fn tag(client: &mut Client, submission: &str, add: &[&str], remove: &[&str]) -> Result<v1::Review, Status> {
    let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
    let (add, remove) = (owned(add), owned(remove));
    let asked = v1::TagSubmissionRequest { submission: submission.into(), add, remove, validate_only: false };
    client.tag_submission(asked).await.map(tonic::Response::into_inner)
}

async fn count(client: &mut Client, filter: &str) -> u64 {
    let asked = v1::CountReviewsRequest { campaign: String::new(), filters: vec![filter.into()], count_max: 0 };
    client.count_reviews(asked).await.unwrap().into_inner().counts[0]
}

#[tokio::test]
async fn what_is_tagged_is_found_by_its_tag_and_the_history_says_who_did() {
    let world = World::new().await;
    let submission = named(world.submission(&Mail::default()).await);
    world.submission(&Mail::default()).await;
    let (_server, client) = desk(&world).await;
    let (mut zhang, mut look) = (client("zhang"), client("look"));
    assert_eq!(refusal(tag(&mut look, &submission, &["ai"], &[]).await).0, Code::PermissionDenied);
    let review = tag(&mut zhang, &submission, &["ＡＩ", "預算"], &[]).await.unwrap();
    assert_eq!(review.tags, ["ai", "预算"]);
    assert_eq!(tag(&mut zhang, &submission, &[], &["预算"]).await.unwrap().tags, ["ai"]);
    assert_eq!(count(&mut look, "tag = AI").await, 1);
    assert_eq!(count(&mut look, "tag != AI").await, 1);
    assert_eq!(count(&mut look, "tag = (\"预算\" OR ai) AND state = JUDGED").await, 1);
    assert_eq!(count(&mut look, "tag = 预算").await, 0);
    let tags = look.list_tags(v1::ListTagsRequest {}).await.unwrap().into_inner().tags;
    assert_eq!(tags, [v1::Tag { tag: "ai".into(), count: 1 }]);
    // In pages, and each line with who, in which right.
    let mut lines = Vec::new();
    let mut asked = v1::ListReviewRemarksRequest { submission: submission.clone(), page_size: 2, ..Default::default() };
    loop {
        let page = look.list_review_remarks(asked.clone()).await.unwrap().into_inner();
        lines.extend(page.remarks);
        if page.next_page_token.is_empty() {
            break;
        }
        asked.page_token = page.next_page_token;
    }
    let told: Vec<_> = lines.iter().map(|line| (line.kind(), line.words.as_str(), line.actor.as_str())).collect();
    let (set, away) = (ReviewRemarkKind::Tagged, ReviewRemarkKind::Untagged);
    assert_eq!(told, [(set, "ai", "zhang"), (set, "预算", "zhang"), (away, "预算", "zhang")]);
    for wrong in ["", "两 词", &"长".repeat(21)] {
        assert_eq!(fields(tag(&mut zhang, &submission, &["好", wrong], &[]).await), ["add[1]"], "{wrong}");
    }
    let many: Vec<String> = (0..20).map(|number| format!("t{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = refusal(tag(&mut zhang, &submission, &many, &[]).await);
    assert_eq!(refused, (Code::ResourceExhausted, "TOO_MANY_TAGS".into()));
}

#[tokio::test]
async fn a_comment_is_kept_once_whoever_may_look_reads_it() {
    let world = World::new().await;
    let submission = named(world.submission(&Mail::default()).await);
    let (_server, client) = desk(&world).await;
    let (mut zhang, mut look) = (client("zhang"), client("look"));
    let asked = v1::CommentSubmissionRequest {
        submission: submission.clone(),
        request_id: uuid::Uuid::now_v7().to_string(),
        comment: " 已电话联系作者。\r\n".into(),
    };
    let kept = zhang.comment_submission(asked.clone()).await.unwrap().into_inner();
    assert_eq!((kept.words.as_str(), kept.kind()), ("已电话联系作者。", ReviewRemarkKind::Commented));
    assert_eq!(zhang.comment_submission(asked.clone()).await.unwrap().into_inner(), kept);
    let other = v1::CommentSubmissionRequest { comment: "别的".into(), ..asked.clone() };
    assert_eq!(refusal(zhang.comment_submission(other).await).1, "REQUEST_ID_REUSED");
    let long = v1::CommentSubmissionRequest { comment: "字".repeat(2001), ..asked.clone() };
    assert_eq!(fields(zhang.comment_submission(long).await), ["comment"]);
    assert_eq!(refusal(look.comment_submission(asked).await).0, Code::PermissionDenied);
    let asked = v1::ListReviewRemarksRequest { submission, ..Default::default() };
    assert_eq!(look.list_review_remarks(asked).await.unwrap().into_inner().remarks, [kept]);
}

#[tokio::test]
async fn a_view_is_seen_by_its_owner_and_a_shared_one_by_all() {
    let world = World::new().await;
    let (_server, client) = desk(&world).await;
    let view = |title: &str, query: &str, shared| v1::CreateSavedViewRequest {
        saved_view: Some(v1::SavedView { title: title.into(), query: query.into(), shared, ..Default::default() }),
    };
    let (mut look, mut zhang, mut chief) = (client("look"), client("zhang"), client("chief"));
    let own = look.create_saved_view(view("逾期", "overdue=1", false)).await.unwrap().into_inner();
    assert_eq!((own.owner.as_str(), own.query.as_str()), ("look", "overdue=1"));
    let refused = refusal(look.create_saved_view(view("逾期", "", false)).await);
    assert_eq!(refused, (Code::AlreadyExists, "SAVED_VIEW_EXISTS".into()));
    assert_eq!(refusal(zhang.create_saved_view(view("公共", "", true)).await).0, Code::PermissionDenied);
    let shared = chief.create_saved_view(view("公共", "state=open", true)).await.unwrap().into_inner();
    for (title, query, field) in [
        (" ", "", "saved_view.title"),
        (&*"名".repeat(31), "", "saved_view.title"),
        ("好", "a b", "saved_view.query"),
        ("好", &*"x".repeat(2001), "saved_view.query"),
    ] {
        assert_eq!(fields(zhang.create_saved_view(view(title, query, false)).await), [field]);
    }
    let ask = v1::ListSavedViewsRequest {};
    assert_eq!(look.list_saved_views(ask).await.unwrap().into_inner().saved_views, [shared.clone(), own.clone()]);
    assert_eq!(zhang.list_saved_views(ask).await.unwrap().into_inner().saved_views, std::slice::from_ref(&shared));
    let remove = |view: &v1::SavedView| v1::DeleteSavedViewRequest { name: view.name.clone() };
    assert_eq!(refusal(chief.delete_saved_view(remove(&own)).await).0, Code::NotFound);
    assert_eq!(refusal(zhang.delete_saved_view(remove(&shared)).await).0, Code::PermissionDenied);
    look.delete_saved_view(remove(&own)).await.unwrap();
    chief.delete_saved_view(remove(&shared)).await.unwrap();
    assert_eq!(look.list_saved_views(ask).await.unwrap().into_inner().saved_views, []);
}
