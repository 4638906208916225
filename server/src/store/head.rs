//! Where each log is: what every append reads and writes.
//!
//! **Invariant:** numbers are gap-free, because each number is `last + 1` of a row that only the writer changes, in the
//! transaction that appends. **Invariant:** `consent` says at every commit what the contacts table says, and `gone` what
//! memberships and devices say.

use infrasound_spec::{account::DeviceId, consent::ContactState, time::Timestamp};
use sqlx::{QueryBuilder, Sqlite};

use super::{
    Conn, StoreError, account_number, conversation::ConversationKey, millis, signed, time, unsigned,
};

/// Where a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Which conversation.
    pub(crate) key: ConversationKey,
    /// The number of the last entry.
    pub(crate) last: u64,
    /// Its time.
    pub(crate) last_time: Timestamp,
    /// The change that wrote it.
    pub(crate) seq: u64,
    /// The commit that made the group what it is; 0: there is no group.
    pub(crate) state_entry: u64,
    /// The first commit that is not confirmed.
    pub(crate) provisional: Option<u64>,
    /// Which account made it.
    pub(crate) provisional_account: usize,
    /// What the two of a direct conversation say of each other.
    pub(crate) consent: Consent,
    /// Which of the two of a direct conversation has no device left in the group.
    pub(crate) gone: Gone,
    /// What wakes who is away.
    pub(crate) notable: Notable,
}

/// The last messages that wake who is away: the last of all, and the last of another account than that one's. Nobody is woken
/// for their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notable {
    last: Mark,
    by: usize,
    before: Mark,
}

/// A message, 0 if there is none, and the change that brought it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    number: u64,
    seq: u64,
}

impl Notable {
    /// With one more.
    pub(crate) const fn with(self, number: u64, by: usize, seq: u64) -> Self {
        let before = if by == self.by { self.before } else { self.last };
        Self { last: Mark { number, seq }, by, before }
    }
}

/// Which accounts have leaves, but none of a live device: what is sent now would reach nobody of them, ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone(i64);

impl Gone {
    const fn bit(account: usize) -> i64 {
        direct_bit(account)
    }

    /// Whether the one that this account talks to is gone.
    pub(crate) const fn is_gone_for(self, account: usize) -> bool {
        self.0 & Self::bit(other(account)) != 0
    }
}

/// The other one of a direct conversation. In a group nothing depends on it: there, no bit is ever set.
const fn other(account: usize) -> usize {
    if account == 0 { 1 } else { 0 }
}

/// A bit for the accounts of a direct conversation; none for those of a group.
const fn direct_bit(account: usize) -> i64 {
    match account {
        0 => 1,
        1 => 2,
        _ => 0,
    }
}

impl FromIterator<usize> for Gone {
    fn from_iter<T: IntoIterator<Item = usize>>(accounts: T) -> Self {
        Self(accounts.into_iter().fold(0, |bits, account| bits | Self::bit(account)))
    }
}

/// What the two accounts say of each other, as far as appends and the stream need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Consent(i64);

impl Consent {
    const fn blocks_bit(account: usize) -> i64 {
        direct_bit(account)
    }

    const fn ignores_bit(account: usize) -> i64 {
        direct_bit(account) << 2
    }

    /// Whether the other one blocks this account.
    pub(crate) const fn is_blocked(self, account: usize) -> bool {
        self.0 & Self::blocks_bit(other(account)) != 0
    }

    /// Whether this account wants no nudges from the other.
    pub(crate) const fn is_quiet(self, account: usize) -> bool {
        self.0 & (Self::ignores_bit(account) | Self::blocks_bit(account)) != 0
    }

