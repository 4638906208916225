//! The log becomes state: entries are taken in one after the other, none twice, none left out.
//!
//! | entry | of this device | of another |
//! |---|---|---|
//! | commit | the pending commit is merged | checked, applied, reported; or refused and reported: [`super::commits`] |
//! | message | the intent has happened | decrypted: [`super::received`] |
//! | confirm | the group before the commit is forgotten | the same |
//! | void | the group before the commit stands again; what was sent under it is sent again: [`super::provisional`] | the same |
//!
//! Spec: `conversations.md` 4, 5, 7, 8 and 13.

use infrasound_spec::{
    api::{conversations::LogPage, paths, problem::Problem},
    conversation::ConversationId,
    limits::MAX_LOG_PAGE,
    log::{self, EntryKind, LogEntry},
};

use super::{Client, requests::Purpose, step::Step};
use crate::{
    conversation::Conversation,
    event::Event,
    intent::{Intent, Stage},
    journal::OpenedRecord,
    output::Method,
    warning::Warning,
};

/// The largest number of an entry that is believed: beyond it, nothing here would overflow, and no log is that long.
const MAX_NUMBER: u64 = 1 << 53;

/// What was known of a log when a page of it was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The last entry that was taken in.
    after: u64,
    /// How long the log was said to be.
    heard: u64,
}

/// Whether a number can be that of an entry.
pub(super) fn is_plausible(number: u64) -> bool {
    number <= MAX_NUMBER
}

impl Client {
    pub(super) fn conversation_loaded(
        &mut self,
        id: ConversationId,
        records: Vec<OpenedRecord>,
        step: &mut Step,
    ) {
        let Some(other) = self.summaries.get(&id).map(|listed| listed.other.clone()) else { return };
        match Conversation::load(id, other, records) {
            Ok(mut conversation) => {
                self.take_names(&conversation);
                let outside = self.summaries.get(&id).is_some_and(|listed| listed.said.leaf == Some(false));
                let outside = outside || conversation.state.welcome_refused;
                conversation.left_out = outside && !conversation.is_joined();
                self.conversations.insert(id, conversation);
            }
            Err(error) => self.journal_damaged(&error.to_string(), step),
        }
    }

    /// The relay says how long a log is.
    pub(super) fn log_grew(&mut self, id: ConversationId, last: u64) {
        if !is_plausible(last) || !self.summaries.contains_key(&id) {
            return;
        }
        let known = self.known_last.entry(id).or_insert(0);
        *known = (*known).max(last);
        if self.summaries.get(&id).is_some_and(|listed| listed.stored.position < last) {
            self.active.insert(id);
            self.caught_up = false;
        }
    }

    pub(super) fn fetch_log(&mut self, id: ConversationId, step: &mut Step) {
        let Some(conversation) = self.conversations.get(&id) else { return };
        let path = paths::with(paths::LOG, "conversation", &id.to_string());
        let after = conversation.state.position.number;
        let heard = self.known_last.get(&id).copied().unwrap_or_default();
        self.ask(
            Purpose::Log(id, Asked { after, heard }),
            Method::Get,
            format!("{path}?after={after}&limit={MAX_LOG_PAGE}"),
            step,
        );
    }

    /// A page of the log came.
    pub(super) fn log_fetched(
        &mut self,
        id: ConversationId,
        asked: Asked,
        page: Result<LogPage, Box<Problem>>,
        step: &mut Step,
    ) {
        let before = self.conversations.get(&id).map_or(0, |conversation| conversation.state.position.number);
        if asked.after > before {
            // A Welcome put this device further back meanwhile: what lies between was not asked for.
            self.active.insert(id);
            return;
        }
        let last = match page {
            Ok(page) => {
                let last = if is_plausible(page.last) { page.last } else { before };
                self.take_entries(id, page.entries, step);
                last
            }
            Err(_) => before,
        };
        let after = self.conversations.get(&id).map_or(0, |conversation| conversation.state.position.number);
        // A log that claims to be longer and does not come would be asked for without end.
        let last = if after == before { before } else { last };
        // What was said meanwhile may be about entries that are too new for this page.
        let since = self.known_last.get(&id).copied().filter(|last| *last > asked.heard).unwrap_or_default();
        self.known_last.insert(id, last.max(since));
    }

