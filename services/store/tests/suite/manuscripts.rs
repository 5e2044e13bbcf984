//! Lists of reviews: page, count and neighbours against a model that goes over everything, in worlds made at random.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use intake::{
    contact::Found,
    finding::{Finding, Outcome, RuleCode, Severity},
    judgement::Verdict,
    letter::{CloudFile, Content, Part, Video},
    ports::{Ledger, Listed},
    review::{Action, Decision, State},
    sorting::Class,
    wording,
};
use stdx::{ErrorKind, Sha256};
use store::{
    Store,
    record::{
        ReviewCount, ReviewFilter, ReviewFlag, ReviewGroup, ReviewKey, ReviewNeighbours, ReviewOrder, ReviewQuery,
        ReviewRecord, ReviewTime,
    },
};
use uuid::Uuid;

use crate::{
    remarks::tagged,
    reviews::{take, who},
    scene::{EPOCH, INBOX, Scene, assessment, at, day, letter, listed},
    seeded::Seeded,
};

const ORDERS: [ReviewOrder; 5] = [
    ReviewOrder::ReceivedDescending,
    ReviewOrder::ReceivedAscending,
    ReviewOrder::UpdatedDescending,
    ReviewOrder::UpdatedAscending,
    ReviewOrder::DueAscending,
];
const RULES: [RuleCode; 3] = [RuleCode::Deadline, RuleCode::VideoDuration, RuleCode::PublicityPictures];
const VERDICTS: [Verdict; 4] = [Verdict::Eligible, Verdict::Incomplete, Verdict::Late, Verdict::Undetermined];
const SENDERS: [&str; 3] = ["a@b.cn", "C@d.cn", "e@f.cn"];
const SUBJECTS: [&str; 6] = ["绩效管理", "效绩管理办法", "ＡＩ與預算", "ai 与　预算", "管理绩效", "BA"];
const NAMES: [&str; 4] = ["张三", "张三丰", "", "李 四"];
const ORGANISATIONS: [&str; 4] = ["杭州市财政局", "財政局", "", "绩效处"];
const TAGS: [&str; 3] = ["ai", "待约稿", "浙江"];
const TEXTS: [&str; 14] = [
    "绩效",
    "效管",
    "绩效管理",
    "管理绩效",
    "AI",
    "ａｉ",
    "预算",
    "預算",
    "张三",
    "财政局",
    "州市财",
    "三杭",
    "%%",
    "i與預",
];

/// What is known of a manuscript from how it was made.
pub struct Fact {
    pub review: ReviewRecord,
    versions: u64,
    sender: String,
    fields: [String; 3],
    rules: Vec<(Outcome, RuleCode)>,
    category: u64,
    has_video: bool,
    cloud_files: usize,
    cloud_expires_at: Option<DateTime<Utc>>,
    backfilled: bool,
    bounced: bool,
}

