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

/// The places.
#[derive(Debug, Default)]
pub(crate) struct Groups(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    /// How often any was asked for.
    count: u64,
    by_id: HashMap<ConversationId, Place>,
}

#[derive(Debug, Default)]
struct Place {
    /// The count when it was asked for last.
    last: u64,
    group: Arc<tokio::sync::Mutex<Option<EpochGroup>>>,
}

impl Groups {
    /// Waits for the place of a conversation.
    pub(crate) async fn place(&self, id: &ConversationId) -> OwnedMutexGuard<Option<EpochGroup>> {
        self.find(id).lock_owned().await
    }

    fn find(&self, id: &ConversationId) -> Arc<tokio::sync::Mutex<Option<EpochGroup>>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.count += 1;
        let count = places.count;
        while !places.by_id.contains_key(id) && places.by_id.len() >= PLACES {
            // Only a place that nobody holds or waits for: else two could hold one conversation's.
            let free = places.by_id.iter().filter(|(_, place)| Arc::strong_count(&place.group) == 1);
            let Some(oldest) = free.min_by_key(|(_, place)| place.last).map(|(id, _)| *id) else { break };
            places.by_id.remove(&oldest);
        }
        let place = places.by_id.entry(*id).or_default();
        place.last = count;
        Arc::clone(&place.group)
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
        assert!(groups.0.lock().unwrap().by_id.len() <= PLACES);
    }

    #[tokio::test]
    async fn what_was_held_at_once_is_not_kept_for_good() {
        let groups = Groups::default();
        let mut held = Vec::new();
        for id in 1..=100 {
            held.push(groups.place(&ConversationId::from_bytes([id; 32])).await);
        }
        assert_eq!(groups.0.lock().unwrap().by_id.len(), 100);
        drop(held);
        drop(groups.place(&ConversationId::from_bytes([101; 32])).await);
        assert!(groups.0.lock().unwrap().by_id.len() <= PLACES);
    }
}
