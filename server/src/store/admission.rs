//! What admins have decided of accounts, whether or not these have been here: who has asked, is allowed, is suspended.

use infrasound_spec::{
    account::{AccountUri, Handle},
    time::Timestamp,
};

use super::{Conn, StoreError, millis, time};

/// What was decided of an account, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admission {
    /// It has asked to be let in.
    pub(crate) asked: Option<Timestamp>,
    /// It is let in.
    pub(crate) allowed: Option<Timestamp>,
    /// It is suspended.
    pub(crate) suspended: Option<Timestamp>,
    /// Why, in words for the person.
    pub(crate) reason: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    asked: Option<i64>,
    allowed: Option<i64>,
    suspended: Option<i64>,
    reason: String,
}

/// What was decided of the account. Nothing, if there is no row.
pub(crate) async fn load(conn: &mut Conn, uri: &AccountUri) -> Result<Admission, StoreError> {
    let row: Option<Row> =
        sqlx::query_as("SELECT asked, allowed, suspended, reason FROM admissions WHERE uri = $1")
            .bind(uri.as_str())
            .fetch_optional(conn)
            .await?;
    Ok(row.map_or_else(Admission::default, |row| Admission {
        asked: row.asked.map(time),
        allowed: row.allowed.map(time),
        suspended: row.suspended.map(time),
        reason: row.reason,
    }))
}

/// Notes that an account has asked. The first time counts.
pub(crate) async fn ask(
    conn: &mut Conn,
    uri: &AccountUri,
    handle: &Handle,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO admissions (uri, handle, asked, reason) VALUES ($1, $2, $3, '') \
         ON CONFLICT (uri) DO UPDATE SET handle = excluded.handle, asked = COALESCE(admissions.asked, excluded.asked)",
    )
    .bind(uri.as_str())
    .bind(handle.as_str())
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets an account in, or not any more. Either answers what it asked.
pub(crate) async fn set_allowed(
    conn: &mut Conn,
    uri: &AccountUri,
    handle: &Handle,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO admissions (uri, handle, allowed, reason) VALUES ($1, $2, $3, '') \
         ON CONFLICT (uri) DO UPDATE SET handle = excluded.handle, asked = NULL, allowed = excluded.allowed",
    )
    .bind(uri.as_str())
    .bind(handle.as_str())
    .bind(since.map(millis))
    .execute(&mut *conn)
    .await?;
    drop_empty(conn, uri).await
}

/// Lets in all accounts that are here. How many.
pub(crate) async fn allow_all(conn: &mut Conn, now: Timestamp) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "INSERT INTO admissions (uri, handle, allowed, reason) SELECT uri, handle, CAST($1 AS BIGINT), '' \
         FROM accounts WHERE erased IS NULL \
         ON CONFLICT (uri) DO UPDATE SET asked = NULL, allowed = COALESCE(admissions.allowed, excluded.allowed)",
    )
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Suspends an account, or ends that.
pub(crate) async fn set_suspended(
    conn: &mut Conn,
    uri: &AccountUri,
    handle: &Handle,
    since: Option<Timestamp>,
    reason: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO admissions (uri, handle, suspended, reason) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (uri) DO UPDATE SET handle = excluded.handle, suspended = excluded.suspended, \
         reason = excluded.reason",
    )
    .bind(uri.as_str())
    .bind(handle.as_str())
    .bind(since.map(millis))
    .bind(reason)
    .execute(&mut *conn)
    .await?;
    drop_empty(conn, uri).await
}

/// A row that says nothing goes.
async fn drop_empty(conn: &mut Conn, uri: &AccountUri) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM admissions WHERE uri = $1 AND asked IS NULL AND allowed IS NULL AND suspended IS NULL",
    )
    .bind(uri.as_str())
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what an erased account asked and was allowed. A suspension stays.
pub(crate) async fn erase(conn: &mut Conn, uri: &AccountUri) -> Result<(), StoreError> {
    sqlx::query("UPDATE admissions SET asked = NULL, allowed = NULL WHERE uri = $1")
        .bind(uri.as_str())
        .execute(&mut *conn)
        .await?;
    drop_empty(conn, uri).await
}

/// Forgets who asked before `before` and was not answered.
pub(crate) async fn delete_asked_before(conn: &mut Conn, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM admissions WHERE asked <= $1 AND allowed IS NULL AND suspended IS NULL")
        .bind(millis(before))
        .execute(conn)
        .await?;
    Ok(())
}
