//! Users as an administrator has them, who may get a submission, and what viewers and editors see of authors.

use api::TokenSetting;
use intake::{
    contact::{Contact, Found},
    review::Role,
};
use proto::intake::v1::{
    self, AccessAction, ReviewRole, review_service_client::ReviewServiceClient,
    session_service_client::SessionServiceClient, submission_service_client::SubmissionServiceClient,
    user_service_client::UserServiceClient,
};
use stdx::Sha256;
use tonic::{
    Code, Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use crate::world::{Mail, World, fields, refusal};

/// Calls with a token.
#[derive(Clone)]
struct Bearer(String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().unwrap());
        Ok(request)
    }
}

type Line = InterceptedService<Channel, Bearer>;

fn token(name: &str, role: Role) -> TokenSetting {
    TokenSetting { name: name.into(), sha256: Sha256::of(name.as_bytes()), role }
}

fn users(channel: &Channel, token: &str) -> UserServiceClient<Line> {
    UserServiceClient::with_interceptor(channel.clone(), Bearer(token.into()))
}

fn submissions(channel: &Channel, token: &str) -> SubmissionServiceClient<Line> {
    SubmissionServiceClient::with_interceptor(channel.clone(), Bearer(token.into()))
}

fn create(name: &str, role: ReviewRole) -> v1::CreateUserRequest {
    let user =
        v1::User { user_name: name.into(), display_name: "张三".into(), role: role.into(), ..v1::User::default() };
    v1::CreateUserRequest { user: Some(user), ..v1::CreateUserRequest::default() }
}

/// The token of a new person's session.
async fn person(channel: &Channel, name: &str, role: ReviewRole) -> String {
    let made = users(channel, "root").create_user(create(name, role)).await.unwrap().into_inner();
    let asked = v1::AcceptInvitationRequest {
        invitation: made.invitation,
        password: "落霞与孤鹜齐飞 1".into(),
        peer: "203.0.113.7".into(),
    };
    SessionServiceClient::new(channel.clone()).accept_invitation(asked).await.unwrap().into_inner().token
}

#[tokio::test]
async fn an_administrator_makes_changes_and_invites_users_and_each_deed_is_told() {
    let world = World::new().await;
    let server = world.serve_with(vec![token("root", Role::Administrator)]).await;
    let channel = server.channel().await;
    let mut client = users(&channel, "root");
    let request_id = "0190b6a8-0000-7000-8000-000000000001".to_owned();
    let asked = v1::CreateUserRequest { request_id, ..create("Zhang.San", ReviewRole::Editor) };
    let rehearsed = v1::CreateUserRequest { validate_only: true, request_id: String::new(), ..asked.clone() };
    assert_eq!(client.create_user(rehearsed).await.unwrap().into_inner().invitation, "");
    let made = client.create_user(asked.clone()).await.unwrap().into_inner();
    let again = client.create_user(asked).await.unwrap().into_inner();
    assert_eq!((again.invitation.as_str(), &again.user), ("", &made.user));
    assert_eq!(made.invitation.len(), 43);
    let user = made.user.unwrap();
    assert_eq!((user.user_name.as_str(), user.invited, user.disabled), ("zhang.san", true, false));

    let taken = client.create_user(create("ZHANG.SAN", ReviewRole::Viewer)).await;
    assert_eq!(refusal(taken), (Code::AlreadyExists, "USER_NAME_TAKEN".into()));
    for (name, role, field) in [
        ("张三", ReviewRole::Viewer, "user.user_name"),
        ("local", ReviewRole::Viewer, "user.user_name"),
        ("li", ReviewRole::Worker, "user.role"),
        ("li", ReviewRole::Unspecified, "user.role"),
    ] {
        assert_eq!(fields(client.create_user(create(name, role)).await), [field], "{name}");
    }

    let changed = v1::User { role: ReviewRole::ChiefEditor.into(), display_name: String::new(), ..user.clone() };
    let mask = |path: &str| Some(prost_types::FieldMask { paths: vec![path.into()] });
    let update = v1::UpdateUserRequest { user: Some(changed.clone()), update_mask: mask("role") };
    let after = client.update_user(update.clone()).await.unwrap().into_inner();
    assert_eq!((after.role(), after.display_name.as_str()), (ReviewRole::ChiefEditor, "张三"));
    assert_eq!(refusal(client.update_user(update).await), (Code::Aborted, "ETAG_STALE".into()));
    let named = v1::UpdateUserRequest { user: Some(changed), update_mask: mask("user_name") };
    assert_eq!(fields(client.update_user(named).await), ["update_mask"]);
    let invited = client.invite_user(v1::InviteUserRequest { name: user.name.clone() }).await.unwrap().into_inner();
    assert_ne!(invited.invitation, made.invitation);
    let nobody = v1::GetUserRequest { name: format!("users/{}", uuid::Uuid::nil()) };
    assert_eq!(refusal(client.get_user(nobody).await), (Code::NotFound, "USER_NOT_FOUND".into()));

    let list = client.list_users(v1::ListUsersRequest::default()).await.unwrap().into_inner();
    assert_eq!(list.users.iter().map(|user| user.user_name.as_str()).collect::<Vec<_>>(), ["zhang.san"]);
    let asked = v1::ListAccessEventsRequest { actor: "root".into(), page_size: 2, ..Default::default() };
    let page = client.list_access_events(asked.clone()).await.unwrap().into_inner();
    let actions = |page: &v1::ListAccessEventsResponse| -> Vec<AccessAction> {
        page.events.iter().map(v1::AccessEvent::action).collect()
    };
    assert_eq!(actions(&page), [AccessAction::UserInvited, AccessAction::UserUpdated]);
    let rest = v1::ListAccessEventsRequest { page_token: page.next_page_token, ..asked };
    let rest = client.list_access_events(rest).await.unwrap().into_inner();
    assert_eq!((actions(&rest), rest.next_page_token.as_str()), (vec![AccessAction::UserCreated], ""));
    assert_eq!(rest.events[0].subject, user.name);
}

