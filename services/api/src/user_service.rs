//! UserService: the people who sign in, who may get a submission, and what was done with personal data.

use std::str::FromStr;

use intake::review::Role;
use prost::Message;
use proto::intake::v1::{self, user_service_server::UserService};
use stdx::Sha256;
use store::{
    Error, Store,
    account::{AccessAction, AccessEvent, AccessQuery, Account, AccountChange, AccountDraft, By, Kept, Once},
    register::Refusal,
};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::{
    editors::Editors,
    errors,
    gate::by,
    names, page,
    session::{invitation, user_name},
    wire,
};

/// Characters of a display name.
const DISPLAY_NAME_CHARACTERS_MAX: usize = 40;
/// Fields of an update, in the order of the message.
const FIELDS: [&str; 3] = ["display_name", "role", "disabled"];

/// The service.
pub struct Users {
    store: Store,
    tokens: page::Tokens,
    editors: Editors,
}

impl Users {
    /// Over these tables.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens, editors: Editors) -> Self {
        Self { store, tokens, editors }
    }
}

fn message(account: &Account) -> v1::User {
    v1::User {
        name: names::USER.name(account.id),
        etag: etag(account.row_version),
        user_name: account.name.clone(),
        display_name: account.display_name.clone(),
        role: wire::review::role(account.role).into(),
        disabled: account.disabled,
        invited: !account.has_password,
        create_time: Some(wire::timestamp(account.created_at)),
        last_sign_in_time: account.last_sign_in_at.map(wire::timestamp),
    }
}

fn etag(row_version: u64) -> String {
    format!("u{row_version}")
}

/// The version behind an etag; none when the caller asks for no comparison.
fn version(text: &str) -> Result<Option<u64>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let version = text.strip_prefix('u').and_then(|digits| u64::from_str(digits).ok());
    let version = version.filter(|version| i64::try_from(*version).is_ok() && etag(*version) == text);
    version.map(Some).ok_or_else(|| errors::field("user.etag", "is no etag of ours", "不是有效的 etag"))
}

fn display_name(text: &str) -> Result<String, Status> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > DISPLAY_NAME_CHARACTERS_MAX || text.chars().any(char::is_control) {
        let en = "1 to 40 printable characters are needed";
        return Err(errors::field("user.display_name", en, "应为 1 至 40 个可打印字符"));
    }
    Ok(text.to_owned())
}

fn role(user: &v1::User) -> Result<Role, Status> {
    let role = wire::review::role_read(user.role()).filter(|role| *role != Role::Worker);
    role.ok_or_else(|| {
        let en = "VIEWER, EDITOR, CHIEF_EDITOR or ADMINISTRATOR is needed";
        errors::field("user.role", en, "应为 VIEWER、EDITOR、CHIEF_EDITOR 或 ADMINISTRATOR")
    })
}

fn user(user: Option<v1::User>) -> Result<v1::User, Status> {
    user.ok_or_else(|| errors::field("user", "a user is needed", "请填写用户"))
}

fn once(request: &v1::CreateUserRequest) -> Result<Option<Once>, Status> {
    if request.request_id.is_empty() {
        return Ok(None);
    }
    let id = Uuid::try_parse(&request.request_id);
    let id = id.map_err(|_| errors::field("request_id", "a UUID is needed", "应为 UUID"))?;
    Ok(Some(Once { request_id: id.hyphenated().to_string(), body_sha256: Sha256::of(&request.encode_to_vec()) }))
}

fn fresh(by: &By) -> Result<(String, store::account::Invitation), Status> {
    invitation(by.now).map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &error))
}

/// What the tables did not take.
fn failed(error: Error) -> Status {
    match error {
        Error::Conflict(_) => {
            let en = "the user was changed since it was read; read it again";
            errors::status(Code::Aborted, "ETAG_STALE", en, "其间用户已被更改，请重新读取")
        }
        Error::Refused(Refusal::Taken { id, .. }) => {
            let (en, zh) = (format!("there is a user {id} already"), format!("已有用户 {id}"));
            errors::named(Code::AlreadyExists, "USER_NAME_TAKEN", &id, en, zh)
        }
        Error::Refused(Refusal::Reused) => {
            let (en, zh) = ("this request_id was used for another request", "该 request_id 已用于另一请求");
            errors::named(Code::InvalidArgument, "REQUEST_ID_REUSED", "request_id", en.into(), zh.into())
        }
        error => errors::of_store(error),
    }
}

