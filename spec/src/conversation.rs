//! Conversations: the stable id, and what the group's context says about it.
//!
//! Spec: `conversations.md` 1 and 2; `groups.md` 1.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tls_codec::{TlsDeserialize, TlsSerialize, TlsSize, VLBytes};

use crate::{account::AccountUri, bytes::fixed_bytes, signing};

fixed_bytes!(
    /// The stable id of a conversation. It outlives the MLS group that carries it at a time.
    ConversationId,
    32
);

const VERSION: u8 = 1;

/// A direct conversation is between two accounts; a group is made by one for many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ConversationKind {
    /// Between exactly two accounts; there is one for each pair.
    Direct,
    /// Of any number of accounts, with a policy.
    Group,
}

/// Whose a conversation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parties {
    /// Two accounts, the one that sorts first first.
    Direct([AccountUri; 2]),
    /// A group: who made it, and the salt that tells it from the creator's others.
    Group {
        /// Who made it. Its relay is the hub, whoever is a member later.
        creator: AccountUri,
        /// 16 random bytes.
        salt: [u8; 16],
    },
}

/// What a group's context says: which conversation, which founding, whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which conversation.
    pub id: ConversationId,
    /// How often it was founded before under the same id.
    pub generation: u32,
    /// Whose it is.
    pub parties: Parties,
}

/// Why a GroupContext extension is not a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// There is no such extension, or its bytes are not of this version.
    #[error("the group does not say which conversation it is")]
    Malformed,
    /// The id is not the one of these two accounts, or they are not two, or not in order; or not that of creator and
    /// salt.
    #[error("the conversation's id does not belong to its accounts")]
    WrongId,
}

/// What both kinds begin with.
#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct Head {
    version: u8,
    kind: u8,
    id: [u8; 32],
    generation: u32,
}

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct WireDirect {
    head: Head,
    first: VLBytes,
    second: VLBytes,
}

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct WireGroup {
    head: Head,
    creator: VLBytes,
    salt: [u8; 16],
}

#[derive(TlsSerialize, TlsSize)]
struct DirectId {
    label: VLBytes,
    first: VLBytes,
    second: VLBytes,
}

#[derive(TlsSerialize, TlsSize)]
struct GroupId {
    label: VLBytes,
    creator: VLBytes,
    salt: [u8; 16],
}

const DIRECT: u8 = 1;
const GROUP: u8 = 2;

impl Conversation {
    /// The direct conversation of two accounts, whichever of them asks. `None` for an account with itself.
    pub fn direct(one: &AccountUri, other: &AccountUri, generation: u32) -> Option<Self> {
        let accounts = match one.cmp(other) {
            std::cmp::Ordering::Less => [one.clone(), other.clone()],
            std::cmp::Ordering::Equal => return None,
            std::cmp::Ordering::Greater => [other.clone(), one.clone()],
        };
        let id = signing::encode(&DirectId {
            label: VLBytes::new(b"Infrasound 1.0 DirectConversation".to_vec()),
            first: uri(&accounts[0]),
            second: uri(&accounts[1]),
        });
        Some(Self { id: id_of(&id), generation, parties: Parties::Direct(accounts) })
    }

    /// The group that an account makes with a salt of 16 random bytes.
    pub fn group(creator: &AccountUri, salt: [u8; 16], generation: u32) -> Self {
        let id = signing::encode(&GroupId {
            label: VLBytes::new(b"Infrasound 1.0 GroupConversation".to_vec()),
            creator: uri(creator),
            salt,
        });
        Self { id: id_of(&id), generation, parties: Parties::Group { creator: creator.clone(), salt } }
    }

    /// Which kind it is.
    pub fn kind(&self) -> ConversationKind {
        match self.parties {
            Parties::Direct(_) => ConversationKind::Direct,
            Parties::Group { .. } => ConversationKind::Group,
        }
    }

