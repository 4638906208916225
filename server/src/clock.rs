//! The relay's clock: the only place that reads the system's. Tests move it forward; nobody sleeps on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use infrasound_spec::time::Timestamp;

/// The time, and how far tests moved it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// When it stands still but for being moved; else the system's time counts.
    start: Option<Timestamp>,
    ahead: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that stands still at a time until it is moved.
    pub fn still(start: Timestamp) -> Self {
        Self { start: Some(start), ahead: Arc::default() }
    }

    /// Moves the clock forward.
    pub fn advance(&self, millis: u64) {
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.start.unwrap_or_else(system_time).plus_millis(self.ahead.load(Ordering::Relaxed))
    }
}

fn system_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
