//! Who asks to be let into a group.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{conversations::Participant, groups::JoinRequest},
    time::Timestamp,
};

use super::{Conn, StoreError, conversation::ConversationKey, millis, read, signed, time, unsigned};

/// Notes a request. The first one of an account stands: `false` if there is one.
pub(crate) async fn insert(
    conn: &mut Conn,
    key: ConversationKey,
    account: &AccountUri,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO join_requests (conversation, uri, since) VALUES ($1, $2, $3) \
         ON CONFLICT (conversation, uri) DO NOTHING",
    )
    .bind(key.0)
    .bind(account.as_str())
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The requests made after `after`, the oldest first.
pub(crate) async fn list(
    conn: &mut Conn,
    key: ConversationKey,
    after: Timestamp,
) -> Result<Vec<JoinRequest>, StoreError> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT r.uri, a.handle, r.since FROM join_requests r JOIN accounts a ON a.uri = r.uri \
         WHERE r.conversation = $1 AND r.since > $2 ORDER BY r.since, r.uri",
    )
    .bind(key.0)
    .bind(millis(after))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(uri, handle, since)| {
            let handle: Handle = read(handle.parse().ok(), "accounts", "handle")?;
            let account = read(uri.parse().ok(), "join_requests", "uri")?;
            Ok(JoinRequest { who: Participant { account, handle }, since: time(since) })
        })
        .collect()
}

/// How many there are that were made after `after`.
pub(crate) async fn count(
    conn: &mut Conn,
    key: ConversationKey,
    after: Timestamp,
) -> Result<u64, StoreError> {
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM join_requests WHERE conversation = $1 AND since > $2")
            .bind(key.0)
            .bind(millis(after))
            .fetch_one(conn)
            .await?;
    Ok(unsigned(count))
}

/// Ends a request. `false` if there is none.
pub(crate) async fn delete(
    conn: &mut Conn,
    key: ConversationKey,
    account: &AccountUri,
) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM join_requests WHERE conversation = $1 AND uri = $2")
        .bind(key.0)
        .bind(account.as_str())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends what was asked before `before`.
pub(crate) async fn delete_before(conn: &mut Conn, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM join_requests WHERE since <= $1").bind(millis(before)).execute(conn).await?;
    Ok(())
}

/// Notes the change that touched the requests of a conversation.
pub(crate) async fn touch(conn: &mut Conn, key: ConversationKey, seq: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE conversations SET requests_seq = $2 WHERE conversation = $1")
        .bind(key.0)
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}
