//! Senders: accounts that have met somebody through the relay, and messages that are ready to go.

use infrasound_core::output::HttpRequest;
use infrasound_spec::{
    conversation::ConversationId,
    log::{self, EntryDigest},
};

use crate::{
    bench::{
        driven::{Driven, entry},
        people::{introduce, person},
    },
    relay_process::RelayProcess,
};

/// A text of about the length of a message of a person: 100 bytes.
const TEXT: &str =
    "It is raining again, and the elephants are late. Shall we wait for them at the river, or go ahead? ";

/// A sender, with the requests it is going to send.
pub(super) struct Sender {
    core: Driven,
    host: String,
    /// Whom it writes to.
    to: infrasound_spec::account::Handle,
    /// Its conversation.
    pub(super) conversation: ConversationId,
    /// Its session.
    pub(super) token: String,
    /// The whole requests.
    requests: Vec<Vec<u8>>,
    /// What the log will have as their digests.
    pub(super) digests: Vec<EntryDigest>,
}

/// Makes `count` pairs, each with a conversation that both have accepted.
pub(super) async fn make(relay: &RelayProcess, count: usize) -> Vec<Sender> {
    let mut senders = Vec::with_capacity(count);
    for number in 0..count {
        senders.push(Sender::new(relay, u64::try_from(number).unwrap_or(0)).await);
    }
    senders
}

impl Sender {
    async fn new(relay: &RelayProcess, number: u64) -> Self {
        let mut one = person(relay, &format!("sender{number}"), 2 * number).await;
        let mut other = person(relay, &format!("receiver{number}"), 2 * number + 1).await;
        introduce(&mut one, &mut other).await;
        let token = one.token().expect("a session");
        let core = Driven::new(one);
        let to = other.handle();
        let conversation = core.with(&to);
        let host = relay.host().to_owned();
        Self { core, host, to, conversation, token, requests: Vec::new(), digests: Vec::new() }
    }

    /// Encrypts and signs, as if the relay answered each message at once.
    pub(super) fn prepare(&mut self, count: usize) {
        for _ in 0..count {
            let sent = self.core.send(&self.to, TEXT);
            self.requests.push(request_bytes(sent.request(), &self.host));
            let submitted = sent.submission();
            self.digests.push(log::digest(submitted.message.as_slice()));
            let number = submitted.after + 1;
            let entry = entry(submitted, self.core.device(), number, self.core.now());
            self.core.accepted(sent.request().id, &entry);
        }
    }

    /// The requests of a round.
    pub(super) fn round(&self, number: usize, length: usize) -> &[Vec<u8>] {
        &self.requests[number * length..(number + 1) * length]
    }
}

/// A request of the core as bytes.
pub(super) fn request_bytes(request: &HttpRequest, host: &str) -> Vec<u8> {
    let body = request.body.as_deref().unwrap_or_default();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        request.path,
        request.token.as_deref().unwrap_or_default(),
        body.len(),
    );
    [head.as_bytes(), body].concat()
}

/// A request to which the answer is that the relay runs.
pub(super) fn health(relay: &RelayProcess) -> Vec<u8> {
    let path = infrasound_spec::api::paths::HEALTH;
    format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", relay.host()).into_bytes()
}

/// Bytes of a request, on average.
#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^53")]
pub(super) fn mean_size(senders: &[Sender]) -> f64 {
    let sizes: Vec<usize> = senders.iter().flat_map(|sender| &sender.requests).map(Vec::len).collect();
    sizes.iter().sum::<usize>() as f64 / sizes.len().max(1) as f64
}
