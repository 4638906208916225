//! Who takes part in a conversation: the accounts that have or had leaves, each with its number there.
//!
//! **Invariant:** an account keeps its number, whatever becomes of it: commits, reports and memberships name it.

use infrasound_spec::{
    account::{AccountUri, DeviceId, Handle},
    api::conversations::Participant,
    consent::ContactState,
    time::Timestamp,
};

use super::{
    Conn, StoreError, account_number, contact, conversation::ConversationKey, millis, read, signed, unsigned,
};

/// An account in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its number there.
    pub(crate) account: usize,
    /// Who it is.
    pub(crate) uri: AccountUri,
    /// In a group: what it says of being in it.
    pub(crate) consent: ContactState,
    /// Who added it, if somebody did.
    pub(crate) inviter: Option<usize>,
}

/// How an account comes into a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it says of being in it.
    pub(crate) consent: ContactState,
    /// Who added it, and when, if somebody did.
    pub(crate) invited: Option<(usize, Timestamp)>,
}

impl Entry {
    /// By itself.
    pub(crate) const BY_ITSELF: Self = Self { consent: ContactState::Accepted, invited: None };
}

#[derive(sqlx::FromRow)]
struct Row {
    account: i64,
    uri: String,
    consent: i64,
    inviter: Option<i64>,
}

impl TryFrom<Row> for Part {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            account: account_number(row.account),
            uri: read(row.uri.parse().ok(), "participants", "uri")?,
            consent: consent(row.consent)?,
            inviter: row.inviter.map(account_number),
        })
    }
}

fn consent(code: i64) -> Result<ContactState, StoreError> {
    match code {
        0 => Ok(ContactState::None),
        code => read(contact::from_code(code), "participants", "consent"),
    }
}

/// An account's part in a conversation.
pub(crate) async fn load(
    conn: &mut Conn,
    key: ConversationKey,
    uri: &AccountUri,
) -> Result<Option<Part>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT account, uri, consent, inviter FROM participants WHERE conversation = $1 AND uri = $2",
    )
    .bind(key.0)
    .bind(uri.as_str())
    .fetch_optional(conn)
    .await?;
    row.map(Part::try_from).transpose()
}

/// In how many conversations the account takes or took part.
pub(crate) async fn count(conn: &mut Conn, uri: &AccountUri) -> Result<u64, StoreError> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM participants WHERE uri = $1")
        .bind(uri.as_str())
        .fetch_one(conn)
        .await?;
    Ok(unsigned(count))
}

/// The part with this number.
pub(crate) async fn at(
    conn: &mut Conn,
    key: ConversationKey,
    account: usize,
) -> Result<Option<Part>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT account, uri, consent, inviter FROM participants WHERE conversation = $1 AND account = $2",
    )
    .bind(key.0)
    .bind(signed(account as u64))
    .fetch_optional(conn)
    .await?;
    row.map(Part::try_from).transpose()
}

/// All who take or took part.
pub(crate) async fn all(conn: &mut Conn, key: ConversationKey) -> Result<Vec<Part>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT account, uri, consent, inviter FROM participants WHERE conversation = $1 ORDER BY account",
    )
    .bind(key.0)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Part::try_from).collect()
}

/// The part's account with its handle.
pub(crate) async fn named(
    conn: &mut Conn,
    key: ConversationKey,
    account: usize,
) -> Result<Option<Participant>, StoreError> {
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT a.uri, a.handle FROM participants p JOIN accounts a ON a.uri = p.uri \
         WHERE p.conversation = $1 AND p.account = $2",
    )
    .bind(key.0)
    .bind(signed(account as u64))
    .fetch_optional(conn)
    .await?;
    row.map(participant).transpose()
}

fn participant((uri, handle): (String, String)) -> Result<Participant, StoreError> {
    let handle: Handle = read(handle.parse().ok(), "accounts", "handle")?;
    Ok(Participant { account: read(uri.parse().ok(), "accounts", "uri")?, handle })
}

/// All who take or took part in a direct conversation, with their handles, in order.
pub(crate) async fn list(conn: &mut Conn, key: ConversationKey) -> Result<Vec<Participant>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT a.uri, a.handle FROM participants p JOIN accounts a ON a.uri = p.uri \
         WHERE p.conversation = $1 ORDER BY p.account",
    )
    .bind(key.0)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(participant).collect()
}

/// Who had a leaf at a time at which the account had one.
pub(crate) async fn met(
    conn: &mut Conn,
    key: ConversationKey,
    account: usize,
) -> Result<Vec<Participant>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT a.uri, a.handle FROM participants p JOIN accounts a ON a.uri = p.uri \
         WHERE p.conversation = $1 AND EXISTS (SELECT 1 FROM memberships theirs JOIN memberships own \
         ON own.conversation = theirs.conversation AND own.account = $2 \
         AND theirs.from_number <= COALESCE(own.until_number, theirs.from_number) \
         AND COALESCE(theirs.until_number, own.from_number) >= own.from_number \
         WHERE theirs.conversation = $1 AND theirs.account = p.account) ORDER BY p.account",
    )
    .bind(key.0)
    .bind(signed(account as u64))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(participant).collect()
}

