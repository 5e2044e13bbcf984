//! Who asks for a page: a person with a session, in a language.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, StatusCode, header::LOCATION, request::Parts},
    response::{IntoResponse, Response},
};
use proto::intake::v1::{GetSessionRequest, ReviewRole, Session, SignOutRequest};
use stdx::Sha256;
use subtle::ConstantTimeEq;
use tonic::Code;

use crate::{Desk, Language, api::Api, cookie, fault::Fault, html::url, language::Taste};

/// A person's request.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who is signed in.
    pub session: Session,
    /// The services, called by this person.
    pub api: Api,
    /// How the person likes the pages.
    pub taste: Taste,
    /// Path and query of the page.
    pub here: String,
    /// The origin where mail is shown as it was sent, if there is one.
    pub content: Option<Arc<str>>,
    csrf: String,
}

impl Visit {
    /// The words of the page's language.
    #[must_use]
    pub fn say<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.taste.language.of(zh, en)
    }

    /// The page's language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.taste.language
    }

    /// Whether the person has at least this right. Only spares a button that would be refused; the services decide.
    #[must_use]
    pub fn may(&self, role: ReviewRole) -> bool {
        self.session.role >= role as i32
    }

    /// What a form of this session must bring back.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a form is one of this session's.
    #[must_use]
    pub fn is_own_form(&self, csrf: &str) -> bool {
        bool::from(self.csrf.as_bytes().ct_eq(csrf.as_bytes()))
    }
}

/// A channel to services that are nowhere; within a runtime.
#[cfg(test)]
fn nowhere() -> tonic::transport::Channel {
    let services = tls::Remote::new("http://127.0.0.1:1", tls::Files::default()).expect("an address");
    crate::api::channel(&services).expect("an address")
}

#[cfg(test)]
impl Visit {
    /// Somebody who looks at pages while the services are nowhere; within a runtime.
    pub fn of_nobody(here: &str) -> Self {
        let api = Api::nobody(nowhere());
        let taste = Taste::read(&HeaderMap::new());
        let (session, csrf) = (Session::default(), String::new());
        Self { session, api, taste, here: here.to_owned(), content: None, csrf }
    }
}

/// Known to those alone who know the session's token.
fn csrf_of(token: &str) -> String {
    Sha256::of(format!("caibian form {token}").as_bytes()).hex()
}

/// Whether a request that changes something was sent by a page of ours, as the browser tells (OWASP, Fetch Metadata).
#[must_use]
pub fn is_from_our_page(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match said("sec-fetch-site") {
        Some(site) => site == "same-origin",
        // A browser too old for that tells the origin at least.
        None => match (said("origin"), said("host")) {
            (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, at)| at == host),
            _ => false,
        },
    }
}

/// Whether another site's page led here, as the browser tells; not so for a bookmark, or a browser too old to tell.
#[must_use]
pub fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

impl FromRequestParts<Desk> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Response> {
        let taste = Taste::read(&parts.headers);
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned();
        let token = cookie::read(&parts.headers, desk.cookie().name());
        let known = token.and_then(|token| Some((token, Api::of(desk.channel(), token)?)));
        let Some((token, api)) = known else { return Err(to_sign_in(&here)) };
        match api.sessions().get_session(GetSessionRequest {}).await {
            Ok(session) => {
                let (session, csrf) = (session.into_inner(), csrf_of(token));
                Ok(Self { session, api, taste, here, content: desk.content(), csrf })
            }
            Err(status) if status.code() == Code::Unauthenticated => Err(to_sign_in(&here)),
            Err(status) => Err(Fault::from(status).page(taste).into_response()),
        }
    }
}

/// Somebody who need not be signed in.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// How they like the pages.
    pub taste: Taste,
    /// Whence they come, as the services count failures and note it; empty for this machine.
    pub peer: String,
    /// Calls of the session that this browser has already, if any.
    before: Option<Api>,
}

impl Stranger {
    /// Ends the session that this browser had, whose place another takes (ASVS 7.2.4). One that stays ends by itself.
    pub async fn leave(&self) {
        if let Some(before) = &self.before
            && let Err(status) = before.sessions().sign_out(SignOutRequest {}).await
            && status.code() != Code::Unauthenticated
        {
            tracing::warn!(%status, "the session before could not be ended");
        }
    }
}

impl FromRequestParts<Desk> for Stranger {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Self::Rejection> {
        let token = cookie::read(&parts.headers, desk.cookie().name());
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let told = if desk.is_over_tls() { forwarded_for(&parts.headers) } else { None };
        let peer = told.or(connected).map(|address| address.to_canonical()).filter(|address| !address.is_loopback());
        Ok(Self {
            taste: Taste::read(&parts.headers),
            peer: peer.map(|address| address.to_string()).unwrap_or_default(),
            before: token.and_then(|token| Api::of(desk.channel(), token)),
        })
    }
}

/// Whom the proxy before us was asked by: what it wrote itself stands last, before it stands what anybody may write.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// To the page for signing in, and from there back.
fn to_sign_in(here: &str) -> Response {
    let to = if here == "/" { "/sign-in".to_owned() } else { url("/sign-in", &[("next", here)]) };
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

#[cfg(test)]
pub mod tests {
    //! A visit for the tests of pages, which show made-up messages.

    use super::*;

    /// A chief editor's, in Chinese. Needs a runtime only when the services are called.
    #[must_use]
    pub fn visit() -> Visit {
        visit_of(ReviewRole::ChiefEditor, Language::Zh)
    }

    /// Anybody's.
    #[must_use]
    pub fn visit_of(role: ReviewRole, language: Language) -> Visit {
        let session = Session {
            user_name: "zhang.li".into(),
            display_name: "张丽".into(),
            role: role.into(),
            ..Session::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let _inside = runtime.enter();
        let api = Api::of(super::nowhere(), "T").expect("a token");
        let taste = Taste { language, ..Taste::read(&HeaderMap::new()) };
        let content = Some(Arc::from("http://127.0.0.1:8089"));
        Visit { session, api, taste, here: "/".into(), content, csrf: csrf_of("T") }
    }
}
