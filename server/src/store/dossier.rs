//! All rows about one account, for the export that it may ask for.

use infrasound_spec::account::AccountUri;

use super::{Conn, StoreError};

/// A device, revoked or not.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct DeviceRow {
    pub(crate) device: Vec<u8>,
    pub(crate) name: String,
    pub(crate) device_key: Vec<u8>,
    pub(crate) created: i64,
    pub(crate) last_seen: i64,
    pub(crate) revoked: i64,
    pub(crate) key_packages: i64,
    pub(crate) welcomes: i64,
    pub(crate) session_until: Option<i64>,
    pub(crate) push_endpoint: Option<String>,
}

/// A conversation that the account takes or took part in.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct PartRow {
    pub(crate) id: Vec<u8>,
    pub(crate) kind: i64,
    pub(crate) consent: i64,
    pub(crate) invited_at: Option<i64>,
    pub(crate) has_leaf: i64,
    pub(crate) submitted: i64,
}

/// A file.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct FileRow {
    pub(crate) blob: Vec<u8>,
    pub(crate) size: i64,
    pub(crate) received: i64,
    pub(crate) expires: i64,
}

/// The account's devices.
pub(crate) async fn devices(conn: &mut Conn, uri: &AccountUri) -> Result<Vec<DeviceRow>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT d.device, d.name, d.device_key, d.created, d.last_seen, d.revoked, \
         (SELECT COUNT(*) FROM key_packages k WHERE k.device = d.device) AS key_packages, \
         (SELECT COUNT(*) FROM welcomes w WHERE w.device = d.device) AS welcomes, \
         (SELECT MAX(s.expires) FROM sessions s WHERE s.device = d.device) AS session_until, \
         (SELECT MAX(p.endpoint) FROM push_subscriptions p WHERE p.device = d.device) AS push_endpoint \
         FROM devices d WHERE d.account = $1 ORDER BY d.created, d.device",
    )
    .bind(uri.as_str())
    .fetch_all(conn)
    .await?)
}

/// The conversations that it takes or took part in, and how many entries its devices submitted.
pub(crate) async fn conversations(conn: &mut Conn, uri: &AccountUri) -> Result<Vec<PartRow>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT c.id, c.kind, p.consent, p.invited_at, \
         (SELECT COUNT(*) FROM memberships m WHERE m.conversation = p.conversation AND m.account = p.account \
         AND m.until_number IS NULL) AS has_leaf, \
         (SELECT COUNT(*) FROM entries e JOIN devices d ON d.device = e.submitter \
         WHERE e.conversation = p.conversation AND d.account = p.uri) AS submitted \
         FROM participants p JOIN conversations c ON c.conversation = p.conversation WHERE p.uri = $1 \
         ORDER BY p.conversation",
    )
    .bind(uri.as_str())
    .fetch_all(conn)
    .await?)
}

/// Its files.
pub(crate) async fn files(conn: &mut Conn, uri: &AccountUri) -> Result<Vec<FileRow>, StoreError> {
    Ok(sqlx::query_as("SELECT blob, size, received, expires FROM blobs WHERE account = $1 ORDER BY expires")
        .bind(uri.as_str())
        .fetch_all(conn)
        .await?)
}

/// The groups that it asks to be let into, and since when.
pub(crate) async fn join_requests(
    conn: &mut Conn,
    uri: &AccountUri,
) -> Result<Vec<(Vec<u8>, i64)>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT c.id, r.since FROM join_requests r JOIN conversations c ON c.conversation = r.conversation \
         WHERE r.uri = $1 ORDER BY r.since",
    )
    .bind(uri.as_str())
    .fetch_all(conn)
    .await?)
}