/// Notes an account that comes in by the entry `number`, and returns its number. What it said before is kept for a void.
pub(crate) async fn enter(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    uri: &AccountUri,
    entry: Entry,
) -> Result<usize, StoreError> {
    sqlx::query(
        "INSERT INTO earlier_consents (conversation, number, account, consent, inviter, invited_at) \
         SELECT conversation, $3, account, consent, inviter, invited_at FROM participants \
         WHERE conversation = $1 AND uri = $2",
    )
    .bind(key.0)
    .bind(uri.as_str())
    .bind(signed(number))
    .execute(&mut *conn)
    .await?;
    let (account,): (i64,) = sqlx::query_as(
        "INSERT INTO participants (conversation, account, uri, consent, inviter, invited_at, may_found) VALUES \
         ($1, (SELECT COALESCE(MAX(account), -1) + 1 FROM participants WHERE conversation = $1), $2, $3, $4, $5, 0) \
         ON CONFLICT (uri, conversation) DO UPDATE SET consent = excluded.consent, inviter = excluded.inviter, \
         invited_at = excluded.invited_at RETURNING account",
    )
    .bind(key.0)
    .bind(uri.as_str())
    .bind(contact::code(entry.consent))
    .bind(entry.invited.map(|(inviter, _)| signed(inviter as u64)))
    .bind(entry.invited.map(|(_, at)| millis(at)))
    .fetch_one(conn)
    .await?;
    Ok(account_number(account))
}

/// Gives back what was said before the commits from `voided` on let accounts in.
pub(crate) async fn void(conn: &mut Conn, key: ConversationKey, voided: u64) -> Result<(), StoreError> {
    let rows: Vec<(i64, i64, Option<i64>, Option<i64>)> = sqlx::query_as(
        "SELECT account, consent, inviter, invited_at FROM earlier_consents \
         WHERE conversation = $1 AND number >= $2 ORDER BY number DESC",
    )
    .bind(key.0)
    .bind(signed(voided))
    .fetch_all(&mut *conn)
    .await?;
    // The newest first, so that the oldest stays, if an account came in twice.
    for (account, consent, inviter, invited_at) in rows {
        sqlx::query(
            "UPDATE participants SET consent = $3, inviter = $4, invited_at = $5 \
             WHERE conversation = $1 AND account = $2",
        )
        .bind(key.0)
        .bind(account)
        .bind(consent)
        .bind(inviter)
        .bind(invited_at)
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query("DELETE FROM earlier_consents WHERE conversation = $1 AND number >= $2")
        .bind(key.0)
        .bind(signed(voided))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets what only a void of the commits up to `number` would need.
pub(crate) async fn settle(conn: &mut Conn, key: ConversationKey, number: u64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM earlier_consents WHERE conversation = $1 AND number <= $2")
        .bind(key.0)
        .bind(signed(number))
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets what an account says of being in a group.
pub(crate) async fn set_consent(
    conn: &mut Conn,
    key: ConversationKey,
    account: usize,
    state: ContactState,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE participants SET consent = $3 WHERE conversation = $1 AND account = $2")
        .bind(key.0)
        .bind(signed(account as u64))
        .bind(contact::code(state))
        .execute(conn)
        .await?;
    Ok(())
}

/// Members that were invited before `before` and have said nothing.
pub(crate) async fn unanswered(
    conn: &mut Conn,
    key: ConversationKey,
    before: Timestamp,
) -> Result<Vec<AccountUri>, StoreError> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT p.uri FROM participants p WHERE p.conversation = $1 AND p.consent = 0 AND p.invited_at <= $2 \
         AND EXISTS (SELECT 1 FROM memberships m WHERE m.conversation = p.conversation AND m.account = p.account \
         AND m.until_number IS NULL AND m.left_number IS NULL) ORDER BY p.account",
    )
    .bind(key.0)
    .bind(millis(before))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|(uri,)| read(uri.parse().ok(), "participants", "uri")).collect()
}

