//! A commit in the log: merged, if it is this device's; else verified, checked, and applied or refused.
//!
//! Spec: `conversations.md` 7 and 8.

use infrasound_spec::{
    account::Handle,
    commit::{self, CommitChanges, Framing},
    conversation::ConversationId,
    external::ExternalJoin,
    log::{self, LogEntry},
    policy::GroupPolicy,
    report::CommitOutcome,
};
use openmls::prelude::{
    DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage, Sender,
};

use super::{Client, step::Step, sync::Topic};
use crate::{
    conversation::{Conversation, summary::Ended},
    event::Event,
    intent::{Stage, Work},
    mls::Provider,
    warning::Warning,
};

/// The generation of the group that a handshake message belongs to, if it is one of this conversation.
fn generation_of(bytes: &[u8], id: ConversationId) -> Option<u32> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).ok()?;
    let MlsMessageBodyIn::PublicMessage(message) = message.extract() else { return None };
    let group_id = ProtocolMessage::from(message).group_id().to_vec();
    let generation = group_id.strip_prefix(id.as_bytes().as_slice())?;
    generation.try_into().ok().map(u32::from_be_bytes)
}

impl Client {
    pub(super) fn take_commit(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
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
            if changes.external.is_some() && changes.committer.device == self.device.id {
                // It has come in again, and knows nothing of that: its storage was put back.
                conversation.lose_group();
                return self.sync.want(Topic::Conversations);
            }
            if let Err(damaged) = conversation.restore_kept(number, &mut step.writes) {
                return self.journal_damaged(&damaged.to_string(), step);
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
}
