//! What admins did. Rows are added, in the transaction of what they tell of, and never changed.

use infrasound_spec::time::Timestamp;

use super::{Conn, StoreError, millis, signed, time, unsigned};

/// Something that an admin did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its number.
    pub(crate) number: u64,
    /// When.
    pub(crate) time: Timestamp,
    /// Who.
    pub(crate) who: String,
    /// What.
    pub(crate) action: String,
    /// To which account or domain.
    pub(crate) subject: String,
    /// What else belongs to it.
    pub(crate) detail: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    time: i64,
    who: String,
    action: String,
    subject: String,
    detail: String,
}

impl From<Row> for Record {
    fn from(row: Row) -> Self {
        Self {
            number: unsigned(row.number),
            time: time(row.time),
            who: row.who,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        }
    }
}

/// Adds a record.
pub(crate) async fn add(
    conn: &mut Conn,
    now: Timestamp,
    who: &str,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (number, time, who, action, subject, detail) \
         VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM audit), $1, $2, $3, $4, $5)",
    )
    .bind(millis(now))
    .bind(who)
    .bind(action)
    .bind(subject)
    .bind(detail)
    .execute(conn)
    .await?;
    Ok(())
}

/// The last records, the newest first.
pub(crate) async fn last(conn: &mut Conn, limit: u64) -> Result<Vec<Record>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT number, time, who, action, subject, detail FROM audit ORDER BY number DESC LIMIT $1",
    )
    .bind(signed(limit))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Record::from).collect())
}

/// All records about an account or a domain, the oldest first.
pub(crate) async fn of(conn: &mut Conn, subject: &str) -> Result<Vec<Record>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT number, time, who, action, subject, detail FROM audit WHERE subject = $1 ORDER BY number",
    )
    .bind(subject)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Record::from).collect())
}
