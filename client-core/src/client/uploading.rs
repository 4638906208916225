//! The files of an intent: the relay gets their sealed bytes from the spool, before the message is encrypted.
//!
//! Each blob is announced, which says how much of it is there; then comes slice after slice; then it is attached. What is
//! known of that is kept in memory only: after a crash the relay is asked again. Spec: `blobs.md` 5.

use infrasound_spec::{
    api::{
        blobs::{AnnounceBlob, BlobState},
        paths,
        problem::{Problem, ProblemType},
    },
    blob::{BlobId, SEALED_CHUNK},
    content::Attachment,
    conversation::ConversationId,
    limits::{MAX_ATTACHMENTS, MAX_BLOB, MAX_FILE_NAME, MAX_MEDIA_TYPE},
};

use super::{
    Client,
    patience::Waiter,
    requests::{Purpose, Reply, failure},
    step::Step,
    sync::Topic,
};
use crate::{
    event::{Event, Failure, FailureCode},
    input::{TransportError, WishId},
    intent::{Intent, Upload},
    output::{BlobBytes, Method},
};

/// Sealed bytes in one request: few enough for a slow line to carry in time.
const SLICE: u64 = 8 * SEALED_CHUNK;
/// So often the relay may lose a blob before the wish fails.
const MOST_LOSSES: u32 = 3;

/// How far a blob is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// How much the relay has; `None` if it must be asked.
    received: Option<u64>,
    is_attached: bool,
    /// How often the relay did not know it any more.
    losses: u32,
}

/// What has to be uploaded for these attachments.
pub(super) fn uploads(attachments: &[Attachment]) -> Result<Vec<Upload>, Failure> {
    let refused = |code, text: String| Err(Failure::new(code, text));
    if attachments.len() > MAX_ATTACHMENTS {
        let text = format!("a message has at most {MAX_ATTACHMENTS} files");
        return refused(FailureCode::TooLong, text);
    }
    let mut uploads = Vec::with_capacity(attachments.len());
    for attachment in attachments {
        let Some(blob) = &attachment.blob else {
            return refused(FailureCode::Refused, "a file to be sent must be sealed".to_owned());
        };
        if blob.size > MAX_BLOB {
            return refused(FailureCode::TooLong, format!("a file has at most {MAX_BLOB} bytes"));
        }
        if attachment.name.len() > MAX_FILE_NAME || attachment.media_type.len() > MAX_MEDIA_TYPE {
            return refused(FailureCode::TooLong, "the name of a file is too long".to_owned());
        }
        uploads.push(Upload { blob: blob.id, sealed_size: blob.sealed_size() });
    }
    Ok(uploads)
}

impl Client {
    /// Stores with an intent what has to be uploaded for it.
    pub(super) fn set_uploads(&mut self, intent: u64, uploads: Vec<Upload>, step: &mut Step) {
        if let Some(intent) = self.intents.get(&intent).filter(|_| !uploads.is_empty()) {
            self.save_intent(Intent { uploads, ..intent.clone() }, step);
        }
    }

    /// An intent has ended: its sealed bytes are not needed any more.
    pub(super) fn drop_uploads(&mut self, intent: &Intent, step: &mut Step) {
        for upload in &intent.uploads {
            self.uploads.remove(&upload.blob);
            step.drops.push(upload.blob);
        }
    }

    /// Does the next thing for the files of an intent. Says whether there was one to do.
    pub(super) fn pump_uploads(&mut self, id: ConversationId, intent: &Intent, step: &mut Step) -> bool {
        let waiting = intent.uploads.iter().find(|upload| !self.progress(&upload.blob).is_attached);
        let Some(Upload { blob, sealed_size }) = waiting.copied() else { return false };
        match self.progress(&blob).received {
            None => {
                let body = AnnounceBlob { blob, size: sealed_size };
                let purpose = Purpose::AnnounceBlob(id, blob);
                self.request(purpose, Method::Post, paths::BLOBS.to_owned(), Some(&body), step);
            }
            Some(offset) if offset < sealed_size => {
                let bytes = BlobBytes::Send { blob, offset, length: SLICE.min(sealed_size - offset) };
                let path = paths::with(paths::BLOB, "blob", &blob.to_string());
                self.move_bytes(Purpose::UploadBlob(id, blob), Method::Patch, path, bytes, step);
            }
            Some(_) => {
                let path = paths::with(paths::CONVERSATION_BLOB, "conversation", &id.to_string());
                let path = paths::with(&path, "blob", &blob.to_string());
                self.ask(Purpose::AttachBlob(id, blob), Method::Put, path, step);
            }
        }
        true
    }