    /// Takes entries in, in order; what was taken in before is passed over.
    pub(super) fn take_entries(&mut self, id: ConversationId, entries: Vec<LogEntry>, step: &mut Step) {
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        for entry in entries {
            let after = conversation.state.position.number;
            if entry.number <= after {
                continue;
            }
            if entry.number != after + 1 {
                step.event(Event::Warning(Some(id), Warning::LogGap { after, got: entry.number }));
                break;
            }
            self.take_entry(&mut conversation, entry, step);
        }
        self.took_in(&mut conversation, step);
        self.conversations.insert(id, conversation);
        self.active.insert(id);
    }

    fn take_entry(&mut self, conversation: &mut Conversation, mut entry: LogEntry, step: &mut Step) {
        let number = entry.number;
        if let Some(bytes) = &entry.bytes {
            // The chain is over the bytes that came, whatever the relay says their digest is.
            let digest = log::digest(bytes.as_slice());
            if digest != entry.digest {
                step.event(Event::Warning(Some(conversation.id), Warning::EntryAltered { number }));
                entry.digest = digest;
            }
        }
        let Some(position) = conversation.state.position.advance(&entry) else { return };
        let is_in = conversation.is_joined() && !conversation.is_out();
        if number > conversation.state.joined_at && is_in {
            match entry.kind {
                EntryKind::Commit => self.take_commit(conversation, &entry, step),
                EntryKind::Message => self.take_message(conversation, &entry, step),
                EntryKind::Proposal => self.take_proposal(conversation, &entry, step),
                EntryKind::Confirm => self.take_confirm(conversation, &entry, step),
                EntryKind::Void => self.take_void(conversation, &entry, step),
            }
        } else if entry.kind == EntryKind::Void {
            self.take_void(conversation, &entry, step);
        } else if number <= conversation.state.joined_at {
            self.pass_over(conversation, &entry, step);
        }
        conversation.state.position = position;
        conversation.chain.push(&position);
    }

    /// After entries were taken in: all of it is saved; the list and the receipts follow.
    pub(super) fn took_in(&mut self, conversation: &mut Conversation, step: &mut Step) {
        let id = conversation.id;
        if let Some(listed) = self.summaries.get_mut(&id) {
            listed.stored.position = conversation.state.position.number;
            listed.began = conversation.state.began;
        }
        self.summary_changed(id, step);
        conversation.save(&mut step.writes);
        if self.may_speak(id) && self.receipt(conversation).is_some() {
            self.receipts_are_due(id, step.now);
        }
    }

    /// The intent of this device that an entry is, by its submission id.
    pub(super) fn own_intent(&self, conversation: &Conversation, entry: &LogEntry) -> Option<Intent> {
        let submission = entry.submission?;
        self.intents
            .values()
            .find(|intent| {
                intent.conversation() == Some(conversation.id) && intent.submission() == Some(submission)
            })
            .cloned()
    }

    fn take_message(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
        let number = entry.number;
        if let Some(intent) = self.own_intent(conversation, entry) {
            let sent = match &intent.stage {
                Stage::Message { bytes, .. } => Some(log::digest(bytes)),
                _ => None,
            };
            if sent == Some(entry.digest) {
                if entry.submitter.is_some_and(|named| named != self.device.id) {
                    let sender = self.device.handle.clone();
                    let warning = Warning::SenderRewritten { number, sender };
                    step.event(Event::Warning(Some(conversation.id), warning));
                }
                return self.own_message_happened(conversation, intent, entry, step);
            }
            // The relay says that this is ours; it is not what we sent. It is read like anything else.
            step.event(Event::Warning(Some(conversation.id), Warning::OwnEntryAltered { number }));
        }
        match &entry.bytes {
            Some(bytes) => self.receive(conversation, entry, bytes.as_slice(), step),
            None => self.record_unreadable(conversation, entry, "expired before this device saw it", step),
        }
    }
}
