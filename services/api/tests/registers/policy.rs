//! PolicyService.

use api::registers::seed;
use proto::procurement::v1::{
    ConsultationReview, CreateConsultationReviewRequest, CreateFunctionListRequest, CreateGovernmentFunctionRequest,
    CreateMechanismRequest, CreateOutreachEventRequest, CreatePolicyDocumentRequest, CreatePolicyFrameworkRequest,
    DeleteMechanismRequest, DocumentStanding, FrameworkSlot, FrameworkSlotState, FunctionList, GetFrameworkRequest,
    GetFrameworkResponse, GetMechanismRequest, GetPolicyLineageRequest, GovernmentFunction,
    ListConsultationReviewsRequest, ListFunctionListsRequest, ListGovernmentFunctionsRequest, ListMechanismsRequest,
    ListOutreachEventsRequest, ListPolicyDocumentsRequest, Mechanism, MechanismKind, OutreachEvent, PolicyDocument,
    PolicyFramework, PolicyKind, TransferState, UpdatePolicyDocumentRequest,
    policy_service_client::PolicyServiceClient,
};
use tonic::{Code, transport::Channel};

use crate::world::{World, fields, refusal};

type Client = PolicyServiceClient<Channel>;

fn document(title: &str, issue_date: &str, supersedes: &[&str]) -> PolicyDocument {
    PolicyDocument {
        title: title.into(),
        kind: PolicyKind::Measure.into(),
        issue_date: issue_date.into(),
        supersedes: supersedes.iter().map(|id| format!("policyDocuments/{id}")).collect(),
        region: "regions/330000".into(),
        ..Default::default()
    }
}

async fn created(client: &mut Client, id: &str, document: PolicyDocument) -> PolicyDocument {
    let request = CreatePolicyDocumentRequest {
        policy_document: Some(document),
        policy_document_id: id.into(),
        ..Default::default()
    };
    client.create_policy_document(request).await.unwrap().into_inner()
}

/// Three measures, each in the place of the one before.
async fn three(client: &mut Client) -> [PolicyDocument; 3] {
    [
        created(client, "a", document("管理办法(试行)", "2015", &[])).await,
        created(client, "b", document("管理办法", "2018-03", &["a"])).await,
        created(client, "c", document("管理办法(修订)", "2021-07-01", &["b"])).await,
    ]
}

fn names(documents: &[proto::procurement::v1::PolicyLineageStep]) -> Vec<(String, i32)> {
    documents.iter().map(|step| (step.policy_document.as_ref().unwrap().name.clone(), step.steps)).collect()
}

#[tokio::test]
async fn a_lineage_tells_every_step_and_what_is_in_its_end() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    three(&mut client).await;
    let request = GetPolicyLineageRequest { name: "policyDocuments/b".into() };
    let lineage = client.get_policy_lineage(request).await.unwrap().into_inner();
    assert_eq!(names(&lineage.predecessors), [("policyDocuments/a".into(), 1)]);
    assert_eq!(names(&lineage.successors), [("policyDocuments/c".into(), 1)]);
    assert_eq!(lineage.latest, ["policyDocuments/c"]);
    let request = GetPolicyLineageRequest { name: "policyDocuments/c".into() };
    let lineage = client.get_policy_lineage(request).await.unwrap().into_inner();
    assert_eq!(names(&lineage.predecessors), [("policyDocuments/b".into(), 1), ("policyDocuments/a".into(), 2)]);
    assert!(lineage.successors.is_empty());
}

#[tokio::test]
async fn no_document_comes_to_supersede_itself() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    let [a, ..] = three(&mut client).await;
    for supersedes in ["policyDocuments/c", "policyDocuments/a"] {
        let circle = PolicyDocument { supersedes: vec![supersedes.into()], ..a.clone() };
        let request = UpdatePolicyDocumentRequest { policy_document: Some(circle), ..Default::default() };
        let refused = client.update_policy_document(request).await;
        assert_eq!(refusal(refused), (Code::FailedPrecondition, "SUPERSESSION_CIRCLE".into()), "{supersedes}");
    }
    let own = CreatePolicyDocumentRequest {
        policy_document: Some(document("自我取代", "2022", &["d"])),
        policy_document_id: "d".into(),
        ..Default::default()
    };
    let refused = client.create_policy_document(own).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "SUPERSESSION_CIRCLE".into()));
    let nothing = CreatePolicyDocumentRequest {
        policy_document: Some(document("取代不存在的文件", "2022", &["none"])),
        ..Default::default()
    };
    assert_eq!(fields(client.create_policy_document(nothing).await), ["policy_document.supersedes[0]"]);
}

