//! A join link: its key pair, and what its holder signs with it.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use infrasound_spec::{
    api::groups::LinkProof,
    conversation::ConversationId,
    external::{self, ExternalJoin},
    policy::{GroupPolicy, JoinMode, LinkKey, LinkTerms},
    signing::Purpose,
    time::HOUR,
};
use rand_core::OsRng;

use super::{
    Device, Group,
    device::{now, sign},
};

/// A join link.
pub(crate) struct Link(SigningKey);

impl Link {
    pub(crate) fn make() -> Self {
        Self(SigningKey::generate(&mut OsRng))
    }

    pub(crate) fn key(&self) -> LinkKey {
        LinkKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// Puts it into a policy, for so many uses.
    pub(crate) fn put(&self, policy: &mut GroupPolicy, join: JoinMode, uses: u32) {
        policy.join = join;
        policy.links = BTreeMap::from([(self.key(), LinkTerms { expires: now().plus_millis(HOUR), uses })]);
    }

    /// What a device shows to be let near the group.
    pub(crate) fn proof(&self, id: &ConversationId, device: &Device) -> LinkProof {
        let content = external::request_content(id, device.account(), &device.id());
        LinkProof { link: self.key(), signature: sign(&self.0, Purpose::GroupInfoRequest, &content) }
    }

    /// By what right a device joins a group as it stands.
    pub(crate) fn right(&self, group: &Group, device: &Device) -> ExternalJoin {
        let content = external::join_content(
            group.mls.group_id().as_slice(),
            group.mls.epoch().as_u64(),
            device.account(),
            &device.keys.public_key(),
        );
        ExternalJoin::Link { link: self.key(), signature: sign(&self.0, Purpose::GroupJoin, &content) }
    }
}
