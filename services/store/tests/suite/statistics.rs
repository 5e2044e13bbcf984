//! Statistics: every number against the list that stands behind it, and waits against the histories.

use chrono::{Days, NaiveDate};
use intake::review::{Action, Decision, Role, State};
use stdx::{ErrorKind, beijing};
use store::{
    record::{ReviewFilter, ReviewGroup, ReviewTime},
    statistics::{StatisticsQuery, Top, Waiting},
};
use uuid::Uuid;

use crate::{
    manuscripts::{Fact, manuscript},
    reviews::{take, who},
    scene::{Scene, day},
    seeded::Seeded,
};

fn query() -> StatisticsQuery {
    StatisticsQuery { top: 100, ..StatisticsQuery::default() }
}

/// Those that a query counts, with one more condition.
async fn listed(scene: &Scene, query: &StatisticsQuery, filter: Option<ReviewFilter>) -> u64 {
    let mut filters: Vec<ReviewFilter> = filter.into_iter().collect();
    filters.extend(query.from_day.map(|day| ReviewFilter::Since(ReviewTime::Received, beijing::day_start(day))));
    filters.extend(query.until_day.map(|day| ReviewFilter::Before(ReviewTime::Received, beijing::day_end(day))));
    scene.store.review_count(query.campaign_id, &[filters], None).await.unwrap()[0]
}

