//! Users: listed, made, changed, invited. An invitation is shown once and stands in no address.

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use proto::intake::v1::{
    CreateUserRequest, GetUserRequest, InviteUserRequest, ListUsersRequest, ListUsersResponse, ReviewRole,
    UpdateUserRequest, User,
};
use uuid::Uuid;

use super::parts;
use crate::{
    Desk,
    fault::{Fault, FieldFault},
    html::{Choice, Here, Page, Tone, badge, choice, filled, hidden, id_of, moment, pager, told, url, wrong},
    posted::{Fields, Posted},
    visit::Visit,
    words::{self, ROLES, code, spelled},
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/administration", get(list).post(create))
        .route("/administration/users/{id}", get(show).post(update))
        .route("/administration/users/{id}/invite", post(invite))
}

fn role_code(role: ReviewRole) -> String {
    code(role.as_str_name(), "REVIEW_ROLE_")
}

fn role_read(word: &str) -> ReviewRole {
    ReviewRole::from_str_name(&spelled(word, "REVIEW_ROLE_")).unwrap_or_default()
}

fn role_choices(visit: &Visit) -> Vec<Choice> {
    ROLES.map(|role| (role_code(role), words::role(role, visit.language()).to_owned())).into()
}

/// The input that a fault is about.
fn input(visit: &Visit, fault: &FieldFault) -> Option<(String, String)> {
    let inputs = [
        ("user_name", "用户名", "User name"),
        ("display_name", "姓名", "Name"),
        ("role", "角色", "Role"),
        ("disabled", "停用", "Disabled"),
    ];
    let path = fault.field.strip_prefix("user.").unwrap_or(&fault.field);
    let (name, zh, en) = inputs.into_iter().find(|(name, ..)| *name == path)?;
    Some((name.to_owned(), visit.say(zh, en).to_owned()))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    list_page(&visit, &Fields(query), &Fields::default(), None).await
}

