//! Devices of accounts. A revoked one keeps its row, so that it can be told why it is refused.

use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey},
    api::devices::DeviceInfo,
    time::Timestamp,
};

use super::{Conn, StoreError, millis, read, signed, time};

/// A device.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the device's key is called so everywhere")]
pub(crate) struct Device {
    /// Its id.
    pub(crate) device: DeviceId,
    /// Whose it is.
    pub(crate) account: AccountUri,
    /// Its name.
    pub(crate) name: String,
    /// Its key.
    pub(crate) device_key: DeviceKey,
    /// The account key that endorsed it.
    pub(crate) account_key: AccountKey,
    /// When it was registered.
    pub(crate) created: Timestamp,
    /// When it was last heard of.
    pub(crate) last_seen: Timestamp,
    /// Whether it was revoked.
    pub(crate) revoked: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    device: Vec<u8>,
    account: String,
    name: String,
    device_key: Vec<u8>,
    account_key: Vec<u8>,
    created: i64,
    last_seen: i64,
    revoked: i64,
}

impl TryFrom<Row> for Device {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            device: read(DeviceId::from_slice(&row.device), "devices", "device")?,
            account: read(row.account.parse().ok(), "devices", "account")?,
            name: row.name,
            device_key: read(DeviceKey::from_slice(&row.device_key), "devices", "device_key")?,
            account_key: read(AccountKey::from_slice(&row.account_key), "devices", "account_key")?,
            created: time(row.created),
            last_seen: time(row.last_seen),
            revoked: row.revoked != 0,
        })
    }
}

impl Device {
    /// The device as its account sees it.
    pub(crate) fn info(&self) -> DeviceInfo {
        DeviceInfo {
            device: self.device,
            name: self.name.clone(),
            created: self.created,
            last_seen: self.last_seen,
        }
    }
}

/// The device with this id, revoked or not.
pub(crate) async fn load(conn: &mut Conn, device: &DeviceId) -> Result<Option<Device>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT device, account, name, device_key, account_key, created, last_seen, revoked FROM devices WHERE device = $1",
    )
    .bind(device.as_bytes().as_slice())
    .fetch_optional(conn)
    .await?;
    row.map(Device::try_from).transpose()
}

/// The account's devices that are not revoked, the oldest first.
pub(crate) async fn list(conn: &mut Conn, account: &AccountUri) -> Result<Vec<Device>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT device, account, name, device_key, account_key, created, last_seen, revoked FROM devices \
         WHERE account = $1 AND revoked = 0 ORDER BY created, device",
    )
    .bind(account.as_str())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Device::try_from).collect()
}

/// Adds a device. `false` if its id is taken.
pub(crate) async fn insert(conn: &mut Conn, device: &Device) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO devices (device, account, name, device_key, account_key, created, last_seen, revoked) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (device) DO NOTHING",
    )
    .bind(device.device.as_bytes().as_slice())
    .bind(device.account.as_str())
    .bind(device.name.as_str())
    .bind(device.device_key.as_bytes().as_slice())
    .bind(device.account_key.as_bytes().as_slice())
    .bind(millis(device.created))
    .bind(millis(device.last_seen))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes a device of the account and deletes what was kept for it. `false` if there is no such live device.
pub(crate) async fn revoke(
    conn: &mut Conn,
    account: &AccountUri,
    device: &DeviceId,
) -> Result<bool, StoreError> {
    let id = device.as_bytes().as_slice();
    let done =
        sqlx::query("UPDATE devices SET revoked = 1 WHERE device = $1 AND account = $2 AND revoked = 0")
            .bind(id)
            .bind(account.as_str())
            .execute(&mut *conn)
            .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("DELETE FROM key_packages WHERE device = $1").bind(id).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM challenges WHERE device = $1").bind(id).execute(&mut *conn).await?;
    super::push::delete(conn, device).await?;
    super::welcome::delete_of_device(conn, device).await?;
    super::head::note_gone(conn, device).await?;
    Ok(true)
}

/// Live devices that were last heard of before `before`, `limit` at most.
pub(crate) async fn unused(
    conn: &mut Conn,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<(AccountUri, DeviceId)>, StoreError> {
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT account, device FROM devices WHERE revoked = 0 AND last_seen < $1 LIMIT $2")
            .bind(millis(before))
            .bind(signed(limit))
            .fetch_all(conn)
            .await?;
    rows.into_iter()
        .map(|(account, device)| {
            Ok((
                read(account.parse().ok(), "devices", "account")?,
                read(DeviceId::from_slice(&device), "devices", "device")?,
            ))
        })
        .collect()
}

/// Gives a live device of the account another name. `false` if there is no such one.
pub(crate) async fn rename(
    conn: &mut Conn,
    account: &AccountUri,
    device: &DeviceId,
    name: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE devices SET name = $3 WHERE device = $1 AND account = $2 AND revoked = 0")
        .bind(device.as_bytes().as_slice())
        .bind(account.as_str())
        .bind(name)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the device was heard of, to the hour.
pub(crate) async fn touch(conn: &mut Conn, device: &DeviceId, now: Timestamp) -> Result<(), StoreError> {
    let hour = i64::try_from(infrasound_spec::time::HOUR).unwrap_or(1);
    let seen = millis(now) / hour * hour;
    sqlx::query("UPDATE devices SET last_seen = $2 WHERE device = $1 AND last_seen < $2")
        .bind(device.as_bytes().as_slice())
        .bind(seen)
        .execute(conn)
        .await?;
    Ok(())
}
