//! What a simulator compares between devices: never what a person is shown, and no secret.

use infrasound_spec::{
    account::{AccountUri, DeviceId},
    content::ObjectId,
    conversation::ConversationId,
    log::{self, EntryDigest},
    policy::GroupPolicy,
    report::{self, AuthenticatorHash},
    submission::SubmissionId,
};
use tls_codec::Serialize as _;

use super::Client;
use crate::{
    conversation::{Conversation, STATE, state::State},
    intent::{Intent, Stage},
    journal::{Place, Scope, SealedRecord},
    stored,
};

/// The group of a conversation, as a device has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The MLS group.
    pub group: Vec<u8>,
    /// Its epoch.
    pub epoch: u64,
    /// The digest of its context: tree, history and policy are in it.
    pub context: EntryDigest,
    /// The hash of the epoch's authenticator.
    pub authenticator: AuthenticatorHash,
    /// Who may do what, in a group.
    pub policy: Option<GroupPolicy>,
    /// Whose the leaves are.
    pub members: Vec<(AccountUri, DeviceId)>,
    /// Whether every commit that is applied here is confirmed, and none was refused.
    pub confirmed: bool,
    /// The entry that let this device in.
    pub joined_at: u64,
    /// The last entry that was taken in.
    pub position: u64,
}

/// A wish that is neither done nor failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Where, if that is known.
    pub conversation: Option<ConversationId>,
    /// The note, if it makes one.
    pub note: Option<ObjectId>,
    /// What was made of it: under which id, and the digest of the commit or message.
    pub submission: Option<(SubmissionId, EntryDigest)>,
    /// Whether it is in the log, and waits for a commit to be confirmed.
    pub held: bool,
}

impl Client {
    /// The group of a conversation that is loaded, if this device is in it.
    pub fn standing(&self, id: ConversationId) -> Option<Standing> {
        self.conversations.get(&id)?.standing()
    }

    /// Where the host stores what it has of a conversation.
    pub fn scope_of(&self, id: ConversationId) -> Scope {
        self.sealer.scope(&Place::Conversation(*id.as_bytes()))
    }

    /// Whether a conversation's stored records know of a founding, or of a commit that brings this device in.
    pub fn is_stored(&self, scope: Scope, records: &[SealedRecord], submission: SubmissionId) -> bool {
        let opened = records.iter().filter_map(|record| self.sealer.open(scope, record).ok());
        let state = opened.into_iter().find(|(name, _)| name == STATE);
        let state: Option<State> = state.and_then(|(_, value)| stored::decode(&value).ok());
        state.is_some_and(|state| {
            state.founding.is_some_and(|founding| founding.submission == submission)
                || state.entering.is_some_and(|entering| entering.submission == submission)
        })
    }

    /// Whether the relay has not taken this device yet.
    pub fn is_registering(&self) -> bool {
        self.registering.is_some()
    }

    /// What is still to be done, oldest first.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        self.intents.values().map(Intent::unfinished).collect()
    }
}

impl Conversation {
    fn standing(&self) -> Option<Standing> {
        // A group that the hub has not taken yet is none.
        let group = self.group.as_ref().filter(|_| self.is_joined())?;
        let context = group.public_group().group_context().tls_serialize_detached().ok()?;
        let members = self.members.everybody().devices().map(|leaf| (leaf.account.clone(), leaf.device));
        Some(Standing {
            group: group.group_id().as_slice().to_vec(),
            epoch: group.epoch().as_u64(),
            context: log::digest(&context),
            authenticator: report::authenticator_hash(group.epoch_authenticator().as_slice()),
            policy: self.policy.clone(),
            members: members.collect(),
            confirmed: self.state.provisional.is_empty() && self.state.refused.is_none(),
            joined_at: self.state.joined_at,
            position: self.state.position.number,
        })
    }
}

impl Intent {
    fn unfinished(&self) -> Unfinished {
        let submission = match &self.stage {
            Stage::Message { submission, bytes } | Stage::Proposal { submission, bytes } => {
                Some((*submission, log::digest(bytes)))
            }
            Stage::Commit { submission, bundle } => {
                Some((*submission, log::digest(bundle.commit.as_slice())))
            }
            Stage::Queued | Stage::Failed { .. } | Stage::Held { .. } => None,
        };
        Unfinished {
            conversation: self.conversation(),
            note: self.note().cloned(),
            submission,
            held: self.is_held(),
        }
    }
}
