//! How devices are woken, and what for. Spec: `push.md`.

use infrasound_spec::{
    account::DeviceId,
    api::push::{PushAuth, PushKey, PushSubscription, QuietHours},
    conversation::ConversationId,
};

use super::{Conn, StoreError, read, signed, unsigned};

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

/// Where all of them are.
pub(crate) async fn endpoints(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT endpoint FROM push_subscriptions").fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(endpoint,)| endpoint).collect())
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

/// The last change after `woken` that is worth waking the device for and that it has not fetched: messages of others in what its
/// account has accepted, and Welcomes of what it has not put away. Nothing for a device that is revoked or suspended.
pub(crate) async fn waiting(
    conn: &mut Conn,
    device: &DeviceId,
    stored: &Stored,
) -> Result<Option<u64>, StoreError> {
    let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as(WAITING)
        .bind(device.as_bytes().as_slice())
        .bind(signed(stored.woken))
        .fetch_all(&mut *conn)
        .await?;
    let mut last = None;
    for (id, seq) in rows {
        let id = read(ConversationId::from_slice(&id), "conversations", "id")?;
        if !stored.subscription.except.contains(&id) {
            last = last.max(Some(unsigned(seq)));
        }
    }
    Ok(last)
}

/// `$1` the device, `$2` the change up to which it has been woken. Of a direct conversation `first` and `second` are the two.
const WAITING: &str = "\
    SELECT n.id, n.seq FROM (\
        SELECT c.id, c.kind, p.consent, k.state, m.from_number, m.until_number, m.left_number, \
            CASE WHEN m.read_to < m.fetched_to THEN m.fetched_to ELSE m.read_to END AS fetched, \
            CASE WHEN h.notable_by <> m.account THEN h.notable ELSE h.notable_before END AS number, \
            CASE WHEN h.notable_by <> m.account THEN h.notable_seq ELSE h.notable_before_seq END AS seq \
        FROM memberships m JOIN devices d ON d.device = m.device AND d.revoked = 0 \
        JOIN heads h ON h.conversation = m.conversation JOIN conversations c ON c.conversation = m.conversation \
        JOIN participants p ON p.conversation = m.conversation AND p.account = m.account \
        LEFT JOIN contacts k ON k.account = p.uri \
            AND k.other = CASE WHEN c.first = p.uri THEN c.second ELSE c.first END \
        WHERE m.device = $1 AND h.notable_seq > $2 \
            AND NOT EXISTS (SELECT 1 FROM admissions a WHERE a.uri = d.account AND a.suspended IS NOT NULL)\
    ) n WHERE n.seq > $2 AND n.number > n.fetched AND n.number > n.from_number \
        AND (n.until_number IS NULL OR n.until_number > n.number) \
        AND (n.left_number IS NULL OR n.left_number > n.number) \
        AND CASE WHEN n.kind = 1 THEN n.state ELSE n.consent END = 1 \
    UNION ALL \
    SELECT c.id, w.seq FROM welcomes w JOIN devices d ON d.device = w.device AND d.revoked = 0 \
        JOIN conversations c ON c.conversation = w.conversation \
        JOIN participants p ON p.conversation = w.conversation AND p.uri = d.account \
        LEFT JOIN contacts k ON k.account = p.uri \
            AND k.other = CASE WHEN c.first = p.uri THEN c.second ELSE c.first END \
    WHERE w.device = $1 AND w.seq > $2 AND CASE WHEN c.kind = 1 THEN COALESCE(k.state, 0) ELSE p.consent END < 2 \
        AND NOT EXISTS (SELECT 1 FROM admissions a WHERE a.uri = d.account AND a.suspended IS NOT NULL)";