#[tokio::test]
async fn days_are_as_coarse_as_their_source_and_no_coarser() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    for (issue_date, is_taken) in [
        ("2014", true),
        ("2014-06", true),
        ("2014-06-25", true),
        ("2014-6", false),
        ("二〇一四", false),
        ("2014-02-30", false),
    ] {
        let request = CreatePolicyDocumentRequest {
            policy_document: Some(document("通知", issue_date, &[])),
            ..Default::default()
        };
        let answer = client.create_policy_document(request).await;
        match is_taken {
            true => assert_eq!(answer.unwrap().into_inner().issue_date, issue_date),
            false => assert_eq!(fields(answer), ["policy_document.issue_date"]),
        }
    }
    let request = ListPolicyDocumentsRequest { order_by: "issue_date desc".into(), ..Default::default() };
    let listed = client.list_policy_documents(request).await.unwrap().into_inner().policy_documents;
    let days: Vec<&str> = listed.iter().map(|document| document.issue_date.as_str()).collect();
    assert_eq!(days, ["2014-06-25", "2014-06", "2014"]);
}

#[tokio::test]
async fn no_two_documents_of_one_issuer_have_one_number() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    let numbered = |issuer: &str| PolicyDocument {
        doc_no: "浙财综〔2021〕1号".into(),
        issuer: issuer.into(),
        ..document("办法", "2021", &[])
    };
    created(&mut client, "a", numbered("浙江省财政厅")).await;
    created(&mut client, "b", numbered("浙江省政府")).await;
    let request =
        CreatePolicyDocumentRequest { policy_document: Some(numbered("浙江省财政厅")), ..Default::default() };
    let refused = client.create_policy_document(request).await;
    assert_eq!(refusal(refused), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
}

async fn framework(client: &mut Client, as_of_day: &str) -> GetFrameworkResponse {
    let request = GetFrameworkRequest { region: "regions/330000".into(), as_of_day: as_of_day.into() };
    client.get_framework(request).await.unwrap().into_inner()
}

fn states(framework: &GetFrameworkResponse) -> Vec<FrameworkSlotState> {
    framework.slots.iter().map(|slot| slot.state()).collect()
}

#[tokio::test]
async fn the_articles_framework_is_whole_today_and_claims_nothing_for_days_its_source_does_not_tell() {
    use FrameworkSlotState::{Empty, Filled, Undetermined};
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let now = framework(&mut client, "").await;
    assert_eq!(now.policy_framework.as_ref().unwrap().title, "一个意见、两个目录、若干个办法");
    assert_eq!((states(&now), now.filled_count), (vec![Filled, Filled, Filled], 3));
    let titles: Vec<&str> = now.slots.iter().map(|slot| slot.slot.as_ref().unwrap().title.as_str()).collect();
    assert_eq!(titles, ["一个意见", "两个目录", "若干个办法"]);
    let then = framework(&mut client, "2013-12-31").await;
    assert_eq!(states(&then), [Empty, Undetermined, Undetermined]);
    assert_eq!(then.slots[0].documents[0].standing(), DocumentStanding::NotYet);
    assert_eq!((then.slots[0].missing_count, then.undetermined_count), (1, 2));
    assert_eq!(states(&framework(&mut client, "2014-06-01").await)[0], Undetermined);
    assert_eq!(states(&framework(&mut client, "2015-01-01").await)[0], Filled);
    let elsewhere = GetFrameworkRequest { region: "regions/330300".into(), ..Default::default() };
    assert_eq!(refusal(client.get_framework(elsewhere).await), (Code::NotFound, "FRAMEWORK_NOT_FOUND".into()));
    let nowhere = GetFrameworkRequest { region: "regions/339999".into(), ..Default::default() };
    assert_eq!(fields(client.get_framework(nowhere).await), ["region"]);
}

#[tokio::test]
async fn a_superseded_document_fills_no_place() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    three(&mut client).await;
    let slot = |title: &str, wanted_count, documents: &[&str]| FrameworkSlot {
        title: title.into(),
        kind: PolicyKind::Measure.into(),
        wanted_count,
        documents: documents.iter().map(|id| format!("policyDocuments/{id}")).collect(),
    };
    let made = PolicyFramework {
        title: "两个办法".into(),
        region: "regions/330000".into(),
        slots: vec![slot("两个办法", 2, &["a", "c"])],
        ..Default::default()
    };
    let request = CreatePolicyFrameworkRequest { policy_framework: Some(made), ..Default::default() };
    client.create_policy_framework(request.clone()).await.unwrap();
    for (day, standings, state, missing) in [
        ("2017-01-01", [DocumentStanding::InForce, DocumentStanding::NotYet], FrameworkSlotState::Partial, 1),
        ("2018-03-10", [DocumentStanding::Undetermined, DocumentStanding::NotYet], FrameworkSlotState::Undetermined, 1),
        ("2022-01-01", [DocumentStanding::Superseded, DocumentStanding::InForce], FrameworkSlotState::Partial, 1),
    ] {
        let slot = framework(&mut client, day).await.slots.remove(0);
        let told: Vec<_> = slot.documents.iter().map(|document| document.standing()).collect();
        assert_eq!(
            (told.as_slice(), slot.state(), slot.missing_count),
            (standings.as_slice(), state, missing),
            "{day}"
        );
    }
    let refused = client.create_policy_framework(request).await;
    assert_eq!(refusal(refused), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
}

