//! The members of a group: each leaf with the device that it is.
//!
//! Spec: `identity.md` 5.

use std::collections::BTreeMap;

use openmls::prelude::PublicGroup;

use crate::{
    account::{AccountKey, AccountUri, DeviceId},
    commit::CommitChanges,
    endorsement::EndorsedDevice,
    mls::{self, LeafError},
};

/// Who the leaves of an epoch are, by leaf index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(pub(crate) BTreeMap<u32, EndorsedDevice>);

impl Members {
    /// Verifies who the leaves are. Fails if any leaf is nobody's.
    pub fn of(group: &PublicGroup) -> Result<Self, LeafError> {
        group
            .members()
            .filter_map(|member| group.leaf(member.index).map(|leaf| (member.index.u32(), leaf)))
            .map(|(index, leaf)| Ok((index, mls::endorsed_device(leaf)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Who the leaves are after a commit that was checked: nothing is verified again that was verified before it or with
    /// it. `group` is the one after the commit, `self` were the members before.
    pub fn after(&self, group: &PublicGroup, changes: &CommitChanges) -> Result<Self, LeafError> {
        let entered: BTreeMap<&[u8], &EndorsedDevice> = changes
            .added
            .iter()
            .chain([&changes.committer])
            .map(|device| (device.device_key.as_bytes().as_slice(), device))
            .collect();
        let mut leaves = BTreeMap::new();
        for member in group.members() {
            let Some(leaf) = group.leaf(member.index) else { continue };
            let (index, key) = (member.index.u32(), leaf.signature_key().as_slice());
            let stayed = self.at(index).filter(|device| device.device_key.as_bytes().as_slice() == key);
            let device = match entered.get(key).copied().or(stayed) {
                Some(device) => device.clone(),
                None => mls::endorsed_device(leaf)?,
            };
            leaves.insert(index, device);
        }
        Ok(Self(leaves))
    }

    /// The device of a leaf.
    pub fn at(&self, index: u32) -> Option<&EndorsedDevice> {
        self.0.get(&index)
    }

    /// All leaves.
    pub fn leaves(&self) -> impl Iterator<Item = (u32, &EndorsedDevice)> {
        self.0.iter().map(|(index, device)| (*index, device))
    }

    /// All devices.
    pub fn devices(&self) -> impl Iterator<Item = &EndorsedDevice> {
        self.0.values()
    }

    /// The leaf of a device.
    pub fn leaf_of(&self, device: &DeviceId) -> Option<u32> {
        self.leaves().find(|(_, leaf)| leaf.device == *device).map(|(index, _)| index)
    }

    /// The leaves of an account.
    pub fn leaves_of<'a>(
        &'a self,
        account: &'a AccountUri,
    ) -> impl Iterator<Item = (u32, &'a EndorsedDevice)> {
        self.leaves().filter(move |(_, device)| device.account == *account)
    }

    /// The key of an account that has leaves.
    pub fn key_of(&self, account: &AccountUri) -> Option<AccountKey> {
        self.devices().find(|device| device.account == *account).map(|device| device.account_key)
    }

    /// The accounts that have leaves, each with its key.
    pub fn accounts(&self) -> BTreeMap<&AccountUri, AccountKey> {
        let mut accounts = BTreeMap::new();
        accounts.extend(self.devices().map(|device| (&device.account, device.account_key)));
        accounts
    }

    /// How many leaves there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
