//! Sessions as the desk uses them: invitation, sign-in, and every way in which a session ends.

use api::TokenSetting;
use chrono::{TimeDelta, Utc};
use intake::review::Role;
use proto::intake::v1::{
    self, campaign_service_client::CampaignServiceClient, session_service_client::SessionServiceClient,
};
use stdx::Sha256;
use store::account::{AccountChange, AccountDraft, By, Kept};
use tonic::{Code, Request, Status, transport::Channel};

use crate::world::{World, fields, refusal};

const PASSWORD: &str = "落霞与孤鹜齐飞 1";

fn by() -> By {
    By { actor: "test".into(), now: Utc::now() }
}

/// A user with an invitation.
async fn invited(world: &World, name: &str, role: Role) -> (uuid::Uuid, String) {
    let draft = AccountDraft { name: name.into(), display_name: "张三".into(), role, is_rehearsal: false };
    let (token, invitation) = api::session::invitation(Utc::now()).unwrap();
    match world.store.account_create(&draft, &invitation, None, &by()).await.unwrap() {
        Kept::Made(account) => (account.id, token),
        Kept::Before(_) => panic!("a first call was taken for a second"),
    }
}

fn bearing<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// Whether a token still opens the other services.
async fn opens(channel: &Channel, token: &str) -> Result<(), Status> {
    let mut client = CampaignServiceClient::new(channel.clone());
    client.list_campaigns(bearing(token, v1::ListCampaignsRequest::default())).await.map(|_| ())
}

fn unknown<T: std::fmt::Debug>(answer: Result<T, Status>) {
    assert_eq!(refusal(answer), (Code::Unauthenticated, "TOKEN_UNKNOWN".into()));
}

fn accept(invitation: &str, password: &str) -> v1::AcceptInvitationRequest {
    v1::AcceptInvitationRequest { invitation: invitation.into(), password: password.into(), peer: "203.0.113.7".into() }
}

fn sign_in(password: &str) -> v1::SignInRequest {
    v1::SignInRequest { user_name: "Zhang.San".into(), password: password.into(), peer: "203.0.113.7".into() }
}

#[tokio::test]
async fn an_invitation_sets_a_password_once_and_the_person_is_signed_in() {
    let world = World::new().await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut client = SessionServiceClient::new(channel.clone());
    let (id, invitation) = invited(&world, "zhang.san", Role::Editor).await;
    for weak in ["short", "88888888", "ZHANG.SAN"] {
        assert_eq!(fields(client.accept_invitation(accept(&invitation, weak)).await), ["password"], "{weak}");
    }
    let answer = client.accept_invitation(accept(&invitation, PASSWORD)).await.unwrap().into_inner();
    opens(&channel, &answer.token).await.unwrap();
    let session = client.get_session(bearing(&answer.token, v1::GetSessionRequest {})).await.unwrap().into_inner();
    assert_eq!(Some(&session), answer.session.as_ref());
    assert_eq!((session.user, session.user_name.as_str()), (format!("users/{id}"), "zhang.san"));
    assert_eq!((session.display_name.as_str(), session.role), ("张三", v1::ReviewRole::Editor as i32));
    let (begin, end) = (session.create_time.unwrap(), session.expire_time.unwrap());
    assert_eq!(end.seconds - begin.seconds, 12 * 60 * 60);

    for useless in [invitation.as_str(), "", "x"] {
        let again = client.accept_invitation(accept(useless, "另一个足够长的密码")).await;
        assert_eq!(refusal(again), (Code::Unauthenticated, "INVITATION_UNKNOWN".into()));
    }
    let old = Utc::now() - TimeDelta::days(8);
    let (late, kept) = api::session::invitation(old).unwrap();
    world.store.account_invite(id, &kept, &by()).await.unwrap();
    let late = client.accept_invitation(accept(&late, PASSWORD)).await;
    assert_eq!(refusal(late), (Code::Unauthenticated, "INVITATION_UNKNOWN".into()));
}

