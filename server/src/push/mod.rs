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

use std::{collections::BTreeMap, time::Duration};

use infrasound_spec::{
    account::DeviceId,
    time::{HOUR, MINUTE, SECOND, Timestamp},
};
use tokio::{sync::watch, task::JoinSet};

use self::service::Delivery;
use crate::{
    app::App,
    config::{Config, InstanceConfig},
    error::ApiError,
    outbound::{LOOPBACK, Reach},
    store::push,
    writer::Writer,
};

/// So long a device may take to fetch what is new before it is woken, in milliseconds.
const SETTLE: u64 = 2 * SECOND;
/// So long a device that was woken is left alone, in milliseconds.
const REST: u64 = MINUTE;
/// Push messages under way at once: a push service that is slow holds few places for a short time.
const AT_ONCE: usize = 64;
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
        Ok(Some(Self { identity, services: PushServices::new(Reach::opening(&networks))? }))
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
    /// It was woken.
    Woken,
    /// Its hours of rest end then.
    Rests(Timestamp),
    /// It did not work, and may after so many milliseconds.
    Failed(Option<u64>),
}

/// What is known of a device's next time.
#[derive(Debug, Default)]
struct Turn {
    /// When it is seen to, if something is new.
    due: Option<Timestamp>,
    /// Not before.
    not_before: Timestamp,
    /// Tries that failed in a row.
    failures: u32,
    /// Whether it is being seen to.
    under_way: bool,
}

