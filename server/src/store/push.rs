//! How devices are woken, and what for. Spec: `push.md`.

use infrasound_spec::{
    account::DeviceId,
    api::push::{PushAuth, PushKey, PushSubscription, QuietHours},
    consent::ContactState,
    conversation::{ConversationId, ConversationKind},
};

use super::{Conn, StoreError, contact, conversation, head, participant, read, signed, unsigned};

/// A subscription as it stands in its table.
#[derive(Debug)]
pub(crate) struct Stored {
    /// How the device is woken.
    pub(crate) subscription: PushSubscription,
    /// The change up to which it has been.
    pub(crate) woken: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    endpoint: String,
    device_key: Vec<u8>,
    auth: Vec<u8>,
    quiet_from: Option<i64>,
    quiet_until: Option<i64>,
    exceptions: Vec<u8>,
    woken: i64,
}

const TABLE: &str = "push_subscriptions";

impl TryFrom<Row> for Stored {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let minute = |value: i64| read(u16::try_from(value).ok(), TABLE, "quiet_from");
        let quiet = match row.quiet_from.zip(row.quiet_until) {
            Some((from, until)) => Some(QuietHours { from: minute(from)?, until: minute(until)? }),
            None => None,
        };
        let ids = row.exceptions.chunks(ConversationId::LEN).map(ConversationId::from_slice);
        let subscription = PushSubscription {
            endpoint: read(row.endpoint.parse().ok(), TABLE, "endpoint")?,
            key: read(PushKey::from_slice(&row.device_key), TABLE, "device_key")?,
            auth: read(PushAuth::from_slice(&row.auth), TABLE, "auth")?,
            quiet,
            except: read(ids.collect(), TABLE, "exceptions")?,
        };
        Ok(Self { subscription, woken: unsigned(row.woken) })
    }
}

/// The devices that have a subscription.
pub(crate) async fn devices(conn: &mut Conn) -> Result<Vec<DeviceId>, StoreError> {
    let rows: Vec<(Vec<u8>,)> =
        sqlx::query_as("SELECT device FROM push_subscriptions").fetch_all(conn).await?;
    rows.into_iter().map(|(device,)| read(DeviceId::from_slice(&device), TABLE, "device")).collect()
}

/// How a device is woken.
pub(crate) async fn load(conn: &mut Conn, device: &DeviceId) -> Result<Option<Stored>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT endpoint, device_key, auth, quiet_from, quiet_until, exceptions, woken FROM push_subscriptions \
         WHERE device = $1",
    )
    .bind(device.as_bytes().as_slice())
    .fetch_optional(conn)
    .await?;
    row.map(Stored::try_from).transpose()
}

/// Sets how a device is woken. One that had no subscription is woken for what comes after the change `seq`.
pub(crate) async fn store(
    conn: &mut Conn,
    device: &DeviceId,
    subscription: &PushSubscription,
    seq: u64,
) -> Result<(), StoreError> {
    let exceptions: Vec<u8> = subscription.except.iter().flat_map(|id| *id.as_bytes()).collect();
    sqlx::query(
        "INSERT INTO push_subscriptions (device, endpoint, device_key, auth, quiet_from, quiet_until, exceptions, woken) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (device) DO UPDATE SET endpoint = excluded.endpoint, \
         device_key = excluded.device_key, auth = excluded.auth, quiet_from = excluded.quiet_from, \
         quiet_until = excluded.quiet_until, exceptions = excluded.exceptions",
    )
    .bind(device.as_bytes().as_slice())
    .bind(subscription.endpoint.as_str())
    .bind(subscription.key.as_bytes().as_slice())
    .bind(subscription.auth.as_bytes().as_slice())
    .bind(subscription.quiet.map(|quiet| i64::from(quiet.from)))
    .bind(subscription.quiet.map(|quiet| i64::from(quiet.until)))
    .bind(exceptions)
    .bind(signed(seq))
    .execute(conn)
    .await?;
    Ok(())
}

/// The device is not woken any more.
pub(crate) async fn delete(conn: &mut Conn, device: &DeviceId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM push_subscriptions WHERE device = $1")
        .bind(device.as_bytes().as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the subscription with this endpoint. Another that the device has by now stays; `false` then.
pub(crate) async fn delete_endpoint(
    conn: &mut Conn,
    device: &DeviceId,
    endpoint: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM push_subscriptions WHERE device = $1 AND endpoint = $2")
        .bind(device.as_bytes().as_slice())
        .bind(endpoint)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes up to which change a device has been woken.
pub(crate) async fn set_woken(conn: &mut Conn, device: &DeviceId, seq: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE push_subscriptions SET woken = $2 WHERE device = $1 AND woken < $2")
        .bind(device.as_bytes().as_slice())
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}

/// The last change after `woken` that is worth waking the device for and that it has not fetched.
pub(crate) async fn waiting(
    conn: &mut Conn,
    device: &DeviceId,
    stored: &Stored,
) -> Result<Option<u64>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT h.conversation, h.seq, 0 FROM memberships m JOIN heads h ON h.conversation = m.conversation \
         WHERE m.device = $1 AND h.seq > $2 AND h.notable > m.read_to AND h.notable_by <> m.account \
         AND h.notable > m.from_number AND (m.until_number IS NULL OR m.until_number > h.notable) \
         AND (m.left_number IS NULL OR m.left_number > h.notable) \
         UNION SELECT w.conversation, h.seq, 1 FROM welcomes w JOIN heads h ON h.conversation = w.conversation \
         WHERE w.device = $1 AND h.seq > $2",
    )
    .bind(device.as_bytes().as_slice())
    .bind(signed(stored.woken))
    .fetch_all(&mut *conn)
    .await?;
    let mut last = None;
    for (key, seq, invites) in rows {
        let word = word(conn, conversation::ConversationKey(key), device, stored).await?;
        // A first contact or an invitation wakes once. What follows does when it has been accepted.
        if word == ContactState::Accepted || word == ContactState::None && invites == 1 {
            last = last.max(Some(unsigned(seq)));
        }
    }
    Ok(last)
}

/// What the device's person says of a conversation, and `Ignored` of one that is muted.
async fn word(
    conn: &mut Conn,
    key: conversation::ConversationKey,
    device: &DeviceId,
    stored: &Stored,
) -> Result<ContactState, StoreError> {
    let (Some(row), Some(head), Some(device)) = (
        conversation::load_key(conn, key).await?,
        head::load(conn, key).await?,
        super::device::load(conn, device).await?,
    ) else {
        return Ok(ContactState::Ignored);
    };
    let Some(part) = participant::load(conn, key, &device.account).await? else {
        return Ok(ContactState::Ignored);
    };
    let except = stored.subscription.except.contains(&row.id);
    if device.revoked || except || head.consent.is_quiet(part.account) {
        return Ok(ContactState::Ignored);
    }
    if row.kind == ConversationKind::Group {
        return Ok(part.consent);
    }
    match participant::at(conn, key, 1 - part.account.min(1)).await? {
        Some(other) => contact::load(conn, &device.account, &other.uri).await,
        None => Ok(ContactState::None),
    }
}
