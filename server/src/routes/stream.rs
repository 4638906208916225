//! `GET /v1/stream`: server-sent events that say where to look.
//!
//! It listens first and looks at the database then, so nothing falls in between: first what changed since the client's
//! cursor, then `ready`, then what happens. It ends with the session, when the reader is too slow, and when the relay
//! stops, which it says.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt as _, stream};
use infrasound_spec::{
    account::DeviceId,
    api::{paths, stream::StreamEvent},
    key_package::KEY_PACKAGE_MARGIN,
    limits::KEY_PACKAGE_LOW_WATER,
    policy::GroupPolicy,
};
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    app::App,
    error::ApiError,
    session::{Authenticated, Session},
    store::{account, changes, key_package, sequence, welcome},
};

const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// When to come back to a relay that stopped: each device at its own time, so that not all come at once.
const COME_BACK: Duration = Duration::from_secs(1);
const SPREAD: Duration = Duration::from_millis(16);

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
    // First, so that it is the last to go: when it is looked whether to wake the device, nobody listens any more.
    let leaving = Leaving { app: app.clone(), device: session.device };
    let listening = app.live.streams.listen(session.device);
    // Once more: had it ended just before, nobody would end this stream.
    app.session(session.token_digest).await?;
    let Missed { events, from, seq } = app.missed(&session, cursor.unwrap_or(0)).await?;
    let left = session.expires.millis_since(app.now());
    let session_ends = tokio::time::sleep(Duration::from_millis(left));
    let live = ReceiverStream::new(listening)
        .filter(move |(change, _)| std::future::ready(change.is_none_or(|change| change > seq)));
    let live = live.map(|(change, event)| (change.map(|change| change.saturating_sub(1)), event));
    let (stopping, wait) = (app.clone(), COME_BACK + SPREAD * u32::from(session.device.as_bytes()[0]));
    let farewell = stream::once(async move { stopping.live.is_draining() })
        .filter_map(move |stops| std::future::ready(stops.then(|| Ok(Event::default().retry(wait)))));
    let missed = events.into_iter().map(move |event| (Some(from), event));
    let events = stream::iter(missed.chain([(Some(seq), StreamEvent::Ready)]))
        .chain(live)
        .map(|(cursor, event)| Ok(encode(cursor, &event)))
        .take_until(session_ends)
        .chain(farewell)
        .inspect(move |_| {
            // It goes with the stream, however that ends.
            let _ = &leaving;
        });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Who stops listening may have been gone for a while: it is looked whether to wake it.
struct Leaving {
    app: App,
    device: DeviceId,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.app.live.wakes.stir(&self.device);
    }
}

/// `cursor` is the last change of which all events were sent. A change can have more than one: who is cut off between
/// two of them gets both again. What has no place in the order leaves the client's cursor where it is.
fn encode(cursor: Option<u64>, event: &StreamEvent) -> Event {
    let data = Event::default().data(serde_json::to_string(event).unwrap_or_default());
    match cursor {
        Some(cursor) => data.id(cursor.to_string()),
        None => data,
    }
}

/// What changed while a device did not listen.
struct Missed {
    events: Vec<StreamEvent>,
    /// After which change.
    from: u64,
    /// Up to which.
    seq: u64,
}

impl App {
    /// What changed after `cursor`.
    async fn missed(&self, session: &Arc<Session>, cursor: u64) -> Result<Missed, ApiError> {
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
        if account::devices_changed(&mut snapshot, &session.account, cursor).await? {
            events.push(StreamEvent::Devices);
        }
        for account in account::started_over_since(&mut snapshot, &session.account, cursor).await? {
            events.push(StreamEvent::StartedOver { account });
        }
        if account::conversations_changed(&mut snapshot, &session.account, cursor).await? {
            events.push(StreamEvent::Conversations);
        }
        let asked = changes::join_requests(&mut snapshot, session, cursor).await?;
        let until = self.now().plus_millis(KEY_PACKAGE_MARGIN);
        let one_time = key_package::count(&mut snapshot, &session.device, until).await?.one_time;
        drop(snapshot);
        for conversation in asked {
            let current = self.current_group(&conversation).await?;
            if current.is_some_and(|current| current.allows(&session.account, GroupPolicy::may_add)) {
                events.push(StreamEvent::JoinRequests { conversation });
            }
        }
        if one_time < KEY_PACKAGE_LOW_WATER {
            events.push(StreamEvent::KeyPackages { one_time });
        }
        Ok(Missed { events, from: cursor, seq })
    }
}
