//! What a commit proposes, read and sorted: who comes, which leaves go, who wants to go.

use std::collections::{BTreeMap, BTreeSet};

use openmls::{
    group::StagedCommit,
    prelude::{Proposal, ProposalOrRefType, Sender},
};

use super::{CommitViolation, endorsed_at};
use crate::{account::AccountUri, endorsement::EndorsedDevice, members::Members, time::Timestamp};

/// The proposals of a commit.
#[derive(Default)]
pub(super) struct Proposed {
    /// Devices to add.
    pub(super) added: Vec<EndorsedDevice>,
    /// Leaves to remove, those of who leaves among them.
    pub(super) removed: BTreeMap<u32, EndorsedDevice>,
    /// Accounts of which a device proposed to leave.
    pub(super) leaving: BTreeSet<AccountUri>,
    /// Whether the group's context is to change.
    pub(super) context: bool,
    /// Whether somebody joins by the commit.
    pub(super) joins: bool,
}

impl Proposed {
    pub(super) fn read(
        members: &Members,
        staged: &StagedCommit,
        at: Timestamp,
    ) -> Result<Self, CommitViolation> {
        let mut proposed = Self::default();
        for queued in staged.queued_proposals() {
            let by_reference = queued.proposal_or_ref_type() == ProposalOrRefType::Reference;
            match (queued.proposal(), queued.sender()) {
                (Proposal::Add(add), _) if !by_reference => {
                    proposed.added.push(endorsed_at(add.key_package().leaf_node(), at)?);
                }
                (Proposal::Remove(remove), _) if !by_reference => {
                    proposed.remove(members, remove.removed().u32())?;
                }
                (Proposal::SelfRemove, Sender::Member(index)) if by_reference => {
                    let leaver = proposed.remove(members, index.u32())?;
                    proposed.leaving.insert(leaver);
                }
                (Proposal::GroupContextExtensions(_), _) if !by_reference => proposed.context = true,
                (Proposal::ExternalInit(_), Sender::NewMemberCommit) => proposed.joins = true,
                _ => return Err(CommitViolation::ProposalNotAllowed),
            }
        }
        Ok(proposed)
    }

    fn remove(&mut self, members: &Members, index: u32) -> Result<AccountUri, CommitViolation> {
        let device = members.at(index).ok_or(CommitViolation::ProposalNotAllowed)?;
        self.removed.insert(index, device.clone());
        Ok(device.account.clone())
    }
}
