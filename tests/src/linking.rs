//! A new device being linked, in a test: a real [`Newcomer`] with a journal in memory and HTTP to a real relay; and both
//! devices driven in turns, as two people's hands would.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: a step that fails fails the test, and says which"
)]

use std::{
    collections::VecDeque,
    time::{SystemTime, UNIX_EPOCH},
};

use infrasound_core::{
    NewDevice, Newcomer,
    event::{Event, Failure},
    input::{HttpResponse, Input, LinkBy, TransportError, Wish, WishId},
    output::{HttpRequest, Method, Output},
};
use infrasound_spec::{api::sign_in::SignedIn, link::LinkMode, time::Timestamp};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use crate::{
    device::{Device, Tamper},
    journal::Journal,
};

/// Turns after which two devices that have not come to an end never will.
const TURNS: usize = 2_000;

/// How the person brings the two together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By the code, and a number that is compared.
    Code,
    /// By what the screen shows.
    Screen,
}

/// A device that is being linked.
pub struct New {
    core: Option<Newcomer>,
    /// What would be on the disk.
    pub journal: Journal,
    /// What the app was told, in order.
    pub events: Vec<Event>,
    /// Everything that went over the wire: bodies of requests and answers.
    pub traffic: Vec<Vec<u8>>,
    base: String,
    http: reqwest::Client,
    rng: ChaCha20Rng,
    seed: u64,
    ahead: u64,
    wake_at: Option<Timestamp>,
    queue: VecDeque<Output>,
    tamper: Option<Tamper>,
    carried_out: usize,
    crash_before: Option<usize>,
    next_wish: u64,
}

impl New {
    /// Begins a link for a finished sign-in.
    pub fn begin(base: &str, signed_in: SignedIn, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let new = NewDevice { signed_in, device_name: format!("linked {seed}"), start_over: false };
        let (core, outputs) =
            Newcomer::begin(&Device::storage_key(seed), new, now(0), &mut rng).expect("a newcomer");
        Self {
            core: Some(core),
            journal: Journal::default(),
            events: Vec::new(),
            traffic: Vec::new(),
            base: base.to_owned(),
            http: reqwest::Client::new(),
            rng,
            seed,
            ahead: 0,
            wake_at: None,
            queue: outputs.into(),
            tamper: None,
            carried_out: 0,
            crash_before: None,
            next_wish: 1,
        }
    }

    /// From now on, answers of the relay pass through this.
    pub fn tamper(&mut self, tamper: impl FnMut(&HttpRequest, &mut HttpResponse) + Send + 'static) {
        self.tamper = Some(Box::new(tamper));
    }

    /// Crashes before the `n`th output from the beginning is carried out.
    pub fn crash_before(&mut self, n: usize) {
        self.crash_before = Some(n);
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        self.core.is_some()
    }

    /// Carries out what there is, then lets one short timer come.
    pub async fn turn(&mut self) {
        while let Some(output) = self.queue.pop_front() {
            self.carry_out(output).await;
        }
        if let Some(at) = self.wake_at.take().filter(|at| at.millis_since(now(self.ahead)) <= 5_000) {
            self.ahead += at.millis_since(now(self.ahead));
            self.input(Input::Wake);
        }
    }

    /// Makes a wish.
    pub fn wish(&mut self, wish: Wish) {
        let id = WishId(self.next_wish);
        self.next_wish += 1;
        self.input(Input::Wish(id, wish));
    }

    /// What the person brings to the old device.
    pub async fn shown(&mut self, how: How) -> LinkBy {
        for _ in 0..10 {
            let opened = self.events.iter().find_map(|event| match event {
                Event::LinkOpened { code, uri } => Some((code.clone(), uri.clone())),
                _ => None,
            });
            match (opened, how) {
                (Some((code, _)), How::Code) => return LinkBy::Code(code),
                (Some((_, uri)), How::Screen) => return LinkBy::Uri(uri),
                (None, _) => self.turn().await,
            }
        }
        panic!("no link was opened: {:?}", self.events);
    }

