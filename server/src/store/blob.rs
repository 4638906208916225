//! Blobs: whose they are, how much of them is on disk, where they are attached, and when they go.

use infrasound_spec::{
    account::{AccountUri, DeviceId},
    blob::BlobId,
    time::Timestamp,
};

use super::{Conn, StoreError, conversation::ConversationKey, millis, read, signed, unsigned};

/// A blob as it stands in its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlobRow {
    /// Whose it is.
    pub(crate) account: AccountUri,
    /// How many bytes were announced.
    pub(crate) size: u64,
    /// How many are on disk.
    pub(crate) received: u64,
}

impl BlobRow {
    /// Whether all of it is there.
    pub(crate) fn is_whole(&self) -> bool {
        self.received == self.size
    }
}

/// A blob.
pub(crate) async fn load(conn: &mut Conn, id: &BlobId) -> Result<Option<BlobRow>, StoreError> {
    let row: Option<(String, i64, i64)> =
        sqlx::query_as("SELECT account, size, received FROM blobs WHERE blob = $1")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(conn)
            .await?;
    row.map(|(account, size, received)| {
        Ok(BlobRow {
            account: read(account.parse().ok(), "blobs", "account")?,
            size: unsigned(size),
            received: unsigned(received),
        })
    })
    .transpose()
}

/// Notes a blob of which nothing is there yet.
pub(crate) async fn insert(
    conn: &mut Conn,
    id: &BlobId,
    account: &AccountUri,
    size: u64,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO blobs (blob, account, size, received, expires) VALUES ($1, $2, $3, 0, $4)")
        .bind(id.as_bytes().as_slice())
        .bind(account.as_str())
        .bind(signed(size))
        .bind(millis(expires))
        .execute(conn)
        .await?;
    Ok(())
}

/// How many bytes an account has announced.
pub(crate) async fn announced(conn: &mut Conn, account: &AccountUri) -> Result<u64, StoreError> {
    let (sum,): (i64,) =
        sqlx::query_as("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM blobs WHERE account = $1")
            .bind(account.as_str())
            .fetch_one(conn)
            .await?;
    Ok(unsigned(sum))
}

/// Notes how much of a blob is on disk. It stays at least until `expires`. `false` if it is gone.
pub(crate) async fn set_received(
    conn: &mut Conn,
    id: &BlobId,
    received: u64,
    expires: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE blobs SET received = $2, expires = CASE WHEN expires < $3 THEN $3 ELSE expires END WHERE blob = $1",
    )
    .bind(id.as_bytes().as_slice())
    .bind(signed(received))
    .bind(millis(expires))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Attaches a blob to a conversation, or renews that.
pub(crate) async fn attach(
    conn: &mut Conn,
    id: &BlobId,
    key: ConversationKey,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO blob_attachments (blob, conversation) VALUES ($1, $2) ON CONFLICT (blob, conversation) DO NOTHING",
    )
    .bind(id.as_bytes().as_slice())
    .bind(key.0)
    .execute(&mut *conn)
    .await?;
    set_expiry(conn, id, expires).await
}

/// Detaches a blob. When it was attached nowhere else, it goes when `expires` says. `false` if it was not attached.
pub(crate) async fn detach(
    conn: &mut Conn,
    id: &BlobId,
    key: ConversationKey,
    expires: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM blob_attachments WHERE blob = $1 AND conversation = $2")
        .bind(id.as_bytes().as_slice())
        .bind(key.0)
        .execute(&mut *conn)
        .await?;
    let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM blob_attachments WHERE blob = $1")
        .bind(id.as_bytes().as_slice())
        .fetch_one(&mut *conn)
        .await?;
    if done.rows_affected() > 0 && left == 0 {
        set_expiry(conn, id, expires).await?;
    }
    Ok(done.rows_affected() > 0)
}

async fn set_expiry(conn: &mut Conn, id: &BlobId, expires: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE blobs SET expires = $2 WHERE blob = $1")
        .bind(id.as_bytes().as_slice())
        .bind(millis(expires))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether a device has a leaf in a conversation that the blob is attached to.
pub(crate) async fn is_for(conn: &mut Conn, id: &BlobId, device: &DeviceId) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT 1 FROM blob_attachments a JOIN memberships m ON m.conversation = a.conversation \
         WHERE a.blob = $1 AND m.device = $2 AND m.until_number IS NULL LIMIT 1",
    )
    .bind(id.as_bytes().as_slice())
    .bind(device.as_bytes().as_slice())
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

/// Up to `limit` blobs whose time is over.
pub(crate) async fn expired(conn: &mut Conn, now: Timestamp, limit: u64) -> Result<Vec<BlobId>, StoreError> {
    let rows: Vec<(Vec<u8>,)> =
        sqlx::query_as("SELECT blob FROM blobs WHERE expires <= $1 ORDER BY expires LIMIT $2")
            .bind(millis(now))
            .bind(signed(limit))
            .fetch_all(conn)
            .await?;
    ids(rows)
}

/// Up to `limit` blobs of which something should be on disk, in the order of their ids, those after `after`.
pub(crate) async fn stored(
    conn: &mut Conn,
    after: Option<BlobId>,
    limit: u64,
) -> Result<Vec<BlobId>, StoreError> {
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let rows: Vec<(Vec<u8>,)> =
        sqlx::query_as("SELECT blob FROM blobs WHERE blob > $1 AND received > 0 ORDER BY blob LIMIT $2")
            .bind(after)
            .bind(signed(limit))
            .fetch_all(conn)
            .await?;
    ids(rows)
}

/// Deletes a blob and its attachments.
pub(crate) async fn delete(conn: &mut Conn, id: &BlobId) -> Result<(), StoreError> {
    for sql in ["DELETE FROM blob_attachments WHERE blob = $1", "DELETE FROM blobs WHERE blob = $1"] {
        sqlx::query(sql).bind(id.as_bytes().as_slice()).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Deletes a blob whose time is over. `false` if somebody has renewed it meanwhile.
pub(crate) async fn delete_expired(conn: &mut Conn, id: &BlobId, now: Timestamp) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM blobs WHERE blob = $1 AND expires <= $2")
        .bind(id.as_bytes().as_slice())
        .bind(millis(now))
        .fetch_optional(&mut *conn)
        .await?;
    if row.is_some() {
        delete(conn, id).await?;
    }
    Ok(row.is_some())
}

fn ids(rows: Vec<(Vec<u8>,)>) -> Result<Vec<BlobId>, StoreError> {
    rows.into_iter().map(|(id,)| read(BlobId::from_slice(&id), "blobs", "blob")).collect()
}
