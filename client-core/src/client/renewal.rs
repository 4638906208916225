//! Leaves are renewed when it is time: whoever had stolen a device's keys loses them, and no leaf outlives its lifetime.
//!
//! Spec: `groups.md` 13.4.

use infrasound_spec::{
    conversation::ConversationId,
    time::{DAY, HOUR, Timestamp},
};
use rand_core::RngCore as _;

use super::{Client, step::Step};
use crate::{
    conversation::Conversation,
    intent::{Target, Work},
};

/// The interval of a group of one leaf, in milliseconds.
const INTERVAL: u64 = 7 * DAY;
/// Between two renewals in a group, in milliseconds; and until one that was wished for is wished for again.
const PAUSE: u64 = HOUR;
/// Who has waited for another's renewal is next within this, in milliseconds: not all at once.
const SPREAD: u64 = 12 * HOUR;

impl Client {
    /// The leaf is renewed within so many milliseconds, at a time that nobody else has.
    pub(super) fn schedule_renewal(&mut self, conversation: &Conversation, within: u64, step: &mut Step) {
        let wait = within / 2 + u64::from(step.rng.next_u32()) % (within / 2).max(1);
        let at = step.now.plus_millis(wait);
        if let Some(listed) = self.summaries.get_mut(&conversation.id) {
            listed.stored.renew_at = Some(at);
        }
    }

    /// This device has committed: its leaf is new.
    pub(super) fn renewed(&mut self, conversation: &Conversation, step: &mut Step) {
        let interval = INTERVAL.saturating_mul(cube_root(conversation.members.len()));
        self.schedule_renewal(conversation, interval, step);
    }

    /// Somebody else's leaf was renewed: this one's turn is not within the hour.
    pub(super) fn renewal_gives_way(&mut self, id: ConversationId, renewed: Timestamp, step: &mut Step) {
        let Some(listed) = self.summaries.get_mut(&id) else { return };
        let spread = u64::from(step.rng.next_u32()) % SPREAD;
        listed.stored.renew_at = listed.stored.renew_at.map(|due| given_way(due, renewed, spread));
    }

    /// Whose time has come wants to be renewed; the client wakes for the next.
    pub(super) fn pump_renewals(&mut self, step: &mut Step) {
        let due: Vec<(ConversationId, Timestamp)> = self
            .summaries
            .iter()
            .filter_map(|(id, listed)| Some((*id, listed.stored.renew_at?)))
            .filter(|(id, _)| self.may_speak(*id))
            .collect();
        for (id, at) in due {
            if step.now < at {
                continue;
            }
            let there = self.intents.values().any(|intent| {
                intent.conversation() == Some(id) && matches!(intent.work, Work::RenewLeaf { .. })
            });
            if let Some(listed) = self.summaries.get_mut(&id) {
                listed.stored.renew_at = Some(step.now.plus_millis(PAUSE));
            }
            if !there {
                self.add_intent(Target::Conversation(id), Work::RenewLeaf { wish: None }, step);
            }
        }
    }
}

/// When a renewal is due that was due, after somebody else's.
fn given_way(due: Timestamp, renewed: Timestamp, spread: u64) -> Timestamp {
    let free = renewed.plus_millis(PAUSE);
    if due < free { free.plus_millis(spread) } else { due }
}

/// Rounded up; at least 1.
fn cube_root(count: usize) -> u64 {
    const MOST: u64 = 32;
    (1..MOST).find(|root| root.pow(3) >= count as u64).unwrap_or(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_is_not_within_an_hour_after_another() {
        let renewed = Timestamp::from_millis(100 * HOUR);
        let hours = |count: u64| Timestamp::from_millis(count * HOUR);
        assert_eq!(given_way(hours(90), renewed, 3 * HOUR), hours(104));
        assert_eq!(given_way(hours(100), renewed, 0), hours(101));
        assert_eq!(given_way(hours(101), renewed, 3 * HOUR), hours(101));
    }

    #[test]
    fn the_interval_grows_with_the_group() {
        assert_eq!([0, 1, 2, 8, 9, 1_000, 5_000].map(cube_root), [1, 1, 2, 2, 3, 10, 18]);
    }
}
