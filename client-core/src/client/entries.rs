//! The log becomes state: entries are taken in one after the other, none twice, none left out.
//!
//! | entry | of this device | of another |
//! |---|---|---|
//! | commit | the pending commit is merged | checked, applied, reported; or refused and reported |
//! | message | the intent has happened | decrypted: [`super::received`] |
//! | confirm | the group before the commit is forgotten | the same |
//! | void | the group before the commit stands again; what was sent under it is sent again | the same |
//!
//! Spec: `conversations.md` 4, 5, 7, 8 and 13.

use infrasound_spec::{
    api::{
        conversations::{ConversationHead, ConversationList, LogPage, ReportCommit},
        paths,
        problem::Problem,
    },
    commit,
    consent::ContactState,
    conversation::ConversationId,
    limits::MAX_LOG_PAGE,
    log::{self, EntryKind, LogEntry},
    report::{self, CommitOutcome},
    signing::Purpose as Signing,
};
use openmls::prelude::{
    DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage,
};

use super::{Client, founding::MAX_VOIDED, requests::Purpose, step::Step};
use crate::{
    conversation::Conversation,
    event::{Event, Failure, FailureCode},
    intent::{Intent, Stage, Work},
    journal::{OpenedRecord, Place},
    mls::Provider,
    output::Method,
    warning::Warning,
};

