//! The files of a message that was deleted: the relay is asked to give them to nobody any more.
//!
//! Which they are is stored with the deletion until that is in the log, and then until the relay has answered. Spec: `blobs.md` 4.5.

use infrasound_spec::{api::paths, api::problem::ProblemType, blob::BlobId, conversation::ConversationId};

use super::{
    Client,
    requests::{Purpose, Reply},
    step::Step,
};
use crate::{intent::Intent, journal::Place, output::Method, stored};

fn record_name(blob: &BlobId) -> String {
    format!("detach/{blob}")
}

impl Client {
    /// A deletion is in the log: its files go now.
    pub(super) fn detach_later(&mut self, id: ConversationId, intent: &Intent, step: &mut Step) {
        for blob in &intent.detaches {
            step.writes.put(Place::Root, record_name(blob), stored::encode(&(*blob, id)));
            self.detaches.insert(*blob, id);
        }
    }

    pub(super) fn pump_detaches(&mut self, step: &mut Step) {
        for (blob, id) in self.detaches.clone() {
            if !self.has_request(|purpose| matches!(purpose, Purpose::DetachBlob(other) if *other == blob)) {
                let path = paths::with(paths::CONVERSATION_BLOB, "conversation", &id.to_string());
                let path = paths::with(&path, "blob", &blob.to_string());
                self.ask(Purpose::DetachBlob(blob), Method::Delete, path, step);
            }
        }
    }

    pub(super) fn blob_detached(&mut self, blob: BlobId, reply: &Reply, step: &mut Step) {
        self.detaches.remove(&blob);
        let is_gone = match reply {
            Reply::Ok(_) => true,
            // It was detached before, or is another device's account's: nothing is left to do.
            Reply::Problem(problem) => problem.problem_type == ProblemType::NotFound,
        };
        // What the relay could not do now is asked for again at the next start.
        if is_gone {
            step.writes.delete(Place::Root, record_name(&blob));
        }
    }
}
