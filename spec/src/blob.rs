//! Blobs: what a message says of a file that the relay keeps sealed, and the lengths that follow from the file's.
//!
//! Sealing and opening are the client's (`client-core/src/blob.rs`); what is here holds no cryptography.
//!
//! Spec: `blobs.md` 1 and 2.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::ZeroizeOnDrop;

use crate::bytes::{NotBase64Url, decode_array, encode, fixed_bytes};

/// Bytes of the padded file in a chunk; the last one may be shorter.
pub const CHUNK: u64 = 64 * 1024;
/// What sealing adds to a chunk.
pub const TAG: u64 = 16;
/// A chunk as it is sealed, if it is not the last.
pub const SEALED_CHUNK: u64 = CHUNK + TAG;
/// The longest file that a reference can describe. What is sent is bounded by [`crate::limits::MAX_BLOB`].
pub const MAX_SIZE: u64 = 1 << 40;

const SMALLEST: u64 = 256;

fixed_bytes! {
    /// Names a blob. Random, chosen by who seals it.
    BlobId, 32
}

fixed_bytes! {
    /// The SHA-256 of a blob's sealed bytes.
    BlobDigest, 32
}

/// The key of one blob. It is never printed.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct BlobKey([u8; 32]);

impl BlobKey {
    /// Takes the key's bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Borrows the bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlobKey(..)")
    }
}

impl Serialize for BlobKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for BlobKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        decode_array(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(NotBase64Url { length: 32 }.to_string()))
    }
}

/// All that it takes to fetch, check and open a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// Which.
    pub id: BlobId,
    /// What it is sealed with.
    pub key: BlobKey,
    /// The file's length in bytes.
    #[serde(deserialize_with = "size")]
    pub size: u64,
    /// The digest of the sealed bytes.
    pub digest: BlobDigest,
}

impl BlobRef {
    /// How many bytes the relay has of it.
    pub fn sealed_size(&self) -> u64 {
        sealed_size(self.size)
    }
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let size = u64::deserialize(deserializer)?;
    if size <= MAX_SIZE { Ok(size) } else { Err(serde::de::Error::custom("the size is out of range")) }
}

/// The length that a file is padded to: Padmé, as for messages ([`crate::message::padme`]).
pub const fn padded_size(size: u64) -> u64 {
    if size <= SMALLEST {
        return SMALLEST;
    }
    let exponent = size.ilog2();
    let significant = exponent.ilog2() + 1;
    let mask = (1 << exponent.saturating_sub(significant)) - 1;
    size.saturating_add(mask) & !mask
}

/// How many chunks a file has.
pub const fn chunks(size: u64) -> u64 {
    padded_size(size).div_ceil(CHUNK)
}

/// The length of the sealed form of a file.
pub const fn sealed_size(size: u64) -> u64 {
    padded_size(size).saturating_add(chunks(size).saturating_mul(TAG))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{limits, message::padme};

    fn blob() -> BlobRef {
        BlobRef {
            id: BlobId::from_bytes([1; 32]),
            key: BlobKey::from_bytes([0x5e; 32]),
            size: 5,
            digest: BlobDigest::from_bytes([3; 32]),
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let printed = format!("{:?}", blob());
        assert!(printed.contains("BlobKey(..)"), "{printed}");
        assert!(!printed.contains("XV5e") && !printed.contains("94"), "{printed}");
    }

    #[test]
    fn a_file_is_padded_as_a_message_is() {
        for size in (0..70_000).chain((100..4_000).map(|n| n * 65_537)) {
            let padded = padded_size(size);
            assert_eq!(padded, padme(size.try_into().unwrap()) as u64, "{size}");
            assert!(padded >= size && (size < 256 || padded - size <= size / 8), "{size}");
        }
    }

    #[test]
    fn lengths_follow_from_the_size() {
        assert_eq!((chunks(0), sealed_size(0)), (1, 272));
        assert_eq!((chunks(CHUNK), sealed_size(CHUNK)), (1, SEALED_CHUNK));
        assert_eq!(chunks(CHUNK + 1), 2);
        assert_eq!(sealed_size(limits::MAX_BLOB), limits::MAX_BLOB + 1600 * TAG);
        assert!(sealed_size(MAX_SIZE) > MAX_SIZE && u32::try_from(chunks(MAX_SIZE)).is_ok());
    }

    #[test]
    fn a_reference_reads_as_it_is_written() {
        let json = serde_json::to_string(&blob()).unwrap();
        assert_eq!(serde_json::from_str::<BlobRef>(&json).unwrap(), blob());
        let too_large = json.replace("\"size\":5", &format!("\"size\":{}", MAX_SIZE + 1));
        assert!(serde_json::from_str::<BlobRef>(&too_large).is_err());
        assert!(serde_json::from_str::<BlobRef>(&json.replace("Xl5e", "5e")).is_err());
    }
}
