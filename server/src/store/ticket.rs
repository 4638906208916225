//! Tickets: proof of a finished sign-in, good once.

use infrasound_spec::time::Timestamp;

use super::{Conn, StoreError, millis, read};
use crate::identity::Identity;

/// Notes a ticket.
pub(crate) async fn insert(
    conn: &mut Conn,
    digest: &[u8; 32],
    identity: &Identity,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO tickets (ticket_digest, identity, expires) VALUES ($1, $2, $3)")
        .bind(digest.as_slice())
        .bind(serde_json::to_string(identity).unwrap_or_default())
        .bind(millis(expires))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whose ticket it is, if it is good. It stays so.
pub(crate) async fn look(
    conn: &mut Conn,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Identity>, StoreError> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT identity FROM tickets WHERE ticket_digest = $1 AND expires > $2")
            .bind(digest.as_slice())
            .bind(millis(now))
            .fetch_optional(conn)
            .await?;
    row.map(|(identity,)| read(serde_json::from_str(&identity).ok(), "tickets", "identity")).transpose()
}

/// Uses a ticket up. The caller's transaction decides whether it stays used.
pub(crate) async fn take(
    conn: &mut Conn,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Identity>, StoreError> {
    let row: Option<(String,)> =
        sqlx::query_as("DELETE FROM tickets WHERE ticket_digest = $1 AND expires > $2 RETURNING identity")
            .bind(digest.as_slice())
            .bind(millis(now))
            .fetch_optional(conn)
            .await?;
    row.map(|(identity,)| read(serde_json::from_str(&identity).ok(), "tickets", "identity")).transpose()
}
