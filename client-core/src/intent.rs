//! Intents: what a person asked for, kept until the log shows that it happened.
//!
//! Spec: `journal.md` 4.

use infrasound_spec::{
    account::Handle, api::conversations::CommitBundle, blob::BlobId, content::ObjectId,
    conversation::ConversationId, submission::SubmissionId, time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One wish on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// Intents of a conversation are carried out in the order of their ids.
    pub(crate) id: u64,
    pub(crate) target: Target,
    pub(crate) work: Work,
    pub(crate) stage: Stage,
    pub(crate) created: Timestamp,
    /// Blobs that the relay must have before anything else is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) uploads: Vec<Upload>,
}

/// A blob in the spool that is to be attached to the intent's conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) blob: BlobId,
    pub(crate) sealed_size: u64,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Target {
    /// To somebody whose account has not been looked up yet.
    Handle(Handle),
    /// To a conversation, which may have to be founded first.
    Conversation(ConversationId),
}

/// What it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// An activity to be encrypted and sent.
    Activity {
        /// The JSON.
        #[serde(with = "serde_bytes")]
        json: Vec<u8>,
        /// The note that it creates, if it creates one.
        note: Option<ObjectId>,
        /// Whether a new conversation or an unanswered request is no reason to wait for: receipts don't begin anything.
        receipt: bool,
    },
    /// Renew this device's leaf.
    RenewLeaf {
        /// What the app knows the wish by.
        wish: ObjectId,
    },
    /// Put the new devices of an account that started over in place of its old ones.
    Reinvite,
}

/// How far it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Nothing was made of it yet.
    Queued,
    /// Encrypted once, for one epoch; these bytes and no others are sent, and sent again, until the hub has answered.
    Message {
        submission: SubmissionId,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// A commit and what goes with it.
    Commit { submission: SubmissionId, bundle: CommitBundle },
    /// In the log, under a commit that is provisional: if that is voided, it is sent again.
    Held { number: u64 },
}

impl Intent {
    pub(crate) fn record_name(id: u64) -> Vec<u8> {
        [b"intent/".as_slice(), &id.to_be_bytes()].concat()
    }

    pub(crate) fn conversation(&self) -> Option<ConversationId> {
        match self.target {
            Target::Conversation(id) => Some(id),
            Target::Handle(_) => None,
        }
    }

    pub(crate) fn submission(&self) -> Option<SubmissionId> {
        match &self.stage {
            Stage::Message { submission, .. } | Stage::Commit { submission, .. } => Some(*submission),
            Stage::Queued | Stage::Held { .. } => None,
        }
    }

    pub(crate) fn note(&self) -> Option<&ObjectId> {
        match &self.work {
            Work::Activity { note, .. } => note.as_ref(),
            Work::RenewLeaf { .. } | Work::Reinvite => None,
        }
    }

    pub(crate) fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Held { .. })
    }

    /// Whether it may found a conversation.
    pub(crate) fn begins_conversations(&self) -> bool {
        matches!(self.work, Work::Activity { receipt: false, .. })
    }
}
