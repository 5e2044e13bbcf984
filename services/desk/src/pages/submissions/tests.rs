//! What the list shows of made-up reviews.

use proto::intake::v1::{Day, Editor, ReviewRevision, ReviewState, ReviewSummary, Verdict};

use super::*;
use crate::visit::tests::{visit, visit_of};

fn at(text: &str) -> prost_types::Timestamp {
    let at: chrono::DateTime<Utc> = text.parse().unwrap();
    prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 }
}

fn now() -> chrono::DateTime<Utc> {
    "2023-03-20T10:00:00+08:00".parse().unwrap()
}

pub fn review(number: u64) -> proto::intake::v1::Review {
    proto::intake::v1::Review {
        submission: format!("submissions/0190a5f0-0000-7000-8000-{number:012}"),
        etag: "\"3\"".into(),
        number,
        subject: "【主题征稿】绩效评价改革的实践与思考".into(),
        state: ReviewState::FirstReview.into(),
        verdict: Verdict::Incomplete.into(),
        editor: "zhang.li".into(),
        summary: Some(ReviewSummary {
            submission: format!("submissions/0190a5f0-0000-7000-9000-{number:012}"),
            versions: 2,
            subject: "【主题征稿】绩效评价改革的实践与思考（修改稿）".into(),
            contact_name: "王芳".into(),
            organisation: "某省财政厅预算处".into(),
            received_time: Some(at("2023-03-31T23:59:59+08:00")),
            failed: vec!["video-duration".into(), "contact-details".into()],
            undetermined: vec!["video-resolution".into()],
            documents: 1,
            videos: 1,
            pictures: 3,
            cloud_files: 1,
            cloud_expire_time: Some(at("2023-03-22T00:00:00+08:00")),
            characters: 4_312,
            backfilled: false,
            erase_time: None,
        }),
        ..Default::default()
    }
}

fn editors() -> Editors {
    let editor = |name: &str, called: &str| Editor { editor: name.into(), display_name: called.into(), role: 3 };
    Editors(vec![editor("zhang.li", "张丽"), editor("li.na", "李娜")])
}

fn shown(visit: &Visit, listing: &Listing, reviews: Vec<proto::intake::v1::Review>, total: u64) -> String {
    let editors = editors();
    let list = List { visit, listing, editors: &editors, campaigns: &[], tags: &[], views: &[], now: now() };
    let listed = ListReviewsResponse { reviews, next_page_token: "T2".into() };
    list.body(&listed, Total { count: total, is_least: false }, None).into_string()
}

#[test]
fn a_count_that_ended_early_says_so() {
    let total = |is_least| Total { count: 5_000, is_least };
    assert_eq!(total(false).words(Language::Zh), "共 5000 篇");
    assert_eq!(total(true).words(Language::Zh), "共 5000 篇以上");
    assert_eq!(total(true).words(Language::En), "5000 or more in all");
}

#[test]
fn a_line_tells_version_kind_verdict_state_and_what_ends_soon() {
    let listing = Listing::with(&[("state", "open"), ("q", "绩效")]);
    let html = shown(&visit(), &listing, vec![review(12)], 1);
    for told in [
        "共 1 篇",
        "绩效评价改革的实践与思考（修改稿）",
        "第 2 版",
        "文档 1 · 视频 1 · 图片 3 · 4312 字",
        "云附件 03-22 到期",
        "待补",
        "缺项：视频时长、联系方式",
        "待核：视频分辨率",
        "初审",
        "张丽",
        "王芳",
        "2023-03-31 23:59",
    ] {
        assert!(html.contains(told), "{told}");
    }
    // The newest version is opened, and the list travels along.
    assert!(html.contains("/submissions/0190a5f0-0000-7000-9000-000000000012?list=q%3D%25E7"));
    assert!(html.contains("page=T2"));
}

#[test]
fn a_revision_that_did_not_come_is_overdue_from_the_day_after() {
    let mut late = review(1);
    late.state = ReviewState::RevisionAsked.into();
    let day = |day| Some(ReviewRevision { round: 1, until_day: Some(Day { year: 2023, month: 3, day }) });
    late.revision = day(19);
    let listing = Listing::default();
    assert!(shown(&visit(), &listing, vec![late.clone()], 1).contains("<span class=\"badge bad\">退修逾期</span>"));
    late.revision = day(20);
    assert!(!shown(&visit(), &listing, vec![late], 1).contains("<span class=\"badge bad\">退修逾期</span>"));
}

