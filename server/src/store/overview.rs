//! What admins list: accounts with what was decided of them, sessions, and how much is kept.

use infrasound_spec::{account::AccountUri, time::Timestamp};

use super::{Conn, StoreError, millis, signed, time, unsigned};

/// An account, or somebody of whom something was decided who has not been here.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Known {
    pub(crate) uri: String,
    pub(crate) handle: String,
    pub(crate) limited: i64,
    pub(crate) erased: Option<i64>,
    pub(crate) devices: i64,
    pub(crate) last_seen: Option<i64>,
    pub(crate) asked: Option<i64>,
    pub(crate) allowed: Option<i64>,
    pub(crate) suspended: Option<i64>,
}

/// Which accounts are listed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter {
    /// Only who has asked.
    pub(crate) asked: bool,
    /// Only who is suspended.
    pub(crate) suspended: bool,
}

/// Up to `limit` of them by handle, those after `after`.
pub(crate) async fn known(
    conn: &mut Conn,
    filter: Filter,
    after: &str,
    limit: u64,
) -> Result<Vec<Known>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT * FROM (SELECT a.uri, a.handle, a.limited, a.erased, \
         (SELECT COUNT(*) FROM devices d WHERE d.account = a.uri AND d.revoked = 0) AS devices, \
         (SELECT MAX(d.last_seen) FROM devices d WHERE d.account = a.uri AND d.revoked = 0) AS last_seen, \
         m.asked, m.allowed, m.suspended FROM accounts a LEFT JOIN admissions m ON m.uri = a.uri \
         UNION ALL SELECT m.uri, m.handle, 0, NULL, 0, NULL, m.asked, m.allowed, m.suspended FROM admissions m \
         WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.uri = m.uri)) AS known \
         WHERE handle > $1 AND (CAST($2 AS BIGINT) = 0 OR asked IS NOT NULL) \
         AND (CAST($3 AS BIGINT) = 0 OR suspended IS NOT NULL) ORDER BY handle, uri LIMIT $4",
    )
    .bind(after)
    .bind(i64::from(filter.asked))
    .bind(i64::from(filter.suspended))
    .bind(signed(limit))
    .fetch_all(conn)
    .await?)
}

/// Who is known under this URI or handle, whether or not they have been here.
pub(crate) async fn find(conn: &mut Conn, name: &str) -> Result<Option<(String, String)>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT uri, handle FROM (SELECT uri, handle, 0 AS rank FROM accounts WHERE uri = $1 OR handle = $1 \
         UNION ALL SELECT uri, handle, 1 AS rank FROM admissions WHERE uri = $1 OR handle = $1) AS known \
         ORDER BY rank LIMIT 1",
    )
    .bind(name)
    .fetch_optional(conn)
    .await?)
}

/// A session that has not ended.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Open {
    pub(crate) handle: String,
    pub(crate) device: Vec<u8>,
    pub(crate) name: String,
    pub(crate) last_seen: i64,
    pub(crate) expires: i64,
}

/// Sessions, of one account or of all, up to `limit`.
pub(crate) async fn sessions(
    conn: &mut Conn,
    account: Option<&AccountUri>,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Open>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT a.handle, d.device, d.name, d.last_seen, s.expires FROM sessions s \
         JOIN devices d ON d.device = s.device JOIN accounts a ON a.uri = d.account \
         WHERE s.expires > $1 AND ($2 = '' OR d.account = $2) ORDER BY a.handle, d.device, s.expires LIMIT $3",
    )
    .bind(millis(now))
    .bind(account.map_or("", AccountUri::as_str))
    .bind(signed(limit))
    .fetch_all(conn)
    .await?)
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// Entries with bytes.
    pub(crate) entries: u64,
    /// Those bytes.
    pub(crate) entry_bytes: u64,
    /// When the oldest of them came.
    pub(crate) oldest: Option<Timestamp>,
    /// Files.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) file_bytes: u64,
}

/// Counts what is kept. It looks at every entry: for an admin who asks, not for a request.
pub(crate) async fn kept(conn: &mut Conn) -> Result<Kept, StoreError> {
    let (entries, entry_bytes, oldest): (i64, i64, Option<i64>) = sqlx::query_as(
        "SELECT COUNT(*), CAST(COALESCE(SUM(LENGTH(bytes)), 0) AS BIGINT), MIN(time) FROM entries \
         WHERE bytes IS NOT NULL",
    )
    .fetch_one(&mut *conn)
    .await?;
    let (files, file_bytes): (i64, i64) =
        sqlx::query_as("SELECT COUNT(*), CAST(COALESCE(SUM(received), 0) AS BIGINT) FROM blobs")
            .fetch_one(conn)
            .await?;
    Ok(Kept {
        entries: unsigned(entries),
        entry_bytes: unsigned(entry_bytes),
        oldest: oldest.map(time),
        files: unsigned(files),
        file_bytes: unsigned(file_bytes),
    })
}
