//! Conversations: which, whose, and which founding.

use infrasound_spec::{
    account::AccountUri,
    conversation::{Conversation, ConversationId, ConversationKind, Parties},
};

use super::{Conn, StoreError, account_number, participant, read, signed, unsigned};

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
    /// What kind.
    pub(crate) kind: ConversationKind,
    /// Which founding; with a voided founding, the next one.
    pub(crate) generation: u32,
    /// Whether there is a group.
    pub(crate) founded: bool,
    /// The first entry whose bytes are kept.
    pub(crate) kept_from: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    conversation: i64,
    id: Vec<u8>,
    kind: i64,
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
            kind: match row.kind {
                DIRECT => ConversationKind::Direct,
                GROUP => ConversationKind::Group,
                _ => return Err(StoreError::Inconsistent { table: TABLE, column: "kind" }),
            },
            generation: read(u32::try_from(row.generation).ok(), TABLE, "generation")?,
            founded: row.founded != 0,
            kept_from: unsigned(row.kept_from),
        })
    }
}

const DIRECT: i64 = 1;
const GROUP: i64 = 2;

/// The conversation with this id.
pub(crate) async fn load(
    conn: &mut Conn,
    id: &ConversationId,
) -> Result<Option<ConversationRow>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT conversation, id, kind, generation, founded, kept_from FROM conversations WHERE id = $1",
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
        "SELECT conversation, id, kind, generation, founded, kept_from FROM conversations WHERE conversation = $1",
    )
    .bind(key.0)
    .fetch_optional(conn)
    .await?;
    row.map(ConversationRow::try_from).transpose()
}

/// The conversations in which a device of the account has a leaf, and those that wait to be founded again in which one
/// had.
pub(crate) async fn of_account(
    conn: &mut Conn,
    account: &AccountUri,
) -> Result<Vec<ConversationRow>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT c.conversation, c.id, c.kind, c.generation, c.founded, c.kept_from FROM conversations c \
         JOIN participants p ON p.conversation = c.conversation WHERE p.uri = $1 AND EXISTS \
         (SELECT 1 FROM memberships m JOIN devices d ON d.device = m.device WHERE d.revoked = 0 \
         AND m.conversation = p.conversation AND m.account = p.account \
         AND (c.founded = 0 OR (m.until_number IS NULL AND m.left_number IS NULL))) ORDER BY c.conversation",
    )
    .bind(account.as_str())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(ConversationRow::try_from).collect()
}

/// Makes a conversation, or notes its next founding.
pub(crate) async fn found(
    conn: &mut Conn,
    conversation: &Conversation,
) -> Result<ConversationKey, StoreError> {
    let (kind, first, second, salt) = match &conversation.parties {
        Parties::Direct([first, second]) => (DIRECT, first, second, None),
        Parties::Group { creator, salt } => (GROUP, creator, creator, Some(salt.as_slice())),
    };
    let (key,): (i64,) = sqlx::query_as(
        "INSERT INTO conversations (conversation, id, kind, first, second, salt, generation, founded, kept_from) \
         VALUES ((SELECT COALESCE(MAX(conversation), 0) + 1 FROM conversations), $1, $2, $3, $4, $5, $6, 1, 1) \
         ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, founded = 1 RETURNING conversation",
    )
    .bind(conversation.id.as_bytes().as_slice())
    .bind(kind)
    .bind(first.as_str())
    .bind(second.as_str())
    .bind(salt)
    .bind(i64::from(conversation.generation))
    .fetch_one(&mut *conn)
    .await?;
    if let Parties::Direct(accounts) = &conversation.parties {
        for (account, uri) in accounts.iter().enumerate() {
            sqlx::query(
                "INSERT INTO participants (conversation, account, uri, consent, may_found) VALUES ($1, $2, $3, 0, 0) \
                 ON CONFLICT (conversation, account) DO NOTHING",
            )
            .bind(key)
            .bind(signed(account as u64))
            .bind(uri.as_str())
            .execute(&mut *conn)
            .await?;
        }
    }
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

/// Which accounts have leaves in the group, none of them of a live device.
pub(crate) async fn gone(conn: &mut Conn, key: ConversationKey) -> Result<Vec<usize>, StoreError> {
    let rows: Vec<(i64,)> = sqlx::query_as(
        "SELECT m.account FROM memberships m JOIN devices d ON d.device = m.device \
         WHERE m.conversation = $1 AND m.until_number IS NULL GROUP BY m.account HAVING MIN(d.revoked) = 1",
    )
    .bind(key.0)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(account,)| account_number(account)).collect())
}

/// The accounts in the group none of whose leaves is a live device.
pub(crate) async fn started_over(
    conn: &mut Conn,
    row: &ConversationRow,
) -> Result<Vec<AccountUri>, StoreError> {
    let mut accounts = Vec::new();
    for account in gone(conn, row.key).await? {
        accounts.extend(participant::at(conn, row.key, account).await?.map(|part| part.uri));
    }
    Ok(accounts)
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
