//! The leaves of a group, epoch after epoch: each says whose it is, and that is verified when it matters.
//!
//! In a group of a thousand, verifying everybody takes longer than joining, and most of them say nothing for long. So a
//! leaf is read when the epoch begins, and verified before it is somebody: when its message is shown, when it counts in
//! a decision, or when this device is about to say something. What was verified once is not verified again: an
//! endorsement's signature holds or does not, whatever the epoch.
//!
//! Nothing here says who an unverified leaf is: a [`Roster`] gives an [`EndorsedDevice`] or nothing.
//!
//! Spec: `identity.md` 4, `conversations.md` 7.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use openmls::prelude::{LeafNode, PublicGroup};

use crate::{
    account::{AccountKey, AccountUri, DeviceKey},
    endorsement::{EndorsedDevice, Endorsement},
    members::Members,
    mls::{self, LeafError},
};

static NOBODY: Members = Members(BTreeMap::new());

/// The leaves of one epoch.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    leaves: BTreeMap<u32, Leaf>,
    members: OnceLock<Result<Members, LeafError>>,
}

/// What a leaf says of itself, and whether it is true, once that was looked at.
#[derive(Clone, Debug)]
struct Leaf {
    endorsement: Endorsement,
    account: AccountUri,
    device_key: DeviceKey,
    device: OnceLock<Result<EndorsedDevice, LeafError>>,
}

impl Roster {
    /// The leaves of a group. Fails if one does not even say whose it is. Leaves that are as they were `before` keep
    /// what was found of them.
    pub fn of(group: &PublicGroup, before: &Self) -> Result<Self, LeafError> {
        let mut leaves = BTreeMap::new();
        for member in group.members() {
            let Some(leaf) = group.leaf(member.index) else { continue };
            let (index, leaf) = (member.index.u32(), Leaf::read(leaf)?);
            let known = before.leaves.get(&index).filter(|known| known.says_the_same(&leaf));
            leaves.insert(index, known.cloned().unwrap_or(leaf));
        }
        Ok(Self { leaves, members: OnceLock::new() })
    }

    /// The device of a leaf, verified. `None`: there is no such leaf, or it is nobody's.
    pub fn at(&self, index: u32) -> Option<&EndorsedDevice> {
        self.leaves.get(&index)?.verified().ok()
    }

    /// Everybody, verified: the same as [`Members::of`].
    pub fn members(&self) -> Result<&Members, LeafError> {
        let verify_all = || {
            let verified = self.leaves.iter().map(|(index, leaf)| Ok((*index, leaf.verified()?.clone())));
            verified.collect::<Result<_, LeafError>>().map(Members)
        };
        self.members.get_or_init(verify_all).as_ref().map_err(Clone::clone)
    }

    /// Whether [`Roster::members`] is known already; else asking verifies everybody who is not yet.
    pub fn is_known(&self) -> bool {
        self.members.get().is_some()
    }

    /// Everybody, verified; and nobody at all, if only one leaf is nobody's. Such a group is not to be used:
    /// [`Roster::members`] says so.
    pub fn everybody(&self) -> &Members {
        self.members().unwrap_or(&NOBODY)
    }

    /// Verifies the leaves that say they are of certain accounts. Fails if one of them is nobody's.
    pub fn devices_of(
        &self,
        wanted: impl Fn(&AccountUri) -> bool,
    ) -> Result<Vec<&EndorsedDevice>, LeafError> {
        self.leaves.values().filter(|leaf| wanted(&leaf.account)).map(Leaf::verified).collect()
    }

    /// Which accounts under which keys the leaves say they are of: each is verified later as exactly that, or the whole
    /// group is refused.
    pub fn claims(&self) -> BTreeSet<(&AccountUri, AccountKey)> {
        // `collect` would sort, and bring a sorter of its own into the WASM module.
        let mut claims = BTreeSet::new();
        claims.extend(self.leaves.values().map(|leaf| (&leaf.account, leaf.endorsement.account_key)));
        claims
    }

    /// How many leaves there are.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

impl Leaf {
    fn read(leaf: &LeafNode) -> Result<Self, LeafError> {
        let (account, device_key) = (mls::leaf_account(leaf)?, mls::leaf_key(leaf)?);
        Ok(Self { endorsement: mls::leaf_endorsement(leaf)?, account, device_key, device: OnceLock::new() })
    }

    /// Everything that decides whether an endorsement holds: what was signed, by which key, and the signature.
    fn says_the_same(&self, other: &Self) -> bool {
        self.endorsement == other.endorsement
            && self.account == other.account
            && self.device_key == other.device_key
    }

    fn verified(&self) -> Result<&EndorsedDevice, LeafError> {
        let verify = || Ok(self.endorsement.verify(&self.account, &self.device_key)?);
        self.device.get_or_init(verify).as_ref().map_err(Clone::clone)
    }
}
