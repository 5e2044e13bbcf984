//! How long the editors' lists take over 100,000 manuscripts, on SQLite and on PostgreSQL: pages, counts and neighbours
//! asked of the tables, each beside a look-up of one review in the same run; then the desk's pages as a browser gets them,
//! with what the services take for the same question. `cargo build --release && cargo bench -p tests --bench lists`;
//! with `-- desk` the pages alone.

#[path = "lists/desk.rs"]
mod desk;
#[path = "lists/made.rs"]
mod made;

use std::{
    future::Future,
    time::{Duration, Instant},
};

use chrono::DateTime;
use intake::{finding::RuleCode, judgement::Verdict, review::State};
use made::{MANUSCRIPTS, Seeded, day, editor, generate};
use sea_orm::{ConnectionTrait, Database, DbBackend};
use store::{
    Store,
    record::{
        Enrolment, ReviewCount, ReviewFilter as Filter, ReviewFlag, ReviewKey, ReviewOrder, ReviewQuery, ReviewTime,
    },
};
use tests::{Backend, Postgres};
use uuid::Uuid;

/// How often each question is asked.
const TIMES: usize = 40;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let only_desk = std::env::args().any(|argument| argument == "desk");
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        let server = (backend == Backend::Postgres).then(Postgres::start);
        let url = match &server {
            Some(server) => server.database("lists"),
            None => format!("sqlite:{}", home.path().join("lists.db").display()),
        };
        let name = if server.is_some() { "PostgreSQL" } else { "SQLite" };
        runtime.block_on(async {
            let (store, campaign_id, ids) = filled(name, &url).await;
            if !only_desk {
                measure(name, &store, campaign_id, &ids).await;
            }
            drop(store);
            desk::measure(name, home.path(), &url).await;
        });
    }
}

/// Tables with everything in them.
async fn filled(name: &str, url: &str) -> (Store, Uuid, Vec<Uuid>) {
    let store = Store::open(url).await.expect("a database");
    store.migrate().await.expect("tables");
    store.campaign_ensure_default().await.expect("a campaign");
    let campaign_id = store.campaign_list(None, 1).await.expect("campaigns")[0].id;
    let enrolment = Enrolment {
        name: "征稿".into(),
        kind: "imap".into(),
        address: "a@b.cn".into(),
        folders: vec!["INBOX".into()],
        answer_from: DateTime::UNIX_EPOCH,
    };
    let mailbox_id = store.mailbox_enrol(&enrolment).await.expect("a mailbox");
    let raw = Database::connect(url).await.expect("a database");
    let ids = generate(&raw, mailbox_id, campaign_id).await;
    let begun = Instant::now();
    store.migrate().await.expect("rows for lists");
    println!("{name}: rows for lists of {MANUSCRIPTS} manuscripts in {:.1} s", begun.elapsed().as_secs_f64());
    if raw.get_database_backend() == DbBackend::Postgres {
        raw.execute_unprepared("VACUUM ANALYZE").await.expect("the database is tidy");
    }
    (store, campaign_id, ids)
}

async fn measure(name: &str, store: &Store, campaign_id: Uuid, ids: &[Uuid]) {
    let mut seeded = Seeded(5);
    let mut any = || ids[seeded.below(MANUSCRIPTS) as usize];
    let base = timed(|| {
        let id = any();
        async move { drop(store.review_get(id).await.expect("a review")) }
    })
    .await;
    println!("{name}: one review                                   {}", told(base, base));
    for (what, filters) in questions() {
        let count = timed(|| async {
            drop(store.review_count(Some(campaign_id), std::slice::from_ref(&filters), None).await.expect("a count"));
        })
        .await;
        let orders = [ReviewOrder::ReceivedDescending, ReviewOrder::UpdatedDescending, ReviewOrder::DueAscending];
        let mut page = (Duration::ZERO, Duration::ZERO);
        let mut beside = page;
        for order in orders {
            let query = ReviewQuery {
                campaign_id: Some(campaign_id),
                filters: filters.clone(),
                order,
                limit: 51,
                ..ReviewQuery::default()
            };
            let first = timed(|| async { drop(store.review_list(&query).await.expect("a page")) }).await;
            let inner = timed(|| {
                let after = ReviewKey {
                    received_at: day(seeded.below(365)),
                    updated_at: day(seeded.below(365)),
                    due_day: None,
                    submission_id: Uuid::nil(),
                };
                let query = ReviewQuery { after: Some(after), ..query.clone() };
                async move { drop(store.review_list(&query).await.expect("a page")) }
            })
            .await;
            let neighbours = timed(|| {
                let id = ids[seeded.below(MANUSCRIPTS) as usize];
                let query = &query;
                async move {
                    let _ = store.review_neighbours(id, query).await.expect("neighbours");
                }
            })
            .await;
            for one in [first, inner] {
                page = (page.0.max(one.0), page.1.max(one.1));
            }
            beside = (beside.0.max(neighbours.0), beside.1.max(neighbours.1));
        }
        println!("{name}: {what:<24} count                 {}", told(count, base));
        println!("{name}: {what:<24} page, slowest order   {}", told(page, base));
        println!("{name}: {what:<24} neighbours, likewise  {}", told(beside, base));
    }
}

fn questions() -> Vec<(&'static str, Vec<Filter>)> {
    let open = vec![State::Assigned, State::FirstReview, State::SecondReview, State::FinalReview];
    let holds = |text: &str| Filter::Holds(text.into());
    vec![
        ("everything", vec![]),
        ("to be assigned", vec![Filter::State(vec![State::Judged], true)]),
        ("my queue", vec![Filter::Editor(vec![editor(3)], true), Filter::State(open, true)]),
        ("nobody's", vec![Filter::Is(ReviewFlag::Assigned, false)]),
        ("late", vec![Filter::Verdict(vec![Verdict::Late], true)]),
        ("a revision overdue", vec![Filter::DueBefore(day(400).date_naive())]),
        ("links that end", vec![Filter::Before(ReviewTime::CloudExpiry, day(40))]),
        ("came back", vec![Filter::Is(ReviewFlag::Bounced, true)]),
        ("too long a video", vec![Filter::Failed(RuleCode::VideoDuration)]),
        (
            "a month",
            vec![Filter::Since(ReviewTime::Received, day(100)), Filter::Before(ReviewTime::Received, day(130))],
        ),
        ("one sender's", vec![Filter::From("a17@b.cn".into())]),
        ("one number", vec![Filter::AtLeast(ReviewCount::Number, 777), Filter::Below(ReviewCount::Number, 778)]),
        ("searched: 绩效", vec![holds("绩效")]),
        ("searched: 预算绩效管理", vec![holds("预算绩效管理")]),
        ("searched: 张伟", vec![holds("张伟")]),
        (
            "searched, late, a video",
            vec![holds("绩效"), Filter::Verdict(vec![Verdict::Late], true), Filter::Is(ReviewFlag::Video, true)],
        ),
        ("nothing, by no index", vec![Filter::Is(ReviewFlag::Video, false), Filter::Is(ReviewFlag::Backfilled, true)]),
    ]
}

/// Median and p95.
async fn timed<F: Future<Output = ()>>(mut ask: impl FnMut() -> F) -> (Duration, Duration) {
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = Instant::now();
        ask().await;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    (took[TIMES / 2], took[TIMES * 95 / 100])
}

fn told((median, p95): (Duration, Duration), base: (Duration, Duration)) -> String {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let ratio = median.as_secs_f64() / base.0.as_secs_f64();
    format!("{:>8.2} ms median {:>8.2} ms p95 {ratio:>7.1} ×", ms(median), ms(p95))
}
