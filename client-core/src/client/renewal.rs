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
/// A renewal that would come too soon after another commit waits this long, in milliseconds.
const PAUSE: u64 = HOUR;

impl Client {
    /// The leaf is renewed within so many milliseconds, at a time that nobody else has.
    pub(super) fn schedule_renewal(&mut self, conversation: &mut Conversation, within: u64, step: &mut Step) {
        let wait = within / 2 + u64::from(step.rng.next_u32()) % (within / 2).max(1);
        let at = step.now.plus_millis(wait);
        conversation.state.renew_at = Some(at);
        if let Some(listed) = self.summaries.get_mut(&conversation.id) {
            listed.stored.renew_at = Some(at);
        }
    }

    /// This device has committed: its leaf is new.
    pub(super) fn renewed(&mut self, conversation: &mut Conversation, step: &mut Step) {
        let interval = INTERVAL.saturating_mul(cube_root(conversation.members.len()));
        self.schedule_renewal(conversation, interval, step);
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

/// Rounded up; at least 1.
fn cube_root(count: usize) -> u64 {
    const MOST: u64 = 32;
    (1..MOST).find(|root| root.pow(3) >= count as u64).unwrap_or(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_grows_with_the_group() {
        assert_eq!([0, 1, 2, 8, 9, 1_000, 5_000].map(cube_root), [1, 1, 2, 2, 3, 10, 18]);
    }
}
