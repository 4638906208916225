//! Conversations: the stable id, and what the group's context says about it.
//!
//! Spec: `conversations.md` 1 and 2.

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
}

/// What a group's context says: which conversation, which founding, whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which conversation.
    pub id: ConversationId,
    /// How often it was founded before under the same id.
    pub generation: u32,
    /// The two accounts, the one that sorts first first.
    pub accounts: [AccountUri; 2],
}

/// Why a GroupContext extension is not a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// There is no such extension, or its bytes are not of this version.
    #[error("the group does not say which conversation it is")]
    Malformed,
    /// The id is not the one of these two accounts, or they are not two, or not in order.
    #[error("the conversation's id does not belong to its accounts")]
    WrongId,
}

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct Wire {
    version: u8,
    kind: u8,
    id: [u8; 32],
    generation: u32,
    first: VLBytes,
    second: VLBytes,
}

#[derive(TlsSerialize, TlsSize)]
struct DirectId {
    label: VLBytes,
    first: VLBytes,
    second: VLBytes,
}

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
            first: VLBytes::new(accounts[0].as_str().into()),
            second: VLBytes::new(accounts[1].as_str().into()),
        });
        Some(Self { id: ConversationId::from_bytes(Sha256::digest(id).into()), generation, accounts })
    }

    /// Whose relay is the hub: the account that sorts first.
    pub fn hub_account(&self) -> &AccountUri {
        &self.accounts[0]
    }

    /// Whether the account is one of the two.
    pub fn has(&self, account: &AccountUri) -> bool {
        self.accounts.contains(account)
    }

    /// The account that `account` talks to here.
    pub fn other(&self, account: &AccountUri) -> &AccountUri {
        if self.accounts[0] == *account { &self.accounts[1] } else { &self.accounts[0] }
    }

    /// The MLS group id of this founding: the conversation's id and the generation, 36 bytes.
    pub fn group_id(&self) -> Vec<u8> {
        let mut id = self.id.as_bytes().to_vec();
        id.extend_from_slice(&self.generation.to_be_bytes());
        id
    }

    /// Writes the content of the GroupContext extension.
    pub fn encode(&self) -> Vec<u8> {
        signing::encode(&Wire {
            version: VERSION,
            kind: 1,
            id: *self.id.as_bytes(),
            generation: self.generation,
            first: VLBytes::new(self.accounts[0].as_str().into()),
            second: VLBytes::new(self.accounts[1].as_str().into()),
        })
    }

    /// Reads the content of the GroupContext extension and checks that the id is the pair's.
    pub fn decode(bytes: &[u8]) -> Result<Self, ConversationError> {
        let wire = signing::decode::<Wire>(bytes).map_err(|_| ConversationError::Malformed)?;
        if (wire.version, wire.kind) != (VERSION, 1) {
            return Err(ConversationError::Malformed);
        }
        let account = |bytes: &VLBytes| -> Result<AccountUri, ConversationError> {
            let text = std::str::from_utf8(bytes.as_slice()).map_err(|_| ConversationError::Malformed)?;
            text.parse().map_err(|_| ConversationError::Malformed)
        };
        let (first, second) = (account(&wire.first)?, account(&wire.second)?);
        let conversation =
            Self::direct(&first, &second, wire.generation).ok_or(ConversationError::WrongId)?;
        let in_order = conversation.accounts[0] == first;
        if in_order && *conversation.id.as_bytes() == wire.id {
            Ok(conversation)
        } else {
            Err(ConversationError::WrongId)
        }
    }
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
