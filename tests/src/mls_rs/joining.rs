//! Joining by a Welcome, with the tree fetched apart.
//!
//! mls-rs deletes the key package only when the group is written to storage, so a join that fails costs nothing.
//!
//! Spec: `conversations.md` 2, `key-packages.md` 5.

use infrasound_spec::{commit::CommitViolation, mls::LeafError};
use mls_rs::{MlsMessage, error::MlsError, group::ExportedTree, time::MlsTime};

use super::{
    conversation::MlsRsConversation,
    keys::Keys,
    parameters::{MlsClient, conversation_of, position_in},
    roster,
};

/// Why a Welcome can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// It, the tree or the GroupInfo does not verify.
    #[error("the Welcome does not verify: {0}")]
    Mls(#[from] MlsError),
    /// The group does not say which conversation it is.
    #[error("the group does not say which conversation it is")]
    NotAConversation,
    /// The GroupInfo does not say where in the log the committer was.
    #[error("the Welcome does not say where in the log it begins")]
    NoPosition,
    /// A leaf is nobody's.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// This account's leaves are under another account key.
    #[error("the devices of this account are not under its key")]
    NotOwnKey,
    /// Somebody is in it who does not belong there.
    #[error(transparent)]
    Members(#[from] CommitViolation),
}

/// Joins with the Welcome of the commit with this number, silently.
pub(super) fn join(
    client: &MlsClient,
    keys: &Keys,
    welcome: &[u8],
    tree: &[u8],
    number: u64,
) -> Result<MlsRsConversation, JoinError> {
    let welcome = MlsMessage::from_bytes(welcome)?;
    let tree = ExportedTree::from_bytes(tree)?;
    let (mut group, info) = client.join_group(Some(tree), &welcome, Some(MlsTime::now()))?;
    let direct = conversation_of(&group).ok_or(JoinError::NotAConversation)?;
    let position = position_in(&info.group_info_extensions)
        .filter(|position| position.number < number)
        .ok_or(JoinError::NoPosition)?;
    let members = roster::members(&group)?;
    roster::check_members(&direct, &members, &members)?;
    let own = members.values().filter(|device| device.account == keys.account);
    if own.clone().count() == 0
        || own.clone().any(|device| device.account_key != keys.endorsement.account_key)
    {
        return Err(JoinError::NotOwnKey);
    }
    group.write_to_storage()?;
    let mut conversation = MlsRsConversation::new(direct, group, position, number);
    conversation.reports.push((number, conversation.applied()));
    Ok(conversation)
}
