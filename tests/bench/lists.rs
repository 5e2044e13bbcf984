//! How long the editors' lists take over 100,000 manuscripts, on SQLite and on PostgreSQL: pages, counts and neighbours,
//! each beside a look-up of one review in the same run. `cargo bench -p tests --bench lists`.

use std::{
    fmt::Write,
    future::Future,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use intake::{finding::RuleCode, judgement::Verdict, review::State};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};
use store::{
    Store,
    record::{
        Enrolment, ReviewCount, ReviewFilter as Filter, ReviewFlag, ReviewKey, ReviewOrder, ReviewQuery, ReviewTime,
    },
};
use tests::Postgres;
use uuid::Uuid;

const MANUSCRIPTS: u64 = 100_000;
/// Rows of one statement.
const ROWS: u64 = 500;
/// How often each question is asked.
const TIMES: usize = 40;

const STATES: [&str; 10] = [
    "declined",
    "declined",
    "declined",
    "declined",
    "published",
    "adopted",
    "judged",
    "judged",
    "assigned",
    "first_review",
];
const VERDICTS: [&str; 6] = ["eligible", "eligible", "eligible", "incomplete", "late", "undetermined"];
const SUBJECTS: [&str; 8] =
    ["预算绩效管理", "政府购买服务", "养老服务", "乡村振兴", "财政改革", "社区托育", "绩效评价", "数字财政"];
const SURNAMES: [&str; 12] = ["张", "王", "李", "赵", "陈", "杨", "黄", "周", "吴", "徐", "孙", "马"];
const GIVEN: [&str; 12] = ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳"];
const PLACES: [&str; 10] = ["杭州", "宁波", "温州", "嘉兴", "湖州", "绍兴", "金华", "衢州", "舟山", "台州"];

/// Numbers that look random and are the same at every run (SplitMix64).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }

    fn one(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    runtime.block_on(measure("SQLite", &format!("sqlite:{}", folder.path().join("lists.db").display())));
    let server = Postgres::start();
    runtime.block_on(measure("PostgreSQL", &server.database("lists")));
}

