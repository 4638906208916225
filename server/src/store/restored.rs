//! What a database from a backup has to forget, and to skip, before a relay goes on with it.

use super::{Conn, StoreError, sequence};

/// More changes than any relay makes between a backup and its end: at a thousand a second, 34 years.
const FAR: u64 = 1 << 40;

/// Forgets what may have been used since the backup, and goes on with changes that nobody has seen.
pub(crate) async fn go_on(conn: &mut Conn) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM sessions",
        "DELETE FROM challenges",
        "DELETE FROM sign_ins",
        "DELETE FROM tickets",
        "DELETE FROM link_frames",
        "DELETE FROM links",
        "DELETE FROM key_packages WHERE last_resort = 0",
    ] {
        sqlx::query(statement).execute(&mut *conn).await?;
    }
    let last = sequence::load(conn).await?;
    sequence::store(conn, last.saturating_add(FAR)).await
}
