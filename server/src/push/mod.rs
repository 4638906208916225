//! Wakes devices that are not connected, by the push service of their browser or phone.
//!
//! A commit notes for whom there is something new ([`wakes`]). The task here waits a little, looks what the device has not
//! fetched, and sends it a push message without content. What it has to know after a crash is in the database: which message was
//! the last that wakes, what each device has fetched, and for what it was woken.
//!
//! Spec: `push.md`.

mod identity;
mod sealing;
mod service;
mod wakes;

pub(crate) use self::{identity::PushIdentity, sealing::read_key, service::PushServices, wakes::Wakes};

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use infrasound_spec::{
    account::DeviceId,
    api::push::PushEndpoint,
    time::{HOUR, MINUTE, SECOND, Timestamp},
};
use tokio::{
    sync::{Semaphore, watch},
    task::{self, JoinSet},
};

use self::service::Delivery;
use crate::{
    app::App,
    config::{Config, InstanceConfig},
    error::ApiError,
    outbound::{LOOPBACK, Reach},
    store::push,
    writer::{Effect, Writer},
};

/// So long a device may take to fetch what is new before it is woken, in milliseconds.
const SETTLE: u64 = 2 * SECOND;
/// So long one may that has a stream open: the stream may be dead, and nobody have noticed.
const SETTLE_LISTENING: u64 = 30 * SECOND;
/// So long a device that was woken is left alone, in milliseconds.
const REST: u64 = MINUTE;
/// The same of one for which there was nothing, or whose hours of rest it is.
const REST_CALM: u64 = 5 * SECOND;
/// The first wait when a push service has no place left, in milliseconds; each further one is twice as long, up to 32 times this.
const BUSY: u64 = SECOND;
/// Push messages under way at once, to all push services.
const AT_ONCE: usize = 64;
/// Looks into the database at once: a part of the readers.
const LOOKS: usize = 2;
/// How often a device is tried for one cause.
const TRIES: u32 = 8;
/// The longest wait between two tries, in milliseconds.
const LONGEST: u64 = HOUR;
/// How often the clock is looked at while something waits for its time.
const TICK: Duration = Duration::from_millis(250);

/// What the relay needs to wake devices.
#[derive(Debug)]
pub(crate) struct Push {
    /// By what push services know the relay.
    pub(crate) identity: PushIdentity,
    /// How they are called.
    pub(crate) services: PushServices,
    looks: Semaphore,
}

impl Push {
    /// Everything for waking devices, if the configuration has it.
    pub(crate) async fn open(
        config: &Config,
        writer: &Writer,
        public_url: &str,
    ) -> Result<Option<Self>, OpenPushError> {
        if !config.push.enabled {
            return Ok(None);
        }
        let mut networks = config.push.allow_private_networks.clone();
        if config.instance == InstanceConfig::Demo {
            // For trying out, and for tests: everything is on this machine.
            networks.extend(LOOPBACK);
        }
        let identity = PushIdentity::open(writer, public_url).await.map_err(|_| OpenPushError::Key)?;
        let services = PushServices::new(Reach::opening(&networks))?;
        Ok(Some(Self { identity, services, looks: Semaphore::new(LOOKS) }))
    }
}

/// Why devices cannot be woken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenPushError {
    /// The key is not one, or cannot be stored.
    #[error("the relay's key for push services cannot be read or stored")]
    Key,
    /// The HTTP client cannot start.
    #[error("the HTTP client cannot start")]
    Client(#[from] reqwest::Error),
}

/// What to do with a device after it was seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// There is nothing to wake it for, or nobody to be woken.
    Calm,
    /// There is, but it has a stream open, and may be about to fetch it.
    Listens,
    /// It was woken.
    Woken,
    /// Its hours of rest end then.
    Rests(Timestamp),
    /// Its push service has as much to do as it may.
    Busy,
    /// It did not work, and may after so many milliseconds.
    Failed(Option<u64>),
}

/// What is known of a device's next time.
#[derive(Debug, Default)]
struct Turn {
    /// When it is seen to.
    due: Option<Timestamp>,
    /// Not before.
    not_before: Timestamp,
    /// Tries that failed in a row.
    failures: u32,
    /// Until when its stream is believed to be alive, if it had one when it was seen to.
    believed_until: Option<Timestamp>,
    /// How often in a row its push service had too much to do.
    busy: u32,
    /// Whether it is being seen to.
    under_way: bool,
}

