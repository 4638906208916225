//! The members of a group, epoch after epoch: an endorsement that was verified once is not verified again.
//!
//! In a group of a thousand a commit changes one leaf. Verifying all of them after each would take a thousand times as
//! long, and change nothing: an endorsement's signature holds or does not, whatever the epoch.
//!
//! Spec: `identity.md` 4, `conversations.md` 7.

use std::collections::{BTreeMap, HashSet};

use openmls::prelude::{LeafNode, PublicGroup};
use sha2::{Digest as _, Sha256};

use crate::{
    account::{AccountUri, DeviceKey},
    endorsement::{EndorsedDevice, Endorsement},
    members::Members,
    mls::{self, LeafError},
};

/// Which endorsements of a group's leaves were verified, each for exactly one account and one key.
///
/// Gives the same as [`Members::of`], which it need not be told of any change for: what it has not seen, it
/// verifies.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    verified: HashSet<[u8; 32]>,
}

impl Roster {
    /// The members of a group: each leaf with the device that it is. Fails if any leaf is nobody's, and then remembers
    /// what it did before.
    pub fn members(&mut self, group: &PublicGroup) -> Result<Members, LeafError> {
        let mut verified = HashSet::with_capacity(self.verified.len());
        let mut members = BTreeMap::new();
        for member in group.members() {
            let Some(leaf) = group.leaf(member.index) else { continue };
            let (statement, device) = self.device(leaf)?;
            verified.insert(statement);
            members.insert(member.index.u32(), device);
        }
        // Those who have left are forgotten, so that this is never larger than the group.
        self.verified = verified;
        Ok(Members(members))
    }

    /// Who one leaf is, and the digest of what says so.
    fn device(&self, leaf: &LeafNode) -> Result<([u8; 32], EndorsedDevice), LeafError> {
        let endorsement = mls::leaf_endorsement(leaf)?;
        let (account, device_key) = (mls::leaf_account(leaf)?, mls::leaf_key(leaf)?);
        let statement = statement(&endorsement, &account, &device_key);
        if !self.verified.contains(&statement) {
            return Ok((statement, endorsement.verify(&account, &device_key)?));
        }
        let Endorsement { account_key, device, expires, .. } = endorsement;
        Ok((statement, EndorsedDevice { account, account_key, device, device_key, expires }))
    }
}

/// Everything that decides whether an endorsement holds: what was signed, by which key, and the signature.
fn statement(endorsement: &Endorsement, account: &AccountUri, device_key: &DeviceKey) -> [u8; 32] {
    let Endorsement { account_key, device, created, expires, signature } = endorsement;
    Sha256::new()
        .chain_update(account_key.as_bytes())
        .chain_update(signature.as_bytes())
        .chain_update(Endorsement::signed_content(account, device, device_key, *created, *expires))
        .finalize()
        .into()
}