#[tokio::test]
async fn each_sign_in_gives_a_new_token_and_a_token_is_worth_nothing_after_signing_out() {
    let world = World::new().await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut client = SessionServiceClient::new(channel.clone());
    let (_, invitation) = invited(&world, "zhang.san", Role::Editor).await;
    let first = client.accept_invitation(accept(&invitation, PASSWORD)).await.unwrap().into_inner().token;
    // Fixation: a token that was there before a sign-in is never the one after it.
    let second = client.sign_in(bearing(&first, sign_in(PASSWORD))).await.unwrap().into_inner().token;
    assert_ne!(first, second);
    let planted = "A".repeat(43);
    let third = client.sign_in(bearing(&planted, sign_in(PASSWORD))).await.unwrap().into_inner().token;
    assert_ne!(third, planted);
    unknown(opens(&channel, &planted).await);

    client.sign_out(bearing(&second, v1::SignOutRequest {})).await.unwrap();
    unknown(opens(&channel, &second).await);
    unknown(client.get_session(bearing(&second, v1::GetSessionRequest {})).await);
    client.sign_out(bearing(&second, v1::SignOutRequest {})).await.unwrap();
    assert_eq!(refusal(client.sign_out(v1::SignOutRequest {}).await), (Code::Unauthenticated, "TOKEN_UNKNOWN".into()));
    for alive in [&first, &third] {
        opens(&channel, alive).await.unwrap();
    }
}

