//! Messages that did not go stay, with the reason, until the person sends them again or lets them go.
//!
//! The app is told when one fails; a crash just then must not take along what somebody wrote. Where there is no conversation in
//! which it could stay, it goes with the step after the one that told: a crash between them tells it once more.
//!
//! Spec: `journal.md` 4.8.

use infrasound_spec::{content::ObjectId, conversation::ConversationId};

use super::{Client, step::Step};
use crate::{
    event::{Answer, Event, Failure, FailureCode},
    intent::{Intent, Stage},
    journal::Place,
    message::{Message, MessageState},
    stored,
};

/// Messages of one conversation that are kept so; the oldest of more are let go.
const MOST: usize = 100;

fn record_name(id: u64) -> Vec<u8> {
    [b"failed/".as_slice(), &id.to_be_bytes()].concat()
}

impl Client {
    /// Keeps what was to be sent, if it is a message.
    pub(super) fn keep_failed(&mut self, intent: &Intent, failure: &Failure, step: &mut Step) -> bool {
        if intent.note().is_none() {
            return false;
        }
        let intent = Intent {
            stage: Stage::Failed { reason: failure.text.clone(), code: failure.code },
            ..intent.clone()
        };
        step.writes.put(Place::Root, record_name(intent.id), stored::encode(&intent));
        let (id, conversation) = (intent.id, self.place_of_failed(&intent));
        self.failed.insert(id, intent);
        if conversation.is_none() {
            self.forget_next(id, step);
            return true;
        }
        let here = |intent: &&Intent| intent.conversation() == conversation;
        if self.failed.values().filter(here).count() > MOST
            && let Some(oldest) = self.failed.values().find(here).map(|intent| intent.id)
        {
            self.let_go(oldest, step);
        }
        true
    }

    /// The conversation in which a message that failed is shown, if there is such.
    fn place_of_failed(&self, intent: &Intent) -> Option<ConversationId> {
        intent.conversation().filter(|id| self.summaries.contains_key(id))
    }

    /// This step tells the app of it; the next one forgets it.
    fn forget_next(&mut self, id: u64, step: &mut Step) {
        self.told.push(id);
        step.wake_at(step.now);
    }

    /// What the step before has told of.
    pub(super) fn forget_told(&mut self, step: &mut Step) {
        for id in std::mem::take(&mut self.told) {
            self.let_go(id, step);
        }
    }

    /// After a crash: what is nowhere shown is told, though it may have been before.
    pub(super) fn tell_failed_again(&mut self, step: &mut Step) {
        let nowhere = self.failed.values().filter(|intent| self.place_of_failed(intent).is_none());
        for id in nowhere.map(|intent| intent.id).collect::<Vec<_>>() {
            let Some(intent) = self.failed.get(&id) else { continue };
            if let (Stage::Failed { reason, code }, Some(object)) = (&intent.stage, intent.note()) {
                let failure = Failure::new(*code, reason.clone());
                let (conversation, object) = (intent.conversation(), object.clone());
                step.event(Event::IntentFailed { conversation, object, failure });
            }
            self.forget_next(id, step);
        }
    }

    pub(super) fn take_failed(&mut self, intent: Intent) {
        self.next_intent = self.next_intent.max(intent.id + 1);
        self.failed.insert(intent.id, intent);
    }

    /// Sends a message again that did not go: the same, behind what waits already.
    pub(super) fn wish_send_again(&mut self, object: &ObjectId, step: &mut Step) -> Result<Answer, Failure> {
        let id = self.find_failed(object)?;
        let conversation = self.failed.get(&id).and_then(Intent::conversation);
        if let Some(conversation) = conversation {
            self.may_write(conversation, step)?;
        }
        let Some(Intent { target, work, uploads, .. }) = self.end_failed(id, step) else {
            return Ok(Answer::Done);
        };
        // What the relay has of its files may have gone meanwhile: it is asked anew.
        for upload in &uploads {
            self.uploads.remove(&upload.blob);
        }
        let id = self.add_intent(target, work, step);
        self.set_uploads(id, uploads, step);
        // Other views of the conversation show that it is on its way again.
        let message =
            self.intents.get(&id).and_then(|intent| self.unsent(intent, MessageState::Pending(None)));
        if let Some(message) = message {
            step.event(Event::Message(message));
        }
        Ok(Answer::Queued { message: object.clone(), conversation })
    }

    /// Lets go of a message that did not go.
    pub(super) fn wish_discard(&mut self, object: &ObjectId, step: &mut Step) -> Result<Answer, Failure> {
        let id = self.find_failed(object)?;
        self.let_go(id, step);
        Ok(Answer::Done)
    }

    /// A conversation is not there any more, and what did not go into it is not, either.
    pub(super) fn let_go_of_all(&mut self, conversation: ConversationId, step: &mut Step) {
        let here = self.failed.values().filter(|intent| intent.conversation() == Some(conversation));
        for id in here.map(|intent| intent.id).collect::<Vec<_>>() {
            self.forget_next(id, step);
        }
    }

    fn let_go(&mut self, id: u64, step: &mut Step) {
        if let Some(intent) = self.end_failed(id, step) {
            self.drop_uploads(&intent, step);
        }
    }

    fn end_failed(&mut self, id: u64, step: &mut Step) -> Option<Intent> {
        step.writes.delete(Place::Root, record_name(id));
        self.failed.remove(&id)
    }

    fn find_failed(&self, object: &ObjectId) -> Result<u64, Failure> {
        let found = self.failed.values().find(|intent| intent.note() == Some(object));
        found.map(|intent| intent.id).ok_or_else(|| {
            Failure::new(FailureCode::NotFound, "there is no message here that waits to be sent again")
        })
    }

    /// The messages of a conversation that did not go, in the order in which they were written.
    pub(super) fn failed_in(&self, conversation: ConversationId) -> Vec<Message> {
        let here = self.failed.values().filter(|intent| intent.conversation() == Some(conversation));
        here.filter_map(|intent| {
            let Stage::Failed { reason, .. } = &intent.stage else { return None };
            self.unsent(intent, MessageState::Failed(reason.clone()))
        })
        .collect()
    }
}
