//! The public group after each commit that is current or that a void would go back to.

use super::{Conn, StoreError, conversation::ConversationKey, signed, unsigned};

/// A stored group.
pub(crate) struct StoredGroup {
    /// The commit that made it.
    pub(crate) number: u64,
    /// Its epoch.
    pub(crate) epoch: u64,
    /// Its bytes ([`crate::hub::public_group`]).
    pub(crate) state: Vec<u8>,
    /// The GroupInfo that came with the commit: written, and read apart ([`group_info`]).
    pub(crate) group_info: Option<Vec<u8>>,
}

/// The group after the commit `number`.
pub(crate) async fn load(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<Option<StoredGroup>, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT epoch, state FROM group_states WHERE conversation = $1 AND number = $2")
            .bind(key.0)
            .bind(signed(number))
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|(epoch, state)| StoredGroup { number, epoch: unsigned(epoch), state, group_info: None }))
}

/// The epoch of the group after the commit `number`.
pub(crate) async fn epoch(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<Option<u64>, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT epoch FROM group_states WHERE conversation = $1 AND number = $2")
            .bind(key.0)
            .bind(signed(number))
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|(epoch,)| unsigned(epoch)))
}

/// The GroupInfo that came with the commit `number`.
pub(crate) async fn group_info(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Option<Vec<u8>>,)> =
        sqlx::query_as("SELECT group_info FROM group_states WHERE conversation = $1 AND number = $2")
            .bind(key.0)
            .bind(signed(number))
            .fetch_optional(conn)
            .await?;
    Ok(row.and_then(|(group_info,)| group_info))
}

/// The number of the newest stored group before the commit `number`; `None`: there was no group.
pub(crate) async fn number_before(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<Option<u64>, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT number FROM group_states WHERE conversation = $1 AND number < $2 ORDER BY number DESC LIMIT 1",
    )
    .bind(key.0)
    .bind(signed(number))
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(number,)| unsigned(number)))
}

/// Keeps the group after a commit.
pub(crate) async fn insert(
    conn: &mut Conn,
    key: ConversationKey,
    group: &StoredGroup,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO group_states (conversation, number, epoch, state, group_info) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.0)
    .bind(signed(group.number))
    .bind(signed(group.epoch))
    .bind(group.state.as_slice())
    .bind(group.group_info.as_deref())
    .execute(conn)
    .await?;
    Ok(())
}

/// Drops what no void can go back to: the groups before the commit `number`.
pub(crate) async fn delete_before(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM group_states WHERE conversation = $1 AND number < $2")
        .bind(key.0)
        .bind(signed(number))
        .execute(conn)
        .await?;
    Ok(())
}

/// Drops what never happened: the groups from the commit `number` on.
pub(crate) async fn delete_from(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM group_states WHERE conversation = $1 AND number >= $2")
        .bind(key.0)
        .bind(signed(number))
        .execute(conn)
        .await?;
    Ok(())
}
