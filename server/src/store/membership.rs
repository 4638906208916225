//! Who has a leaf, from which entry to which: the projection of the commits that delivery needs.
//!
//! **Invariant:** it changes in the transaction that appends the commit or its void, so it never differs from the group.

use infrasound_spec::account::DeviceId;

use super::{Conn, StoreError, conversation::ConversationKey, read, signed, unsigned};

/// The time for which a device has a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The commit that added it.
    pub(crate) from: u64,
    /// The entry that ended it.
    pub(crate) until: Option<u64>,
    /// The last entry that the device has stored.
    pub(crate) read_to: u64,
}

impl Membership {
    /// Whether the bytes of this entry are for the device.
    pub(crate) fn covers(&self, number: u64) -> bool {
        number >= self.from && self.until.is_none_or(|until| number <= until)
    }
}

/// A member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The device.
    pub(crate) device: DeviceId,
    /// Which of the two accounts it is of.
    pub(crate) account: usize,
    /// Whether it is still a device of its account.
    pub(crate) live: bool,
}

/// All memberships of a device in a conversation.
pub(crate) async fn of_device(
    conn: &mut Conn,
    key: ConversationKey,
    device: &DeviceId,
) -> Result<Vec<Membership>, StoreError> {
    let rows: Vec<(i64, Option<i64>, i64)> = sqlx::query_as(
        "SELECT from_number, until_number, read_to FROM memberships WHERE conversation = $1 AND device = $2 \
         ORDER BY from_number",
    )
    .bind(key.0)
    .bind(device.as_bytes().as_slice())
    .fetch_all(conn)
    .await?;
    let read = |(from, until, read_to): (i64, Option<i64>, i64)| Membership {
        from: unsigned(from),
        until: until.map(unsigned),
        read_to: unsigned(read_to),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Who can judge the commit `number`: who had a leaf just before it; for a founding, who was added by it or made it.
///
/// Of an account that the commit lets in again, none of the earlier devices is live: then its new ones judge.
pub(crate) async fn judges(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    founding: bool,
) -> Result<Vec<Member>, StoreError> {
    let joiners = judges_by(
        conn,
        key,
        number,
        "SELECT m.device, m.account, d.revoked FROM memberships m JOIN devices d ON d.device = m.device \
         WHERE m.conversation = $1 AND m.from_number = $2",
    )
    .await?;
    if founding {
        return Ok(joiners);
    }
    let mut judges = judges_by(
        conn,
        key,
        number,
        "SELECT m.device, m.account, d.revoked FROM memberships m JOIN devices d ON d.device = m.device \
         WHERE m.conversation = $1 AND m.from_number < $2 AND (m.until_number IS NULL OR m.until_number >= $2)",
    )
    .await?;
    let let_in_again =
        |joiner: &Member| !judges.iter().any(|earlier| earlier.account == joiner.account && earlier.live);
    let new: Vec<Member> = joiners.into_iter().filter(let_in_again).collect();
    judges.extend(new);
    Ok(judges)
}

async fn judges_by(
    conn: &mut Conn,
    key: ConversationKey,
    number: u64,
    sql: &'static str,
) -> Result<Vec<Member>, StoreError> {
    let rows: Vec<(Vec<u8>, i64, i64)> =
        sqlx::query_as(sql).bind(key.0).bind(signed(number)).fetch_all(conn).await?;
    rows.into_iter()
        .map(|(device, account, revoked)| {
            Ok(Member {
                device: read(DeviceId::from_slice(&device), "memberships", "device")?,
                account: usize::from(account != 0),
                live: revoked == 0,
            })
        })
        .collect()
}

/// Who may read an entry after `before`: who has a leaf, or lost it after that entry.
pub(crate) async fn readers(
    conn: &mut Conn,
    key: ConversationKey,
    before: u64,
) -> Result<Vec<(DeviceId, usize)>, StoreError> {
    let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as(
        "SELECT DISTINCT device, account FROM memberships \
         WHERE conversation = $1 AND (until_number IS NULL OR until_number > $2)",
    )
    .bind(key.0)
    .bind(signed(before))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(device, account)| {
            let device = read(DeviceId::from_slice(&device), "memberships", "device")?;
            Ok((device, usize::from(account != 0)))
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
    .bind(i64::from(account != 0))
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
