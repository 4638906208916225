//! What is signed, exactly: a label and a content, so that a signature made for one purpose fits no other.
//!
//! The form is that of RFC 9420 section 5.1.2 (`SignContent`) with our own label prefix:
//! `opaque label<V> = "Infrasound 1.0 " + purpose; opaque content<V>`.
//!
//! Spec: `identity.md` 3.

use ed25519_dalek::VerifyingKey;
use tls_codec::{TlsSerialize, TlsSize, VLBytes};

use crate::account::Signature;

/// What a signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The account key endorses a device: [`crate::endorsement`].
    DeviceEndorsement,
    /// A device registers with a relay: [`crate::api::devices::RegisterDevice`].
    DeviceRegistration,
    /// A device asks for a session: [`crate::api::devices::StartSession`].
    SessionStart,
    /// A device submits to a conversation's log: [`crate::submission`].
    Submission,
    /// A device reports on a commit: [`crate::report`].
    CommitReport,
    /// A link's key lets a device into a group: [`crate::external::join_content`].
    GroupJoin,
    /// A link's key lets a device ask for a group's public state, or to be let in: [`crate::external::request_content`].
    GroupInfoRequest,
}

impl Purpose {
    /// The label that goes before the content.
    pub const fn label(self) -> &'static str {
        match self {
            Self::DeviceEndorsement => "Infrasound 1.0 DeviceEndorsement",
            Self::DeviceRegistration => "Infrasound 1.0 DeviceRegistration",
            Self::SessionStart => "Infrasound 1.0 SessionStart",
            Self::Submission => "Infrasound 1.0 Submission",
            Self::CommitReport => "Infrasound 1.0 CommitReport",
            Self::GroupJoin => "Infrasound 1.0 GroupJoin",
            Self::GroupInfoRequest => "Infrasound 1.0 GroupInfoRequest",
        }
    }
}

#[derive(TlsSerialize, TlsSize)]
struct SignContent {
    label: VLBytes,
    content: VLBytes,
}

/// The bytes to sign for `purpose` and `content`.
pub fn signing_input(purpose: Purpose, content: &[u8]) -> Vec<u8> {
    let signed =
        SignContent { label: VLBytes::new(purpose.label().into()), content: VLBytes::new(content.into()) };
    encode(&signed)
}

/// Serializes a structure of ours; its fields are bounded by construction.
pub(crate) fn encode(value: &impl tls_codec::Serialize) -> Vec<u8> {
    // Writing to a vector fails only for a vector longer than 2^30 bytes, which no limit lets in; an empty
    // signing input then verifies against nothing.
    value.tls_serialize_detached().unwrap_or_default()
}

/// Reads a structure of ours, all bytes of it.
///
/// By the reader-based decoder: that of `tls_codec` for slices panics in debug builds when a length promises more than
/// there is, which bytes from outside may do at any time.
pub(crate) fn decode<T: tls_codec::Deserialize>(bytes: &[u8]) -> Result<T, tls_codec::Error> {
    T::tls_deserialize_exact(bytes)
}

/// A signature does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// A public key that is ready to verify. Decompressing a key costs a tenth of a verification: whoever verifies much for
/// one device keeps this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// Prepares a key. Not all 32 bytes are one.
    pub fn new(key: &[u8; 32]) -> Result<Self, BadSignature> {
        VerifyingKey::from_bytes(key).map(Self).map_err(|_| BadSignature)
    }

    /// Verifies an Ed25519 signature over `content` for `purpose`. Strict: points of small order are refused.
    pub fn verify(
        &self,
        purpose: Purpose,
        content: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        self.0.verify_strict(&signing_input(purpose, content), &signature).map_err(|_| BadSignature)
    }
}

/// Verifies one signature: [`Verifier::verify`].
pub fn verify(
    key: &[u8; 32],
    purpose: Purpose,
    content: &[u8],
    signature: &Signature,
) -> Result<(), BadSignature> {
    Verifier::new(key)?.verify(purpose, content, signature)
}
