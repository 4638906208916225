//! The world: everything that is going to happen, in order of time, and what becomes of it.

use std::collections::BTreeMap;

use infrasound_core::{
    input::{GroupWish, HttpResponse, Input, TransportError, Wish, WishId},
    message::Message,
    output::{HttpRequest, RequestId},
};
use infrasound_spec::time::{SECOND, Timestamp};

use super::{
    device::{Deed, Device},
    fate::{self, Fate},
    hub::{Hub, OpenStream, StreamItem},
    ledger::{Account, Ledger, Wished},
    lies::Lie,
    plan::{Plan, Weather},
    trace::Trace,
    verdict::{Rule, Violation},
    watching,
};

/// Between two sweeps of the hub, while something happens at all.
const SWEEP: u64 = 10 * SECOND;
/// Bodies of requests that the trace shows have at most so many bytes.
const SHORT: usize = 200;
/// Milliseconds until a device notices that the stream is gone.
const NOTICE: u64 = 100;

/// Something that is going to happen.
#[derive(Debug)]
pub(super) enum Happening {
    /// An action of the plan.
    Act(usize),
    /// An answer, or the lack of one, reaches a device.
    Answer {
        device: usize,
        life: u64,
        request: RequestId,
        answer: Result<HttpResponse, TransportError>,
        lie: Option<Lie>,
    },
    /// The hub is up again.
    HubReturns,
    /// A device is opened again.
    Open(usize),
    /// A device opens the stream.
    OpenStream { device: usize, life: u64, token: String },
    /// A request reaches the hub; `fate` says how its answer goes back, if anybody waits for it.
    Request { device: usize, life: u64, request: HttpRequest, fate: Option<Fate> },
    /// An event of the stream reaches a device.
    StreamItem { device: usize, stream: u64, item: StreamItem },
    /// A stream is found broken.
    StreamBreaks { device: usize, stream: u64 },
    /// A device is woken.
    Wake { device: usize, life: u64, at: Timestamp },
}

/// The world.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) weather: Weather,
    pub(super) now: u64,
    pub(super) hub: Hub,
    pub(super) devices: Vec<Device>,
    /// The device that an account uses now.
    pub(super) current: Vec<usize>,
    pub(super) ledger: Ledger,
    pub(super) trace: Trace,
    /// What a device last showed of a conversation.
    pub(super) last_history: Option<Vec<Message>>,
    start: Timestamp,
    coming: BTreeMap<(u64, u64), Happening>,
    count: u64,
    streams: BTreeMap<usize, OpenStream>,
    swept: u64,
}

impl World {
    /// A world in which every account has a device that is about to register.
    pub(super) async fn new(plan: Plan, start: Timestamp) -> Result<Self, Violation> {
        let names: Vec<String> = (0..plan.accounts).map(|number| format!("a{number}")).collect();
        let hub = Hub::new(plan.seed, start, names.clone()).await?;
        let account = |name: &String| {
            Some(Account {
                name: name.clone(),
                handle: hub.accounts.handle(name)?,
                uri: hub.accounts.uri(name)?,
            })
        };
        let accounts = names.iter().filter_map(account).collect();
        let ledger = Ledger::new(accounts);
        let mut world = Self {
            weather: plan.weather,
            plan,
            now: 0,
            hub,
            devices: Vec::new(),
            current: Vec::new(),
            ledger,
            trace: Trace::new(),
            last_history: None,
            start,
            coming: BTreeMap::new(),
            count: 0,
            streams: BTreeMap::new(),
            swept: 0,
        };
        for account in 0..world.plan.accounts {
            world.register(account).await?;
        }
        Ok(world)
    }

    /// Makes a device for an account, in place of the one that it has. Nothing happens while the hub is down.
    pub(super) async fn register(&mut self, account: usize) -> Result<(), Violation> {
        let Some(signed_in) = self.hub.sign_in(&self.ledger.accounts[account].name).await? else {
            return Ok(());
        };
        let number = self.devices.len();
        let now = self.device_time(number);
        let device = Device::register(account, number, self.plan.seed, signed_in, self.now, now)?;
        self.trace.note(self.now, format_args!("device {number} is made for account {account}"));
        self.devices.push(device);
        match self.current.get_mut(account) {
            Some(current) => *current = number,
            None => self.current.push(number),
        }
        self.carry_out(number)
    }

