//! The public groups that were used last, kept in memory: to read one of a thousand members and to verify its leaves takes
//! longer than to judge a commit.
//!
//! Each has a place that one holds at a time, so that commits of one conversation are judged one after the other, and
//! only what the first of them made is judged against. Who holds the place takes the group out, and puts back what stands
//! now; a group that is not the current one is not used (its `state_entry` says so).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use infrasound_spec::conversation::ConversationId;
use tokio::sync::OwnedMutexGuard;

use super::current::EpochGroup;

/// Groups kept at a time.
const PLACES: usize = 64;

type Place = Arc<tokio::sync::Mutex<Option<EpochGroup>>>;

/// The places, each with when it was used last.
#[derive(Debug, Default)]
pub(crate) struct Groups(Mutex<(u64, HashMap<ConversationId, (u64, Place)>)>);

impl Groups {
    /// Waits for the place of a conversation.
    pub(crate) async fn place(&self, id: &ConversationId) -> OwnedMutexGuard<Option<EpochGroup>> {
        self.find(id).lock_owned().await
    }

    fn find(&self, id: &ConversationId) -> Place {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (uses, places) = &mut *guard;
        *uses += 1;
        if !places.contains_key(id) && places.len() >= PLACES {
            // Only a place that nobody holds or waits for: else two could hold one conversation's.
            let free = places.iter().filter(|(_, (_, place))| Arc::strong_count(place) == 1);
            if let Some(oldest) = free.min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id) {
                places.remove(&oldest);
            }
        }
        let (used, place) = places.entry(*id).or_default();
        *used = *uses;
        Arc::clone(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_held_by_one_at_a_time() {
        let groups = Groups::default();
        let id = ConversationId::from_bytes([1; 32]);
        let held = groups.place(&id).await;
        for other in 2..=200 {
            drop(groups.place(&ConversationId::from_bytes([other; 32])).await);
        }
        assert!(groups.find(&id).try_lock().is_err(), "it was not given to somebody else meanwhile");
        drop(held);
        assert!(groups.find(&id).try_lock().is_ok());
        assert!(groups.0.lock().unwrap().1.len() <= PLACES);
    }
}
