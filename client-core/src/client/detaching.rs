//! The files of a message that was deleted: the relay is asked to give them to nobody any more.
//!
//! Which they are is stored with the deletion until that stands, and then until the relay has answered. Spec: `blobs.md` 4.5.

use infrasound_spec::{api::paths, api::problem::ProblemType, blob::BlobId, conversation::ConversationId};

use super::{
    Client,
    patience::Waiter,
    requests::{Purpose, Reply},
    step::Step,
};
use crate::{intent::Intent, journal::Place, output::Method, stored};

fn record_name(blob: &BlobId) -> String {
    format!("detach/{blob}")
}

impl Client {
    /// A deletion stands: its files go now.
    pub(super) fn detach_later(&mut self, id: ConversationId, intent: &Intent, step: &mut Step) {
        for blob in &intent.detaches {
            step.writes.put(Place::Root, record_name(blob), stored::encode(&(*blob, id)));
            self.detaches.insert(*blob, id);
        }
    }

    pub(super) fn pump_detaches(&mut self, step: &mut Step) {
        // One after the other: there is no hurry, and messages go before.
        let is_asked = self.has_request(|purpose| matches!(purpose, Purpose::DetachBlob(_)));
        let Some((blob, id)) = self.detaches.first_key_value().filter(|_| !is_asked) else { return };
        let (blob, id) = (*blob, *id);
        if self.is_put_off(&Waiter::Detaching, step) {
            return;
        }
        let path = paths::with(paths::CONVERSATION_BLOB, "conversation", &id.to_string());
        let path = paths::with(&path, "blob", &blob.to_string());
        self.ask(Purpose::DetachBlob(blob), Method::Delete, path, step);
    }

    pub(super) fn blob_detached(&mut self, blob: BlobId, reply: &Reply, step: &mut Step) {
        match reply {
            // Whatever the relay cannot do now must not hold up anything else.
            Reply::Problem(problem) if problem.problem_type != ProblemType::NotFound => {
                self.put_off(Waiter::Detaching, problem.retry_after, step);
            }
            // Or it was detached before: nothing is left to do.
            _ => {
                self.go_ahead(&Waiter::Detaching);
                self.detaches.remove(&blob);
                step.writes.delete(Place::Root, record_name(&blob));
            }
        }
    }
}
