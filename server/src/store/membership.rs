//! Who has a leaf, from which entry to which: the projection of the commits that delivery needs.
//!
//! **Invariant:** it changes in the transaction that appends the commit or its void, so it never differs from the group.

use infrasound_spec::{
    account::DeviceId,
    mutant::{self, Mutant},
};

use super::{Conn, StoreError, account_number, conversation::ConversationKey, read, signed, unsigned};

/// The time for which a device has a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The commit that added it.
    pub(crate) from: u64,
    /// The entry that ended it.
    pub(crate) until: Option<u64>,
    /// The proposal by which the account leaves, after which nothing more is for it.
    pub(crate) left: Option<u64>,
    /// The last entry that the device has stored.
    pub(crate) read_to: u64,
}

impl Membership {
    /// Whether the bytes of this entry are for the device.
    pub(crate) fn covers(&self, number: u64) -> bool {
        number >= self.from
            && (self.end().is_none_or(|end| number <= end) || mutant::is(Mutant::DeliversToRemoved))
    }

    /// The last entry that is for the device, if there is one.
    pub(crate) fn end(&self) -> Option<u64> {
        self.left.or(self.until)
    }

    /// Whether the device has a leaf, and its account does not leave.
    pub(crate) fn stands(&self) -> bool {
        self.until.is_none() && self.left.is_none()
    }
}

/// All memberships of a device in a conversation.
pub(crate) async fn of_device(
    conn: &mut Conn,
    key: ConversationKey,
    device: &DeviceId,
) -> Result<Vec<Membership>, StoreError> {
    let rows: Vec<(i64, Option<i64>, Option<i64>, i64)> = sqlx::query_as(
        "SELECT from_number, until_number, left_number, read_to FROM memberships WHERE conversation = $1 AND device = $2 \
         ORDER BY from_number",
    )
    .bind(key.0)
    .bind(device.as_bytes().as_slice())
    .fetch_all(conn)
    .await?;
    let read = |(from, until, left, read_to): (i64, Option<i64>, Option<i64>, i64)| Membership {
        from: unsigned(from),
        until: until.map(unsigned),
        left: left.map(unsigned),
        read_to: unsigned(read_to),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Whose word on the commit `number` counts: who had a leaf just before it; for a founding, who was added by it or made it.
///
/// Of an account that the commit lets in again, none of the earlier devices is live: then its new ones judge.
/// `m` is the membership of a judge, $1 the conversation, $2 the number.
const JUDGES: &str = "FROM memberships m JOIN devices d ON d.device = m.device WHERE m.conversation = $1 AND \
     (m.from_number < $2 AND (m.until_number IS NULL OR m.until_number >= $2) OR m.from_number = $2 AND NOT EXISTS \
     (SELECT 1 FROM memberships e JOIN devices l ON l.device = e.device WHERE e.conversation = m.conversation \
     AND e.account = m.account AND e.from_number < $2 AND (e.until_number IS NULL OR e.until_number >= $2) \
     AND l.revoked = 0) AND EXISTS (SELECT 1 FROM memberships e WHERE e.conversation = m.conversation \
     AND e.account = m.account AND e.from_number < $2 AND (e.until_number IS NULL OR e.until_number >= $2)))";

/// The same for a founding.
const FOUNDING_JUDGES: &str = "FROM memberships m JOIN devices d ON d.device = m.device WHERE m.conversation = $1 AND m.from_number = $2";

/// The accounts other than the committer's whose word on a commit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judge {
    /// Which account.
    pub(crate) account: usize,
    /// Whether any of its devices that could judge is still one.
    pub(crate) live: bool,
}

const fn judges_of(founding: bool) -> &'static str {
    if founding { FOUNDING_JUDGES } else { JUDGES }
}

/// The accounts other than the committer's that can judge the commit `number`.
pub(crate) async fn judges(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    founding: bool,
    committer: usize,
) -> Result<Vec<Judge>, StoreError> {
    let sql = format!(
        "SELECT m.account, MIN(d.revoked) {} AND m.account <> $3 GROUP BY m.account",
        judges_of(founding)
    );
    let rows: Vec<(i64, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key.0)
        .bind(signed(number))
        .bind(signed(committer as u64))
        .fetch_all(conn)
        .await?;
    let judge = |(account, revoked)| Judge { account: account_number(account), live: revoked == 0 };
    Ok(rows.into_iter().map(judge).collect())
}

/// Whether anybody but the committer's account, who is still in with a device, can judge the commit `number`.
pub(crate) async fn has_judge(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    founding: bool,
    committer: usize,
) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT m.account {} AND m.account <> $3 AND EXISTS (SELECT 1 FROM memberships s JOIN \
         devices l ON l.device = s.device WHERE s.conversation = m.conversation AND s.account = m.account AND \
         s.until_number IS NULL AND l.revoked = 0) LIMIT 1",
        judges_of(founding)
    );
    let row: Option<(i64,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key.0)
        .bind(signed(number))
        .bind(signed(committer as u64))
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// Whether the account can judge the commit `number`.
pub(crate) async fn judges_account(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    founding: bool,
    account: usize,
) -> Result<bool, StoreError> {
    let sql = format!("SELECT m.account {} AND m.account = $3 LIMIT 1", judges_of(founding));
    let row: Option<(i64,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key.0)
        .bind(signed(number))
        .bind(signed(account as u64))
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// Of which account the device can judge the commit `number`.
pub(crate) async fn judge(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    founding: bool,
    device: &DeviceId,
) -> Result<Option<usize>, StoreError> {
    let sql = format!("SELECT m.account {} AND m.device = $3 LIMIT 1", judges_of(founding));
    let row: Option<(i64,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key.0)
        .bind(signed(number))
        .bind(device.as_bytes().as_slice())
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|(account,)| account_number(account)))
}

