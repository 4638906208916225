//! What goes when an account is erased, and what has to stay for others.
//!
//! | | |
//! |---|---|
//! | goes | devices' names and times, sessions, how they are woken, key packages, Welcomes, sign-ins, tickets, links, what it said of others, its policy, role and standing, its requests to join, its files, quotas |
//! | stays while somebody else's conversation names it | URI, handle and account key: the groups' own trees hold the first and the last, and whoever comes back under another key must be told from it |
//! | goes with the retention | what it has sent, which nobody here can read |

use infrasound_spec::{account::AccountUri, consent::RequestPolicy, time::Timestamp};

use super::{Conn, StoreError, admission, millis};

/// Erases what the account's row and those around it hold. Its devices are revoked already.
pub(crate) async fn erase(conn: &mut Conn, uri: &AccountUri, now: Timestamp) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM sessions WHERE device IN (SELECT device FROM devices WHERE account = $1)",
        "DELETE FROM challenges WHERE device IN (SELECT device FROM devices WHERE account = $1)",
        "UPDATE devices SET name = '', created = 0, last_seen = 0 WHERE account = $1",
        "DELETE FROM contacts WHERE account = $1",
        "DELETE FROM join_requests WHERE uri = $1",
        "DELETE FROM blob_attachments WHERE blob IN (SELECT blob FROM blobs WHERE account = $1)",
        // Their files go with the rows, in the sweep that follows.
        "UPDATE blobs SET expires = 0 WHERE account = $1",
        "DELETE FROM link_frames WHERE link IN (SELECT link FROM links WHERE account = $1)",
        "DELETE FROM links WHERE account = $1",
        "DELETE FROM quotas WHERE uri = $1",
    ] {
        sqlx::query(sql).bind(uri.as_str()).execute(&mut *conn).await?;
    }
    // Both hold the identity as JSON, which begins with the account.
    let identity = format!("{{\"account\":{},", serde_json::to_string(uri.as_str()).unwrap_or_default());
    for sql in [
        "DELETE FROM tickets WHERE SUBSTR(identity, 1, LENGTH($1)) = $1",
        "DELETE FROM sign_ins WHERE SUBSTR(identity, 1, LENGTH($1)) = $1",
    ] {
        sqlx::query(sql).bind(identity.as_str()).execute(&mut *conn).await?;
    }
    let policy = serde_json::to_string(&RequestPolicy::default()).unwrap_or_default();
    sqlx::query(
        "UPDATE accounts SET created_at = NULL, limited = 0, role = NULL, looked_at = 0, policy = $2, erased = $3 \
         WHERE uri = $1",
    )
    .bind(uri.as_str())
    .bind(policy)
    .bind(millis(now))
    .execute(&mut *conn)
    .await?;
    admission::erase(conn, uri).await
}

/// Drops what is left of an erased account, if nobody else's conversation or contact names it. `false` if one does.
pub(crate) async fn drop_unnamed(conn: &mut Conn, uri: &AccountUri) -> Result<bool, StoreError> {
    sqlx::query(
        "DELETE FROM devices WHERE account = $1 AND revoked = 1 \
         AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.device = devices.device)",
    )
    .bind(uri.as_str())
    .execute(&mut *conn)
    .await?;
    let done = sqlx::query(
        "DELETE FROM accounts WHERE uri = $1 AND erased IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.account = $1) \
         AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.account = $1) \
         AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.other = $1) \
         AND NOT EXISTS (SELECT 1 FROM participants p WHERE p.uri = $1) \
         AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.first = $1 OR c.second = $1)",
    )
    .bind(uri.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
