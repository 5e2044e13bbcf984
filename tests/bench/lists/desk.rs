//! The desk's list as a browser gets it from the real program, signed in, beside what the services take for the same list:
//! how long, and how many bytes of HTML.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use proto::intake::v1::{CountReviewsRequest, ListReviewsRequest};
use tests::{Product, Settings, Visitor};

use crate::{TIMES, timed};

/// What a page may take and hold.
const PAGE_WITHIN: Duration = Duration::from_millis(50);
const PAGE_BYTES_MAX: usize = 100_000;

/// What is asked: in words, as an address of the desk (empty where it has none), as a filter and an order of the service.
const ASKED: &[(&str, &str, &str, &str)] = &[
    ("everything", "/submissions?", "", ""),
    ("state", "/submissions?state=JUDGED", "state = JUDGED", ""),
    ("state, rare", "/submissions?state=ADOPTED", "state = ADOPTED", ""),
    (
        "undecided, five states",
        "/submissions?state=open",
        "state = (RECEIVED OR JUDGED OR ASSIGNED OR FIRST_REVIEW OR SECOND_REVIEW OR FINAL_REVIEW OR REVISION_ASKED)",
        "",
    ),
    ("verdict", "/submissions?verdict=INCOMPLETE", "verdict = INCOMPLETE", ""),
    ("late", "/submissions?verdict=LATE", "verdict = LATE", ""),
    ("finding", "/submissions?failed=video-duration", "finding = video-duration", ""),
    ("mine", "/submissions?editor=mine", "editor = admin", ""),
    (
        "an editor's, undecided",
        "/submissions?editor=by.p3&state=open",
        "editor = p3 AND state = (ASSIGNED OR FIRST_REVIEW)",
        "",
    ),
    ("nobody's", "/submissions?editor=none", "assigned = false", ""),
    ("text of 1 character", "/submissions?q=%E7%BB%A9", "", ""),
    ("text of 2: 绩效", "/submissions?q=%E7%BB%A9%E6%95%88", "text : \"绩效\"", ""),
    ("text of 2: 张伟", "/submissions?q=%E5%BC%A0%E4%BC%9F", "text : \"张伟\"", ""),
    ("text of 4: 绩效管理", "/submissions?q=%E7%BB%A9%E6%95%88%E7%AE%A1%E7%90%86", "text : \"绩效管理\"", ""),
    ("text of 4, nowhere", "/submissions?q=%E6%95%88%E7%BB%A9%E7%90%86%E7%AE%A1", "text : \"效绩理管\"", ""),
    (
        "received in a month",
        "/submissions?from=2023-04-01&to=2023-04-30",
        "received_time >= 2023-04-01 AND received_time <= 2023-04-30",
        "",
    ),
    (
        "a month, by last change",
        "/submissions?from=2023-04-01&to=2023-04-30&order=changed",
        "received_time >= 2023-04-01 AND received_time <= 2023-04-30",
        "update_time desc",
    ),
    ("late, by last change", "/submissions?verdict=LATE&order=changed", "verdict = LATE", "update_time desc"),
    ("an editor's, by last change", "/submissions?editor=by.p3&order=changed", "editor = p3", "update_time desc"),
    (
        "mine, longest unchanged",
        "/submissions?editor=mine&state=open&order=unchanged",
        "editor = admin AND state = (JUDGED OR ASSIGNED OR FIRST_REVIEW)",
        "update_time",
    ),
    ("a cloud file ends in 3 days", "/submissions?expires=3&order=oldest", "", ""),
    ("with video", "/submissions?is=video", "has_video = true", ""),
    ("with cloud file", "/submissions?is=cloud", "has_cloud_file = true", ""),
    ("revised", "/submissions?is=revised", "versions > 1", ""),
    ("a letter came back", "/submissions?is=bounced", "bounced = true", ""),
    ("revision overdue", "/submissions?overdue=1&order=due", "due_day < 2024-01-01", "due_day"),
    (
        "longest unchanged",
        "/submissions?state=open&order=unchanged",
        "state = (JUDGED OR ASSIGNED OR FIRST_REVIEW)",
        "update_time",
    ),
    ("one sender's", "/submissions?author=a17%40b.cn", "from = a17@b.cn", ""),
    (
        "many at once",
        "/submissions?q=%E7%BB%A9%E6%95%88&state=open&verdict=INCOMPLETE&editor=by.p3&failed=video-duration&from=2023-02-01&to=2023-11-30&is=current",
        "text : \"绩效\" AND state = (JUDGED OR ASSIGNED OR FIRST_REVIEW) AND verdict = INCOMPLETE AND editor = p3 AND finding = video-duration AND received_time >= 2023-02-01 AND received_time <= 2023-11-30 AND backfilled = false",
        "",
    ),
    ("NOT a state", "", "state != (DECLINED OR PUBLISHED)", ""),
    ("NOT a verdict, NOT an editor", "", "verdict != ELIGIBLE AND editor != p3", ""),
    ("nothing, by no index", "/submissions?is=backfilled&is=video", "backfilled = true AND has_video = true", ""),
];

