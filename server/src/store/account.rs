//! Accounts that have been here: known from their first device on.

use infrasound_spec::{
    account::{AccountKey, AccountUri, Handle},
    consent::RequestPolicy,
    time::Timestamp,
};

use super::{Conn, StoreError, millis, read, signed, time};
use crate::{identity::Identity, instance::Role};

/// An account.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the account key is called so everywhere")]
pub(crate) struct Account {
    /// Its URI.
    pub(crate) uri: AccountUri,
    /// Its handle.
    pub(crate) handle: Handle,
    /// Its key.
    pub(crate) account_key: AccountKey,
    /// When it was made at the instance, if the instance said so.
    pub(crate) created_at: Option<Timestamp>,
    /// Whether moderators limited it.
    pub(crate) limited: bool,
    /// Who may ask.
    pub(crate) policy: RequestPolicy,
    /// When the instance last said that it stands.
    pub(crate) looked_at: Timestamp,
    /// Its role at the instance, if that told one.
    pub(crate) role: Option<Role>,
    /// When an admin erased it, if it has not come back since.
    pub(crate) erased: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    uri: String,
    handle: String,
    account_key: Vec<u8>,
    created_at: Option<i64>,
    limited: i64,
    policy: String,
    looked_at: i64,
    role: Option<String>,
    erased: Option<i64>,
}

impl TryFrom<Row> for Account {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            uri: read(row.uri.parse().ok(), "accounts", "uri")?,
            handle: read(row.handle.parse().ok(), "accounts", "handle")?,
            account_key: read(AccountKey::from_slice(&row.account_key), "accounts", "account_key")?,
            created_at: row.created_at.map(time),
            limited: row.limited != 0,
            policy: read(serde_json::from_str(&row.policy).ok(), "accounts", "policy")?,
            looked_at: time(row.looked_at),
            role: match row.role {
                Some(role) => Some(read(serde_json::from_str(&role).ok(), "accounts", "role")?),
                None => None,
            },
            erased: row.erased.map(time),
        })
    }
}

const BY_URI: &str = "SELECT uri, handle, account_key, created_at, limited, policy, looked_at, role, erased \
    FROM accounts WHERE uri = $1";

/// The account with this URI.
pub(crate) async fn load(conn: &mut Conn, uri: &AccountUri) -> Result<Option<Account>, StoreError> {
    let row: Option<Row> = sqlx::query_as(BY_URI).bind(uri.as_str()).fetch_optional(conn).await?;
    row.map(Account::try_from).transpose()
}

/// The account that had this handle when it was last seen.
pub(crate) async fn by_handle(conn: &mut Conn, handle: &Handle) -> Result<Option<Account>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT uri, handle, account_key, created_at, limited, policy, looked_at, role, erased FROM accounts \
         WHERE handle = $1 ORDER BY looked_at DESC LIMIT 1",
    )
    .bind(handle.as_str())
    .fetch_optional(conn)
    .await?;
    row.map(Account::try_from).transpose()
}

/// Up to `limit` accounts that have sessions, by URI, those after `after`.
pub(crate) async fn with_sessions(
    conn: &mut Conn,
    after: &str,
    limit: u64,
) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT uri, handle, account_key, created_at, limited, policy, looked_at, role, erased FROM accounts \
         WHERE uri > $1 AND uri IN (SELECT d.account FROM sessions s JOIN devices d ON d.device = s.device) \
         ORDER BY uri LIMIT $2",
    )
    .bind(after)
    .bind(signed(limit))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// Notes an account as the instance describes it, under this key. Keeps an earlier policy.
