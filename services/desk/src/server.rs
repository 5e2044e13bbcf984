//! Listens, routes, and says in each answer's headers what a page may do: load nothing from elsewhere, run no script but
//! ours, be framed by nobody, frame nothing but mail on the content origin.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tracing::{Instrument, Span};

use crate::{
    DeskSettings, Error, Result, api, assets,
    content::{self, Origins, origin},
    cookie::{BindingCookie, SessionCookie},
    pages,
};

/// Bytes of a form.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// From the signal to stop until what is still open is cut.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// Pages that are told of changes at once.
pub const LISTENERS_MAX: usize = 100;

/// What every page needs.
#[derive(Clone)]
pub struct Desk {
    channel: Channel,
    settings: Arc<DeskSettings>,
    address: SocketAddr,
    /// Where mail is shown as it was sent: `https://mail.example.cn`.
    content: Option<Arc<str>>,
    shutdown: CancellationToken,
    listeners: Arc<Semaphore>,
}

impl Desk {
    /// To the services.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Where the session's token lies.
    #[must_use]
    pub fn cookie(&self) -> SessionCookie {
        SessionCookie::for_url(&self.settings.public_url)
    }

    /// Where what binds a sign-in at an identity provider to a browser lies.
    #[must_use]
    pub fn binding_cookie(&self) -> BindingCookie {
        BindingCookie::for_url(&self.settings.public_url)
    }

    /// How this browser reaches the desk. Without an address of the settings it is this machine under one of its names: the
    /// one that the browser uses, to which its cookies belong.
    #[must_use]
    pub fn origin(&self, host: Option<&str>) -> String {
        let local = format!("localhost:{}", self.address.port());
        match (self.settings.public_url.as_str(), host) {
            ("", Some(host)) if host == local => format!("http://{local}"),
            ("", _) => format!("http://{}", self.address),
            (public, _) => public.to_owned(),
        }
    }

    /// Whether people come over TLS: by a proxy then, which tells whence.
    #[must_use]
    pub fn is_over_tls(&self) -> bool {
        self.settings.public_url.starts_with("https://")
    }

    /// The origin where mail is shown as it was sent, if there is one.
    #[must_use]
    pub fn content(&self) -> Option<Arc<str>> {
        self.content.clone()
    }

    /// Places for pages that are told of changes.
    #[must_use]
    pub fn listeners(&self) -> Arc<Semaphore> {
        self.listeners.clone()
    }

    /// Cancelled when the desk is to end: a page that never ends by itself ends then.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }
}

/// A desk that listens and does not answer yet.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    content: Option<(TcpListener, SocketAddr, Origins)>,
    settings: DeskSettings,
    channel: Channel,
}

/// Listens. Refuses an address that other machines reach while passwords would cross the network in the clear.
///
/// # Errors
/// [`Error::Open`], [`Error::Content`], [`Error::Listen`], [`Error::Api`].
pub async fn bind(settings: DeskSettings) -> Result<Bound> {
    let listen = settings.listen;
    if !listen.ip().is_loopback() && !settings.public_url.starts_with("https://") {
        return Err(Error::Open { listen });
    }
    let channel = api::channel(&settings.api).map_err(Error::Api)?;
    let (listener, address) = listened(listen).await?;
    let content = content(&settings, address).await?;
    Ok(Bound { listener, address, content, settings, channel })
}

async fn listened(listen: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen).await.map_err(|source| Error::Listen { listen, source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { listen, source })?;
    Ok((listener, address))
}

