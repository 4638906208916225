//! What goes when its time is over: read entries, old entries, and what has expired.

use infrasound_spec::time::Timestamp;

use super::{Conn, StoreError, conversation::ConversationKey, millis, signed, unsigned};

/// A log whose first kept entries may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sweepable {
    /// Which.
    pub(crate) key: ConversationKey,
    /// The first entry whose bytes are kept.
    pub(crate) kept_from: u64,
    /// The last entry that every live device has stored.
    pub(crate) read_to: u64,
}

/// Up to `limit` logs whose first kept entry every live member device has stored, or that is older than `before`.
/// A device that was revoked, or that has read to the end of its membership, holds nothing up.
///
/// While one account waits for another's word, or was put away by it, only time counts: that bytes go would tell a
/// stranger that somebody has read them.
pub(crate) async fn sweepable(
    conn: &mut Conn,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Sweepable>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT c.conversation, c.kept_from, MIN(CASE WHEN h.provisional <> 0 OR h.consent <> 0 OR w.account IS NOT NULL THEN 0 WHEN d.revoked = 0 AND \
         m.read_to < COALESCE(m.left_number, m.until_number, m.read_to + 1) THEN m.read_to ELSE h.last END) \
         FROM conversations c JOIN heads h ON h.conversation = c.conversation \
         JOIN entries e ON e.conversation = c.conversation AND e.number = c.kept_from \
         JOIN memberships m ON m.conversation = c.conversation JOIN devices d ON d.device = m.device \
         LEFT JOIN participants w ON c.kind = 2 AND m.until_number IS NULL AND w.conversation = m.conversation \
         AND w.account = m.account AND w.consent <> 1 \
         GROUP BY c.conversation, c.kept_from, e.time HAVING e.time < $1 OR \
         MIN(CASE WHEN h.provisional <> 0 OR h.consent <> 0 OR w.account IS NOT NULL THEN 0 WHEN d.revoked = 0 AND \
         m.read_to < COALESCE(m.left_number, m.until_number, m.read_to + 1) THEN m.read_to ELSE h.last END) >= c.kept_from \
         LIMIT $2",
    )
    .bind(millis(before))
    .bind(signed(limit))
    .fetch_all(conn)
    .await?;
    let read = |(key, kept_from, read_to): (i64, i64, i64)| Sweepable {
        key: ConversationKey(key),
        kept_from: unsigned(kept_from),
        read_to: unsigned(read_to),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Deletes the bytes of the first entries that may go, at most `limit`; digests stay. Cursors only move forward, so what
/// the look at [`sweepable`] allowed is still allowed.
pub(crate) async fn sweep(
    conn: &mut Conn,
    log: &Sweepable,
    before: Timestamp,
    limit: u64,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE entries SET bytes = NULL WHERE conversation = $1 AND number >= $2 AND number < $3 \
         AND (number <= $4 OR time < $5)",
    )
    .bind(log.key.0)
    .bind(signed(log.kept_from))
    .bind(signed(log.kept_from.saturating_add(limit)))
    .bind(signed(log.read_to))
    .bind(millis(before))
    .execute(&mut *conn)
    .await?;
    // Times never go back within a log, so what went is without gaps.
    let kept_from = log.kept_from.saturating_add(done.rows_affected());
    sqlx::query("UPDATE conversations SET kept_from = $2 WHERE conversation = $1")
        .bind(log.key.0)
        .bind(signed(kept_from))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes what has expired: sessions, challenges, sign-ins, tickets, key packages, links.
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
    super::link::drop_expired(conn, now).await
}