pub(crate) async fn store(
    conn: &mut Conn,
    identity: &Identity,
    account_key: &AccountKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    let policy = serde_json::to_string(&RequestPolicy::default()).unwrap_or_default();
    sqlx::query(
        "INSERT INTO accounts (uri, handle, account_key, created_at, limited, policy, looked_at, contacts_seq, started_over_seq, role) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8) \
         ON CONFLICT (uri) DO UPDATE SET handle = excluded.handle, account_key = excluded.account_key, \
         created_at = excluded.created_at, limited = excluded.limited, looked_at = excluded.looked_at, \
         role = excluded.role, erased = NULL",
    )
    .bind(identity.account.as_str())
    .bind(identity.handle.as_str())
    .bind(account_key.as_bytes().as_slice())
    .bind(identity.created_at.map(millis))
    .bind(i64::from(identity.limited))
    .bind(policy)
    .bind(millis(now))
    .bind(identity.role.as_ref().and_then(|role| serde_json::to_string(role).ok()))
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets who may ask.
pub(crate) async fn set_policy(
    conn: &mut Conn,
    uri: &AccountUri,
    policy: &RequestPolicy,
) -> Result<(), StoreError> {
    let policy = serde_json::to_string(policy).unwrap_or_default();
    sqlx::query("UPDATE accounts SET policy = $2 WHERE uri = $1")
        .bind(uri.as_str())
        .bind(policy)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that the instance was asked, and how the account stands.
pub(crate) async fn set_standing(
    conn: &mut Conn,
    uri: &AccountUri,
    limited: bool,
    role: Option<&Role>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET limited = $2, looked_at = $3, role = $4 WHERE uri = $1")
        .bind(uri.as_str())
        .bind(i64::from(limited))
        .bind(millis(now))
        .bind(role.and_then(|role| serde_json::to_string(role).ok()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that what the account says of others changed.
pub(crate) async fn touch_contacts(conn: &mut Conn, uri: &AccountUri, seq: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET contacts_seq = $2 WHERE uri = $1")
        .bind(uri.as_str())
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that the account's devices changed.
pub(crate) async fn touch_devices(conn: &mut Conn, uri: &AccountUri, seq: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET devices_seq = $2 WHERE uri = $1")
        .bind(uri.as_str())
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that the account is in other conversations than before, or says something else of being in one.
pub(crate) async fn touch_conversations(
    conn: &mut Conn,
    uri: &AccountUri,
    seq: u64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET conversations_seq = $2 WHERE uri = $1")
        .bind(uri.as_str())
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether that happened after `cursor`.
pub(crate) async fn conversations_changed(
    conn: &mut Conn,
    uri: &AccountUri,
    cursor: u64,
) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT conversations_seq FROM accounts WHERE uri = $1 AND conversations_seq > $2")
            .bind(uri.as_str())
            .bind(signed(cursor))
            .fetch_optional(conn)
            .await?;
    Ok(row.is_some())
}

/// Notes that the account started over.
pub(crate) async fn touch_started_over(
    conn: &mut Conn,
    uri: &AccountUri,
    seq: u64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET started_over_seq = $2 WHERE uri = $1")
        .bind(uri.as_str())
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether the account's devices changed after `cursor`.
pub(crate) async fn devices_changed(
    conn: &mut Conn,
    uri: &AccountUri,
    cursor: u64,
) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT devices_seq FROM accounts WHERE uri = $1 AND devices_seq > $2")
            .bind(uri.as_str())
            .bind(signed(cursor))
            .fetch_optional(conn)
            .await?;
    Ok(row.is_some())
}

/// Whether what the account says of others changed after `cursor`.
pub(crate) async fn contacts_changed(
    conn: &mut Conn,
    uri: &AccountUri,
    cursor: u64,
) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT contacts_seq FROM accounts WHERE uri = $1 AND contacts_seq > $2")
            .bind(uri.as_str())
            .bind(signed(cursor))
            .fetch_optional(conn)
            .await?;
    Ok(row.is_some())
}

/// Who of those that the account shares a conversation with started over after `cursor`.
pub(crate) async fn started_over_since(
    conn: &mut Conn,
    uri: &AccountUri,
    cursor: u64,
) -> Result<Vec<AccountUri>, StoreError> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT DISTINCT a.uri FROM accounts a JOIN participants theirs ON theirs.uri = a.uri \
         JOIN participants own ON own.conversation = theirs.conversation AND own.uri = $1 \
         JOIN conversations c ON c.conversation = own.conversation \
         WHERE a.started_over_seq > $2 AND a.uri <> $1 AND (c.kind = 1 OR \
         (EXISTS (SELECT 1 FROM memberships m WHERE m.conversation = c.conversation AND m.account = own.account \
         AND m.until_number IS NULL) AND EXISTS (SELECT 1 FROM memberships m WHERE m.conversation = c.conversation \
         AND m.account = theirs.account AND m.until_number IS NULL)))",
    )
    .bind(uri.as_str())
    .bind(signed(cursor))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|(uri,)| read(uri.parse().ok(), "accounts", "uri")).collect()
}

#[cfg(test)]
mod tests {
    use infrasound_spec::account::{DeviceId, DeviceKey};

    use super::*;
    use crate::store::{
        backend,
        device::{self, Device},
        session,
    };

    /// An account with a device, that has a session.
    async fn with_session(conn: &mut Conn, number: u8) -> String {
        let (account, now) =
            (format!("https://social.example/users/{number}").parse().unwrap(), Timestamp::from_secs(1));
        let handle = format!("@user{number}@social.example").parse().unwrap();
        let account_key = AccountKey::from_bytes([1; 32]);
        let identity = Identity { account, handle, created_at: None, limited: false, role: None };
        store(conn, &identity, &account_key, now).await.unwrap();
        let id = DeviceId::from_bytes([number; 16]);
        let device = Device {
            device: id,
            account: identity.account.clone(),
            name: String::new(),
            device_key: DeviceKey::from_bytes([number; 32]),
            account_key,
            created: now,
            last_seen: now,
            revoked: false,
        };
        assert!(device::insert(conn, &device).await.unwrap());
        session::insert(conn, &[number; 32], &id, now).await.unwrap();
        identity.account.to_string()
    }

    #[tokio::test]
    async fn accounts_with_sessions_come_in_pages_and_each_comes_once() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = backend::open(directory.path(), None).await.unwrap().writer;
        let mut expected = Vec::new();
        for number in 1..=5 {
            expected.push(with_session(&mut conn, number).await);
        }
        let (mut after, mut listed) = (String::new(), Vec::new());
        loop {
            let page = with_sessions(&mut conn, &after, 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = last.uri.to_string();
            listed.extend(page.iter().map(|account| account.uri.to_string()));
        }
        assert_eq!(listed, expected);
    }
}