pub async fn each_number_is_the_count_of_the_list_behind_it(scene: Scene) {
    let mut seeded = Seeded::new(31);
    let mut uid = 0;
    // Few stay scheduled, and what nobody has is not counted.
    let (mut made, mut is_one_scheduled) = (0, false);
    while made < 40 || !is_one_scheduled {
        let fact = manuscript(&scene, &mut seeded, &mut uid).await;
        is_one_scheduled |= fact.review.standing.state == State::Scheduled;
        made += 1;
        assert!(made < 1_000);
    }
    let first = beijing::day_of(day());
    let days =
        [(None, None), (Some(first), None), (Some(first), Some(first)), (None, first.checked_sub_days(Days::new(1)))];
    for campaign_id in [None, Some(scene.campaign.id), Some(Uuid::nil())] {
        for (from_day, until_day) in days {
            let query = StatisticsQuery { campaign_id, from_day, until_day, ..query() };
            let told = scene.store.statistics_get(&query).await.unwrap();
            let all = listed(&scene, &query, None).await;
            assert_eq!(told.manuscripts, all, "{query:?}");
            for (day, count) in &told.days {
                let one = StatisticsQuery { from_day: Some(*day), until_day: Some(*day), ..query.clone() };
                assert_eq!(*count, listed(&scene, &one, None).await, "{day}");
            }
            let mut groups: Vec<(ReviewFilter, u64)> = Vec::new();
            groups.extend(told.states.iter().map(|(state, n)| (ReviewFilter::State(vec![*state], true), *n)));
            groups.extend(told.verdicts.iter().map(|(of, n)| (ReviewFilter::Verdict(vec![of.unwrap()], true), *n)));
            groups.extend(told.failed.iter().map(|(rule, n)| (ReviewFilter::Failed(*rule), *n)));
            groups.extend(told.undetermined.iter().map(|(rule, n)| (ReviewFilter::Undetermined(*rule), *n)));
            let named = |(kind, top): (ReviewGroup, &Top)| {
                let group = move |(value, n): &(String, u64)| (ReviewFilter::In(kind, value.clone()), *n);
                top.groups.iter().map(group).collect::<Vec<_>>()
            };
            let tops = [
                (ReviewGroup::Organisation, &told.organisations),
                (ReviewGroup::Scheduled, &told.scheduled),
                (ReviewGroup::Published, &told.published),
                (ReviewGroup::Reason, &told.reasons),
            ];
            groups.extend(tops.into_iter().flat_map(named));
            let category = |(number, n): &(u32, u64)| (ReviewFilter::In(ReviewGroup::Category, number.to_string()), *n);
            groups.extend(told.categories.iter().map(category));
            for (filter, count) in groups {
                assert_eq!(count, listed(&scene, &query, Some(filter.clone())).await, "{query:?} {filter:?}");
            }
            // What each manuscript has exactly one of adds up to all of them.
            let sum = |counts: &mut dyn Iterator<Item = u64>| counts.sum::<u64>();
            assert_eq!(sum(&mut told.days.iter().map(|group| group.1)), all);
            assert_eq!(sum(&mut told.states.iter().map(|group| group.1)), all);
            assert_eq!(sum(&mut told.verdicts.iter().map(|group| group.1)), all);
            assert_eq!(sum(&mut told.organisations.groups.iter().map(|group| group.1)), all);
            match campaign_id {
                Some(_) => assert_eq!(sum(&mut told.categories.iter().map(|group| group.1)), all),
                None => assert_eq!(told.categories, []),
            }
            // Of many, the largest are named and the rest is counted.
            let short = scene.store.statistics_get(&StatisticsQuery { top: 2, ..query.clone() }).await.unwrap();
            let largest = told.organisations.groups.iter().take(2).cloned().collect::<Vec<_>>();
            assert_eq!(short.organisations.groups, largest);
            assert_eq!(
                short.organisations.rest,
                sum(&mut told.organisations.groups.iter().skip(2).map(|group| group.1))
            );
            assert!(told.organisations.groups.is_sorted_by_key(|(value, n)| (u64::MAX - n, value.clone())));
        }
    }
    let told = scene.store.statistics_get(&query()).await.unwrap();
    for (what, is_there) in [
        ("published", !told.published.groups.is_empty()),
        ("scheduled", !told.scheduled.groups.is_empty()),
        ("reasons", !told.reasons.groups.is_empty()),
        ("failed", told.failed.len() > 1),
        ("states", told.states.len() > 4),
    ] {
        assert!(is_there, "the made-up world has none: {what}");
    }
    for top in [0, 101] {
        let error = scene.store.statistics_get(&StatisticsQuery { top, ..query() }).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

/// By nearest rank.
fn waiting(mut spans: Vec<u64>) -> Waiting {
    spans.sort_unstable();
    let at = |tenths: usize| spans.get((spans.len() * tenths).div_ceil(10).saturating_sub(1)).copied().unwrap_or(0);
    Waiting { manuscripts: spans.len() as u64, median_seconds: at(5), p90_seconds: at(9), max_seconds: at(10) }
}

pub async fn a_wait_is_one_that_a_manuscript_had_and_ends_with_the_decision_that_holds(scene: Scene) {
    assert_eq!(scene.store.statistics_get(&query()).await.unwrap().opened, Waiting::default());
    let mut seeded = Seeded::new(32);
    let (mut uid, mut facts): (u64, Vec<Fact>) = (0, Vec::new());
    for _ in 0..30 {
        facts.push(manuscript(&scene, &mut seeded, &mut uid).await);
    }
    // A slip that was taken back: it is decided no more, and once more later.
    uid += 1;
    let slip = scene.submission(uid, "z@b.cn", "主题征稿").await;
    let mut review = scene.store.review_get(slip.id).await.unwrap();
    for (by, action) in [
        (9, Action::Assign { editor: who(1) }),
        (1, Action::Begin),
        (1, Action::Recommend { decision: Decision::Decline }),
        (9, Action::Decline),
        (9, Action::Retract),
    ] {
        review = take(&scene.store, &review, by, action).await;
    }
    assert_eq!(scene.store.statistics_get(&query()).await.unwrap().reasons, {
        let declined = |fact: &&Fact| matches!(fact.review.standing.state, State::Declined | State::RevisionAsked);
        let count = facts.iter().filter(declined).count() as u64;
        Top { groups: vec![("请补充数据。".into(), count)], rest: 0 }
    });
    take(&scene.store, &review, 9, Action::Decline).await;

    let (mut opened, mut decided) = (Vec::new(), Vec::new());
    let ids = facts.iter().map(|fact| fact.review.submission_id).chain([slip.id]);
    for id in ids {
        let review = scene.store.review_get(id).await.unwrap();
        if review.summary.as_ref().unwrap().backfilled {
            continue;
        }
        let events = scene.store.review_events(id, None, 100).await.unwrap();
        let since = |at: chrono::DateTime<chrono::Utc>| u64::try_from((at - review.received_at).num_seconds()).unwrap();
        let first = events.iter().find(|event| event.entry.by.role != Role::Worker);
        opened.extend(first.map(|event| since(event.entry.at)));
        let kind = match review.standing.state {
            State::Declined => Action::Decline,
            State::Adopted | State::Scheduled | State::Published => Action::Adopt,
            _ => continue,
        };
        let last = events.iter().rfind(|event| event.entry.step.action == kind);
        decided.extend(last.map(|event| since(event.entry.at)));
    }
    assert!(opened.len() > 10 && decided.len() > 3, "the made-up world has enough of them");
    let told = scene.store.statistics_get(&query()).await.unwrap();
    assert_eq!((told.opened, told.decided), (waiting(opened), waiting(decided)));
    let never: NaiveDate = "2021-01-01".parse().unwrap();
    let none = StatisticsQuery { until_day: Some(never), ..query() };
    assert_eq!(scene.store.statistics_get(&none).await.unwrap().decided, Waiting::default());
    assert_eq!(scene.faults().await, [""; 0]);
}
