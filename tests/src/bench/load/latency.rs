//! From sent to received, one message at a time: the other's stream says that there is something, and it is fetched.

use std::time::Instant;

use futures_util::StreamExt as _;
use infrasound_native::server_sent_events::Parser;
use infrasound_spec::{
    api::{paths, stream::StreamEvent},
    conversation::ConversationId,
};

use super::{
    connection::{Connection, number},
    senders::request_bytes,
};
use crate::{
    bench::{
        driven::{Driven, entry},
        people::{introduce, person},
        statistics::Samples,
    },
    relay_process::RelayProcess,
};

const WARM_UP: usize = 50;
const MESSAGES: usize = 500;

/// What was measured, from the first byte sent.
#[derive(Debug, Default)]
pub(super) struct Latency {
    /// Until the answer.
    pub(super) acknowledged: Samples,
    /// Until the event on the other's stream.
    pub(super) nudged: Samples,
    /// Until the other has the message's entry.
    pub(super) received: Samples,
}

/// Measures it.
pub(super) async fn measure(relay: &RelayProcess) -> Latency {
    let mut one = person(relay, "caller", 9_001).await;
    let mut other = person(relay, "called", 9_002).await;
    introduce(&mut one, &mut other).await;
    let token = other.token().expect("a session");
    let (to, mut one) = (other.handle(), Driven::new(one));
    let conversation = one.with(&to);
    let mut stream = Stream::open(relay, &token).await;
    let (mut sending, mut fetching) =
        (Connection::open(relay.host()).await, Connection::open(relay.host()).await);
    let mut latency = Latency::default();
    for round in 0..WARM_UP + MESSAGES {
        let sent = one.send(&to, &format!("message {round}"));
        let request = request_bytes(sent.request(), relay.host());
        let submitted = sent.submission();
        let (after, due) = (submitted.after, submitted.after + 1);
        let fetch = log_request(relay, conversation, after, &token);
        let begin = Instant::now();
        let acknowledged = async {
            let answer = sending.exchange(&request).await;
            assert_eq!(number(answer.body), Some(due), "{}", String::from_utf8_lossy(answer.body));
            begin.elapsed()
        };
        let received = async {
            stream.wait_for(due).await;
            let nudged = begin.elapsed();
            let page = fetching.exchange(&fetch).await;
            assert_eq!((page.status, number(page.body)), (200, Some(due)));
            (nudged, begin.elapsed())
        };
        let (acknowledged, (nudged, received)) = tokio::join!(acknowledged, received);
        let entry = entry(submitted, one.device(), due, one.now());
        one.accepted(sent.request().id, &entry);
        if round >= WARM_UP {
            latency.acknowledged.add(acknowledged);
            latency.nudged.add(nudged);
            latency.received.add(received);
        }
    }
    latency
}

fn log_request(relay: &RelayProcess, conversation: ConversationId, after: u64, token: &str) -> Vec<u8> {
    let path = paths::with(paths::LOG, "conversation", &conversation.to_string());
    let host = relay.host();
    format!(
        "GET {path}?after={after}&limit=500 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .into_bytes()
}

/// The other's stream of events.
struct Stream {
    chunks: futures_util::stream::BoxStream<'static, Vec<u8>>,
    parser: Parser,
    last: u64,
}

impl Stream {
    async fn open(relay: &RelayProcess, token: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let url = format!("{}{}", relay.base(), paths::STREAM);
        let answer = http.get(url).bearer_auth(token).send().await.expect("an answer");
        let chunks = answer.error_for_status().expect("a stream").bytes_stream();
        let chunks = chunks.map(|chunk| chunk.expect("the stream goes on").to_vec()).boxed();
        Self { chunks, parser: Parser::default(), last: 0 }
    }

    /// Waits until an event says that the log has got as far as `number`.
    async fn wait_for(&mut self, number: u64) {
        while self.last < number {
            let chunk = self.chunks.next().await.expect("the stream goes on");
            for event in self.parser.push(&chunk).expect("short events") {
                if let Ok(StreamEvent::Log { last, .. }) = serde_json::from_str(&event.data) {
                    self.last = self.last.max(last);
                }
            }
        }
    }
}
