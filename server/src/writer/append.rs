//! Messages: all of a batch in one look-up of heads, one of repeats, one insert and one update.
//!
//! A message of another account than the one that made a provisional commit confirms it, which needs more statements and is
//! rare: such messages go one by one after the others.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use infrasound_spec::{
    account::DeviceId,
    api::{conversations::Accepted, stream::StreamEvent},
    log::{EntryDigest, EntryKind},
    submission::SubmissionId,
};

use super::Tx;
use crate::{
    error::ApiError,
    hub::{
        current::{Current, Leaf},
        provisional,
    },
    store::{
        StoreError,
        conversation::ConversationKey,
        entry::{self, NewEntry, Submitted},
        head::{self, Head},
    },
};

/// A message whose signature and framing hold, judged against one state of the group.
#[derive(Debug)]
pub(crate) struct MessageAppend {
    /// The group that it was judged against.
    pub(crate) current: Arc<Current>,
    /// Who sends it.
    pub(crate) device: DeviceId,
    /// Which account the sender is.
    pub(crate) account: usize,
    /// The client's id.
    pub(crate) submission: SubmissionId,
    /// SHA-256 of the bytes.
    pub(crate) digest: EntryDigest,
    /// The MLSMessage.
    pub(crate) bytes: Vec<u8>,
    /// Whether it wakes nobody.
    pub(crate) silent: bool,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It is in the log, now or since an earlier request.
    Accepted(Accepted),
    /// The group is not the one that it was judged against.
    Moved,
}

impl MessageAppend {
    fn identity(&self) -> (ConversationKey, SubmissionId) {
        (self.current.key, self.submission)
    }

    /// The answer to a submission that is in the log already.
    fn repeat(&self, earlier: &Submitted) -> Result<Appended, ApiError> {
        earlier.repeated_by(&self.device, EntryKind::Message, &self.digest).map(Appended::Accepted)
    }

    /// The head after this message.
    fn advance(&self, head: &mut Head, entry: &NewEntry, seq: u64) -> Accepted {
        head.last = entry.number;
        head.last_time = entry.time;
        head.seq = seq;
        if !self.silent {
            head.notable = head.notable.with(entry.number, self.account, seq);
        }
        Accepted { number: entry.number, time: entry.time }
    }

    fn entry(&mut self, head: &Head, tx: &Tx<'_>) -> NewEntry {
        NewEntry {
            key: head.key,
            number: head.last + 1,
            time: head.next_time(tx.now),
            kind: EntryKind::Message,
            digest: self.digest,
            bytes: std::mem::take(&mut self.bytes),
            submitter: Some((self.device, self.submission)),
        }
    }
}

/// Appends a batch. An answer for each message, in order.
#[expect(clippy::vec_box, reason = "the boxes come from the queue and are not moved out of")]
pub(super) async fn append_all(
    tx: &mut Tx<'_>,
    mut messages: Vec<Box<MessageAppend>>,
) -> Result<Vec<Result<Appended, ApiError>>, StoreError> {
    let mut heads = load_heads(tx, &messages).await?;
    let wanted: Vec<_> = messages.iter().map(|message| message.identity()).collect();
    let mut submitted: HashMap<_, _> = entry::find_submitted(tx.conn, &wanted).await?.into_iter().collect();
    let mut answers = Vec::with_capacity(messages.len());
    let (mut entries, mut slow) = (Vec::new(), Vec::new());
    let (mut touched, mut notable) = (BTreeSet::new(), BTreeSet::new());
    for (index, message) in messages.iter_mut().enumerate() {
        let Some(head) = heads.get_mut(&message.current.key) else {
            answers.push(Ok(Appended::Moved));
            continue;
        };
        if let Some(earlier) = submitted.get(&message.identity()) {
            answers.push(message.repeat(earlier));
        } else if let Err(refusal) = judge(head, message) {
            answers.push(refusal);
        } else if head.provisional.is_some() && head.provisional_account != message.account {
            slow.push(index);
            answers.push(Ok(Appended::Moved));
        } else {
            let entry = message.entry(head, tx);
            answers.push(Ok(Appended::Accepted(message.advance(head, &entry, tx.seq))));
            submitted.insert(message.identity(), as_submitted(&entry, message.device));
            entries.push(entry);
            touched.insert(message.current.key);
            if !message.silent {
                notable.insert(message.current.key);
            }
        }
    }
    entry::insert_all(tx.conn, &entries).await?;
    let changed: Vec<Head> = touched.iter().filter_map(|key| heads.get(key).copied()).collect();
    head::store_all(tx.conn, &changed).await?;
    nudge(tx, &messages, &heads, &touched, &notable);
    for index in slow {
        if let (Some(message), Some(answer)) = (messages.get_mut(index), answers.get_mut(index)) {
            *answer = append_confirming(tx, message).await?;
        }
    }
    Ok(answers)
}