    /// With what this account says now.
    pub(crate) const fn with(self, account: usize, state: ContactState) -> Self {
        let cleared = self.0 & !(Self::blocks_bit(account) | Self::ignores_bit(account));
        match state {
            ContactState::Blocked => Self(cleared | Self::blocks_bit(account)),
            ContactState::Ignored => Self(cleared | Self::ignores_bit(account)),
            ContactState::None | ContactState::Accepted => Self(cleared),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    conversation: i64,
    last: i64,
    last_time: i64,
    seq: i64,
    state_entry: i64,
    provisional: i64,
    provisional_account: i64,
    consent: i64,
    gone: i64,
    notable: i64,
    notable_by: i64,
    notable_seq: i64,
    notable_before: i64,
    notable_before_seq: i64,
}

impl From<Row> for Head {
    fn from(row: Row) -> Self {
        Self {
            key: ConversationKey(row.conversation),
            last: unsigned(row.last),
            last_time: time(row.last_time),
            seq: unsigned(row.seq),
            state_entry: unsigned(row.state_entry),
            provisional: Some(unsigned(row.provisional)).filter(|number| *number > 0),
            provisional_account: account_number(row.provisional_account),
            consent: Consent(row.consent),
            gone: Gone(row.gone),
            notable: Notable {
                last: Mark { number: unsigned(row.notable), seq: unsigned(row.notable_seq) },
                by: account_number(row.notable_by),
                before: Mark { number: unsigned(row.notable_before), seq: unsigned(row.notable_before_seq) },
            },
        }
    }
}

impl Head {
    /// The head of a log without entries.
    pub(crate) fn empty(key: ConversationKey) -> Self {
        Self {
            key,
            last: 0,
            last_time: Timestamp::default(),
            seq: 0,
            state_entry: 0,
            provisional: None,
            provisional_account: 0,
            consent: Consent::default(),
            gone: Gone::default(),
            notable: Notable::default(),
        }
    }

    /// The time of an entry appended now: never before the last one's.
    pub(crate) fn next_time(&self, now: Timestamp) -> Timestamp {
        self.last_time.max(now)
    }
}

/// The head of one log.
pub(crate) async fn load(conn: &mut Conn, key: ConversationKey) -> Result<Option<Head>, StoreError> {
    Ok(load_all(conn, &[key]).await?.pop())
}

/// Rows of one statement. A statement is kept for each number of rows.
const CHUNK: usize = 64;

/// Cuts rows into as many as one statement takes.
pub(crate) fn chunks<T>(rows: &[T]) -> std::slice::Chunks<'_, T> {
    rows.chunks(CHUNK)
}

/// The heads of many logs, in any order.
pub(crate) async fn load_all(conn: &mut Conn, keys: &[ConversationKey]) -> Result<Vec<Head>, StoreError> {
    let mut heads = Vec::with_capacity(keys.len());
    for chunk in chunks(keys) {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new(
            "SELECT conversation, last, last_time, seq, state_entry, provisional, provisional_account, consent, gone, \
             notable, notable_by, notable_seq, notable_before, notable_before_seq FROM heads WHERE conversation IN (",
        );
        let mut list = sql.separated(", ");
        for key in chunk {
            list.push_bind(key.0);
        }
        sql.push(")");
        let rows: Vec<Row> = sql.build_query_as().fetch_all(&mut *conn).await?;
        heads.extend(rows.into_iter().map(Head::from));
    }
    Ok(heads)
}

/// Writes heads over what was there.
pub(crate) async fn store_all(conn: &mut Conn, heads: &[Head]) -> Result<(), StoreError> {
    for chunk in chunks(heads) {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO heads (conversation, last, last_time, seq, state_entry, provisional, provisional_account, consent, gone, \
             notable, notable_by, notable_seq, notable_before, notable_before_seq) ",
        );
        sql.push_values(chunk, |mut row, head| {
            row.push_bind(head.key.0)
                .push_bind(signed(head.last))
                .push_bind(millis(head.last_time))
                .push_bind(signed(head.seq))
                .push_bind(signed(head.state_entry))
                .push_bind(signed(head.provisional.unwrap_or(0)))
                .push_bind(signed(head.provisional_account as u64))
                .push_bind(head.consent.0)
                .push_bind(head.gone.0)
                .push_bind(signed(head.notable.last.number))
                .push_bind(signed(head.notable.by as u64))
                .push_bind(signed(head.notable.last.seq))
                .push_bind(signed(head.notable.before.number))
                .push_bind(signed(head.notable.before.seq));
        });
        sql.push(
            " ON CONFLICT (conversation) DO UPDATE SET last = excluded.last, last_time = excluded.last_time, \
             seq = excluded.seq, state_entry = excluded.state_entry, provisional = excluded.provisional, \
             provisional_account = excluded.provisional_account, consent = excluded.consent, gone = excluded.gone, \
             notable = excluded.notable, notable_by = excluded.notable_by, notable_seq = excluded.notable_seq, \
             notable_before = excluded.notable_before, notable_before_seq = excluded.notable_before_seq",
        );
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Writes one head.
pub(crate) async fn store(conn: &mut Conn, head: &Head) -> Result<(), StoreError> {
    store_all(conn, std::slice::from_ref(head)).await
}

/// Where the device has a leaf and a commit waits to be confirmed.
pub(crate) async fn waiting_with(
    conn: &mut Conn,
    device: &DeviceId,
) -> Result<Vec<ConversationKey>, StoreError> {
    let rows: Vec<(i64,)> = sqlx::query_as(
        "SELECT h.conversation FROM memberships m JOIN heads h ON h.conversation = m.conversation \
         WHERE m.device = $1 AND m.until_number IS NULL AND h.provisional <> 0",
    )
    .bind(device.as_bytes().as_slice())
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(key,)| ConversationKey(key)).collect())
}

