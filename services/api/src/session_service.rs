//! SessionService: how a person becomes a caller. Names and passwords are compared here, sessions are kept by the tables,
//! and a wrong name costs and says the same as a wrong password.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use proto::intake::v1::{self, session_service_server::SessionService};
use store::{
    Store,
    account::{AccessAction, AccessEvent, InvitationUse, Session, SessionDraft},
};
use tonic::{Code, Request, Response, Status};

use crate::{
    SignInProvider, errors,
    gate::{Bearer, acting, unknown},
    names,
    session::{
        backoff::Backoff,
        passwords::{self, CHARACTERS_MAX, Passwords},
        token,
    },
    wire,
};

/// Characters of a peer.
const PEER_CHARACTERS_MAX: usize = 100;
/// Characters of a name that is looked up.
const NAME_CHARACTERS_MAX: usize = 40;

/// The service.
pub struct Sessions {
    store: Store,
    passwords: Passwords,
    backoff: Arc<Backoff>,
    sign_in_provider: Option<SignInProvider>,
}

impl Sessions {
    /// Over these tables.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, passwords: Passwords::default(), backoff: Arc::default(), sign_in_provider: None }
    }

    /// With an identity provider, if there is one.
    #[must_use]
    pub fn with_provider(self, sign_in_provider: Option<SignInProvider>) -> Self {
        Self { sign_in_provider, ..self }
    }

    /// A try of a name from a peer, unless it has to wait.
    fn attempt(&self, name: &str, peer: &str) -> Result<Attempt, Status> {
        let begun = self.backoff.begin(name, peer, std::time::Instant::now());
        begun.inspect_err(|_| tracing::info!(peer, "a sign-in that came too early was refused")).map_err(too_often)?;
        Ok(Attempt { backoff: self.backoff.clone(), name: name.to_owned(), peer: peer.to_owned(), counts: true })
    }

    /// Tells of a wrong password of a person who is known. Not waited for: an answer must take the same time for one who
    /// is not.
    fn note_failure(&self, actor: String, peer: String) {
        let store = self.store.clone();
        tokio::spawn(async move {
            let event = AccessEvent {
                at: Utc::now(),
                actor,
                action: AccessAction::SignInFailed,
                subject: String::new(),
                peer,
                detail: String::new(),
            };
            if let Err(error) = store.access_append(&event).await {
                tracing::warn!(%error, "a failed sign-in could not be noted");
            }
        });
    }
}

/// A try that counts as failed unless it says otherwise.
struct Attempt {
    backoff: Arc<Backoff>,
    name: String,
    peer: String,
    counts: bool,
}

impl Attempt {
    fn succeeded(mut self) {
        self.counts = false;
        self.backoff.succeeded(&self.name, &self.peer);
    }

    /// No fault of the person: it does not count.
    fn undone(mut self, status: Status) -> Status {
        self.counts = false;
        self.backoff.undone(&self.name, &self.peer);
        status
    }
}

impl Drop for Attempt {
    /// Without the name: people type their password there.
    fn drop(&mut self) {
        if self.counts {
            tracing::info!(peer = self.peer, "a sign-in has failed");
        }
    }
}

fn too_often(wait: Duration) -> Status {
    let seconds = wait.as_secs() + 1;
    let en = format!("this failed too often lately; try again in {seconds} s");
    errors::retry_after(wait, "SIGN_IN_TOO_OFTEN", en, format!("登录失败次数过多，请 {seconds} 秒后再试"))
}

fn wrong() -> Status {
    let en = "wrong user name or password";
    errors::status(Code::Unauthenticated, "SIGN_IN_FAILED", en, "用户名或密码不正确")
}

/// Whence the person comes: as the desk says, else the caller's own address.
fn peer<T>(request: &Request<T>, told: &str) -> Result<String, Status> {
    if told.chars().count() > PEER_CHARACTERS_MAX || told.chars().any(char::is_control) {
        return Err(errors::field("peer", "at most 100 printable characters", "至多 100 个可打印字符"));
    }
    let own = request.remote_addr().map(|address| address.ip()).filter(|address| !address.is_loopback());
    Ok(if told.is_empty() { own.map(|address| address.to_string()).unwrap_or_default() } else { told.to_owned() })
}

