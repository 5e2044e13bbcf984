//! RegionService: what stood where on which day, and a table put in place of the one that ships.

use proto::procurement::v1::{
    CompareTerritoryRequest, CompareTerritoryResponse, CreatePurchaserRequest, GetRegionLineageRequest,
    GetRegionRequest, ImportRegionTableRequest, ImportRegionTableResponse, ListRegionsRequest, Purchaser,
    PurchaserKind, Region, RegionChange, RegionLevel, ResolutionOutcome, ResolveRegionRequest, TerritoryVerdict,
    purchaser_service_client::PurchaserServiceClient, region_service_client::RegionServiceClient,
};
use tonic::{Code, transport::Channel};

use crate::world::{World, fields, refusal};

type Client = RegionServiceClient<Channel>;

async fn client() -> (World, Client) {
    let world = World::new().await;
    let client = RegionServiceClient::new(world.channel.clone());
    (world, client)
}

async fn region(client: &mut Client, code: &str, day: &str) -> Region {
    let request = GetRegionRequest { name: format!("regions/{code}"), as_of_day: day.into() };
    client.get_region(request).await.unwrap().into_inner()
}

async fn compared(client: &mut Client, code: &str, year_a: i32, year_b: i32) -> CompareTerritoryResponse {
    let request = CompareTerritoryRequest { name: format!("regions/{code}"), year_a, year_b };
    client.compare_territory(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_code_is_a_territory_only_together_with_a_day() {
    let (_world, mut client) = client().await;
    let before = region(&mut client, "330110", "2021-04-08").await;
    let after = region(&mut client, "330110", "2021-04-09").await;
    assert_eq!((before.title.as_str(), before.valid_to_day.as_str()), ("余杭区", "2021-04-09"));
    assert_eq!((after.valid_from_day.as_str(), after.valid_to_day.as_str()), ("2021-04-09", ""));
    assert_eq!(after.full_title, "浙江省杭州市余杭区");
    assert_eq!((after.short_title.as_str(), after.parent.as_str()), ("余杭", "regions/330100"));
    assert_eq!(after.level(), RegionLevel::County);
    let heirs: Vec<(&str, RegionChange)> =
        before.successors.iter().map(|link| (link.title.as_str(), link.kind())).collect();
    assert_eq!(heirs, [("余杭区", RegionChange::Split), ("临平区", RegionChange::Split)]);
    assert!(before.successors[0].note.contains("浙政发〔2021〕7号"));
    // Today, as no day is given.
    assert_eq!(region(&mut client, "330110", "").await, after);

    let request = GetRegionRequest { name: "regions/330113".into(), as_of_day: "2021-04-08".into() };
    assert_eq!(refusal(client.get_region(request).await), (Code::NotFound, "RESOURCE_NOT_FOUND".into()));
    let request = GetRegionRequest { name: "330113".into(), as_of_day: String::new() };
    assert_eq!(fields(client.get_region(request).await), ["name"]);
    let request = GetRegionRequest { name: "regions/330113".into(), as_of_day: "2021-4-8".into() };
    assert_eq!(fields(client.get_region(request).await), ["as_of_day"]);
}

#[tokio::test]
async fn yuhang_is_not_the_same_ground_before_and_after_2021() {
    let (_world, mut client) = client().await;
    for (code, a, b, verdict, carried_into) in [
        ("330110", 2016, 2020, TerritoryVerdict::Same, "regions/330110"),
        ("330110", 2020, 2021, TerritoryVerdict::Different, ""),
        ("330110", 2021, 2020, TerritoryVerdict::Different, ""),
        ("330110", 2021, 2023, TerritoryVerdict::Same, "regions/330110"),
        ("330113", 2020, 2021, TerritoryVerdict::Absent, ""),
        ("330103", 2020, 2021, TerritoryVerdict::Different, "regions/330105"),
        ("330183", 2013, 2021, TerritoryVerdict::SameUnderOtherCode, "regions/330111"),
        ("330327", 2018, 2019, TerritoryVerdict::Different, ""),
        ("130100", 2020, 2023, TerritoryVerdict::NotVouched, ""),
    ] {
        let answer = compared(&mut client, code, a, b).await;
        assert_eq!((answer.verdict(), answer.carried_into.as_str()), (verdict, carried_into), "{code} {a} {b}");
        assert!(!answer.sentence.is_empty());
    }
    let yuhang = compared(&mut client, "330110", 2020, 2021).await;
    let flows: Vec<(&str, &str)> =
        yuhang.edges.iter().map(|edge| (edge.from_region.as_str(), edge.to_region.as_str())).collect();
    assert_eq!(flows, [("regions/330110", "regions/330110"), ("regions/330110", "regions/330113")]);
    assert_eq!(
        yuhang.sentence,
        "余杭区(330110)在2020年末与2021年末不是同一辖区:2021-04-09 余杭区→余杭区(析分);2021-04-09 余杭区→临平区(析分)"
    );
    assert_eq!(compared(&mut client, "330183", 2013, 2021).await.later_region, "regions/330111");
    let request = CompareTerritoryRequest { name: "regions/999999".into(), year_a: 2020, year_b: 2021 };
    assert_eq!(refusal(client.compare_territory(request).await).0, Code::NotFound);
    let request = CompareTerritoryRequest { name: "regions/330110".into(), year_a: 2020, year_b: 0 };
    assert_eq!(fields(client.compare_territory(request).await), ["year_b"]);
}

#[tokio::test]
async fn a_name_leads_to_one_region_to_several_or_to_none_on_that_day() {
    let (_world, mut client) = client().await;
    for (text, day, outcome, codes, others) in [
        ("余杭", "2022-01-01", ResolutionOutcome::Unique, "330110", ""),
        ("浙江省杭州市余杭区", "2020-01-01", ResolutionOutcome::Unique, "330110", ""),
        ("龙港", "2019-08-29", ResolutionOutcome::Unknown, "", "330383"),
        ("龙港", "2019-08-30", ResolutionOutcome::Unique, "330383", ""),
        ("钱塘", "2021-04-08", ResolutionOutcome::Unknown, "", "330114"),
        ("钱塘", "2021-04-09", ResolutionOutcome::Unique, "330114", ""),
        ("下城区", "2022-01-01", ResolutionOutcome::Unknown, "", "330103"),
        ("吉林", "2023-06-01", ResolutionOutcome::Ambiguous, "220000/220200", ""),
        ("江苏省余杭区", "2022-01-01", ResolutionOutcome::Unknown, "", ""),
    ] {
        let request = ResolveRegionRequest { text: text.into(), as_of_day: day.into() };
        let answer = client.resolve_region(request).await.unwrap().into_inner();
        let told = |regions: &[Region]| regions.iter().map(|region| region.code.as_str()).collect::<Vec<_>>().join("/");
        assert_eq!(answer.outcome(), outcome, "{text} {day}");
        assert_eq!(told(&answer.regions), codes, "{text} {day}");
        assert_eq!(told(&answer.regions_of_other_days), others, "{text} {day}");
    }
    for text in [String::new(), "杭".repeat(65)] {
        let request = ResolveRegionRequest { text, as_of_day: String::new() };
        assert_eq!(fields(client.resolve_region(request).await), ["text"]);
    }
}

#[tokio::test]
async fn a_lineage_tells_all_that_came_before_and_after() {
    let (_world, mut client) = client().await;
    let request = GetRegionLineageRequest { name: "regions/330114".into() };
    let family = client.get_region_lineage(request).await.unwrap().into_inner().regions;
    let told: Vec<String> = family.iter().map(|region| format!("{} {}", region.title, region.valid_from_day)).collect();
    assert_eq!(told, ["江干区 ", "萧山区 ", "钱塘区 2021-04-09"]);
    assert_eq!(family[0].full_title, "浙江省杭州市江干区");
    let request = GetRegionLineageRequest { name: "regions/999999".into() };
    assert_eq!(refusal(client.get_region_lineage(request).await).0, Code::NotFound);
}

#[tokio::test]
async fn regions_are_listed_page_by_page_as_they_stood() {
    let (_world, mut client) = client().await;
    let counties = |day: &str| ListRegionsRequest {
        as_of_day: day.into(),
        inside: "regions/330000".into(),
        level: RegionLevel::County.into(),
        return_total: true,
        page_size: 40,
        ..ListRegionsRequest::default()
    };
    for (day, total) in [("2015-12-31", 90), ("2019-12-31", 90), ("2021-12-31", 90)] {
        let mut request = counties(day);
        let mut codes = Vec::new();
        for _ in 0..10 {
            let page = client.list_regions(request.clone()).await.unwrap().into_inner();
            assert_eq!(page.total_size, Some(total), "{day}");
            codes.extend(page.regions.into_iter().map(|region| region.code));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(codes.len() as i64, total, "{day}");
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    }
    let first = client.list_regions(counties("2021-12-31")).await.unwrap().into_inner();
    let other = ListRegionsRequest { page_token: first.next_page_token, ..counties("2020-12-31") };
    assert_eq!(fields(client.list_regions(other).await), ["page_token"]);

    let cities = ListRegionsRequest { parent: "regions/330000".into(), ..ListRegionsRequest::default() };
    let cities = client.list_regions(cities).await.unwrap().into_inner().regions;
    assert_eq!((cities.len(), cities[0].title.as_str()), (11, "杭州市"));
    let both = ListRegionsRequest {
        parent: "regions/330000".into(),
        inside: "regions/330000".into(),
        ..ListRegionsRequest::default()
    };
    assert_eq!(fields(client.list_regions(both).await), ["inside"]);
    let none = ListRegionsRequest { level: 99, ..ListRegionsRequest::default() };
    assert_eq!(fields(client.list_regions(none).await), ["level"]);
}

const SHIPPED: [&str; 3] = [
    include_str!("../../../procurement/data/regions.toml"),
    include_str!("../../../procurement/data/regions/zhejiang.toml"),
    include_str!("../../../procurement/data/regions/cities.toml"),
];

fn table(files: &[&str]) -> ImportRegionTableRequest {
    ImportRegionTableRequest {
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        ..ImportRegionTableRequest::default()
    }
}

async fn imported(client: &mut Client, request: ImportRegionTableRequest) -> ImportRegionTableResponse {
    client.import_region_table(request).await.unwrap().into_inner()
}

/// The shipped table with a change that nobody decided: 平湖 becomes a district in 2024.
fn changed() -> String {
    SHIPPED[1].replace("\"330482 平湖市\"", "\"330482 平湖市 - 2024-07-01\", \"330412 平湖区 2024-07-01 -\"").replacen(
        "[[changes]]",
        "[[changes]]\nday = 2024-07-01\nnote = \"trial\"\nedges = [\"330482 > 330412 UPGRADE\"]\n\n[[changes]]",
        1,
    )
}

#[tokio::test]
async fn every_bad_line_of_a_table_is_named_and_nothing_is_kept() {
    let (_world, mut client) = client().await;
    let bad = SHIPPED[1].replace("\"330482 平湖市\"", "\"33048 平湖市\"").replace("330482 >", "330999 >");
    let line = SHIPPED[1].lines().position(|line| line.contains("330482 平湖市")).unwrap() + 1;
    let answer = imported(&mut client, table(&[SHIPPED[0], &bad, SHIPPED[2]])).await;
    assert!(!answer.is_imported);
    let first = &answer.faults[0];
    assert_eq!((first.file, first.line as usize, first.text.as_str()), (2, line, "33048 平湖市"));
    assert_eq!(first.sentence_zh, "这一行无法识别:33048 平湖市");
    // A table that forgets what is known is refused, unless that is meant.
    let answer = imported(&mut client, table(&[SHIPPED[0], SHIPPED[2]])).await;
    assert!(!answer.is_imported && answer.removed_count > 90);
    assert_eq!(answer.faults.len(), answer.removed.len());
    assert_eq!(region(&mut client, "330482", "2025-01-01").await.title, "平湖市");
    assert_eq!(fields(client.import_region_table(table(&[])).await), ["files"]);
}

#[tokio::test]
async fn an_imported_table_is_in_use_at_once_and_in_every_server() {
    let (world, mut client) = client().await;
    let changed = changed();
    let files = [SHIPPED[0], &changed, SHIPPED[2]];
    let trial = imported(&mut client, ImportRegionTableRequest { validate_only: true, ..table(&files) }).await;
    assert!(!trial.is_imported && trial.faults.is_empty(), "{:?}", trial.faults);
    assert_eq!((trial.added_count, trial.closed_count, trial.removed_count), (1, 1, 0));
    assert_eq!(trial.closed[0].name, "regions/330482");
    let request =
        ImportRegionTableRequest { request_id: "0d4b8a52-6a57-4d0e-9a55-0f6a8e1f7c10".into(), ..table(&files) };
    let answer = imported(&mut client, request.clone()).await;
    assert!(answer.is_imported);
    assert_eq!(answer.version, 1);
    assert_eq!(imported(&mut client, request).await, answer);

    assert_eq!(region(&mut client, "330412", "2024-07-01").await.title, "平湖区");
    assert_eq!(region(&mut client, "330482", "2024-06-30").await.successors[0].region, "regions/330412");
    // Registers know the new code as well.
    let mut purchasers = PurchaserServiceClient::new(world.channel.clone());
    let purchaser = Purchaser {
        title: "平湖区财政局".into(),
        region: "regions/330412".into(),
        kind: PurchaserKind::StateOrgan.into(),
        ..Purchaser::default()
    };
    let request = CreatePurchaserRequest { purchaser: Some(purchaser), ..CreatePurchaserRequest::default() };
    purchasers.create_purchaser(request).await.unwrap();

    // A server that starts later over the same tables begins with it.
    let other = world.another().await;
    let mut other = RegionServiceClient::new(other);
    assert_eq!(region(&mut other, "330412", "2024-07-01").await.title, "平湖区");
    let refused = imported(&mut client, table(&SHIPPED)).await;
    assert_eq!((refused.is_imported, refused.faults.len()), (false, 1));
    let back = imported(&mut client, ImportRegionTableRequest { allows_removal: true, ..table(&SHIPPED) }).await;
    assert_eq!((back.is_imported, back.version), (true, 2));
    // And one that runs already takes up the next within a moment.
    let mut tries = 0;
    while other
        .get_region(GetRegionRequest { name: "regions/330412".into(), as_of_day: "2024-07-01".into() })
        .await
        .is_ok()
    {
        tries += 1;
        assert!(tries < 1_000, "the table was never taken up");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