/// Whether the message may be appended as the head is now.
fn judge(head: &Head, message: &MessageAppend) -> Result<(), Result<Appended, ApiError>> {
    if head.state_entry != message.current.state_entry {
        return Err(Ok(Appended::Moved));
    }
    if head.consent.is_blocked(message.account) {
        return Err(Err(ApiError::no_consent()));
    }
    if head.gone.is_gone_for(message.account) {
        return Err(Err(ApiError::gone()));
    }
    Ok(())
}

/// One message that confirms the commits before it: they stand first, then it is appended.
async fn append_confirming(
    tx: &mut Tx<'_>,
    message: &mut MessageAppend,
) -> Result<Result<Appended, ApiError>, StoreError> {
    let Some(mut head) = head::load(tx.conn, message.current.key).await? else {
        return Ok(Ok(Appended::Moved));
    };
    let found = entry::find_submitted(tx.conn, &[message.identity()]).await?;
    if let Some((_, earlier)) = found.first() {
        return Ok(message.repeat(earlier));
    }
    if let Err(refusal) = judge(&head, message) {
        return Ok(refusal);
    }
    provisional::confirm_by_action(tx, &mut head, message.account).await?;
    let entry = message.entry(&head, tx);
    let accepted = message.advance(&mut head, &entry, tx.seq);
    entry::insert_all(tx.conn, &[entry]).await?;
    head::store(tx.conn, &head).await?;
    message.current.nudge(tx, &head);
    if !message.silent {
        message.current.wake(tx, &head);
    }
    Ok(Ok(Appended::Accepted(accepted)))
}

fn as_submitted(entry: &NewEntry, submitter: DeviceId) -> Submitted {
    Submitted { number: entry.number, time: entry.time, kind: entry.kind, digest: entry.digest, submitter }
}

async fn load_heads(
    tx: &mut Tx<'_>,
    messages: &[Box<MessageAppend>],
) -> Result<HashMap<ConversationKey, Head>, StoreError> {
    let keys: BTreeSet<_> = messages.iter().map(|message| message.current.key).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    Ok(head::load_all(tx.conn, &keys).await?.into_iter().map(|head| (head.key, head)).collect())
}

/// One nudge for each conversation that grew, whatever the number of messages, and wake-ups where one is notable.
fn nudge(
    tx: &mut Tx<'_>,
    messages: &[Box<MessageAppend>],
    heads: &HashMap<ConversationKey, Head>,
    touched: &BTreeSet<ConversationKey>,
    notable: &BTreeSet<ConversationKey>,
) {
    let mut told = BTreeSet::new();
    for message in messages {
        let key = message.current.key;
        if touched.contains(&key)
            && told.insert(key)
            && let Some(head) = heads.get(&key)
        {
            message.current.nudge(tx, head);
            if notable.contains(&key) {
                message.current.wake(tx, head);
            }
        }
    }
}

impl Current {
    /// Tells the members' devices that the log has grown; who put the other away is not told.
    pub(crate) fn nudge(&self, tx: &mut Tx<'_>, head: &Head) {
        for member in self.listeners(head) {
            tx.nudge(member.device, StreamEvent::Log { conversation: self.id, last: head.last });
        }
    }

    /// Has the members' devices woken, where they are not connected. Which of them have a reason to be is looked up later.
    fn wake(&self, tx: &mut Tx<'_>, head: &Head) {
        for member in self.listeners(head) {
            tx.wake(member.device);
        }
    }

    fn listeners(&self, head: &Head) -> impl Iterator<Item = &Leaf> {
        let consent = head.consent;
        self.members.iter().filter(move |member| !member.quiet && !consent.is_quiet(member.account))
    }
}

impl Submitted {
    /// The answer to a repeat: the first answer, if it is the same submission of the same device.
    pub(crate) fn repeated_by(
        &self,
        device: &DeviceId,
        kind: EntryKind,
        digest: &EntryDigest,
    ) -> Result<Accepted, ApiError> {
        if (&self.submitter, self.kind, &self.digest) == (device, kind, digest) {
            return Ok(Accepted { number: self.number, time: self.time });
        }
        Err(ApiError::new(
            infrasound_spec::api::problem::ProblemType::IdReused,
            "This submission id was used for something else. Choose a new one.",
        ))
    }
}