/// Starts the program over these tables and asks for every page.
pub async fn measure(name: &str, home: &Path, url: &str) {
    let settings = Settings::write(home, url, &[]);
    let product = Product::start(&settings);
    let invitation = settings.invitation().await;
    let mut admin = Visitor::at(&product.desk());
    let password = "秋水共长天一色 1985";
    let form = admin.get("/invitation").await.form("invitation");
    let form = form.with("invitation", &invitation);
    let welcome = admin.send(&form.with("password", password).with("again", password)).await;
    assert_eq!(welcome.status, 303, "{}", welcome.html);

    println!("{name}: ms of 40 times each           {:^16} {:^16} {:^24} bytes", "ListReviews", "CountReviews", "page");
    println!(
        "{name}: {:<29}{:>8} {:>7} {:>8} {:>7} {:>8} {:>7} {:>7}",
        "", "median", "p95", "median", "p95", "median", "p95", "max"
    );
    let mut asked: Vec<(&str, String, &str, &str)> =
        ASKED.iter().map(|(what, path, filter, order)| (*what, (*path).to_owned(), *filter, *order)).collect();
    asked.push(("the last page", format!("/submissions?page={}", last_page(&product).await), "", ""));
    asked.push(("today", "/".into(), "", ""));
    let (mut slow, mut large) = (Vec::new(), Vec::new());
    for (what, path, filter, order) in asked {
        let list = timed(|| {
            let mut client = product.reviews();
            async move {
                let asked = ListReviewsRequest { filter: filter.into(), order_by: order.into(), ..Default::default() };
                drop(client.list_reviews(asked).await.expect("a page"));
            }
        })
        .await;
        let count = timed(|| {
            let mut client = product.reviews();
            async move {
                let asked = CountReviewsRequest { campaign: String::new(), filters: vec![filter.into()], count_max: 0 };
                drop(client.count_reviews(asked).await.expect("a count"));
            }
        })
        .await;
        let mut took = Vec::with_capacity(TIMES);
        let mut bytes = 0;
        for _ in 0..if path.is_empty() { 0 } else { TIMES } {
            let begun = Instant::now();
            let shown = admin.get(&path).await;
            took.push(begun.elapsed());
            bytes = bytes.max(shown.html.len());
            assert!(matches!(shown.status, 200 | 400), "{path}: {}", shown.status);
        }
        took.sort_unstable();
        let ms = |at: Duration| format!("{:.1}", at.as_secs_f64() * 1e3);
        let page = |at: usize| took.get(at).map_or(String::new(), |at| ms(*at));
        println!(
            "{name}: {what:<29}{:>8} {:>7} {:>8} {:>7} {:>8} {:>7} {:>7} {bytes:>7}",
            ms(list.0),
            ms(list.1),
            ms(count.0),
            ms(count.1),
            page(TIMES / 2),
            page(TIMES * 95 / 100),
            page(TIMES - 1),
        );
        if took.get(TIMES * 95 / 100).is_some_and(|at| *at > PAGE_WITHIN) {
            slow.push(what);
        }
        if bytes > PAGE_BYTES_MAX {
            large.push(what);
        }
    }
    println!("{name}: over 50 ms at p95: {slow:?}; over 100,000 bytes: {large:?}");
}

/// The token of the last page of the usual list, walked to as a client would.
async fn last_page(product: &Product) -> String {
    let mut client = product.reviews();
    let mut asked =
        ListReviewsRequest { page_size: 500, order_by: "received_time desc".into(), ..ListReviewsRequest::default() };
    loop {
        let page = client.list_reviews(asked.clone()).await.expect("a page").into_inner();
        match page.next_page_token {
            token if !token.is_empty() => asked.page_token = token,
            _ if asked.page_size == 50 => return asked.page_token,
            // Its last fifty rows are a page of the desk.
            _ => asked.page_size = 50,
        }
    }
}
