//! `GET /v1/stream`: server-sent events that say where to look.
//!
//! It listens first and looks at the database then, so nothing falls in between: first what changed since the client's
//! cursor, then `ready`, then what happens. It ends with the session, when the reader is too slow, and at shutdown.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt as _, stream};
use infrasound_spec::{
    api::{paths, stream::StreamEvent},
    key_package::KEY_PACKAGE_MARGIN,
    limits::KEY_PACKAGE_LOW_WATER,
};
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    app::App,
    error::ApiError,
    session::{Authenticated, Session},
    store::{account, changes, key_package, sequence, welcome},
    streams::Nudge,
};

const KEEP_ALIVE: Duration = Duration::from_secs(20);

#[utoipa::path(get, path = paths::STREAM, tag = "stream", operation_id = "open_stream",
    params(("Last-Event-ID" = Option<String>, Header, description = "The cursor to resume from")),
    responses((status = 200, description = "Server-sent events; the data of each is a StreamEvent",
        content_type = "text/event-stream", body = StreamEvent)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let cursor = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let listening = app.live.streams.listen(session.device);
    let (missed, seq) = app.missed(&session, cursor.unwrap_or(0)).await?;
    let left = session.expires.millis_since(app.now());
    let session_ends = tokio::time::sleep(Duration::from_millis(left));
    let live = ReceiverStream::new(listening).filter(move |(change, _)| std::future::ready(*change > seq));
    let events = stream::iter(missed.into_iter().map(move |event| (seq, event)))
        .chain(live)
        .map(|nudge| Ok(encode(&nudge)))
        .take_until(session_ends);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn encode((seq, event): &Nudge) -> Event {
    let data = serde_json::to_string(event).unwrap_or_default();
    Event::default().id(seq.to_string()).data(data)
}

impl App {
    /// What changed after `cursor`, `ready` at the end, and the change that this is as of.
    async fn missed(&self, session: &Arc<Session>, cursor: u64) -> Result<(Vec<StreamEvent>, u64), ApiError> {
        let mut snapshot = self.read().await?;
        let seq = sequence::load(&mut snapshot).await?;
        // A cursor from before the database was replaced knows nothing.
        let cursor = if cursor > seq { 0 } else { cursor };
        let mut events = Vec::new();
        for (conversation, last) in changes::logs(&mut snapshot, session, cursor).await? {
            events.push(StreamEvent::Log { conversation, last });
        }
        if welcome::any(&mut snapshot, &session.device).await? {
            events.push(StreamEvent::Welcome);
        }
        if account::contacts_changed(&mut snapshot, &session.account, cursor).await? {
            events.push(StreamEvent::Contacts);
        }
        for account in account::started_over_since(&mut snapshot, &session.account, cursor).await? {
            events.push(StreamEvent::StartedOver { account });
        }
        let until = self.now().plus_millis(KEY_PACKAGE_MARGIN);
        let one_time = key_package::count(&mut snapshot, &session.device, until).await?.one_time;
        if one_time < KEY_PACKAGE_LOW_WATER {
            events.push(StreamEvent::KeyPackages { one_time });
        }
        events.push(StreamEvent::Ready);
        Ok((events, seq))
    }
}
