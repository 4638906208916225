//! What happens to a device, as bytes: answers, entries, events of the stream, wishes and time. A fuzzer makes them up, a
//! test writes down a real session; either way a core is fed with it, and must not panic, loop or grow without bounds.
//!
//! ```text
//! script = u64 start, u16 length, SignedIn as JSON, step*
//! step   = u8 what, u24 milliseconds since the step before, rest
//! ```
//! | what | rest | meaning |
//! |---|---|---|
//! | 0 | | the time for `Wake` has come |
//! | 1 | | the stream is open |
//! | 2 | u24 length, text | the stream says something |
//! | 3 | u16 status, u24 length, body | the answer to the request that waits |
//! | 4 | | the request that waits cannot be answered |
//! | 5 | | the stream ends |
//! | 6 | u16 length, a handle | the person writes to somebody |
//! | 7 | u16 length, a handle | the person accepts somebody |
//! | 8 | u8 | the person wants something of the first conversation |
//! | 9 | | the request that waits is put aside; the next step answers none |
//!
//! Numbers are little-endian. Bytes that are no script are none.

#![expect(clippy::panic, reason = "test support: a client that does not come to rest is what is looked for")]

use std::collections::VecDeque;

use infrasound_core::{
    Client, NewDevice,
    input::{GroupWish, HttpResponse, Input, TransportError, Wish, WishId},
    journal::StorageKey,
    output::{Output, RequestId},
};
use infrasound_spec::{
    account::Handle, api::sign_in::SignedIn, consent::ContactState, conversation::ConversationId,
    time::Timestamp,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use crate::journal::Journal;

/// The random numbers of a device that a script is about.
pub const SEED: u64 = 77;
/// Outputs that one step may bring about.
const MOST_OUTPUTS: usize = 5_000;

/// A script that is being written.
#[derive(Debug, Default)]
pub struct Script {
    bytes: Vec<u8>,
    last: u64,
    broken: bool,
}

impl Script {
    /// Begins with who signed in, and when.
    pub fn begin(&mut self, signed_in: &SignedIn, start: Timestamp) {
        let Ok(json) = serde_json::to_vec(signed_in) else { return self.broken = true };
        let Ok(length) = u16::try_from(json.len()) else { return self.broken = true };
        self.last = start.as_millis();
        self.bytes = [&self.last.to_le_bytes()[..], &length.to_le_bytes(), &json].concat();
    }

    /// Writes down one thing that happened.
    pub fn note(&mut self, input: &Input, now: Timestamp) {
        let (what, rest) = match input {
            Input::Wake => (0, Vec::new()),
            Input::StreamOpened => (1, Vec::new()),
            Input::StreamEvent(text) => (2, long(text.as_bytes())),
            Input::Response(_, response) => {
                (3, [&response.status.to_le_bytes()[..], &long(&response.body)].concat())
            }
            Input::Unreachable(..) => (4, Vec::new()),
            Input::StreamClosed(_) => (5, Vec::new()),
            Input::Wish(_, Wish::Send { to, .. }) => (6, short(to.as_str().as_bytes())),
            Input::Wish(_, Wish::SetContact { who, state: ContactState::Accepted }) => {
                (7, short(who.as_str().as_bytes()))
            }
            // What the host answers by itself.
            Input::Loaded(..) => return,
            Input::Wish(..) => return self.broken = true,
        };
        let passed = now.as_millis().saturating_sub(self.last);
        self.last += passed;
        self.bytes.push(what);
        self.bytes.extend(&passed.to_le_bytes()[..3]);
        self.bytes.extend(rest);
    }

    /// The script, if everything that happened could be written down.
    pub fn bytes(&self) -> Option<&[u8]> {
        (!self.broken).then_some(&self.bytes)
    }
}

fn short(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap_or_default().to_le_bytes()[..], bytes].concat()
}

fn long(bytes: &[u8]) -> Vec<u8> {
    [&bytes.len().to_le_bytes()[..3], bytes].concat()
}

/// The key that a scripted device's journal is sealed under.
pub fn storage_key() -> StorageKey {
    StorageKey::from_bytes([77; 32])
}

/// Plays a script, and returns the core where it ends; `None` if it does not even begin.
///
/// # Panics
/// If the core does not come to rest, or does what it must not.
pub fn play(script: &[u8]) -> Option<Client> {
    let mut reader = Reader(script);
    let start = Timestamp::from_millis(reader.number(8)?);
    // Within the years that a clock can show; what is before or after, hosts do not give.
    if !(1_600_000_000_000..4_000_000_000_000).contains(&start.as_millis()) {
        return None;
    }
    let length = reader.length(2)?;
    let signed_in: SignedIn = serde_json::from_slice(reader.take(length)?).ok()?;
    let mut rng = ChaCha20Rng::seed_from_u64(SEED);
    let new = NewDevice { signed_in, device_name: format!("test {SEED}"), start_over: false };
    let (core, outputs) = Client::register(&storage_key(), new, start, &mut rng).ok()?;
    let mut stage = Stage {
        core,
        rng,
        now: start,
        journal: Journal::default(),
        queue: outputs.into(),
        waits: None,
        wish: 0,
    };
    stage.rest();
    while stage.step(&mut reader).is_some() {
        stage.rest();
    }
    Some(stage.core)
}

