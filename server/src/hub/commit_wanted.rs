//! A proposal that nobody commits stops everybody from writing: the hub asks one device that listens, then another.
//!
//! Whom it asked is kept in memory: after a restart it begins anew. Spec: `groups.md` 6.5.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use infrasound_spec::{
    account::DeviceId,
    api::stream::StreamEvent,
    time::{self, Timestamp},
};

use crate::{
    app::App,
    error::ApiError,
    store::{
        conversation::{self, ConversationKey},
        proposal,
    },
};

/// How long a proposal waits before anybody is asked, and each who is asked, in milliseconds.
const PATIENCE: u64 = 2 * time::SECOND;
/// Conversations looked at in one go.
const CONVERSATIONS: u64 = 200;

/// Who was asked for which commit.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<Rounds>);

#[derive(Debug, Default)]
struct Rounds {
    /// The last conversation looked at, if the next look goes on after it.
    position: Option<ConversationKey>,
    by_key: HashMap<ConversationKey, Round>,
}

#[derive(Debug)]
struct Round {
    state_entry: u64,
    last: Timestamp,
    devices: Vec<DeviceId>,
}

impl Asked {
    fn rounds(&self) -> MutexGuard<'_, Rounds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After which conversation the next look goes on.
    fn position(&self) -> Option<ConversationKey> {
        self.rounds().position
    }

    /// Which of those who listen is asked now; `None`: it is not time yet, or nobody listens.
    fn choose(
        &self,
        key: ConversationKey,
        state_entry: u64,
        listening: &[DeviceId],
        now: Timestamp,
    ) -> Option<DeviceId> {
        let mut rounds = self.rounds();
        let new = || Round { state_entry, last: Timestamp::default(), devices: Vec::new() };
        let round = rounds.by_key.entry(key).or_insert_with(new);
        if round.state_entry != state_entry {
            *round = new();
        }
        if now < round.last.plus_millis(PATIENCE) {
            return None;
        }
        let mut fresh = listening.iter().find(|device| !round.devices.contains(device));
        if fresh.is_none() {
            round.devices.clear();
            fresh = listening.first();
        }
        let device = *fresh?;
        round.last = now;
        round.devices.push(device);
        Some(device)
    }

    /// Notes what the look after the position found, `limit` conversations at most: what it passed over waits no more.
    fn look(&self, waiting: &[ConversationKey], limit: u64) {
        let mut rounds = self.rounds();
        let start = rounds.position;
        // Fewer than there might have been: that was the end.
        let end = waiting.last().copied().filter(|_| waiting.len() as u64 >= limit);
        let passed = |key: &ConversationKey| Some(*key) > start && end.is_none_or(|end| *key <= end);
        rounds.by_key.retain(|key, _| !passed(key) || waiting.contains(key));
        rounds.position = end;
    }
}

impl App {
    /// Asks for the commits that are due.
    pub(crate) async fn ask_for_commits(&self) -> Result<(), ApiError> {
        let now = self.now();
        let mut snapshot = self.read().await?;
        let before = now.minus_millis(PATIENCE);
        let after = self.live.asked.position();
        let waiting = proposal::waiting(&mut snapshot, before, after, CONVERSATIONS).await?;
        self.live.asked.look(&waiting, CONVERSATIONS);
        let mut conversations = Vec::new();
        for key in waiting {
            conversations.extend(conversation::load_key(&mut snapshot, key).await?);
        }
        drop(snapshot);
        for row in conversations {
            let Some(current) = self.current_group(&row.id).await? else { continue };
            let members = current.members.iter().filter(|leaf| !current.leaving.contains(&leaf.account));
            let devices = members.map(|leaf| leaf.device);
            let listening: Vec<_> = devices.filter(|device| self.live.streams.listens(device)).collect();
            if let Some(device) = self.live.asked.choose(row.key, current.state_entry, &listening, now) {
                self.live.streams.pass_on(&device, &StreamEvent::CommitWanted { conversation: row.id });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_is_asked_each_two_seconds() {
        let asked = Asked::default();
        let key = ConversationKey(1);
        let devices = [1, 2].map(|number| DeviceId::from_bytes([number; 16]));
        let start = Timestamp::from_secs(100);
        assert_eq!(asked.choose(key, 5, &[], start), None);
        assert_eq!(asked.choose(key, 5, &devices, start), Some(devices[0]));
        assert_eq!(asked.choose(key, 5, &devices, start.plus_millis(PATIENCE - 1)), None);
        let later = start.plus_millis(PATIENCE);
        assert_eq!(asked.choose(key, 5, &devices, later), Some(devices[1]));
        assert_eq!(asked.choose(key, 5, &devices, later.plus_millis(PATIENCE)), Some(devices[0]));
        assert_eq!(asked.choose(key, 9, &devices, later), Some(devices[0]), "another epoch");
        asked.look(&[], 200);
        assert!(asked.rounds().by_key.is_empty());
    }

    #[test]
    fn when_many_wait_each_look_goes_on_where_the_last_one_ended() {
        let asked = Asked::default();
        let device = DeviceId::from_bytes([1; 16]);
        let keys = [1, 2, 3, 4, 5].map(ConversationKey);
        for key in keys {
            asked.choose(key, 5, &[device], Timestamp::from_secs(100));
        }
        let kept = || {
            let mut kept: Vec<_> = asked.rounds().by_key.keys().copied().collect();
            kept.sort_unstable();
            kept
        };
        asked.look(&[keys[0], keys[2]], 2);
        assert_eq!((asked.position(), kept()), (Some(keys[2]), vec![keys[0], keys[2], keys[3], keys[4]]));
        asked.look(&[keys[4]], 2);
        assert_eq!((asked.position(), kept()), (None, vec![keys[0], keys[2], keys[4]]));
    }
}