impl Turn {
    fn stir(&mut self, now: Timestamp) {
        if self.due.is_none() && !self.under_way {
            (self.failures, self.believed_until) = (0, None);
        }
        // A clock that was put back must not silence anybody for longer than the longest wait.
        self.not_before = self.not_before.min(now.plus_millis(LONGEST));
        let due = now.plus_millis(SETTLE).max(self.not_before);
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// It has another subscription: what went wrong with the one before says nothing of this one.
    fn renew(&mut self) {
        if self.failures > 0 {
            (self.failures, self.not_before) = (0, Timestamp::default());
        }
    }

    /// Begins to see to it. Says whether its stream is to be believed.
    fn begin(&mut self, now: Timestamp) -> bool {
        self.due = None;
        self.under_way = true;
        self.believed_until.is_none_or(|until| now < until)
    }

    fn end(&mut self, seen: Seen, now: Timestamp) {
        self.under_way = false;
        if seen != Seen::Busy {
            self.busy = 0;
        }
        let not_before = |wait| now.plus_millis(wait);
        match seen {
            Seen::Calm => {
                (self.failures, self.believed_until) = (0, None);
                self.not_before = not_before(REST_CALM);
            }
            Seen::Woken => {
                (self.failures, self.believed_until) = (0, None);
                self.not_before = not_before(REST);
            }
            Seen::Listens => {
                let until = *self.believed_until.get_or_insert(not_before(SETTLE_LISTENING));
                self.due = Some(self.due.map_or(until, |due| due.min(until)));
            }
            Seen::Rests(until) => {
                self.not_before = not_before(REST_CALM);
                self.due = Some(until);
            }
            Seen::Busy => {
                self.due = Some(not_before(BUSY.saturating_mul(1 << self.busy.min(5))));
                self.busy += 1;
            }
            Seen::Failed(after) => {
                let backed_off = MINUTE.saturating_mul(1 << self.failures.min(6));
                self.failures += 1;
                self.not_before = not_before(after.unwrap_or(0).max(backed_off).min(LONGEST));
                self.due = self.due.or((self.failures < TRIES).then_some(self.not_before));
            }
        }
        self.due = self.due.map(|due| due.max(self.not_before));
    }

    /// Whether nothing of it has to be remembered.
    fn is_over(&self, now: Timestamp) -> bool {
        !self.under_way && self.due.is_none() && self.not_before <= now
    }
}

/// Whose turn is when, in order.
#[derive(Debug, Default)]
struct Turns {
    of: HashMap<DeviceId, Turn>,
    queue: BTreeSet<(Timestamp, DeviceId)>,
}

impl Turns {
    /// Changes a device's turn, and its place in the queue with it.
    fn change<T>(&mut self, device: DeviceId, change: impl FnOnce(&mut Turn) -> T) -> T {
        let turn = self.of.entry(device).or_default();
        let before = turn.due.filter(|_| !turn.under_way);
        let changed = change(turn);
        let after = turn.due.filter(|_| !turn.under_way);
        if before != after {
            self.queue.extend(after.map(|due| (due, device)));
            if let Some(due) = before {
                self.queue.remove(&(due, device));
            }
        }
        changed
    }

    /// The device that has waited longest beyond its time, and whether its stream is to be believed.
    fn next(&mut self, now: Timestamp) -> Option<(DeviceId, bool)> {
        let (due, device) = *self.queue.first()?;
        (due <= now).then(|| (device, self.change(device, |turn| turn.begin(now))))
    }

    /// Forgets what is over.
    fn tidy(&mut self, now: Timestamp) {
        self.of.retain(|_, turn| !turn.is_over(now));
    }
}

/// Wakes devices until the relay shuts down.
pub(crate) async fn run(app: App, mut shutdown: watch::Receiver<bool>) {
    let mut turns = Turns::default();
    let mut under_way: JoinSet<Seen> = JoinSet::new();
    let mut whose: HashMap<task::Id, DeviceId> = HashMap::new();
    let mut tidied = app.now();
    loop {
        tokio::select! {
            taken = app.live.wakes.taken() => {
                let now = app.now();
                for device in taken.renewed {
                    turns.change(device, Turn::renew);
                }
                for device in taken.stirred {
                    turns.change(device, |turn| turn.stir(now));
                }
            }
            Some(ended) = under_way.join_next_with_id() => {
                let (id, seen) = match ended {
                    Ok(ended) => ended,
                    // It panicked, which was logged: a fault of ours, and none of the device's.
                    Err(error) => (error.id(), Seen::Failed(None)),
                };
                if let Some(device) = whose.remove(&id) {
                    turns.change(device, |turn| turn.end(seen, app.now()));
                }
            }
            () = tokio::time::sleep(TICK), if !turns.queue.is_empty() => {}
            _ = shutdown.wait_for(|stop| *stop) => break,
        }
        let now = app.now();
        while under_way.len() < AT_ONCE
            && let Some((device, believes)) = turns.next(now)
        {
            let app = app.clone();
            let begun = under_way.spawn(async move { app.see_to(device, believes).await });
            whose.insert(begun.id(), device);
        }
        if now.millis_since(tidied) >= MINUTE {
            turns.tidy(now);
            tidied = now;
        }
    }
    // Who was woken is noted, so that nobody is woken twice for one thing.
    while under_way.join_next().await.is_some() {}
}

impl App {
    /// Knows who has a subscription, and looks for all of them once: what came while nobody looked.
    pub(crate) async fn load_subscriptions(&self) -> Result<(), ApiError> {
        let mut snapshot = self.read().await?;
        for device in push::devices(&mut snapshot).await? {
            self.live.wakes.subscribe(device, false);
        }
        Ok(())
    }