#[tokio::test]
async fn a_changed_password_a_changed_role_a_disabling_and_a_new_invitation_end_sessions() {
    let world = World::new().await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut client = SessionServiceClient::new(channel.clone());
    let (id, invitation) = invited(&world, "zhang.san", Role::Editor).await;
    let first = client.accept_invitation(accept(&invitation, PASSWORD)).await.unwrap().into_inner().token;
    let second = client.sign_in(sign_in(PASSWORD)).await.unwrap().into_inner().token;

    let change = |password: &str, password_new: &str| v1::ChangePasswordRequest {
        password: password.into(),
        password_new: password_new.into(),
    };
    let wrong = client.change_password(bearing(&second, change("wrong", "秋水共长天一色 2"))).await;
    assert_eq!(refusal(wrong), (Code::Unauthenticated, "PASSWORD_WRONG".into()));
    let weak = client.change_password(bearing(&second, change(PASSWORD, "woaini1314"))).await;
    assert_eq!(fields(weak), ["password_new"]);
    opens(&channel, &first).await.unwrap();
    client.change_password(bearing(&second, change(PASSWORD, "秋水共长天一色 2"))).await.unwrap();
    unknown(opens(&channel, &first).await);
    opens(&channel, &second).await.unwrap();
    let old = client.sign_in(sign_in(PASSWORD)).await;
    assert_eq!(refusal(old), (Code::Unauthenticated, "SIGN_IN_FAILED".into()));

    let update = |change: AccountChange| {
        let store = world.store.clone();
        async move { store.account_update(id, None, &change, &by()).await.unwrap().unwrap() }
    };
    let promoted = AccountChange { role: Some(Role::ChiefEditor), ..AccountChange::default() };
    update(promoted).await;
    unknown(opens(&channel, &second).await);
    let third = client.sign_in(sign_in("秋水共长天一色 2")).await.unwrap().into_inner().token;
    update(AccountChange { disabled: Some(true), ..AccountChange::default() }).await;
    unknown(opens(&channel, &third).await);
    let disabled = client.sign_in(sign_in("秋水共长天一色 2")).await;
    assert_eq!(refusal(disabled), (Code::Unauthenticated, "SIGN_IN_FAILED".into()));

    update(AccountChange { disabled: Some(false), ..AccountChange::default() }).await;
    unknown(opens(&channel, &third).await);
    let fourth = client.sign_in(sign_in("秋水共长天一色 2")).await.unwrap().into_inner().token;
    let (again, kept) = api::session::invitation(Utc::now()).unwrap();
    world.store.account_invite(id, &kept, &by()).await.unwrap();
    unknown(opens(&channel, &fourth).await);
    let lost = client.sign_in(sign_in("秋水共长天一色 2")).await;
    assert_eq!(refusal(lost), (Code::Unauthenticated, "SIGN_IN_FAILED".into()));
    client.accept_invitation(accept(&again, PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn a_bearer_that_nobody_knows_is_refused_also_where_no_token_is_set() {
    let world = World::new().await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut open = CampaignServiceClient::new(channel.clone());
    open.list_campaigns(v1::ListCampaignsRequest::default()).await.unwrap();
    unknown(opens(&channel, "nobody's").await);
    unknown(opens(&channel, "").await);

    // A token of the settings is a service, and has no session.
    let token = TokenSetting { name: "report".into(), sha256: Sha256::of(b"two"), role: Role::Administrator };
    let server = world.serve_with(vec![token]).await;
    let channel = server.channel().await;
    opens(&channel, "two").await.unwrap();
    let mut client = SessionServiceClient::new(channel.clone());
    let answer = client.get_session(bearing("two", v1::GetSessionRequest {})).await;
    assert_eq!(refusal(answer), (Code::Unauthenticated, "SESSION_NEEDED".into()));
    let (_, invitation) = invited(&world, "zhang.san", Role::Editor).await;
    let person = client.accept_invitation(accept(&invitation, PASSWORD)).await.unwrap().into_inner().token;
    opens(&channel, &person).await.unwrap();
}

#[tokio::test]
async fn without_an_identity_provider_there_is_none_to_sign_in_at() {
    let world = World::new().await;
    let server = world.serve().await;
    let mut client = SessionServiceClient::new(server.channel().await);
    let listed = client.list_sign_in_providers(v1::ListSignInProvidersRequest {}).await.unwrap().into_inner();
    assert_eq!(listed.providers, []);
    let none = (Code::FailedPrecondition, "PROVIDER_NONE".to_owned());
    let begun = client.begin_provider_sign_in(v1::BeginProviderSignInRequest::default()).await;
    assert_eq!(refusal(begun), none);
    let completed = client.complete_provider_sign_in(v1::CompleteProviderSignInRequest::default()).await;
    assert_eq!(refusal(completed), none);
}

#[tokio::test]
async fn a_sign_in_at_a_provider_leads_back_to_the_desk_alone_and_says_when_the_provider_is_silent() {
    let world = World::new().await;
    let provider = identity::Provider::new(identity::ProviderSettings {
        // Nobody listens there.
        issuer: "http://127.0.0.1:1".into(),
        client_id: "caibian".into(),
        client_secret: None,
        user_name_claim: "preferred_username".into(),
        authorities: None,
    });
    let server = world
        .serve_settings(api::ApiSettings {
            sign_in_provider: Some(api::SignInProvider {
                provider: provider.unwrap(),
                zh: "统一身份认证".into(),
                en: "single sign-on".into(),
                unknown_users: api::UnknownUsers::Refused,
                desk_url: "https://desk.example.cn".into(),
            }),
            ..world.settings()
        })
        .await;
    let mut client = SessionServiceClient::new(server.channel().await);
    let begin = |return_url: &str, next: &str| v1::BeginProviderSignInRequest {
        return_url: return_url.into(),
        next: next.into(),
        peer: String::new(),
    };
    let elsewhere = begin("https://evil.example/sign-in/provider/return", "/");
    assert_eq!(fields(client.begin_provider_sign_in(elsewhere).await), ["return_url"]);
    let ours = "https://desk.example.cn/sign-in/provider/return";
    assert_eq!(fields(client.begin_provider_sign_in(begin(ours, &"x".repeat(2_001))).await), ["next"]);
    let silent = client.begin_provider_sign_in(begin(ours, "/")).await;
    assert_eq!(refusal(silent), (Code::Unavailable, "PROVIDER_UNAVAILABLE".into()));
    let invented = v1::CompleteProviderSignInRequest { state: "S".into(), code: "C".into(), ..Default::default() };
    let stale = client.complete_provider_sign_in(invented).await;
    assert_eq!(refusal(stale), (Code::Unauthenticated, "SIGN_IN_STALE".into()));
}
