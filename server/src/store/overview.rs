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

/// Where a page of the list begins: after all of this handle, or of it those up to this URI, if there is one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct After<'a> {
    /// The handle.
    pub(crate) handle: &'a str,
    /// The URI: two accounts may have had one handle, one after the other.
    pub(crate) uri: &'a str,
}

/// Up to `limit` of them by handle and URI, those after `after`.
pub(crate) async fn known(
    conn: &mut Conn,
    filter: Filter,
    after: After<'_>,
    limit: u64,
) -> Result<Vec<Known>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT * FROM (SELECT a.uri, a.handle, a.limited, a.erased, \
         (SELECT COUNT(*) FROM devices d WHERE d.account = a.uri AND d.revoked = 0) AS devices, \
         (SELECT MAX(d.last_seen) FROM devices d WHERE d.account = a.uri AND d.revoked = 0) AS last_seen, \
         m.asked, m.allowed, m.suspended FROM accounts a LEFT JOIN admissions m ON m.uri = a.uri \
         UNION ALL SELECT m.uri, m.handle, 0, NULL, 0, NULL, m.asked, m.allowed, m.suspended FROM admissions m \
         WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.uri = m.uri)) AS known \
         WHERE (handle > $1 OR ($2 <> '' AND handle = $1 AND uri > $2)) \
         AND (CAST($3 AS BIGINT) = 0 OR asked IS NOT NULL) \
         AND (CAST($4 AS BIGINT) = 0 OR suspended IS NOT NULL) ORDER BY handle, uri LIMIT $5",
    )
    .bind(after.handle)
    .bind(after.uri)
    .bind(i64::from(filter.asked))
    .bind(i64::from(filter.suspended))
    .bind(signed(limit))
    .fetch_all(conn)
    .await?)
}

/// Who is known under this URI or handle, whether or not they have been here. A handle may have passed on: then it is
/// who has it now, not who was erased or was seen with it before.
pub(crate) async fn find(conn: &mut Conn, name: &str) -> Result<Option<(String, String)>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT uri, handle FROM (SELECT uri, handle, CASE WHEN erased IS NULL THEN 0 ELSE 2 END AS rank, looked_at \
         FROM accounts WHERE uri = $1 OR handle = $1 \
         UNION ALL SELECT uri, handle, 1 AS rank, 0 AS looked_at FROM admissions WHERE uri = $1 OR handle = $1) AS known \
         ORDER BY rank, looked_at DESC, uri LIMIT 1",
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

#[cfg(test)]
mod tests {
    use infrasound_spec::account::AccountKey;

    use super::*;
    use crate::{
        identity::Identity,
        store::{account, admission, backend, erasure},
    };

    const HANDLE: &str = "@alice@social.example";

    fn uri(name: &str) -> AccountUri {
        format!("https://social.example/users/{name}").parse().unwrap()
    }

    /// An account that has the handle since then.
    async fn seen(conn: &mut Conn, name: &str, at: u64) {
        let identity = Identity {
            account: uri(name),
            handle: HANDLE.parse().unwrap(),
            created_at: None,
            limited: false,
            role: None,
        };
        let key = AccountKey::from_bytes([1; 32]);
        account::store(conn, &identity, &key, Timestamp::from_secs(at)).await.unwrap();
    }

    async fn found(conn: &mut Conn) -> String {
        find(conn, HANDLE).await.unwrap().unwrap().0
    }

    #[tokio::test]
    async fn a_handle_means_who_has_it_now() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = backend::open(directory.path(), None).await.unwrap().writer;
        let conn = &mut conn;
        seen(conn, "a", 1).await;
        seen(conn, "c", 3).await;
        seen(conn, "b", 2).await;
        assert_eq!(found(conn).await, uri("c").as_str());
        assert_eq!(find(conn, uri("a").as_str()).await.unwrap().unwrap().0, uri("a").as_str());
        erasure::erase(conn, &uri("c"), Timestamp::from_secs(9)).await.unwrap();
        assert_eq!(found(conn).await, uri("b").as_str());
        for name in ["a", "b"] {
            erasure::erase(conn, &uri(name), Timestamp::from_secs(9)).await.unwrap();
        }
        let handle = HANDLE.parse().unwrap();
        admission::ask(conn, &uri("d"), &handle, Timestamp::from_secs(9)).await.unwrap();
        assert_eq!(found(conn).await, uri("d").as_str(), "who was erased has it no more");
    }

    #[tokio::test]
    async fn no_account_is_left_out_between_two_pages() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = backend::open(directory.path(), None).await.unwrap().writer;
        for name in ["a", "b", "c"] {
            seen(&mut conn, name, 1).await;
        }
        let (mut last, mut listed) = ((String::new(), String::new()), Vec::new());
        loop {
            let after = After { handle: &last.0, uri: &last.1 };
            let page = known(&mut conn, Filter::default(), after, 1).await.unwrap();
            let Some(one) = page.into_iter().next() else { break };
            last = (one.handle, one.uri.clone());
            listed.push(one.uri);
        }
        assert_eq!(listed, ["a", "b", "c"].map(|name| uri(name).to_string()));
        let after = After { handle: HANDLE, uri: "" };
        assert!(known(&mut conn, Filter::default(), after, 9).await.unwrap().is_empty());
    }
}
