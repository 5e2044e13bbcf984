//! Letters to authors: lists, counts, what each role may do in each state, etags, new words, whether letters go out.

use std::time::Duration;

use api::TokenSetting;
use intake::review::Role;
use proto::intake::v1::{
    self, ReplyState, contact_service_client::ContactServiceClient, outbox_service_client::OutboxServiceClient,
    submission_service_client::SubmissionServiceClient,
};
use reply::{
    answering::Ourselves,
    outbox::{Outbox, Outcome, Outgoing, Stage},
};
use stdx::Sha256;
use store::{ReplyPolicy, ReplySender};
use tonic::{
    Code, Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use crate::world::{Mail, Server, World, document, fields, refusal};

/// Calls with a token.
#[derive(Clone)]
pub struct Bearer(&'static str);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().unwrap());
        Ok(request)
    }
}

pub type Client = OutboxServiceClient<InterceptedService<Channel, Bearer>>;

/// A world whose mail is answered, and a server for a viewer, an editor and a chief editor.
pub async fn desk() -> (World, Server, impl Fn(&'static str) -> Client) {
    let mut world = World::new().await;
    let policy = ReplyPolicy {
        senders: vec![ReplySender {
            mailbox: world.campaign.mailbox.clone(),
            name: "编辑部".into(),
            address: world.campaign.mailbox.clone(),
            ourselves: Ourselves {
                addresses: vec![world.campaign.mailbox.clone()],
                message_id_domain: "caibian.example.cn".into(),
                ..Ourselves::default()
            },
        }],
        ..ReplyPolicy::default()
    };
    world.store = world.store.clone().answering(policy);
    let token = |name: &str, role| TokenSetting { name: name.into(), sha256: Sha256::of(name.as_bytes()), role };
    let tokens = vec![token("look", Role::Viewer), token("zhang", Role::Editor), token("chief", Role::ChiefEditor)];
    let server = world.serve_with(tokens).await;
    let channel = server.channel().await;
    (world, server, move |name| OutboxServiceClient::with_interceptor(channel.clone(), Bearer(name)))
}

/// The answer to a mail that brings a manuscript.
pub async fn letter(world: &World, client: &mut Client, number: u8) -> v1::Reply {
    let from = format!("author{number}@czt.example.cn");
    let parts = vec![document("2", "稿.txt", b"text", "text")];
    world.submission(&Mail { from, parts, ..Mail::default() }).await;
    let listed = client.list_replies(v1::ListRepliesRequest::default()).await.unwrap().into_inner();
    get(client, &listed.replies[0].name).await
}

async fn get(client: &mut Client, name: &str) -> v1::Reply {
    client.get_reply(v1::GetReplyRequest { name: name.into() }).await.unwrap().into_inner()
}

pub async fn taken(world: &World) -> Outgoing {
    world.store.take("sender-1", Duration::from_secs(600)).await.unwrap().unwrap()
}

/// The calls that change a letter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Update,
    Approve,
    Hold,
    Cancel,
    Retry,
    Settle,
}

