//! Turns: in a busy group, a device that lost a few times asks for the next commit, and for two seconds gets it.
//!
//! They are kept in memory: a turn that a restart forgets costs a few more tries. Who has to wait keeps its place by
//! asking again. Spec: `groups.md` 10.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use infrasound_spec::{
    account::DeviceId,
    conversation::ConversationId,
    time::{self, Timestamp},
};

use crate::error::ApiError;

/// How long a turn lasts, in milliseconds.
const TURN: u64 = 2 * time::SECOND;
/// How long a place is kept for who does not ask again, in milliseconds.
const PATIENCE: u64 = 10 * time::SECOND;
/// Seconds until somebody who waits asks again.
const RETRY: u64 = 1;
/// Places of one conversation.
const PLACES: usize = 128;
/// Conversations at a time.
const CONVERSATIONS: usize = 10_000;

/// Who has a turn and who waits, in each conversation.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<ConversationId, Line>>);

#[derive(Debug, Default)]
struct Line {
    holder: Option<(DeviceId, Timestamp)>,
    waiting: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    device: DeviceId,
    removal: bool,
    asked: Timestamp,
}

impl Line {
    fn age(&mut self, now: Timestamp) {
        self.holder = self.holder.filter(|(_, until)| now < *until);
        self.waiting.retain(|place| now < place.asked.plus_millis(PATIENCE));
    }

    fn is_idle(&self) -> bool {
        self.holder.is_none() && self.waiting.is_empty()
    }

    /// Takes or keeps a place: removals before the others, else in the order asked.
    fn queue(&mut self, place: Place) {
        if let Some(kept) = self.waiting.iter_mut().find(|kept| kept.device == place.device) {
            kept.asked = place.asked;
            if kept.removal || !place.removal {
                return;
            }
            self.waiting.retain(|kept| kept.device != place.device);
        }
        let behind = |kept: &Place| place.removal && !kept.removal;
        let at = self.waiting.iter().position(behind).unwrap_or(self.waiting.len());
        self.waiting.insert(at, place);
        self.waiting.truncate(PLACES);
    }
}

impl Turns {
    fn lines(&self) -> MutexGuard<'_, HashMap<ConversationId, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the device its turn, with its end; or says that it has to wait, and keeps its place.
    pub(crate) fn ask(
        &self,
        id: &ConversationId,
        device: &DeviceId,
        removal: bool,
        now: Timestamp,
    ) -> Result<Timestamp, ApiError> {
        let mut lines = self.lines();
        if lines.len() >= CONVERSATIONS {
            lines.retain(|_, line| {
                line.age(now);
                !line.is_idle()
            });
            if lines.len() >= CONVERSATIONS {
                return Err(ApiError::rate_limited(RETRY));
            }
        }
        let line = lines.entry(*id).or_default();
        line.age(now);
        if let Some((holder, until)) = line.holder {
            if holder == *device {
                return Ok(until);
            }
            line.queue(Place { device: *device, removal, asked: now });
            return Err(ApiError::rate_limited(RETRY));
        }
        line.queue(Place { device: *device, removal, asked: now });
        if line.waiting.first().is_none_or(|first| first.device != *device) {
            return Err(ApiError::rate_limited(RETRY));
        }
        line.waiting.remove(0);
        let until = now.plus_millis(TURN);
        line.holder = Some((*device, until));
        Ok(until)
    }

    /// Refuses a commit while another device has its turn.
    pub(crate) fn check(
        &self,
        id: &ConversationId,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        match self.lines().get(id).and_then(|line| line.holder) {
            Some((holder, until)) if holder != *device && now < until => Err(ApiError::rate_limited(RETRY)),
            _ => Ok(()),
        }
    }

    /// The device has committed: its turn is over.
    pub(crate) fn end(&self, id: &ConversationId, device: &DeviceId) {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(id) else { return };
        line.holder = line.holder.filter(|(holder, _)| holder != device);
        if line.is_idle() {
            lines.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ConversationId = ConversationId::from_bytes([1; 32]);

    fn device(number: u8) -> DeviceId {
        DeviceId::from_bytes([number; 16])
    }

    #[test]
    fn turns_are_given_in_the_order_asked() {
        let turns = Turns::default();
        let start = Timestamp::from_secs(100);
        assert_eq!(turns.ask(&ID, &device(1), false, start).unwrap(), start.plus_millis(TURN));
        assert!(turns.ask(&ID, &device(2), false, start).is_err());
        assert!(turns.ask(&ID, &device(3), false, start).is_err());
        assert!(turns.check(&ID, &device(1), start).is_ok());
        assert_eq!(turns.check(&ID, &device(2), start).unwrap_err().0.retry_after, Some(RETRY));
        let later = start.plus_millis(TURN);
        assert!(turns.check(&ID, &device(2), later).is_ok());
        assert!(turns.ask(&ID, &device(3), false, later).is_err(), "the second one asked before");
        assert!(turns.ask(&ID, &device(2), false, later).is_ok());
        turns.end(&ID, &device(2));
        assert!(turns.ask(&ID, &device(3), false, later).is_ok());
    }

    #[test]
    fn removals_come_first() {
        let turns = Turns::default();
        let start = Timestamp::from_secs(100);
        assert!(turns.ask(&ID, &device(1), false, start).is_ok());
        assert!(turns.ask(&ID, &device(2), false, start).is_err());
        assert!(turns.ask(&ID, &device(3), true, start).is_err());
        turns.end(&ID, &device(1));
        assert!(turns.ask(&ID, &device(2), false, start).is_err());
        assert!(turns.ask(&ID, &device(3), true, start).is_ok());
    }

    #[test]
    fn who_does_not_ask_again_loses_its_place() {
        let turns = Turns::default();
        let start = Timestamp::from_secs(100);
        assert!(turns.ask(&ID, &device(1), false, start).is_ok());
        assert!(turns.ask(&ID, &device(2), false, start).is_err());
        let later = start.plus_millis(PATIENCE);
        assert!(turns.ask(&ID, &device(3), false, later).is_ok());
    }
}
