//! Messages that did not go stay, with the reason, until the person sends them again or lets them go.
//!
//! The app is told when one fails; a crash just then must not take along what somebody wrote. Spec: `journal.md` 4.8.

use infrasound_spec::{content::ObjectId, conversation::ConversationId};
use serde::{Deserialize, Serialize};

use super::{Client, step::Step};
use crate::{
    event::{Answer, Failure, FailureCode},
    intent::{Intent, Stage, Target, Work},
    journal::Place,
    message::{Message, MessageState},
    stored,
};

/// A message that did not go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FailedMessage {
    intent: Intent,
    /// Why, in words for a person.
    reason: String,
}

impl FailedMessage {
    fn record_name(id: u64) -> Vec<u8> {
        [b"failed/".as_slice(), &id.to_be_bytes()].concat()
    }

    /// What was to be sent, its sealed files included.
    pub(super) fn intent(&self) -> &Intent {
        &self.intent
    }
}

impl Client {
    /// Keeps what was to be sent, if it is a message of a conversation that there is.
    pub(super) fn keep_failed(&mut self, intent: &Intent, failure: &Failure, step: &mut Step) -> bool {
        let listed = intent.conversation().is_some_and(|id| self.summaries.contains_key(&id));
        if intent.note().is_none() || !listed {
            return false;
        }
        let intent = Intent { stage: Stage::Queued, ..intent.clone() };
        let failed = FailedMessage { intent, reason: failure.text.clone() };
        step.writes.put(Place::Root, FailedMessage::record_name(failed.intent.id), stored::encode(&failed));
        self.failed.insert(failed.intent.id, failed);
        true
    }

    pub(super) fn take_failed(&mut self, failed: FailedMessage) {
        self.next_intent = self.next_intent.max(failed.intent.id + 1);
        self.failed.insert(failed.intent.id, failed);
    }

    /// Sends a message again that did not go: the same, behind what waits already.
    pub(super) fn wish_send_again(&mut self, object: &ObjectId, step: &mut Step) -> Result<Answer, Failure> {
        let Intent { target, work, uploads, .. } = self.remove_failed(object, step)?.intent;
        let conversation = match target {
            Target::Conversation(id) => Some(id),
            Target::Handle(_) => None,
        };
        // What the relay has of its files may have gone meanwhile: it is asked anew.
        for upload in &uploads {
            self.uploads.remove(&upload.blob);
        }
        let intent = self.add_intent(target, work, step);
        self.set_uploads(intent, uploads, step);
        Ok(Answer::Queued { message: object.clone(), conversation })
    }

    /// Lets go of a message that did not go.
    pub(super) fn wish_discard(&mut self, object: &ObjectId, step: &mut Step) -> Result<Answer, Failure> {
        let failed = self.remove_failed(object, step)?;
        self.drop_uploads(&failed.intent, step);
        Ok(Answer::Done)
    }

    fn remove_failed(&mut self, object: &ObjectId, step: &mut Step) -> Result<FailedMessage, Failure> {
        let of_object = |(_, failed): &(&u64, &FailedMessage)| failed.intent.note() == Some(object);
        let found = self.failed.iter().find(of_object).map(|(id, _)| *id);
        let failed = found.and_then(|id| self.failed.remove(&id)).ok_or_else(|| {
            Failure::new(FailureCode::NotFound, "there is no message here that waits to be sent again")
        })?;
        step.writes.delete(Place::Root, FailedMessage::record_name(failed.intent.id));
        Ok(failed)
    }

    /// The messages of a conversation that did not go, in the order in which they were written.
    pub(super) fn failed_in(&self, conversation: ConversationId) -> Vec<Message> {
        let here = self.failed.values().filter(|failed| failed.intent.conversation() == Some(conversation));
        here.filter_map(|failed| {
            let Work::Activity { json, .. } = &failed.intent.work else { return None };
            self.unsent(&failed.intent, json, MessageState::Failed(failed.reason.clone()))
        })
        .collect()
    }
}
