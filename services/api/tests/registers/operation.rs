//! google.longrunning.Operations, and the runs that are works.

use std::time::Duration;

use api::registers::operations::OPERATION;
use proto::{
    google::longrunning::{
        CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, ListOperationsRequest, Operation,
        WaitOperationRequest, operation, operations_client::OperationsClient,
    },
    procurement::v1::{
        FigureBasis, FigureUnit, ListFindingsRequest, Origin, ReconcileAllMetadata, ReconcileAllRequest,
        ReconcileAllResponse, ResolveFindingRequest, figure_finding::State, figure_service_client::FigureServiceClient,
    },
};
use store::register::{Change, Draft, Value, Write};
use tonic::{Code, transport::Channel};

use crate::{
    figure::{create, entered, seeded, yearbook},
    world::{World, fields, refusal},
};

async fn done(channel: &Channel, operation: &Operation) -> Operation {
    let mut client = OperationsClient::new(channel.clone());
    let timeout = Some(prost_types::Duration { seconds: 60, nanos: 0 });
    let mut request = tonic::Request::new(WaitOperationRequest { name: operation.name.clone(), timeout });
    request.set_timeout(Duration::from_secs(90));
    let ended = client.wait_operation(request).await.unwrap().into_inner();
    assert!(ended.done, "{ended:?}");
    ended
}