struct Stage {
    core: Client,
    rng: ChaCha20Rng,
    now: Timestamp,
    journal: Journal,
    queue: VecDeque<Output>,
    /// What the host cannot answer by itself.
    waits: Option<Wait>,
    wish: u64,
}

enum Wait {
    Request(RequestId),
    Stream,
}

impl Stage {
    fn input(&mut self, input: Input) {
        self.queue.extend(self.core.handle(input, self.now, &mut self.rng));
    }

    /// Does what the host does by itself, until something has to come from outside.
    fn rest(&mut self) {
        for _ in 0..MOST_OUTPUTS {
            if self.waits.is_some() {
                return;
            }
            let Some(output) = self.queue.pop_front() else { return };
            match output {
                Output::Persist(batch) => self.journal.write(batch),
                Output::Load(scope) => self.input(Input::Loaded(scope, self.journal.read(scope))),
                Output::Request(request) => self.waits = Some(Wait::Request(request.id)),
                Output::OpenStream { .. } => self.waits = Some(Wait::Stream),
                Output::DropBlob(_) | Output::Event(_) | Output::WakeAt(_) => {}
            }
        }
        panic!("the client never comes to rest");
    }

    fn step(&mut self, script: &mut Reader<'_>) -> Option<()> {
        let what = script.number(1)?;
        self.now = self.now.plus_millis(script.number(3)?);
        match what {
            0 => self.input(Input::Wake),
            1 => {
                self.waits = self.waits.take().filter(|wait| !matches!(wait, Wait::Stream));
                self.input(Input::StreamOpened);
            }
            2 => {
                let length = script.length(3)?;
                let text = String::from_utf8_lossy(script.take(length)?).into_owned();
                self.input(Input::StreamEvent(text));
            }
            3 => {
                let status = u16::try_from(script.number(2)?).ok()?;
                let length = script.length(3)?;
                let body = script.take(length)?.to_vec();
                if let Some(id) = self.answered() {
                    self.input(Input::Response(id, HttpResponse { status, retry_after: None, body }));
                }
            }
            4 => {
                if let Some(id) = self.answered() {
                    self.input(Input::Unreachable(id, TransportError::Unreachable));
                }
            }
            5 => {
                self.waits = self.waits.take().filter(|wait| !matches!(wait, Wait::Stream));
                self.input(Input::StreamClosed(TransportError::Unreachable));
            }
            6 => {
                let to = script.handle()?;
                let text = "scripted".to_owned();
                self.wish(Wish::Send { to, text, in_reply_to: None, attachments: Vec::new() });
            }
            7 => {
                let who = script.handle()?;
                self.wish(Wish::SetContact { who, state: ContactState::Accepted });
            }
            8 => {
                let which = script.number(1)?;
                let first = self.core.conversations().first().map(|summary| summary.conversation);
                if let Some(conversation) = first {
                    self.wish(wish_of(conversation, which));
                }
            }
            9 => drop(self.answered()),
            _ => return None,
        }
        Some(())
    }

    fn answered(&mut self) -> Option<RequestId> {
        match self.waits.take() {
            Some(Wait::Request(id)) => Some(id),
            other => {
                self.waits = other;
                None
            }
        }
    }

    fn wish(&mut self, wish: Wish) {
        self.wish += 1;
        self.input(Input::Wish(WishId(self.wish), wish));
    }
}

fn wish_of(conversation: ConversationId, which: u64) -> Wish {
    let attachments = Vec::new();
    match which {
        0 => Wish::RenewLeaf { conversation },
        1 => Wish::Messages { conversation, before: None, limit: 10 },
        2 => Wish::Group(GroupWish::View { conversation }),
        3 => Wish::Group(GroupWish::Leave { conversation }),
        4 => Wish::Group(GroupWish::Answer { conversation, state: ContactState::Accepted }),
        5 => Wish::Group(GroupWish::FoundAgain { conversation }),
        6 => Wish::Group(GroupWish::Requests { conversation }),
        _ => Wish::Group(GroupWish::Send {
            conversation,
            text: "scripted".to_owned(),
            in_reply_to: None,
            attachments,
        }),
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        let mut number = [0; 8];
        number.get_mut(..bytes)?.copy_from_slice(self.take(bytes)?);
        Some(u64::from_le_bytes(number))
    }

    fn length(&mut self, bytes: usize) -> Option<usize> {
        usize::try_from(self.number(bytes)?).ok()
    }

    fn handle(&mut self) -> Option<Handle> {
        let length = self.length(2)?;
        std::str::from_utf8(self.take(length)?).ok()?.parse().ok()
    }
}
