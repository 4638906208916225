//! Welcomes that wait for their device, and the trees that they name.

use futures_util::TryStreamExt as _;
use infrasound_spec::{
    account::DeviceId,
    api::conversations::{TreeHash, WelcomeId},
    limits,
};

use super::{Conn, StoreError, conversation::ConversationKey, read, signed, unsigned};

/// A Welcome that waits.
pub(crate) struct StoredWelcome {
    /// Its id.
    pub(crate) welcome: WelcomeId,
    /// The conversation.
    pub(crate) key: ConversationKey,
    /// The commit that it belongs to.
    pub(crate) number: u64,
    /// What is the device's alone, or, without `shared`, the whole MLSMessage.
    pub(crate) bytes: Vec<u8>,
    /// What the Welcomes of the commit have in common ([`crate::hub::welcome`]).
    pub(crate) shared: Option<Vec<u8>>,
    /// The tree to fetch.
    pub(crate) tree: TreeHash,
}

#[derive(sqlx::FromRow)]
struct Row {
    welcome: Vec<u8>,
    conversation: i64,
    number: i64,
    bytes: Vec<u8>,
    shared: Option<Vec<u8>>,
    tree: Vec<u8>,
}

/// Keeps what the Welcomes of a commit have in common.
pub(crate) async fn insert_shared(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    bytes: &[u8],
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO welcome_infos (conversation, number, bytes) VALUES ($1, $2, $3)")
        .bind(key.0)
        .bind(signed(number))
        .bind(bytes)
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps a Welcome for a device.
pub(crate) async fn insert(
    conn: &mut Conn,
    device: &DeviceId,
    welcome: &StoredWelcome,
    seq: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO welcomes (welcome, device, conversation, number, bytes, tree, seq) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(welcome.welcome.as_bytes().as_slice())
    .bind(device.as_bytes().as_slice())
    .bind(welcome.key.0)
    .bind(signed(welcome.number))
    .bind(welcome.bytes.as_slice())
    .bind(welcome.tree.as_bytes().as_slice())
    .bind(signed(seq))
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps a tree under its hash.
pub(crate) async fn insert_tree(
    conn: &mut Conn,
    key: ConversationKey,
    hash: &TreeHash,
    bytes: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO trees (conversation, hash, bytes) VALUES ($1, $2, $3) ON CONFLICT (conversation, hash) DO NOTHING",
    )
    .bind(key.0)
    .bind(hash.as_bytes().as_slice())
    .bind(bytes)
    .execute(conn)
    .await?;
    Ok(())
}

/// The Welcomes that wait for a device, the oldest of each conversation first, as many as fit into an answer: whoever can
/// add a device could otherwise make the list longer than its client reads.
pub(crate) async fn list(conn: &mut Conn, device: &DeviceId) -> Result<Vec<StoredWelcome>, StoreError> {
    let mut rows = sqlx::query_as::<_, Row>(
        "SELECT w.welcome, w.conversation, w.number, w.bytes, i.bytes AS shared, w.tree FROM welcomes w \
         LEFT JOIN welcome_infos i ON i.conversation = w.conversation AND i.number = w.number \
         WHERE w.device = $1 ORDER BY w.conversation, w.number",
    )
    .bind(device.as_bytes().as_slice())
    .fetch(conn);
    let (mut welcomes, mut length) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        length += row.bytes.len() + row.shared.as_ref().map_or(0, Vec::len);
        if length > limits::MAX_LOG_PAGE_BYTES && !welcomes.is_empty() {
            break;
        }
        welcomes.push(row.try_into()?);
    }
    Ok(welcomes)
}

impl TryFrom<Row> for StoredWelcome {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            welcome: read(WelcomeId::from_slice(&row.welcome), "welcomes", "welcome")?,
            key: ConversationKey(row.conversation),
            number: unsigned(row.number),
            bytes: row.bytes,
            shared: row.shared,
            tree: read(TreeHash::from_slice(&row.tree), "welcomes", "tree")?,
        })
    }
}

/// Whether any Welcome waits for a device.
pub(crate) async fn any(conn: &mut Conn, device: &DeviceId) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT number FROM welcomes WHERE device = $1 LIMIT 1")
        .bind(device.as_bytes().as_slice())
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// Drops a device's Welcome, and its tree if nothing else names that. `false` if there is none.
pub(crate) async fn delete(
    conn: &mut Conn,
    device: &DeviceId,
    welcome: &WelcomeId,
) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("DELETE FROM welcomes WHERE welcome = $1 AND device = $2 RETURNING conversation")
            .bind(welcome.as_bytes().as_slice())
            .bind(device.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?;
    let Some((key,)) = row else { return Ok(false) };
    delete_unnamed_trees(conn, ConversationKey(key)).await?;
    Ok(true)
}

/// Drops the Welcomes of commits that never happened.
pub(crate) async fn delete_from(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM welcomes WHERE conversation = $1 AND number >= $2")
        .bind(key.0)
        .bind(signed(number))
        .execute(&mut *conn)
        .await?;
    delete_unnamed_trees(conn, key).await
}

/// Drops all Welcomes of a device.
pub(crate) async fn delete_of_device(conn: &mut Conn, device: &DeviceId) -> Result<(), StoreError> {
    let rows: Vec<(i64,)> = sqlx::query_as("DELETE FROM welcomes WHERE device = $1 RETURNING conversation")
        .bind(device.as_bytes().as_slice())
        .fetch_all(&mut *conn)
        .await?;
    for (key,) in rows {
        delete_unnamed_trees(conn, ConversationKey(key)).await?;
    }
    Ok(())
}

/// Drops a conversation's trees that no Welcome names, and what no Welcome needs.
async fn delete_unnamed_trees(conn: &mut Conn, key: ConversationKey) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM trees WHERE conversation = $1 AND NOT EXISTS \
         (SELECT 1 FROM welcomes w WHERE w.tree = trees.hash AND w.conversation = $1)",
    )
    .bind(key.0)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "DELETE FROM welcome_infos WHERE conversation = $1 AND NOT EXISTS \
         (SELECT 1 FROM welcomes w WHERE w.number = welcome_infos.number AND w.conversation = $1)",
    )
    .bind(key.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// A tree, if a Welcome of this device names it.
pub(crate) async fn tree(
    conn: &mut Conn,
    key: ConversationKey,
    hash: &TreeHash,
    device: &DeviceId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as(
        "SELECT bytes FROM trees WHERE conversation = $1 AND hash = $2 AND EXISTS \
         (SELECT 1 FROM welcomes w WHERE w.conversation = $1 AND w.tree = $2 AND w.device = $3)",
    )
    .bind(key.0)
    .bind(hash.as_bytes().as_slice())
    .bind(device.as_bytes().as_slice())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(bytes,)| bytes))
}