    async fn see_to(&self, device: DeviceId, believes: bool) -> Seen {
        match self.wake(device, believes).await {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!(
                    problem = error.0.problem_type.urn(),
                    "a device was not woken: it is tried again"
                );
                Seen::Failed(None)
            }
        }
    }

    /// Wakes a device, if there is something that it has not fetched.
    async fn wake(&self, device: DeviceId, believes: bool) -> Result<Seen, ApiError> {
        let Some(Push { identity, services, looks }) = &self.push else { return Ok(Seen::Calm) };
        let look = looks.acquire().await.map_err(|_| ApiError::unavailable())?;
        let mut snapshot = self.read().await?;
        let Some(stored) = push::load(&mut snapshot, &device).await? else { return Ok(Seen::Calm) };
        let Some(seq) = push::waiting(&mut snapshot, &device, &stored).await? else { return Ok(Seen::Calm) };
        drop((snapshot, look));
        if believes && self.live.streams.listens(&device) {
            return Ok(Seen::Listens);
        }
        let now = self.now();
        if let Some(until) = stored.subscription.quiet.and_then(|quiet| quiet.end(now)) {
            return Ok(Seen::Rests(until));
        }
        let delivery = services.wake(&stored.subscription, identity, now).await;
        let (outcome, seen) = match delivery {
            Delivery::Taken => ("taken", Seen::Woken),
            Delivery::Gone => ("gone", Seen::Calm),
            Delivery::Failed(after) => ("failed", Seen::Failed(after)),
            Delivery::Busy => return Ok(Seen::Busy),
        };
        self.metrics.pushes.ended(outcome);
        match delivery {
            Delivery::Taken => self.note_woken(device, seq).await?,
            Delivery::Gone => self.end_endpoint(device, stored.subscription.endpoint).await?,
            Delivery::Failed(_) | Delivery::Busy => {}
        }
        Ok(seen)
    }

    async fn note_woken(&self, device: DeviceId, seq: u64) -> Result<(), ApiError> {
        self.writer
            .run(move |tx| Box::pin(async move { Ok(push::set_woken(tx.conn, &device, seq).await?) }))
            .await
    }

