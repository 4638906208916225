//! Joining by oneself: what an external commit's AAD says, and what a link's key signs.
//!
//! Spec: `groups.md` 5.

use tls_codec::{TlsDeserialize, TlsSerialize, TlsSize, VLBytes};

use crate::{
    account::{AccountUri, DeviceId, DeviceKey, Signature},
    conversation::ConversationId,
    policy::LinkKey,
    signing::{self, BadSignature, Purpose},
};

const VERSION: u8 = 1;
const MEMBER: u8 = 0;
const LINK: u8 = 1;

/// Why somebody may join by an external commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalJoin {
    /// The account is a member: a device comes back, or a new one comes in.
    Member,
    /// By a link.
    Link {
        /// The link's key.
        link: LinkKey,
        /// The link's key signed group, epoch, account and device key.
        signature: Signature,
    },
}

/// The AAD of an external commit is not of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the commit does not say by what right it joins")]
pub struct MalformedJoin;

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct Wire {
    version: u8,
    way: u8,
    link: [u8; 32],
    signature: VLBytes,
}

#[derive(TlsSerialize, TlsSize)]
struct SignedJoin {
    group_id: VLBytes,
    epoch: u64,
    account: VLBytes,
    device_key: [u8; 32],
}

#[derive(TlsSerialize, TlsSize)]
struct SignedRequest {
    conversation: [u8; 32],
    account: VLBytes,
    device: [u8; 16],
}

impl ExternalJoin {
    /// Writes the AAD.
    pub fn encode(&self) -> Vec<u8> {
        let (way, link, signature) = match self {
            Self::Member => (MEMBER, [0; 32], Vec::new()),
            Self::Link { link, signature } => (LINK, *link.as_bytes(), signature.as_bytes().to_vec()),
        };
        signing::encode(&Wire { version: VERSION, way, link, signature: VLBytes::new(signature) })
    }

    /// Reads the AAD.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedJoin> {
        let wire: Wire = signing::decode(bytes).map_err(|_| MalformedJoin)?;
        match (wire.version, wire.way, wire.signature.as_slice()) {
            (VERSION, MEMBER, []) if wire.link == [0; 32] => Ok(Self::Member),
            (VERSION, LINK, signature) => Ok(Self::Link {
                link: LinkKey::from_bytes(wire.link),
                signature: Signature::from_slice(signature).ok_or(MalformedJoin)?,
            }),
            _ => Err(MalformedJoin),
        }
    }
}

/// What a link's key signs to let a device into an epoch of a group.
pub fn join_content(group_id: &[u8], epoch: u64, account: &AccountUri, device_key: &DeviceKey) -> Vec<u8> {
    signing::encode(&SignedJoin {
        group_id: VLBytes::new(group_id.to_vec()),
        epoch,
        account: VLBytes::new(account.as_str().into()),
        device_key: *device_key.as_bytes(),
    })
}

/// What a link's key signs to let a device see the group's public state, or ask to be let in.
pub fn request_content(conversation: &ConversationId, account: &AccountUri, device: &DeviceId) -> Vec<u8> {
    signing::encode(&SignedRequest {
        conversation: *conversation.as_bytes(),
        account: VLBytes::new(account.as_str().into()),
        device: *device.as_bytes(),
    })
}

/// Verifies that a link's key signed for a purpose.
pub fn verify_link(
    link: &LinkKey,
    purpose: Purpose,
    content: &[u8],
    signature: &Signature,
) -> Result<(), BadSignature> {
    signing::verify(link.as_bytes(), purpose, content, signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_to_join_reads_as_it_was_written() {
        let link = ExternalJoin::Link {
            link: LinkKey::from_bytes([7; 32]),
            signature: Signature::from_bytes([9; 64]),
        };
        for join in [ExternalJoin::Member, link] {
            assert_eq!(ExternalJoin::decode(&join.encode()), Ok(join));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let member = ExternalJoin::Member.encode();
        let mut with_key = member.clone();
        with_key[5] = 1;
        let mut other_version = member.clone();
        other_version[0] = 2;
        for bytes in [&[][..], &member[..10], &with_key, &other_version, &[member.clone(), vec![0]].concat()]
        {
            assert_eq!(ExternalJoin::decode(bytes), Err(MalformedJoin));
        }
    }
}
