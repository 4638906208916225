//! One step of the machine: everything that an input leads to is collected here and handed out in the right order.

use infrasound_spec::{
    blob::BlobId,
    mutant::{self, Mutant},
    time::Timestamp,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng as _};
use zeroize::Zeroizing;

use crate::{
    event::Event,
    journal::{Scope, Sealer, WriteSet},
    output::{HttpRequest, Output, Token},
};

/// What a step may use, and what it leads to.
pub(super) struct Step {
    pub(super) now: Timestamp,
    pub(super) rng: ChaCha20Rng,
    pub(super) writes: WriteSet,
    pub(super) requests: Vec<HttpRequest>,
    pub(super) events: Vec<Event>,
    pub(super) loads: Vec<Scope>,
    pub(super) drops: Vec<BlobId>,
    pub(super) open_stream: Option<String>,
    pub(super) wake_at: Option<Timestamp>,
}

impl Step {
    pub(super) fn new(now: Timestamp, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self {
            now,
            rng: ChaCha20Rng::from_seed(*seed),
            writes: WriteSet::default(),
            requests: Vec::new(),
            events: Vec::new(),
            loads: Vec::new(),
            drops: Vec::new(),
            open_stream: None,
            wake_at: None,
        }
    }

    /// A seed for somebody else's generator.
    pub(super) fn seed(&mut self) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0; 32]);
        self.rng.fill_bytes(&mut *seed);
        seed
    }

    pub(super) fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    pub(super) fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Whether the app is told something by this step.
    pub(super) fn has_told(&self) -> bool {
        !self.events.is_empty()
    }

    /// Asks to be woken at `at`, or earlier if something else asked for that.
    pub(super) fn wake_at(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Persist first; then what leaves the device or reaches the app.
    pub(super) fn finish(mut self, sealer: &Sealer) -> Vec<Output> {
        let mut outputs = Vec::with_capacity(2 + self.requests.len() + self.events.len());
        if !self.writes.is_empty() {
            outputs.push(Output::Persist(self.writes.seal(sealer, &mut self.rng)));
        }
        outputs.extend(self.loads.into_iter().map(Output::Load));
        outputs.extend(self.drops.into_iter().map(Output::DropBlob));
        outputs.extend(self.requests.into_iter().map(Output::Request));
        outputs.extend(self.open_stream.map(|token| Output::OpenStream { token: Token(token) }));
        outputs.extend(self.events.into_iter().map(Output::Event));
        outputs.extend(self.wake_at.map(Output::WakeAt));
        if mutant::is(Mutant::SendsFirst) {
            outputs.reverse();
        }
        outputs
    }
}
