//! People at a relay: accounts with a device each, of which a few go on and the others are only there.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use infrasound_spec::account::Handle;
use infrasound_tests::{bench::people::person, device::Device, relay_process::RelayProcess};

/// Who goes on to be a device: the last to come into a group of 400, and of 1,000. The others would fill the memory.
const AWAKE: [Range<usize>; 2] = [389..399, 989..999];

/// Everybody but the one who makes the groups.
pub(super) struct Crowd {
    /// What they are called, in the order in which they came.
    pub(super) handles: Vec<Handle>,
    /// A session of each.
    pub(super) tokens: Vec<String>,
    /// Those who go on, by the group that they come into.
    pub(super) awake: [Vec<Device>; 2],
    /// How long they took to come.
    pub(super) took: Duration,
}

impl Crowd {
    pub(super) fn new() -> Self {
        Self { handles: Vec::new(), tokens: Vec::new(), awake: Default::default(), took: Duration::ZERO }
    }

    /// Lets so many be there.
    pub(super) async fn grow_to(&mut self, relay: &RelayProcess, count: usize) {
        let begin = Instant::now();
        for number in self.handles.len()..count {
            let seed = u64::try_from(number).unwrap_or(0) + 10;
            let device = person(relay, &format!("member{number}"), seed).await;
            self.handles.push(device.handle());
            self.tokens.push(device.token().expect("a session"));
            if let Some(group) = AWAKE.iter().position(|range| range.contains(&number)) {
                self.awake[group].push(device);
            }
        }
        self.took += begin.elapsed();
    }
}
