//! Blobs: sealed files, announced, uploaded in pieces, attached. Spec: `blobs.md` 6; `relay-api.md` 11.

pub(crate) mod announce;
pub(crate) mod attach;
pub(crate) mod detach;
pub(crate) mod download;
mod range;
pub(crate) mod upload;

use std::io;

use infrasound_spec::{
    blob::BlobId,
    conversation::ConversationId,
    time::{self, Timestamp},
};

use crate::{
    error::ApiError,
    session::Session,
    store::{
        Conn, blob,
        blob::BlobRow,
        conversation::{self, ConversationRow},
        membership,
    },
};

/// Milliseconds that a blob stays without being attached.
const UNATTACHED: u64 = time::DAY;

/// When a blob goes that is attached to nothing.
fn unattached_until(now: Timestamp) -> Timestamp {
    now.plus_millis(UNATTACHED)
}

/// The blob, if it is the session's account's.
async fn own(conn: &mut Conn, session: &Session, id: &BlobId) -> Result<BlobRow, ApiError> {
    let row = blob::load(conn, id).await?.filter(|row| row.account == session.account);
    row.ok_or_else(|| ApiError::not_found("blob"))
}

/// The conversation, if the session's device has a leaf in it.
async fn with_leaf(
    conn: &mut Conn,
    session: &Session,
    id: &ConversationId,
) -> Result<ConversationRow, ApiError> {
    let row = conversation::load(conn, id).await?.ok_or_else(|| ApiError::not_found("conversation"))?;
    let memberships = membership::of_device(conn, row.key, &session.device).await?;
    let has_leaf = memberships.iter().any(|membership| membership.until.is_none());
    if has_leaf { Ok(row) } else { Err(ApiError::not_found("conversation")) }
}

/// What the file system said, as a problem.
fn failed(error: &io::Error) -> ApiError {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    if matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull) {
        tracing::error!("the disk is full: no more files are accepted until there is room");
        return ApiError::storage_full();
    }
    tracing::error!(%error, "a blob's file cannot be read or written");
    ApiError::internal()
}