fn folded(text: &str) -> String {
    wording::fold(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Fact {
    fn due(&self) -> Option<NaiveDate> {
        self.review.standing.revision.map(|(_, day)| day)
    }

    fn meets(&self, filter: &ReviewFilter) -> bool {
        let review = &self.review;
        let time = |which: &ReviewTime| match which {
            ReviewTime::Received => Some(review.received_at),
            ReviewTime::Updated => Some(review.updated_at),
            ReviewTime::CloudExpiry => self.cloud_expires_at,
        };
        let number = |which: &ReviewCount| match which {
            ReviewCount::Number => review.number,
            ReviewCount::Versions => self.versions,
        };
        match filter {
            ReviewFilter::State(states, is) => states.contains(&review.standing.state) == *is,
            ReviewFilter::Verdict(verdicts, is) => verdicts.contains(&review.standing.verdict.unwrap()) == *is,
            ReviewFilter::Editor(ids, is) => review.standing.editor.is_some_and(|id| ids.contains(&id)) == *is,
            ReviewFilter::Is(flag, is) => {
                *is == match flag {
                    ReviewFlag::Assigned => review.standing.editor.is_some(),
                    ReviewFlag::Video => self.has_video,
                    ReviewFlag::CloudFile => self.cloud_files > 0,
                    ReviewFlag::Backfilled => self.backfilled,
                    ReviewFlag::Bounced => self.bounced,
                }
            }
            ReviewFilter::DueFrom(day) => self.due().is_some_and(|due| due >= *day),
            ReviewFilter::DueBefore(day) => self.due().is_some_and(|due| due < *day),
            ReviewFilter::Since(which, at) => time(which).is_some_and(|time| time >= *at),
            ReviewFilter::Before(which, at) => time(which).is_some_and(|time| time < *at),
            ReviewFilter::AtLeast(which, least) => number(which) >= *least,
            ReviewFilter::Below(which, end) => number(which) < *end,
            ReviewFilter::Tag(tags, is) => review.tags.iter().any(|tag| tags.contains(tag)) == *is,
            ReviewFilter::From(from) => self.sender.eq_ignore_ascii_case(from),
            ReviewFilter::Holds(text) => self.fields.iter().any(|field| folded(field).contains(&folded(text))),
            ReviewFilter::Failed(rule) => self.rules.contains(&(Outcome::Failed, *rule)),
            ReviewFilter::Undetermined(rule) => self.rules.contains(&(Outcome::Undetermined, *rule)),
            ReviewFilter::In(group, value) => self.is_in(*group, value),
        }
    }

    fn is_in(&self, group: ReviewGroup, value: &str) -> bool {
        let standing = &self.review.standing;
        let has_place = |has_appeared: bool| {
            let mut places = standing.placements.iter();
            places.any(|place| place.channel == value && place.published_at.is_some() == has_appeared)
        };
        match group {
            ReviewGroup::Category => self.category.to_string() == value,
            ReviewGroup::Organisation => self.fields[2] == value,
            ReviewGroup::Scheduled => has_place(false),
            ReviewGroup::Published => has_place(true),
            ReviewGroup::Reason => {
                matches!(standing.state, State::Declined | State::RevisionAsked) && value == "请补充数据。"
            }
        }
    }

    /// Its place: what is compared, and whether from the end.
    fn place(&self, order: ReviewOrder) -> (DateTime<Utc>, NaiveDate, Uuid) {
        let (review, never) = (&self.review, NaiveDate::MAX);
        match order {
            ReviewOrder::ReceivedDescending | ReviewOrder::ReceivedAscending => {
                (review.received_at, never, review.submission_id)
            }
            ReviewOrder::UpdatedDescending | ReviewOrder::UpdatedAscending => {
                (review.updated_at, never, review.submission_id)
            }
            ReviewOrder::DueAscending => (DateTime::UNIX_EPOCH, self.due().unwrap_or(never), review.submission_id),
        }
    }
}

fn is_descending(order: ReviewOrder) -> bool {
    matches!(order, ReviewOrder::ReceivedDescending | ReviewOrder::UpdatedDescending)
}

fn expected(facts: &[Fact], filters: &[ReviewFilter], order: ReviewOrder) -> Vec<Uuid> {
    let mut chosen: Vec<&Fact> = facts.iter().filter(|fact| filters.iter().all(|filter| fact.meets(filter))).collect();
    chosen.sort_by_key(|fact| fact.place(order));
    if is_descending(order) {
        chosen.reverse();
    }
    chosen.iter().map(|fact| fact.review.submission_id).collect()
}

fn key(review: &ReviewRecord) -> ReviewKey {
    ReviewKey {
        received_at: review.received_at,
        updated_at: review.updated_at,
        due_day: review.standing.revision.map(|(_, day)| day),
        submission_id: review.submission_id,
    }
}

async fn walked(store: &Store, query: &ReviewQuery) -> Vec<ReviewRecord> {
    let mut found: Vec<ReviewRecord> = Vec::new();
    loop {
        let page = ReviewQuery { after: found.last().map(key), ..query.clone() };
        let page = store.review_list(&page).await.unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

/// A mail of a manuscript, made at random; gives what is known of it, without its review.
async fn version(scene: &Scene, seeded: &mut Seeded, uid: u64, corrects: Option<(&str, Uuid)>) -> Fact {
    let sender = corrects.map_or_else(
        || seeded.one(&SENDERS),
        |(sender, _)| SENDERS.into_iter().find(|known| known.eq_ignore_ascii_case(sender)).unwrap(),
    );
    let subject = seeded.one(&SUBJECTS);
    let mut letter = letter(sender, subject);
    letter.headers.message_id = Some(format!("{uid}@example.cn"));
    let has_attached_video = seeded.chance(1, 3);
    if has_attached_video {
        let part = Part {
            path: "3".into(),
            name: "片.mp4".into(),
            content: Content::Video(Video::default()),
            ..letter.parts[0].clone()
        };
        letter.parts.push(part);
    }
    let category = seeded.below(4);
    if category > 0 {
        let line = format!("类别：{category}\n");
        letter.body.quoted_from = letter.body.quoted_from.map(|at| at + line.len());
        letter.body.text.insert_str(0, &line);
    }
    let cloud_files: Vec<CloudFile> = (0..seeded.below(3))
        .map(|_| CloudFile {
            provider: "netease".into(),
            name: seeded.one(&["材料.zip", "片.mp4"]).into(),
            size_bytes_claimed: None,
            expires_at: seeded.chance(2, 3).then(|| day() + TimeDelta::days(seeded.below(4).cast_signed())),
            url: String::new(),
            quoted: false,
        })
        .collect();
    letter.cloud_files.clone_from(&cloud_files);
    let verdict = seeded.one(&VERDICTS);
    let class = if corrects.is_some() { Class::Correction } else { Class::Submission };
    let mut assessed = assessment(class, verdict);
    assessed.sorting.corrects = corrects.map(|_| 0);
    let (name, organisation) = (seeded.one(&NAMES), seeded.one(&ORGANISATIONS));
    let found = |value: &str| Found { value: value.into(), place: "body".into(), excerpt: value.into() };
    assessed.contact.names = Some(name).filter(|name| !name.is_empty()).map(found).into_iter().collect();
    assessed.contact.organisations =
        Some(organisation).filter(|name| !name.is_empty()).map(found).into_iter().collect();
    let template = assessed.findings.remove(0);
    assessed.findings = RULES
        .into_iter()
        .map(|rule| Finding {
            rule,
            outcome: seeded.one(&[Outcome::Passed, Outcome::Failed, Outcome::Undetermined]),
            severity: seeded.one(&[Severity::Required, Severity::Advice, Severity::Routes]),
            ..template.clone()
        })
        .collect();
    let old = seeded.chance(1, 5);
    // Few instants, so that many share one.
    let received_at =
        if old { at("2022-09-01T08:00:00+08:00") } else { day() + TimeDelta::hours(seeded.below(6).cast_signed()) };
    let message = scene.seen_in(INBOX, EPOCH, Listed { received_at, ..listed(uid) }).await;
    let hash = Sha256::of(&uid.to_le_bytes());
    scene.store.message_stored(&scene.lease, &message, hash, 1).await.unwrap();
    let message = scene.again(&message).await;
    scene.store.message_parsed(&scene.lease, &message, &letter).await.unwrap();
    let message = scene.again(&message).await;
    let mut earlier = scene.store.earlier(scene.mailbox_id, sender).await.unwrap();
    if let Some((_, root_id)) = corrects {
        earlier.retain(|earlier| earlier.root_id == root_id);
    }
    scene.record(&message, &letter, &earlier, &assessed).await;
    let submission = scene.submission_of(&message).await;
    Fact {
        review: scene.store.review_get(submission.id).await.unwrap(),
        versions: u64::from(submission.version),
        sender: sender.into(),
        fields: [subject.into(), name.into(), organisation.into()],
        rules: assessed
            .findings
            .iter()
            .filter(|finding| finding.severity != Severity::Routes && finding.outcome != Outcome::Passed)
            .map(|finding| (finding.outcome, finding.rule))
            .collect(),
        category,
        has_video: has_attached_video || cloud_files.iter().any(|file| file.name == "片.mp4"),
        cloud_files: cloud_files.len(),
        cloud_expires_at: cloud_files.iter().filter_map(|file| file.expires_at).min(),
        backfilled: old,
        bounced: false,
    }
}

/// A manuscript somewhere on its way, of one version or more.
pub async fn manuscript(scene: &Scene, seeded: &mut Seeded, uid: &mut u64) -> Fact {
    *uid += 1;
    let mut fact = version(scene, seeded, *uid, None).await;
    let tags: Vec<&str> = TAGS.into_iter().filter(|_| seeded.chance(1, 3)).collect();
    if !tags.is_empty() {
        fact.review = tagged(&scene.store, &fact.review, &tags, &[]).await.unwrap();
    }
    let until_day = format!("2023-03-1{}", seeded.below(6)).parse().unwrap();
    let (assign, begin) = (Action::Assign { editor: who(1 + u128::from(seeded.below(3))) }, Action::Begin);
    let recommend = |decision| Action::Recommend { decision };
    let (adopt, channel) = (Decision::Adopt, seeded.one(&["杂志", "微信"]).to_owned());
    let schedule = Action::Schedule { channel: channel.clone(), slot: "第5期".into() };
    let way: Vec<(u128, Action)> = match seeded.below(3) {
        0 => {
            vec![(9, assign), (1, begin), (1, recommend(Decision::AskRevision)), (9, Action::AskRevision { until_day })]
        }
        1 => vec![(9, assign), (1, begin), (1, recommend(Decision::Decline)), (9, Action::Decline)],
        _ => vec![
            (9, assign),
            (1, begin),
            (1, recommend(adopt)),
            (9, Action::Pass),
            (1, recommend(adopt)),
            (9, Action::Pass),
            (1, recommend(adopt)),
            (9, Action::Adopt),
            (9, schedule),
            (9, Action::Publish { channel }),
        ],
    };
    let is_done = seeded.chance(1, 3);
    let steps = if is_done { way.len() } else { usize::try_from(seeded.below(way.len() as u64 + 1)).unwrap() };
    for (by, action) in way.into_iter().take(steps) {
        let by = match (&action, fact.review.standing.editor) {
            (Action::Begin | Action::Recommend { .. }, Some(editor)) => editor.as_u128(),
            _ => by,
        };
        fact.review = take(&scene.store, &fact.review, by, action).await;
    }
    while seeded.chance(1, 4) {
        *uid += 1;
        let sender = fact.sender.clone();
        fact = version(scene, seeded, *uid, Some((&sender, fact.review.submission_id))).await;
    }
    if seeded.chance(1, 4) {
        scene.store.review_bounced(fact.review.submission_id, day()).await.unwrap();
        fact.bounced = true;
    }
    fact
}

fn comparison(seeded: &mut Seeded) -> ReviewFilter {
    let is = seeded.chance(2, 3);
    let some = |seeded: &mut Seeded| 1 + usize::try_from(seeded.below(2)).unwrap();
    let instant = day() + TimeDelta::hours(seeded.below(6).cast_signed());
    let time = seeded.one(&[ReviewTime::Received, ReviewTime::Updated, ReviewTime::CloudExpiry]);
    let instant = match time {
        ReviewTime::Received => instant,
        ReviewTime::Updated => day() + TimeDelta::days(1) + TimeDelta::minutes(seeded.below(6).cast_signed()),
        ReviewTime::CloudExpiry => day() + TimeDelta::days(seeded.below(4).cast_signed()),
    };
    let (count, bound) = (seeded.one(&[ReviewCount::Number, ReviewCount::Versions]), 1 + seeded.below(4));
    let until_day: NaiveDate = format!("2023-03-1{}", seeded.below(6)).parse().unwrap();
    let states = [State::Judged, State::Assigned, State::FirstReview, State::RevisionAsked];
    let flags =
        [ReviewFlag::Assigned, ReviewFlag::Video, ReviewFlag::CloudFile, ReviewFlag::Backfilled, ReviewFlag::Bounced];
    match seeded.below(17) {
        0 => ReviewFilter::State((0..some(seeded)).map(|_| seeded.one(&states)).collect(), is),
        1 => ReviewFilter::Verdict((0..some(seeded)).map(|_| seeded.one(&VERDICTS)).collect(), is),
        2 => ReviewFilter::Editor((0..some(seeded)).map(|_| who(1 + u128::from(seeded.below(3)))).collect(), is),
        3 => ReviewFilter::Is(seeded.one(&flags), is),
        4 => ReviewFilter::DueFrom(until_day),
        5 => ReviewFilter::DueBefore(until_day),
        6 => ReviewFilter::Since(time, instant),
        7 => ReviewFilter::Before(time, instant),
        8 => ReviewFilter::AtLeast(count, bound),
        9 => ReviewFilter::Below(count, bound),
        10 => ReviewFilter::From(seeded.one(&["A@b.cn", "c@D.cn", "a@b"]).into()),
        11 => ReviewFilter::Failed(seeded.one(&RULES)),
        12 => ReviewFilter::Undetermined(seeded.one(&RULES)),
        13 => {
            let values = match seeded.one(&ReviewGroup::ALL) {
                group @ ReviewGroup::Category => (group, seeded.one(&["0", "1", "2", "3", "9"])),
                group @ ReviewGroup::Organisation => (group, seeded.one(&ORGANISATIONS)),
                group @ ReviewGroup::Reason => (group, seeded.one(&["请补充数据。", "请补充"])),
                group => (group, seeded.one(&["杂志", "微信", "视频号"])),
            };
            ReviewFilter::In(values.0, values.1.into())
        }
        14 | 15 => ReviewFilter::Tag((0..some(seeded)).map(|_| seeded.one(&TAGS).to_owned()).collect(), is),
        _ => ReviewFilter::Holds(seeded.one(&TEXTS).into()),
    }
}

/// What a filter and an order give, asked in each way.
async fn compare(scene: &Scene, facts: &[Fact], seeded: &mut Seeded, filters: Vec<ReviewFilter>) {
    let order = seeded.one(&ORDERS);
    let list = expected(facts, &filters, order);
    let told = format!("{order:?} {filters:?}");
    let limit = u32::try_from(1 + seeded.below(9)).unwrap();
    let campaign_id = seeded.chance(1, 2).then_some(scene.campaign.id);
    let query = ReviewQuery { campaign_id, filters: filters.clone(), order, after: None, limit };
    let pages = walked(&scene.store, &query).await;
    assert_eq!(pages.iter().map(|review| review.submission_id).collect::<Vec<_>>(), list, "{told}");
    for review in &pages {
        let fact = facts.iter().find(|fact| fact.review.submission_id == review.submission_id).unwrap();
        let summary = review.summary.as_ref().unwrap();
        assert_eq!([&summary.subject, &summary.contact_name, &summary.organisation], fact.fields.each_ref());
        assert_eq!(u64::from(summary.versions), fact.versions);
        assert_eq!((summary.cloud_files as usize, summary.cloud_expires_at), (fact.cloud_files, fact.cloud_expires_at));
        let rules = |outcome| fact.rules.iter().filter(move |rule| rule.0 == outcome).map(|rule| rule.1.as_str());
        assert!(summary.failed.iter().map(String::as_str).eq(rules(Outcome::Failed)));
        assert!(summary.undetermined.iter().map(String::as_str).eq(rules(Outcome::Undetermined)));
    }
    assert_eq!(scene.store.review_count(campaign_id, &[filters], None).await.unwrap(), [list.len() as u64], "{told}");
    for _ in 0..3 {
        // One of the list, or one beside it: its place in the order is what counts.
        let here = &facts[usize::try_from(seeded.below(facts.len() as u64)).unwrap()];
        let before = |id: &Uuid| {
            let there = facts.iter().find(|fact| fact.review.submission_id == *id).unwrap();
            let is_less = there.place(order) < here.place(order);
            there.review.submission_id != here.review.submission_id && is_less != is_descending(order)
        };
        let others: Vec<Uuid> = list.iter().copied().filter(|id| *id != here.review.submission_id).collect();
        let neighbours = ReviewNeighbours {
            previous: others.iter().copied().rfind(before),
            next: others.iter().copied().find(|id| !before(id)),
        };
        let found = scene.store.review_neighbours(here.review.submission_id, &query).await.unwrap();
        assert_eq!(found, neighbours, "{told} at {}", here.review.submission_id);
    }
}

pub async fn a_page_a_count_and_the_neighbours_are_what_a_filter_says(scene: Scene) {
    let mut seeded = Seeded::new(15);
    let mut facts = Vec::new();
    let mut uid = 0;
    for _ in 0..40 {
        facts.push(manuscript(&scene, &mut seeded, &mut uid).await);
    }
    assert_eq!(scene.faults().await, [""; 0]);
    compare(&scene, &facts, &mut seeded, vec![]).await;
    for text in TEXTS {
        compare(&scene, &facts, &mut seeded, vec![ReviewFilter::Holds(text.into())]).await;
    }
    for _ in 0..150 {
        let filters = (0..1 + seeded.below(3)).map(|_| comparison(&mut seeded)).collect();
        compare(&scene, &facts, &mut seeded, filters).await;
    }
    // All at once, as a dashboard asks.
    let filters: Vec<_> = (0..40).map(|_| vec![comparison(&mut seeded)]).collect();
    let counts: Vec<u64> =
        filters.iter().map(|filters| expected(&facts, filters, ReviewOrder::default()).len() as u64).collect();
    assert_eq!(scene.store.review_count(None, &filters, None).await.unwrap(), counts);
    let bounded: Vec<u64> = counts.iter().map(|count| (*count).min(3)).collect();
    assert!(counts.iter().any(|count| *count > 3), "the bound counts");
    assert_eq!(scene.store.review_count(None, &filters, Some(3)).await.unwrap(), bounded);
}

pub async fn what_a_list_cannot_answer_is_refused(scene: Scene) {
    let near_miss = scene.recorded(1, "c@d.cn", "稿件", Class::NearMiss, Verdict::Eligible).await;
    let near_miss = scene.submission_of(&near_miss).await;
    for id in [near_miss.id, Uuid::now_v7()] {
        let error = scene.store.review_neighbours(id, &ReviewQuery::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    let one = vec![ReviewFilter::Holds("绩".into())];
    assert_eq!(scene.store.review_count(None, &[one], None).await.unwrap_err().kind(), ErrorKind::Invalid);
    let many = vec![Vec::new(); 41];
    assert_eq!(scene.store.review_count(None, &many, None).await.unwrap_err().kind(), ErrorKind::Invalid);
    let long = vec![vec![ReviewFilter::Is(ReviewFlag::Bounced, true); 41]];
    assert_eq!(scene.store.review_count(None, &long, None).await.unwrap_err().kind(), ErrorKind::Invalid);
}

/// Reviews go from step to step between two pages: what stays where it is comes exactly once, and by receipt, where
/// nothing moves, so does everything.
pub async fn a_page_of_reviews_neither_skips_nor_repeats_while_they_move(scene: Scene) {
    for uid in 1..=24 {
        scene.submission(uid, "a@b.cn", &format!("主题征稿{uid}")).await;
    }
    let all: Vec<ReviewRecord> =
        scene.store.review_list(&ReviewQuery { limit: 100, ..ReviewQuery::default() }).await.unwrap();
    let (moving, staying): (Vec<_>, Vec<_>) = all.into_iter().partition(|review| review.number % 3 == 0);
    let mut turn = 0_usize;
    for order in ORDERS {
        for limit in [1, 4] {
            let mut seen: Vec<ReviewRecord> = Vec::new();
            let mut pages = 0;
            loop {
                pages += 1;
                assert!(pages < 200, "{order:?} by {limit} does not end");
                let query = ReviewQuery { order, limit, after: seen.last().map(key), ..ReviewQuery::default() };
                let page = scene.store.review_list(&query).await.unwrap();
                if page.is_empty() {
                    break;
                }
                seen.extend(page);
                turn += 1;
                if !turn.is_multiple_of(3) {
                    continue;
                }
                let review = scene.store.review_get(moving[turn % moving.len()].submission_id).await.unwrap();
                let editor = who(1 + turn as u128 % 3);
                if review.standing.editor != Some(editor) {
                    take(&scene.store, &review, 9, Action::Assign { editor }).await;
                }
            }
            let ids: Vec<Uuid> = seen.iter().map(|review| review.submission_id).collect();
            for review in &staying {
                let times = ids.iter().filter(|id| **id == review.submission_id).count();
                assert_eq!(times, 1, "{order:?} by {limit}");
            }
            if !matches!(order, ReviewOrder::UpdatedAscending | ReviewOrder::UpdatedDescending) {
                assert_eq!(BTreeSet::from_iter(&ids).len(), 24, "{order:?} by {limit} skips");
                assert_eq!(ids.len(), 24, "{order:?} by {limit} repeats");
            }
        }
    }
    assert_eq!(scene.faults().await, [""; 0]);
}

/// The tables as a program before this one left them: without rows for lists, or with rows that it did not follow up.
pub async fn what_an_older_program_left_is_listed_after_the_next_start(scene: Scene) {
    let mut seeded = Seeded::new(7);
    let mut facts = Vec::new();
    let mut uid = 0;
    for _ in 0..8 {
        facts.push(manuscript(&scene, &mut seeded, &mut uid).await);
    }
    for table in ["manuscript_group", "manuscript_pair", "manuscript_rule", "manuscript_summary", "manuscript"] {
        scene.sql(&format!("DROP TABLE {table}")).await.unwrap();
    }
    scene.sql("ALTER TABLE submission DROP COLUMN category").await.unwrap();
    scene.before_erasures().await;
    let those = "version IN ('m0015_manuscript', 'm0017_group')";
    scene.sql(&format!("DELETE FROM seaql_migrations WHERE {those}")).await.unwrap();
    facts.iter_mut().for_each(|fact| fact.bounced = false);
    scene.store.migrate().await.unwrap();
    assert_eq!(scene.faults().await, [""; 0]);
    compare(&scene, &facts, &mut seeded, vec![]).await;
    compare(&scene, &facts, &mut seeded, vec![ReviewFilter::Holds("绩效".into())]).await;
    // A step that left its row behind.
    scene.sql("UPDATE manuscript SET state = 'declined', row_version = 0").await.unwrap();
    assert_eq!(scene.faults().await.len(), facts.len());
    scene.store.migrate().await.unwrap();
    assert_eq!(scene.faults().await, [""; 0]);
    scene.store.migrate().await.unwrap();
    compare(&scene, &facts, &mut seeded, vec![ReviewFilter::State(vec![State::Judged], true)]).await;
    // One that it followed up as far as it knew.
    scene.sql("UPDATE manuscript SET opened_at = NULL, grouped_version = 0").await.unwrap();
    scene.sql("DELETE FROM manuscript_group").await.unwrap();
    assert!(scene.faults().await.len() >= facts.len());
    scene.store.migrate().await.unwrap();
    assert_eq!(scene.faults().await, [""; 0]);
    for category in ["0", "1", "2", "3"] {
        compare(&scene, &facts, &mut seeded, vec![ReviewFilter::In(ReviewGroup::Category, category.into())]).await;
    }
}

pub async fn a_planted_fault_in_what_lists_read_is_found(scene: Scene) {
    let submission = scene.submission(1, "a@b.cn", "主题征稿").await;
    let cases = [
        (
            "UPDATE manuscript SET has_video = true",
            "UPDATE manuscript SET has_video = false",
            "lists know it with another has_video",
        ),
        (
            "UPDATE manuscript_summary SET subject = 'x', documents = 9",
            "UPDATE manuscript_summary SET subject = '主题征稿', documents = 1",
            "lists know it with another subject, documents",
        ),
        (
            "UPDATE manuscript_pair SET pair = 'xy' WHERE pair = '征稿'",
            "UPDATE manuscript_pair SET pair = '征稿' WHERE pair = 'xy'",
            "3 of its rules and pairs are in the indexes of lists, of 4",
        ),
    ];
    for (fault, undo, expected) in cases {
        assert_eq!(scene.sql(fault).await.unwrap(), 1, "{fault}");
        assert_eq!(scene.faults().await, [format!("review {}: {expected}", submission.id)], "{fault}");
        scene.sql(undo).await.unwrap();
        assert_eq!(scene.faults().await, [""; 0], "{undo}");
    }
    let plant = "INSERT INTO manuscript_pair SELECT 'xy', received_at, submission_id FROM manuscript";
    scene.sql(plant).await.unwrap();
    assert_eq!(scene.faults().await, ["manuscript_pair: it has 5 rows, and 4 belong to a manuscript"]);
    scene.sql("DELETE FROM manuscript_pair WHERE pair = 'xy'").await.unwrap();
    scene.sql("DELETE FROM manuscript").await.unwrap();
    assert_eq!(scene.faults().await, [format!("review {}: lists do not show it", submission.id)]);
}