async fn call(client: &mut Client, reply: &v1::Reply, call: Call) -> Result<v1::Reply, Status> {
    let (name, etag, note) = (reply.name.clone(), reply.etag.clone(), String::new());
    let answer = match call {
        Call::Update => {
            let (subject, body) = ("收到".into(), "您好！\n来稿收到。".into());
            client.update_reply(v1::UpdateReplyRequest { name, etag, subject, body }).await
        }
        Call::Approve => client.approve_reply(v1::ApproveReplyRequest { name, etag }).await,
        Call::Hold => client.hold_reply(v1::HoldReplyRequest { name, etag, note }).await,
        Call::Cancel => client.cancel_reply(v1::CancelReplyRequest { name, etag, note }).await,
        Call::Retry => client.retry_reply(v1::RetryReplyRequest { name, etag }).await,
        Call::Settle => client.settle_reply(v1::SettleReplyRequest { name, etag, send_again: false, note }).await,
    };
    answer.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_read_whole_and_listed_without_its_text() {
    let (world, _server, client) = desk().await;
    let mut look = client("look");
    let reply = letter(&world, &mut look, 1).await;
    assert_eq!((reply.kind(), reply.state()), (v1::ReplyKind::Acknowledgement, ReplyState::Pending));
    assert_eq!((reply.to.as_str(), reply.number, reply.version), ("a***@czt.example.cn", 1, 1));
    assert_eq!((reply.language.as_str(), reply.tries, reply.edited), ("zh", 0, false));
    assert!(reply.body.starts_with("李敏：\n"), "{}", reply.body);
    assert!(reply.message_id.starts_with("caibian.acknowledgement.1."), "{}", reply.message_id);
    assert_eq!((reply.history.len(), reply.history[0].state_before()), (1, ReplyState::Unspecified));
    assert_eq!((reply.history[0].state_after(), reply.history[0].actor.as_str()), (ReplyState::Pending, "worker"));

    for number in 2..=3 {
        letter(&world, &mut look, number).await;
    }
    let mut request = v1::ListRepliesRequest { page_size: 2, ..v1::ListRepliesRequest::default() };
    let page = look.list_replies(request.clone()).await.unwrap().into_inner();
    let numbers: Vec<u64> = page.replies.iter().map(|reply| reply.number).collect();
    assert_eq!(numbers, [3, 2], "newest first");
    assert!(page.replies.iter().all(|reply| reply.body.is_empty() && reply.history.is_empty()));
    request.page_token = page.next_page_token;
    let next = look.list_replies(request.clone()).await.unwrap().into_inner();
    assert_eq!((next.replies.len(), next.replies[0].number, next.next_page_token.as_str()), (1, 1, ""));
    let other = v1::ListRepliesRequest { bounced: true, ..request };
    assert_eq!(fields(look.list_replies(other).await), ["page_token"]);

    let of = v1::ListRepliesRequest { submission: reply.submission.clone(), ..v1::ListRepliesRequest::default() };
    assert_eq!(look.list_replies(of).await.unwrap().into_inner().replies.len(), 1);
    let held = v1::ListRepliesRequest { states: vec![ReplyState::Held.into()], ..v1::ListRepliesRequest::default() };
    assert_eq!(look.list_replies(held).await.unwrap().into_inner().replies.len(), 0);
    let unspecified = v1::ListRepliesRequest { states: vec![0], ..v1::ListRepliesRequest::default() };
    assert_eq!(fields(look.list_replies(unspecified).await), ["states"]);

    let counts = look.count_replies(v1::CountRepliesRequest { campaign: reply.campaign }).await.unwrap().into_inner();
    let pending = counts.counts.iter().find(|count| count.state() == ReplyState::Pending).unwrap();
    assert_eq!((counts.counts.len(), pending.count, counts.bounced), (9, 3, 0));
    let missing = "replies/01900000-0000-7000-8000-0000000000ab";
    let missing = look.get_reply(v1::GetReplyRequest { name: missing.into() }).await;
    assert_eq!(refusal(missing), (Code::NotFound, "REPLY_NOT_FOUND".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_may_do_what_is_its_own() {
    let (world, _server, client) = desk().await;
    let reply = letter(&world, &mut client("look"), 1).await;
    for (call_of, editors) in [
        (Call::Update, true),
        (Call::Approve, false),
        (Call::Hold, true),
        (Call::Cancel, true),
        (Call::Retry, true),
        (Call::Settle, false),
    ] {
        for (name, may) in [("look", false), ("zhang", editors), ("chief", true)] {
            // With an etag of long ago: whoever may is told that, and nothing changes.
            let stale = v1::Reply { etag: "r9".into(), ..reply.clone() };
            let (code, reason) = refusal(call(&mut client(name), &stale, call_of).await);
            let expected = if may { (Code::Aborted, "ETAG_STALE") } else { (Code::PermissionDenied, "ROLE_TOO_LOW") };
            assert_eq!((code, reason.as_str()), expected, "{call_of:?} by {name}");
        }
    }
    for etag in ["", "x", "r01"] {
        let reply = v1::Reply { etag: etag.into(), ..reply.clone() };
        assert_eq!(fields(call(&mut client("chief"), &reply, Call::Cancel).await), ["etag"], "{etag:?}");
    }
    assert_eq!(get(&mut client("look"), &reply.name).await, reply);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_goes_through_the_hands_of_the_desk_and_tells_who_did_what() {
    let (world, _server, client) = desk().await;
    let (mut zhang, mut chief) = (client("zhang"), client("chief"));
    let first = letter(&world, &mut zhang, 1).await;
    let held = call(&mut zhang, &first, Call::Hold).await.unwrap();
    assert_eq!(held.state(), ReplyState::Held);
    let edited = call(&mut zhang, &held, Call::Update).await.unwrap();
    assert_eq!((edited.subject.as_str(), edited.edited), ("收到", true));
    assert_eq!((edited.body.as_str(), &edited.message_id), ("您好！\n来稿收到。", &first.message_id));
    let approved = call(&mut chief, &edited, Call::Approve).await.unwrap();
    assert_eq!(approved.state(), ReplyState::Pending);
    let again = call(&mut chief, &approved, Call::Approve).await;
    assert_eq!(refusal(again), (Code::FailedPrecondition, "REPLY_STATE".into()));

    let outgoing = taken(&world).await;
    assert_eq!(outgoing.message_id, first.message_id);
    let sending = get(&mut zhang, &first.name).await;
    assert_eq!((sending.state(), sending.tries), (ReplyState::Sending, 1));
    assert_eq!(refusal(call(&mut zhang, &sending, Call::Cancel).await).1, "REPLY_STATE");
    world.store.staged(&outgoing, Stage::End).await.unwrap();
    world.store.ended(&outgoing, &Outcome::Uncertain { said: "the line broke".into() }).await.unwrap();
    let uncertain = get(&mut zhang, &first.name).await;
    assert_eq!((uncertain.state(), uncertain.detail.as_str()), (ReplyState::Uncertain, "the line broke"));
    let settled = call(&mut chief, &uncertain, Call::Settle).await.unwrap();
    assert_eq!(settled.state(), ReplyState::Sent);
    assert!(settled.sent_time.is_some());
    let actors: Vec<&str> = settled.history.iter().map(|event| event.actor.as_str()).collect();
    assert_eq!(actors, ["worker", "zhang", "zhang", "chief", "sender", "chief"]);

    let second = letter(&world, &mut zhang, 2).await;
    let cancelled = call(&mut zhang, &second, Call::Cancel).await.unwrap();
    let retried = call(&mut zhang, &cancelled, Call::Retry).await.unwrap();
    assert_eq!((cancelled.state(), retried.state()), (ReplyState::Cancelled, ReplyState::Pending));
    for (subject, body, expected) in [
        ("", "y", vec!["subject"]),
        ("两\n行", "y", vec!["subject"]),
        ("x", " \n", vec!["body"]),
        (&"长".repeat(201), &"长".repeat(10_001), vec!["subject", "body"]),
    ] {
        let request = v1::UpdateReplyRequest {
            name: retried.name.clone(),
            etag: retried.etag.clone(),
            subject: subject.to_owned(),
            body: body.to_owned(),
        };
        assert_eq!(fields(zhang.update_reply(request).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_sees_whether_letters_go_out() {
    let (world, _server, client) = desk().await;
    let mut look = client("look");
    letter(&world, &mut look, 1).await;
    let outgoing = taken(&world).await;
    world.store.staged(&outgoing, Stage::End).await.unwrap();
    world.store.ended(&outgoing, &Outcome::Sent { said: "250 OK".into() }).await.unwrap();
    let sending = look.get_sending(v1::GetSendingRequest {}).await.unwrap().into_inner();
    assert_eq!(sending.senders.concat(), world.campaign.mailbox);
    assert_eq!((sending.sent_last_hour, sending.sent_last_day, sending.failed_last_hour), (1, 1, 0));
    assert_eq!((sending.hour_max, sending.day_max, sending.paused_until_time), (60, 400, None));

    let unset = World::new().await;
    let server = unset.serve().await;
    let mut local = OutboxServiceClient::new(server.channel().await);
    let sending = local.get_sending(v1::GetSendingRequest {}).await.unwrap().into_inner();
    assert_eq!(sending, v1::Sending::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_marks_an_address_reachable_and_what_waited_goes_on() {
    let (world, server, client) = desk().await;
    let mut zhang = client("zhang");
    let first = letter(&world, &mut zhang, 1).await;
    let outgoing = taken(&world).await;
    world.store.staged(&outgoing, Stage::End).await.unwrap();
    world.store.ended(&outgoing, &Outcome::Sent { said: "250 OK".into() }).await.unwrap();
    let waits = letter(&world, &mut zhang, 1).await;
    world.bounced(&first.message_id, "550 <author1@czt.example.cn> unknown").await;

    let held = get(&mut zhang, &waits.name).await;
    assert_eq!((held.state(), held.silence.unwrap().code.as_str()), (ReplyState::Held, "unreachable"));
    let unreachable = held.unreachable.unwrap();
    assert_eq!(unreachable.reason, "550 <a***@czt.example.cn> unknown");
    assert_eq!(unreachable.address, "a***@czt.example.cn");
    let told = get(&mut client("look"), &first.name).await;
    assert!(!format!("{told:?}").contains("author1@"), "a viewer reads no address: {told:?}");
    let mut submissions = SubmissionServiceClient::with_interceptor(server.channel().await, Bearer("look"));
    let request = v1::GetSubmissionRequest { name: waits.submission.clone() };
    let submission = submissions.get_submission(request).await.unwrap().into_inner();
    assert_eq!(submission.unreachable, std::slice::from_ref(&unreachable));

    let contacts = |name| {
        let channel = server.channel();
        async move { ContactServiceClient::with_interceptor(channel.await, Bearer(name)) }
    };
    let listed = v1::ListContactsRequest { unreachable: true, ..Default::default() };
    let found = contacts("look").await.list_contacts(listed.clone()).await.unwrap().into_inner().contacts;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].name, found[0].unreachable.as_ref()), (&unreachable.contact, Some(&unreachable)));
    let request = v1::MarkReachableRequest { name: unreachable.contact.clone() };
    let refused = contacts("look").await.mark_reachable(request.clone()).await;
    assert_eq!(refusal(refused), (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
    let mut contacts = contacts("zhang").await;
    assert_eq!(contacts.mark_reachable(request.clone()).await.unwrap().into_inner().released_count, 1);
    assert_eq!(contacts.mark_reachable(request).await.unwrap().into_inner().released_count, 0);
    assert_eq!(contacts.list_contacts(listed).await.unwrap().into_inner().contacts, []);
    let request = v1::GetContactRequest { name: unreachable.contact };
    let contact = contacts.get_contact(request).await.unwrap().into_inner().contact.unwrap();
    assert_eq!((contact.unreachable, contact.checked_by.as_str()), (None, "zhang"));
    let free = get(&mut zhang, &waits.name).await;
    assert_eq!((free.state(), free.silence, free.unreachable), (ReplyState::Pending, None, None));
    assert_eq!(free.history.last().unwrap().actor, "zhang");
    let unknown = v1::MarkReachableRequest { name: format!("contacts/{}", uuid::Uuid::now_v7()) };
    assert_eq!(refusal(contacts.mark_reachable(unknown).await), (Code::NotFound, "CONTACT_NOT_FOUND".into()));
}
