//! PilotService.

use api::registers::seed;
use proto::procurement::v1::{
    CreatePilotMemberRequest, CreatePilotRequest, Designation, GetPilotTimelineRequest, ListDesignationsRequest,
    ListPilotMembersRequest, ListPilotsRequest, Pilot, PilotMember, PilotMemberKind, PilotStage, TimelineEntry,
    pilot_service_client::PilotServiceClient,
};
use tonic::transport::Channel;

use crate::world::{World, fields};

type Client = PilotServiceClient<Channel>;

async fn timeline(client: &mut Client, region: &str, years: (i32, i32)) -> Vec<TimelineEntry> {
    let request = GetPilotTimelineRequest { region: region.into(), from_year: years.0, to_year: years.1 };
    client.get_pilot_timeline(request).await.unwrap().into_inner().entries
}

#[tokio::test]
async fn the_reform_is_told_from_2014_to_2021_with_the_words_of_its_source() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let told = timeline(&mut client, "regions/330000", (0, 0)).await;
    let lines: Vec<(i32, &str)> = told.iter().map(|entry| (entry.year, entry.name.as_str())).collect();
    assert_eq!(
        lines,
        [
            (2014, "milestones/Y2014a"),
            (2014, "milestones/Y2014b"),
            (2015, "milestones/Y2015a"),
            (2015, "milestones/Y2015b"),
            (2016, "milestones/Y2016"),
            (2017, "milestones/Y2017a"),
            (2017, "milestones/Y2017b"),
            (2018, "milestones/Y2018a"),
            (2018, "milestones/Y2018b"),
            (2018, "milestones/Y2018c"),
            (2019, "milestones/Y2019a"),
            (2019, "milestones/Y2019b"),
            (2021, "milestones/Y2021a"),
            (2021, "milestones/Y2021b"),
        ]
    );
    assert!(told.iter().all(|entry| !entry.provenance.as_ref().unwrap().quote.is_empty()));
    let places: Vec<&str> = told.iter().map(|entry| entry.region.as_str()).collect();
    assert_eq!(places.last(), Some(&"regions/330383"));
    assert_eq!(timeline(&mut client, "regions/330000", (2016, 2017)).await.len(), 3);
    // Longgang alone: its milestone, and nothing of the province.
    assert_eq!(timeline(&mut client, "regions/330383", (0, 0)).await.len(), 1);
}

#[tokio::test]
async fn a_pilot_that_no_milestone_mentions_stands_in_the_timeline_by_itself() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let before = timeline(&mut client, "regions/330000", (0, 0)).await.len();
    let pilot = Pilot {
        title: "政府购买公证服务试点".into(),
        year: 2018,
        region: "regions/330500".into(),
        ..Default::default()
    };
    let request = CreatePilotRequest { pilot: Some(pilot), pilot_id: "hz".into(), ..Default::default() };
    client.create_pilot(request).await.unwrap();
    let told = timeline(&mut client, "regions/330000", (0, 0)).await;
    assert_eq!(told.len(), before + 1);
    let at = told.iter().position(|entry| entry.name == "pilots/hz").unwrap();
    assert_eq!((told[at - 1].name.as_str(), told[at + 1].year), ("milestones/Y2018c", 2019));
    let wrong = GetPilotTimelineRequest { region: "regions/330000".into(), from_year: 20, to_year: 0 };
    assert_eq!(fields(client.get_pilot_timeline(wrong).await), ["from_year"]);
}

