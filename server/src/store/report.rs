//! Reports: what devices said became of a commit.

use infrasound_spec::{
    account::DeviceId,
    report::{AuthenticatorHash, CommitOutcome},
    time::Timestamp,
};

use super::{Conn, StoreError, conversation::ConversationKey, millis, read, signed};

/// What one device reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Which of the two accounts.
    pub(crate) account: usize,
    /// What became of the commit.
    pub(crate) outcome: CommitOutcome,
}

/// Notes a report. The first of each device counts.
pub(crate) async fn insert(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    device: &DeviceId,
    report: &Report,
    now: Timestamp,
) -> Result<(), StoreError> {
    let authenticator = match report.outcome {
        CommitOutcome::Applied { authenticator } => Some(authenticator.as_bytes().to_vec()),
        CommitOutcome::CannotApply => None,
    };
    sqlx::query(
        "INSERT INTO reports (conversation, number, device, account, applied, authenticator, time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (conversation, number, device) DO NOTHING",
    )
    .bind(key.0)
    .bind(signed(number))
    .bind(device.as_bytes().as_slice())
    .bind(i64::from(report.account != 0))
    .bind(i64::from(authenticator.is_some()))
    .bind(authenticator)
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether a device of the other account than `committer`'s applied the commit `number`, or a later one, which needs it.
pub(crate) async fn is_applied(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    committer: usize,
) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT number FROM reports WHERE conversation = $1 AND number >= $2 AND account <> $3 AND applied = 1 LIMIT 1",
    )
    .bind(key.0)
    .bind(signed(number))
    .bind(i64::from(committer != 0))
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

/// The reports on one commit.
pub(crate) async fn list(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
) -> Result<Vec<Report>, StoreError> {
    let rows: Vec<(i64, Option<Vec<u8>>)> =
        sqlx::query_as("SELECT account, authenticator FROM reports WHERE conversation = $1 AND number = $2")
            .bind(key.0)
            .bind(signed(number))
            .fetch_all(conn)
            .await?;
    rows.into_iter()
        .map(|(account, authenticator)| {
            let outcome = match authenticator {
                Some(hash) => CommitOutcome::Applied {
                    authenticator: read(AuthenticatorHash::from_slice(&hash), "reports", "authenticator")?,
                },
                None => CommitOutcome::CannotApply,
            };
            Ok(Report { account: usize::from(account != 0), outcome })
        })
        .collect()
}
