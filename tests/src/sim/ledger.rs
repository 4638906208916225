//! What the world knows by itself: what was wished, what the hub has acknowledged, what the apps were told. It is
//! written by the world alone and never asks a client or the hub what is true.

use std::collections::{BTreeMap, BTreeSet};

use infrasound_core::{Standing, group_link::GroupLink, input::WishId};
use infrasound_spec::{
    account::{AccountUri, Handle},
    content::ObjectId,
    conversation::{Conversation, ConversationId},
    log::{EntryDigest, EntryKind, LogEntry, control_target},
    report::AuthenticatorHash,
    submission::SubmissionId,
};

use super::{
    membership::Memberships,
    verdict::{Rule, Violation, require},
};

/// An account of the world.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) handle: Handle,
    pub(super) uri: AccountUri,
}

/// A note that somebody wished to write. Its text has its number in it.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) device: usize,
    /// Its id, once the app was told that it is stored.
    pub(super) object: Option<ObjectId>,
    /// Where it is in a log, once the hub has acknowledged it.
    pub(super) place: Option<(ConversationId, u64)>,
}

/// A wish that is not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Wished {
    pub(super) what: String,
    pub(super) note: Option<usize>,
    /// It is a change of a group, and the app is told how it ends.
    pub(super) change: bool,
}

/// What a hub has said of one number of a log.
type Entry = (EntryKind, EntryDigest);

/// What the world knows.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) accounts: Vec<Account>,
    pub(super) notes: Vec<Note>,
    /// Ids of notes that the app was told have failed.
    pub(super) failed: BTreeSet<ObjectId>,
    /// Wishes by device and name.
    pub(super) wishes: BTreeMap<(usize, WishId), Wished>,
    /// What each device was told of in each conversation: notes.
    pub(super) shown: BTreeMap<(usize, ConversationId), Vec<ObjectId>>,
    /// Who wished to do something to a note.
    pub(super) deeds: BTreeSet<(usize, ObjectId)>,
    /// Devices that warned of what the hub, or a member, must not do.
    pub(super) warned: BTreeSet<usize>,
    /// Links that were made.
    pub(super) links: Vec<GroupLink>,
    /// Changes that were stored, with the device, until it is told how they ended.
    pub(super) changes: BTreeMap<ObjectId, usize>,
    /// Who is in which epoch.
    pub(super) memberships: Memberships,
    direct: BTreeSet<ConversationId>,
    left: BTreeSet<(usize, ConversationId)>,
    entries: BTreeMap<(ConversationId, u64), Entry>,
    acknowledged: BTreeMap<(ConversationId, SubmissionId), u64>,
    submitters: BTreeMap<(ConversationId, u64), SubmissionId>,
    sent: BTreeMap<SubmissionId, EntryDigest>,
    note_of: BTreeMap<SubmissionId, ObjectId>,
    voids: BTreeSet<(ConversationId, u64, u64)>,
    told: BTreeMap<(usize, ConversationId), u64>,
    epochs: BTreeMap<(Vec<u8>, u64), (usize, EntryDigest, AuthenticatorHash)>,
}

impl Ledger {
    /// Nothing but who there is.
    pub(super) fn new(accounts: Vec<Account>) -> Self {
        let pairs = accounts.iter().flat_map(|one| accounts.iter().map(move |other| (one, other)));
        let direct = pairs.filter_map(|(one, other)| Conversation::direct(&one.uri, &other.uri, 0));
        let direct = direct.map(|conversation| conversation.id).collect();
        Self { accounts, direct, ..Self::default() }
    }

    /// The text of a note.
    pub(super) fn text(writer: usize, note: usize) -> String {
        format!("a{writer} writes n{note}.")
    }

    /// Who wrote what is shown, by its text.
    pub(super) fn writer_of(html: &str) -> Option<usize> {
        let (_, rest) = html.split_once('a')?;
        rest.split_once(' ')?.0.parse().ok()
    }

    /// The account with a handle.
    pub(super) fn account_of(&self, handle: &Handle) -> Option<usize> {
        self.accounts.iter().position(|account| account.handle == *handle)
    }

    /// Whether it is none of the direct conversations that there can be: their ids follow from the pairs.
    pub(super) fn is_group(&self, conversation: ConversationId) -> bool {
        !self.direct.contains(&conversation)
    }

    /// An account wishes to leave a group.
    pub(super) fn leaves(&mut self, account: usize, conversation: ConversationId) {
        self.left.insert((account, conversation));
    }

    /// Nobody got what was not for them, and nothing changed that nobody had the right to change (rules 3 and 6).
    pub(super) fn judge_memberships(&self) -> Result<(), Violation> {
        self.memberships.judge_secrecy(|conversation, number| self.is_void(conversation, number))?;
        self.memberships.judge_policy(
            |conversation, number| self.is_void(conversation, number),
            |account, conversation| {
                let number = self.accounts.iter().position(|one| one.uri == *account);
                number.is_some_and(|number| self.left.contains(&(number, conversation)))
            },
        )
    }

