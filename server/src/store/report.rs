//! Reports: what devices said became of a commit.

use infrasound_spec::{
    account::{DeviceId, Signature},
    api::conversations::Forked,
    report::{AuthenticatorHash, CommitOutcome},
    time::Timestamp,
};

use super::{Conn, StoreError, account_number, conversation::ConversationKey, millis, read, signed};

/// What one device reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Which account.
    pub(crate) account: usize,
    /// What became of the commit.
    pub(crate) outcome: CommitOutcome,
}

/// Notes a report, and says whether it is the device's first on the commit: that one counts.
pub(crate) async fn insert(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    device: &DeviceId,
    report: &Report,
    signature: &Signature,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let authenticator = match report.outcome {
        CommitOutcome::Applied { authenticator } => Some(authenticator.as_bytes().to_vec()),
        CommitOutcome::CannotApply => None,
    };
    let done = sqlx::query(
        "INSERT INTO reports (conversation, number, device, account, applied, authenticator, time, \
         signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (conversation, number, device) DO NOTHING",
    )
    .bind(key.0)
    .bind(signed(number))
    .bind(device.as_bytes().as_slice())
    .bind(signed(report.account as u64))
    .bind(i64::from(authenticator.is_some()))
    .bind(authenticator)
    .bind(millis(now))
    .bind(signature.as_bytes().as_slice())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whose word on the commit `number` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Accounts that the founding `number` brought in.
    Founding,
    /// The same, but only those that have accepted to be in the group.
    FoundingAccepted,
    /// Accounts that had a leaf before it.
    Members,
}

/// Whether a device of another account than `committer`'s, which can judge the commit `number`, applied it or a later one,
/// which needs it. Who came in by the commit does not count: else it could confirm itself through somebody it added. Of a commit
/// that somebody refused, the word of whoever then made a later one counts only for others: who came in by its own commit
/// has not decrypted what was before.
pub(crate) async fn is_applied(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    committer: usize,
    of: Of,
    refused: bool,
) -> Result<bool, StoreError> {
    let who = match of {
        Of::Founding => "m.from_number = $2",
        Of::FoundingAccepted => "m.from_number = $2 AND p.consent = 1",
        Of::Members => "m.from_number < $2 AND (m.until_number IS NULL OR m.until_number >= $2)",
    };
    let by_others = if refused {
        "AND NOT EXISTS (SELECT 1 FROM commits c WHERE c.conversation = r.conversation AND c.number = r.number \
         AND c.committer = r.account)"
    } else {
        ""
    };
    let sql = format!(
        "SELECT r.number FROM reports r JOIN participants p ON p.conversation = r.conversation AND p.account = r.account \
         JOIN memberships m ON m.conversation = r.conversation AND m.account = r.account \
         WHERE r.conversation = $1 AND r.number >= $2 AND r.account <> $3 AND r.applied = 1 AND {who} {by_others} LIMIT 1"
    );
    let row: Option<(i64,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key.0)
        .bind(signed(number))
        .bind(signed(committer as u64))
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// A report of another account, which applied the commit and came to another epoch: to that which most accounts came to.
pub(crate) async fn differing(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    report: &Report,
) -> Result<Option<Forked>, StoreError> {
    let CommitOutcome::Applied { authenticator } = report.outcome else { return Ok(None) };
    let row: Option<(Vec<u8>, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT device, authenticator, signature FROM reports r WHERE conversation = $1 AND number = $2 AND applied = 1 \
         AND account <> $3 AND authenticator <> $4 AND signature IS NOT NULL ORDER BY (SELECT COUNT(DISTINCT s.account) \
         FROM reports s WHERE s.conversation = $1 AND s.number = $2 AND s.authenticator = r.authenticator) DESC, device LIMIT 1",
    )
    .bind(key.0)
    .bind(signed(number))
    .bind(signed(report.account as u64))
    .bind(authenticator.as_bytes().as_slice())
    .fetch_optional(conn)
    .await?;
    row.map(|(device, authenticator, signature)| {
        Ok(Forked {
            device: read(DeviceId::from_slice(&device), "reports", "device")?,
            authenticator: read(AuthenticatorHash::from_slice(&authenticator), "reports", "authenticator")?,
            signature: read(Signature::from_slice(&signature), "reports", "signature")?,
        })
    })
    .transpose()
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
            Ok(Report { account: account_number(account), outcome })
        })
        .collect()
}
