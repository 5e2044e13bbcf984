//! StatisticsService: totals by question.

use proto::{
    google::longrunning::{WaitOperationRequest, operation, operations_client::OperationsClient},
    procurement::v1::{
        AreaScope, GetCoverageRequest, Origin, QueryRollupRequest, QueryRollupResponse, QueryTopRequest,
        QueryTrendRequest, RebuildRollupsRequest, RebuildRollupsResponse, RollupBoundary, RollupDimension,
        RollupFilter, RollupMeasure, RollupSelection, VerifyRollupsRequest, not_carried::Reason,
        statistics_service_client::StatisticsServiceClient,
    },
};
use tonic::transport::Channel;

use crate::{
    figure::made_up_2021,
    parties::{Parties, WAN, project},
    world::{World, fields},
};

type Client = StatisticsServiceClient<Channel>;

fn zhejiang(from_year: i32, to_year: i32) -> RollupSelection {
    RollupSelection { from_year, to_year, region: "regions/330000".into(), ..Default::default() }
}

async fn asked(client: &mut Client, selection: RollupSelection, by: &[RollupDimension]) -> QueryRollupResponse {
    let dimensions = by.iter().map(|dimension| i32::from(*dimension)).collect();
    let request = QueryRollupRequest { selection: Some(selection), dimensions };
    client.query_rollup(request).await.unwrap().into_inner()
}

/// Projects of one region and year, each settled at so many 万元.
async fn bought(parties: &mut Parties, region: &str, year: i32, wan: &[i64]) {
    for (at, wan) in wan.iter().enumerate() {
        let mut made = project(year);
        made.region = format!("regions/{region}");
        made.settlement_fen = Some(wan * WAN);
        parties.project(&format!("p-{region}-{year}-{at}"), made).await;
    }
}

