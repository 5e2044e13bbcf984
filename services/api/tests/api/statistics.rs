//! Statistics as a caller sees them: each number against CountReviews with the filter that the wire names for it.

use intake::{
    contact::{Contact, Found},
    finding::RuleCode,
};
use proto::intake::v1::{
    self, intake_statistics::TopGroups, review_service_client::ReviewServiceClient,
    statistics_service_client::StatisticsServiceClient,
};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

use crate::world::{Mail, World, at, fields, refusal};

/// Mails of two days and three organisations, for one of the categories or for none.
async fn filled(world: &World) {
    let mails = [
        ("2023-03-01T00:00:00+08:00", "某省财政厅", "类别：1", vec![]),
        ("2023-03-01T23:59:59+08:00", "某省\"财政\\厅", "类别：2", vec![RuleCode::VideoDuration]),
        ("2023-03-02T00:00:00+08:00", "某省财政厅", "", vec![RuleCode::VideoDuration, RuleCode::VideoSize]),
        ("2023-03-05T12:00:00+08:00", "", "类别：2", vec![RuleCode::Deadline]),
    ];
    for (received_at, organisation, line, failed) in mails {
        let found = Found { value: organisation.into(), place: "body".into(), excerpt: String::new() };
        let organisations = if organisation.is_empty() { vec![] } else { vec![found] };
        let mail = Mail {
            received_at: at(received_at),
            subject: "【主题征稿】来稿".into(),
            text: format!("{line}\n附件为稿件。"),
            failed,
            ..Mail::default()
        };
        world.submission_of(&mail, Contact { organisations, ..Contact::default() }).await;
    }
}

fn day(month: i32, day: i32) -> Option<v1::Day> {
    Some(v1::Day { year: 2023, month, day })
}

async fn counted(client: &mut ReviewServiceClient<Channel>, campaign: &str, filter: &str) -> u64 {
    let request = v1::CountReviewsRequest { campaign: campaign.into(), filters: vec![filter.into()], count_max: 0 };
    client.count_reviews(request).await.unwrap_or_else(|status| panic!("{filter}: {status}")).into_inner().counts[0]
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[tokio::test]
async fn each_number_is_that_of_its_filter() {
    let world = World::new().await;
    filled(&world).await;
    let server = world.serve().await;
    let mut client = StatisticsServiceClient::new(server.channel().await);
    let mut reviews = ReviewServiceClient::new(server.channel().await);
    let campaign = format!("campaigns/{}", world.campaign.id);
    let request = v1::GetIntakeStatisticsRequest {
        campaign: campaign.clone(),
        from_day: day(3, 1),
        until_day: day(3, 2),
        limit: 0,
    };
    let told = client.get_intake_statistics(request.clone()).await.unwrap().into_inner();
    assert_eq!(told.manuscript_count, 3);
    let mut groups: Vec<(String, u64)> = Vec::new();
    for group in &told.days {
        let day = group.day.unwrap();
        groups.push((format!("received_time = {}-{:02}-{:02}", day.year, day.month, day.day), group.manuscript_count));
    }
    for group in &told.verdicts {
        let word = group.verdict().as_str_name().trim_start_matches("VERDICT_");
        groups.push((format!("verdict = {word}"), group.manuscript_count));
    }
    for group in &told.states {
        let word = group.state().as_str_name().trim_start_matches("REVIEW_STATE_");
        groups.push((format!("state = {word}"), group.manuscript_count));
    }
    for group in &told.categories {
        groups.push((format!("category = {}", group.category), group.manuscript_count));
    }
    for group in &told.failed {
        groups.push((format!("finding = {}", group.rule), group.manuscript_count));
    }
    for group in &told.organisations.as_ref().unwrap().groups {
        groups.push((format!("organisation = {}", quoted(&group.value)), group.manuscript_count));
    }
    for (filter, count) in &groups {
        let within = format!("{filter} AND received_time >= 2023-03-01 AND received_time <= 2023-03-02");
        assert_eq!(counted(&mut reviews, &campaign, &within).await, *count, "{filter}");
    }
    let told_of = |beginning: &str| groups.iter().filter(|(filter, _)| filter.starts_with(beginning)).count();
    let kinds = ["received", "verdict", "state", "category", "finding", "organisation"].map(told_of);
    assert_eq!(kinds, [2, 2, 1, 3, 2, 2], "{groups:?}");
    let names: Vec<&str> = told.categories.iter().map(|group| group.display_name.as_str()).collect();
    assert_eq!(names, ["", &world.campaign.categories[0], &world.campaign.categories[1]]);

    // The largest of many, and the rest of them.
    let short = v1::GetIntakeStatisticsRequest { limit: 1, until_day: None, ..request.clone() };
    let short = client.get_intake_statistics(short).await.unwrap().into_inner().organisations.unwrap();
    let TopGroups { groups, rest_count } = short;
    assert_eq!(
        (groups.len(), groups[0].value.as_str(), groups[0].manuscript_count, rest_count),
        (1, "某省财政厅", 2, 2)
    );

    // Categories are numbered by a campaign.
    let all = client.get_intake_statistics(v1::GetIntakeStatisticsRequest::default()).await.unwrap().into_inner();
    assert_eq!((all.manuscript_count, all.categories.len()), (4, 0));
    assert_eq!(all.first_step.unwrap().manuscript_count, 0);
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused_by_its_field() {
    let world = World::new().await;
    let server = world.serve().await;
    let mut client = StatisticsServiceClient::new(server.channel().await);
    let request = v1::GetIntakeStatisticsRequest::default;
    for (wrong, field) in [
        (v1::GetIntakeStatisticsRequest { campaign: "x".into(), ..request() }, "campaign"),
        (v1::GetIntakeStatisticsRequest { from_day: day(2, 30), ..request() }, "from_day"),
        (v1::GetIntakeStatisticsRequest { from_day: day(3, 2), until_day: day(3, 1), ..request() }, "until_day"),
        (
            v1::GetIntakeStatisticsRequest { until_day: Some(v1::Day { year: 9999, month: 12, day: 31 }), ..request() },
            "until_day",
        ),
        (v1::GetIntakeStatisticsRequest { limit: -1, ..request() }, "limit"),
    ] {
        assert_eq!(fields(client.get_intake_statistics(wrong).await), [field]);
    }
    let unknown = v1::GetIntakeStatisticsRequest { campaign: format!("campaigns/{}", Uuid::nil()), ..request() };
    assert_eq!(refusal(client.get_intake_statistics(unknown).await), (Code::NotFound, "CAMPAIGN_NOT_FOUND".into()));
}
