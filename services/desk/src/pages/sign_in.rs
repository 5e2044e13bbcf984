//! Signing in with a name and a password, accepting an invitation, signing out. What happens at an identity provider is in
//! [`provider`].

mod provider;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use proto::intake::v1::{AcceptInvitationRequest, SignInRequest, SignInResponse, SignOutRequest};

use crate::{
    Desk,
    api::Api,
    fault::Fault,
    html::{Tone, bare, is_own_path, notice},
    posted::{Fields, Posted},
    visit::{Stranger, is_from_our_page},
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .route("/invitation", get(invited).post(accept))
        .route("/sign-out", post(sign_out))
        .merge(provider::routes())
}

type Pairs = Vec<(String, String)>;

async fn show(State(desk): State<Desk>, stranger: Stranger, Query(query): Query<Pairs>) -> Markup {
    sign_in_page(&desk, &stranger, &Fields(query), None).await
}

async fn sign_in_page(desk: &Desk, stranger: &Stranger, fields: &Fields, wrong: Option<&Fault>) -> Markup {
    let elsewhere = provider::links(desk, stranger.taste.language, fields.one("next")).await;
    let say = |zh, en| stranger.taste.language.of(zh, en);
    let title = say("登录", "Sign in");
    let body = html! {
        h1 { (title) }
        @if let Some(wrong) = wrong { (notice(Tone::Bad, wrong.words(stranger.taste.language))) }
        form.column method="post" action="/sign-in" {
            input type="hidden" name="next" value=(fields.one("next"));
            label { span { (say("用户名", "User name")) }
                input name="user_name" value=(fields.one("user_name")) autocomplete="username" autocapitalize="none" required maxlength="40"; }
            label { span { (say("密码", "Password")) }
                input name="password" type="password" autocomplete="current-password" required maxlength="256"; }
            button { (title) }
        }
        (elsewhere)
    };
    bare(stranger.taste, title, &body)
}

async fn sign_in(
    State(desk): State<Desk>,
    stranger: Stranger,
    headers: HeaderMap,
    Form(fields): Form<Pairs>,
) -> Response {
    let fields = Fields(fields);
    if let Err(fault) = ours(&headers) {
        return fault.page(stranger.taste).into_response();
    }
    let asked = SignInRequest {
        user_name: fields.one("user_name").trim().to_owned(),
        password: fields.one("password").to_owned(),
        peer: stranger.peer.clone(),
    };
    match Api::nobody(desk.channel()).sessions().sign_in(asked).await {
        Ok(signed_in) => {
            stranger.leave().await;
            welcome(&desk, &signed_in.into_inner(), fields.one("next"))
        }
        Err(status) => {
            let fault = Fault::from(status);
            (fault.status(), sign_in_page(&desk, &stranger, &fields, Some(&fault)).await).into_response()
        }
    }
}

async fn invited(stranger: Stranger) -> Markup {
    invitation_page(&stranger, &Fields::default(), None)
}

/// The invitation is typed or pasted, and never part of an address: addresses are kept in histories and logs.
fn invitation_page(stranger: &Stranger, fields: &Fields, wrong: Option<&Fault>) -> Markup {
    let say = |zh, en| stranger.taste.language.of(zh, en);
    let title = say("接受邀请", "Accept an invitation");
    let body = html! {
        h1 { (title) }
        @if let Some(wrong) = wrong { (notice(Tone::Bad, wrong.words(stranger.taste.language))) }
        form.column method="post" action="/invitation" {
            label { span { (say("邀请码", "Invitation")) }
                input name="invitation" value=(fields.one("invitation")) autocomplete="off" autocapitalize="none" required maxlength="100"; }
            label { span { (say("新密码（至少 8 个字符）", "New password (8 characters at least)")) }
                input name="password" type="password" autocomplete="new-password" required minlength="8" maxlength="256"; }
            label { span { (say("再输入一次", "Once more")) }
                input name="again" type="password" autocomplete="new-password" required minlength="8" maxlength="256"; }
            button { (say("设置密码并登录", "Set the password and sign in")) }
        }
    };
    bare(stranger.taste, title, &body)
}

async fn accept(
    State(desk): State<Desk>,
    stranger: Stranger,
    headers: HeaderMap,
    Form(fields): Form<Pairs>,
) -> Response {
    let fields = Fields(fields);
    if let Err(fault) = ours(&headers) {
        return fault.page(stranger.taste).into_response();
    }
    let accepted = if fields.one("password") == fields.one("again") {
        let asked = AcceptInvitationRequest {
            invitation: fields.one("invitation").trim().to_owned(),
            password: fields.one("password").to_owned(),
            peer: stranger.peer.clone(),
        };
        Api::nobody(desk.channel()).sessions().accept_invitation(asked).await.map_err(Fault::from)
    } else {
        Err(Fault::of(StatusCode::BAD_REQUEST, "两次输入的密码不同。", "The two passwords differ."))
    };
    match accepted {
        Ok(signed_in) => {
            stranger.leave().await;
            welcome(&desk, &signed_in.into_inner(), "/")
        }
        Err(fault) => (fault.status(), invitation_page(&stranger, &fields, Some(&fault))).into_response(),
    }
}

async fn sign_out(State(desk): State<Desk>, posted: Posted) -> Response {
    match posted.visit.api.sessions().sign_out(SignOutRequest {}).await {
        Ok(_) => (
            StatusCode::SEE_OTHER,
            [(LOCATION, "/sign-in".parse()), (SET_COOKIE, Ok(desk.cookie().clear()))]
                .map(|(name, value)| (name, value.expect("a fixed value"))),
        )
            .into_response(),
        Err(status) => Fault::from(status).to(&posted.visit),
    }
}

/// Signing somebody in from elsewhere would make them work in another's name.
fn ours(headers: &HeaderMap) -> Result<(), Fault> {
    if is_from_our_page(headers) {
        return Ok(());
    }
    Err(Fault::of(StatusCode::FORBIDDEN, "此表单不是由登录页发出的。", "This form was not sent by our page."))
}

fn welcome(desk: &Desk, signed_in: &SignInResponse, next: &str) -> Response {
    let next = if is_own_path(next) { next } else { "/" };
    match (desk.cookie().set(&signed_in.token), next.parse::<axum::http::HeaderValue>()) {
        (Ok(cookie), Ok(next)) => (StatusCode::SEE_OTHER, [(LOCATION, next), (SET_COOKIE, cookie)]).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
