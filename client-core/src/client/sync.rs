//! What has to be asked of the relay, because something may have changed there.
//!
//! An answer says how it was when the relay read the question. What is heard while the question is under way may be newer:
//! then it is asked once more.

/// A question to the relay.
#[derive(Clone, Copy)]
pub(super) enum Topic {
    Account,
    Contacts,
    Conversations,
    Welcomes,
    KeyPackages,
    Devices,
}

/// The bits of all topics.
const EVERY: u8 = (1 << 6) - 1;

impl Topic {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The questions that wait for an answer.
#[derive(Clone, Copy)]
pub(super) struct Sync {
    due: u8,
    /// Those of which nothing has been heard since they came up.
    unknown: u8,
    /// Those that came up again after they were asked.
    again: u8,
}

impl Sync {
    /// Everything is to be asked.
    pub(super) const ALL: Self = Self { due: EVERY, unknown: EVERY, again: 0 };

    /// Something may have changed.
    pub(super) fn want(&mut self, topic: Topic) {
        self.unknown |= topic.bit() & !self.due;
        self.due |= topic.bit();
        self.again |= topic.bit();
    }

    /// The stream is open: from here on it tells what changes. Nothing of that is about the account itself.
    pub(super) fn want_what_streams(&mut self) {
        let topics = EVERY & !Topic::Account.bit();
        self.unknown |= topics;
        self.due |= topics;
    }

    /// The question leaves.
    pub(super) fn asked(&mut self, topic: Topic) {
        self.again &= !topic.bit();
    }

    /// The answer is here.
    pub(super) fn answered(&mut self, topic: Topic) {
        self.due = self.due & !topic.bit() | self.again & topic.bit();
        self.unknown &= !topic.bit();
    }

    /// Whether there was no answer yet.
    pub(super) fn is_unknown(self, topic: Topic) -> bool {
        self.unknown & topic.bit() != 0
    }

    /// Whether the answer, or the last of them, is still to come.
    pub(super) fn is_due(self, topic: Topic) -> bool {
        self.due & topic.bit() != 0
    }

    /// Whether there is nothing to ask.
    pub(super) fn is_done(self) -> bool {
        self.due == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_while_a_question_is_under_way_is_asked_once_more() {
        let mut sync = Sync::ALL;
        sync.asked(Topic::Welcomes);
        sync.answered(Topic::Welcomes);
        assert!(!sync.is_due(Topic::Welcomes));

        sync.want(Topic::Welcomes);
        sync.asked(Topic::Welcomes);
        sync.want(Topic::Welcomes);
        assert!(sync.is_unknown(Topic::Welcomes));
        sync.answered(Topic::Welcomes);
        assert!(sync.is_due(Topic::Welcomes) && !sync.is_unknown(Topic::Welcomes));

        sync.asked(Topic::Welcomes);
        sync.answered(Topic::Welcomes);
        assert!(!sync.is_due(Topic::Welcomes));
    }

    #[test]
    fn every_question_is_asked_at_first() {
        use Topic::{Account, Contacts, Conversations, Devices, KeyPackages, Welcomes};
        let mut sync = Sync::ALL;
        for topic in [Account, Contacts, Conversations, Welcomes, KeyPackages, Devices] {
            assert!(sync.is_due(topic) && !sync.is_done());
            sync.asked(topic);
            sync.answered(topic);
        }
        assert!(sync.is_done());
    }
}
