//! Key packages that wait to be claimed.

use infrasound_spec::{account::DeviceId, api::key_packages::KeyPackageCount, time::Timestamp};

use super::{Conn, StoreError, millis, unsigned};

/// A key package to keep.
pub(crate) struct NewKeyPackage {
    /// Its reference: the same one is kept once.
    pub(crate) reference: Vec<u8>,
    /// Whether it is the last resort.
    pub(crate) last_resort: bool,
    /// The end of its life.
    pub(crate) expires: Timestamp,
    /// The MLSMessage.
    pub(crate) bytes: Vec<u8>,
}

/// Keeps a key package of a device. A last-resort one replaces the one before.
pub(crate) async fn insert(
    conn: &mut Conn,
    device: &DeviceId,
    new: &NewKeyPackage,
) -> Result<(), StoreError> {
    if new.last_resort {
        sqlx::query("DELETE FROM key_packages WHERE device = $1 AND last_resort = 1")
            .bind(device.as_bytes().as_slice())
            .execute(&mut *conn)
            .await?;
    }
    sqlx::query(
        "INSERT INTO key_packages (reference, device, last_resort, expires, bytes) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (reference) DO NOTHING",
    )
    .bind(new.reference.as_slice())
    .bind(device.as_bytes().as_slice())
    .bind(i64::from(new.last_resort))
    .bind(millis(new.expires))
    .bind(new.bytes.as_slice())
    .execute(conn)
    .await?;
    Ok(())
}

/// How many can be handed out that live until `until`.
pub(crate) async fn count(
    conn: &mut Conn,
    device: &DeviceId,
    until: Timestamp,
) -> Result<KeyPackageCount, StoreError> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT last_resort, COUNT(*) FROM key_packages WHERE device = $1 AND expires >= $2 GROUP BY last_resort",
    )
    .bind(device.as_bytes().as_slice())
    .bind(millis(until))
    .fetch_all(conn)
    .await?;
    let of = |kind| rows.iter().find(|(last, _)| *last == kind).map_or(0, |(_, count)| unsigned(*count));
    Ok(KeyPackageCount { one_time: of(0), last_resort: of(1) > 0 })
}

/// Hands out the one-time key package that ends first, else the last resort. A one-time one is gone with it.
pub(crate) async fn claim(
    conn: &mut Conn,
    device: &DeviceId,
    until: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let id = device.as_bytes().as_slice();
    let one_time: Option<(Vec<u8>,)> = sqlx::query_as(
        "DELETE FROM key_packages WHERE reference = (SELECT reference FROM key_packages \
         WHERE device = $1 AND last_resort = 0 AND expires >= $2 ORDER BY expires LIMIT 1) RETURNING bytes",
    )
    .bind(id)
    .bind(millis(until))
    .fetch_optional(&mut *conn)
    .await?;
    if let Some((bytes,)) = one_time {
        return Ok(Some(bytes));
    }
    last_resort(conn, device, until).await
}

/// The last resort, which stays.
pub(crate) async fn last_resort(
    conn: &mut Conn,
    device: &DeviceId,
    until: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let last_resort: Option<(Vec<u8>,)> = sqlx::query_as(
        "SELECT bytes FROM key_packages WHERE device = $1 AND last_resort = 1 AND expires >= $2",
    )
    .bind(device.as_bytes().as_slice())
    .bind(millis(until))
    .fetch_optional(conn)
    .await?;
    Ok(last_resort.map(|(bytes,)| bytes))
}
