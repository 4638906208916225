//! Challenges: what a device signs for a session, good once.

use infrasound_spec::{account::DeviceId, time::Timestamp};

use super::{Conn, StoreError, millis};

/// Notes a challenge for a device.
pub(crate) async fn insert(
    conn: &mut Conn,
    digest: &[u8; 32],
    device: &DeviceId,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO challenges (challenge_digest, device, expires) VALUES ($1, $2, $3)")
        .bind(digest.as_slice())
        .bind(device.as_bytes().as_slice())
        .bind(millis(expires))
        .execute(conn)
        .await?;
    Ok(())
}

/// Uses a challenge up. `false` if it was not this device's, is used or too old.
pub(crate) async fn take(
    conn: &mut Conn,
    digest: &[u8; 32],
    device: &DeviceId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("DELETE FROM challenges WHERE challenge_digest = $1 AND device = $2 AND expires > $3")
            .bind(digest.as_slice())
            .bind(device.as_bytes().as_slice())
            .bind(millis(now))
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}