/// Listens for what shows mail as it was sent. Nothing does where people reach the desk by an address of its own and none
/// is set for this.
async fn content(settings: &DeskSettings, desk: SocketAddr) -> Result<Option<(TcpListener, SocketAddr, Origins)>> {
    let (public, desk_public) = (settings.content_public_url.as_str(), settings.public_url.as_str());
    if public.is_empty() && !desk_public.is_empty() {
        return Ok(None);
    }
    let listen = settings.content_listen;
    let is_open = !listen.ip().is_loopback() && !public.starts_with("https://");
    let named = origin(public);
    if is_open || (named.is_none() && !public.is_empty()) || (named.is_some() && named == origin(desk_public)) {
        return Err(Error::Content);
    }
    let (listener, address) = listened(listen).await?;
    let own = named.map_or_else(|| format!("http://{address}"), str::to_owned);
    let desk = match origin(desk_public) {
        Some(desk) => vec![desk.to_owned()],
        None => vec![format!("http://{desk}"), format!("http://localhost:{}", desk.port())],
    };
    Ok(Some((listener, address, Origins { own, desk })))
}

impl Bound {
    /// The address that it listens on, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of what shows mail as it was sent, if it listens.
    #[must_use]
    pub fn content_address(&self) -> Option<SocketAddr> {
        self.content.as_ref().map(|(_, address, _)| *address)
    }

    /// Answers until `shutdown` is cancelled, and at most ten seconds longer.
    ///
    /// # Errors
    /// [`Error::Serve`].
    pub async fn serve(self, shutdown: CancellationToken) -> Result<()> {
        let Self { listener, address, content, settings, channel } = self;
        let own = content.as_ref().map(|(_, _, origins)| Arc::from(origins.own.as_str()));
        let desk = Desk {
            channel: channel.clone(),
            settings: Arc::new(settings),
            address,
            content: own,
            shutdown: shutdown.clone(),
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
        };
        let until = |listener, router: Router| {
            let stop = shutdown.clone().cancelled_owned();
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).with_graceful_shutdown(stop).into_future()
        };
        let shown = content.map(|(listener, _, origins)| until(listener, content::router(channel, &origins)));
        let desk = until(listener, router(desk));
        let serving = async {
            match shown {
                Some(shown) => tokio::try_join!(desk, shown).map(|_| ()),
                None => desk.await,
            }
        };
        let too_long = async {
            shutdown.cancelled().await;
            tokio::time::sleep(DRAIN_WITHIN).await;
        };
        tokio::select! {
            ended = serving => ended.map_err(Error::Serve),
            () = too_long => {
                tracing::warn!("pages were still being read after {DRAIN_WITHIN:?}; they are cut");
                Ok(())
            }
        }
    }
}

fn router(desk: Desk) -> Router {
    // Mail as it was sent is the one thing that a page may frame.
    let framed = desk.content.as_ref().map(|origin| format!("; frame-src {origin}")).unwrap_or_default();
    let policy = HeaderValue::from_str(&format!("{POLICY}{framed}")).unwrap_or(HeaderValue::from_static(POLICY));
    let said = Said { policy, is_over_tls: desk.is_over_tls() };
    Router::new()
        .route("/assets/{name}", get(assets::get))
        .merge(pages::routes())
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn_with_state(said, bounded))
        .layer(from_fn(measured))
        .with_state(desk)
}

/// What a page may do. A page that needs more says so itself; these stand where it says nothing.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Whoever came by TLS once comes by TLS for a year (RFC 6797). Of subdomains only the domain's owner can say so.
pub const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What each answer says beside [`HEADERS`].
#[derive(Clone)]
struct Said {
    policy: HeaderValue,
    is_over_tls: bool,
}

async fn bounded(State(said): State<Said>, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    answer.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(said.policy);
    for (name, value) in HEADERS {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if said.is_over_tls {
        answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    answer
}

async fn measured(request: Request, next: Next) -> Response {
    let began = Instant::now();
    // Whatever people invent is one route, and one method beside those that pages use.
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "other".into(), |path| path.as_str().to_owned());
    let method = match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "_OTHER",
    };
    // What ships with the program is no page.
    let span = if route.starts_with("/assets/") { Span::none() } else { trace::page(method, &route) };
    let answer = next.run(request).instrument(span.clone()).await;
    trace::page_ended(&span, answer.status().as_u16());
    measure::page_ended(method, &route, answer.status().as_u16(), began.elapsed());
    answer
}
