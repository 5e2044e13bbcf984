//! Listens, routes, and says in each answer's headers what a page may do: load nothing from elsewhere, run no script but
//! ours, be framed by nobody.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, header},
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::{DeskSettings, Error, Result, api, assets, cookie::SessionCookie, pages};

/// Bytes of a form.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// From the signal to stop until what is still open is cut.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// What every page needs.
#[derive(Clone)]
pub struct Desk {
    channel: Channel,
    settings: Arc<DeskSettings>,
    shutdown: CancellationToken,
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
    settings: DeskSettings,
    channel: Channel,
}

/// Listens. Refuses an address that other machines reach while passwords would cross the network in the clear.
///
/// # Errors
/// [`Error::Open`], [`Error::Listen`], [`Error::Api`].
pub async fn bind(settings: DeskSettings) -> Result<Bound> {
    let listen = settings.listen;
    if !listen.ip().is_loopback() && !settings.public_url.starts_with("https://") {
        return Err(Error::Open { listen });
    }
    let channel = api::channel(&settings.api).map_err(Error::Api)?;
    let listener = TcpListener::bind(listen).await.map_err(|source| Error::Listen { listen, source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { listen, source })?;
    Ok(Bound { listener, address, settings, channel })
}

impl Bound {
    /// The address that it listens on, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` is cancelled, and at most ten seconds longer.
    ///
    /// # Errors
    /// [`Error::Serve`].
    pub async fn serve(self, shutdown: CancellationToken) -> Result<()> {
        let Self { listener, settings, channel, .. } = self;
        let desk = Desk { channel, settings: Arc::new(settings), shutdown: shutdown.clone() };
        let stop = shutdown.clone().cancelled_owned();
        let serving =
            std::future::IntoFuture::into_future(axum::serve(listener, router(desk)).with_graceful_shutdown(stop));
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
    Router::new()
        .route("/assets/{name}", get(assets::get))
        .merge(pages::routes())
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(bounded))
        .with_state(desk)
}

/// What a page may do. A page that needs more says so itself; these stand where it says nothing.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

async fn bounded(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    for (name, value) in HEADERS {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}