fn action(action: AccessAction) -> v1::AccessAction {
    match action {
        AccessAction::SignIn => v1::AccessAction::SignIn,
        AccessAction::SignInFailed => v1::AccessAction::SignInFailed,
        AccessAction::SignOut => v1::AccessAction::SignOut,
        AccessAction::InvitationAccepted => v1::AccessAction::InvitationAccepted,
        AccessAction::PasswordChanged => v1::AccessAction::PasswordChanged,
        AccessAction::UserCreated => v1::AccessAction::UserCreated,
        AccessAction::UserUpdated => v1::AccessAction::UserUpdated,
        AccessAction::UserInvited => v1::AccessAction::UserInvited,
        AccessAction::ContactRevealed => v1::AccessAction::ContactRevealed,
        AccessAction::Exported => v1::AccessAction::Exported,
        AccessAction::PersonReported => v1::AccessAction::PersonReported,
        AccessAction::PersonErased => v1::AccessAction::PersonErased,
        AccessAction::CampaignCreated => v1::AccessAction::CampaignCreated,
        AccessAction::CampaignUpdated => v1::AccessAction::CampaignUpdated,
    }
}

fn action_read(action: v1::AccessAction) -> Option<AccessAction> {
    Some(match action {
        v1::AccessAction::Unspecified => return None,
        v1::AccessAction::SignIn => AccessAction::SignIn,
        v1::AccessAction::SignInFailed => AccessAction::SignInFailed,
        v1::AccessAction::SignOut => AccessAction::SignOut,
        v1::AccessAction::InvitationAccepted => AccessAction::InvitationAccepted,
        v1::AccessAction::PasswordChanged => AccessAction::PasswordChanged,
        v1::AccessAction::UserCreated => AccessAction::UserCreated,
        v1::AccessAction::UserUpdated => AccessAction::UserUpdated,
        v1::AccessAction::UserInvited => AccessAction::UserInvited,
        v1::AccessAction::ContactRevealed => AccessAction::ContactRevealed,
        v1::AccessAction::Exported => AccessAction::Exported,
        v1::AccessAction::PersonReported => AccessAction::PersonReported,
        v1::AccessAction::PersonErased => AccessAction::PersonErased,
        v1::AccessAction::CampaignCreated => AccessAction::CampaignCreated,
        v1::AccessAction::CampaignUpdated => AccessAction::CampaignUpdated,
    })
}

fn event(event: &AccessEvent) -> v1::AccessEvent {
    v1::AccessEvent {
        time: Some(wire::timestamp(event.at)),
        actor: event.actor.clone(),
        action: action(event.action).into(),
        subject: event.subject.clone(),
        peer: event.peer.clone(),
        detail: event.detail.clone(),
    }
}

#[tonic::async_trait]
impl UserService for Users {
    async fn create_user(
        &self,
        request: Request<v1::CreateUserRequest>,
    ) -> Result<Response<v1::CreateUserResponse>, Status> {
        let by = by(&request)?;
        let request = request.into_inner();
        let once = once(&request)?;
        let user = user(request.user)?;
        let name = user_name(&user.user_name).ok_or_else(|| {
            let en = "2 to 40 ASCII letters, digits, `.`, `_`, `-` are needed, and no name of the program's own";
            errors::field("user.user_name", en, "应为 2 至 40 个字母、数字或 `.`、`_`、`-`，且不是系统保留的名称")
        })?;
        let draft = AccountDraft {
            name,
            display_name: display_name(&user.display_name)?,
            role: role(&user)?,
            is_rehearsal: request.validate_only,
        };
        let (token, invitation) = fresh(&by)?;
        let kept = self.store.account_create(&draft, &invitation, once.as_ref(), &by).await.map_err(failed)?;
        let (account, invitation) = match kept {
            Kept::Made(account) if !request.validate_only => (account, token),
            Kept::Made(account) | Kept::Before(account) => (account, String::new()),
        };
        Ok(Response::new(v1::CreateUserResponse { user: Some(message(&account)), invitation }))
    }