    /// The time as a device sees it.
    pub(super) fn device_time(&self, device: usize) -> Timestamp {
        let off = fate::of_clock(self.plan.seed, device, &self.plan.weather);
        let time = self.start.plus_millis(self.now);
        if off < 0 { time.minus_millis(off.unsigned_abs()) } else { time.plus_millis(off.unsigned_abs()) }
    }

    /// The hub's time.
    pub(super) fn hub_time(&self) -> Timestamp {
        self.start.plus_millis(self.now)
    }

    /// Something will happen so many milliseconds from now.
    pub(super) fn in_future(&mut self, after: u64, happening: Happening) {
        self.count += 1;
        self.coming.insert((self.now + after, self.count), happening);
    }

    /// How many things have been going to happen so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// When the next thing happens.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.coming.keys().next().map(|(at, _)| *at)
    }

    /// Lets the next thing happen. `false`: nothing will ever happen.
    pub(super) async fn step(&mut self) -> Result<bool, Violation> {
        let Some(((at, _), happening)) = self.coming.pop_first() else { return Ok(false) };
        self.now = at;
        self.hub.set_time(at);
        match happening {
            Happening::Act(index) => self.act(index).await?,
            Happening::Answer { device, life, request, answer, lie } => {
                let input = match answer {
                    Ok(response) => Input::Response(request, response),
                    Err(error) => Input::Unreachable(request, error),
                };
                let unseen = lie.filter(|lie| self.is_for(device, *lie));
                // Only what it is warned of now counts.
                self.ledger.warned.remove(&device);
                self.input_of_life(device, life, input)?;
                unseen.map_or(Ok(()), |lie| self.must_have_noticed(device, lie))?;
            }
            Happening::HubReturns => {
                if !self.hub.is_up() {
                    self.trace.note(self.now, format_args!("the hub is up again"));
                    self.hub.restart().await?;
                }
            }
            Happening::Open(device) => self.open(device)?,
            Happening::OpenStream { device, life, token } => self.open_stream(device, life, &token).await?,
            Happening::Request { device, life, request, fate } => {
                self.reach_hub(device, life, &request, fate).await?;
            }
            Happening::StreamItem { device, stream, item } => {
                if self.devices[device].stream == stream {
                    self.trace.note(self.now, format_args!("{device} hears {}", item.data));
                    self.devices[device].last_event_id = item.id;
                    self.input(device, Input::StreamEvent(item.data))?;
                }
            }
            Happening::StreamBreaks { device, stream } => {
                if self.devices[device].stream == stream {
                    self.break_stream(device);
                    self.input(device, Input::StreamClosed(TransportError::Unreachable))?;
                }
            }
            Happening::Wake { device, life, at } => {
                // A clock that is behind wakes when its own time has come.
                let early = at.millis_since(self.device_time(device));
                if early > 0 {
                    self.in_future(early, Happening::Wake { device, life, at });
                } else {
                    self.trace.note(self.now, format_args!("{device} wakes"));
                    self.input_of_life(device, life, Input::Wake)?;
                }
            }
        }
        Ok(true)
    }

    /// A device's person wishes something.
    pub(super) fn wish(&mut self, device: usize, wish: Wish, note: Option<usize>) -> Result<(), Violation> {
        if !self.devices[device].is_up() {
            return Ok(());
        }
        let id = WishId(self.devices[device].next_wish);
        self.devices[device].next_wish += 1;
        self.trace.note(self.now, format_args!("{device} wishes {wish:?}"));
        let plain = |wish: &GroupWish| {
            matches!(
                wish,
                GroupWish::Describe { .. }
                    | GroupWish::Join { .. }
                    | GroupWish::MakeLink { .. }
                    | GroupWish::Send { .. }
            )
        };
        let change = matches!(&wish, Wish::Group(wish) if !plain(wish));
        let wished = Wished { what: format!("{wish:?}"), note, change };
        self.ledger.wishes.insert((device, id), wished);
        self.input(device, Input::Wish(id, wish))
    }

    fn input_of_life(&mut self, device: usize, life: u64, input: Input) -> Result<(), Violation> {
        if self.devices[device].life == life { self.input(device, input) } else { Ok(()) }
    }

    fn input(&mut self, device: usize, input: Input) -> Result<(), Violation> {
        let now = self.device_time(device);
        self.devices[device].input(input, now)?;
        self.carry_out(device)
    }

    /// What a device does until it waits again.
    fn carry_out(&mut self, device: usize) -> Result<(), Violation> {
        let now = self.device_time(device);
        while let Some(deed) = self.devices[device].next_deed(now)? {
            let life = self.devices[device].life;
            match deed {
                Deed::Crashed(down) => self.crashed(device, down),
                Deed::OpenStream(token) => self.send_for_stream(device, token),
                Deed::Request(request) => self.send(device, request)?,
                Deed::Told(event) => self.told(device, &event)?,
                Deed::WakeAt(at) => {
                    let after = at.millis_since(now);
                    self.in_future(after, Happening::Wake { device, life, at });
                }
            }
        }
        self.look_at(device)
    }

    fn next_fate(&mut self, device: usize) -> Fate {
        let number = self.devices[device].requests;
        self.devices[device].requests += 1;
        Fate::of(self.plan.seed, device, number, &self.weather)
    }

    fn send_for_stream(&mut self, device: usize, token: String) {
        self.break_stream(device);
        let Device { life, stream, .. } = self.devices[device];
        let fate = self.next_fate(device);
        match fate.there {
            Some(there) => self.in_future(there, Happening::OpenStream { device, life, token }),
            None => self.in_future(fate.timeout, Happening::StreamBreaks { device, stream }),
        }
    }

    pub(super) fn crashed(&mut self, device: usize, down: u64) {
        self.trace.note(self.now, format_args!("{device} crashes"));
        self.streams.remove(&device);
        self.ledger.wishes.retain(|(of, _), _| *of != device);
        self.in_future(down, Happening::Open(device));
    }

    fn open(&mut self, device: usize) -> Result<(), Violation> {
        if self.devices[device].is_up() {
            return Ok(());
        }
        self.trace.note(self.now, format_args!("{device} is opened"));
        let now = self.device_time(device);
        self.devices[device].open(now)?;
        self.carry_out(device)
    }

    /// A request leaves a device.
    fn send(&mut self, device: usize, request: HttpRequest) -> Result<(), Violation> {
        self.check_submission(device, &request)?;
        let fate = self.next_fate(device);
        let life = self.devices[device].life;
        let body = request.body.as_deref().filter(|body| body.len() <= SHORT).unwrap_or_default();
        let aside = format!(" {}", String::from_utf8_lossy(body));
        let asks = format_args!("{device} asks {:?} {}", request.method, request.path);
        self.trace.note_with(self.now, asks, &aside);
        let parted = self.devices[device].parted_until > self.now;
        let answer = Err(TransportError::Unreachable);
        if parted {
            let none = Happening::Answer { device, life, request: request.id, answer, lie: None };
            self.in_future(1, none);
            return Ok(());
        }
        if let Some(again) = fate.again {
            let copy = Happening::Request { device, life, request: request.clone(), fate: None };
            self.in_future(again, copy);
        }
        if let Some(there) = fate.there {
            self.in_future(there, Happening::Request { device, life, request, fate: Some(fate) });
        } else {
            let answer = Err(TransportError::TimedOut);
            let lost = Happening::Answer { device, life, request: request.id, answer, lie: None };
            self.in_future(fate.timeout, lost);
        }
        Ok(())
    }

    /// A request reaches the hub, and its answer sets out.
    async fn reach_hub(
        &mut self,
        device: usize,
        life: u64,
        request: &HttpRequest,
        fate: Option<Fate>,
    ) -> Result<(), Violation> {
        if self.now >= self.swept + SWEEP {
            self.swept = self.now;
            self.hub.sweep(false).await?;
        }
        let mut untrue = None;
        let answer = match self.hub.ask(request).await? {
            Some(mut response) => {
                let why = watching::refusal(&response).unwrap_or_default();
                self.trace.note(
                    self.now,
                    format_args!("the hub answers {device}: {} to {} {why}", response.status, request.path),
                );
                self.answered(device, request, &response)?;
                untrue = self.tell_lie(device, request, &mut response);
                Ok(response)
            }
            None => Err(TransportError::Unreachable),
        };
        self.read_streams();
        let Some(fate) = fate else { return Ok(()) };
        let happens = |answer| Happening::Answer { device, life, request: request.id, answer, lie: untrue };
        match fate.back {
            Some(back) => {
                if fate.echo {
                    self.in_future(back + back, happens(answer.clone()));
                }
                self.in_future(back, happens(answer));
            }
            None => self.in_future(fate.timeout, happens(Err(TransportError::TimedOut))),
        }
        Ok(())
    }

    async fn open_stream(&mut self, device: usize, life: u64, token: &str) -> Result<(), Violation> {
        if self.devices[device].life != life {
            return Ok(());
        }
        let last = self.devices[device].last_event_id.clone();
        let parted = self.devices[device].parted_until > self.now;
        let opened = if parted { None } else { self.hub.open_stream(token, last.as_deref()).await? };
        match opened {
            Some(stream) => {
                self.trace.note(self.now, format_args!("{device} has the stream"));
                self.streams.insert(device, stream);
                self.input(device, Input::StreamOpened)?;
                self.read_streams();
                Ok(())
            }
            None => self.input(device, Input::StreamClosed(TransportError::Unreachable)),
        }
    }

    /// What the hub has written to the streams sets out.
    pub(super) fn read_streams(&mut self) {
        let mut ended = Vec::new();
        let mut read = Vec::new();
        for (device, stream) in &mut self.streams {
            read.extend(stream.read().into_iter().map(|item| (*device, item)));
            if stream.ended {
                ended.push(*device);
            }
        }
        for (device, item) in read {
            self.send_item(device, item);
        }
        for device in ended {
            self.streams.remove(&device);
            let stream = self.devices[device].stream;
            self.in_future(NOTICE, Happening::StreamBreaks { device, stream });
        }
    }

    fn send_item(&mut self, device: usize, item: StreamItem) {
        if !self.streams.contains_key(&device) {
            return;
        }
        let number = self.devices[device].stream_events;
        self.devices[device].stream_events += 1;
        let stream = self.devices[device].stream;
        if let Some(delay) = fate::of_event(self.plan.seed, device, number, &self.weather) {
            // What goes by one connection stays in order.
            let arrives = (self.now + delay).max(self.devices[device].stream_busy_until);
            self.devices[device].stream_busy_until = arrives;
            self.in_future(arrives - self.now, Happening::StreamItem { device, stream, item });
        } else {
            self.streams.remove(&device);
            self.in_future(NOTICE, Happening::StreamBreaks { device, stream });
        }
    }

    /// The device has no stream any more, or another one.
    fn break_stream(&mut self, device: usize) {
        self.streams.remove(&device);
        self.devices[device].stream += 1;
    }

    /// The hub crashes: nobody has a stream, and what it had not answered it will not answer.
    pub(super) async fn crash_hub(&mut self, down: u64) {
        self.trace.note(self.now, format_args!("the hub crashes"));
        self.hub.crash().await;
        for device in std::mem::take(&mut self.streams).into_keys() {
            let stream = self.devices[device].stream;
            self.in_future(NOTICE, Happening::StreamBreaks { device, stream });
        }
        for happening in self.coming.values_mut() {
            if let Happening::Answer { answer, lie, .. } = happening {
                *answer = Err(TransportError::Unreachable);
                *lie = None;
            }
        }
        self.in_future(down, Happening::HubReturns);
    }

    /// A device cannot reach the hub for a while.
    pub(super) fn part(&mut self, device: usize, millis: u64) {
        self.devices[device].parted_until = self.now + millis;
        if self.streams.remove(&device).is_some() {
            let stream = self.devices[device].stream;
            self.in_future(NOTICE, Happening::StreamBreaks { device, stream });
        }
    }
}

/// Nothing comes to rest within so many things that happen.
pub(super) fn restless() -> Violation {
    Violation::new(Rule::Ending, "the world never comes to rest")
}
