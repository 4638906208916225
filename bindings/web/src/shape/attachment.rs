//! A file of a message, or the picture of a group.

use infrasound_spec::{
    blob::{BlobId, BlobRef},
    content::{self, Thumbnail},
};
use serde::{Deserialize, Serialize};

use super::integer::Integer;

/// A file: `size` and `blob` are what its reference says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attachment {
    name: String,
    media_type: String,
    #[serde(default)]
    width: Option<u32>,
    #[serde(default)]
    height: Option<u32>,
    #[serde(default)]
    thumbnail: Option<Thumbnail>,
    #[serde(default, skip_deserializing)]
    size: Option<Integer>,
    #[serde(default, skip_deserializing)]
    blob: Option<BlobId>,
    /// It holds the blob's key: whoever has it can open the file.
    #[serde(default)]
    reference: Option<BlobRef>,
}

impl From<content::Attachment> for Attachment {
    fn from(attachment: content::Attachment) -> Self {
        let content::Attachment { media_type, name, width, height, thumbnail, blob } = attachment;
        Self {
            name,
            media_type,
            width,
            height,
            thumbnail,
            size: blob.as_ref().map(|blob| blob.size.into()),
            blob: blob.as_ref().map(|blob| blob.id),
            reference: blob,
        }
    }
}

impl From<Attachment> for content::Attachment {
    fn from(attachment: Attachment) -> Self {
        let Attachment { name, media_type, width, height, thumbnail, size: _, blob: _, reference } =
            attachment;
        Self { media_type, name, width, height, thumbnail, blob: reference }
    }
}
