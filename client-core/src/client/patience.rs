//! What has to wait by itself while everything else goes on: somebody who can't be claimed or looked up just now.
//!
//! Spec: `relay-api.md` 4: what is refused for now is tried again, later each time, never at once.

use std::collections::HashMap;

use infrasound_spec::{
    account::Handle,
    conversation::ConversationId,
    time::{HOUR, MINUTE, SECOND, Timestamp},
};

use super::{Client, step::Step};

/// The first wait, in milliseconds; each further one is twice as long.
const FIRST: u64 = 2 * SECOND;
/// The longest wait that the client chooses by itself, in milliseconds.
const LONGEST: u64 = 10 * MINUTE;

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Waiter {
    /// What is to be done in a conversation, apart from reading it.
    Conversation(ConversationId),
    /// Messages to somebody who has not been looked up yet.
    Handle(Handle),
    /// The files of deleted messages.
    Detaching,
}

/// Until when each waits, and how often it did before.
#[derive(Default)]
pub(super) struct Patience {
    waiting: HashMap<Waiter, (Timestamp, u32)>,
}

impl Client {
    /// Puts something off: as long as the relay asked for, or longer each time.
    pub(super) fn put_off(&mut self, waiter: Waiter, retry_after: Option<u64>, step: &mut Step) {
        let before = self.patience.waiting.get(&waiter).map_or(0, |(_, times)| *times);
        let own = FIRST.saturating_mul(1 << before.min(20)).min(LONGEST);
        let wait = retry_after.map_or(own, |seconds| seconds.saturating_mul(SECOND).clamp(own, HOUR));
        let until = step.now.plus_millis(wait);
        self.patience.waiting.insert(waiter, (until, before.saturating_add(1)));
        step.wake_at(until);
    }

    /// Whether it has to wait longer. If so, the client wakes when the time has come.
    pub(super) fn is_put_off(&self, waiter: &Waiter, step: &mut Step) -> bool {
        match self.patience.waiting.get(waiter) {
            Some((until, _)) if step.now < *until => {
                step.wake_at(*until);
                true
            }
            _ => false,
        }
    }

    /// It worked: the next wait is a first one again.
    pub(super) fn go_ahead(&mut self, waiter: &Waiter) {
        self.patience.waiting.remove(waiter);
    }

    /// Conversations whose time has come have something to do again; the client wakes for the others.
    pub(super) fn pump_patience(&mut self, step: &mut Step) {
        for (waiter, (until, _)) in &self.patience.waiting {
            match waiter {
                Waiter::Conversation(id) if step.now >= *until => {
                    self.active.insert(*id);
                }
                _ if step.now < *until => step.wake_at(*until),
                _ => {}
            }
        }
    }
}
