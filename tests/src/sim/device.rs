//! A device: a real core, a journal that survives, and a host that does what it is told, in order, until it crashes.

use std::collections::VecDeque;

use infrasound_core::{
    Client, NewDevice,
    event::Event,
    input::Input,
    journal::{Scope, StorageKey},
    output::{HttpRequest, Output},
};
use infrasound_spec::{account::DeviceId, api::sign_in::SignedIn, time::Timestamp};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use crate::journal::Journal;

use super::verdict::{Rule, Violation, require};

/// What a device does that reaches beyond it.
#[derive(Debug)]
pub(super) enum Deed {
    /// It crashed: nothing of it is left but the journal. It is down for so many milliseconds.
    Crashed(u64),
    /// It wants the stream.
    OpenStream(String),
    /// A request leaves.
    Request(HttpRequest),
    /// The app is told.
    Told(Box<Event>),
    /// It wants to be woken.
    WakeAt(Timestamp),
}

/// One device.
pub(super) struct Device {
    /// Whose: the number of the account.
    pub(super) account: usize,
    pub(super) id: DeviceId,
    /// When it was made, in milliseconds since the world began.
    pub(super) made: u64,
    /// When it stopped being a device of its account.
    pub(super) retired: Option<u64>,
    /// Whether the hub did not take it, since its sign-in was too old when it was heard.
    pub(super) turned_away: bool,
    /// When the hub has taken the device in its place.
    pub(super) revoked: Option<u64>,
    /// Counts crashes: what was on its way to an earlier life does not arrive.
    pub(super) life: u64,
    /// The stream that is open, counted; an event of an earlier one does not arrive.
    pub(super) stream: u64,
    pub(super) stream_events: u64,
    pub(super) stream_busy_until: u64,
    pub(super) last_event_id: Option<String>,
    pub(super) requests: u64,
    /// Not before this time can it reach the hub.
    pub(super) parted_until: u64,
    pub(super) next_wish: u64,
    core: Option<Client>,
    key: StorageKey,
    pub(super) journal: Journal,
    rng: ChaCha20Rng,
    queue: VecDeque<Output>,
    /// It crashes before the output after so many, and is down for so many milliseconds.
    crash_in: Option<(usize, u64)>,
}

impl Device {
    /// Makes a device of a signed-in account. What it does first is still to be carried out.
    pub(super) fn register(
        account: usize,
        number: usize,
        seed: u64,
        signed_in: SignedIn,
        at: u64,
        now: Timestamp,
    ) -> Result<Self, Violation> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed ^ ((number as u64 + 1) << 40));
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        let key = StorageKey::from_bytes(key);
        let new =
            NewDevice { start_over: !signed_in.devices.is_empty(), signed_in, device_name: "sim".into() };
        let (core, outputs) = Client::register(&key, new, now, &mut rng)
            .map_err(|error| Violation::new(Rule::Ending, format!("no device can be made: {error}")))?;
        let mut device = Self {
            account,
            id: core.device(),
            made: at,
            retired: None,
            turned_away: false,
            revoked: None,
            life: 0,
            stream: 0,
            stream_events: 0,
            stream_busy_until: 0,
            last_event_id: None,
            requests: 0,
            parted_until: 0,
            next_wish: 1,
            core: Some(core),
            key,
            journal: Journal::default(),
            rng,
            queue: VecDeque::new(),
            crash_in: None,
        };
        device.take(outputs)?;
        Ok(device)
    }

    /// The core, unless it is down.
    pub(super) fn core(&self) -> Option<&Client> {
        self.core.as_ref()
    }

    pub(super) fn is_up(&self) -> bool {
        self.core.is_some()
    }

    /// Gives the core an input. What comes of it is still to be carried out.
    pub(super) fn input(&mut self, input: Input, now: Timestamp) -> Result<(), Violation> {
        let Some(core) = &mut self.core else { return Ok(()) };
        let outputs = core.handle(input, now, &mut self.rng);
        self.take(outputs)
    }

    /// Opens the client again from its journal.
    pub(super) fn open(&mut self, now: Timestamp) -> Result<(), Violation> {
        let root = self.journal.read(Scope::ROOT);
        let (core, outputs) = Client::open(&self.key, &root, now, &mut self.rng)
            .map_err(|error| Violation::new(Rule::Delivery, format!("the journal does not open: {error}")))?;
        self.core = Some(core);
        self.take(outputs)
    }

    /// A client as it would be opened from what is durable now: to look at, never to be driven.
    pub(super) fn durable(&self, now: Timestamp) -> Option<Client> {
        let mut rng = self.rng.clone();
        Some(Client::open(&self.key, &self.journal.read(Scope::ROOT), now, &mut rng).ok()?.0)
    }

    /// Lets it crash before the output after so many, and be down for so long.
    pub(super) fn crash_in(&mut self, outputs: usize, down: u64) {
        self.crash_in = Some((outputs, down));
    }

    /// Whether nothing is planned that keeps it from doing all of what it is about to do.
    pub(super) fn will_not_crash(&self) -> bool {
        self.crash_in.is_none()
    }

    /// It will not crash any more.
    pub(super) fn heal(&mut self) {
        self.crash_in = None;
        self.parted_until = 0;
    }

    /// The outputs of one step, in which nothing may leave before the last persist (rule 4).
    fn take(&mut self, outputs: Vec<Output>) -> Result<(), Violation> {
        let left = outputs.iter().position(|output| matches!(output, Output::Request(_) | Output::Event(_)));
        let persist = outputs.iter().rposition(|output| matches!(output, Output::Persist(_)));
        let in_order = left.is_none_or(|left| persist.is_none_or(|persist| persist < left));
        require(in_order, Rule::Durability, || {
            "something leaves the device before its state is durable".into()
        })?;
        self.queue.extend(outputs);
        Ok(())
    }

    /// Carries out what there is, up to the next thing that reaches beyond the device.
    pub(super) fn next_deed(&mut self, now: Timestamp) -> Result<Option<Deed>, Violation> {
        while let Some(output) = self.queue.pop_front() {
            if let Some((left, down)) = self.crash_in {
                if left == 0 {
                    self.crash();
                    return Ok(Some(Deed::Crashed(down)));
                }
                self.crash_in = Some((left - 1, down));
            }
            match output {
                Output::Persist(batch) => self.journal.write(batch),
                Output::Load(scope) => {
                    let records = self.journal.read(scope);
                    self.input(Input::Loaded(scope, records), now)?;
                }
                Output::Request(request) => return Ok(Some(Deed::Request(request))),
                Output::OpenStream { token } => return Ok(Some(Deed::OpenStream(token.0))),
                Output::Event(event) => return Ok(Some(Deed::Told(Box::new(event)))),
                Output::WakeAt(at) => return Ok(Some(Deed::WakeAt(at))),
                // Nobody in this world sends files.
                Output::DropBlob(_) => {}
            }
        }
        Ok(None)
    }

    /// It crashes, and the records of a scope are gone.
    pub(super) fn lose(&mut self, scope: Scope) {
        self.crash();
        self.journal.lose(scope);
    }

    fn crash(&mut self) {
        self.core = None;
        self.queue.clear();
        self.crash_in = None;
        self.life += 1;
        self.stream += 1;
        self.last_event_id = None;
    }
}
