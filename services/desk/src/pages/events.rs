//! `/events`: tells an open page which manuscripts changed since it was made, as server-sent events. One line to the
//! services a page, with the person's own token: what it tells and when it ends is theirs to say.

use std::time::Duration;

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use proto::intake::v1::{WatchReviewsRequest, WatchReviewsResponse};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Streaming};

use crate::{Desk, fault::Fault, language::Taste, posted::Fields, visit::Visit};

/// Events that a slow browser leaves untaken.
const EVENTS_MAX: usize = 16;
/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(10);
/// Bytes of a token to resume from.
const TOKEN_BYTES_MAX: usize = 100;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/events", get(events))
}

async fn events(
    State(desk): State<Desk>,
    headers: HeaderMap,
    visit: Result<Visit, Response>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let query = Fields(query);
    let taste = Taste::read(&headers);
    let refused = |fault: &Fault| (fault.status(), fault.words(taste.language).to_owned()).into_response();
    let visit = match visit {
        Ok(visit) => visit,
        Err(answer) if answer.status() == StatusCode::SEE_OTHER => {
            return refused(&Fault::of(StatusCode::UNAUTHORIZED, "请先登录。", "Please sign in first."));
        }
        Err(answer) => return answer,
    };
    let Ok(place) = desk.listeners().try_acquire_owned() else {
        let fault = Fault::of(
            StatusCode::SERVICE_UNAVAILABLE,
            "打开的页面过多，此页不再自动提示更新，请自行刷新。",
            "Too many pages are open: this one tells no news by itself. Please refresh it.",
        );
        return ([(RETRY_AFTER, "60")], refused(&fault)).into_response();
    };
    // A browser that connects again by itself brings the first, a page that was out of sight the second.
    let token = headers.get("last-event-id").and_then(|id| id.to_str().ok()).unwrap_or(query.one("after"));
    let resume_token = if token.len() <= TOKEN_BYTES_MAX { token.to_owned() } else { String::new() };
    let upstream = match visit.api.reviews().watch_reviews(WatchReviewsRequest { resume_token }).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return refused(&Fault::from(status)),
    };
    let (events, taken) = mpsc::channel(EVENTS_MAX);
    tokio::spawn(pass_on(upstream, events, desk.shutdown(), place));
    Sse::new(ReceiverStream::new(taken)).into_response()
}

type Events = mpsc::Sender<Result<Event, std::convert::Infallible>>;

/// Passes events on until the services end the line, the page is closed, or the desk ends.
async fn pass_on(
    mut upstream: Streaming<WatchReviewsResponse>,
    events: Events,
    shutdown: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    let mut first = true;
    loop {
        let event = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            () = events.closed() => return,
            told = upstream.message() => match told {
                Ok(Some(told)) => event_of(&told, std::mem::take(&mut first)),
                Ok(None) => return,
                // The session is over, and connecting again would not help.
                Err(status) if status.code() == Code::Unauthenticated => Event::default().event("over").data("over"),
                Err(_) => return,
            },
        };
        // A page that takes nothing is given up with its place.
        if events.try_send(Ok(event)).is_err() {
            return;
        }
    }
}

/// A manuscript's name, or a heartbeat; both with the place to go on from.
fn event_of(told: &WatchReviewsResponse, is_first: bool) -> Event {
    let event = Event::default().id(&told.resume_token);
    let event = if is_first { event.retry(RETRY) } else { event };
    if told.submission.is_empty() { event.event("beat").data("beat") } else { event.data(&told.submission) }
}
