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

use std::collections::BTreeSet;

use infrasound_spec::{
    account::Handle,
    api::{
        conversations::{ConversationHead, ConversationList, LogPage, Participant},
        paths,
        problem::Problem,
    },
    commit::{self, CommitChanges, Framing},
    conversation::{Conversation as Context, ConversationId, ConversationKind},
    external::ExternalJoin,
    limits::MAX_LOG_PAGE,
    log::{self, EntryKind, LogEntry},
    policy::GroupPolicy,
    report::CommitOutcome,
};
use openmls::prelude::{
    DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage, Sender,
};

use super::{Client, Listed, founding::MAX_VOIDED, requests::Purpose, step::Step, sync::Topic};
use crate::{
    conversation::{
        Conversation,
        summary::{Ended, StoredGroup},
    },
    event::{Event, Failure, FailureCode},
    intent::{Change, Intent, Stage, Work},
    journal::{OpenedRecord, Place},
    mls::Provider,
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

/// The generation of the group that a handshake message belongs to, if it is one of this conversation.
fn generation_of(bytes: &[u8], id: ConversationId) -> Option<u32> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).ok()?;
    let MlsMessageBodyIn::PublicMessage(message) = message.extract() else { return None };
    let group_id = ProtocolMessage::from(message).group_id().to_vec();
    let generation = group_id.strip_prefix(id.as_bytes().as_slice())?;
    generation.try_into().ok().map(u32::from_be_bytes)
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

    pub(super) fn conversations_told(
        &mut self,
        list: Result<ConversationList, Box<Problem>>,
        step: &mut Step,
    ) {
        self.sync.answered(Topic::Conversations);
        let Ok(list) = list else { return };
        let told: BTreeSet<ConversationId> =
            list.conversations.iter().map(|head| head.conversation).collect();
        self.unheard.clear();
        for head in list.conversations {
            let joined = self.conversations.get(&head.conversation).is_some_and(Conversation::is_joined);
            if head.member && !joined {
                // Its Welcome is on its way; if not, this device has lost what it had of it.
                self.sync.want(Topic::Welcomes);
            }
            if head.member && !self.summaries.contains_key(&head.conversation) {
                self.unheard.push(head);
                continue;
            }
            self.list_from_head(&head, step);
            self.take_head(&head, step);
        }
        // What the relay does not name any more, and is over, is over for good: its secrets go.
        for (id, listed) in &mut self.summaries {
            let over = listed.group.as_ref().is_some_and(|group| group.ended.is_some());
            if over && !told.contains(id) && !listed.said.forgotten {
                listed.said.forgotten = true;
                self.active.insert(*id);
            }
        }
        // What is not over, and not named: the log says why.
        let unnamed: Vec<ConversationId> = self
            .summaries
            .iter()
            .filter(|(id, listed)| {
                listed.group.as_ref().is_some_and(|group| group.ended.is_none()) && !told.contains(id)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in unnamed {
            let position = self.summaries.get(&id).map_or(0, |listed| listed.stored.position);
            if position > 0 {
                self.log_grew(id, position + 1);
            }
        }
    }

    /// A group that is over for this account keeps its history, and nothing else.
    pub(super) fn forget_ended(&mut self, id: ConversationId, step: &mut Step) {
        let over = self.summaries.get(&id).is_some_and(|listed| {
            listed.said.forgotten && listed.group.as_ref().is_some_and(|group| group.ended.is_some())
        });
        if over
            && let Some(conversation) = self.conversations.get_mut(&id)
            && conversation.group.is_some()
        {
            conversation.drop_group();
            conversation.state.provisional.clear();
            conversation.state.reports.clear();
            conversation.save(&mut step.writes);
            // Whether they stand, nobody here will hear any more.
            self.release_held(id, u64::MAX, step);
        }
    }

    /// A conversation that the account is in, and this device has never heard of.
    pub(super) fn list_from_head(&mut self, head: &ConversationHead, step: &mut Step) {
        if self.summaries.contains_key(&head.conversation) {
            return;
        }
        match head.kind {
            ConversationKind::Direct => {
                let other = head.participants.iter().find(|one| one.account != self.device.account);
                let Some(other) = other else { return };
                let id = Context::direct(&self.device.account, &other.account, 0).map(|direct| direct.id);
                if id == Some(head.conversation) && self.may_be_called(&other.account, &other.handle) {
                    self.contact(&other.account, &other.handle);
                    self.save_contact(&other.account, step);
                    self.list_direct(&other.account, false, step);
                }
            }
            ConversationKind::Group => {
                self.list_group(head.conversation, head.inviter.as_ref(), step);
                if let Some(group) = self.group_mut(head.conversation) {
                    group.consent = head.consent;
                }
                self.summary_changed(head.conversation, step);
            }
        }
    }

    /// A group, put into the list if it is new.
    pub(super) fn list_group(&mut self, id: ConversationId, inviter: Option<&Participant>, step: &mut Step) {
        let inviter = inviter.map(|one| (one.account.clone(), one.handle.clone()));
        if let Some((account, handle)) = &inviter {
            self.names.insert(account.clone(), handle.clone());
        }
        match self.summaries.get_mut(&id).map(|listed| &mut listed.group) {
            None => {
                let group = StoredGroup { inviter, ..StoredGroup::default() };
                self.summaries.insert(id, Listed::new(None, Some(group), false));
            }
            // Invited again after it had ended: a new question.
            Some(Some(group)) if group.ended.is_some() => {
                let metadata = group.metadata.take();
                *group = StoredGroup { metadata, inviter, ..StoredGroup::default() };
            }
            Some(_) => return,
        }
        self.summary_changed(id, step);
    }

    pub(super) fn take_head(&mut self, head: &ConversationHead, step: &mut Step) {
        let id = head.conversation;
        let Some(listed) = self.summaries.get_mut(&id) else { return };
        listed.said.forgotten = false;
        // What was taken in since the relay was asked may not be in its answer.
        let seen = listed.asked_at;
        // Of before what was taken in since, it says nothing of who is let in now.
        if head.last >= listed.stored.position {
            listed.said.started_over =
                listed.other.as_ref().is_some_and(|other| head.started_over.contains(other));
        }
        listed.said.leaf = head.founded.then_some(head.member);
        if listed.said.started_over {
            self.active.insert(id);
        }
        if head.last < seen {
            step.event(Event::Warning(Some(id), Warning::LogRolledBack { last: head.last, seen }));
        }
        self.log_grew(id, head.last);
        self.take_group_head(head, step);
        let loaded = self.conversations.get_mut(&id);
        let refused = loaded.as_ref().is_some_and(|conversation| conversation.state.welcome_refused);
        if !head.member || refused {
            match loaded {
                Some(conversation) if !conversation.is_joined() => {
                    // What stands no more lets nobody in: it is founded again.
                    conversation.left_out = head.founded;
                    conversation.barred &= head.founded;
                }
                _ => {}
            }
            self.active.insert(id);
        }
    }

    /// What a head says of a group.
    fn take_group_head(&mut self, head: &ConversationHead, step: &mut Step) {
        let id = head.conversation;
        let answered = self.summaries.get(&id).is_some_and(|listed| listed.answered_since);
        let Some(group) = self.group_mut(id) else { return };
        if !group.unsynced && !answered && group.consent != head.consent {
            group.consent = head.consent;
            self.active.insert(id);
            self.summary_changed(id, step);
        }
        if !head.invitations_ended.is_empty() && self.may_speak(id) {
            let change = Change::EndInvitations { who: head.invitations_ended.clone() };
            self.want_change(id, change, step);
        }
        let told = self.summaries.get(&id).map_or(0, |listed| listed.join_requests);
        if told != head.join_requests {
            if let Some(listed) = self.summaries.get_mut(&id) {
                listed.join_requests = head.join_requests;
            }
            step.event(Event::JoinRequests { conversation: id, count: head.join_requests });
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

    fn take_commit(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
        let number = entry.number;
        if conversation.state.refused.is_some() {
            // Of an epoch that this device is not in: it falls with the refused commit, or this device is left out.
            return;
        }
        if Self::is_founded_again(conversation, entry) {
            return self.founded_again(conversation, number, step);
        }
        let own = self.own_intent(conversation, entry).filter(|intent| match &intent.stage {
            Stage::Commit { bundle, .. } => log::digest(bundle.commit.as_slice()) == entry.digest,
            _ => false,
        });
        let policy = conversation.policy.clone();
        conversation.keep_group(number, &mut step.writes);
        let applied = match &own {
            Some(_) => self.apply_own_commit(conversation, entry),
            None => self.apply_commit(conversation, entry),
        };
        if let Err(reason) = &applied {
            // Back to the group as it was kept, whatever of the commit had got into it.
            if let Err(damaged) = conversation.restore_kept(number, &mut step.writes) {
                return self.journal_damaged(&damaged.to_string(), step);
            }
            return self.refuse_commit(conversation, entry, reason, step);
        }
        let Ok(changes) = applied else { return };
        if changes.removed.iter().any(|device| device.device == self.device.id) {
            if let Err(damaged) = conversation.restore_kept(number, &mut step.writes) {
                return self.journal_damaged(&damaged.to_string(), step);
            }
            if changes.external.is_some() && changes.committer.device == self.device.id {
                let reason = "this device has come in again by it, and knows nothing of that";
                return self.refuse_commit(conversation, entry, reason, step);
            }
            return self.taken_out(conversation, entry, &changes, policy.as_ref(), step);
        }
        conversation.state.provisional.push(number);
        if let Some(intent) = own {
            Self::tell_changed(conversation.id, &intent, step);
            self.lost_races.remove(&intent.id);
            if matches!(intent.work, Work::Reinvite)
                && let Some(listed) = self.summaries.get_mut(&conversation.id)
            {
                // What the relay said before this does not hold any more.
                listed.said.started_over = false;
            }
            self.hold(conversation, intent, number, step);
            self.renewed(conversation, step);
            if !changes.joined.is_empty() || !changes.renewed.is_empty() {
                self.metadata_is_due(conversation.id, true, step);
            }
        } else {
            Self::report_applied(conversation, number, step);
            self.epoch_passed(conversation.id, step);
            if changes.added.is_empty() && changes.removed.is_empty() && changes.policy.is_none() {
                self.renewal_gives_way(conversation.id, entry.time, step);
            }
            if matches!(changes.external, Some(ExternalJoin::Link { .. })) {
                self.metadata_is_due(conversation.id, false, step);
            }
        }
        self.tell_commit(conversation, entry, &changes, policy.as_ref(), step);
        self.see_members(conversation, step);
        if conversation.policy.is_none() {
            self.sync.want(Topic::Conversations);
        }
    }

    /// This device's leaf was taken out. What was before stays, in case the commit is voided.
    fn taken_out(
        &mut self,
        conversation: &mut Conversation,
        entry: &LogEntry,
        changes: &CommitChanges,
        policy: Option<&GroupPolicy>,
        step: &mut Step,
    ) {
        conversation.state.removed = Some(entry.number);
        self.tell_commit(conversation, entry, changes, policy, step);
        if changes.gone.contains(&self.device.account) {
            self.end_group(conversation.id, Ended::Removed, step);
        }
        self.sync.want(Topic::Devices);
    }

    /// Whether a commit founds the conversation anew: then the group that this device is in stands no more.
    fn is_founded_again(conversation: &Conversation, entry: &LogEntry) -> bool {
        let later = entry.bytes.as_ref().and_then(|bytes| generation_of(bytes.as_slice(), conversation.id));
        later.is_some_and(|generation| generation > conversation.state.generation)
    }

    fn founded_again(&mut self, conversation: &mut Conversation, number: u64, step: &mut Step) {
        let warning = Warning::FoundedAgain { number };
        step.event(Event::Warning(Some(conversation.id), warning));
        conversation.drop_group();
        conversation.state.provisional.clear();
        conversation.state.refused = None;
        conversation.state.reports.clear();
        self.epoch_passed(conversation.id, step);
        // A Welcome is on its way, or this device comes in by itself.
        self.sync.want(Topic::Welcomes);
        self.sync.want(Topic::Conversations);
    }

    fn apply_own_commit(
        &self,
        conversation: &mut Conversation,
        entry: &LogEntry,
    ) -> Result<CommitChanges, String> {
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or("there is no group")?;
        let sender = Sender::Member(group.own_leaf_index());
        let staged = group.pending_commit().ok_or("there is no pending commit")?;
        let framing = Framing { sender: &sender, aad: &[] };
        let members = conversation.members.members().map_err(|error| error.to_string())?;
        let changes = commit::check(group.public_group(), members, framing, staged, entry.time)
            .map_err(|error| error.to_string())?;
        group.merge_pending_commit(&provider).map_err(|error| error.to_string())?;
        conversation.refresh_members().map_err(|error| error.to_string())?;
        Ok(changes)
    }

    /// Verifies a commit of somebody else, checks that it is valid, and only then applies it.
    fn apply_commit(
        &self,
        conversation: &mut Conversation,
        entry: &LogEntry,
    ) -> Result<CommitChanges, String> {
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
        let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err("it is not a commit of another member".to_owned());
        };
        let framing = Framing { sender: &sender, aad: &aad };
        let members = conversation.members.members().map_err(|error| error.to_string())?;
        let changes = commit::check(group.public_group(), members, framing, &staged, entry.time)
            .map_err(|error| error.to_string())?;
        if changes.removed.iter().any(|device| device.device == self.device.id) {
            return Ok(changes);
        }
        group.merge_staged_commit(&provider, *staged).map_err(|error| error.to_string())?;
        conversation.refresh_members().map_err(|error| error.to_string())?;
        Ok(changes)
    }

    /// The commit is not applied here, and the hub is told: it voids it unless somebody else could.
    fn refuse_commit(
        &self,
        conversation: &mut Conversation,
        entry: &LogEntry,
        reason: &str,
        step: &mut Step,
    ) {
        let number = entry.number;
        let who = self.named_sender(conversation, entry);
        conversation.state.refused = Some(number);
        conversation.state.reports.push((number, CommitOutcome::CannotApply));
        let warning = Warning::CommitRefused { number, who, reason: reason.to_owned() };
        step.event(Event::Warning(Some(conversation.id), warning));
    }

    /// The member whom a handshake message names as its sender. It may be one that does not verify.
    pub(super) fn named_sender(&self, conversation: &Conversation, entry: &LogEntry) -> Option<Handle> {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(entry.bytes.as_ref()?.as_slice()).ok()?;
        let MlsMessageBodyIn::PublicMessage(message) = message.extract() else { return None };
        let Sender::Member(index) = *message.sender() else { return None };
        Some(self.handle_of(&conversation.members.at(index.u32())?.account))
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
                Self::report_less(conversation, commit, step);
            }
            Some(commit) if conversation.state.refused == Some(commit) => {
                // Others could apply it, so the conversation goes on without this device.
                conversation.state.refused = None;
                conversation.drop_group();
                // From here on it is as a device that has lost its group, also after a restart.
                conversation.state.provisional.clear();
                conversation.state.joined_at = 0;
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
            conversation.state.missed = false;
        }
        let was_removed = conversation.state.removed.is_some_and(|removed| removed >= commit);
        if was_removed {
            conversation.state.removed = None;
            if let Some(group) = self.group_mut(id) {
                group.ended = None;
            }
            self.summary_changed(id, step);
        }
        let joined_at = conversation.state.joined_at;
        if conversation.state.provisional.contains(&commit) {
            self.undo_commit(conversation, commit, step);
        } else if commit < joined_at && conversation.state.provisional.contains(&joined_at) {
            // What let this device in stood on it, and falls with it.
            self.undo_commit(conversation, joined_at, step);
            conversation.left_out = true;
        } else if conversation.is_joined() && !was_refused && !was_removed {
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
    pub(super) fn epoch_passed(&mut self, id: ConversationId, step: &mut Step) {
        self.requeue(id, |intent| intent.submission().is_some(), step);
    }

    /// A proposal came: commits that were made without it are made anew.
    pub(super) fn requeue_commits(&mut self, conversation: &mut Conversation, step: &mut Step) {
        self.requeue(conversation.id, |intent| matches!(intent.stage, Stage::Commit { .. }), step);
        if let Some(group) = &mut conversation.group {
            // Only the storage could fail, and it is in memory.
            let _ = group.clear_pending_commit(&conversation.store);
        }
    }

    /// What has been made for these is made anew.
    fn requeue(&mut self, id: ConversationId, made: impl Fn(&Intent) -> bool, step: &mut Step) {
        let wanted = |intent: &&Intent| intent.conversation() == Some(id) && made(intent);
        for intent in self.intents.values().filter(wanted).cloned().collect::<Vec<_>>() {
            self.save_intent(Intent { stage: Stage::Queued, ..intent }, step);
        }
    }

    /// Own work that waits because a commit is provisional: what nobody else waits for, and leaving, which cannot be
    /// taken back.
    pub(super) fn waits_for_confirmation(conversation: &Conversation, intent: &Intent) -> bool {
        !conversation.state.provisional.is_empty()
            && matches!(intent.work, Work::RenewLeaf { .. } | Work::Leave { .. })
    }

    pub(super) fn place_of(
        conversation: &ConversationId,
        note: &infrasound_spec::content::ObjectId,
    ) -> Place {
        Place::Note(*conversation.as_bytes(), note.as_str().to_owned())
    }
}
