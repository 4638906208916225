//! A core that is driven by hand, so that nothing but the core is measured.
//!
//! It comes out of a [`Device`]: a real relay has brought it into a conversation. From then on the bench gives the
//! answers that the relay would give: a number and a time.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_core::{
    Client,
    input::{HttpResponse, Input, Wish, WishId},
    journal::Batch,
    output::{HttpRequest, Output, RequestId},
};
use infrasound_spec::{
    account::{DeviceId, Handle, Signature},
    api::{
        conversations::{Accepted, LogPage, SubmitMessage},
        stream::StreamEvent,
    },
    conversation::ConversationId,
    log::{self, EntryKind, LogEntry},
    signing::{self, Purpose},
    submission,
    time::Timestamp,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde::Serialize;

use crate::device::Device;

/// A core, without a host.
pub struct Driven {
    core: Client,
    rng: ChaCha20Rng,
    now: Timestamp,
    wishes: u64,
}

/// What one input led to, and how long that took.
#[derive(Debug)]
pub struct Reaction {
    /// How long the core took.
    pub took: Duration,
    /// What is to be persisted.
    pub batches: Vec<Batch>,
    /// What is to be sent.
    pub requests: Vec<HttpRequest>,
}

impl Driven {
    /// Takes the core out of its host.
    pub fn new(device: Device) -> Self {
        let now = device.time();
        Self { core: device.into_core(), rng: ChaCha20Rng::seed_from_u64(1), now, wishes: 1_000_000 }
    }

    /// The account's handle.
    pub fn handle(&self) -> Handle {
        self.core.account().handle
    }

    /// The device.
    pub fn device(&self) -> DeviceId {
        self.core.device()
    }

    /// The conversation with somebody.
    ///
    /// # Panics
    /// If there is none.
    pub fn with(&self, who: &Handle) -> ConversationId {
        self.core.conversation_with(who).expect("a conversation")
    }

    /// One input.
    pub fn input(&mut self, input: Input) -> Reaction {
        let begin = Instant::now();
        let outputs = self.core.handle(input, self.now, &mut self.rng);
        let took = begin.elapsed();
        let mut reaction = Reaction { took, batches: Vec::new(), requests: Vec::new() };
        for output in outputs {
            match output {
                Output::Persist(batch) => reaction.batches.push(batch),
                Output::Request(request) => reaction.requests.push(request),
                _ => {}
            }
        }
        reaction
    }

    /// A person writes.
    pub fn send(&mut self, to: &Handle, text: &str) -> Reaction {
        self.wishes += 1;
        let wish =
            Wish::Send { to: to.clone(), text: text.to_owned(), in_reply_to: None, attachments: Vec::new() };
        self.input(Input::Wish(WishId(self.wishes), wish))
    }

    /// The relay answers.
    pub fn answer(&mut self, request: RequestId, body: &impl Serialize) -> Reaction {
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.input(Input::Response(request, HttpResponse { status: 200, retry_after: None, body }))
    }

    /// The relay has accepted a submission, as this entry.
    pub fn accepted(&mut self, request: RequestId, entry: &LogEntry) -> Reaction {
        self.answer(request, &Accepted { number: entry.number, time: entry.time })
    }

    /// The stream says that the log has grown; the core asks for it.
    pub fn nudge(&mut self, conversation: ConversationId, last: u64) -> Reaction {
        let event = StreamEvent::Log { conversation, last };
        self.input(Input::StreamEvent(serde_json::to_string(&event).unwrap_or_default()))
    }

    /// The time that the core is told.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl Reaction {
    /// The one request that is to be sent.
    ///
    /// # Panics
    /// If there is another number of them.
    pub fn request(&self) -> &HttpRequest {
        let [request] = self.requests.as_slice() else { panic!("not one request: {:?}", self.requests) };
        request
    }

    /// The message that is to be submitted.
    ///
    /// # Panics
    /// If there is none.
    pub fn submission(&self) -> SubmitMessage {
        let body = self.request().body.as_deref().expect("a body");
        serde_json::from_slice(body).expect("a message that is submitted")
    }
}

/// The entry that a relay makes of a message.
pub fn entry(submitted: SubmitMessage, device: DeviceId, number: u64, time: Timestamp) -> LogEntry {
    LogEntry {
        number,
        time,
        kind: EntryKind::Message,
        digest: log::digest(submitted.message.as_slice()),
        bytes: Some(submitted.message),
        submitter: Some(device),
        submission: Some(submitted.submission),
    }
}

/// A page with these entries.
pub fn page(entries: &[LogEntry], last: u64) -> LogPage {
    LogPage { entries: entries.to_vec(), last }
}

/// Signs a submission and writes its JSON as the core does after the batch is made: the part of a step that is not
/// encryption and not the journal.
pub fn sign_and_write(
    key: &SigningKey,
    conversation: &ConversationId,
    submitted: &SubmitMessage,
) -> Duration {
    let begin = Instant::now();
    let message = submitted.message.as_slice();
    let content = submission::message_content(conversation, &submitted.submission, message);
    let signature = key.sign(&signing::signing_input(Purpose::Submission, &content));
    let body = SubmitMessage {
        submission: submitted.submission,
        after: submitted.after,
        message: message.to_vec().into(),
        signature: Signature::from_bytes(signature.to_bytes()),
        silent: false,
    };
    black_box(serde_json::to_vec(&body).unwrap_or_default());
    begin.elapsed()
}