impl Turn {
    fn stir(&mut self, now: Timestamp) {
        self.failures = if self.due.is_some() { self.failures } else { 0 };
        let due = now.plus_millis(SETTLE).max(self.not_before);
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    fn is_due(&self, now: Timestamp) -> bool {
        !self.under_way && self.due.is_some_and(|due| due <= now)
    }

    fn begin(&mut self) {
        self.due = None;
        self.under_way = true;
    }

    fn end(&mut self, seen: Seen, now: Timestamp) {
        self.under_way = false;
        match seen {
            Seen::Calm => {}
            Seen::Woken => {
                self.failures = 0;
                self.not_before = now.plus_millis(REST);
                self.due = self.due.map(|due| due.max(self.not_before));
            }
            Seen::Rests(until) => self.due = Some(until),
            Seen::Failed(after) => {
                self.failures += 1;
                let backed_off = MINUTE.saturating_mul(1 << (self.failures - 1).min(6));
                self.not_before = now.plus_millis(after.unwrap_or(backed_off).clamp(SECOND, LONGEST));
                let again = (self.failures < TRIES).then_some(self.not_before);
                self.due = self.due.map(|due| due.max(self.not_before)).or(again);
            }
        }
    }

    /// Whether nothing of it has to be remembered.
    fn is_over(&self, now: Timestamp) -> bool {
        !self.under_way && self.due.is_none() && self.not_before <= now
    }
}

/// Wakes devices until the relay shuts down.
pub(crate) async fn run(app: App, mut shutdown: watch::Receiver<bool>) {
    let mut turns: BTreeMap<DeviceId, Turn> = BTreeMap::new();
    let mut under_way: JoinSet<(DeviceId, Seen)> = JoinSet::new();
    loop {
        tokio::select! {
            stirred = app.live.wakes.taken() => {
                for device in stirred {
                    turns.entry(device).or_default().stir(app.now());
                }
            }
            Some(ended) = under_way.join_next() => {
                if let Ok((device, seen)) = ended {
                    turns.entry(device).or_default().end(seen, app.now());
                }
            }
            () = tokio::time::sleep(TICK), if turns.values().any(|turn| turn.due.is_some()) => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
        let now = app.now();
        turns.retain(|_, turn| !turn.is_over(now));
        let room = AT_ONCE.saturating_sub(under_way.len());
        for (device, turn) in turns.iter_mut().filter(|(_, turn)| turn.is_due(now)).take(room) {
            turn.begin();
            let (app, device) = (app.clone(), *device);
            under_way.spawn(async move { (device, app.see_to(device).await) });
        }
    }
}

impl App {
    /// Knows who has a subscription, and looks for all of them once: what came while nobody looked.
    pub(crate) async fn load_subscriptions(&self) -> Result<(), ApiError> {
        let mut snapshot = self.read().await?;
        for device in push::devices(&mut snapshot).await? {
            self.live.wakes.subscribe(device);
            self.live.wakes.stir(&device);
        }
        Ok(())
    }

    async fn see_to(&self, device: DeviceId) -> Seen {
        match self.wake(device).await {
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
    async fn wake(&self, device: DeviceId) -> Result<Seen, ApiError> {
        let Some(Push { identity, services }) = &self.push else { return Ok(Seen::Calm) };
        // It hears by itself. When its stream ends it is looked for again.
        if self.live.streams.listens(&device) {
            return Ok(Seen::Calm);
        }
        let mut snapshot = self.read().await?;
        let Some(stored) = push::load(&mut snapshot, &device).await? else { return Ok(Seen::Calm) };
        let Some(seq) = push::waiting(&mut snapshot, &device, &stored).await? else { return Ok(Seen::Calm) };
        drop(snapshot);
        let now = self.now();
        if let Some(until) = stored.subscription.quiet.and_then(|quiet| quiet.end(now)) {
            return Ok(Seen::Rests(until));
        }
        let delivery = services.wake(&stored.subscription, identity, now).await;
        self.metrics.pushes.ended(match delivery {
            Delivery::Taken => "taken",
            Delivery::Gone => "gone",
            Delivery::Failed(_) => "failed",
        });
        match delivery {
            Delivery::Taken => {
                self.writer
                    .run(move |tx| Box::pin(async move { Ok(push::set_woken(tx.conn, &device, seq).await?) }))
                    .await?;
                Ok(Seen::Woken)
            }
            Delivery::Gone => {
                let endpoint = stored.subscription.endpoint;
                let ended = self
                    .writer
                    .run(move |tx| {
                        Box::pin(async move {
                            Ok(push::delete_endpoint(tx.conn, &device, endpoint.as_str()).await?)
                        })
                    })
                    .await?;
                if ended {
                    self.live.wakes.unsubscribe(&device);
                }
                Ok(Seen::Calm)
            }
            Delivery::Failed(after) => Ok(Seen::Failed(after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(1000 + seconds)
    }

    #[test]
    fn a_device_is_seen_to_a_little_later_and_then_rests() {
        let mut turn = Turn::default();
        turn.stir(at(0));
        turn.stir(at(1));
        assert!(!turn.is_due(at(1)) && turn.is_due(at(2)));
        turn.begin();
        assert!(!turn.is_due(at(9)));
        // Something more while it is being woken.
        turn.stir(at(3));
        turn.end(Seen::Woken, at(4));
        assert!(!turn.is_due(at(63)) && turn.is_due(at(64)));
    }

    #[test]
    fn what_fails_is_tried_less_and_less_often_and_not_for_ever() {
        let mut turn = Turn::default();
        turn.stir(at(0));
        let (mut now, mut waits) = (at(2), Vec::new());
        while turn.due.is_some() {
            turn.begin();
            turn.end(Seen::Failed(None), now);
            waits.push(turn.not_before.millis_since(now) / MINUTE);
            now = turn.not_before;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(turn.is_over(now));
        turn.stir(now);
        assert_eq!(turn.failures, 0);
    }

    #[test]
    fn a_push_service_says_when_but_not_without_limit() {
        for (says, waits) in [(0, SECOND), (5 * SECOND, 5 * SECOND), (u64::MAX, HOUR)] {
            let mut turn = Turn::default();
            turn.stir(at(0));
            turn.begin();
            turn.end(Seen::Failed(Some(says)), at(2));
            assert_eq!(turn.not_before.millis_since(at(2)), waits);
        }
    }

    #[test]
    fn who_rests_is_seen_to_when_the_rest_is_over() {
        let mut turn = Turn::default();
        turn.stir(at(0));
        turn.begin();
        turn.end(Seen::Rests(at(500)), at(2));
        assert!(!turn.is_due(at(499)) && turn.is_due(at(500)));
    }
}