    async fn get_user(&self, request: Request<v1::GetUserRequest>) -> Result<Response<v1::User>, Status> {
        let id = names::USER.required("name", &request.get_ref().name)?;
        let account = self.store.account_get(id).await.map_err(errors::of_store)?;
        Ok(Response::new(message(&account)))
    }

    async fn list_users(
        &self,
        request: Request<v1::ListUsersRequest>,
    ) -> Result<Response<v1::ListUsersResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let after: Option<String> = self.tokens.open(&["ListUsers"], &request.page_token)?;
        let rows = self.store.account_list(after.as_deref(), size + 1).await.map_err(errors::of_store)?;
        let (users, more) = page::fill(&rows, size, message);
        let next_page_token = match rows[..users.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&["ListUsers"], &last.name),
            None => String::new(),
        };
        Ok(Response::new(v1::ListUsersResponse { users, next_page_token }))
    }

    async fn update_user(&self, request: Request<v1::UpdateUserRequest>) -> Result<Response<v1::User>, Status> {
        let by = by(&request)?;
        let request = request.into_inner();
        let user = user(request.user)?;
        let id = names::USER.required("user.name", &user.name)?;
        let row_version = version(&user.etag)?;
        let paths = request.update_mask.unwrap_or_default().paths;
        if let Some(other) = paths.iter().find(|path| !FIELDS.contains(&path.as_str())) {
            let expected = FIELDS.join(", ");
            let en = format!("{other} cannot be changed; expected: {expected}");
            return Err(errors::field("update_mask", en, format!("不能更改 {other}；可用：{expected}")));
        }
        let asked = |field: &str| paths.is_empty() || paths.iter().any(|path| path == field);
        let change = AccountChange {
            display_name: asked("display_name").then(|| display_name(&user.display_name)).transpose()?,
            role: asked("role").then(|| role(&user)).transpose()?,
            disabled: asked("disabled").then_some(user.disabled),
        };
        let changed = self.store.account_update(id, row_version, &change, &by).await.map_err(failed)?;
        let account = changed.ok_or_else(|| {
            let en = "nobody would be left who is an administrator and can sign in";
            errors::precondition("LAST_ADMINISTRATOR", en, "至少要有一名能够登录的管理员")
        })?;
        Ok(Response::new(message(&account)))
    }

    async fn invite_user(
        &self,
        request: Request<v1::InviteUserRequest>,
    ) -> Result<Response<v1::InviteUserResponse>, Status> {
        let by = by(&request)?;
        let id = names::USER.required("name", &request.get_ref().name)?;
        let (token, invitation) = fresh(&by)?;
        let account = self.store.account_invite(id, &invitation, &by).await.map_err(failed)?;
        Ok(Response::new(v1::InviteUserResponse { user: Some(message(&account)), invitation: token }))
    }

    async fn list_editors(
        &self,
        _: Request<v1::ListEditorsRequest>,
    ) -> Result<Response<v1::ListEditorsResponse>, Status> {
        let editors = self.editors.all().await?;
        let editors = editors.into_iter().map(|(editor, (display_name, role))| v1::Editor {
            editor,
            display_name,
            role: wire::review::role(role).into(),
        });
        Ok(Response::new(v1::ListEditorsResponse { editors: editors.collect() }))
    }

    async fn list_access_events(
        &self,
        request: Request<v1::ListAccessEventsRequest>,
    ) -> Result<Response<v1::ListAccessEventsResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let mut actions: Vec<AccessAction> = request.actions().filter_map(action_read).collect();
        actions.sort_by_key(|one| action(*one) as i32);
        actions.dedup();
        let chosen = format!("{actions:?}");
        let query = ["ListAccessEvents", &chosen, &request.actor];
        let before: Option<i64> = self.tokens.open(&query, &request.page_token)?;
        let actor = Some(request.actor.clone()).filter(|actor| !actor.is_empty());
        let rows = AccessQuery { actions, actor, before, limit: size + 1 };
        let rows = self.store.access_list(&rows).await.map_err(errors::of_store)?;
        let (events, more) = page::fill(&rows, size, |(_, line)| event(line));
        let next_page_token = match rows[..events.len()].last().filter(|_| more) {
            Some((last, _)) => self.tokens.seal(&query, last),
            None => String::new(),
        };
        Ok(Response::new(v1::ListAccessEventsResponse { events, next_page_token }))
    }
}