/// What is too long to be anybody's is refused before any work.
fn bounded(field: &str, text: &str, characters_max: usize) -> Result<(), Status> {
    if text.chars().count() <= characters_max {
        return Ok(());
    }
    let en = format!("at most {characters_max} characters");
    Err(errors::field(field, en, format!("至多 {characters_max} 个字符")))
}

/// The session of the call's person.
fn session<T>(request: &Request<T>) -> Result<Arc<Session>, Status> {
    acting(request)?.session().cloned().ok_or_else(|| {
        let en = "this call is a signed-in person's, not a service's";
        errors::status(Code::Unauthenticated, "SESSION_NEEDED", en, "请先登录：此操作只对登录的用户开放")
    })
}

fn fresh_token() -> Result<(String, stdx::Sha256), Status> {
    token().map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &error))
}

fn new_password(field: &str, password: &str, user_name: &str) -> Result<(), Status> {
    passwords::fault(password, user_name).map_or(Ok(()), |(zh, en)| Err(errors::field(field, en, zh)))
}

fn message(session: &Session) -> v1::Session {
    let account = &session.account;
    v1::Session {
        user: names::USER.name(account.id),
        user_name: account.name.clone(),
        display_name: account.display_name.clone(),
        role: wire::review::role(account.role).into(),
        create_time: Some(wire::timestamp(session.created_at)),
        expire_time: Some(wire::timestamp(session.expires_at)),
    }
}

