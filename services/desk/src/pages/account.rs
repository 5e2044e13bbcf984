//! The person's own page: password, signing out; and how the person likes the pages.

use axum::{
    Router,
    extract::{Query, State},
    http::{
        HeaderValue, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::html;
use proto::intake::v1::ChangePasswordRequest;

use crate::{
    Desk, cookie,
    fault::Fault,
    html::{Here, Page, Tone, hidden, is_own_path, moment},
    posted::{Fields, Posted},
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/account", get(show).post(change_password)).route("/taste", post(taste))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let said = Fields(query).has("done").then(|| {
        (
            Tone::Good,
            visit
                .say("密码已更改，您的其他登录已结束。", "The password was changed, and your other sessions ended.")
                .to_owned(),
        )
    });
    page(&visit, said)
}

fn page(visit: &Visit, said: Option<(Tone, String)>) -> Response {
    let body = html! {
        dl.facts {
            dt { (visit.say("用户名", "User name")) } dd { (visit.session.user_name) }
            dt { (visit.say("此次登录", "Signed in")) } dd { (moment(visit.session.create_time.as_ref())) }
        }
        h2 { (visit.say("更改密码", "Change the password")) }
        form.column method="post" action="/account" {
            (hidden(visit))
            label { span { (visit.say("现在的密码", "Present password")) }
                input name="password" type="password" autocomplete="current-password" required maxlength="256"; }
            label { span { (visit.say("新密码（至少 8 个字符）", "New password (8 characters at least)")) }
                input name="password_new" type="password" autocomplete="new-password" required minlength="8" maxlength="256"; }
            label { span { (visit.say("再输入一次", "Once more")) }
                input name="again" type="password" autocomplete="new-password" required minlength="8" maxlength="256"; }
            button { (visit.say("更改密码", "Change the password")) }
        }
        h2 { (visit.say("退出", "Sign out")) }
        form method="post" action="/sign-out" { (hidden(visit)) button { (visit.say("退出登录", "Sign out")) } }
    };
    let page = Page::new(visit, Here::Nowhere, visit.session.display_name.as_str());
    match said {
        Some((tone, words)) => page.saying(tone, words).show(&body),
        None => page.show(&body),
    }
}

async fn change_password(posted: Posted) -> Response {
    let visit = &posted.visit;
    if posted.one("password_new") != posted.one("again") {
        let words =
            visit.say("两次输入的新密码不同，密码未更改。", "The two new passwords differ: nothing was changed.");
        return (StatusCode::BAD_REQUEST, page(visit, Some((Tone::Bad, words.into())))).into_response();
    }
    let asked = ChangePasswordRequest {
        password: posted.one("password").to_owned(),
        password_new: posted.one("password_new").to_owned(),
    };
    match visit.api.sessions().change_password(asked).await {
        Ok(_) => Redirect::to("/account?done=1").into_response(),
        Err(status) => {
            let fault = Fault::from(status);
            let words = fault.words(visit.language()).to_owned();
            (fault.status(), page(visit, Some((Tone::Bad, words)))).into_response()
        }
    }
}

/// The choices that are kept in the browser, each a word of a list.
const CHOICES: [(&str, &[&str]); 4] = [
    ("language", &["zh", "en"]),
    ("theme", &["system", "light", "dark"]),
    ("density", &["wide", "compact"]),
    ("keys", &["on", "off"]),
];

async fn taste(State(desk): State<Desk>, posted: Posted) -> Response {
    let chosen = CHOICES.iter().filter_map(|(name, values)| {
        let value = values.iter().find(|value| **value == posted.one(name))?;
        Some((SET_COOKIE, cookie::choice(desk.is_over_tls(), name, value)?))
    });
    let next = Some(posted.one("next")).filter(|next| is_own_path(next)).and_then(|next| next.parse().ok());
    let back: HeaderValue = next.unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, back)], AppendHeaders(chosen.collect::<Vec<_>>())).into_response()
}
