//! Link channels, and the frames in them that have not been taken in yet.

use infrasound_spec::{
    account::{AccountUri, DeviceId},
    api::links::LinkId,
    time::{self, Timestamp},
};

use super::{Conn, StoreError, millis, read, signed, time as stamp, unsigned};

/// A channel ends when nothing was sent for so long, in milliseconds.
const IDLE: u64 = 10 * time::MINUTE;
/// And after so long in any case.
const LONGEST: u64 = time::HOUR;

/// Whose end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The device that is to be linked.
    New,
    /// The one that links it.
    Old,
}

impl Side {
    /// The other end.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::New => Self::Old,
            Self::Old => Self::New,
        }
    }

    fn code(self) -> i64 {
        match self {
            Self::New => 0,
            Self::Old => 1,
        }
    }
}

/// A channel as it is opened.
pub(crate) struct NewLink<'a> {
    /// Its id.
    pub(crate) link: LinkId,
    /// The account.
    pub(crate) account: &'a AccountUri,
    /// The digest of the ticket that opened it.
    pub(crate) ticket_digest: [u8; 32],
    /// The digest of the code that is typed.
    pub(crate) code_digest: [u8; 32],
    /// The digest of the new device's token.
    pub(crate) new_digest: [u8; 32],
}

/// A channel as one of its two sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party {
    /// Which channel.
    pub(crate) link: LinkId,
    /// Which end.
    pub(crate) side: Side,
    /// How many frames this end has sent.
    pub(crate) sent: u64,
}

/// Opens a channel, in place of an earlier one with the same ticket. Gives its end.
pub(crate) async fn insert(
    conn: &mut Conn,
    new: &NewLink<'_>,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let earlier: Option<(Vec<u8>,)> = sqlx::query_as("SELECT link FROM links WHERE ticket_digest = $1")
        .bind(new.ticket_digest.as_slice())
        .fetch_optional(&mut *conn)
        .await?;
    if let Some((earlier,)) = earlier {
        delete(conn, &read(LinkId::from_slice(&earlier), "links", "link")?).await?;
    }
    let expires = now.plus_millis(IDLE);
    sqlx::query(
        "INSERT INTO links (link, account, ticket_digest, code_digest, new_digest, new_sent, old_sent, opened, expires) \
         VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7)",
    )
    .bind(new.link.as_bytes().as_slice())
    .bind(new.account.as_str())
    .bind(new.ticket_digest.as_slice())
    .bind(new.code_digest.as_slice())
    .bind(new.new_digest.as_slice())
    .bind(millis(now))
    .bind(millis(expires))
    .execute(conn)
    .await?;
    Ok(expires)
}

/// The account's channels that nobody has joined, with the digests of their codes.
pub(crate) async fn waiting(
    conn: &mut Conn,
    account: &AccountUri,
    now: Timestamp,
) -> Result<Vec<(LinkId, Vec<u8>)>, StoreError> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT link, code_digest FROM links WHERE account = $1 AND old_digest IS NULL AND expires > $2",
    )
    .bind(account.as_str())
    .bind(millis(now))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(link, code)| Ok((read(LinkId::from_slice(&link), "links", "link")?, code)))
        .collect()
}

