//! People at a relay: accounts with a device each, of which a few go on and the others are only there.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use infrasound_spec::account::Handle;

use super::people::person;
use crate::{device::Device, relay_process::RelayProcess};

/// Everybody but the one who makes the groups.
pub struct Crowd {
    /// What they are called, in the order in which they came.
    pub handles: Vec<Handle>,
    /// A session of each.
    pub tokens: Vec<String>,
    /// Those who go on, by the range in which they were asked for. The others would fill the memory.
    pub awake: Vec<Vec<Device>>,
    /// How long they took to come.
    pub took: Duration,
    ranges: Vec<Range<usize>>,
}

impl Crowd {
    /// Nobody yet. Who comes with a number in one of the ranges goes on to be a device.
    pub fn new(ranges: Vec<Range<usize>>) -> Self {
        let awake = ranges.iter().map(|_| Vec::new()).collect();
        Self { handles: Vec::new(), tokens: Vec::new(), awake, took: Duration::ZERO, ranges }
    }

    /// Lets so many be there.
    ///
    /// # Panics
    /// If somebody cannot register.
    pub async fn grow_to(&mut self, relay: &RelayProcess, count: usize) {
        let begin = Instant::now();
        for number in self.handles.len()..count {
            let seed = Self::seed(number);
            let device = person(relay, &format!("member{number}"), seed).await;
            self.handles.push(device.handle());
            self.tokens.push(device.token().expect("a session"));
            if let Some(group) = self.ranges.iter().position(|range| range.contains(&number)) {
                self.awake[group].push(device);
            }
        }
        self.took += begin.elapsed();
    }

    /// What the device with a number was made of.
    pub fn seed(number: usize) -> u64 {
        u64::try_from(number).unwrap_or(0) + 10
    }
}