#[tokio::test]
async fn the_articles_mechanisms_functions_consultations_and_outreach_are_answered() {
    let world = World::new().await;
    seed::article(&world.store).await.unwrap();
    let mut client = Client::new(world.channel.clone());
    let request =
        ListMechanismsRequest { filter: "kind = JOINT_MEETING AND start_year = 2014".into(), ..Default::default() };
    let meetings = client.list_mechanisms(request).await.unwrap().into_inner().mechanisms;
    assert_eq!(meetings.len(), 1);
    assert_eq!((meetings[0].convenor_role.as_str(), meetings[0].name.as_str()), ("省政府常务副省长", "mechanisms/M1"));
    assert!(meetings[0].provenance.as_ref().unwrap().quote.contains("总召集人"));
    let request = GetMechanismRequest { name: "mechanisms/M2".into() };
    let group = client.get_mechanism(request).await.unwrap().into_inner();
    assert_eq!((group.kind(), group.start_year), (MechanismKind::LeadingGroup, None));

    let request = ListFunctionListsRequest { filter: "region = \"regions/330300\"".into(), ..Default::default() };
    let lists = client.list_function_lists(request).await.unwrap().into_inner().function_lists;
    assert_eq!((lists[0].department_count, lists[0].function_count), (Some(34), Some(167)));
    let request = ListGovernmentFunctionsRequest { return_total: true, ..Default::default() };
    let functions = client.list_government_functions(request).await.unwrap().into_inner();
    assert_eq!(functions.total_size, Some(0), "the article names none of the 167");

    let request = ListConsultationReviewsRequest { filter: "figures:\"figures/F01\"".into(), ..Default::default() };
    let reviews = client.list_consultation_reviews(request).await.unwrap().into_inner().consultation_reviews;
    assert_eq!(reviews.len(), 1);
    let request = ListOutreachEventsRequest { filter: "search(\"培训\")".into(), ..Default::default() };
    let events = client.list_outreach_events(request).await.unwrap().into_inner().outreach_events;
    assert_eq!(events[0].forms, ["会议", "培训", "授课"]);
}

#[tokio::test]
async fn what_an_editor_enters_is_kept_by_its_rules() {
    let world = World::new().await;
    let mut client = Client::new(world.channel.clone());
    let mechanism = Mechanism {
        title: "联席会议".into(),
        kind: MechanismKind::JointMeeting.into(),
        start_year: Some(2016),
        end_year: Some(2014),
        region: "regions/330300".into(),
        ..Default::default()
    };
    let request = CreateMechanismRequest { mechanism: Some(mechanism.clone()), ..Default::default() };
    assert_eq!(fields(client.create_mechanism(request).await), ["mechanism.end_year"]);
    let right = Mechanism { end_year: None, ..mechanism };
    let request = CreateMechanismRequest { mechanism: Some(right), mechanism_id: "m".into(), ..Default::default() };
    let made = client.create_mechanism(request).await.unwrap().into_inner();
    let request = DeleteMechanismRequest { name: made.name, etag: made.etag, ..Default::default() };
    assert!(client.delete_mechanism(request).await.unwrap().into_inner().delete_time.is_some());

    let list = FunctionList { title: "职能清单".into(), region: "regions/330300".into(), ..Default::default() };
    let request =
        CreateFunctionListRequest { function_list: Some(list), function_list_id: "w".into(), ..Default::default() };
    client.create_function_list(request).await.unwrap();
    let function = GovernmentFunction {
        title: "行业规划编制".into(),
        function_list: "functionLists/w".into(),
        department: "市发展改革委".into(),
        transfer_state: TransferState::Purchased.into(),
        transfer_date: "2015".into(),
        ..Default::default()
    };
    let request = CreateGovernmentFunctionRequest { government_function: Some(function), ..Default::default() };
    client.create_government_function(request).await.unwrap();
    let filter = "function_list = \"functionLists/w\" AND transfer_state = PURCHASED".to_owned();
    let request = ListGovernmentFunctionsRequest { filter, ..Default::default() };
    assert_eq!(client.list_government_functions(request).await.unwrap().into_inner().government_functions.len(), 1);

    let review = ConsultationReview {
        title: "养老服务办法(征求意见稿)".into(),
        region: "regions/330000".into(),
        received_date: "2021-03-02".into(),
        replied_date: "2021-03-01".into(),
        ..Default::default()
    };
    let request = CreateConsultationReviewRequest { consultation_review: Some(review), ..Default::default() };
    assert_eq!(fields(client.create_consultation_review(request).await), ["consultation_review.replied_date"]);
    let event = OutreachEvent { attendee_count: Some(-1), ..Default::default() };
    let request = CreateOutreachEventRequest { outreach_event: Some(event), ..Default::default() };
    let named = ["outreach_event.title", "outreach_event.region", "outreach_event.attendee_count"];
    assert_eq!(fields(client.create_outreach_event(request).await), named);
}