async fn measure(name: &str, url: &str) {
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

    let mut seeded = Seeded(5);
    let mut any = || ids[seeded.below(MANUSCRIPTS) as usize];
    let base = timed(|| {
        let id = any();
        let store = &store;
        async move { drop(store.review_get(id).await.expect("a review")) }
    })
    .await;
    println!("{name}: one review                                   {}", told(base, base));
    for (what, filters) in questions() {
        let count = timed(|| async {
            drop(store.review_count(Some(campaign_id), std::slice::from_ref(&filters)).await.expect("a count"));
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
                let store = &store;
                async move { drop(store.review_list(&query).await.expect("a page")) }
            })
            .await;
            let neighbours = timed(|| {
                let id = ids[seeded.below(MANUSCRIPTS) as usize];
                let (store, query) = (&store, &query);
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

fn day(number: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2023-01-01T00:00:00Z".parse().expect("an instant");
    first + TimeDelta::days(number.cast_signed())
}

fn editor(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

/// Fills the tables as an intake of a year and its editors would have.
async fn generate(raw: &DatabaseConnection, mailbox_id: Uuid, campaign_id: Uuid) -> Vec<Uuid> {
    let is_postgres = raw.get_database_backend() == DbBackend::Postgres;
    let uuid = |id: Uuid| if is_postgres { format!("'{id}'") } else { format!("x'{}'", id.simple()) };
    let mut sql = String::from("INSERT INTO review_person (id, name) VALUES ");
    for number in 0..8 {
        write!(sql, "{}({}, 'p{number}')", if number == 0 { "" } else { "," }, uuid(editor(number))).expect("text");
    }
    raw.execute_unprepared(&sql).await.expect("editors");
    let mut seeded = Seeded(1);
    let mut ids = Vec::new();
    let (mailbox, campaign) = (uuid(mailbox_id), uuid(campaign_id));
    for start in (0..MANUSCRIPTS).step_by(ROWS as usize) {
        let [mut messages, mut submissions, mut reviews] = [const { String::new() }; 3];
        for number in start..start + ROWS {
            let at = day(0).timestamp_micros() + (number * 315_360_000) as i64;
            let id = Uuid::from_u128((u128::from(number) + 1) << 64 | u128::from(seeded.below(u64::MAX)));
            ids.push(id);
            let (id, message) = (uuid(id), uuid(Uuid::from_u128(u128::from(number) + 1)));
            let comma = if number == start { "" } else { "," };
            let subject = format!("主题征稿：{}{}之{number}", seeded.one(&PLACES), seeded.one(&SUBJECTS));
            let author = format!("{}{}", seeded.one(&SURNAMES), seeded.one(&GIVEN));
            let organisation = format!("{}市财政局", seeded.one(&PLACES));
            let (state, verdict) = (seeded.one(&STATES), seeded.one(&VERDICTS));
            let outcome = if seeded.below(20) == 0 { "failed" } else { "passed" };
            let cloud = match seeded.below(10) {
                0 => format!(
                    r#","cloud_files":[{{"provider":"qq","name":"片.mp4","size_bytes_claimed":1,"expires_at":"{}","url":"x","quoted":false}}]"#,
                    day(number * 365 / MANUSCRIPTS + 15).to_rfc3339()
                ),
                _ => String::new(),
            };
            let has_editor = state != "judged";
            let held = if has_editor { editor(seeded.below(8)) } else { Uuid::nil() };
            let held_json = if has_editor { format!("\"{held}\"") } else { "null".into() };
            let held = if has_editor { uuid(held) } else { "NULL".into() };
            let due = if state == "first_review" && seeded.below(4) == 0 { "2023-12-20" } else { "9999-12-31" };
            write!(
                messages,
                "{comma}({message},{mailbox},'INBOX',1,{number},1,{at},'internal_date',false,{at},'recorded')"
            )
            .expect("text");
            write!(
                submissions,
                "{comma}({id},{message},{campaign},{number},{id},1,1,{number},'submission','{verdict}','a{}@b.cn',\
                 '{subject}',{at},false,'{{\"headers\":{{}}{cloud}}}',\
                 '{{\"names\":[{{\"value\":\"{author}\",\"place\":\"body\",\"excerpt\":\"\"}}],\"organisations\":\
                 [{{\"value\":\"{organisation}\",\"place\":\"body\",\"excerpt\":\"\"}}],\"phones\":[],\"addresses\":[]}}',\
                 '[{{\"rule\":\"video-duration\",\"severity\":\"required\",\"outcome\":\"{outcome}\",\"measured\":\"\",\
                 \"limit\":\"\",\"evidence\":[],\"zh\":\"\",\"en\":\"\"}}]','{{}}',{at})",
                seeded.below(5_000),
            )
            .expect("text");
            write!(
                reviews,
                "{comma}({id},{campaign},1,'{state}',{held},'{due}','{{\"state\":\"{state}\",\"verdict\":\"{verdict}\",\
                 \"editor\":{held_json},\"recommendations\":[],\"revision\":null,\"placements\":[],\"retractable\":null}}',\
                 {at},{})",
                at + seeded.below(20 * 86_400_000_000) as i64,
            )
            .expect("text");
        }
        for insert in [
            format!(
                "INSERT INTO message (id, mailbox_id, folder, uidvalidity, uid, size_bytes, received_at, \
                 received_basis, backfilled, seen_at, stage) VALUES {messages}"
            ),
            format!(
                "INSERT INTO submission (id, message_id, campaign_id, number, root_id, version, row_version, change_seq, \
                 class, verdict, sender, subject, received_at, backfilled, outline, contact, findings, judgement, \
                 created_at) VALUES {submissions}"
            ),
            format!(
                "INSERT INTO review (submission_id, campaign_id, row_version, state, editor_id, due_day, standing, \
                 received_at, updated_at) VALUES {reviews}"
            ),
        ] {
            raw.execute_unprepared(&insert).await.expect("rows");
        }
    }
    ids
}
