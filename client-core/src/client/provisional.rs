//! What is in the log may still fall: commits until they are confirmed, and what this device said after them.
//!
//! Spec: `conversations.md` 8.

use infrasound_spec::{
    conversation::ConversationId,
    log::{self, LogEntry},
};

use super::{Client, founding::MAX_VOIDED, step::Step, sync::Topic};
use crate::{
    conversation::Conversation,
    event::{Event, Failure, FailureCode},
    intent::{Intent, Stage, Work},
    journal::Place,
    warning::Warning,
};

impl Client {
    pub(super) fn take_confirm(
        &mut self,
        conversation: &mut Conversation,
        entry: &LogEntry,
        step: &mut Step,
    ) {
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
                conversation.lose_group();
            }
            // Of before this device was there: with the commit that let it in, those before it stand, too.
            Some(commit) if commit < conversation.state.joined_at => {}
            _ => step.event(Event::Warning(Some(conversation.id), Warning::ControlRefused { number })),
        }
    }

    pub(super) fn take_void(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
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
        if commit == conversation.state.joined_at && !founded {
            // What let it in is undone. If the relay says that it has a leaf all the same, it comes in anew.
            conversation.state.joined_at = 0;
            self.sync.want(Topic::Conversations);
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
            self.detach_later(conversation.id, &intent, step);
            self.remove_intent(intent.id, step);
        } else {
            intent.stage = Stage::Held { number };
            self.save_intent(intent, step);
        }
    }

    /// What stands under confirmed commits only is done.
    pub(super) fn release_held(&mut self, id: ConversationId, up_to: u64, step: &mut Step) {
        let held: Vec<u64> = self
            .intents
            .values()
            .filter(|intent| intent.conversation() == Some(id))
            .filter(|intent| matches!(intent.stage, Stage::Held { number } if number < up_to))
            .map(|intent| intent.id)
            .collect();
        for intent in held {
            if let Some(intent) = self.remove_intent(intent, step) {
                self.detach_later(id, &intent, step);
            }
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
