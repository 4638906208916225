//! A message enters the log: the hot path. Everything that costs time happens before the writer is asked.

use infrasound_spec::{
    api::{
        conversations::{Accepted, SubmitMessage},
        problem::ProblemType,
    },
    conversation::ConversationId,
    log::{self, EntryKind},
    signing::Purpose,
    submission::{SubmissionId, message_content},
};

use super::{current::Standing, framing};
use crate::{
    app::App,
    error::ApiError,
    session::Session,
    store::{conversation, entry, entry::Submitted},
    writer::{Appended, MessageAppend},
};

/// How often a submission is judged again when the group changes under it.
const ATTEMPTS: usize = 4;

/// A submission whose epoch is not, or no longer, the current one.
pub(crate) struct Late {
    /// The client's id.
    pub(crate) submission: SubmissionId,
    /// What it would be.
    pub(crate) kind: EntryKind,
    /// SHA-256 of its bytes.
    pub(crate) digest: log::EntryDigest,
    /// The last entry that the device has.
    pub(crate) after: u64,
}

impl App {
    /// Appends a message, or says what the device is missing.
    pub(crate) async fn submit_message(
        &self,
        session: &Session,
        id: &ConversationId,
        submit: SubmitMessage,
    ) -> Result<Accepted, ApiError> {
        let outer = framing::application(submit.message.as_slice())?;
        let content = message_content(id, &submit.submission, submit.message.as_slice());
        session
            .verifier
            .verify(Purpose::Submission, &content, &submit.signature)
            .map_err(|_| ApiError::bad_signature("the message"))?;
        let digest = log::digest(submit.message.as_slice());
        let late =
            Late { submission: submit.submission, kind: EntryKind::Message, digest, after: submit.after };
        for _ in 0..ATTEMPTS {
            let Some(current) = self.current_group(id).await? else {
                return self.too_late(session, id, &late).await;
            };
            let account = current.leaf_of(&session.device);
            let (Some(account), true) =
                (account, (outer.epoch, &outer.group_id) == (current.epoch, &current.group_id))
            else {
                // What is kept in memory may be behind: look once more before refusing.
                if self.is_current(&current).await? {
                    return self.too_late(session, id, &late).await;
                }
                continue;
            };
            let message = MessageAppend {
                current: current.clone(),
                device: session.device,
                account,
                submission: submit.submission,
                digest,
                bytes: submit.message.0.clone(),
                silent: submit.silent,
            };
            match self.writer.append(message).await? {
                Appended::Accepted(accepted) => return Ok(accepted),
                Appended::Moved => self.live.conversations.forget_key(id),
            }
        }
        Err(ApiError::unavailable())
    }

    /// A submission of another epoch: a repeat gets its first answer, anything else what it is missing.
    pub(crate) async fn too_late(
        &self,
        session: &Session,
        id: &ConversationId,
        late: &Late,
    ) -> Result<Accepted, ApiError> {
        match self.earlier(id, &late.submission).await? {
            Some(earlier) => earlier.repeated_by(&session.device, late.kind, &late.digest),
            None => Err(self.refuse_late(session, id, late.after).await),
        }
    }

    /// Refuses a submission for an epoch that is not current, if the device may know of the conversation at all.
    async fn refuse_late(&self, session: &Session, id: &ConversationId, after: u64) -> ApiError {
        match self.standing(session, id, after).await {
            Ok(Standing::Behind) => {
                self.wrong_epoch(id, &session.device, after).await.unwrap_or_else(|error| error)
            }
            Ok(Standing::Outside) => ApiError::new(
                ProblemType::Forbidden,
                "This device is not a member of the conversation's group.",
            ),
            Ok(Standing::Stranger) => ApiError::not_found("conversation"),
            Err(error) => error,
        }
    }

    /// The entry that a submission became earlier.
    pub(crate) async fn earlier(
        &self,
        id: &ConversationId,
        submission: &SubmissionId,
    ) -> Result<Option<Submitted>, ApiError> {
        let mut snapshot = self.read().await?;
        let Some(row) = conversation::load(&mut snapshot, id).await? else { return Ok(None) };
        let found = entry::find_submitted(&mut snapshot, &[(row.key, *submission)]).await?;
        Ok(found.first().map(|(_, submitted)| *submitted))
    }
}