    /// A device submits something: always the same under one id (rule 4).
    pub(super) fn submits(
        &mut self,
        submission: SubmissionId,
        digest: EntryDigest,
        note: Option<ObjectId>,
    ) -> Result<(), Violation> {
        let first = *self.sent.entry(submission).or_insert(digest);
        self.note_of.extend(note.map(|note| (submission, note)));
        require(first == digest, Rule::Durability, || format!("two ciphertexts under {submission}"))
    }

    /// The hub has acknowledged a submission (rule 1: for good, under one number).
    pub(super) fn acknowledges(
        &mut self,
        conversation: ConversationId,
        submission: SubmissionId,
        number: u64,
    ) -> Result<(), Violation> {
        let first = *self.acknowledged.entry((conversation, submission)).or_insert(number);
        require(first == number, Rule::Delivery, || {
            format!("{submission} was acknowledged as {first} and as {number}")
        })?;
        let owner = *self.submitters.entry((conversation, number)).or_insert(submission);
        require(owner == submission, Rule::Delivery, || {
            format!("number {number} was given to {owner} and to {submission}")
        })?;
        if let Some(digest) = self.sent.get(&submission).copied() {
            let entry = self.entries.get(&(conversation, number)).map(|(_, digest)| *digest);
            require(entry.is_none_or(|entry| entry == digest), Rule::Delivery, || {
                format!("number {number} is not what was acknowledged")
            })?;
        }
        if let Some(object) = self.note_of.get(&submission)
            && let Some(note) = self.notes.iter_mut().find(|note| note.object.as_ref() == Some(object))
        {
            note.place = Some((conversation, number));
        }
        Ok(())
    }

    /// The hub shows an entry (rule 1: the same to everybody and for ever).
    pub(super) fn shows(&mut self, conversation: ConversationId, entry: &LogEntry) -> Result<(), Violation> {
        let key = (conversation, entry.number);
        let first = *self.entries.entry(key).or_insert((entry.kind, entry.digest));
        require(first == (entry.kind, entry.digest), Rule::Delivery, || {
            format!("number {} of {conversation} is not what it was", entry.number)
        })?;
        if let Some(bytes) = &entry.bytes {
            self.memberships.entry(conversation, entry.number, bytes.as_slice());
        }
        let sent = self.submitters.get(&key).and_then(|submission| self.sent.get(submission));
        require(sent.is_none_or(|sent| *sent == entry.digest), Rule::Delivery, || {
            format!("number {} of {conversation} is not what was acknowledged", entry.number)
        })?;
        if entry.kind == EntryKind::Void
            && let Some(commit) = entry.bytes.as_ref().and_then(|bytes| control_target(bytes.as_slice()))
        {
            self.voids.insert((conversation, commit, entry.number));
        }
        Ok(())
    }

    /// The hub says how long a log is (rule 1: it never gets shorter).
    pub(super) fn ends_at(&self, conversation: ConversationId, last: u64) -> Result<(), Violation> {
        let range = (conversation, 0)..=(conversation, u64::MAX);
        let known = self.submitters.range(range).next_back().map_or(0, |((_, number), _)| *number);
        require(known <= last, Rule::Delivery, || {
            format!("the log of {conversation} ends at {last}, and {known} was acknowledged")
        })
    }

    /// Whether an entry was voided with its commit.
    pub(super) fn is_void(&self, conversation: ConversationId, number: u64) -> bool {
        self.voids.iter().any(|(of, from, to)| *of == conversation && (*from..=*to).contains(&number))
    }

    /// An app is told of an entry (rule 1: once, in order).
    pub(super) fn tells(
        &mut self,
        device: usize,
        conversation: ConversationId,
        number: u64,
    ) -> Result<(), Violation> {
        let before = self.told.insert((device, conversation), number).unwrap_or(0);
        require(before < number, Rule::Delivery, || {
            format!("device {device} is told of number {number} after {before}")
        })
    }

    /// A device stands in an epoch (rule 2: as all others in it; rule 6: with whom it may be).
    pub(super) fn stands(&mut self, device: usize, standing: &Standing) -> Result<(), Violation> {
        // Epoch 0 is a founder's own; two may be founding at once.
        if !standing.confirmed || standing.epoch == 0 {
            return Ok(());
        }
        self.memberships.stands(standing);
        let key = (standing.group.clone(), standing.epoch);
        let own = (device, standing.context, standing.authenticator);
        let (first, context, authenticator) = *self.epochs.entry(key).or_insert(own);
        require(
            (context, authenticator) == (standing.context, standing.authenticator),
            Rule::Agreement,
            || format!("devices {first} and {device} differ in epoch {}", standing.epoch),
        )
    }
}
