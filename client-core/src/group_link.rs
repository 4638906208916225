//! A join link: a seed that whoever has it can make the link's key from, the conversation, and a preview of its name.
//!
//! It stands after `#` in the text that people pass on, so that no server sees it. Spec: `groups.md` 7.4.

use std::{fmt, str::FromStr};

use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use infrasound_spec::{
    account::Signature,
    bytes,
    content::MAX_GROUP_NAME,
    conversation::ConversationId,
    policy::LinkKey,
    signing::{self, Purpose},
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// A join link. Its text is a secret: whoever has it may come in, or ask.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLink {
    /// Into which group.
    pub conversation: ConversationId,
    seed: Seed,
    /// What the group was called when the link was made, as whoever made it says.
    pub name: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ZeroizeOnDrop)]
struct Seed(#[serde(with = "serde_bytes")] [u8; 32]);

/// The text is no join link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a link into a group: copy all of it, from `infrasound:` to its end")]
pub struct NotALink;

impl GroupLink {
    /// A link from 32 random bytes.
    pub(crate) fn new(conversation: ConversationId, seed: [u8; 32], name: &str) -> Self {
        Self { conversation, seed: Seed(seed), name: name.to_owned() }
    }

    fn signing_key(&self) -> SigningKey {
        let mut seed = Zeroizing::new([0; 32]);
        // 32 bytes are within HKDF's range, so this cannot fail.
        let _ = Hkdf::<Sha256>::new(None, &self.seed.0).expand(b"Infrasound 1.0 GroupLink", &mut *seed);
        SigningKey::from_bytes(&seed)
    }

    /// The public key, which the group's policy names.
    pub fn key(&self) -> LinkKey {
        LinkKey::from_bytes(self.signing_key().verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, purpose: Purpose, content: &[u8]) -> Signature {
        Signature::from_bytes(self.signing_key().sign(&signing::signing_input(purpose, content)).to_bytes())
    }

    /// What stands after `#`: conversation, seed and name.
    pub fn to_fragment(&self) -> String {
        format!(
            "{}.{}.{}",
            self.conversation,
            bytes::encode(&self.seed.0),
            bytes::encode(self.name.as_bytes())
        )
    }
}

impl FromStr for GroupLink {
    type Err = NotALink;

    /// Reads what stands after `#`.
    fn from_str(text: &str) -> Result<Self, NotALink> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(NotALink);
        let conversation = part()?.parse().map_err(|_| NotALink)?;
        let mut seed = bytes::decode_array::<32>(part()?).ok_or(NotALink)?;
        let name = bytes::decode_bounded(part()?, MAX_GROUP_NAME).ok_or(NotALink)?;
        let name = String::from_utf8(name).map_err(|_| NotALink)?;
        let link = Self { conversation, seed: Seed(seed), name };
        seed.zeroize();
        Ok(link)
    }
}

impl fmt::Debug for GroupLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, seed: _, name } = self;
        f.debug_struct("GroupLink")
            .field("conversation", conversation)
            .field("name", name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> GroupLink {
        GroupLink::new(ConversationId::from_bytes([3; 32]), [7; 32], "Herd \u{1f418}")
    }

    #[test]
    fn a_link_reads_as_it_was_written_and_prints_no_seed() {
        let text = link().to_fragment();
        let read: GroupLink = text.parse().unwrap();
        assert_eq!((&read, read.key()), (&link(), link().key()));
        assert!(!format!("{read:?}").contains(&bytes::encode(&[7; 32])));
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let text = link().to_fragment();
        for bad in ["", "a.b.c", &text[1..], &text.replace('.', ","), &text[..text.len() - 30]] {
            assert_eq!(bad.parse::<GroupLink>(), Err(NotALink), "{bad}");
        }
    }

    #[test]
    fn the_key_signs_what_the_policy_can_verify() {
        let signature = link().sign(Purpose::GroupJoin, b"content");
        let verified =
            infrasound_spec::external::verify_link(&link().key(), Purpose::GroupJoin, b"content", &signature);
        assert!(verified.is_ok());
    }
}
