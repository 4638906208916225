//! The reader of stored values, beside the library's: what both accept is the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::unpack::unpack;

#[derive(Debug, PartialEq, Deserialize)]
enum Kind {
    Unit,
    Newtype(Vec<u8>),
    Tuple(i64, bool),
    Struct { number: u64, text: String },
}

#[derive(Debug, PartialEq, Deserialize)]
struct Sample {
    kinds: Vec<Option<Kind>>,
    numbers: (u8, i8, u32, i64),
    map: BTreeMap<u32, Vec<[u8; 2]>>,
    #[serde(default)]
    text: String,
}

/// Feeds the reader.
///
/// # Panics
/// If it reads something else than the library does.
pub fn stored(bytes: &[u8]) {
    let Ok(ours) = unpack::<Sample>(bytes) else { return };
    if let Ok(theirs) = rmp_serde::from_slice::<Sample>(bytes) {
        assert_eq!(ours, theirs);
    }
}
