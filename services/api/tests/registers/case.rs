//! CaseService.

use api::registers::seed;
use proto::procurement::v1::{
    CaseTheme, CreatePracticeCaseRequest, GetPracticeCaseRequest, ListPracticeCasesRequest, PracticeCase,
    SearchCasesRequest, case_service_client::CaseServiceClient,
};
use tonic::{Code, transport::Channel};

use crate::world::{World, fields, refusal};

type Client = CaseServiceClient<Channel>;

async fn found(client: &mut Client, text: &str, themes: &[CaseTheme], region: &str) -> Vec<String> {
    let request = SearchCasesRequest {
        text: text.into(),
        themes: themes.iter().map(|theme| (*theme).into()).collect(),
        region: region.into(),
        ..Default::default()
    };
    let cases = client.search_cases(request).await.unwrap().into_inner().practice_cases;
    cases.into_iter().map(|case| case.name.trim_start_matches("practiceCases/").to_owned()).collect()
}

#[tokio::test]
async fn a_case_is_found_by_two_characters_a_theme_and_a_region() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    for (text, themes, region, expected) in [
        ("养老", &[][..], "", &["K-anji", "K-wenling"][..]),
        ("养老", &[], "regions/331000", &["K-wenling"]),
        ("养老", &[], "regions/330523", &["K-anji"]),
        ("", &[CaseTheme::ElderlyCare], "", &["K-anji", "K-longevity", "K-wenling"]),
        ("", &[CaseTheme::ChildCare, CaseTheme::Epidemic], "regions/330000", &["K-children", "K-epidemic"]),
        ("公证", &[], "", &["K-huzhou"]),
        ("垃圾打捞", &[CaseTheme::Environment], "", &["K-chunan"]),
        ("垃圾打捞", &[CaseTheme::ElderlyCare], "", &[]),
        ("98.9%", &[], "", &["K-wenling"]),
        ("不存在的词", &[], "", &[]),
    ] {
        assert_eq!(found(&mut client, text, themes, region).await, expected, "{text} {themes:?} {region}");
    }
}

#[tokio::test]
async fn a_search_is_paged_and_its_token_belongs_to_it() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let request = SearchCasesRequest {
        page_size: 2,
        return_total: true,
        themes: vec![CaseTheme::ElderlyCare.into()],
        ..Default::default()
    };
    let first = client.search_cases(request.clone()).await.unwrap().into_inner();
    assert_eq!((first.practice_cases.len(), first.total_size), (2, Some(3)));
    let next = SearchCasesRequest { page_token: first.next_page_token.clone(), ..request.clone() };
    let last = client.search_cases(next).await.unwrap().into_inner();
    assert_eq!((last.practice_cases.len(), last.next_page_token.as_str()), (1, ""));
    let other = SearchCasesRequest { page_token: first.next_page_token, text: "养老".into(), ..request };
    assert_eq!(client.search_cases(other).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_search_of_one_character_or_for_no_theme_is_refused() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    let one = SearchCasesRequest { text: "老".into(), ..Default::default() };
    assert_eq!(fields(client.search_cases(one).await), ["text"]);
    let none = SearchCasesRequest { themes: vec![0], ..Default::default() };
    assert_eq!(fields(client.search_cases(none).await), ["themes[0]"]);
    let nowhere = SearchCasesRequest { region: "regions/1".into(), ..Default::default() };
    assert_eq!(fields(client.search_cases(nowhere).await), ["region"]);
}

#[tokio::test]
async fn a_case_keeps_the_articles_words_and_names_its_figures() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let request = GetPracticeCaseRequest { name: "practiceCases/K-chunan".into() };
    let case = client.get_practice_case(request).await.unwrap().into_inner();
    assert_eq!(case.region, "regions/330127");
    assert!(case.means.contains("动态调整招标价格") && case.problem.is_empty());
    assert_eq!(case.figures, ["figures/F30a", "figures/F30b"]);
    let filter = "figures:\"figures/F30a\" AND themes:ENVIRONMENT".to_owned();
    let request = ListPracticeCasesRequest { filter, ..Default::default() };
    assert_eq!(client.list_practice_cases(request).await.unwrap().into_inner().practice_cases, [case]);
    let request = GetPracticeCaseRequest { name: "practiceCases/none".into() };
    assert_eq!(refusal(client.get_practice_case(request).await), (Code::NotFound, "RESOURCE_NOT_FOUND".into()));
}

#[tokio::test]
async fn a_case_needs_a_title_a_place_and_themes_each_once() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    let theme: i32 = CaseTheme::Governance.into();
    let case =
        PracticeCase { themes: vec![theme, theme], projects: vec!["projects/none".into()], ..Default::default() };
    let request = CreatePracticeCaseRequest { practice_case: Some(case.clone()), ..Default::default() };
    let named = ["practice_case.title", "practice_case.region", "practice_case.themes[1]"];
    assert_eq!(fields(client.create_practice_case(request).await), named);
    let case = PracticeCase { title: "案例".into(), region: "regions/330000".into(), themes: vec![theme], ..case };
    let request = CreatePracticeCaseRequest { practice_case: Some(case), ..Default::default() };
    assert_eq!(fields(client.create_practice_case(request).await), ["practice_case.projects[0]"]);
}
