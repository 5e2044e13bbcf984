//! What is held of a person, as an administrator asks for it, and its erasure with the proof.

use intake::{ports::Blobs, review::State};
use proto::intake::v1::{
    self, AccessAction, BlobFate, ErasureKind, ErasureWait, contact_service_client::ContactServiceClient,
    erase_person_request::Subject, privacy_service_client::PrivacyServiceClient, report_person_request::Person,
    user_service_client::UserServiceClient,
};
use stdx::Sha256;
use tonic::{Code, transport::Channel};

use crate::{
    replies,
    reviews::{brought, desk},
    world::{Mail, World, at, document, fields, refusal},
};

const LI: &str = "limin@czt.example.cn";
const WANG: &str = "wang@czt.example.cn";

fn erase(subject: Subject) -> v1::ErasePersonRequest {
    v1::ErasePersonRequest { subject: Some(subject), reason: "本人来信要求".into(), ..Default::default() }
}

fn of_li() -> v1::ErasePersonRequest {
    erase(Subject::Address("LiMin@czt.example.cn".into()))
}

/// The document, and what it is called.
async fn report(
    client: &mut PrivacyServiceClient<Channel>,
    person: Person,
) -> Result<(serde_json::Value, v1::ExportedFile), tonic::Status> {
    let mut stream = client.report_person(v1::ReportPersonRequest { person: Some(person) }).await?.into_inner();
    let (mut bytes, mut file) = (Vec::new(), None);
    while let Some(piece) = stream.message().await? {
        bytes.extend(piece.data);
        file = file.or(piece.file);
    }
    Ok((serde_json::from_slice(&bytes).unwrap(), file.unwrap()))
}

async fn accesses(channel: &Channel) -> Vec<(AccessAction, String)> {
    let mut client = UserServiceClient::new(channel.clone());
    let listed = client.list_access_events(v1::ListAccessEventsRequest::default()).await.unwrap().into_inner();
    listed.events.iter().map(|event| (event.action(), event.subject.clone())).collect()
}

#[tokio::test]
async fn a_report_is_the_whole_of_what_is_held_and_who_asked_is_noted() {
    let world = World::new().await;
    let file = world.blob(b"words of Li").await;
    let parts = vec![document("1", "a.txt", b"words of Li", "words of Li")];
    // More mails than fit into one page of the report.
    for minute in 0..25 {
        let received_at = Mail::default().received_at + chrono::TimeDelta::minutes(minute);
        world.submission(&Mail { received_at, parts: parts.clone(), ..Mail::default() }).await;
    }
    world.submission(&Mail { from: WANG.into(), text: "王明的稿件".into(), ..Mail::default() }).await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut client = PrivacyServiceClient::new(channel.clone());

    let (document, named) = report(&mut client, Person::Address(" LIMIN@czt.example.cn".into())).await.unwrap();
    assert!(named.file_name.ends_with(".json") && named.media_type == "application/json", "{named:?}");
    let mails = document["mails"].as_array().unwrap();
    assert_eq!((mails.len(), document["held"]["address"].as_str()), (25, Some(LI)));
    let text = document.to_string();
    assert!(text.contains("words of Li") && text.contains(&file.hex()) && !text.contains("王明"), "{text}");
    let contact = document["held"]["contact_id"].as_str().unwrap().to_owned();
    let contact = format!("contacts/{contact}");
    let (by_contact, _) = report(&mut client, Person::Contact(contact.clone())).await.unwrap();
    assert_eq!(by_contact["mails"], document["mails"]);
    assert_eq!(by_contact["held"]["looks"].as_array().map(Vec::len), Some(2), "{}", by_contact["held"]);
    assert_eq!(accesses(&channel).await, vec![(AccessAction::PersonReported, contact); 2]);

    // Nothing is held of somebody: that is an answer.
    let (nobody, _) = report(&mut client, Person::Address("nobody@a.cn".into())).await.unwrap();
    assert_eq!(nobody["mails"].as_array().map(Vec::len), Some(0));
    assert_eq!(fields(client.report_person(v1::ReportPersonRequest::default()).await), ["person"]);
    let unknown = Person::Contact(format!("contacts/{}", uuid::Uuid::nil()));
    assert_eq!(refusal(report(&mut client, unknown).await), (Code::NotFound, "CONTACT_NOT_FOUND".into()));
    for wrong in ["", " \t", &"a".repeat(321), "a\u{7}@b.cn"] {
        let asked = v1::ReportPersonRequest { person: Some(Person::Address(wrong.into())) };
        assert_eq!(fields(client.report_person(asked).await), ["address"], "{wrong:?}");
    }
}

