//! Randomness that follows from a seed, for the relays of this thread.

use std::cell::RefCell;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

thread_local! {
    static CHANCE: RefCell<Option<ChaCha20Rng>> = const { RefCell::new(None) };
}

/// From now on, what is random in this thread's relays follows from the seed.
pub fn seed(seed: u64) {
    CHANCE.set(Some(ChaCha20Rng::seed_from_u64(seed)));
}

/// Fills with what comes next. `false`: this thread has no seed, and nothing was done.
pub(crate) fn fill(bytes: &mut [u8]) -> bool {
    CHANCE.with_borrow_mut(|chance| match chance {
        Some(rng) => {
            rng.fill_bytes(bytes);
            true
        }
        None => false,
    })
}
