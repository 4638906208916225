//! A small cache that never keeps what was read before a change and stored after it.
//!
//! A reader takes a ticket before it reads the database; what it read is kept only if nothing was dropped since.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A bounded map from keys to what the database says of them.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    state: Mutex<State<K, V>>,
    capacity: usize,
}

#[derive(Debug)]
struct State<K, V> {
    entries: HashMap<K, V>,
    changes: u64,
}

/// What a reader holds from before it reads until it stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadTicket(u64);

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache for so many entries. When it is full it starts again.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { state: Mutex::new(State { entries: HashMap::new(), changes: 0 }), capacity }
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, else a ticket to read and store it with.
    pub(crate) fn find(&self, key: &K) -> Result<V, ReadTicket> {
        let state = self.state();
        state.entries.get(key).cloned().ok_or(ReadTicket(state.changes))
    }

    /// Keeps what was read with the ticket, unless something was dropped since.
    pub(crate) fn keep(&self, ticket: ReadTicket, key: K, value: V) {
        let mut state = self.state();
        if state.changes != ticket.0 {
            return;
        }
        if state.entries.len() >= self.capacity {
            state.entries.clear();
        }
        state.entries.insert(key, value);
    }

    /// Forgets what `drops` says.
    pub(crate) fn forget(&self, drops: impl Fn(&K, &V) -> bool) {
        let mut state = self.state();
        state.changes += 1;
        state.entries.retain(|key, value| !drops(key, value));
    }

    /// Forgets one key.
    pub(crate) fn forget_key(&self, key: &K) {
        let mut state = self.state();
        state.changes += 1;
        state.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let cache: Cache<u8, u8> = Cache::new(8);
        let ticket = cache.find(&1).unwrap_err();
        cache.forget_key(&1);
        cache.keep(ticket, 1, 5);
        let ticket = cache.find(&1).unwrap_err();
        cache.keep(ticket, 1, 6);
        assert_eq!(cache.find(&1).unwrap(), 6);
    }

    #[test]
    fn a_full_cache_starts_again() {
        let cache: Cache<u8, u8> = Cache::new(2);
        for key in 0..5 {
            let ticket = cache.find(&key).unwrap_err();
            cache.keep(ticket, key, key);
        }
        assert!(cache.find(&0).is_err());
        assert_eq!(cache.find(&4).unwrap(), 4);
    }
}