#[tokio::test]
async fn an_erasure_is_told_first_then_done_once_and_proven() {
    let world = World::new().await;
    let (own, shared) = (world.blob(b"words of Li").await, world.blob(b"words of both").await);
    let parts = |own: bool| {
        let both = document("2", "b.txt", b"words of both", "words of both");
        if own { vec![document("1", "a.txt", b"words of Li", "words of Li"), both] } else { vec![both] }
    };
    world.submission(&Mail { parts: parts(true), ..Mail::default() }).await;
    world.submission(&Mail { from: WANG.into(), parts: parts(false), ..Mail::default() }).await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut client = PrivacyServiceClient::new(channel.clone());
    let (before, _) = report(&mut client, Person::Address(LI.into())).await.unwrap();

    let rehearsed = v1::ErasePersonRequest { validate_only: true, reason: String::new(), ..of_li() };
    let told = client.erase_person(rehearsed).await.unwrap().into_inner();
    let would = told.erasure.unwrap();
    let counts = would.counts.unwrap();
    assert_eq!((would.name.as_str(), would.subject_sha256.as_str(), told.salt.as_str()), ("", "", ""));
    assert_eq!((counts.messages, counts.submissions, counts.files, counts.waiting_blobs), (1, 1, 2, 3));
    let (after, _) = report(&mut client, Person::Address(LI.into())).await.unwrap();
    assert_eq!(before["mails"], after["mails"], "it was only told");
    assert!(world.blobs.has(own).await.unwrap());

    let request_id = "0190B6A8-0000-7000-8000-000000000001".to_owned();
    let asked = v1::ErasePersonRequest { request_id, ..of_li() };
    let done = client.erase_person(asked.clone()).await.unwrap().into_inner();
    let erasure = done.erasure.unwrap();
    assert_eq!((erasure.kind(), erasure.asked_by.as_str()), (ErasureKind::Person, "local"));
    assert_eq!(Sha256::of(format!("{} {LI}", done.salt).as_bytes()).hex(), erasure.subject_sha256);
    assert_eq!((erasure.end_time.is_some(), done.wait), (true, ErasureWait::Unspecified.into()), "{erasure:?}");
    let counts = erasure.counts.unwrap();
    assert_eq!((counts.messages, counts.removed_blobs, counts.shared_blobs, counts.waiting_blobs), (1, 2, 1, 0));
    let fate = |hash: Sha256| erasure.blobs.iter().find(|blob| blob.sha256 == hash.hex()).unwrap().fate();
    assert_eq!((fate(own), fate(shared)), (BlobFate::Removed, BlobFate::Shared));
    assert_eq!((world.blobs.has(own).await.unwrap(), world.blobs.has(shared).await.unwrap()), (false, true));
    let mail = &erasure.mails[0];
    assert_eq!((mail.mailbox.as_str(), mail.folder.as_str(), mail.uid), ("投稿邮箱", "INBOX", 1));

    // The same call erases nothing more and tells nothing of what is told once.
    let again = client.erase_person(asked.clone()).await.unwrap().into_inner();
    assert_eq!((again.erasure.as_ref(), again.salt.as_str()), (Some(&erasure), ""));
    let other = v1::ErasePersonRequest { subject: Some(Subject::Address(WANG.into())), ..asked };
    assert_eq!(refusal(client.erase_person(other).await), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
    assert_eq!(refusal(client.erase_person(of_li()).await), (Code::NotFound, "ERASURE_NOTHING_HELD".into()));

    let read = client.get_erasure(v1::GetErasureRequest { name: erasure.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, erasure);
    let listed = client.list_erasures(v1::ListErasuresRequest::default()).await.unwrap().into_inner().erasures;
    let short = v1::Erasure { mails: Vec::new(), blobs: Vec::new(), ..erasure.clone() };
    assert_eq!(listed, [short]);
    assert_eq!(accesses(&channel).await[0], (AccessAction::PersonErased, erasure.name));
    assert_eq!(world.store.verify().await.unwrap(), []);
    let mut contacts = ContactServiceClient::new(channel);
    let left = contacts.list_contacts(v1::ListContactsRequest::default()).await.unwrap().into_inner().contacts;
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn a_contact_that_was_erased_by_a_call_can_be_asked_for_by_the_same_call() {
    let world = World::new().await;
    world.submission(&Mail::default()).await;
    let server = world.serve().await;
    let mut client = PrivacyServiceClient::new(server.channel().await);
    let contact = format!("contacts/{}", store::Store::contact_id(LI));
    let request_id = uuid::Uuid::now_v7().to_string();
    let asked = v1::ErasePersonRequest { request_id, ..erase(Subject::Contact(contact.clone())) };
    let first = client.erase_person(asked.clone()).await.unwrap().into_inner();
    assert_eq!(client.erase_person(asked).await.unwrap().into_inner().erasure, first.erasure);
    let anew = client.erase_person(erase(Subject::Contact(contact))).await;
    assert_eq!(refusal(anew), (Code::NotFound, "CONTACT_NOT_FOUND".into()));
}

#[tokio::test]
async fn single_mails_are_erased_and_what_cannot_be_is_refused_in_words() {
    let world = World::new().await;
    let read = world.received(&Mail::default()).await;
    let seen = world.seen(at("2023-03-01T10:00:00+08:00")).await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut client = PrivacyServiceClient::new(channel.clone());
    let name = |id: uuid::Uuid| format!("messages/{id}");
    let of = |names: Vec<String>| erase(Subject::Messages(v1::ErasedMessages { names }));

    let refused = client.erase_person(of(vec![name(seen.id)])).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "ERASURE_NOT_FETCHED".into()));
    let table: [(v1::ErasePersonRequest, &str); 7] = [
        (v1::ErasePersonRequest { reason: "理由".into(), ..Default::default() }, "subject"),
        (of(Vec::new()), "messages.names"),
        (of(vec!["messages/x".into()]), "messages.names"),
        (of(vec![name(read); 1001]), "messages.names"),
        (v1::ErasePersonRequest { reason: " ".into(), ..of_li() }, "reason"),
        (v1::ErasePersonRequest { reason: "理".repeat(501), ..of_li() }, "reason"),
        (v1::ErasePersonRequest { request_id: "x".into(), ..of_li() }, "request_id"),
    ];
    for (asked, field) in table {
        assert_eq!(fields(client.erase_person(asked).await), [field]);
    }
    let unknown = v1::GetErasureRequest { name: format!("erasures/{}", uuid::Uuid::nil()) };
    assert_eq!(refusal(client.get_erasure(unknown).await), (Code::NotFound, "ERASURE_NOT_FOUND".into()));
    assert_eq!(accesses(&channel).await, [], "nothing was done");

    let done = client.erase_person(of(vec![name(read)])).await.unwrap().into_inner();
    let erasure = done.erasure.unwrap();
    assert_eq!((erasure.kind(), done.salt.as_str(), erasure.mails.len()), (ErasureKind::Messages, "", 1));
    // A mail is still to be fetched, and may bring the same bytes.
    assert_eq!((done.wait, erasure.end_time), (ErasureWait::MailOnItsWay.into(), None));
}

#[tokio::test]
async fn an_adopted_manuscript_is_told_and_goes_only_when_that_is_said() {
    let world = World::new().await;
    let (_reviewed, callers) = desk(&world).await;
    let adopted = brought(&world, &callers, State::Adopted).await.submission;
    let server = world.serve().await;
    let mut client = PrivacyServiceClient::new(server.channel().await);
    assert_eq!(refusal(client.erase_person(of_li()).await), (Code::FailedPrecondition, "ERASURE_ADOPTED".into()));
    let told = client.erase_person(v1::ErasePersonRequest { validate_only: true, ..of_li() }).await.unwrap();
    let told = told.into_inner().adopted;
    assert_eq!(told.iter().map(|one| &one.submission).collect::<Vec<_>>(), [&adopted]);
    let asked = v1::ErasePersonRequest { including_adopted: true, ..of_li() };
    let done = client.erase_person(asked).await.unwrap().into_inner();
    assert_eq!(done.erasure.unwrap().counts.unwrap().submissions, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_letter_is_with_a_mail_server_nothing_is_erased() {
    let (world, _desk, callers) = replies::desk().await;
    replies::letter(&world, &mut callers("look"), 1).await;
    replies::taken(&world).await;
    let server = world.serve().await;
    let mut client = PrivacyServiceClient::new(server.channel().await);
    let asked = erase(Subject::Address("author1@czt.example.cn".into()));
    for validate_only in [true, false] {
        let refused = client.erase_person(v1::ErasePersonRequest { validate_only, ..asked.clone() }).await;
        assert_eq!(refusal(refused), (Code::FailedPrecondition, "ERASURE_SENDING".into()));
    }
    assert_eq!(client.list_erasures(v1::ListErasuresRequest::default()).await.unwrap().into_inner().erasures, []);
}

#[tokio::test]
async fn a_report_too_many_is_refused_and_one_that_is_let_go_makes_room() {
    let world = World::new().await;
    // More than what the line takes before anybody reads.
    for minute in 0..12 {
        let received_at = Mail::default().received_at + chrono::TimeDelta::minutes(minute);
        world.submission(&Mail { received_at, text: "绩".repeat(250_000), ..Mail::default() }).await;
    }
    let server = world.serve().await;
    let mut client = PrivacyServiceClient::new(server.channel().await);
    let asked = || v1::ReportPersonRequest { person: Some(Person::Address(LI.into())) };
    let mut begun = Vec::new();
    for _ in 0..4 {
        // Of one connection, those that are not read would leave the others no room in the line.
        let mut client = PrivacyServiceClient::new(server.channel().await);
        let mut stream = client.report_person(asked()).await.unwrap().into_inner();
        assert!(stream.message().await.unwrap().is_some());
        begun.push(stream);
    }
    assert_eq!(refusal(client.report_person(asked()).await), (Code::ResourceExhausted, "REPORTS_BUSY".into()));
    begun.pop();
    let bound = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while let Err(status) = client.report_person(asked()).await {
        assert!(tokio::time::Instant::now() < bound, "{status}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
