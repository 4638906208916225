//! What single accounts may have where that is not what all may.

use infrasound_spec::account::AccountUri;

use super::{Conn, StoreError, signed, unsigned};

/// An account's own quotas. `None`: as all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Sealed bytes of its files.
    pub(crate) file_bytes: Option<u64>,
    /// Devices.
    pub(crate) devices: Option<u64>,
}

/// The account's own quotas.
pub(crate) async fn load(conn: &mut Conn, uri: &AccountUri) -> Result<Quota, StoreError> {
    let row: Option<(Option<i64>, Option<i64>)> =
        sqlx::query_as("SELECT file_bytes, devices FROM quotas WHERE uri = $1")
            .bind(uri.as_str())
            .fetch_optional(conn)
            .await?;
    Ok(row.map_or_else(Quota::default, |(file_bytes, devices)| Quota {
        file_bytes: file_bytes.map(unsigned),
        devices: devices.map(unsigned),
    }))
}

/// Sets them.
pub(crate) async fn store(conn: &mut Conn, uri: &AccountUri, quota: Quota) -> Result<(), StoreError> {
    if quota == Quota::default() {
        sqlx::query("DELETE FROM quotas WHERE uri = $1").bind(uri.as_str()).execute(conn).await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO quotas (uri, file_bytes, devices) VALUES ($1, $2, $3) \
         ON CONFLICT (uri) DO UPDATE SET file_bytes = excluded.file_bytes, devices = excluded.devices",
    )
    .bind(uri.as_str())
    .bind(quota.file_bytes.map(signed))
    .bind(quota.devices.map(signed))
    .execute(conn)
    .await?;
    Ok(())
}
