//! Blobs: announced, uploaded in pieces, attached to conversations. Spec: `blobs.md` 6; `relay-api.md` 11.

use serde::{Deserialize, Serialize};

use crate::blob::BlobId;

/// In a `PATCH`: where its bytes belong, as a number of bytes from the blob's beginning.
pub const UPLOAD_OFFSET: &str = "upload-offset";

/// `POST /v1/blobs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnnounceBlob {
    /// A name, random, that no other blob has.
    pub blob: BlobId,
    /// How many bytes will come.
    pub size: u64,
}

/// What the relay has of a blob, durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlobState {
    /// How many bytes were announced.
    pub size: u64,
    /// How many are there: where to go on.
    pub received: u64,
}