    async fn end_endpoint(&self, device: DeviceId, endpoint: PushEndpoint) -> Result<(), ApiError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    if push::delete_endpoint(tx.conn, &device, endpoint.as_str()).await? {
                        tx.effects.push(Effect::Unsubscribed(device));
                    }
                    Ok(())
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(1000 + seconds)
    }

    /// Turns in which the device was stirred at 0 and is being seen to.
    fn begun() -> Turns {
        let mut turns = Turns::default();
        turns.change(DEVICE, |turn| turn.stir(at(0)));
        assert_eq!(turns.next(at(1)), None, "a little later");
        assert_eq!(turns.next(at(2)), Some((DEVICE, true)));
        assert_eq!(turns.next(at(9)), None, "it is under way");
        turns
    }

    #[test]
    fn a_device_that_was_woken_rests() {
        let mut turns = begun();
        // Something more while it is being woken.
        turns.change(DEVICE, |turn| turn.stir(at(3)));
        turns.change(DEVICE, |turn| turn.end(Seen::Woken, at(4)));
        assert_eq!(turns.next(at(63)), None);
        assert_eq!(turns.next(at(64)), Some((DEVICE, true)));
        turns.change(DEVICE, |turn| turn.end(Seen::Calm, at(64)));
        turns.tidy(at(68));
        assert_eq!(turns.of.len(), 1);
        turns.tidy(at(69));
        assert!(turns.of.is_empty() && turns.queue.is_empty());
    }

    #[test]
    fn who_has_waited_longest_comes_first_whatever_its_id() {
        let mut turns = Turns::default();
        for (seconds, id) in [(3, 1), (1, 9), (2, 5)] {
            turns.change(DeviceId::from_bytes([id; 16]), |turn| turn.stir(at(seconds)));
        }
        let order: Vec<u8> =
            std::iter::from_fn(|| turns.next(at(9))).map(|(id, _)| id.as_bytes()[0]).collect();
        assert_eq!(order, [9, 5, 1]);
    }

    #[test]
    fn a_stream_is_believed_once_and_for_a_while() {
        let mut turns = begun();
        turns.change(DEVICE, |turn| turn.end(Seen::Listens, at(2)));
        turns.change(DEVICE, |turn| turn.stir(at(5)));
        assert_eq!(turns.next(at(7)), Some((DEVICE, true)), "it may have stopped listening");
        turns.change(DEVICE, |turn| turn.end(Seen::Listens, at(7)));
        assert_eq!(turns.next(at(31)), None);
        assert_eq!(turns.next(at(32)), Some((DEVICE, false)));
        turns.change(DEVICE, |turn| turn.end(Seen::Calm, at(32)));
        turns.change(DEVICE, |turn| turn.stir(at(40)));
        assert_eq!(turns.next(at(42)), Some((DEVICE, true)));
    }

    #[test]
    fn what_fails_is_tried_less_and_less_often_and_not_for_ever() {
        let mut turns = begun();
        let (mut now, mut waits) = (at(2), Vec::new());
        loop {
            // Stirred while a try is under way, as in a busy conversation.
            turns.change(DEVICE, |turn| {
                turn.stir(now);
                turn.due = None;
                turn.end(Seen::Failed(None), now);
            });
            let not_before = turns.of[&DEVICE].not_before;
            waits.push(not_before.millis_since(now) / MINUTE);
            now = not_before;
            if turns.next(now).is_none() {
                break;
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        turns.change(DEVICE, |turn| turn.stir(now));
        assert_eq!(turns.of[&DEVICE].failures, 0);
    }

    #[test]
    fn another_subscription_does_not_wait_for_what_went_wrong_with_the_one_before() {
        let mut turns = begun();
        turns.change(DEVICE, |turn| turn.end(Seen::Failed(Some(HOUR)), at(2)));
        turns.change(DEVICE, Turn::renew);
        turns.change(DEVICE, |turn| turn.stir(at(3)));
        assert!(turns.next(at(5)).is_some());
        // Who was woken just now rests all the same.
        turns.change(DEVICE, |turn| turn.end(Seen::Woken, at(5)));
        turns.change(DEVICE, Turn::renew);
        turns.change(DEVICE, |turn| turn.stir(at(6)));
        assert_eq!(turns.next(at(9)), None);
    }

    #[test]
    fn a_push_service_that_has_too_much_to_do_is_asked_less_and_less_often() {
        let mut turns = begun();
        let (mut now, mut waits) = (at(2), Vec::new());
        for _ in 0..7 {
            turns.change(DEVICE, |turn| turn.end(Seen::Busy, now));
            let due = turns.of[&DEVICE].due.unwrap();
            waits.push(due.millis_since(now) / SECOND);
            now = due;
            assert!(turns.next(now).is_some());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32]);
    }

    #[test]
    fn a_push_service_says_when_but_not_sooner_and_not_without_limit() {
        for (says, waits) in [(0, MINUTE), (5 * MINUTE, 5 * MINUTE), (u64::MAX, HOUR)] {
            let mut turns = begun();
            turns.change(DEVICE, |turn| turn.end(Seen::Failed(Some(says)), at(2)));
            assert_eq!(turns.of[&DEVICE].not_before.millis_since(at(2)), waits);
        }
    }

    #[test]
    fn who_rests_is_seen_to_when_the_rest_is_over() {
        let mut turns = begun();
        turns.change(DEVICE, |turn| turn.end(Seen::Rests(at(500)), at(2)));
        assert_eq!(turns.next(at(499)), None);
        assert!(turns.next(at(500)).is_some());
    }

    #[test]
    fn a_clock_that_is_put_back_silences_nobody_for_long() {
        let mut turns = begun();
        turns.change(DEVICE, |turn| turn.end(Seen::Woken, at(100_000)));
        turns.change(DEVICE, |turn| turn.stir(at(0)));
        assert!(turns.next(at(3601)).is_some());
    }
}