    /// The two accounts of a direct conversation.
    pub fn pair(&self) -> Option<&[AccountUri; 2]> {
        match &self.parties {
            Parties::Direct(accounts) => Some(accounts),
            Parties::Group { .. } => None,
        }
    }

    /// Whose relay is the hub: of a direct conversation the account that sorts first, of a group its creator.
    pub fn hub_account(&self) -> &AccountUri {
        match &self.parties {
            Parties::Direct([first, _]) => first,
            Parties::Group { creator, .. } => creator,
        }
    }

    /// Whether the account may have leaves: in a direct conversation one of the two, in a group whom the policy lets in.
    pub fn may_have(&self, account: &AccountUri) -> bool {
        self.pair().is_none_or(|pair| pair.contains(account))
    }

    /// The account that `account` talks to in a direct conversation.
    pub fn other(&self, account: &AccountUri) -> Option<&AccountUri> {
        let [first, second] = self.pair()?;
        Some(if first == account { second } else { first })
    }

    /// The MLS group id of this founding: the conversation's id and the generation, 36 bytes.
    pub fn group_id(&self) -> Vec<u8> {
        let mut id = self.id.as_bytes().to_vec();
        id.extend_from_slice(&self.generation.to_be_bytes());
        id
    }

    /// Writes the content of the GroupContext extension.
    pub fn encode(&self) -> Vec<u8> {
        let head =
            |kind| Head { version: VERSION, kind, id: *self.id.as_bytes(), generation: self.generation };
        match &self.parties {
            Parties::Direct([first, second]) => {
                signing::encode(&WireDirect { head: head(DIRECT), first: uri(first), second: uri(second) })
            }
            Parties::Group { creator, salt } => {
                signing::encode(&WireGroup { head: head(GROUP), creator: uri(creator), salt: *salt })
            }
        }
    }

    /// Reads the content of the GroupContext extension and checks that the id is that of the pair, or of creator and
    /// salt.
    pub fn decode(bytes: &[u8]) -> Result<Self, ConversationError> {
        let (conversation, id, in_order) = match bytes {
            [VERSION, DIRECT, ..] => {
                let wire: WireDirect = signing::decode(bytes).map_err(|_| ConversationError::Malformed)?;
                let (first, second) = (account(&wire.first)?, account(&wire.second)?);
                let conversation =
                    Self::direct(&first, &second, wire.head.generation).ok_or(ConversationError::WrongId)?;
                (conversation, wire.head.id, first < second)
            }
            [VERSION, GROUP, ..] => {
                let wire: WireGroup = signing::decode(bytes).map_err(|_| ConversationError::Malformed)?;
                let creator = account(&wire.creator)?;
                (Self::group(&creator, wire.salt, wire.head.generation), wire.head.id, true)
            }
            _ => return Err(ConversationError::Malformed),
        };
        if in_order && *conversation.id.as_bytes() == id {
            Ok(conversation)
        } else {
            Err(ConversationError::WrongId)
        }
    }
}

fn id_of(bytes: &[u8]) -> ConversationId {
    ConversationId::from_bytes(Sha256::digest(bytes).into())
}

fn uri(account: &AccountUri) -> VLBytes {
    VLBytes::new(account.as_str().into())
}

fn account(bytes: &VLBytes) -> Result<AccountUri, ConversationError> {
    let text = std::str::from_utf8(bytes.as_slice()).map_err(|_| ConversationError::Malformed)?;
    text.parse().map_err(|_| ConversationError::Malformed)
}

/// The conversation that a group says it is. The MLS group id must be the one of this founding.
pub fn conversation_of(context: &openmls::group::GroupContext) -> Result<Conversation, ConversationError> {
    let extension = context
        .extensions()
        .unknown(crate::mls::CONVERSATION_EXTENSION)
        .ok_or(ConversationError::Malformed)?;
    let conversation = Conversation::decode(&extension.0)?;
    if context.group_id().as_slice() == conversation.group_id() {
        Ok(conversation)
    } else {
        Err(ConversationError::WrongId)
    }
}