fn response<M: prost::Message + Default>(operation: &Operation) -> M {
    match operation.result.as_ref() {
        Some(operation::Result::Response(any)) => M::decode(any.value.as_slice()).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn reconcile_all(world: &World, request_id: &str) -> (Operation, ReconcileAllResponse) {
    let mut client = FigureServiceClient::new(world.channel.clone());
    let request = ReconcileAllRequest { origin: Origin::Real.into(), request_id: request_id.into() };
    let started = client.reconcile_all(request).await.unwrap().into_inner();
    let ended = done(&world.channel, &started).await;
    assert_eq!(ended.name, started.name);
    let answer = response(&ended);
    (ended, answer)
}

#[tokio::test]
async fn a_run_over_everything_keeps_findings_and_a_second_one_changes_nothing() {
    let (world, mut client) = seeded().await;
    let (ended, answer) = reconcile_all(&world, "").await;
    let count = |verdict: &str| {
        answer.verdicts.iter().find(|counted| counted.verdict == verdict).map_or(0, |counted| counted.count)
    };
    // Section 1.3: nine claims hold, one has two readings, three lack a figure; of twelve figures nothing is recorded.
    let counts = (count("CONSISTENT"), count("AMBIGUOUS_BASE"), count("UNDETERMINED"), count("NO_DATA"));
    assert_eq!(counts, (9, 1, 3, 12), "{answer:?}");
    assert_eq!(answer.changed_count, 25);
    let metadata = ended.metadata.unwrap();
    assert_eq!(metadata.type_url, "type.googleapis.com/caibian.procurement.v1.ReconcileAllMetadata");
    let metadata: ReconcileAllMetadata = prost::Message::decode(metadata.value.as_slice()).unwrap();
    assert_eq!(metadata.done_count, metadata.total_count);
    assert!(metadata.total_count > 50, "{metadata:?}");

    let open =
        ListFindingsRequest { filter: "state = OPEN AND verdict = \"UNDETERMINED\"".into(), ..Default::default() };
    let found = client.list_findings(open.clone()).await.unwrap().into_inner().findings;
    let subjects: Vec<&str> = found.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["claims/C07", "claims/C08", "claims/C09"]);
    assert_eq!(found[0].operation, ended.name);

    let resolve = ResolveFindingRequest {
        name: found[0].name.clone(),
        etag: found[0].etag.clone(),
        note: "全国数字尚未取得".into(),
        ..Default::default()
    };
    let without = ResolveFindingRequest { etag: String::new(), ..resolve.clone() };
    assert_eq!(fields(client.resolve_finding(without).await), ["etag"]);
    let resolved = client.resolve_finding(resolve.clone()).await.unwrap().into_inner();
    assert_eq!((resolved.state(), resolved.resolver.as_str()), (State::Resolved, "caller:local"));
    assert_eq!(refusal(client.resolve_finding(resolve.clone()).await), (Code::Aborted, "ETAG_MISMATCH".into()));
    let again = ResolveFindingRequest { etag: resolved.etag.clone(), ..resolve };
    assert_eq!(refusal(client.resolve_finding(again).await), (Code::FailedPrecondition, "FINDING_NOT_OPEN".into()));

    let (_, answer) = reconcile_all(&world, "").await;
    assert_eq!(answer.changed_count, 0, "what is the same stays, resolved or not");
    assert_eq!(client.list_findings(open.clone()).await.unwrap().into_inner().findings.len(), 2);

    // A national figure makes it say something else: it is open again.
    yearbook(&mut client).await;
    let (unit, basis) = (FigureUnit::House, FigureBasis::Registration);
    let nation = entered("social_organisations", "894000", unit, basis, "000000", "2021-04");
    create(&mut client, "N01", nation).await.unwrap();
    let (_, answer) = reconcile_all(&world, "").await;
    assert_eq!(answer.changed_count, 1);
    let open = ListFindingsRequest { filter: "verdict = \"INCONSISTENT\"".into(), ..open };
    let found = client.list_findings(open).await.unwrap().into_inner().findings;
    assert_eq!((found[0].name.as_str(), found[0].state()), ("figureFindings/claim-C07", State::Open));
    assert!(found[0].note.is_empty());
}

#[tokio::test]
async fn the_same_request_id_is_the_same_operation_on_every_server() {
    let (world, _) = seeded().await;
    let request_id = "0b8f9d5e-6b1c-4a3e-9d53-0c8b5f1f4e11";
    let (first, _) = reconcile_all(&world, request_id).await;
    let mut other = FigureServiceClient::new(world.another().await);
    let request = ReconcileAllRequest { origin: Origin::Real.into(), request_id: request_id.into() };
    let again = other.reconcile_all(request.clone()).await.unwrap().into_inner();
    assert_eq!((again.name, again.done), (first.name.clone(), true));
    let otherwise = ReconcileAllRequest { origin: Origin::All.into(), ..request };
    assert_eq!(refusal(other.reconcile_all(otherwise).await), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
}

#[tokio::test]
async fn operations_are_listed_newest_first_and_forgotten_when_asked() {
    let (world, _) = seeded().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.insert(0, reconcile_all(&world, "").await.0.name);
    }
    let mut client = OperationsClient::new(world.channel.clone());
    let mut request = ListOperationsRequest { page_size: 2, filter: "done = true".into(), ..Default::default() };
    let page = client.list_operations(request.clone()).await.unwrap().into_inner();
    request.page_token = page.next_page_token;
    let rest = client.list_operations(request.clone()).await.unwrap().into_inner();
    let listed: Vec<String> = page.operations.into_iter().chain(rest.operations).map(|one| one.name).collect();
    assert_eq!((listed, rest.next_page_token.as_str()), (names.clone(), ""));
    let running = ListOperationsRequest { filter: "done = false".into(), ..Default::default() };
    assert!(client.list_operations(running.clone()).await.unwrap().into_inner().operations.is_empty());
    let carried_over = ListOperationsRequest { page_token: request.page_token, ..running };
    assert_eq!(fields(client.list_operations(carried_over).await), ["page_token"]);
    let wrong = ListOperationsRequest { filter: "owner = 1".into(), ..Default::default() };
    assert_eq!(fields(client.list_operations(wrong).await), ["filter"]);

    let name = names[0].clone();
    client.cancel_operation(CancelOperationRequest { name: name.clone() }).await.unwrap();
    let there = client.get_operation(GetOperationRequest { name: name.clone() }).await.unwrap().into_inner();
    assert!(matches!(there.result, Some(operation::Result::Response(_))), "what is done cannot be cancelled");
    client.delete_operation(DeleteOperationRequest { name: name.clone() }).await.unwrap();
    let gone = client.get_operation(GetOperationRequest { name }).await;
    assert_eq!(refusal(gone), (Code::NotFound, "RESOURCE_NOT_FOUND".into()));
    let nameless = client.get_operation(GetOperationRequest { name: "x".into() }).await;
    assert_eq!(fields(nameless), ["name"]);
}

/// A row as another process left it, its last sign of life so many microseconds ago.
async fn left(world: &World, id: &str, silent_us: i64) {
    let now = chrono::Utc::now().timestamp_micros();
    let draft = Draft {
        id: id.into(),
        values: vec![
            Value::Text("caibian.procurement.v1.FigureService/ReconcileAll".into()),
            Value::Text("another process".into()),
            Value::Flag(false),
            Value::Flag(false),
            Value::Integer(now - silent_us),
        ],
        terms: Vec::new(),
        search_text: String::new(),
        is_synthetic: false,
        body: serde_json::json!({ "metadata": "", "error": null, "response": null }),
    };
    let writes = vec![Write::Insert(&OPERATION, draft)];
    let change = Change { writes, references: Vec::new(), once: None, is_rehearsal: false };
    world.store.register_write(change).await.unwrap();
}

#[tokio::test]
async fn the_work_of_a_process_that_died_is_told_as_aborted_and_that_of_a_live_one_as_running() {
    let world = World::new().await;
    left(&world, "dead", 61_000_000).await;
    left(&world, "live", 1_000_000).await;
    let mut client = OperationsClient::new(world.channel.clone());
    let dead = client.get_operation(GetOperationRequest { name: "operations/dead".into() }).await.unwrap().into_inner();
    match dead.result {
        Some(operation::Result::Error(status)) => {
            assert!(dead.done);
            assert_eq!(status.code, i32::from(Code::Aborted));
            assert!(!status.details.is_empty(), "with its reason and its Chinese words");
        }
        other => panic!("{other:?}"),
    }
    let live = GetOperationRequest { name: "operations/live".into() };
    assert!(!client.get_operation(live.clone()).await.unwrap().into_inner().done);
    let timeout = Some(prost_types::Duration { seconds: 0, nanos: 1_000_000 });
    let waited = client.wait_operation(WaitOperationRequest { name: live.name.clone(), timeout }).await.unwrap();
    assert!(!waited.into_inner().done, "the time is over before the work");
    let refused = client.delete_operation(DeleteOperationRequest { name: live.name }).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "OPERATION_RUNNING".into()));
}