/// Makes a device the old end of a channel.
pub(crate) async fn join(
    conn: &mut Conn,
    link: &LinkId,
    device: &DeviceId,
    digest: &[u8; 32],
) -> Result<(), StoreError> {
    sqlx::query("UPDATE links SET old_digest = $2, old_device = $3 WHERE link = $1 AND old_digest IS NULL")
        .bind(link.as_bytes().as_slice())
        .bind(digest.as_slice())
        .bind(device.as_bytes().as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Whose end a token is of.
pub(crate) async fn party(
    conn: &mut Conn,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Party>, StoreError> {
    let row: Option<(Vec<u8>, i64, i64, i64)> = sqlx::query_as(
        "SELECT link, CASE WHEN new_digest = $1 THEN 0 ELSE 1 END, new_sent, old_sent FROM links \
         WHERE (new_digest = $1 OR old_digest = $1) AND expires > $2",
    )
    .bind(digest.as_slice())
    .bind(millis(now))
    .fetch_optional(conn)
    .await?;
    row.map(|(link, side, new, old)| {
        let (side, sent) = if side == 0 { (Side::New, new) } else { (Side::Old, old) };
        Ok(Party { link: read(LinkId::from_slice(&link), "links", "link")?, side, sent: unsigned(sent) })
    })
    .transpose()
}

/// How many frames of one end the other has not taken in.
pub(crate) async fn pending(conn: &mut Conn, link: &LinkId, side: Side) -> Result<u64, StoreError> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM link_frames WHERE link = $1 AND side = $2")
        .bind(link.as_bytes().as_slice())
        .bind(side.code())
        .fetch_one(conn)
        .await?;
    Ok(unsigned(count))
}

/// Appends a frame, and lets the channel and the ticket that opened it live longer.
pub(crate) async fn append(
    conn: &mut Conn,
    party: &Party,
    bytes: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = party.link.as_bytes().as_slice();
    sqlx::query("INSERT INTO link_frames (link, side, number, bytes) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(party.side.code())
        .bind(signed(party.sent + 1))
        .bind(bytes)
        .execute(&mut *conn)
        .await?;
    let count = match party.side {
        Side::New => {
            "UPDATE links SET new_sent = new_sent + 1 WHERE link = $1 RETURNING ticket_digest, opened"
        }
        Side::Old => {
            "UPDATE links SET old_sent = old_sent + 1 WHERE link = $1 RETURNING ticket_digest, opened"
        }
    };
    let (ticket, opened): (Vec<u8>, i64) = sqlx::query_as(count).bind(id).fetch_one(&mut *conn).await?;
    let expires = now.plus_millis(IDLE).min(stamp(opened).plus_millis(LONGEST));
    for (statement, key) in [
        ("UPDATE links SET expires = $2 WHERE link = $1 AND expires < $2", id),
        ("UPDATE tickets SET expires = $2 WHERE ticket_digest = $1 AND expires < $2", ticket.as_slice()),
    ] {
        sqlx::query(statement).bind(key).bind(millis(expires)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The frames of one end after a number, in order.
pub(crate) async fn frames(
    conn: &mut Conn,
    link: &LinkId,
    side: Side,
    after: u64,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT number, bytes FROM link_frames WHERE link = $1 AND side = $2 AND number > $3 ORDER BY number",
    )
    .bind(link.as_bytes().as_slice())
    .bind(side.code())
    .bind(signed(after))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(number, bytes)| (unsigned(number), bytes)).collect())
}

/// Drops the frames of one end that the other has taken in.
pub(crate) async fn taken(conn: &mut Conn, link: &LinkId, side: Side, up_to: u64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM link_frames WHERE link = $1 AND side = $2 AND number <= $3")
        .bind(link.as_bytes().as_slice())
        .bind(side.code())
        .bind(signed(up_to))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a channel.
pub(crate) async fn delete(conn: &mut Conn, link: &LinkId) -> Result<(), StoreError> {
    for statement in ["DELETE FROM link_frames WHERE link = $1", "DELETE FROM links WHERE link = $1"] {
        sqlx::query(statement).bind(link.as_bytes().as_slice()).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Ends the channels that a device has joined: it is revoked. Gives which.
pub(crate) async fn delete_of_device(conn: &mut Conn, device: &DeviceId) -> Result<Vec<LinkId>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT link FROM links WHERE old_device = $1")
        .bind(device.as_bytes().as_slice())
        .fetch_all(&mut *conn)
        .await?;
    let mut ended = Vec::with_capacity(rows.len());
    for (link,) in rows {
        let link = read(LinkId::from_slice(&link), "links", "link")?;
        delete(conn, &link).await?;
        ended.push(link);
    }
    Ok(ended)
}

/// Drops the channels that have ended.
pub(crate) async fn drop_expired(conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM link_frames WHERE link IN (SELECT link FROM links WHERE expires <= $1)")
        .bind(millis(now))
        .execute(&mut *conn)
        .await?;
    sqlx::query("DELETE FROM links WHERE expires <= $1").bind(millis(now)).execute(conn).await?;
    Ok(())
}
