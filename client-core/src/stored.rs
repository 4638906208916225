//! The stored form of everything but openmls' own state: MessagePack with named fields, versioned by the device record.
//!
//! Live structures are not stored as they are; what is here is a format, pinned by a test. Spec: `journal.md` 3.

use serde::{Serialize, de::DeserializeOwned};

use crate::journal::RecordDamaged;

/// The version of the format. A journal with a higher one is from a newer client and is not opened.
pub(crate) const FORMAT: u32 = 1;

/// Encodes a stored value.
pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    // Our stored types have no map with keys that are not strings and no unsized sequence, so this cannot fail.
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

/// Decodes a stored value.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordDamaged> {
    rmp_serde::from_slice(bytes).map_err(|_| RecordDamaged)
}