#[tokio::test]
async fn totals_of_made_up_records_are_those_of_the_plan_to_the_fen_in_every_grouping() {
    let world = World::new().await;
    let plan = made_up_2021();
    api::registers::seed::synthetic(&world.store, plan.clone(), |_| ()).await.unwrap();
    let mut client = StatisticsServiceClient::new(world.channel.clone());
    let selection = RollupSelection { origin: Origin::Synthetic.into(), ..zhejiang(2021, 0) };
    use RollupDimension::{Class, Level, Method, ProviderKind, Region, ServiceKind, Year};
    for by in [&[][..], &[Region], &[Level], &[Class], &[ServiceKind, ProviderKind], &[Year, Method]] {
        let answer = asked(&mut client, selection.clone(), by).await;
        let total = answer.total.unwrap();
        assert_eq!(total.project_count, 1_500, "{by:?}");
        assert_eq!(total.settlement_fen, plan.settlement.get(), "{by:?}");
        assert_eq!(total.contract_count, 1_500, "{by:?}");
        assert!(answer.includes_synthetic, "{by:?}");
        let of_groups: i64 = answer.groups.iter().map(|group| group.totals.as_ref().unwrap().settlement_fen).sum();
        assert_eq!(of_groups, plan.settlement.get(), "{by:?}");
        assert!(answer.distinct_purchasers.unwrap() > 100 && answer.distinct_providers.unwrap() > 0);
    }
    let kinds = asked(&mut client, selection.clone(), &[ServiceKind]).await;
    let public = kinds.groups.iter().find(|group| group.codes == ["PUBLIC"]).unwrap();
    assert_eq!((public.totals.as_ref().unwrap().project_count, public.labels[0].as_str()), (1_041, "公共服务"));
    let coverage = &kinds.coverage[0];
    assert_eq!((coverage.regions_reporting, coverage.missing_count), (coverage.regions_existing, 0));
    // Real records there are none.
    let real = asked(&mut client, zhejiang(2021, 0), &[]).await;
    assert!(real.groups.is_empty() && !real.includes_synthetic);
    assert_eq!((real.total.unwrap().project_count, real.distinct_purchasers), (0, Some(0)));

    let top = QueryTopRequest {
        selection: Some(selection.clone()),
        dimension: ProviderKind.into(),
        measure: RollupMeasure::ContractCount.into(),
        limit: 2,
    };
    let answer = client.query_top(top.clone()).await.unwrap().into_inner();
    assert_eq!((answer.total, answer.entries.len()), (1_500, 2));
    assert_eq!(answer.entries[0].label, "企业");
    assert_eq!(answer.entries.iter().map(|entry| entry.value).sum::<i64>() + answer.rest, 1_500);
    let of_projects = QueryTopRequest { measure: RollupMeasure::ProjectCount.into(), ..top.clone() };
    assert_eq!(fields(client.query_top(of_projects).await), ["measure"]);
    let classes = QueryTopRequest { dimension: Class.into(), measure: RollupMeasure::SettlementFen.into(), ..top };
    let answer = client.query_top(classes).await.unwrap().into_inner();
    assert_eq!(
        (answer.entries[0].label.as_str(), answer.entries[1].label.as_str()),
        ("基本公共服务", "社会管理性服务")
    );

    let verified = client.verify_rollups(VerifyRollupsRequest {}).await.unwrap().into_inner();
    assert!(verified.partition_count > 0 && verified.faults.is_empty() && verified.fault_count == 0, "{verified:?}");
    let started = client.rebuild_rollups(RebuildRollupsRequest::default()).await.unwrap().into_inner();
    let mut operations = OperationsClient::new(world.channel.clone());
    let timeout = Some(prost_types::Duration { seconds: 60, nanos: 0 });
    let mut request = tonic::Request::new(WaitOperationRequest { name: started.name, timeout });
    request.set_timeout(std::time::Duration::from_secs(90));
    let ended = operations.wait_operation(request).await.unwrap().into_inner();
    match ended.result {
        Some(operation::Result::Response(any)) => {
            let answer: RebuildRollupsResponse = prost::Message::decode(any.value.as_slice()).unwrap();
            assert!(answer.partition_count >= verified.partition_count);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn own_level_and_whole_area_and_what_is_left_out_are_three_totals() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    bought(&mut parties, "330000", 2021, &[100]).await;
    bought(&mut parties, "330200", 2021, &[20]).await;
    bought(&mut parties, "330203", 2021, &[3]).await;
    bought(&mut parties, "330110", 2021, &[4, 5]).await;
    let mut client = StatisticsServiceClient::new(world.channel.clone());
    let own = RollupSelection { scope: AreaScope::OwnLevel.into(), ..zhejiang(2021, 0) };
    let without = RollupSelection { without_regions: vec!["regions/330200".into()], ..zhejiang(2021, 0) };
    let city = RollupSelection { region: "regions/330200".into(), ..zhejiang(2021, 0) };
    let nation = RollupSelection { region: String::new(), ..zhejiang(2021, 0) };
    let counties = RollupSelection {
        filters: vec![RollupFilter { dimension: RollupDimension::Level.into(), codes: vec!["COUNTY".into()] }],
        ..zhejiang(2021, 0)
    };
    for (selection, wan, regions) in [
        (zhejiang(2021, 0), 132, 4),
        (own, 100, 1),
        (without, 109, 2),
        (city, 23, 2),
        (nation, 132, 4),
        (counties, 12, 4),
    ] {
        let answer = asked(&mut client, selection.clone(), &[RollupDimension::Region]).await;
        assert_eq!(answer.total.unwrap().settlement_fen, wan * WAN, "{selection:?}");
        assert_eq!(answer.coverage[0].regions_reporting, regions, "{selection:?}");
    }
    let answer = asked(&mut client, zhejiang(2021, 0), &[RollupDimension::Region]).await;
    let labels: Vec<&str> = answer.groups.iter().map(|group| group.labels[0].as_str()).collect();
    assert_eq!(labels, ["浙江省", "余杭区", "宁波市", "海曙区"]);
    let own = GetCoverageRequest {
        year: 2021,
        region: "regions/330000".into(),
        scope: AreaScope::OwnLevel.into(),
        ..Default::default()
    };
    let coverage = client.get_coverage(own).await.unwrap().into_inner();
    assert_eq!((coverage.regions_reporting, coverage.regions_existing), (1, 1));
}

#[tokio::test]
async fn earlier_records_are_carried_to_later_boundaries_where_the_land_went_to_one_region() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    // 2021-04-09: 下城区 went to 拱墅区 whole, 余杭区 was torn apart (T8).
    bought(&mut parties, "330103", 2020, &[1]).await;
    bought(&mut parties, "330105", 2020, &[20]).await;
    bought(&mut parties, "330110", 2020, &[300]).await;
    bought(&mut parties, "330105", 2021, &[4_000]).await;
    bought(&mut parties, "330110", 2021, &[50_000]).await;
    let mut client = StatisticsServiceClient::new(world.channel.clone());
    let totals = |answer: &QueryRollupResponse| -> Vec<(String, i64)> {
        let group = |group: &proto::procurement::v1::RollupGroup| {
            (group.codes.join(" "), group.totals.as_ref().unwrap().settlement_fen / WAN)
        };
        answer.groups.iter().map(group).collect()
    };
    let by = [RollupDimension::Year, RollupDimension::Region];
    let reported = asked(&mut client, zhejiang(2020, 2021), &by).await;
    let text = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs.iter().map(|(code, wan)| ((*code).to_owned(), *wan)).collect()
    };
    assert_eq!(
        totals(&reported),
        text(&[
            ("2020 330103", 1),
            ("2020 330105", 20),
            ("2020 330110", 300),
            ("2021 330105", 4_000),
            ("2021 330110", 50_000)
        ])
    );
    assert_eq!(reported.distinct_purchasers, Some(1));
    let as_of = |region: &str| RollupSelection {
        region: format!("regions/{region}"),
        boundary: RollupBoundary::AsOf.into(),
        boundary_year: 2021,
        ..zhejiang(2020, 2021)
    };
    let carried = asked(&mut client, as_of("330000"), &by).await;
    assert_eq!(totals(&carried), text(&[("2020 330105", 21), ("2021 330105", 4_000), ("2021 330110", 50_000)]));
    let lost = &carried.not_carried[0];
    assert_eq!((lost.year, lost.region.as_str(), lost.reason()), (2020, "regions/330110", Reason::Torn));
    assert_eq!(lost.totals.as_ref().unwrap().settlement_fen, 300 * WAN);
    let zh = &lost.sentence.as_ref().unwrap().zh;
    assert!(zh.contains("余杭区") && zh.contains("临平区"), "{zh}");
    assert_eq!(carried.distinct_purchasers, None, "余杭 is in for one year and out for the other");
    // A question for one district finds what came to it from outside.
    let district = asked(&mut client, as_of("330105"), &[RollupDimension::Year]).await;
    assert_eq!(totals(&district), text(&[("2020", 21), ("2021", 4_000)]));
    assert_eq!(district.distinct_purchasers, Some(1));
    assert!(district.not_carried.is_empty());
    // And a new district is told what a part of came to it.
    let new = asked(&mut client, as_of("330113"), &[]).await;
    assert_eq!((new.groups.len(), new.not_carried[0].region.as_str()), (0, "regions/330110"));
}

