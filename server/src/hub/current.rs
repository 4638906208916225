//! The current group of a conversation as submissions need it: who has a leaf, in which epoch of which MLS group.
//!
//! It belongs to the entry that made the group (`state_entry`) and never changes, so a cached one is either right or,
//! as the writer finds out by comparing that number, no longer current.

use std::sync::Arc;

use infrasound_spec::{account::DeviceId, commit, conversation::ConversationId, time::Timestamp};
use openmls::prelude::PublicGroup;

use super::public_group::Pieces;
use crate::{
    app::App,
    error::ApiError,
    session::Session,
    store::{
        Conn, StoreError, conversation,
        conversation::{ConversationKey, ConversationRow},
        group_state,
        head::{self, Head},
        membership,
    },
};

/// A device that has a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// The device.
    pub(crate) device: DeviceId,
    /// Which of the two accounts it is of.
    pub(crate) account: usize,
}

/// The current group of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    /// The conversation in the database.
    pub(crate) key: ConversationKey,
    /// The conversation.
    pub(crate) id: ConversationId,
    /// The commit that made the group.
    pub(crate) state_entry: u64,
    /// The MLS group.
    pub(crate) group_id: Vec<u8>,
    /// Its epoch.
    pub(crate) epoch: u64,
    /// Who has a leaf.
    pub(crate) members: Vec<Leaf>,
}

/// A current group with the group itself, to check a commit against.
pub(crate) struct Loaded {
    /// The group as submissions need it.
    pub(crate) current: Arc<Current>,
    /// The public group.
    pub(crate) group: PublicGroup,
    /// What it is changed with.
    pub(crate) pieces: Pieces,
    /// The time of the last entry.
    pub(crate) last_time: Timestamp,
}

impl Current {
    /// Which of the two accounts the device is of, if it has a leaf.
    pub(crate) fn leaf_of(&self, device: &DeviceId) -> Option<usize> {
        self.members.iter().find(|leaf| leaf.device == *device).map(|leaf| leaf.account)
    }
}

/// Loads a conversation's current group. `None`: there is no such conversation, or it has no group now.
pub(crate) async fn load(conn: &mut Conn, id: &ConversationId) -> Result<Option<Loaded>, StoreError> {
    let Some(row) = conversation::load(conn, id).await? else { return Ok(None) };
    let Some(head) = head::load(conn, row.key).await? else { return Ok(None) };
    if head.state_entry == 0 {
        return Ok(None);
    }
    let missing = StoreError::Inconsistent { table: "group_states", column: "number" };
    let stored = group_state::load(conn, row.key, head.state_entry).await?.ok_or(missing)?;
    read_group(&row, &head, &stored.state).map(Some)
}

fn read_group(row: &ConversationRow, head: &Head, state: &[u8]) -> Result<Loaded, StoreError> {
    let unreadable = || StoreError::Inconsistent { table: "group_states", column: "state" };
    let (group, pieces) = Pieces::load(state).map_err(|_| unreadable())?;
    let devices = commit::members(&group).map_err(|_| unreadable())?;
    let members = devices
        .into_values()
        .map(|device| {
            let account = row.index_of(&device.account).ok_or_else(unreadable)?;
            Ok(Leaf { device: device.device, account })
        })
        .collect::<Result<_, StoreError>>()?;
    let current = Current {
        key: row.key,
        id: row.id,
        state_entry: head.state_entry,
        group_id: group.group_id().to_vec(),
        epoch: group.group_context().epoch().as_u64(),
        members,
    };
    Ok(Loaded { current: Arc::new(current), group, pieces, last_time: head.last_time })
}

impl App {
    /// The current group, from memory if it is known. May be behind: the writer finds out.
    pub(crate) async fn current_group(&self, id: &ConversationId) -> Result<Option<Arc<Current>>, ApiError> {
        let ticket = match self.live.conversations.find(id) {
            Ok(current) => return Ok(Some(current)),
            Err(ticket) => ticket,
        };
        let mut snapshot = self.read().await?;
        let Some(loaded) = load(&mut snapshot, id).await? else { return Ok(None) };
        self.live.conversations.keep(ticket, *id, Arc::clone(&loaded.current));
        Ok(Some(loaded.current))
    }
}

impl App {
    /// Whether a group from memory is still the current one.
    pub(crate) async fn is_current(&self, current: &Current) -> Result<bool, ApiError> {
        let mut snapshot = self.read().await?;
        let head = head::load(&mut snapshot, current.key).await?;
        let same = head.is_some_and(|head| head.state_entry == current.state_entry);
        if !same {
            self.live.conversations.forget_key(&current.id);
        }
        Ok(same)
    }

    /// Whether the session's device has a leaf now; `None`: the conversation is not the account's.
    pub(crate) async fn has_leaf(
        &self,
        session: &Session,
        id: &ConversationId,
    ) -> Result<Option<bool>, ApiError> {
        let mut snapshot = self.read().await?;
        let Some(row) = conversation::load(&mut snapshot, id).await? else { return Ok(None) };
        if row.index_of(&session.account).is_none() {
            return Ok(None);
        }
        let memberships = membership::of_device(&mut snapshot, row.key, &session.device).await?;
        Ok(Some(memberships.iter().any(|membership| membership.until.is_none())))
    }
}