/// The largest number of an entry that is believed: beyond it, nothing here would overflow, and no log is that long.
const MAX_NUMBER: u64 = 1 << 53;

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
            Ok(conversation) => {
                self.conversations.insert(id, conversation);
            }
            Err(error) => self.journal_damaged(&error.to_string(), step),
        }
    }

    pub(super) fn conversations_told(
        &mut self,
        list: Result<ConversationList, Box<Problem>>,
        step: &mut Step,
    ) {
        self.sync.conversations = false;
        let Ok(list) = list else { return };
        for head in list.conversations {
            self.take_head(&head, step);
        }
    }

    fn take_head(&mut self, head: &ConversationHead, step: &mut Step) {
        let id = head.conversation;
        let Some(listed) = self.summaries.get_mut(&id) else { return };
        // What was taken in since the relay was asked may not be in its answer.
        let seen = listed.asked_at;
        listed.started_over = head.started_over.contains(&listed.other);
        if listed.started_over {
            self.active.insert(id);
        }
        if head.last < seen {
            step.event(Event::Warning(Some(id), Warning::LogRolledBack { last: head.last, seen }));
        }
        self.log_grew(id, head.last);
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
        self.ask(Purpose::Log(id), Method::Get, format!("{path}?after={after}&limit={MAX_LOG_PAGE}"), step);
    }

    pub(super) fn log_fetched(
        &mut self,
        id: ConversationId,
        page: Result<LogPage, Box<Problem>>,
        step: &mut Step,
    ) {
        let before = self.conversations.get(&id).map_or(0, |conversation| conversation.state.position.number);
        match page {
            Ok(page) => {
                if is_plausible(page.last) {
                    self.known_last.insert(id, page.last);
                }
                self.take_entries(id, page.entries, step);
            }
            Err(_) => {
                self.known_last.insert(id, before);
            }
        }
        let after = self.conversations.get(&id).map_or(0, |conversation| conversation.state.position.number);
        if after == before {
            // A log that claims to be longer and does not come would be asked for without end.
            self.known_last.insert(id, before);
        }
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
        if number > conversation.state.joined_at && conversation.is_joined() {
            match entry.kind {
                EntryKind::Commit => self.take_commit(conversation, &entry, step),
                EntryKind::Message => self.take_message(conversation, &entry, step),
                EntryKind::Confirm => self.take_confirm(conversation, &entry, step),
                EntryKind::Void => self.take_void(conversation, &entry, step),
            }
        } else if entry.kind == EntryKind::Void {
            self.take_void(conversation, &entry, step);
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
        let accepted = self.contact_state(&conversation.state.other) == ContactState::Accepted;
        if accepted && self.receipt(conversation).is_some() {
            self.receipts_are_due(id, step.now);
        }
    }

    /// The intent of this device that an entry is, by its submission id.
    fn own_intent(&self, conversation: &Conversation, entry: &LogEntry) -> Option<Intent> {
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

    fn take_commit(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
        let number = entry.number;
        if conversation.state.refused.is_some() {
            // Of an epoch that this device is not in: it falls with the refused commit, or this device is left out.
            return;
        }
        let own = self.own_intent(conversation, entry).filter(|intent| match &intent.stage {
            Stage::Commit { bundle, .. } => log::digest(bundle.commit.as_slice()) == entry.digest,
            _ => false,
        });
        conversation.keep_group(number, &mut step.writes);
        let applied = match &own {
            Some(_) => self.apply_own_commit(conversation),
            None => self.apply_commit(conversation, entry),
        };
        if let Err(reason) = applied {
            // Back to the group as it was kept, whatever of the commit had got into it.
            if let Err(damaged) = conversation.restore_kept(number, &mut step.writes) {
                return self.journal_damaged(&damaged.to_string(), step);
            }
            return Self::refuse_commit(conversation, number, &reason, step);
        }
        conversation.state.provisional.push(number);
        if let Some(intent) = own {
            self.hold(conversation, intent, number, step);
        } else {
            if let Some(group) = &conversation.group {
                let authenticator = report::authenticator_hash(group.epoch_authenticator().as_slice());
                conversation.state.reports.push((number, CommitOutcome::Applied { authenticator }));
            }
            self.epoch_passed(conversation.id, step);
        }
        self.see_members(conversation, step);
        self.sync.conversations = true;
    }

    fn apply_own_commit(&self, conversation: &mut Conversation) -> Result<(), String> {
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or("there is no group")?;
        group.merge_pending_commit(&provider).map_err(|error| error.to_string())?;
        conversation.refresh_members().map_err(|error| error.to_string())
    }

    /// Verifies a commit of somebody else, checks that it is valid, and only then applies it.
    fn apply_commit(&self, conversation: &mut Conversation, entry: &LogEntry) -> Result<(), String> {
        let bytes = entry.bytes.as_ref().ok_or("it expired before this device saw it")?;
        let message =
            MlsMessageIn::tls_deserialize_exact_bytes(bytes.as_slice()).map_err(|error| error.to_string())?;
        let MlsMessageBodyIn::PublicMessage(message) = message.extract() else {
            return Err("it is not a PublicMessage".to_owned());
        };
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or("there is no group")?;
        let processed = group
            .process_message(&provider, ProtocolMessage::from(message))
            .map_err(|error| error.to_string())?;
        let sender = processed.sender().clone();
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err("it is not a commit of another member".to_owned());
        };
        commit::check(group.public_group(), &sender, &staged, entry.time)
            .map_err(|error| error.to_string())?;
        group.merge_staged_commit(&provider, *staged).map_err(|error| error.to_string())?;
        conversation.refresh_members().map_err(|error| error.to_string())
    }

    /// The commit is not applied here, and the hub is told: it voids it unless somebody else could.
    fn refuse_commit(conversation: &mut Conversation, number: u64, reason: &str, step: &mut Step) {
        conversation.state.refused = Some(number);
        conversation.state.reports.push((number, CommitOutcome::CannotApply));
        let warning = Warning::CommitRefused { number, reason: reason.to_owned() };
        step.event(Event::Warning(Some(conversation.id), warning));
    }

    fn take_confirm(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
        let target = entry.bytes.as_ref().and_then(|bytes| log::control_target(bytes.as_slice()));
        let number = entry.number;
        match target {
            Some(commit) if conversation.state.provisional.contains(&commit) => {
                conversation.state.provisional.retain(|later| *later > commit);
                conversation.state.voided = 0;
                conversation.drop_kept(commit, &mut step.writes);
                let up_to = conversation.state.provisional.first().copied().unwrap_or(u64::MAX);
                self.release_held(conversation.id, up_to, step);
            }
            Some(commit) if conversation.state.refused == Some(commit) => {
                // Others could apply it, so the conversation goes on without this device.
                conversation.state.refused = None;
                conversation.drop_group();
                conversation.left_out = true;
            }
            // Of before this device was there: with the commit that let it in, those before it stand, too.
            Some(commit) if commit < conversation.state.joined_at => {}
            _ => step.event(Event::Warning(Some(conversation.id), Warning::ControlRefused { number })),
        }
    }

    fn take_void(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
        let target = entry.bytes.as_ref().and_then(|bytes| log::control_target(bytes.as_slice()));
        let id = conversation.id;
        let Some(commit) = target.filter(|commit| *commit <= conversation.state.position.number) else {
            return step.event(Event::Warning(Some(id), Warning::ControlRefused { number: entry.number }));
        };
        let was_refused = conversation.state.refused.is_some_and(|refused| refused >= commit);
        if was_refused {
            conversation.state.refused = None;
        }
        if conversation.state.provisional.contains(&commit) {
            self.undo_commit(conversation, commit, step);
        } else if conversation.is_joined() && !was_refused {
            return step.event(Event::Warning(Some(id), Warning::ControlRefused { number: entry.number }));
        }
        step.event(Event::Warning(Some(id), Warning::CommitVoided { number: commit }));
    }

    fn undo_commit(&mut self, conversation: &mut Conversation, commit: u64, step: &mut Step) {
        let id = conversation.id;
        let is_the_commit = |intent: &Intent| {
            intent.conversation() == Some(id)
                && matches!(intent.stage, Stage::Held { number } if number == commit)
                && !matches!(intent.work, Work::Activity { .. })
        };
        let founded = conversation.state.began && commit == conversation.state.joined_at;
        let ours = founded || self.intents.values().any(is_the_commit);
        if let Err(error) = conversation.restore_kept(commit, &mut step.writes) {
            return self.journal_damaged(&error.to_string(), step);
        }
        conversation.state.provisional.retain(|earlier| *earlier < commit);
        if ours {
            conversation.state.voided += 1;
        }
        // What was encrypted for the voided epoch and is not in the log is made anew, too.
        self.epoch_passed(id, step);
        self.requeue_held(conversation, commit, step);
        if conversation.state.voided >= MAX_VOIDED {
            conversation.state.voided = 0;
            let text =
                "the other side could not use what this device sent, three times in a row; try again later";
            self.fail_all(id, &Failure::new(FailureCode::Refused, text), step);
        }
    }

    /// In the log under a provisional commit: kept until that is confirmed.
    pub(super) fn hold(
        &mut self,
        conversation: &Conversation,
        mut intent: Intent,
        number: u64,
        step: &mut Step,
    ) {
        if conversation.state.provisional.is_empty() {
            self.remove_intent(intent.id, step);
        } else {
            intent.stage = Stage::Held { number };
            self.save_intent(intent, step);
        }
    }

    /// What stands under confirmed commits only is done.
    fn release_held(&mut self, id: ConversationId, up_to: u64, step: &mut Step) {
        let held: Vec<u64> = self
            .intents
            .values()
            .filter(|intent| intent.conversation() == Some(id))
            .filter(|intent| matches!(intent.stage, Stage::Held { number } if number < up_to))
            .map(|intent| intent.id)
            .collect();
        for intent in held {
            self.remove_intent(intent, step);
        }
    }

    /// What went with a voided commit is sent again, under the same ids of notes.
    fn requeue_held(&mut self, conversation: &Conversation, commit: u64, step: &mut Step) {
        for intent in self.intents.values().cloned().collect::<Vec<_>>() {
            let Stage::Held { number } = intent.stage else { continue };
            if intent.conversation() != Some(conversation.id) || number < commit {
                continue;
            }
            if intent.note().is_some() {
                let (place, name) = super::history::timeline_record(&conversation.id, number);
                step.writes.delete(place, name);
            }
            self.save_intent(Intent { stage: Stage::Queued, ..intent }, step);
        }
    }

    /// A commit of somebody else ended the epoch: what was encrypted for it and is not in the log is made anew.
    fn epoch_passed(&mut self, id: ConversationId, step: &mut Step) {
        for intent in self.intents.values().cloned().collect::<Vec<_>>() {
            if intent.conversation() == Some(id) && intent.submission().is_some() {
                self.save_intent(Intent { stage: Stage::Queued, ..intent }, step);
            }
        }
    }

    pub(super) fn deliver_report(
        &mut self,
        id: ConversationId,
        number: u64,
        outcome: CommitOutcome,
        step: &mut Step,
    ) {
        let content = report::report_content(&id, number, &outcome);
        let signature = self.device.signer.sign_for(Signing::CommitReport, &content);
        let path = paths::with(paths::REPORTS, "conversation", &id.to_string());
        let body = ReportCommit { number, outcome, signature };
        self.request(Purpose::Report(id, number), Method::Post, path, Some(&body), step);
    }

    /// The hub has it, or does not want it (the commit was decided otherwise in the meantime).
    pub(super) fn report_delivered(&mut self, id: ConversationId, number: u64, step: &mut Step) {
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.state.reports.retain(|(reported, _)| *reported != number);
            conversation.save(&mut step.writes);
        }
    }

    /// Own work that waits because a commit is provisional: further commits of this device, except to let somebody in.
    pub(super) fn waits_for_confirmation(conversation: &Conversation, intent: &Intent) -> bool {
        !conversation.state.provisional.is_empty() && matches!(intent.work, Work::RenewLeaf { .. })
    }

    pub(super) fn place_of(
        conversation: &ConversationId,
        note: &infrasound_spec::content::ObjectId,
    ) -> Place {
        Place::Note(*conversation.as_bytes(), note.as_str().to_owned())
    }
}
