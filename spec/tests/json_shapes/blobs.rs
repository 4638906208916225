//! Spec: `blobs.md` 6.

use infrasound_spec::{
    api::blobs::{AnnounceBlob, BlobState},
    blob::BlobId,
};
use serde_json::json;

use super::*;

#[test]
fn blobs() {
    let blob = BlobId::from_bytes([0; 32]);
    check(&AnnounceBlob { blob, size: 272 }, &json!({ "blob": B32, "size": 272 }));
    check(&BlobState { size: 272, received: 16 }, &json!({ "size": 272, "received": 16 }));
}