#[tokio::test]
async fn the_last_administrator_cannot_be_disabled_or_demoted() {
    let world = World::new().await;
    let server = world.serve_with(vec![token("root", Role::Administrator)]).await;
    let channel = server.channel().await;
    let session = person(&channel, "only", ReviewRole::Administrator).await;
    let mut client = users(&channel, &session);
    let only = client.list_users(v1::ListUsersRequest::default()).await.unwrap().into_inner().users.remove(0);
    for changed in
        [v1::User { disabled: true, ..only.clone() }, v1::User { role: ReviewRole::Viewer.into(), ..only.clone() }]
    {
        let update = v1::UpdateUserRequest { user: Some(changed), update_mask: None };
        let answer = client.update_user(update).await;
        assert_eq!(refusal(answer), (Code::FailedPrecondition, "LAST_ADMINISTRATOR".into()));
    }
    person(&channel, "second", ReviewRole::Administrator).await;
    let changed = v1::User { disabled: true, ..only };
    client.update_user(v1::UpdateUserRequest { user: Some(changed), update_mask: None }).await.unwrap();
    let ended = client.list_users(v1::ListUsersRequest::default()).await;
    assert_eq!(refusal(ended), (Code::Unauthenticated, "TOKEN_UNKNOWN".into()));
}

#[tokio::test]
async fn a_submission_goes_to_a_user_or_a_token_who_edits_and_to_nobody_else() {
    let world = World::new().await;
    let submission = format!("submissions/{}", world.submission(&Mail::default()).await);
    let tokens = vec![token("root", Role::Administrator), token("desk", Role::Editor), token("look", Role::Viewer)];
    let server = world.serve_with(tokens).await;
    let channel = server.channel().await;
    let session = person(&channel, "zhang.san", ReviewRole::Editor).await;
    person(&channel, "reader", ReviewRole::Viewer).await;
    let editors = users(&channel, &session).list_editors(v1::ListEditorsRequest {}).await.unwrap().into_inner();
    let named: Vec<(&str, &str)> =
        editors.editors.iter().map(|one| (one.editor.as_str(), one.display_name.as_str())).collect();
    assert_eq!(named, [("desk", "desk"), ("root", "root"), ("zhang.san", "张三")]);

    let mut reviews = ReviewServiceClient::with_interceptor(channel.clone(), Bearer(session));
    let assign = |etag: &str, editor: &str| v1::AssignSubmissionRequest {
        submission: submission.clone(),
        etag: etag.into(),
        editor: editor.into(),
        ..v1::AssignSubmissionRequest::default()
    };
    let review =
        reviews.get_review(v1::GetReviewRequest { submission: submission.clone() }).await.unwrap().into_inner();
    for nobody in ["reader", "look", "Zhang.San", "x", ""] {
        assert_eq!(fields(reviews.assign_submission(assign(&review.etag, nobody)).await), ["editor"], "{nobody}");
    }
    let review = reviews.assign_submission(assign(&review.etag, "zhang.san")).await.unwrap().into_inner();
    assert_eq!(review.editor, "zhang.san");
    assert_eq!(review.history.last().unwrap().actor, "zhang.san");
    let asked = v1::ListReviewsRequest { filter: "editor = \"zhang.san\"".into(), ..Default::default() };
    assert_eq!(reviews.list_reviews(asked).await.unwrap().into_inner().reviews.len(), 1);
    let review = reviews.assign_submission(assign(&review.etag, "desk")).await.unwrap().into_inner();
    assert_eq!(review.editor, "desk");
}

