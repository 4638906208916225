//! Proposals to leave. One is pending while the group is the one that it was made in.
//!
//! **Invariant:** `state_entry` says which group that was. So a commit ends them, its void brings those back that it
//! applied, and a void of the commit before takes them with it, without a write.

use infrasound_spec::{account::DeviceId, time::Timestamp};

use super::{
    Conn, StoreError, account_number, conversation::ConversationKey, millis, read, signed, unsigned,
};

/// A proposal to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredProposal {
    /// Its entry's number.
    pub(crate) number: u64,
    /// The entry that made the group that it was made in.
    pub(crate) state_entry: u64,
    /// Whose it is.
    pub(crate) account: usize,
    /// Which device made it.
    pub(crate) device: DeviceId,
    /// The MLSMessage: kept here, so that it outlives the entry's bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Notes a proposal.
pub(crate) async fn insert(
    conn: &mut Conn,
    key: ConversationKey,
    proposal: &StoredProposal,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO proposals (conversation, number, state_entry, account, device, time, bytes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(key.0)
    .bind(signed(proposal.number))
    .bind(signed(proposal.state_entry))
    .bind(signed(proposal.account as u64))
    .bind(proposal.device.as_bytes().as_slice())
    .bind(millis(now))
    .bind(proposal.bytes.as_slice())
    .execute(conn)
    .await?;
    Ok(())
}

/// The proposals made in a group, in order.
pub(crate) async fn made_in(
    conn: &mut Conn,
    key: ConversationKey,
    state_entry: u64,
) -> Result<Vec<StoredProposal>, StoreError> {
    let rows: Vec<(i64, i64, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT number, account, device, bytes FROM proposals WHERE conversation = $1 AND state_entry = $2 \
         ORDER BY number",
    )
    .bind(key.0)
    .bind(signed(state_entry))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(number, account, device, bytes)| {
            Ok(StoredProposal {
                number: unsigned(number),
                state_entry,
                account: account_number(account),
                device: read(DeviceId::from_slice(&device), "proposals", "device")?,
                bytes,
            })
        })
        .collect()
}

/// The next conversations after `after` in which proposals have waited for a commit since before `before`.
pub(crate) async fn waiting(
    conn: &mut Conn,
    before: Timestamp,
    after: Option<ConversationKey>,
    limit: u64,
) -> Result<Vec<ConversationKey>, StoreError> {
    let rows: Vec<(i64,)> = sqlx::query_as(
        "SELECT DISTINCT p.conversation FROM proposals p JOIN heads h ON h.conversation = p.conversation \
         AND h.state_entry = p.state_entry WHERE p.time <= $1 AND p.conversation > $2 \
         ORDER BY p.conversation LIMIT $3",
    )
    .bind(millis(before))
    .bind(after.map_or(0, |key| key.0))
    .bind(signed(limit))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(key,)| ConversationKey(key)).collect())
}

/// Forgets the proposals made before the commit `number`, which no void can bring back.
pub(crate) async fn delete_before(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM proposals WHERE conversation = $1 AND state_entry < $2")
        .bind(key.0)
        .bind(signed(number))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets the proposals made in groups that never happened.
pub(crate) async fn delete_from(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM proposals WHERE conversation = $1 AND state_entry >= $2")
        .bind(key.0)
        .bind(signed(number))
        .execute(conn)
        .await?;
    Ok(())
}