fn signed_in(session: &Session, token: String) -> Response<v1::SignInResponse> {
    Response::new(v1::SignInResponse { session: Some(message(session)), token, next: String::new() })
}

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn sign_in(&self, request: Request<v1::SignInRequest>) -> Result<Response<v1::SignInResponse>, Status> {
        let peer = peer(&request, &request.get_ref().peer)?;
        let asked = request.into_inner();
        bounded("user_name", &asked.user_name, NAME_CHARACTERS_MAX)?;
        bounded("password", &asked.password, CHARACTERS_MAX)?;
        let name = asked.user_name.to_lowercase();
        let attempt = self.attempt(&name, &peer)?;
        let room = match self.passwords.room() {
            Ok(room) => room,
            Err(status) => return Err(attempt.undone(status)),
        };
        let known = match self.store.account_find(&name).await {
            Ok(known) => known,
            Err(error) => return Err(attempt.undone(errors::of_store(error))),
        };
        let hash = known.as_ref().filter(|(account, _)| !account.disabled).and_then(|(_, hash)| hash.clone());
        let matches = match self.passwords.matches(room, &asked.password, hash.as_deref()).await {
            Ok(matches) => matches,
            Err(status) => return Err(attempt.undone(status)),
        };
        let account = known.as_ref().map(|(account, _)| account);
        let Some((account, hash)) = account.zip(hash.filter(|_| matches)) else {
            measure::sign_in_failed("password");
            if let Some((account, _)) = &known {
                self.note_failure(account.name.clone(), peer);
            }
            return Err(wrong());
        };
        let (token, token_hash) = fresh_token()?;
        let draft = SessionDraft { token: token_hash, peer, now: Utc::now() };
        // None: disabled, or another password, in the very moment.
        let session = match self.store.session_begin(account.id, &hash, &draft).await {
            Ok(session) => session.ok_or_else(wrong)?,
            Err(error) => return Err(attempt.undone(errors::of_store(error))),
        };
        attempt.succeeded();
        Ok(signed_in(&session, token))
    }

    async fn accept_invitation(
        &self,
        request: Request<v1::AcceptInvitationRequest>,
    ) -> Result<Response<v1::SignInResponse>, Status> {
        let useless = || {
            let en = "this invitation is unknown, used or too old";
            errors::status(Code::Unauthenticated, "INVITATION_UNKNOWN", en, "邀请码不存在、已使用或已过期")
        };
        let peer = peer(&request, &request.get_ref().peer)?;
        let asked = request.into_inner();
        let attempt = self.attempt("", &peer)?;
        let invitation = stdx::Sha256::of(asked.invitation.as_bytes());
        let account = match self.store.invitation_find(invitation, Utc::now()).await {
            Ok(account) => account.ok_or_else(useless)?,
            Err(error) => return Err(attempt.undone(errors::of_store(error))),
        };
        if let Err(status) = new_password("password", &asked.password, &account.name) {
            return Err(attempt.undone(status));
        }
        let password_hash = match self.passwords.hash(&asked.password).await {
            Ok(hash) => hash,
            Err(status) => return Err(attempt.undone(status)),
        };
        let (token, token_hash) = fresh_token()?;
        let session = SessionDraft { token: token_hash, peer, now: Utc::now() };
        let accepted = InvitationUse { token: invitation, password_hash, session };
        let session = match self.store.invitation_accept(&accepted).await {
            Ok(session) => session.ok_or_else(useless)?,
            Err(error) => return Err(attempt.undone(errors::of_store(error))),
        };
        attempt.succeeded();
        self.backoff.succeeded(&account.name, "");
        Ok(signed_in(&session, token))
    }

    async fn get_session(&self, request: Request<v1::GetSessionRequest>) -> Result<Response<v1::Session>, Status> {
        Ok(Response::new(message(&*session(&request)?)))
    }

    async fn sign_out(&self, request: Request<v1::SignOutRequest>) -> Result<Response<v1::SignOutResponse>, Status> {
        let Some(Bearer(token)) = request.extensions().get::<Bearer>() else {
            return Err(unknown());
        };
        self.store.session_end(*token, Utc::now()).await.map_err(errors::of_store)?;
        Ok(Response::new(v1::SignOutResponse {}))
    }

    async fn change_password(
        &self,
        request: Request<v1::ChangePasswordRequest>,
    ) -> Result<Response<v1::ChangePasswordResponse>, Status> {
        let session = session(&request)?;
        let asked = request.into_inner();
        bounded("password", &asked.password, CHARACTERS_MAX)?;
        let name = session.account.name.as_str();
        new_password("password_new", &asked.password_new, name)?;
        let attempt = self.attempt(name, "")?;
        let known = match self.store.account_find(name).await {
            Ok(known) => known,
            Err(error) => return Err(attempt.undone(errors::of_store(error))),
        };
        let old = known.and_then(|(_, hash)| hash);
        let room = match self.passwords.room() {
            Ok(room) => room,
            Err(status) => return Err(attempt.undone(status)),
        };
        let matches = match self.passwords.matches(room, &asked.password, old.as_deref()).await {
            Ok(matches) => matches,
            Err(status) => return Err(attempt.undone(status)),
        };
        let Some(old) = old.filter(|_| matches) else {
            self.note_failure(name.to_owned(), session.peer.clone());
            let en = "the present password is wrong";
            return Err(errors::status(Code::Unauthenticated, "PASSWORD_WRONG", en, "现在的密码不正确"));
        };
        let new = match self.passwords.hash(&asked.password_new).await {
            Ok(new) => new,
            Err(status) => return Err(attempt.undone(status)),
        };
        if !self.store.password_change(&session, &old, &new, Utc::now()).await.map_err(errors::of_store)? {
            let en = "the password was changed in between";
            return Err(errors::status(Code::Aborted, "CONFLICT", en, "其间密码已被更改"));
        }
        attempt.succeeded();
        Ok(Response::new(v1::ChangePasswordResponse {}))
    }

    async fn list_sign_in_providers(
        &self,
        _: Request<v1::ListSignInProvidersRequest>,
    ) -> Result<Response<v1::ListSignInProvidersResponse>, Status> {
        Ok(Response::new(self.listed()))
    }

    async fn begin_provider_sign_in(
        &self,
        request: Request<v1::BeginProviderSignInRequest>,
    ) -> Result<Response<v1::BeginProviderSignInResponse>, Status> {
        self.begun(request).await.map(Response::new)
    }

    async fn complete_provider_sign_in(
        &self,
        request: Request<v1::CompleteProviderSignInRequest>,
    ) -> Result<Response<v1::SignInResponse>, Status> {
        self.completed(request).await
    }
}

mod provider;

#[cfg(test)]
mod tests;
