//! Conversations: which, whose, and which founding.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::conversations::Participant,
    conversation::{Conversation, ConversationId},
};

use super::{Conn, StoreError, read, signed, unsigned};

/// Names a conversation inside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConversationKey(pub(crate) i64);

/// A conversation as it stands in its table.
#[derive(Clone, Debug)]
pub(crate) struct ConversationRow {
    /// Its key.
    pub(crate) key: ConversationKey,
    /// Its id.
    pub(crate) id: ConversationId,
    /// The two accounts, the first first.
    pub(crate) accounts: [AccountUri; 2],
    /// Which founding; with a voided founding, the next one.
    pub(crate) generation: u32,
    /// Whether there is a group.
    pub(crate) founded: bool,
    /// The first entry whose bytes are kept.
    pub(crate) kept_from: u64,
}

impl ConversationRow {
    /// Which of the two the account is.
    pub(crate) fn index_of(&self, account: &AccountUri) -> Option<usize> {
        self.accounts.iter().position(|one| one == account)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    conversation: i64,
    id: Vec<u8>,
    first: String,
    second: String,
    generation: i64,
    founded: i64,
    kept_from: i64,
}

impl TryFrom<Row> for ConversationRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        const TABLE: &str = "conversations";
        Ok(Self {
            key: ConversationKey(row.conversation),
            id: read(ConversationId::from_slice(&row.id), TABLE, "id")?,
            accounts: [
                read(row.first.parse().ok(), TABLE, "first")?,
                read(row.second.parse().ok(), TABLE, "second")?,
            ],
            generation: read(u32::try_from(row.generation).ok(), TABLE, "generation")?,
            founded: row.founded != 0,
            kept_from: unsigned(row.kept_from),
        })
    }
}

/// The conversation with this id.
pub(crate) async fn load(
    conn: &mut Conn,
    id: &ConversationId,
) -> Result<Option<ConversationRow>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT conversation, id, first, second, generation, founded, kept_from FROM conversations WHERE id = $1",
    )
    .bind(id.as_bytes().as_slice())
    .fetch_optional(conn)
    .await?;
    row.map(ConversationRow::try_from).transpose()
}

/// The conversation with this key.
pub(crate) async fn load_key(
    conn: &mut Conn,
    key: ConversationKey,
) -> Result<Option<ConversationRow>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT conversation, id, first, second, generation, founded, kept_from FROM conversations WHERE conversation = $1",
    )
    .bind(key.0)
    .fetch_optional(conn)
    .await?;
    row.map(ConversationRow::try_from).transpose()
}

/// The conversations that an account takes part in.
pub(crate) async fn of_account(
    conn: &mut Conn,
    account: &AccountUri,
) -> Result<Vec<ConversationRow>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT conversation, id, first, second, generation, founded, kept_from FROM conversations \
         WHERE first = $1 OR second = $1",
    )
    .bind(account.as_str())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(ConversationRow::try_from).collect()
}

/// The conversations in which the device has a leaf, and those that wait to be founded again in which it had one.
pub(crate) async fn of_device(
    conn: &mut Conn,
    device: &infrasound_spec::account::DeviceId,
) -> Result<Vec<ConversationRow>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT conversation, id, first, second, generation, founded, kept_from FROM conversations \
         WHERE conversation IN (SELECT conversation FROM memberships WHERE device = $1) \
         AND (founded = 0 OR conversation IN \
         (SELECT conversation FROM memberships WHERE device = $1 AND until_number IS NULL)) ORDER BY conversation",
    )
    .bind(device.as_bytes().as_slice())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(ConversationRow::try_from).collect()
}

/// Makes a conversation, or notes its next founding.
pub(crate) async fn found(
    conn: &mut Conn,
    conversation: &Conversation,
) -> Result<ConversationKey, StoreError> {
    let (key,): (i64,) = sqlx::query_as(
        "INSERT INTO conversations (conversation, id, first, second, generation, founded, kept_from) \
         VALUES ((SELECT COALESCE(MAX(conversation), 0) + 1 FROM conversations), $1, $2, $3, $4, 1, 1) \
         ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, founded = 1 RETURNING conversation",
    )
    .bind(conversation.id.as_bytes().as_slice())
    .bind(conversation.accounts[0].as_str())
    .bind(conversation.accounts[1].as_str())
    .bind(i64::from(conversation.generation))
    .fetch_one(conn)
    .await?;
    Ok(ConversationKey(key))
}

/// Notes that the founding was voided: the next one has the next generation.
pub(crate) async fn unfound(conn: &mut Conn, key: ConversationKey) -> Result<(), StoreError> {
    sqlx::query("UPDATE conversations SET founded = 0, generation = generation + 1 WHERE conversation = $1")
        .bind(key.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// The two accounts with their handles.
pub(crate) async fn participants(
    conn: &mut Conn,
    row: &ConversationRow,
) -> Result<Vec<Participant>, StoreError> {
    let mut participants = Vec::with_capacity(2);
    for account in &row.accounts {
        let (handle,): (String,) = sqlx::query_as("SELECT handle FROM accounts WHERE uri = $1")
            .bind(account.as_str())
            .fetch_one(&mut *conn)
            .await?;
        let handle: Handle = read(handle.parse().ok(), "accounts", "handle")?;
        participants.push(Participant { account: account.clone(), handle });
    }
    Ok(participants)
}

/// Which of the two accounts have leaves in the group, none of them of a live device.
pub(crate) async fn gone(conn: &mut Conn, key: ConversationKey) -> Result<Vec<usize>, StoreError> {
    let rows: Vec<(i64,)> = sqlx::query_as(
        "SELECT m.account FROM memberships m JOIN devices d ON d.device = m.device \
         WHERE m.conversation = $1 AND m.until_number IS NULL GROUP BY m.account HAVING MIN(d.revoked) = 1",
    )
    .bind(key.0)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(account,)| usize::from(account != 0)).collect())
}

/// The accounts in the group none of whose leaves is a live device.
pub(crate) async fn started_over(
    conn: &mut Conn,
    row: &ConversationRow,
) -> Result<Vec<AccountUri>, StoreError> {
    let gone = gone(conn, row.key).await?;
    Ok(gone.into_iter().filter_map(|index| row.accounts.get(index).cloned()).collect())
}

/// Whether any leaf belongs to a live device.
pub(crate) async fn has_live_leaf(conn: &mut Conn, key: ConversationKey) -> Result<bool, StoreError> {
    let (count,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM memberships m JOIN devices d ON d.device = m.device \
         WHERE m.conversation = $1 AND m.until_number IS NULL AND d.revoked = 0",
    )
    .bind(key.0)
    .fetch_one(conn)
    .await?;
    Ok(signed(1) <= count)
}
