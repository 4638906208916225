//! The current group of a conversation as submissions need it: who has a leaf, in which epoch of which MLS group.
//!
//! It belongs to the entry that made the group (`state_entry`) and never changes, so a cached one is either right or,
//! as the writer finds out by comparing that number, no longer current.

use std::{collections::HashMap, sync::Arc};

use infrasound_spec::{
    account::{AccountUri, DeviceId},
    commit,
    consent::ContactState,
    conversation::{ConversationId, ConversationKind},
    members::Members,
    policy::GroupPolicy,
    time::Timestamp,
};
use openmls::prelude::{ProcessedMessageContent, PublicGroup};
use openmls_rust_crypto::RustCrypto;

use super::{framing, public_group::Pieces};
use crate::{
    apart,
    app::App,
    error::ApiError,
    session::Session,
    store::{
        Conn, StoreError, conversation,
        conversation::{ConversationKey, ConversationRow},
        group_state,
        head::{self, Head},
        membership::{self, Membership},
        participant,
        participant::Part,
        proposal::{self, StoredProposal},
    },
};

/// A device that has a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// The device.
    pub(crate) device: DeviceId,
    /// Which account it is of.
    pub(crate) account: usize,
    /// Whether it is not told of what comes: in a group, its account put the group away, or leaves.
    pub(crate) quiet: bool,
}

/// The current group of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    /// The conversation in the database.
    pub(crate) key: ConversationKey,
    /// The conversation.
    pub(crate) id: ConversationId,
    /// What kind.
    pub(crate) kind: ConversationKind,
    /// The commit that made the group.
    pub(crate) state_entry: u64,
    /// The MLS group.
    pub(crate) group_id: Vec<u8>,
    /// Its epoch.
    pub(crate) epoch: u64,
    /// A group's policy.
    pub(crate) policy: Option<GroupPolicy>,
    /// Who has a leaf.
    pub(crate) members: Vec<Leaf>,
    /// Which accounts leave.
    pub(crate) leaving: Vec<usize>,
}

/// The public group of an epoch, to check a commit against.
#[derive(Debug)]
pub(crate) struct EpochGroup {
    /// The commit that made it.
    pub(crate) state_entry: u64,
    /// The public group.
    pub(crate) group: PublicGroup,
    /// What it is changed with.
    pub(crate) pieces: Pieces,
    /// Who its leaves are.
    pub(crate) members: Members,
    /// The entries of the proposals that the group knows of.
    pub(crate) proposals: Vec<u64>,
}

/// A current group with the group itself.
pub(crate) struct Loaded {
    /// The group as submissions need it.
    pub(crate) current: Arc<Current>,
    /// The group itself.
    pub(crate) epoch: EpochGroup,
    /// The proposals that wait for a commit.
    pub(crate) pending: Vec<StoredProposal>,
    /// The time of the last entry.
    pub(crate) last_time: Timestamp,
}

impl Current {
    /// Which account the device is of, if it has a leaf.
    pub(crate) fn leaf_of(&self, device: &DeviceId) -> Option<usize> {
        self.members.iter().find(|leaf| leaf.device == *device).map(|leaf| leaf.account)
    }

    /// What a group's policy lets the account do; `false` in a direct conversation.
    pub(crate) fn allows(&self, account: &AccountUri, what: fn(&GroupPolicy, &AccountUri) -> bool) -> bool {
        self.policy.as_ref().is_some_and(|policy| what(policy, account))
    }
}

impl Loaded {
    /// Whether the account has proposed to leave.
    pub(crate) fn leaves(&self, account: &AccountUri) -> bool {
        let mut own = self.epoch.members.leaves_of(account);
        own.any(|(_, device)| self.pending.iter().any(|proposal| proposal.device == device.device))
    }
}

impl EpochGroup {
    /// Reads the group after the commit `state_entry`, and verifies who its leaves are.
    pub(crate) fn read(state_entry: u64, state: &[u8]) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Inconsistent { table: "group_states", column: "state" };
        let (group, pieces) = Pieces::load(state).map_err(|_| unreadable())?;
        let members = Members::of(&group).map_err(|_| unreadable())?;
        Ok(Self { state_entry, group, pieces, members, proposals: Vec::new() })
    }

    /// The same, on a thread that may take its time.
    async fn read_apart(state_entry: u64, state: Vec<u8>) -> Result<Self, StoreError> {
        let unreadable = |_| StoreError::Inconsistent { table: "group_states", column: "state" };
        apart::run(move || Self::read(state_entry, &state)).await.map_err(unreadable)?
    }

    /// Lets the group know of proposals that were made in it, so that a commit can apply them.
    pub(crate) fn propose(
        &mut self,
        crypto: &RustCrypto,
        pending: &[StoredProposal],
    ) -> Result<(), StoreError> {
        let unreadable = || StoreError::Inconsistent { table: "proposals", column: "bytes" };
        for stored in pending {
            if self.proposals.contains(&stored.number) {
                continue;
            }
            let message = framing::proposal(&stored.bytes).map_err(|_| unreadable())?;
            let processed = self.group.process_message(crypto, message).map_err(|_| unreadable())?;
            let ProcessedMessageContent::ProposalMessage(queued) = processed.into_content() else {
                return Err(unreadable());
            };
            self.group.add_proposal(&self.pieces, *queued).map_err(|_| unreadable())?;
            self.proposals.push(stored.number);
        }
        Ok(())
    }
}