/// Notes who may found the group again if the founding that comes is voided.
pub(crate) async fn set_founders<'a>(
    conn: &mut Conn,
    key: ConversationKey,
    owners: impl Iterator<Item = &'a AccountUri>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE participants SET may_found = 0 WHERE conversation = $1")
        .bind(key.0)
        .execute(&mut *conn)
        .await?;
    for owner in owners {
        sqlx::query("UPDATE participants SET may_found = 1 WHERE conversation = $1 AND uri = $2")
            .bind(key.0)
            .bind(owner.as_str())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Whether the account may found a group again whose last founding was voided.
pub(crate) async fn may_found(
    conn: &mut Conn,
    key: ConversationKey,
    uri: &AccountUri,
) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT may_found FROM participants WHERE conversation = $1 AND uri = $2")
            .bind(key.0)
            .bind(uri.as_str())
            .fetch_optional(conn)
            .await?;
    Ok(row.is_some_and(|(may_found,)| may_found != 0))
}

/// The live devices of the other accounts that share a direct conversation or a group with this one.
pub(crate) async fn devices_of_others(
    conn: &mut Conn,
    uri: &AccountUri,
) -> Result<Vec<DeviceId>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT d.device FROM devices d WHERE d.revoked = 0 AND d.account <> $1 AND d.account IN \
         (SELECT theirs.uri FROM participants own JOIN participants theirs ON theirs.conversation = own.conversation \
         JOIN conversations c ON c.conversation = own.conversation WHERE own.uri = $1 AND (c.kind = 1 OR \
         (EXISTS (SELECT 1 FROM memberships m WHERE m.conversation = c.conversation AND m.account = own.account \
         AND m.until_number IS NULL) AND EXISTS (SELECT 1 FROM memberships m WHERE m.conversation = c.conversation \
         AND m.account = theirs.account AND m.until_number IS NULL))))",
    )
    .bind(uri.as_str())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|(device,)| read(DeviceId::from_slice(&device), "devices", "device")).collect()
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Executor as _, SqliteConnection};

    use super::*;
    use crate::store::{conversation, membership};

    /// A database of before there were groups, with one conversation.
    const OLD: &str = "INSERT INTO accounts VALUES \
        ('https://a.example/alice', '@alice@a.example', x'00', NULL, 0, '{}', 0, 0, 0), \
        ('https://a.example/bob', '@bob@a.example', x'00', NULL, 0, '{}', 0, 0, 0); \
        INSERT INTO conversations VALUES (7, zeroblob(32), 'https://a.example/alice', 'https://a.example/bob', 0, 1, 1); \
        INSERT INTO devices VALUES \
        (zeroblob(16), 'https://a.example/bob', 'phone', zeroblob(32), zeroblob(32), 0, 0, 0); \
        INSERT INTO heads VALUES (7, 1, 0, 1, 1, 0, 0, 0, 0); \
        INSERT INTO memberships VALUES (7, zeroblob(16), 1, 1, NULL, 0);";

    #[tokio::test]
    async fn conversations_of_before_there_were_groups_keep_their_accounts() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for sql in [
            include_str!("../../migrations/0001_relay.sql"),
            include_str!("../../migrations/0002_gone.sql"),
            OLD,
            include_str!("../../migrations/0003_groups.sql"),
        ] {
            conn.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
        }
        let bob: AccountUri = "https://a.example/bob".parse().unwrap();
        let row = conversation::of_account(&mut conn, &bob).await.unwrap().pop().unwrap();
        assert_eq!(row.kind, infrasound_spec::conversation::ConversationKind::Direct);
        let part = load(&mut conn, row.key, &bob).await.unwrap().unwrap();
        assert_eq!((part.account, part.inviter), (1, None));
        assert!(membership::is_member(&mut conn, row.key, part.account).await.unwrap());
        let list = list(&mut conn, row.key).await.unwrap();
        assert_eq!(
            list.iter().map(|one| one.handle.as_str()).collect::<Vec<_>>(),
            ["@alice@a.example", "@bob@a.example"]
        );
    }

    #[tokio::test]
    async fn a_void_gives_back_what_was_said_before_the_first_commit_that_it_takes() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for sql in [
            include_str!("../../migrations/0001_relay.sql"),
            include_str!("../../migrations/0002_gone.sql"),
            OLD,
            include_str!("../../migrations/0003_groups.sql"),
        ] {
            conn.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
        }
        let (key, bob) = (ConversationKey(7), "https://a.example/bob".parse().unwrap());
        enter(&mut conn, key, 2, &bob, Entry::BY_ITSELF).await.unwrap();
        settle(&mut conn, key, 2).await.unwrap();
        for number in [3, 4] {
            let invited = Some((0, Timestamp::from_millis(number)));
            let entry = Entry { consent: ContactState::None, invited };
            assert_eq!(enter(&mut conn, key, number, &bob, entry).await.unwrap(), 1, "it keeps its number");
        }
        assert_eq!(load(&mut conn, key, &bob).await.unwrap().unwrap().inviter, Some(0));
        void(&mut conn, key, 3).await.unwrap();
        let part = load(&mut conn, key, &bob).await.unwrap().unwrap();
        assert_eq!((part.consent, part.inviter), (ContactState::Accepted, None));
    }
}
