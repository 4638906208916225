//! How much there is of everything, for metrics.

use super::{Conn, StoreError, unsigned};

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Accounts.
    pub(crate) accounts: u64,
    /// Devices that are not revoked.
    pub(crate) devices: u64,
    /// Conversations of two accounts.
    pub(crate) direct: u64,
    /// Groups.
    pub(crate) groups: u64,
    /// Files.
    pub(crate) blobs: u64,
    /// Bytes of them that are here.
    pub(crate) blob_bytes: u64,
}

/// Counts.
pub(crate) async fn take(conn: &mut Conn) -> Result<Census, StoreError> {
    let (accounts, devices, direct, groups, blobs, blob_bytes): (i64, i64, i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM accounts), (SELECT COUNT(*) FROM devices WHERE revoked = 0), \
         (SELECT COUNT(*) FROM conversations WHERE kind = 1), (SELECT COUNT(*) FROM conversations WHERE kind = 2), \
         (SELECT COUNT(*) FROM blobs), (SELECT CAST(COALESCE(SUM(received), 0) AS BIGINT) FROM blobs)",
    )
    .fetch_one(conn)
    .await?;
    Ok(Census {
        accounts: unsigned(accounts),
        devices: unsigned(devices),
        direct: unsigned(direct),
        groups: unsigned(groups),
        blobs: unsigned(blobs),
        blob_bytes: unsigned(blob_bytes),
    })
}
