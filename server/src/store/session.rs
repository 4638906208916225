//! Sessions: a token's digest, the device, and until when.

use infrasound_spec::{account::DeviceId, time::Timestamp};

use super::{Conn, StoreError, millis, read, time};

/// The device that a session is of, and until when.
pub(crate) async fn load(
    conn: &mut Conn,
    token_digest: &[u8; 32],
) -> Result<Option<(DeviceId, Timestamp)>, StoreError> {
    let row: Option<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT device, expires FROM sessions WHERE token_digest = $1")
            .bind(token_digest.as_slice())
            .fetch_optional(conn)
            .await?;
    row.map(|(device, expires)| {
        Ok((read(DeviceId::from_slice(&device), "sessions", "device")?, time(expires)))
    })
    .transpose()
}

/// Begins a session.
pub(crate) async fn insert(
    conn: &mut Conn,
    token_digest: &[u8; 32],
    device: &DeviceId,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO sessions (token_digest, device, expires) VALUES ($1, $2, $3)")
        .bind(token_digest.as_slice())
        .bind(device.as_bytes().as_slice())
        .bind(millis(expires))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a session.
pub(crate) async fn delete(conn: &mut Conn, token_digest: &[u8; 32]) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE token_digest = $1")
        .bind(token_digest.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends all sessions of a device.
pub(crate) async fn delete_of_device(conn: &mut Conn, device: &DeviceId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE device = $1")
        .bind(device.as_bytes().as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends all sessions of an account's devices.
pub(crate) async fn delete_of_account(conn: &mut Conn, account: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE device IN (SELECT device FROM devices WHERE account = $1)")
        .bind(account)
        .execute(conn)
        .await?;
    Ok(())
}