#[tokio::test]
async fn a_trend_tells_growth_exactly_and_the_years_that_nobody_reported() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    bought(&mut parties, "330127", 2016, &[995]).await;
    bought(&mut parties, "330127", 2018, &[500]).await;
    bought(&mut parties, "330127", 2019, &[399]).await;
    let mut client = StatisticsServiceClient::new(world.channel.clone());
    let chunan = RollupSelection { region: "regions/330127".into(), ..zhejiang(2016, 2019) };
    let request = QueryTrendRequest { selection: Some(chunan), measure: RollupMeasure::SettlementFen.into() };
    let answer = client.query_trend(request.clone()).await.unwrap().into_inner();
    let told: Vec<_> = answer
        .points
        .iter()
        .map(|point| {
            (point.year, point.value / WAN, point.has_records, point.growth.as_ref().map(|rate| rate.percent.as_str()))
        })
        .collect();
    assert_eq!(
        told,
        [(2016, 995, true, None), (2017, 0, false, None), (2018, 500, true, None), (2019, 399, true, Some("-20.2000"))]
    );
    assert_eq!(answer.points[3].growth.as_ref().unwrap().exact, "-0.202");
    // Section 1.3: −26.3 % a year.
    let annual = answer.annual_growth.unwrap();
    assert!(annual.percent.starts_with("-26.2") && annual.is_rounded && annual.exact.is_empty(), "{annual:?}");
    assert!(
        answer.caveats.iter().any(|caveat| caveat.zh.contains("2017年只有 0/1 个地区报送")),
        "{:?}",
        answer.caveats
    );
    let nothing = QueryTrendRequest { measure: 0, ..request };
    assert_eq!(fields(client.query_trend(nothing).await), ["measure"]);
}

#[tokio::test]
async fn settled_money_is_told_to_speak_of_the_settled_projects_alone() {
    let world = World::new().await;
    let mut parties = Parties::new(&world.channel).await;
    bought(&mut parties, "330127", 2021, &[7]).await;
    parties.project("open", project(2021)).await;
    let mut client = StatisticsServiceClient::new(world.channel.clone());
    let answer = asked(&mut client, zhejiang(2021, 0), &[]).await;
    let total = answer.total.unwrap();
    assert_eq!((total.project_count, total.settled_project_count), (2, 1));
    // T5.
    assert!(answer.caveats[0].zh.starts_with("口径不同"), "{:?}", answer.caveats);
    let twice = [RollupDimension::Year, RollupDimension::Year];
    let dimensions = twice.iter().map(|dimension| i32::from(*dimension)).collect();
    let request = QueryRollupRequest { selection: Some(zhejiang(2021, 0)), dimensions };
    assert_eq!(fields(client.query_rollup(request).await), ["dimensions[1]"]);
}
