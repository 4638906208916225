//! Commits and how they ended: each is provisional once, then confirmed or voided, and stays so.

use infrasound_spec::time::Timestamp;

use super::{
    Conn, StoreError, account_number, conversation::ConversationKey, millis, signed, time, unsigned,
};

/// A commit that is not confirmed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Provisional {
    /// In which conversation.
    pub(crate) key: ConversationKey,
    /// Its number.
    pub(crate) number: u64,
    /// Which account made it.
    pub(crate) committer: usize,
    /// Whether it founds the conversation.
    pub(crate) founding: bool,
    /// When the first "cannot apply" came.
    pub(crate) refused_at: Option<Timestamp>,
}

/// How a commit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It stands.
    Confirmed,
    /// It never happened.
    Voided,
}

/// Notes a new commit, provisional.
pub(crate) async fn insert(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    committer: usize,
    founding: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO commits (conversation, number, committer, founding, outcome) VALUES ($1, $2, $3, $4, 0)",
    )
    .bind(key.0)
    .bind(signed(number))
    .bind(signed(committer as u64))
    .bind(i64::from(founding))
    .execute(conn)
    .await?;
    Ok(())
}

/// The commits of a conversation that are not confirmed, in order.
pub(crate) async fn provisional(
    conn: &mut Conn,
    key: ConversationKey,
) -> Result<Vec<Provisional>, StoreError> {
    let rows: Vec<(i64, i64, i64, Option<i64>)> = sqlx::query_as(
        "SELECT number, committer, founding, refused_at FROM commits \
         WHERE conversation = $1 AND outcome = 0 ORDER BY number",
    )
    .bind(key.0)
    .fetch_all(conn)
    .await?;
    let read = |(number, committer, founding, refused_at): (i64, i64, i64, Option<i64>)| Provisional {
        key,
        number: unsigned(number),
        committer: account_number(committer),
        founding: founding != 0,
        refused_at: refused_at.map(time),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Ends a provisional commit. `false` if it has ended before: it ends once.
pub(crate) async fn end(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    outcome: Outcome,
) -> Result<bool, StoreError> {
    let code = match outcome {
        Outcome::Confirmed => 1,
        Outcome::Voided => 2_i64,
    };
    let done = sqlx::query(
        "UPDATE commits SET outcome = $3 WHERE conversation = $1 AND number = $2 AND outcome = 0",
    )
    .bind(key.0)
    .bind(signed(number))
    .bind(code)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes when the first "cannot apply" came.
pub(crate) async fn refuse(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE commits SET refused_at = $3 WHERE conversation = $1 AND number = $2 AND refused_at IS NULL",
    )
    .bind(key.0)
    .bind(signed(number))
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// The conversations with a provisional commit whose first "cannot apply" came before `before`.
pub(crate) async fn refused_before(
    conn: &mut Conn,
    before: Timestamp,
) -> Result<Vec<ConversationKey>, StoreError> {
    let rows: Vec<(i64,)> = sqlx::query_as(
        "SELECT DISTINCT conversation FROM commits WHERE outcome = 0 AND refused_at <= $1 LIMIT 100",
    )
    .bind(millis(before))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(key,)| ConversationKey(key)).collect())
}

/// Who made a commit, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// Which account made it.
    pub(crate) committer: usize,
    /// Whether it founds the conversation.
    pub(crate) founding: bool,
}

/// Who made the commit with this number, if it is that of a commit.
pub(crate) async fn made(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<Option<Made>, StoreError> {
    let row: Option<(i64, i64)> =
        sqlx::query_as("SELECT committer, founding FROM commits WHERE conversation = $1 AND number = $2")
            .bind(key.0)
            .bind(signed(number))
            .fetch_optional(conn)
            .await?;
    Ok(row
        .map(|(committer, founding)| Made { committer: account_number(committer), founding: founding != 0 }))
}

/// Ends all that is provisional without an entry: the group that it belonged to is no more.
pub(crate) async fn abandon(conn: &mut Conn, key: ConversationKey) -> Result<(), StoreError> {
    sqlx::query("UPDATE commits SET outcome = 2 WHERE conversation = $1 AND outcome = 0")
        .bind(key.0)
        .execute(conn)
        .await?;
    Ok(())
}