/// Loads a conversation's current group, around `known` if that is the one. `None`: there is no such conversation, or it
/// has no group now.
pub(crate) async fn load(
    conn: &mut Conn,
    id: &ConversationId,
    known: Option<EpochGroup>,
) -> Result<Option<Loaded>, StoreError> {
    let Some(row) = conversation::load(conn, id).await? else { return Ok(None) };
    let Some(head) = head::load(conn, row.key).await? else { return Ok(None) };
    if head.state_entry == 0 {
        return Ok(None);
    }
    let epoch = if let Some(known) = known.filter(|known| known.state_entry == head.state_entry) {
        known
    } else {
        let missing = StoreError::Inconsistent { table: "group_states", column: "number" };
        let stored = group_state::load(conn, row.key, head.state_entry).await?.ok_or(missing)?;
        EpochGroup::read_apart(head.state_entry, stored.state).await?
    };
    let parts = participant::all(conn, row.key).await?;
    let pending = proposal::made_in(conn, row.key, head.state_entry).await?;
    let current = describe(&row, &head, &epoch, &parts, &pending)?;
    Ok(Some(Loaded { current: Arc::new(current), epoch, pending, last_time: head.last_time }))
}

fn describe(
    row: &ConversationRow,
    head: &Head,
    epoch: &EpochGroup,
    parts: &[Part],
    pending: &[StoredProposal],
) -> Result<Current, StoreError> {
    let by_uri: HashMap<&AccountUri, &Part> = parts.iter().map(|part| (&part.uri, part)).collect();
    let leaving: Vec<usize> = pending.iter().map(|proposal| proposal.account).collect();
    let leaf = |device: &infrasound_spec::endorsement::EndorsedDevice| {
        let nobodys = StoreError::Inconsistent { table: "participants", column: "uri" };
        let part = by_uri.get(&device.account).ok_or(nobodys)?;
        let quiet = part.consent == ContactState::Ignored || leaving.contains(&part.account);
        Ok(Leaf { device: device.device, account: part.account, quiet })
    };
    let context = epoch.group.group_context();
    let (_, policy) = commit::read_context(context)
        .map_err(|_| StoreError::Inconsistent { table: "group_states", column: "state" })?;
    Ok(Current {
        key: row.key,
        id: row.id,
        kind: row.kind,
        state_entry: head.state_entry,
        group_id: context.group_id().to_vec(),
        epoch: context.epoch().as_u64(),
        policy,
        members: epoch.members.devices().map(leaf).collect::<Result<_, StoreError>>()?,
        leaving,
    })
}

impl App {
    /// The current group, from memory if it is known. May be behind: the writer finds out. Not while a snapshot is held:
    /// who holds the group's place may be waiting for one.
    pub(crate) async fn current_group(&self, id: &ConversationId) -> Result<Option<Arc<Current>>, ApiError> {
        if let Ok(current) = self.live.conversations.find(id) {
            return Ok(Some(current));
        }
        let mut place = self.live.groups.place(id).await;
        // Who held the place may have left what this one came for.
        let ticket = match self.live.conversations.find(id) {
            Ok(current) => return Ok(Some(current)),
            Err(ticket) => ticket,
        };
        let mut snapshot = self.read().await?;
        let Some(loaded) = load(&mut snapshot, id, place.take()).await? else { return Ok(None) };
        *place = Some(loaded.epoch);
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

    /// How the session's device stands to a conversation, if it has the entries up to `after`.
    pub(crate) async fn standing(
        &self,
        session: &Session,
        id: &ConversationId,
        after: u64,
    ) -> Result<Standing, ApiError> {
        let mut snapshot = self.read().await?;
        let Some(row) = conversation::load(&mut snapshot, id).await? else { return Ok(Standing::Stranger) };
        let Some(part) = participant::load(&mut snapshot, row.key, &session.account).await? else {
            return Ok(Standing::Stranger);
        };
        let memberships = membership::of_device(&mut snapshot, row.key, &session.device).await?;
        let misses = |membership: &Membership| membership.end().is_none_or(|end| after < end);
        if memberships.iter().any(misses) {
            return Ok(Standing::Behind);
        }
        let part_of = row.kind == ConversationKind::Direct
            || membership::is_member(&mut snapshot, row.key, part.account).await?;
        Ok(if part_of { Standing::Outside } else { Standing::Stranger })
    }
}

/// How a device stands to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has a leaf, or had one and has not seen yet how it went.
    Behind,
    /// Its account takes part, and it has no leaf.
    Outside,
    /// Its account has nothing to do with it.
    Stranger,
}
