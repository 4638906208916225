//! Coming back by an external commit, for a device that the conversation went on without.
//!
//! Spec: `groups.md` 5.

use infrasound_spec::{
    api::{
        conversations::{Accepted, CommitBundle, SubmitCommit},
        groups::{AskGroupInfo, GroupInfoGiven},
        paths,
    },
    conversation::ConversationId,
    external::ExternalJoin,
    log::LogPosition,
    submission::SubmissionId,
};
use mls_rs::{MlsMessage, group::ExportedTree};

use super::{
    conversation::MlsRsConversation,
    device::MlsRsDevice,
    founding::group_info,
    joining::JoinError,
    keys::random,
    parameters::{MlsGroup, conversation_of, leaf_extensions, position_in},
    roster,
    talking::{Trouble, of, sign_bundle},
};

/// A commit by which this device comes in, and the group that it makes.
struct Entry {
    group: MlsGroup,
    bundle: CommitBundle,
    position: LogPosition,
}

impl MlsRsDevice {
    /// Comes back into a conversation of which the account is a member. What was read stays.
    pub(super) async fn come_back(&mut self, id: &ConversationId) -> Result<(), Trouble> {
        let given: GroupInfoGiven =
            self.api.post(&of(paths::GROUP_INFO, id), &AskGroupInfo { proof: None }).await?;
        let Entry { group, bundle, position } = self.enter(id, &given).expect("a way in for a member");
        let submission = SubmissionId::from_bytes(random());
        let signature = sign_bundle(&self.keys, id, &submission, &bundle);
        let body = SubmitCommit { submission, after: position.number, bundle, signature };
        let accepted: Accepted = self.api.post(&of(paths::COMMITS, id), &body).await?;
        let context = conversation_of(&group).expect("it was checked");
        let mut conversation = MlsRsConversation::new(context, group, position, accepted.number);
        if let Some(before) = self.conversations.remove(id) {
            conversation.received = before.received;
        }
        self.conversations.insert(*id, conversation);
        self.read(id).await
    }

    fn enter(&self, id: &ConversationId, given: &GroupInfoGiven) -> Result<Entry, JoinError> {
        let info = MlsMessage::from_bytes(given.group_info.as_slice())?;
        let position = info
            .as_group_info()
            .and_then(|info| position_in(info.extensions()))
            .filter(|position| position.number <= given.last)
            .ok_or(JoinError::NoPosition)?;
        let tree = ExportedTree::from_bytes(given.tree.as_slice())?;
        let members = roster::members_in(&tree)?;
        let mut own = members.values().filter(|device| device.account == self.keys.account);
        if !own.any(|device| device.account_key == self.keys.endorsement.account_key) {
            return Err(JoinError::NotOwnKey);
        }
        let mut builder = self
            .client
            .external_commit_builder()?
            .with_tree_data(tree)
            .with_authenticated_data(ExternalJoin::Member.encode())
            .with_leaf_node_extensions(leaf_extensions(&self.keys.endorsement));
        // MLS lets no key have two leaves: the one that this device had goes.
        let old = members.iter().find(|(_, device)| device.device == self.keys.endorsement.device);
        if let Some((index, _)) = old {
            builder = builder.with_removal(*index);
        }
        let (group, commit) = builder.build(info)?;
        let context = conversation_of(&group).filter(|context| context.id == *id);
        let context = context.ok_or(JoinError::NotAConversation)?;
        roster::check_members(&context, &members, &roster::members(&group)?)?;
        let group_info = group_info(&group, &position)?;
        let bundle =
            CommitBundle { commit: commit.to_bytes()?.into(), welcome: None, group_info: group_info.into() };
        Ok(Entry { group, bundle, position })
    }
}
