//! Signing in at an identity provider: the browser goes there with a state, and who comes back with it, with the code, and
//! with the secret that this browser alone has, is who the provider says.

use chrono::{TimeDelta, Utc};
use identity::{Completing, Provider};
use proto::intake::v1;
use stdx::{ErrorKind, Sha256};
use store::account::{Arrival, Identity, PendingSignIn, SessionDraft};
use tonic::{Code, Request, Response, Status};

use super::{Sessions, bounded, fresh_token, peer, signed_in};
use crate::{UnknownUsers, errors, session, wire};

/// How long a person may take at the provider.
const PENDING_MAX: TimeDelta = TimeDelta::minutes(10);
/// Characters of an address that leads back.
const RETURN_URL_CHARACTERS_MAX: usize = 300;
/// Characters of where a person was going.
const NEXT_CHARACTERS_MAX: usize = 2_000;
/// Characters of what comes back in the address; providers' codes are long.
const BACK_CHARACTERS_MAX: usize = 4_000;
/// The page of the desk that browsers come back to.
const RETURN_PATH: &str = "/sign-in/provider/return";

fn stale() -> Status {
    let en = "this sign-in is too old, was used, or was begun in another browser; begin again";
    errors::status(
        Code::Unauthenticated,
        "SIGN_IN_STALE",
        en,
        "本次登录已过期、已使用，或不是由此浏览器发起，请重新登录",
    )
}

fn of_provider(error: &identity::Error) -> Status {
    match error.kind() {
        ErrorKind::Unauthenticated => {
            measure::sign_in_failed("provider");
            tracing::warn!(%error, "a sign-in at the identity provider came to nothing");
            let en = "the identity provider's answer was refused, nobody was signed in; begin again";
            errors::status(
                Code::Unauthenticated,
                "PROVIDER_REFUSED",
                en,
                "统一身份认证的应答未通过核验，未能登录，请重新登录",
            )
        }
        ErrorKind::Unavailable => {
            tracing::warn!(%error, "the identity provider cannot be asked");
            let en = "the identity provider does not answer as it should; try again later";
            errors::status(
                Code::Unavailable,
                "PROVIDER_UNAVAILABLE",
                en,
                "统一身份认证服务暂时没有正常应答，请稍后再试",
            )
        }
        kind => errors::of_kind(kind, error),
    }
}

/// Where a browser may be sent back to: the desk at its address of the settings, or one on this machine.
fn is_ours(return_url: &str, desk_url: &str) -> bool {
    let Some(origin) = return_url.strip_suffix(RETURN_PATH) else { return false };
    if !desk_url.is_empty() {
        return origin == desk_url;
    }
    let is_bare = origin.split_once("://").is_some_and(|(_, host)| !host.contains(['/', '?', '#', '@', '\\']));
    is_bare && origin.starts_with("http://") && identity::is_protected(origin)
}

impl Sessions {
    fn provider(&self) -> Result<&Provider, Status> {
        let settings = self.sign_in_provider.as_ref();
        settings.map(|settings| &settings.provider).ok_or_else(|| {
            let en = "no identity provider is set: sign in with a password";
            errors::precondition("PROVIDER_NONE", en, "未设置统一身份认证，请用密码登录")
        })
    }

    pub(super) fn listed(&self) -> v1::ListSignInProvidersResponse {
        let message = |settings: &crate::SignInProvider| v1::SignInProvider {
            issuer: settings.provider.issuer().to_owned(),
            display_name: settings.zh.clone(),
            display_name_en: settings.en.clone(),
        };
        v1::ListSignInProvidersResponse { providers: self.sign_in_provider.iter().map(message).collect() }
    }

    pub(super) async fn begun(
        &self,
        request: Request<v1::BeginProviderSignInRequest>,
    ) -> Result<v1::BeginProviderSignInResponse, Status> {
        let provider = self.provider()?;
        peer(&request, &request.get_ref().peer)?;
        let asked = request.into_inner();
        bounded("return_url", &asked.return_url, RETURN_URL_CHARACTERS_MAX)?;
        bounded("next", &asked.next, NEXT_CHARACTERS_MAX)?;
        let desk_url = self.sign_in_provider.as_ref().map_or("", |settings| settings.desk_url.as_str());
        if !is_ours(&asked.return_url, desk_url) {
            let en = format!("expected {RETURN_PATH} at desk.public_url, or on this machine without it");
            let zh = format!("须为 desk.public_url（未设置时为本机）下的 {RETURN_PATH}");
            return Err(errors::field("return_url", en, zh));
        }
        let begun = provider.begin(&asked.return_url).await.map_err(|error| of_provider(&error))?;
        let (binding, binding_hash) = fresh_token()?;
        let now = Utc::now();
        let pending = PendingSignIn {
            state: Sha256::of(begun.state.as_bytes()),
            binding: binding_hash,
            nonce: begun.nonce,
            verifier: begun.verifier,
            return_url: asked.return_url,
            next: asked.next,
            expires_at: now + PENDING_MAX,
        };
        self.store.sign_in_begun(&pending, now).await.map_err(errors::of_store)?;
        let expire_time = Some(wire::timestamp(pending.expires_at));
        Ok(v1::BeginProviderSignInResponse { url: begun.url, binding, expire_time })
    }