async fn list_page(visit: &Visit, query: &Fields, typed: &Fields, fault: Option<&Fault>) -> Response {
    let asked = ListUsersRequest { page_token: query.one("page").to_owned(), page_size: 0 };
    match visit.api.users().list_users(asked).await {
        Ok(answer) => {
            let body = list_body(visit, query.one("page"), &answer.into_inner(), typed, fault);
            told(fault, Page::new(visit, Here::Administration, visit.say("用户", "Users")).show(&body))
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

fn list_body(visit: &Visit, page: &str, answer: &ListUsersResponse, typed: &Fields, fault: Option<&Fault>) -> Markup {
    let next =
        (!answer.next_page_token.is_empty()).then(|| url("/administration", &[("page", &answer.next_page_token)]));
    // The same form sent twice makes one user.
    let request_id = match typed.one("request_id") {
        "" => Uuid::now_v7().to_string(),
        given => given.to_owned(),
    };
    let chosen = if typed.has("role") { typed.one("role").to_owned() } else { role_code(ReviewRole::Editor) };
    html! {
        (parts(visit, "/administration"))
        @if answer.users.is_empty() { p { (visit.say("还没有用户。", "There is no user yet.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(visit.say("用户", "Users")) { table {
            thead { tr {
                th scope="col" { (visit.say("用户名", "User name")) }
                th scope="col" { (visit.say("姓名", "Name")) }
                th scope="col" { (visit.say("角色", "Role")) }
                th scope="col" { (visit.say("状态", "State")) }
                th scope="col" { (visit.say("上次登录", "Last signed in")) }
            } }
            tbody { @for user in &answer.users { tr data-row {
                th scope="row" { a href={ "/administration/users/" (id_of(&user.name)) } { (user.user_name) } }
                td { (filled(&user.display_name)) }
                td { (words::role(user.role(), visit.language())) }
                td { (state(visit, user)) }
                td { (moment(user.last_sign_in_time.as_ref())) }
            } } }
        } } }
        (pager(visit, (!page.is_empty()).then_some("/administration"), next.as_deref()))
        section aria-labelledby="create" {
            h2 #create { (visit.say("新建用户", "Make a user")) }
            (wrong(visit, fault, &|fault| input(visit, fault)))
            form.column method="post" action="/administration#create" {
                (hidden(visit))
                input type="hidden" name="request_id" value=(request_id);
                label { span { (visit.say("用户名（2–40 个字母、数字或 . _ -；以后不能改）",
                        "User name (2–40 letters, digits or . _ -; never changes)")) }
                    input #user_name name="user_name" required minlength="2" maxlength="40" autocapitalize="none" autocomplete="off"
                        value=(typed.one("user_name")); }
                label { span { (visit.say("姓名", "Name")) }
                    input #display_name name="display_name" required maxlength="40" autocomplete="off" value=(typed.one("display_name")); }
                div #role { (choice("role", visit.say("角色", "Role"), None, &role_choices(visit), &chosen)) }
                (rights(visit))
                button { (visit.say("新建并生成邀请码", "Make it, with an invitation")) }
            }
        }
    }
}

/// What each role may do.
fn rights(visit: &Visit) -> Markup {
    html! {
        details { summary { (visit.say("各角色能做什么", "What each role may do")) } ul {
            li { (visit.say("浏览者：查看", "Viewer: looks")) }
            li { (visit.say("编辑：另可审稿、提建议，处理隔离和发件箱", "Editor: also reviews, recommends, handles quarantine and outbox")) }
            li { (visit.say("主编：另可作决定、改征稿", "Chief editor: also decides and changes campaigns")) }
            li { (visit.say("管理员：另可管用户，查阅和删除个人信息", "Administrator: also manages users, reports and erases personal data")) }
        } }
    }
}

fn state(visit: &Visit, user: &User) -> Markup {
    match (user.disabled, user.invited) {
        (true, _) => badge(Tone::Bad, visit.say("已停用", "Disabled")),
        (false, true) => badge(Tone::Warn, visit.say("已邀请，未设密码", "Invited, no password yet")),
        (false, false) => badge(Tone::Good, visit.say("可登录", "Can sign in")),
    }
}

async fn create(posted: Posted) -> Response {
    let visit = &posted.visit;
    let user = User {
        user_name: posted.one("user_name").trim().to_owned(),
        display_name: posted.one("display_name").trim().to_owned(),
        role: role_read(posted.one("role")).into(),
        ..User::default()
    };
    let asked =
        CreateUserRequest { user: Some(user), request_id: posted.one("request_id").to_owned(), validate_only: false };
    match visit.api.users().create_user(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            invitation_page(visit, &answer.user.unwrap_or_default(), &answer.invitation)
        }
        Err(status) => list_page(visit, &Fields::default(), posted.fields(), Some(&Fault::from(status))).await,
    }
}

/// Answered at once and never by way of another address: it is shown this once.
fn invitation_page(visit: &Visit, user: &User, invitation: &str) -> Response {
    Page::new(visit, Here::Administration, visit.say("邀请码", "Invitation"))
        .show(&invitation_body(visit, user, invitation))
}

fn invitation_body(visit: &Visit, user: &User, invitation: &str) -> Markup {
    let path = format!("/administration/users/{}", id_of(&user.name));
    html! {
        @if invitation.is_empty() {
            p.notice.warn role="status" { (visit.say(
                "这位用户先前已经建好，邀请码只在那时显示一次。需要时请重新邀请。",
                "This user was made before, and the invitation was shown then. Invite again where it is needed.",
            )) }
        } @else {
            p.notice.good role="status" { (visit.say(
                "邀请码只显示这一次，七天内有效，用后即失效。请当面或以可靠的方式交给本人。",
                "It is shown this once, holds for seven days, and is used up when it is accepted. Hand it over in person or by a way you trust.",
            )) }
            dl.facts {
                dt { (visit.say("用户名", "User name")) } dd { (user.user_name) }
                dt { (visit.say("邀请码", "Invitation")) } dd { code { (invitation) } }
                dt { (visit.say("打开", "To be opened")) } dd { code { "/invitation" } }
            }
        }
        p { a href=(path) { (visit.say("到这位用户", "To the user")) } " · "
            a href="/administration" { (visit.say("全部用户", "All users")) } }
    }
}

async fn show(visit: Visit, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let said = (Fields(query).one("done") == "update").then(|| visit.say("已保存。", "Saved."));
    one(&visit, &id, said, &Fields::default(), None).await
}

async fn one(visit: &Visit, id: &str, said: Option<&str>, typed: &Fields, fault: Option<&Fault>) -> Response {
    match visit.api.users().get_user(GetUserRequest { name: format!("users/{id}") }).await {
        Ok(answer) => {
            let user = answer.into_inner();
            let page = Page::new(visit, Here::Administration, user.user_name.as_str());
            let page = match said {
                Some(said) => page.saying(Tone::Good, said),
                None => page,
            };
            told(fault, page.show(&user_body(visit, &user, typed, fault)))
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

fn user_body(visit: &Visit, user: &User, typed: &Fields, fault: Option<&Fault>) -> Markup {
    let path = format!("/administration/users/{}", id_of(&user.name));
    let is_typed = typed.has("etag");
    let display_name = if is_typed { typed.one("display_name") } else { &user.display_name };
    let role = if is_typed { typed.one("role").to_owned() } else { role_code(user.role()) };
    let is_disabled = if is_typed { typed.has("disabled") } else { user.disabled };
    html! {
        (parts(visit, ""))
        dl.facts {
            dt { (visit.say("状态", "State")) } dd { (state(visit, user)) }
            dt { (visit.say("建于", "Made")) } dd { (moment(user.create_time.as_ref())) }
            dt { (visit.say("上次登录", "Last signed in")) } dd { (moment(user.last_sign_in_time.as_ref())) }
        }
        p { a href=(url("/administration/access", &[("actor", &user.user_name)])) { (visit.say("访问记录", "What was done")) } }
        section aria-labelledby="change" {
            h2 #change { (visit.say("更改", "Change")) }
            (wrong(visit, fault, &|fault| input(visit, fault)))
            form.column method="post" action=(path) {
                (hidden(visit))
                input type="hidden" name="etag" value=(if is_typed { typed.one("etag") } else { &user.etag });
                label { span { (visit.say("姓名", "Name")) }
                    input #display_name name="display_name" required maxlength="40" autocomplete="off" value=(display_name); }
                div #role { (choice("role", visit.say("角色", "Role"), None, &role_choices(visit), &role)) }
                label.box { input #disabled type="checkbox" name="disabled" value="1" checked[is_disabled];
                    span { (visit.say("停用（不能登录）", "Disabled (cannot sign in)")) } }
                p.detail { (visit.say("改角色或停用会立即结束此人的登录。", "A changed role or a disabled user ends the person's sessions at once.")) }
                button data-save { (visit.say("保存", "Save")) }
            }
        }
        section aria-labelledby="invite" {
            h2 #invite { (visit.say("重新邀请", "Invite again")) }
            p { (visit.say(
                "忘记密码时用：旧邀请码和此人的所有登录立即失效，生成新邀请码。",
                "For a lost password: older invitations and all sessions of this person end, and a new invitation is made.",
            )) }
            form method="post" action={ (path) "/invite" } {
                (hidden(visit)) button.danger { (visit.say("生成新邀请码", "Make a new invitation")) } }
        }
    }
}

async fn update(Path(id): Path<String>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let user = User {
        name: format!("users/{id}"),
        etag: posted.one("etag").to_owned(),
        display_name: posted.one("display_name").trim().to_owned(),
        role: role_read(posted.one("role")).into(),
        disabled: posted.fields().has("disabled"),
        ..User::default()
    };
    let paths = ["display_name", "role", "disabled"].map(str::to_owned).into();
    let asked = UpdateUserRequest { user: Some(user), update_mask: Some(prost_types::FieldMask { paths }) };
    match visit.api.users().update_user(asked).await {
        Ok(_) => Redirect::to(&format!("/administration/users/{id}?done=update")).into_response(),
        Err(status) => one(visit, &id, None, posted.fields(), Some(&Fault::from(status))).await,
    }
}

async fn invite(Path(id): Path<String>, posted: Posted) -> Response {
    let visit = &posted.visit;
    match visit.api.users().invite_user(InviteUserRequest { name: format!("users/{id}") }).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            invitation_page(visit, &answer.user.unwrap_or_default(), &answer.invitation)
        }
        Err(status) => one(visit, &id, None, &Fields::default(), Some(&Fault::from(status))).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn user() -> User {
        User {
            name: "users/u1".into(),
            etag: "v2".into(),
            user_name: "wang".into(),
            display_name: "王编辑".into(),
            role: ReviewRole::ChiefEditor.into(),
            invited: true,
            ..User::default()
        }
    }

    #[test]
    fn users_are_listed_with_what_they_may_and_a_refused_name_is_kept() {
        let visit = visit_of(ReviewRole::Administrator, Language::Zh);
        let answer = ListUsersResponse { users: vec![user()], ..ListUsersResponse::default() };
        let typed = Fields(
            [("user_name", "王 编辑"), ("display_name", "王<b>"), ("role", "viewer"), ("request_id", "r-1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        );
        let fault =
            FieldFault { field: "user.user_name".into(), zh: "只能用字母、数字".into(), en: "x".into() };
        let shown = list_body(&visit, "", &answer, &typed, Some(&Fault::of_fields(vec![fault]))).into_string();
        for expected in [
            "href=\"/administration/users/u1\">wang",
            "主编",
            "已邀请，未设密码",
            "href=\"#user_name\">用户名：只能用字母、数字",
            "value=\"王 编辑\"",
            "王&lt;b&gt;",
            "value=\"viewer\" selected",
            "value=\"r-1\"",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
    }

    #[test]
    fn an_invitation_is_text_of_the_page_and_no_part_of_an_address() {
        let visit = visit_of(ReviewRole::Administrator, Language::Zh);
        let shown = invitation_body(&visit, &user(), "S3CRET").into_string();
        assert!(shown.contains("<code>S3CRET</code>"));
        assert!(!shown.split("href=\"").skip(1).any(|link| link.split('"').next().unwrap().contains("S3CRET")));
        assert!(invitation_body(&visit, &user(), "").into_string().contains("先前已经建好"));
    }

    #[test]
    fn a_user_is_shown_as_stored_and_after_a_refusal_as_typed() {
        let visit = visit_of(ReviewRole::Administrator, Language::En);
        let shown = user_body(&visit, &user(), &Fields::default(), None).into_string();
        assert!(shown.contains("value=\"v2\"") && shown.contains("value=\"chief-editor\" selected"));
        let typed = Fields(
            [("etag", "v1"), ("display_name", "W"), ("role", "editor"), ("disabled", "1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        );
        let shown = user_body(&visit, &user(), &typed, None).into_string();
        assert!(
            shown.contains("value=\"v1\"") && shown.contains("value=\"editor\" selected") && shown.contains(" checked")
        );
    }
}
