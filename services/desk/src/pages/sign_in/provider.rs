//! Signing in at an identity provider: the way there by a link (a redirect after a form is barred by `form-action`), and the
//! page that the browser comes back to.

use axum::{
    Router,
    extract::{Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{HOST, LOCATION, REFRESH, SET_COOKIE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use proto::intake::v1::{
    BeginProviderSignInRequest, CompleteProviderSignInRequest, ListSignInProvidersRequest, SignInResponse,
};

use super::{Pairs, sign_in_page};
use crate::{
    Desk, Language,
    api::Api,
    cookie,
    fault::Fault,
    html::{bare, is_own_path, url},
    posted::Fields,
    visit::{Stranger, is_from_elsewhere},
};

/// Bytes of where a person was going; who goes further begins at the first page.
const NEXT_BYTES_MAX: usize = 2_000;

pub fn routes() -> Router<Desk> {
    Router::new().route("/sign-in/provider", get(begin)).route("/sign-in/provider/return", get(come_back))
}

/// A link for each provider; nothing while the services do not answer, which the form will tell.
pub async fn links(desk: &Desk, language: Language, next: &str) -> Markup {
    let asked = Api::nobody(desk.channel()).sessions().list_sign_in_providers(ListSignInProvidersRequest {}).await;
    let providers = asked.map(|answer| answer.into_inner().providers).unwrap_or_default();
    html! {
        @for provider in &providers {
            p { a.button.quiet href=(url("/sign-in/provider", &[("next", next)])) {
                @match language {
                    Language::Zh => { "用" (provider.display_name) "登录" }
                    Language::En => { "Sign in with " (provider.display_name_en) }
                }
            } }
        }
    }
}

async fn begin(
    State(desk): State<Desk>,
    stranger: Stranger,
    headers: HeaderMap,
    Query(query): Query<Pairs>,
) -> Response {
    let fields = Fields(query);
    // A provider that still knows the person asks nothing: without this, another site's link would begin a session.
    if is_from_elsewhere(&headers) {
        let (zh, en) = ("请从登录页登录。", "Sign in from our own page.");
        return failed(&desk, &stranger, &fields, &Fault::of(StatusCode::FORBIDDEN, zh, en)).await;
    }
    let next = Some(fields.one("next")).filter(|next| is_own_path(next) && next.len() <= NEXT_BYTES_MAX);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let asked = BeginProviderSignInRequest {
        return_url: format!("{}/sign-in/provider/return", desk.origin(host)),
        next: next.unwrap_or_default().to_owned(),
        peer: stranger.peer.clone(),
    };
    let begun = match Api::nobody(desk.channel()).sessions().begin_provider_sign_in(asked).await {
        Ok(begun) => begun.into_inner(),
        Err(status) => return failed(&desk, &stranger, &fields, &Fault::from(status)).await,
    };
    match (begun.url.parse::<HeaderValue>(), desk.binding_cookie().set(&begun.binding)) {
        (Ok(url), Ok(cookie)) => (StatusCode::SEE_OTHER, [(LOCATION, url), (SET_COOKIE, cookie)]).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn come_back(
    State(desk): State<Desk>,
    stranger: Stranger,
    headers: HeaderMap,
    Query(query): Query<Pairs>,
) -> Response {
    let fields = Fields(query);
    // The provider's own words come from an address that anybody can write, and are not shown.
    if !fields.one("error").is_empty() {
        let (zh, en) = (
            "未能登录：统一身份认证没有放行，请重试或改用密码。",
            "Nobody was signed in: the identity provider did not let you through. Try again, or use a password.",
        );
        return failed(&desk, &stranger, &fields, &Fault::of(StatusCode::UNAUTHORIZED, zh, en)).await;
    }
    let asked = CompleteProviderSignInRequest {
        state: fields.one("state").to_owned(),
        code: fields.one("code").to_owned(),
        binding: cookie::read(&headers, desk.binding_cookie().name()).unwrap_or_default().to_owned(),
        peer: stranger.peer.clone(),
    };
    match Api::nobody(desk.channel()).sessions().complete_provider_sign_in(asked).await {
        Ok(signed_in) => welcome(&desk, &stranger, &signed_in.into_inner()),
        Err(status) => failed(&desk, &stranger, &fields, &Fault::from(status)).await,
    }
}

/// The page that asks again, with what went wrong.
async fn failed(desk: &Desk, stranger: &Stranger, fields: &Fields, fault: &Fault) -> Response {
    (fault.status(), sign_in_page(desk, stranger, fields, Some(fault)).await).into_response()
}

/// A page of ours that leads on by itself. A redirect would be part of the way from the provider, and on that a browser does
/// not show the session's cookie (`SameSite=Strict`).
fn welcome(desk: &Desk, stranger: &Stranger, signed_in: &SignInResponse) -> Response {
    let next = Some(signed_in.next.as_str()).filter(|next| is_own_path(next) && next.is_ascii()).unwrap_or("/");
    let say = |zh, en| stranger.taste.language.of(zh, en);
    let title = say("已登录", "Signed in");
    let body = html! {
        h1 { (title) }
        p { a href=(next) { (say("继续", "Continue")) } }
    };
    let headers = (
        desk.cookie().set(&signed_in.token),
        desk.binding_cookie().clear(),
        format!("0; url={next}").parse::<HeaderValue>(),
    );
    match headers {
        (Ok(session), Ok(binding), Ok(refresh)) => {
            let mut answer = bare(stranger.taste, title, &body).into_response();
            answer.headers_mut().insert(REFRESH, refresh);
            answer.headers_mut().append(SET_COOKIE, session);
            answer.headers_mut().append(SET_COOKIE, binding);
            answer
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