/// Notes in which direct conversations an account is gone with this device, which was just revoked.
pub(crate) async fn note_gone(conn: &mut Conn, device: &DeviceId) -> Result<(), StoreError> {
    for account in 0..2 {
        sqlx::query(
            "UPDATE heads SET gone = gone | $3 WHERE conversation IN \
             (SELECT m.conversation FROM memberships m JOIN conversations c ON c.conversation = m.conversation \
             WHERE c.kind = 1 AND m.device = $1 AND m.account = $2 AND m.until_number IS NULL AND NOT EXISTS \
             (SELECT 1 FROM memberships o JOIN devices d ON d.device = o.device \
             WHERE o.conversation = m.conversation AND o.account = m.account AND o.until_number IS NULL AND d.revoked = 0))",
        )
        .bind(device.as_bytes().as_slice())
        .bind(signed(account as u64))
        .bind(Gone::bit(account))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_speaks_for_itself() {
        let consent = Consent::default().with(0, ContactState::Blocked).with(1, ContactState::Ignored);
        assert!(consent.is_blocked(1) && !consent.is_blocked(0));
        assert!(consent.is_quiet(0) && consent.is_quiet(1));
        assert_eq!(consent.with(0, ContactState::Accepted).with(1, ContactState::None), Consent::default());
    }

    #[test]
    fn the_last_message_of_somebody_else_is_known_whoever_spoke_last() {
        let mark = |number, seq| Mark { number, seq };
        let notable = Notable::default().with(5, 0, 50).with(6, 1, 60);
        assert_eq!((notable.last, notable.before), (mark(6, 60), mark(5, 50)));
        let notable = notable.with(7, 1, 70);
        assert_eq!((notable.last, notable.before), (mark(7, 70), mark(5, 50)));
        let notable = notable.with(8, 2, 80);
        assert_eq!((notable.last, notable.before), (mark(8, 80), mark(7, 70)));
    }

    #[test]
    fn in_a_group_no_account_speaks_for_another() {
        let both = Consent::default().with(0, ContactState::Blocked).with(1, ContactState::Blocked);
        for account in [2, 63, 64, 1000] {
            assert_eq!(Consent::default().with(account, ContactState::Blocked), Consent::default());
            assert!(!both.is_quiet(account));
            assert_eq!(Gone::from_iter([account]), Gone::default());
            assert!(!Gone::default().is_gone_for(account));
        }
    }
}