    fn progress(&self, blob: &BlobId) -> Progress {
        self.uploads.get(blob).copied().unwrap_or_default()
    }

    pub(super) fn blob_announced(
        &mut self,
        id: ConversationId,
        blob: BlobId,
        answer: Result<BlobState, Box<Problem>>,
        step: &mut Step,
    ) {
        match answer {
            Ok(state) => self.blob_is_at(id, blob, state.received, step),
            Err(problem) if problem.problem_type == ProblemType::RateLimited => {
                self.put_off(Waiter::Conversation(id), problem.retry_after, step);
            }
            Err(problem) => self.upload_failed(blob, &failure(&problem), step),
        }
    }

    pub(super) fn blob_uploaded(
        &mut self,
        id: ConversationId,
        blob: BlobId,
        answer: Result<BlobState, Box<Problem>>,
        step: &mut Step,
    ) {
        match answer {
            Ok(state) => {
                if self.progress(&blob).received.is_some_and(|before| state.received <= before) {
                    // A relay that takes nothing is not asked again at once.
                    self.put_off(Waiter::Conversation(id), None, step);
                } else {
                    self.go_ahead(&Waiter::Conversation(id));
                }
                self.blob_is_at(id, blob, state.received, step);
            }
            Err(problem) if problem.problem_type == ProblemType::NotFound => {
                self.blob_lost(id, blob, &problem, step);
            }
            Err(problem) => self.upload_failed(blob, &failure(&problem), step),
        }
    }

    pub(super) fn blob_attached(&mut self, id: ConversationId, blob: BlobId, reply: Reply, step: &mut Step) {
        match reply {
            Reply::Ok(_) => self.uploads.entry(blob).or_default().is_attached = true,
            // It is gone or was cut at the relay; or the device has no leaf any more, which the log will say.
            Reply::Problem(problem)
                if matches!(problem.problem_type, ProblemType::NotFound | ProblemType::Invalid) =>
            {
                self.blob_lost(id, blob, &problem, step);
            }
            Reply::Problem(problem) => self.upload_failed(blob, &failure(&problem), step),
        }
    }

    fn blob_is_at(&mut self, id: ConversationId, blob: BlobId, received: u64, step: &mut Step) {
        let of_blob = |upload: &&Upload| upload.blob == blob;
        let found = self.intents.values().find_map(|intent| {
            Some((intent.note().cloned(), intent.uploads.iter().find(of_blob)?.sealed_size))
        });
        let Some((object, total)) = found else { return };
        if received > total {
            let text = "the relay has another file under the name of this one";
            return self.upload_failed(blob, &Failure::new(FailureCode::Refused, text), step);
        }
        self.uploads.entry(blob).or_default().received = Some(received);
        self.active.insert(id);
        // A picture of a group goes with no note.
        if let Some(object) = object {
            step.event(Event::Uploading { object, blob, sent: received, total });
        }
    }

    /// The relay does not know the blob any more: it is announced anew, a few times, later each time.
    fn blob_lost(&mut self, id: ConversationId, blob: BlobId, problem: &Problem, step: &mut Step) {
        let progress = self.uploads.entry(blob).or_default();
        progress.received = None;
        progress.losses += 1;
        if progress.losses > MOST_LOSSES {
            return self.upload_failed(blob, &failure(problem), step);
        }
        self.sync.want(Topic::Conversations);
        self.put_off(Waiter::Conversation(id), problem.retry_after, step);
    }

    /// What was to be uploaded is not on this device any more.
    pub(super) fn spool_lost(&mut self, purpose: &Purpose, step: &mut Step) {
        if let Purpose::UploadBlob(_, blob) = purpose {
            let failure = Failure::new(FailureCode::NotFound, TransportError::SpoolLost.to_string());
            self.upload_failed(*blob, &failure, step);
        }
    }

    fn upload_failed(&mut self, blob: BlobId, failure: &Failure, step: &mut Step) {
        let of_blob = |intent: &&u64| {
            self.intents
                .get(intent)
                .is_some_and(|intent| intent.uploads.iter().any(|upload| upload.blob == blob))
        };
        if let Some(intent) = self.intents.keys().find(of_blob).copied() {
            self.fail_intent(intent, failure, step);
        }
    }

    /// Asks for some of a blob's sealed bytes.
    pub(super) fn fetch_blob(
        &mut self,
        wish: WishId,
        blob: &BlobId,
        offset: u64,
        length: u64,
        step: &mut Step,
    ) {
        let path = paths::with(paths::BLOB, "blob", &blob.to_string());
        let bytes = BlobBytes::Fetch { offset, length };
        self.move_bytes(Purpose::FetchBlob(wish), Method::Get, path, bytes, step);
    }
}
