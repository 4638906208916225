//! Who came in by which link: what the hub counts, as no member can.

use infrasound_spec::policy::LinkKey;

use super::{Conn, StoreError, conversation::ConversationKey, signed, unsigned};

/// How many came in by a link.
pub(crate) async fn count(conn: &mut Conn, key: ConversationKey, link: &LinkKey) -> Result<u64, StoreError> {
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM link_uses WHERE conversation = $1 AND link = $2")
            .bind(key.0)
            .bind(link.as_bytes().as_slice())
            .fetch_one(conn)
            .await?;
    Ok(unsigned(count))
}

/// Notes that the commit `number` came in by a link.
pub(crate) async fn insert(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    link: &LinkKey,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO link_uses (conversation, number, link) VALUES ($1, $2, $3)")
        .bind(key.0)
        .bind(signed(number))
        .bind(link.as_bytes().as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives back the uses of commits that never happened.
pub(crate) async fn void(conn: &mut Conn, key: ConversationKey, voided: u64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM link_uses WHERE conversation = $1 AND number >= $2")
        .bind(key.0)
        .bind(signed(voided))
        .execute(conn)
        .await?;
    Ok(())
}
