//! What goes when its time is over: read entries, old entries, and what has expired.

use infrasound_spec::time::Timestamp;

use super::{Conn, StoreError, millis, signed};

/// Deletes the bytes of up to `limit` entries that every member device has stored, or that are older than `before`.
/// Digests stay. The state of a device that was revoked holds nothing up. Returns how many went.
pub(crate) async fn drop_entry_bytes(
    conn: &mut Conn,
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE entries SET bytes = NULL WHERE (conversation, number) IN (\
         SELECT e.conversation, e.number FROM entries e WHERE e.bytes IS NOT NULL AND (e.time < $1 OR NOT EXISTS (\
         SELECT 1 FROM memberships m JOIN devices d ON d.device = m.device \
         WHERE m.conversation = e.conversation AND d.revoked = 0 AND m.from_number <= e.number \
         AND (m.until_number IS NULL OR m.until_number >= e.number) AND m.read_to < e.number)) LIMIT $2)",
    )
    .bind(millis(before))
    .bind(signed(limit))
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes what has expired: sessions, challenges, sign-ins, tickets, key packages.
pub(crate) async fn drop_expired(conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM sessions WHERE expires <= $1",
        "DELETE FROM challenges WHERE expires <= $1",
        "DELETE FROM sign_ins WHERE expires <= $1",
        "DELETE FROM tickets WHERE expires <= $1",
        "DELETE FROM key_packages WHERE expires <= $1",
    ] {
        sqlx::query(sql).bind(millis(now)).execute(&mut *conn).await?;
    }
    Ok(())
}