    pub(super) async fn completed(
        &self,
        request: Request<v1::CompleteProviderSignInRequest>,
    ) -> Result<Response<v1::SignInResponse>, Status> {
        let provider = self.provider()?;
        let peer = peer(&request, &request.get_ref().peer)?;
        let asked = request.into_inner();
        for (field, text) in [("state", &asked.state), ("code", &asked.code), ("binding", &asked.binding)] {
            bounded(field, text, BACK_CHARACTERS_MAX)?;
        }
        let attempt = self.attempt("", &peer)?;
        let (state, binding) = (Sha256::of(asked.state.as_bytes()), Sha256::of(asked.binding.as_bytes()));
        // Used up before anything else, so that whatever follows follows once.
        let pending = match self.store.sign_in_taken(state, binding, Utc::now()).await {
            Ok(pending) => pending.ok_or_else(stale)?,
            Err(error) => return Err(attempt.undone(errors::of_store(error))),
        };
        let back = Completing {
            code: &asked.code,
            nonce: &pending.nonce,
            verifier: &pending.verifier,
            redirect_uri: &pending.return_url,
            now: Utc::now(),
        };
        let person = match provider.complete(&back).await {
            Ok(person) => person,
            Err(error) if error.kind() == ErrorKind::Unauthenticated => return Err(of_provider(&error)),
            Err(error) => return Err(attempt.undone(of_provider(&error))),
        };
        let identity = Identity {
            issuer: person.issuer,
            subject: person.subject,
            user_name: session::user_name(&person.user_name),
            display_name: person.display_name,
        };
        let admits =
            self.sign_in_provider.as_ref().is_some_and(|settings| settings.unknown_users == UnknownUsers::Viewer);
        let (token, token_hash) = fresh_token()?;
        let draft = SessionDraft { token: token_hash, peer, now: Utc::now() };
        let arrived = match self.store.identity_arrive(&identity, admits, &draft).await {
            Ok(arrived) => arrived,
            Err(error) => return Err(attempt.undone(errors::of_store(error))),
        };
        // The provider knows the person: no guessing.
        attempt.succeeded();
        let refused = |reason, en: &str, zh: &str| Err(errors::status(Code::PermissionDenied, reason, en, zh));
        match arrived {
            Arrival::SignedIn(session) => {
                let mut answer = signed_in(&session, token);
                answer.get_mut().next = pending.next;
                Ok(answer)
            }
            Arrival::Disabled => refused("USER_DISABLED", "this user is disabled", "该用户已停用"),
            Arrival::NotInvited => {
                let en = "this user name has an account without an open invitation; ask an administrator for a new one";
                refused("USER_NOT_INVITED", en, "已有同名用户，但没有待接受的邀请，不能关联；请管理员重新邀请后再登录")
            }
            Arrival::Unknown => {
                let en = "nobody here has this user name; ask an administrator for an account";
                refused("USER_UNKNOWN", en, "系统中没有该用户，请管理员先建立用户")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_back_to_the_desk_alone() {
        let desk = "https://desk.example.cn";
        assert!(is_ours("https://desk.example.cn/sign-in/provider/return", desk));
        assert!(is_ours("http://127.0.0.1:8088/sign-in/provider/return", ""));
        assert!(is_ours("http://localhost:8088/sign-in/provider/return", ""));
        for (other, desk) in [
            ("https://evil.example/sign-in/provider/return", desk),
            ("http://127.0.0.1:8088/sign-in/provider/return", desk),
            ("https://desk.example.cn/x/sign-in/provider/return", desk),
            ("https://desk.example.cn/", desk),
            ("https://evil.example/sign-in/provider/return", ""),
            ("http://evil.example/sign-in/provider/return", ""),
            ("http://127.0.0.1:8088@evil.example/sign-in/provider/return", ""),
            ("http://127.0.0.1/x?/sign-in/provider/return", ""),
            ("", ""),
        ] {
            assert!(!is_ours(other, desk), "{other} for {desk:?}");
        }
    }
}
