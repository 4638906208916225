//! What accounts say of each other.

use infrasound_spec::{account::AccountUri, api::contacts::Contact, consent::ContactState};

use super::{Conn, StoreError, read};

/// How it is stored.
pub(crate) const fn code(state: ContactState) -> i64 {
    match state {
        ContactState::None => 0,
        ContactState::Accepted => 1,
        ContactState::Ignored => 2,
        ContactState::Blocked => 3,
    }
}

/// What was stored.
pub(crate) const fn from_code(code: i64) -> Option<ContactState> {
    match code {
        1 => Some(ContactState::Accepted),
        2 => Some(ContactState::Ignored),
        3 => Some(ContactState::Blocked),
        _ => None,
    }
}

/// What `account` says of `other`.
pub(crate) async fn load(
    conn: &mut Conn,
    account: &AccountUri,
    other: &AccountUri,
) -> Result<ContactState, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT state FROM contacts WHERE account = $1 AND other = $2")
        .bind(account.as_str())
        .bind(other.as_str())
        .fetch_optional(conn)
        .await?;
    row.map_or(Ok(ContactState::None), |(state,)| read(from_code(state), "contacts", "state"))
}

/// Sets what `account` says of `other`.
pub(crate) async fn store(
    conn: &mut Conn,
    account: &AccountUri,
    other: &AccountUri,
    state: ContactState,
) -> Result<(), StoreError> {
    if state == ContactState::None {
        sqlx::query("DELETE FROM contacts WHERE account = $1 AND other = $2")
            .bind(account.as_str())
            .bind(other.as_str())
            .execute(conn)
            .await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO contacts (account, other, state) VALUES ($1, $2, $3) \
         ON CONFLICT (account, other) DO UPDATE SET state = excluded.state",
    )
    .bind(account.as_str())
    .bind(other.as_str())
    .bind(code(state))
    .execute(conn)
    .await?;
    Ok(())
}

/// All that `account` says of others.
pub(crate) async fn list(conn: &mut Conn, account: &AccountUri) -> Result<Vec<Contact>, StoreError> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT c.other, a.handle, c.state FROM contacts c JOIN accounts a ON a.uri = c.other \
         WHERE c.account = $1 ORDER BY a.handle",
    )
    .bind(account.as_str())
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(other, handle, state)| {
            Ok(Contact {
                account: read(other.parse().ok(), "contacts", "other")?,
                handle: read(handle.parse().ok(), "accounts", "handle")?,
                state: read(from_code(state), "contacts", "state")?,
            })
        })
        .collect()
}