    /// Whether there is something to be shown.
    pub fn is_opened(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::LinkOpened { .. }))
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        failure(&self.events)
    }

    /// Whether all of the history is here.
    pub fn is_done(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::LinkDone))
    }

    /// What a process that starts on this journal finds.
    pub async fn open(self) -> Option<Device> {
        Device::open(&self.base, self.journal, self.seed).await
    }

    fn input(&mut self, input: Input) {
        let now = now(self.ahead);
        let Some(core) = &mut self.core else { return };
        self.queue.extend(core.handle(input, now, &mut self.rng));
    }

    async fn carry_out(&mut self, output: Output) {
        self.carried_out += 1;
        if self.crash_before.is_some_and(|n| self.carried_out >= n) {
            self.core = None;
            self.queue.clear();
            self.wake_at = None;
            return;
        }
        match output {
            Output::Persist(batch) => self.journal.write(batch),
            Output::Request(request) => self.request(request).await,
            Output::Event(event) => self.events.push(event),
            Output::WakeAt(at) => self.wake_at = Some(at),
            Output::Load(_) | Output::DropBlob(_) | Output::OpenStream { .. } => {
                panic!("a newcomer has nothing to load")
            }
        }
    }

    async fn request(&mut self, request: HttpRequest) {
        let url = format!("{}{}", self.base, request.path.replace("wait=15", "wait=0"));
        let mut builder = match request.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
            Method::Put => self.http.put(url),
            Method::Delete => self.http.delete(url),
            Method::Patch => panic!("a newcomer uploads nothing"),
        };
        if let Some(token) = &request.token {
            builder = builder.bearer_auth(token);
        }
        if let Some(body) = &request.body {
            self.traffic.push(body.clone());
            builder = builder.header("content-type", "application/json").body(body.clone());
        }
        let Ok(answer) = builder.send().await else {
            return self.input(Input::Unreachable(request.id, TransportError::Unreachable));
        };
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap().to_vec();
        self.traffic.push(body.clone());
        let mut response = HttpResponse { status, retry_after: None, body };
        if let Some(tamper) = &mut self.tamper {
            tamper(&request, &mut response);
        }
        self.input(Input::Response(request.id, response));
    }
}

/// Both devices in turns, and a person who confirms on both when the numbers are the same; until one of the two has
/// come to an end, or has crashed. Gives the numbers that were shown.
pub async fn bring_together(new: &mut New, old: &mut Device, how: How) -> Vec<String> {
    let seen = old.events.len();
    let shown = new.shown(how).await;
    old.begin(Wish::JoinLink(shown));
    let (mut at_old, mut at_new) = (None, None);
    let mut numbers = Vec::new();
    for _ in 0..TURNS {
        new.turn().await;
        old.turn().await;
        if at_old.is_none() {
            at_old = compared(&old.events[seen..]);
        }
        if at_new.is_none() {
            at_new = compared(&new.events);
        }
        if let (Some((one, _)), Some((other, mode)), true) = (&at_old, &at_new, numbers.is_empty()) {
            numbers = vec![one.clone(), other.clone()];
            if one == other {
                old.begin(Wish::ConfirmLink);
                if *mode == LinkMode::Number {
                    new.wish(Wish::ConfirmLink);
                }
            } else {
                old.begin(Wish::CancelLink);
                new.wish(Wish::CancelLink);
            }
        }
        let over = |event: &Event| matches!(event, Event::LinkDone | Event::LinkFailed(_));
        let old_over = old.events[seen..].iter().any(over);
        let new_over = new.events.iter().any(over) || !new.is_alive();
        let differ = numbers.len() == 2 && numbers[0] != numbers[1];
        if (old_over && new_over) || differ || (!new.is_alive() && old_over) {
            return numbers;
        }
        if !new.is_alive() {
            old.begin(Wish::CancelLink);
            old.turn().await;
            return numbers;
        }
    }
    numbers
}

/// Links a device to the account of `old`.
pub async fn link(base: &str, signed_in: SignedIn, old: &mut Device, how: How, seed: u64) -> Device {
    let mut new = New::begin(base, signed_in, seed);
    bring_together(&mut new, old, how).await;
    assert!(new.is_done(), "{:?} {:?}", new.failure(), failure(&old.events));
    new.open().await.expect("a device")
}

/// Why a link failed, if it did.
pub fn failure(events: &[Event]) -> Option<Failure> {
    events.iter().find_map(|event| match event {
        Event::LinkFailed(failure) => Some(failure.clone()),
        _ => None,
    })
}

fn compared(events: &[Event]) -> Option<(String, LinkMode)> {
    events.iter().find_map(|event| match event {
        Event::LinkCompare { number, mode, .. } => Some((number.clone(), *mode)),
        _ => None,
    })
}

fn now(ahead: u64) -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap() + ahead)
}
