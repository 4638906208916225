//! Domains with which there is no, or less, traffic: what the instance says of them, and what the relay's admins say.

use infrasound_spec::time::Timestamp;

use super::{Conn, StoreError, millis, read, time};
use crate::instance::{DomainVerdict, ListedDomain};

/// Who made a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An admin of the relay. It wins.
    Admin,
    /// The instance.
    Instance,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Who made it.
    pub(crate) source: Source,
    /// What holds.
    pub(crate) verdict: DomainVerdict,
    /// The domain, as far as its letters are known.
    pub(crate) domain: String,
    /// Since when.
    pub(crate) since: Timestamp,
}

const fn source_code(source: Source) -> i64 {
    match source {
        Source::Admin => 0,
        Source::Instance => 1,
    }
}

const fn verdict_code(verdict: DomainVerdict) -> i64 {
    match verdict {
        DomainVerdict::Allowed => 0,
        DomainVerdict::Limited => 1,
        DomainVerdict::Blocked => 2,
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    source: i64,
    verdict: i64,
    domain: String,
    since: i64,
}

impl TryFrom<Row> for Rule {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let verdict = match row.verdict {
            0 => Some(DomainVerdict::Allowed),
            1 => Some(DomainVerdict::Limited),
            2 => Some(DomainVerdict::Blocked),
            _ => None,
        };
        Ok(Self {
            source: if row.source == 0 { Source::Admin } else { Source::Instance },
            verdict: read(verdict, "domain_rules", "verdict")?,
            domain: row.domain,
            since: time(row.since),
        })
    }
}

/// The rule for exactly this domain. An admin's wins over the instance's.
pub(crate) async fn of(conn: &mut Conn, digest: &[u8; 32]) -> Result<Option<Rule>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT source, verdict, domain, since FROM domain_rules WHERE digest = $1 ORDER BY source LIMIT 1",
    )
    .bind(digest.as_slice())
    .fetch_optional(conn)
    .await?;
    row.map(Rule::try_from).transpose()
}

/// All rules, by domain.
pub(crate) async fn list(conn: &mut Conn) -> Result<Vec<Rule>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT source, verdict, domain, since FROM domain_rules ORDER BY domain, source")
            .fetch_all(conn)
            .await?;
    rows.into_iter().map(Rule::try_from).collect()
}

/// Makes a rule, or another one of it.
pub(crate) async fn store(
    conn: &mut Conn,
    source: Source,
    listed: &ListedDomain,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO domain_rules (digest, source, verdict, domain, since) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (digest, source) DO UPDATE SET verdict = excluded.verdict, domain = excluded.domain, \
         since = CASE WHEN domain_rules.verdict = excluded.verdict THEN domain_rules.since ELSE excluded.since END",
    )
    .bind(listed.digest.as_slice())
    .bind(source_code(source))
    .bind(verdict_code(listed.verdict))
    .bind(listed.shown.as_str())
    .bind(millis(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Drops a rule. `false` if there is none.
pub(crate) async fn delete(conn: &mut Conn, source: Source, digest: &[u8; 32]) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM domain_rules WHERE digest = $1 AND source = $2")
        .bind(digest.as_slice())
        .bind(source_code(source))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The digests that one source has rules for.
pub(crate) async fn digests(conn: &mut Conn, source: Source) -> Result<Vec<[u8; 32]>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT digest FROM domain_rules WHERE source = $1")
        .bind(source_code(source))
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(|(digest,)| read(digest.try_into().ok(), "domain_rules", "digest")).collect()
}
