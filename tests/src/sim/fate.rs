//! What the network does to one request. It follows from the seed, the device and the request's number alone, so that a
//! plan with one action less leaves the others' fates as they were.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng as _},
};

use super::plan::Weather;

/// Milliseconds after which a host gives a request up.
const TIMEOUT: u64 = 30_000;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    /// Milliseconds to the hub; `None`: it never gets there.
    pub(super) there: Option<u64>,
    /// Milliseconds back; `None`: the answer is lost.
    pub(super) back: Option<u64>,
    /// It gets there once more, so much later.
    pub(super) again: Option<u64>,
    /// The answer comes twice.
    pub(super) echo: bool,
    /// If nothing comes back: after so long.
    pub(super) timeout: u64,
}

impl Fate {
    /// The fate of a device's `number`th request.
    pub(super) fn of(seed: u64, device: usize, number: u64, weather: &Weather) -> Self {
        let mut chance = chance(seed, *b"request", device, number);
        let mut happens = |permille: u16| chance.next_u32() % 1000 < u32::from(permille);
        let (lost_there, lost_back) = (happens(weather.lost), happens(weather.lost));
        let (again, echo) = (happens(weather.repeated), happens(weather.repeated));
        let mut delay = || 1 + u64::from(chance.next_u32()) % weather.delay.max(1);
        let (there, back, later) = (delay(), delay(), delay());
        Self {
            there: (!lost_there).then_some(there),
            back: (!lost_back).then_some(back),
            again: again.then_some(there + later),
            echo,
            timeout: TIMEOUT,
        }
    }
}

/// What becomes of a device's `number`th stream event: how long it takes, or `None`, the stream breaks before it.
pub(super) fn of_event(seed: u64, device: usize, number: u64, weather: &Weather) -> Option<u64> {
    let mut chance = chance(seed, *b"stream.", device, number);
    let breaks = chance.next_u32() % 1000 < u32::from(weather.broken);
    let delay = 1 + u64::from(chance.next_u32()) % weather.delay.max(1);
    (!breaks).then_some(delay)
}

/// How far a device's clock is from the hub's, in milliseconds either way.
pub(super) fn of_clock(seed: u64, device: usize, weather: &Weather) -> i64 {
    let mut chance = chance(seed, *b"clock..", device, 0);
    let width = i64::from(weather.clocks).max(0);
    i64::from(chance.next_u32()) % (2 * width + 1) - width
}

/// What a lying hub does with the answer to a device's `number`th request.
pub(super) fn of_lie(seed: u64, device: usize, number: u64) -> ChaCha8Rng {
    chance(seed, *b"lie....", device, number)
}

fn chance(seed: u64, of: [u8; 7], device: usize, number: u64) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes[8..15].copy_from_slice(&of);
    bytes[16..24].copy_from_slice(&(device as u64).to_be_bytes());
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    ChaCha8Rng::from_seed(bytes)
}