#[tokio::test]
async fn an_authors_contact_is_masked_by_role_until_it_is_revealed_and_that_is_told() {
    let world = World::new().await;
    let found = |value: &str| Found { value: value.into(), place: "body".into(), excerpt: value.into() };
    let contact = Contact {
        phones: vec![found("13800001234")],
        addresses: vec![found("limin@czt.example.cn")],
        ..Contact::default()
    };
    let name = format!("submissions/{}", world.submission_of(&Mail::default(), contact).await);
    let tokens = vec![token("root", Role::Administrator), token("desk", Role::Editor), token("look", Role::Viewer)];
    let server = world.serve_with(tokens).await;
    let channel = server.channel().await;
    let editor = person(&channel, "zhang.san", ReviewRole::Editor).await;
    let viewer = person(&channel, "reader", ReviewRole::Viewer).await;
    for (token, whole_contact, whole_text) in
        [("desk", true, true), (&editor, false, true), ("look", false, false), (&viewer, false, false)]
    {
        let mut client = submissions(&channel, token);
        let asked = v1::GetSubmissionRequest { name: name.clone() };
        let one = client.get_submission(asked).await.unwrap().into_inner();
        let listed = client.list_submissions(v1::ListSubmissionsRequest::default()).await.unwrap().into_inner();
        let watched = v1::WatchSubmissionsRequest { resume_token: "0".into(), ..Default::default() };
        let mut watch = client.watch_submissions(watched).await.unwrap().into_inner();
        let watched = watch.message().await.unwrap().unwrap().submission.unwrap();
        for seen in [&one, &listed.submissions[0], &watched] {
            let phone = &seen.contact.as_ref().unwrap().phones[0];
            let expected = if whole_contact { "13800001234" } else { "138****1234" };
            assert_eq!((phone.value.as_str(), phone.excerpt.as_str()), (expected, expected));
            let from = &seen.from.as_ref().unwrap().address;
            assert_eq!(from, if whole_text { "limin@czt.example.cn" } else { "l***@czt.example.cn" });
        }
        assert_eq!(one.text.contains("13800001234"), whole_text);
        assert_eq!(watched.text.contains("13800001234"), whole_text);

        let reveal = client.reveal_contact(v1::RevealContactRequest { name: name.clone() }).await;
        let raw = client.download_raw(v1::DownloadRawRequest { name: name.clone(), ..Default::default() }).await;
        if whole_text {
            assert_eq!(reveal.unwrap().into_inner().phones[0].value, "13800001234");
            raw.unwrap();
        } else {
            assert_eq!(refusal(reveal), (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
            assert_eq!(refusal(raw.map(|_| ())), (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
        }
    }
    let asked = v1::ListAccessEventsRequest {
        actions: vec![AccessAction::ContactRevealed.into()],
        ..v1::ListAccessEventsRequest::default()
    };
    let told = users(&channel, "root").list_access_events(asked).await.unwrap().into_inner().events;
    let told: Vec<(&str, &str, &str)> =
        told.iter().map(|event| (event.actor.as_str(), event.subject.as_str(), event.peer.as_str())).collect();
    assert_eq!(told, [("zhang.san", name.as_str(), "203.0.113.7"), ("desk", name.as_str(), "")]);
}

#[tokio::test]
async fn a_watch_ends_with_the_session_that_began_it() {
    let world = World::new().await;
    world.submission(&Mail::default()).await;
    let server = world.serve_with(vec![token("root", Role::Administrator)]).await;
    let channel = server.channel().await;
    let session = person(&channel, "zhang.san", ReviewRole::Editor).await;
    let watched = v1::WatchSubmissionsRequest { resume_token: "0".into(), ..Default::default() };
    let mut watch = submissions(&channel, &session).watch_submissions(watched).await.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();
    let mut sessions = SessionServiceClient::with_interceptor(channel.clone(), Bearer(session));
    sessions.sign_out(v1::SignOutRequest {}).await.unwrap();
    world.submission(&Mail::default()).await;
    let ended = watch.message().await;
    assert_eq!(refusal(ended), (Code::Unauthenticated, "TOKEN_UNKNOWN".into()));
}
