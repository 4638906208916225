//! Intents: what a person asked for, kept until the log shows that it happened.
//!
//! Spec: `journal.md` 4.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::conversations::CommitBundle,
    blob::BlobId,
    content::ObjectId,
    conversation::ConversationId,
    policy::{GroupPolicy, JoinMode, LinkKey, LinkTerms, Role},
    submission::SubmissionId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::event::FailureCode;

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
    /// Blobs that go once it stands: those of a message that it deletes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) detaches: Vec<BlobId>,
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
        /// What the app knows the wish by; `None` when it was time for it.
        wish: Option<ObjectId>,
    },
    /// Put the new devices of an account that started over in place of its old ones.
    Reinvite,
    /// Change a group by a commit.
    Change {
        /// What the app knows the wish by; `None` for what the client wants by itself.
        wish: Option<ObjectId>,
        /// What is to be different.
        change: Change,
    },
    /// Leave a group.
    Leave {
        /// What the app knows the wish by.
        wish: ObjectId,
    },
}

impl Work {
    /// Whether others are shown a new message: what else there is wakes nobody.
    pub(crate) const fn is_note(&self) -> bool {
        matches!(self, Self::Activity { note: Some(_), .. })
    }
}

/// A change of a group: what somebody wants to be different, whatever the group looks like when its turn comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    /// Make the group, with these accounts in it.
    Found {
        creator: AccountUri,
        #[serde(with = "serde_bytes")]
        salt: [u8; 16],
        /// Of a group that is made anew.
        policy: Option<GroupPolicy>,
        add: Vec<Invitee>,
    },
    /// Let accounts in.
    Add { add: Vec<Invitee> },
    /// Take accounts out, and maybe keep them out.
    Remove { who: Vec<AccountUri>, ban: bool },
    /// Let somebody off who was banned.
    Unban { who: AccountUri },
    /// Give a role.
    Role { who: AccountUri, role: Role },
    /// Who may do what.
    Settings(Settings),
    /// A link is good from now on.
    AddLink { link: LinkKey, terms: LinkTerms },
    /// A link is good no longer.
    RevokeLink { link: LinkKey },
    /// Make the MLS group anew, with whoever is in it: becomes a `Found` when its turn comes.
    FoundAgain,
    /// Commit what others proposed.
    Proposals,
    /// Take out leaves of this account whose devices are its no longer.
    DropDevices,
    /// Take out accounts whose invitations have ended.
    EndInvitations { who: Vec<AccountUri> },
}

/// Somebody to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Invitee {
    /// Not looked up yet.
    Handle(Handle),
    /// Known.
    Account(AccountUri),
}

/// What of a policy an owner sets; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Who may add accounts.
    pub add: Option<Role>,
    /// Who may change name, description and picture.
    pub rename: Option<Role>,
    /// Who may write.
    pub post: Option<Role>,
    /// What a link gives.
    pub join: Option<JoinMode>,
    /// Whether the group is closed.
    pub closed: Option<bool>,
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
    /// A proposal to leave.
    Proposal {
        submission: SubmissionId,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// It did not go, and why: in words for a person, and for the app.
    Failed {
        reason: String,
        #[serde(default = "FailureCode::of_before")]
        code: FailureCode,
    },
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
            Stage::Message { submission, .. }
            | Stage::Commit { submission, .. }
            | Stage::Proposal { submission, .. } => Some(*submission),
            Stage::Queued | Stage::Failed { .. } | Stage::Held { .. } => None,
        }
    }

    pub(crate) fn note(&self) -> Option<&ObjectId> {
        match &self.work {
            Work::Activity { note, .. } => note.as_ref(),
            Work::RenewLeaf { .. } | Work::Reinvite | Work::Change { .. } | Work::Leave { .. } => None,
        }
    }

    pub(crate) fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Held { .. })
    }

    /// Whether it may found a direct conversation.
    pub(crate) fn begins_conversations(&self) -> bool {
        matches!(self.work, Work::Activity { receipt: false, .. })
    }

    /// What the app knows it by, if it is not a note.
    pub(crate) fn wish(&self) -> Option<&ObjectId> {
        match &self.work {
            Work::RenewLeaf { wish } | Work::Change { wish, .. } => wish.as_ref(),
            Work::Leave { wish } => Some(wish),
            Work::Activity { .. } | Work::Reinvite => None,
        }
    }

    /// Whether somebody is removed by it: such commits come first.
    pub(crate) fn removes(&self) -> bool {
        matches!(
            self.work,
            Work::Change {
                change: Change::Remove { .. } | Change::DropDevices | Change::EndInvitations { .. },
                ..
            }
        )
    }
}
