//! The entries of the logs.

use futures_util::TryStreamExt as _;
use infrasound_spec::{
    account::DeviceId,
    bytes::Base64Url,
    limits,
    log::{EntryDigest, EntryKind, LogEntry},
    submission::SubmissionId,
    time::Timestamp,
};
use sqlx::{QueryBuilder, Sqlite};

use super::{
    Conn, StoreError, conversation::ConversationKey, head::chunks, millis, read, signed, time, unsigned,
};

/// An entry to append. Its number is the head's next.
#[derive(Clone, Debug)]
pub(crate) struct NewEntry {
    /// In which log.
    pub(crate) key: ConversationKey,
    /// Its number.
    pub(crate) number: u64,
    /// Its time.
    pub(crate) time: Timestamp,
    /// What it is.
    pub(crate) kind: EntryKind,
    /// SHA-256 of the bytes.
    pub(crate) digest: EntryDigest,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// The device and its id for the submission; `None` for an entry of the hub's own.
    pub(crate) submitter: Option<(DeviceId, SubmissionId)>,
}

/// An entry that a submission became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Submitted {
    /// Its number.
    pub(crate) number: u64,
    /// Its time.
    pub(crate) time: Timestamp,
    /// What it is.
    pub(crate) kind: EntryKind,
    /// SHA-256 of its bytes.
    pub(crate) digest: EntryDigest,
    /// Who submitted it.
    pub(crate) submitter: DeviceId,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    time: i64,
    kind: i64,
    digest: Vec<u8>,
    bytes: Option<Vec<u8>>,
    submitter: Option<Vec<u8>>,
    submission: Option<Vec<u8>>,
}

const TABLE: &str = "entries";

fn kind(code: i64) -> Result<EntryKind, StoreError> {
    read(u8::try_from(code).ok().and_then(EntryKind::from_code), TABLE, "kind")
}

impl TryFrom<Row> for LogEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: unsigned(row.number),
            time: time(row.time),
            kind: kind(row.kind)?,
            digest: read(EntryDigest::from_slice(&row.digest), TABLE, "digest")?,
            bytes: row.bytes.map(Base64Url),
            submitter: row
                .submitter
                .map(|id| read(DeviceId::from_slice(&id), TABLE, "submitter"))
                .transpose()?,
            submission: row
                .submission
                .map(|id| read(SubmissionId::from_slice(&id), TABLE, "submission"))
                .transpose()?,
        })
    }
}

/// Appends entries, in few statements.
pub(crate) async fn insert_all(conn: &mut Conn, entries: &[NewEntry]) -> Result<(), StoreError> {
    for chunk in chunks(entries) {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO entries (conversation, number, time, kind, digest, bytes, submitter, submission) ",
        );
        sql.push_values(chunk, |mut row, entry| {
            let (submitter, submission) =
                entry.submitter.as_ref().map_or((None, None), |(device, submission)| {
                    (Some(device.as_bytes().as_slice()), Some(submission.as_bytes().as_slice()))
                });
            row.push_bind(entry.key.0)
                .push_bind(signed(entry.number))
                .push_bind(millis(entry.time))
                .push_bind(i64::from(entry.kind.code()))
                .push_bind(entry.digest.as_bytes().as_slice())
                .push_bind(entry.bytes.as_slice())
                .push_bind(submitter)
                .push_bind(submission);
        });
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// The entries that these submissions became, of those that were accepted before.
pub(crate) async fn find_submitted(
    conn: &mut Conn,
    wanted: &[(ConversationKey, SubmissionId)],
) -> Result<Vec<((ConversationKey, SubmissionId), Submitted)>, StoreError> {
    let mut found = Vec::new();
    for chunk in chunks(wanted) {
        let rows: Vec<SubmittedRow> =
            submitted_query("", chunk).build_query_as().fetch_all(&mut *conn).await?;
        for row in rows {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}

/// A join, and not `IN (VALUES …)`, for which SQLite would read the whole table.
fn submitted_query(prefix: &str, wanted: &[(ConversationKey, SubmissionId)]) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new(prefix);
    sql.push("WITH wanted (conversation, submission) AS (");
    sql.push_values(wanted, |mut row, (key, submission)| {
        row.push_bind(key.0).push_bind(submission.as_bytes().to_vec());
    });
    sql.push(
        ") SELECT e.conversation, e.submission, e.number, e.time, e.kind, e.digest, e.submitter FROM wanted w \
         JOIN entries e ON e.conversation = w.conversation AND e.submission = w.submission",
    );
    sql
}

#[derive(sqlx::FromRow)]
struct SubmittedRow {
    conversation: i64,
    submission: Vec<u8>,
    number: i64,
    time: i64,
    kind: i64,
    digest: Vec<u8>,
    submitter: Vec<u8>,
}

impl TryFrom<SubmittedRow> for ((ConversationKey, SubmissionId), Submitted) {
    type Error = StoreError;

    fn try_from(row: SubmittedRow) -> Result<Self, StoreError> {
        let submission = read(SubmissionId::from_slice(&row.submission), TABLE, "submission")?;
        let submitted = Submitted {
            number: unsigned(row.number),
            time: time(row.time),
            kind: kind(row.kind)?,
            digest: read(EntryDigest::from_slice(&row.digest), TABLE, "digest")?,
            submitter: read(DeviceId::from_slice(&row.submitter), TABLE, "submitter")?,
        };
        Ok(((ConversationKey(row.conversation), submission), submitted))
    }
}

/// The entries after `after`, in order, with their bytes where they are kept: at most `limit`, and as many as fit into an
/// answer.
pub(crate) async fn page(
    conn: &mut Conn,
    key: ConversationKey,
    after: u64,
    limit: u64,
) -> Result<Vec<LogEntry>, StoreError> {
    let mut rows = sqlx::query_as::<_, Row>(
        "SELECT number, time, kind, digest, bytes, submitter, submission FROM entries \
         WHERE conversation = $1 AND number > $2 ORDER BY number LIMIT $3",
    )
    .bind(key.0)
    .bind(signed(after))
    .bind(signed(limit))
    .fetch(conn);
    let (mut entries, mut length) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        length += row.bytes.as_ref().map_or(0, Vec::len);
        if length > limits::MAX_LOG_PAGE_BYTES && !entries.is_empty() {
            break;
        }
        entries.push(row.try_into()?);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::backend;

    #[tokio::test]
    async fn repeats_are_found_without_reading_the_table() {
        let directory = tempfile::tempdir().unwrap();
        let mut database = backend::open(directory.path(), None).await.unwrap();
        let wanted = [(ConversationKey(1), SubmissionId::from_bytes([1; 16])); 3];
        let plan: Vec<(i64, i64, i64, String)> = submitted_query("EXPLAIN QUERY PLAN ", &wanted)
            .build_query_as()
            .fetch_all(&mut database.writer)
            .await
            .unwrap();
        let steps: Vec<_> = plan.into_iter().map(|(_, _, _, step)| step).collect();
        assert!(steps.iter().any(|step| step.contains("entries_by_submission")), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN e ") || step == "SCAN e"), "{steps:?}");
    }
}
