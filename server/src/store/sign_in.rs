//! Sign-ins that have begun: from the first request, over the browser's return, to the code.

use infrasound_spec::{api::sign_in::SignInId, time::Timestamp};

use super::{Conn, StoreError, millis, read, unsigned};
use crate::identity::Identity;

/// A sign-in that the browser has come back from.
pub(crate) struct Returned {
    /// Who signed in.
    pub(crate) identity: Identity,
    /// The digest of the code that the page showed.
    pub(crate) code_digest: Vec<u8>,
    /// How many wrong codes came.
    pub(crate) tries: u64,
}

/// Notes a sign-in.
pub(crate) async fn insert(
    conn: &mut Conn,
    sign_in: &SignInId,
    state_digest: &[u8; 32],
    verifier: &str,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sign_ins (sign_in, state_digest, verifier, expires, tries) VALUES ($1, $2, $3, $4, 0)",
    )
    .bind(sign_in.as_bytes().as_slice())
    .bind(state_digest.as_slice())
    .bind(verifier)
    .bind(millis(expires))
    .execute(conn)
    .await?;
    Ok(())
}

/// Uses a `state` up: the PKCE verifier of the sign-in that it belongs to, if its browser has not come back before.
pub(crate) async fn take_verifier(
    conn: &mut Conn,
    state_digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT verifier FROM sign_ins WHERE state_digest = $1 AND expires > $2 AND verifier <> ''",
    )
    .bind(state_digest.as_slice())
    .bind(millis(now))
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query("UPDATE sign_ins SET verifier = '' WHERE state_digest = $1")
        .bind(state_digest.as_slice())
        .execute(conn)
        .await?;
    Ok(row.map(|(verifier,)| verifier))
}

/// Notes who came back and the code that is shown. `None` if it is too late, else which sign-in it is.
pub(crate) async fn set_returned(
    conn: &mut Conn,
    state_digest: &[u8; 32],
    identity: &Identity,
    code_digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<SignInId>, StoreError> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as(
        "UPDATE sign_ins SET identity = $2, code_digest = $3 \
         WHERE state_digest = $1 AND expires > $4 AND identity IS NULL RETURNING sign_in",
    )
    .bind(state_digest.as_slice())
    .bind(serde_json::to_string(identity).unwrap_or_default())
    .bind(code_digest.as_slice())
    .bind(millis(now))
    .fetch_optional(conn)
    .await?;
    row.map(|(sign_in,)| read(SignInId::from_slice(&sign_in), "sign_ins", "sign_in")).transpose()
}

/// A sign-in that the browser has come back from.
pub(crate) async fn load_returned(
    conn: &mut Conn,
    sign_in: &SignInId,
    now: Timestamp,
) -> Result<Option<Returned>, StoreError> {
    let row: Option<(String, Vec<u8>, i64)> = sqlx::query_as(
        "SELECT identity, code_digest, tries FROM sign_ins \
         WHERE sign_in = $1 AND expires > $2 AND identity IS NOT NULL AND code_digest IS NOT NULL",
    )
    .bind(sign_in.as_bytes().as_slice())
    .bind(millis(now))
    .fetch_optional(conn)
    .await?;
    row.map(|(identity, code_digest, tries)| {
        let identity = read(serde_json::from_str(&identity).ok(), "sign_ins", "identity")?;
        Ok(Returned { identity, code_digest, tries: unsigned(tries) })
    })
    .transpose()
}

/// Counts a wrong code.
pub(crate) async fn count_try(conn: &mut Conn, sign_in: &SignInId) -> Result<(), StoreError> {
    sqlx::query("UPDATE sign_ins SET tries = tries + 1 WHERE sign_in = $1")
        .bind(sign_in.as_bytes().as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets a sign-in.
pub(crate) async fn delete(conn: &mut Conn, sign_in: &SignInId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sign_ins WHERE sign_in = $1")
        .bind(sign_in.as_bytes().as_slice())
        .execute(conn)
        .await?;
    Ok(())
}
