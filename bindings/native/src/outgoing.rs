//! How far this session's own messages and wishes about groups are, for whoever waits for one.

use std::collections::{HashMap, VecDeque};

use infrasound_core::{
    event::{Answer, Event},
    message::MessageState,
};
use infrasound_spec::content::ObjectId;
use tokio::sync::oneshot;

/// So many of the latest messages are remembered.
const REMEMBERED: usize = 1024;

/// States of messages that were queued in this session, and who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    states: HashMap<ObjectId, MessageState>,
    order: VecDeque<ObjectId>,
    waiting: Vec<(ObjectId, oneshot::Sender<MessageState>)>,
    /// Who waited and can be told now.
    due: Vec<(oneshot::Sender<MessageState>, MessageState)>,
}

impl Outgoing {
    /// Answers when the message is no longer pending: at once, if it is so already.
    pub(crate) fn wait(&mut self, message: ObjectId, answer: oneshot::Sender<MessageState>) {
        match self.states.get(&message) {
            // Whoever waited may have gone away.
            Some(state) if !is_pending(state) => drop(answer.send(state.clone())),
            _ => {
                self.waiting.retain(|(_, waiting)| !waiting.is_closed());
                self.waiting.push((message, answer));
            }
        }
    }

    /// Tells whoever waited for what was taken in.
    pub(crate) fn tell(&mut self) {
        for (waiting, state) in self.due.drain(..) {
            // Whoever waited may have gone away.
            let _ = waiting.send(state);
        }
    }

    /// Takes an event in. Whoever waits for it is told by [`Outgoing::tell`].
    pub(crate) fn observe(&mut self, event: &Event) {
        match event {
            Event::WishDone(_, Answer::Queued { message, .. }) => self.remember(message),
            Event::MessageState { object, state, .. } => self.advance(object, state.clone()),
            // A change of a group is where a message that was sent is: in the log.
            Event::Changed { object, .. } => self.advance(object, MessageState::Sent),
            Event::IntentFailed { object, failure, .. } => {
                self.advance(object, MessageState::Failed(failure.text.clone()));
            }
            _ => {}
        }
    }

    fn remember(&mut self, message: &ObjectId) {
        if let Some(state) = self.states.get_mut(message) {
            // One that has failed is sent again.
            *state = MessageState::Pending(None);
            return;
        }
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.states.remove(&oldest);
        }
        self.order.push_back(message.clone());
        self.states.insert(message.clone(), MessageState::Pending(None));
    }

    fn advance(&mut self, message: &ObjectId, state: MessageState) {
        if !is_pending(&state) {
            let over = self.waiting.extract_if(.., |(waited, _)| waited == message);
            self.due.extend(over.map(|(_, waiting)| (waiting, state.clone())));
        }
        if let Some(known) = self.states.get_mut(message) {
            *known = state;
        }
    }
}

fn is_pending(state: &MessageState) -> bool {
    matches!(state, MessageState::Pending(_))
}

#[cfg(test)]
mod tests {
    use infrasound_core::{
        event::{Failure, FailureCode},
        input::WishId,
    };

    use super::*;

    fn id(n: usize) -> ObjectId {
        format!("urn:uuid:{n}").parse().unwrap()
    }

    fn queued(n: usize) -> Event {
        Event::WishDone(WishId(0), Answer::Queued { message: id(n), conversation: None })
    }

    fn state(n: usize, state: MessageState) -> Event {
        let conversation = infrasound_spec::conversation::ConversationId::from_bytes([0; 32]);
        Event::MessageState { conversation, object: id(n), number: Some(1), state }
    }

    #[test]
    fn who_asks_before_or_after_it_went_is_told() {
        let mut outgoing = Outgoing::default();
        outgoing.observe(&queued(1));
        let (sender, mut early) = oneshot::channel();
        outgoing.wait(id(1), sender);
        outgoing.observe(&state(1, MessageState::Pending(Some("keys".to_owned()))));
        outgoing.tell();
        assert!(early.try_recv().is_err());
        outgoing.observe(&state(1, MessageState::Sent));
        outgoing.tell();
        assert_eq!(early.try_recv(), Ok(MessageState::Sent));
        let (sender, mut late) = oneshot::channel();
        outgoing.wait(id(1), sender);
        assert_eq!(late.try_recv(), Ok(MessageState::Sent));
    }

    #[test]
    fn a_change_of_a_group_is_over_when_it_has_happened_or_failed() {
        let mut outgoing = Outgoing::default();
        let conversation = infrasound_spec::conversation::ConversationId::from_bytes([0; 32]);
        outgoing.observe(&queued(1));
        let (sender, mut done) = oneshot::channel();
        outgoing.wait(id(1), sender);
        outgoing.observe(&Event::Changed { conversation, object: id(1) });
        outgoing.tell();
        assert_eq!(done.try_recv(), Ok(MessageState::Sent));
        outgoing.observe(&queued(2));
        let failure = Failure::new(FailureCode::NotAllowed, "no");
        outgoing.observe(&Event::IntentFailed { conversation: None, object: id(2), failure });
        let (sender, mut failed) = oneshot::channel();
        outgoing.wait(id(2), sender);
        assert_eq!(failed.try_recv(), Ok(MessageState::Failed("no".to_owned())));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut outgoing = Outgoing::default();
        for n in 0..3 * REMEMBERED {
            outgoing.observe(&queued(n));
            outgoing.observe(&state(n, MessageState::Sent));
        }
        assert_eq!((outgoing.states.len(), outgoing.order.len()), (REMEMBERED, REMEMBERED));
    }
}
