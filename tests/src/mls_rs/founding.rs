//! Founding a conversation, and every other commit: the commit, its Welcome, and the GroupInfo of the new epoch.
//!
//! Spec: `conversations.md` 2 and 6.

use infrasound_spec::{
    account::AccountUri,
    api::conversations::CommitBundle,
    commit::CommitViolation,
    conversation::Conversation,
    log::{LogEntry, LogPosition},
    policy::GroupPolicy,
    time::Timestamp,
};
use mls_rs::{MlsMessage, error::MlsError};

use super::{
    conversation::MlsRsConversation,
    keys::Keys,
    parameters::{
        MlsClient, MlsGroup, begin, context_extensions, group_info_extensions, leaf_extensions, with_policy,
    },
    roster,
};

/// Why a commit is not made.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// mls-rs refuses.
    #[error("mls-rs refuses to make this commit: {0}")]
    Mls(#[from] MlsError),
    /// It would break our own rules.
    #[error(transparent)]
    Violation(#[from] CommitViolation),
}

/// A conversation that was made and is not in the log yet.
pub struct Founded {
    /// Which.
    pub direct: Conversation,
    /// The GroupInfo of epoch 0.
    pub group_info: Vec<u8>,
    /// The ratchet tree of epoch 0.
    pub tree: Vec<u8>,
    /// The commit to epoch 1.
    pub bundle: CommitBundle,
    group: MlsGroup,
    start: LogPosition,
}

impl Founded {
    /// Makes the group, and the commit that adds these key packages.
    pub(super) fn make(
        client: &MlsClient,
        keys: &Keys,
        direct: Conversation,
        key_packages: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Self, CommitError> {
        let start = LogPosition::start(&direct.id, direct.generation, 0);
        let mut group = client.create_group_with_id(
            direct.group_id(),
            context_extensions(&direct),
            leaf_extensions(&keys.endorsement),
            Some(begin(now)),
        )?;
        let group_info = group.group_info_message_allowing_ext_commit(false)?.to_bytes()?;
        let tree = group.export_tree().to_bytes()?;
        let bundle = make_commit(
            &mut group,
            &direct,
            &start,
            Changes { add: key_packages, ..Changes::default() },
            now,
        )?;
        Ok(Self { direct, group_info, tree, bundle, group, start })
    }

    /// The founding is in the log with this entry: the first commit is applied now.
    pub(super) fn stands(mut self, entry: &LogEntry) -> MlsRsConversation {
        self.group.apply_pending_commit().expect("the founding's own commit");
        let mut conversation = MlsRsConversation::new(self.direct, self.group, self.start, entry.number);
        let position = conversation.after(entry).expect("the founding is the first entry");
        conversation.move_to(position);
        conversation
    }
}

impl MlsRsConversation {
    /// Makes a commit that changes something, or only renews this device's leaf. It is pending until the log has it.
    pub(super) fn commit(
        &mut self,
        changes: Changes<'_>,
        now: Timestamp,
    ) -> Result<CommitBundle, CommitError> {
        make_commit(&mut self.group, &self.context, &self.position, changes, now)
    }

    /// The leaves of an account.
    pub(super) fn leaves_of(&self, account: &AccountUri) -> Vec<u32> {
        let members = roster::members(&self.group).expect("a group whose leaves are endorsed");
        members.iter().filter(|(_, device)| device.account == *account).map(|(index, _)| *index).collect()
    }
}

/// What a commit does besides renewing the committer's leaf.
#[derive(Clone, Copy, Default)]
pub(super) struct Changes<'a> {
    /// Key packages.
    pub(super) add: &'a [Vec<u8>],
    /// Leaves.
    pub(super) remove: &'a [u32],
    /// The group's policy from now on.
    pub(super) policy: Option<&'a GroupPolicy>,
}

fn make_commit(
    group: &mut MlsGroup,
    context: &Conversation,
    position: &LogPosition,
    changes: Changes<'_>,
    now: Timestamp,
) -> Result<CommitBundle, CommitError> {
    let before = group.clone();
    let mut commit = group.commit_builder().set_group_info_ext(group_info_extensions(position));
    for key_package in changes.add {
        commit = commit.add_member(MlsMessage::from_bytes(key_package)?)?;
    }
    for index in changes.remove {
        commit = commit.remove_member(*index)?;
    }
    if let Some(policy) = changes.policy {
        commit = commit.set_group_context_ext(with_policy(before.context().extensions(), policy))?;
    }
    let output = commit.build()?;
    let mut after = group.clone();
    let description = after.apply_pending_commit()?;
    if let Err(violation) = roster::check_commit(context, &before, &after, &description, now) {
        group.clear_pending_commit();
        return Err(violation.into());
    }
    let group_info = group_info(&after, position)?;
    let welcome = output.welcome_messages.first().map(MlsMessage::to_bytes).transpose()?;
    Ok(CommitBundle {
        commit: output.commit_message.to_bytes()?.into(),
        welcome: welcome.map(Into::into),
        group_info: group_info.into(),
    })
}

/// The GroupInfo of an epoch, with which devices come in by themselves, and the committer's place in the log.
pub(super) fn group_info(group: &MlsGroup, position: &LogPosition) -> Result<Vec<u8>, MlsError> {
    let extensions = group_info_extensions(position);
    group.group_info_message_allowing_ext_commit_with_extensions(false, extensions)?.to_bytes()
}