/// Who is told of an entry after `before`: who has a leaf, or lost it or left after that entry. In a group not those of
/// accounts that put it away.
pub(crate) async fn readers(
    conn: &mut Conn,
    key: ConversationKey,
    before: u64,
) -> Result<Vec<(DeviceId, usize)>, StoreError> {
    let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as(
        "SELECT DISTINCT m.device, m.account FROM memberships m \
         JOIN participants p ON p.conversation = m.conversation AND p.account = m.account \
         WHERE m.conversation = $1 AND (m.until_number IS NULL OR m.until_number > $2) \
         AND (m.left_number IS NULL OR m.left_number > $2) AND p.consent <> 2",
    )
    .bind(key.0)
    .bind(signed(before))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(device, account)| {
            let device = read(DeviceId::from_slice(&device), "memberships", "device")?;
            Ok((device, account_number(account)))
        })
        .collect()
}

/// A device has a leaf from the commit `from` on.
pub(crate) async fn begin(
    conn: &mut Conn,
    key: ConversationKey,
    device: &DeviceId,
    account: usize,
    from: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO memberships (conversation, device, account, from_number, read_to) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.0)
    .bind(device.as_bytes().as_slice())
    .bind(signed(account as u64))
    .bind(signed(from))
    .bind(signed(from.saturating_sub(1)))
    .execute(conn)
    .await?;
    Ok(())
}

/// A device's leaf is gone with the entry `until`.
pub(crate) async fn end(
    conn: &mut Conn,
    key: ConversationKey,
    device: &DeviceId,
    until: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE memberships SET until_number = $3 WHERE conversation = $1 AND device = $2 AND until_number IS NULL",
    )
    .bind(key.0)
    .bind(device.as_bytes().as_slice())
    .bind(signed(until))
    .execute(conn)
    .await?;
    Ok(())
}

/// All leaves are gone: the group is.
pub(crate) async fn end_all(conn: &mut Conn, key: ConversationKey, until: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE memberships SET until_number = $2 WHERE conversation = $1 AND until_number IS NULL")
        .bind(key.0)
        .bind(signed(until))
        .execute(conn)
        .await?;
    Ok(())
}

/// Nothing after the entry `left` is for the account: it leaves by it.
pub(crate) async fn leave(
    conn: &mut Conn,
    key: ConversationKey,
    account: usize,
    left: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE memberships SET left_number = $3 WHERE conversation = $1 AND account = $2 AND until_number IS NULL",
    )
    .bind(key.0)
    .bind(signed(account as u64))
    .bind(signed(left))
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether any device of the account has a leaf, and the account does not leave.
pub(crate) async fn is_member(
    conn: &mut Conn,
    key: ConversationKey,
    account: usize,
) -> Result<bool, StoreError> {
    Ok(horizon(conn, key, account).await? == Some(Horizon::Open))
}

/// How much of a log an account may know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Horizon {
    /// All of it.
    Open,
    /// Up to the entry by which it went.
    UpTo(u64),
}

/// How much of the log the account may know of; `None`: it never had a leaf.
pub(crate) async fn horizon(
    conn: &mut Conn,
    key: ConversationKey,
    account: usize,
) -> Result<Option<Horizon>, StoreError> {
    let rows: Vec<(Option<i64>,)> = sqlx::query_as(
        "SELECT COALESCE(left_number, until_number) FROM memberships WHERE conversation = $1 AND account = $2",
    )
    .bind(key.0)
    .bind(signed(account as u64))
    .fetch_all(conn)
    .await?;
    let ends: Option<Vec<u64>> = rows.iter().map(|(end,)| end.map(unsigned)).collect();
    Ok(match ends {
        None => Some(Horizon::Open),
        Some(ends) => ends.into_iter().max().map(Horizon::UpTo),
    })
}

/// Undoes the commits from `voided` on: who they removed is back, who they added is out with the entry `void`.
pub(crate) async fn void(
    conn: &mut Conn,
    key: ConversationKey,
    voided: u64,
    void: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE memberships SET until_number = NULL WHERE conversation = $1 AND from_number < $2 AND until_number >= $2",
    )
    .bind(key.0)
    .bind(signed(voided))
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE memberships SET left_number = NULL WHERE conversation = $1 AND left_number >= $2")
        .bind(key.0)
        .bind(signed(voided))
        .execute(&mut *conn)
        .await?;
    sqlx::query("UPDATE memberships SET until_number = $3 WHERE conversation = $1 AND from_number >= $2")
        .bind(key.0)
        .bind(signed(voided))
        .bind(signed(void))
        .execute(conn)
        .await?;
    Ok(())
}

/// Moves a device's cursor forward, never back. `true` if it moved.
pub(crate) async fn read_up_to(
    conn: &mut Conn,
    key: ConversationKey,
    device: &DeviceId,
    number: u64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE memberships SET read_to = $3 WHERE conversation = $1 AND device = $2 AND read_to < $3",
    )
    .bind(key.0)
    .bind(device.as_bytes().as_slice())
    .bind(signed(number))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes up to where a device was given entries: it is not woken for those.
pub(crate) async fn fetched_up_to(
    conn: &mut Conn,
    key: ConversationKey,
    device: &DeviceId,
    number: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE memberships SET fetched_to = $3 WHERE conversation = $1 AND device = $2 AND fetched_to < $3",
    )
    .bind(key.0)
    .bind(device.as_bytes().as_slice())
    .bind(signed(number))
    .execute(conn)
    .await?;
    Ok(())
}