#[test]
fn strangers_words_are_never_html() {
    let mut hostile = review(1);
    let words = "<script>alert(1)</script>\"'><img src=x>";
    hostile.editor = words.into();
    let summary = hostile.summary.as_mut().unwrap();
    summary.subject = words.into();
    summary.contact_name = words.into();
    summary.organisation = words.into();
    summary.failed = vec![words.into()];
    let html = shown(&visit(), &Listing::with(&[("q", words)]), vec![hostile], 1);
    assert!(!html.contains("<script>") && !html.contains("<img"), "{html}");
}

#[test]
fn a_page_of_fifty_lines_stays_under_100_kb() {
    let line = |number| {
        let mut review = review(1_000_000 + number);
        let summary = review.summary.as_mut().unwrap();
        summary.subject = "长".repeat(500);
        summary.contact_name = "名".repeat(100);
        summary.organisation = "单".repeat(500);
        summary.failed = crate::words::RULES.iter().map(|(code, ..)| (*code).to_owned()).collect();
        review
    };
    let listing = Listing::with(&[
        ("q", "绩效评价"),
        ("state", "open"),
        ("verdict", "INCOMPLETE"),
        ("editor", "mine"),
        ("is", "video"),
        ("order", "oldest"),
    ]);
    let visit = visit();
    let body = shown(&visit, &listing, (0..50_u64).map(line).collect(), 12_345);
    // The frame around it is small and the same for every page.
    assert!(body.len() < 95_000, "{} bytes", body.len());
}

#[test]
fn tags_stand_under_the_manuscript_or_in_a_column_of_their_own_and_lead_to_their_list() {
    let mut tagged = review(1);
    tagged.tags = vec!["浙江".into(), "<b>".into()];
    let html = shown(&visit(), &Listing::default(), vec![tagged.clone()], 1);
    assert!(html.contains("<small><a class=\"tag\" href=\"/submissions?tag=%E6%B5%99%E6%B1%9F\">浙江</a>"), "{html}");
    assert!(!html.contains("<th scope=\"col\">标签</th>") && !html.contains("<b>"));
    let html = shown(&visit(), &Listing::with(&[("col", "tags")]), vec![tagged], 1);
    assert!(html.contains("<th scope=\"col\">标签</th>") && html.contains("<td><a class=\"tag\""), "{html}");
    assert!(!html.contains("<th scope=\"col\">责任编辑</th>"));
}

#[test]
fn saved_lists_are_links_that_their_owner_removes_and_a_chief_editor_those_for_all() {
    let view = |title: &str, owner: &str, shared| SavedView {
        name: format!("savedViews/{title}"),
        title: title.into(),
        query: "state=open&nonsense=1".into(),
        owner: owner.into(),
        shared,
        create_time: None,
    };
    let all = [view("逾期", "zhang.li", false), view("公共", "li.na", true)];
    let listing = Listing::with(&[("state", "open")]);
    let shown = |role| views::views(&visit_of(role, Language::Zh), &listing, &all).into_string();
    let (editor, chief) = (shown(ReviewRole::Editor), shown(ReviewRole::ChiefEditor));
    assert!(editor.contains("<a href=\"/submissions?state=open\" aria-current=\"page\"><bdi>逾期</bdi>"), "{editor}");
    assert_eq!((editor.matches("views/remove").count(), chief.matches("views/remove").count()), (1, 2));
    assert!(!editor.contains("name=\"shared\"") && chief.contains("name=\"shared\""));
}

#[test]
fn who_only_looks_has_nothing_to_tick() {
    let html = |role| shown(&visit_of(role, Language::En), &Listing::default(), vec![review(1)], 1);
    assert!(!html(ReviewRole::Viewer).contains("type=\"checkbox\" name=\"row\""));
    assert!(html(ReviewRole::Editor).contains("type=\"checkbox\" name=\"row\""));
}

#[test]
fn an_empty_list_says_what_to_do() {
    let none = Listing::with(&[("verdict", "LATE")]);
    assert!(shown(&visit(), &none, vec![], 0).contains("去掉一个条件再看"));
    assert!(shown(&visit(), &Listing::default(), vec![], 0).contains("来信登记"));
}
