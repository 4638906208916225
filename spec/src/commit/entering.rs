//! By what right somebody joins by a commit of its own.
//!
//! Spec: `groups.md` 5.

use super::{Before, CommitViolation, proposed::Proposed};
use crate::{
    endorsement::EndorsedDevice,
    external::{self, ExternalJoin},
    policy::JoinMode,
    signing::Purpose,
};

/// Checks who joins by the commit.
pub(super) fn check(
    before: &Before<'_>,
    joiner: &EndorsedDevice,
    aad: &[u8],
    proposed: &Proposed,
) -> Result<ExternalJoin, CommitViolation> {
    let right = ExternalJoin::decode(aad).map_err(|_| CommitViolation::NoRight)?;
    if !proposed.added.is_empty() || proposed.context {
        return Err(CommitViolation::ProposalNotAllowed);
    }
    // Besides leaves whose account leaves, only the joiner's own old one may go.
    let foreign = proposed
        .removed
        .values()
        .any(|device| !proposed.leaving.contains(&device.account) && !device.is_same_device(joiner));
    if foreign {
        return Err(CommitViolation::NoRight);
    }
    match &right {
        ExternalJoin::Member => check_member(before, joiner, proposed)?,
        ExternalJoin::Link { .. } => check_link(before, joiner, &right)?,
    }
    Ok(right)
}

/// A commit of a member does not join, and says nothing beside itself.
pub(super) fn refuse(aad: &[u8], proposed: &Proposed) -> Result<(), CommitViolation> {
    if proposed.joins {
        return Err(CommitViolation::ProposalNotAllowed);
    }
    if aad.is_empty() { Ok(()) } else { Err(CommitViolation::UnknownAad) }
}

/// The account is a member under the same key, and does not leave.
fn check_member(
    before: &Before<'_>,
    joiner: &EndorsedDevice,
    proposed: &Proposed,
) -> Result<(), CommitViolation> {
    let known = before.members.key_of(&joiner.account) == Some(joiner.account_key);
    if known && !proposed.leaving.contains(&joiner.account) {
        Ok(())
    } else {
        Err(CommitViolation::NotAMember(joiner.account.clone()))
    }
}

/// The link is one of the group's, and its key signed for this device in this epoch.
fn check_link(
    before: &Before<'_>,
    joiner: &EndorsedDevice,
    right: &ExternalJoin,
) -> Result<(), CommitViolation> {
    let (Some(policy), ExternalJoin::Link { link, signature }) = (&before.policy, right) else {
        return Err(CommitViolation::NoRight);
    };
    if policy.closed {
        return Err(CommitViolation::Closed);
    }
    if policy.banned.contains(&joiner.account) {
        return Err(CommitViolation::Banned(joiner.account.clone()));
    }
    let group = before.group.group_context();
    let content = external::join_content(
        group.group_id().as_slice(),
        group.epoch().as_u64(),
        &joiner.account,
        &joiner.device_key,
    );
    let good = policy.join == JoinMode::Open
        && policy.live_link(link, before.at).is_some()
        && before.members.key_of(&joiner.account).is_none()
        && external::verify_link(link, Purpose::GroupJoin, &content, signature).is_ok();
    if good { Ok(()) } else { Err(CommitViolation::BadLink) }
}