#[tokio::test]
async fn the_chain_of_pilots_rests_on_its_documents_and_the_sixteen_projects_on_the_departments() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let request = ListPilotsRequest { order_by: "year".into(), ..Default::default() };
    let pilots = client.list_pilots(request).await.unwrap().into_inner().pilots;
    let chain: Vec<_> = pilots.iter().map(|pilot| (pilot.year, pilot.stage(), pilot.legal_basis.as_str())).collect();
    assert_eq!(
        chain,
        [
            (2014, PilotStage::Launch, "policyDocuments/P2014"),
            (2015, PilotStage::Expansion, "policyDocuments/P2015"),
            (2016, PilotStage::Deepening, "policyDocuments/P2016"),
            (2019, PilotStage::ThirdPartyEvaluation, "policyDocuments/P2019"),
            (2021, PilotStage::Regulation, "policyDocuments/P2021"),
        ]
    );
    let members = |filter: &str| ListPilotMembersRequest { filter: filter.into(), ..Default::default() };
    let request = members("pilot = \"pilots/T2016\" AND kind = DEPARTMENT");
    let departments = client.list_pilot_members(request).await.unwrap().into_inner().pilot_members;
    assert_eq!((departments[0].member_count, departments[0].project_count), (Some(11), Some(16)));
    let request = members("pilot = \"pilots/T2016\" AND kind = CITY");
    let cities = client.list_pilot_members(request).await.unwrap().into_inner().pilot_members;
    assert_eq!((cities[0].member_count, cities[0].project_count), (Some(5), None));
    let request = members("pilot = \"pilots/T2019\"");
    let nine = client.list_pilot_members(request).await.unwrap().into_inner().pilot_members;
    assert_eq!(nine.iter().filter_map(|member| member.member_count).sum::<i32>(), 9);
}

#[tokio::test]
async fn zhejiang_has_three_contact_points() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let mut designations = async |filter: &str| -> Vec<Designation> {
        let request =
            ListDesignationsRequest { filter: filter.into(), order_by: "year, holder".into(), ..Default::default() };
        client.list_designations(request).await.unwrap().into_inner().designations
    };
    let points = designations("under(holder, \"regions/330000\") AND kind = CONTACT_POINT").await;
    let told: Vec<_> = points.iter().map(|point| (point.year, point.holder.as_str(), point.national_total)).collect();
    assert_eq!(
        told,
        [(2018, "regions/330182", Some(12)), (2018, "regions/330482", Some(12)), (2021, "regions/330383", None)]
    );
    let by_ministry = designations("grantor = \"原农业部\"").await;
    assert_eq!((by_ministry.len(), by_ministry[0].year), (1, 2015));
    let of_ten = designations("national_total_figure = \"figures/F08\"").await;
    assert_eq!((of_ten[0].national_total, of_ten[0].holder.as_str()), (Some(10), "regions/330000"));
}

#[tokio::test]
async fn a_member_is_one_region_or_one_department_or_a_count() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    let pilot = Pilot { title: "试点".into(), year: 2019, region: "regions/330000".into(), ..Default::default() };
    let request = CreatePilotRequest { pilot: Some(pilot), pilot_id: "p".into(), ..Default::default() };
    client.create_pilot(request).await.unwrap();
    let base =
        |kind: PilotMemberKind| PilotMember { pilot: "pilots/p".into(), kind: kind.into(), ..Default::default() };
    let (city, department) = (base(PilotMemberKind::City), base(PilotMemberKind::Department));
    let region = || "regions/330300".to_owned();
    for (member, wrong) in [
        (PilotMember { region: region(), ..city.clone() }, None),
        (PilotMember { department: "省民政厅".into(), ..department.clone() }, None),
        (PilotMember { member_count: Some(5), ..city.clone() }, None),
        (city.clone(), Some("pilot_member.member_count")),
        (PilotMember { member_count: Some(0), ..city.clone() }, Some("pilot_member.member_count")),
        (PilotMember { region: region(), member_count: Some(1), ..city.clone() }, Some("pilot_member.member_count")),
        (
            PilotMember { region: region(), department: "省民政厅".into(), ..city.clone() },
            Some("pilot_member.department"),
        ),
        (PilotMember { region: region(), ..department.clone() }, Some("pilot_member.region")),
        (PilotMember { department: "省民政厅".into(), ..city.clone() }, Some("pilot_member.department")),
        (PilotMember { purchaser: "purchasers/none".into(), ..department.clone() }, Some("pilot_member.purchaser")),
        (
            PilotMember { pilot: "pilots/none".into(), member_count: Some(1), ..city.clone() },
            Some("pilot_member.pilot"),
        ),
    ] {
        let request = CreatePilotMemberRequest { pilot_member: Some(member.clone()), ..Default::default() };
        let answer = client.create_pilot_member(request).await;
        match wrong {
            None => assert_eq!(answer.unwrap().into_inner().kind, member.kind),
            Some(field) => assert_eq!(fields(answer), [field], "{member:?}"),
        }
    }
}
