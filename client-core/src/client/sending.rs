//! Intents become submissions: encrypted once for an epoch, stored, then sent until the hub has answered.
//!
//! Spec: `conversations.md` 6; `journal.md` 4.

use infrasound_spec::{
    api::{
        conversations::{Accepted, CommitBundle, SubmitCommit, SubmitMessage},
        paths,
        problem::{Problem, ProblemType},
    },
    conversation::ConversationId,
    key_package::EndorsedKeyPackage,
    log::{self, EntryKind, LogEntry, LogPosition},
    message::{MessageAad, MessageFrame},
    mls as parameters,
    signing::Purpose as Signing,
    submission::{self, SubmissionId},
};
use openmls::prelude::{LeafNodeIndex, LeafNodeParameters, MlsGroup};

use super::{
    Client,
    founding::{MakeError, key_changed},
    patience::Waiter,
    requests::{Purpose, failure},
    step::Step,
};
use crate::{
    conversation::Conversation,
    event::{Event, Failure, FailureCode},
    intent::{Intent, Stage, Target, Work},
    mls::Provider,
    output::Method,
    warning::Warning,
};

impl Client {
    /// Carries out the next intent of a conversation. Says whether there is more to do.
    pub(super) fn pump_intents(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let Some(conversation) = self.conversations.get(&id) else { return false };
        if !conversation.is_joined() {
            return self.pump_founding(id, step);
        }
        let other = conversation.state.other.clone();
        let who = self.handle_of(&other);
        if !self.may_speak(id) {
            return false;
        }
        let pin = self.contacts.get(&other).and_then(|contact| contact.pin);
        // Whom the messages are encrypted for is who is in the group, not what the relay says.
        let strangers = conversation
            .members
            .values()
            .any(|device| device.account == other && Some(device.account_key) != pin);
        let changed = self.contacts.get(&other).is_some_and(|contact| contact.changed_key.is_some());
        if changed {
            self.set_waiting(id, Some(key_changed(&who)), step);
            return false;
        }
        if conversation.state.refused.is_some() {
            let text = "a change to the conversation could not be applied; waiting for the relay to undo it";
            self.set_waiting(id, Some(text.to_owned()), step);
            return false;
        }
        if self.is_put_off(&Waiter::Conversation(id), step) {
            return false;
        }
        if strangers || self.summaries.get(&id).is_some_and(|listed| listed.started_over) {
            if !self.conversations.get(&id).is_some_and(|conversation| conversation.key_looked_up) {
                self.look_up_key(id, &other, step);
                return true;
            }
            self.want_reinvite(id, step);
        }
        self.set_waiting(id, None, step);
        let Some(intent) = self.next_intent_of(id) else { return false };
        self.carry_out(id, intent, step);
        true
    }

    /// Letting somebody in again comes before anything else is said; then the oldest wish.
    fn next_intent_of(&self, id: ConversationId) -> Option<Intent> {
        let conversation = self.conversations.get(&id)?;
        let mut waiting = self.intents.values().filter(|intent| {
            intent.conversation() == Some(id)
                && !intent.is_held()
                && !Self::waits_for_confirmation(conversation, intent)
        });
        let under_way = waiting.clone().find(|intent| intent.submission().is_some());
        let reinvite = || waiting.clone().find(|intent| matches!(intent.work, Work::Reinvite));
        under_way.or_else(reinvite).or_else(|| waiting.next()).cloned()
    }

    fn want_reinvite(&mut self, id: ConversationId, step: &mut Step) {
        let there = self
            .intents
            .values()
            .any(|intent| intent.conversation() == Some(id) && matches!(intent.work, Work::Reinvite));
        if !there {
            self.add_intent(Target::Conversation(id), Work::Reinvite, step);
        }
    }

    fn carry_out(&mut self, id: ConversationId, intent: Intent, step: &mut Step) {
        if matches!(intent.stage, Stage::Queued) && self.pump_uploads(id, &intent, step) {
            return;
        }
        match (&intent.stage, &intent.work) {
            (Stage::Message { .. } | Stage::Commit { .. }, _) => self.submit(id, &intent, step),
            (Stage::Held { .. }, _) => {}
            (Stage::Queued, Work::Reinvite) => {
                if let Some(other) = self.summaries.get(&id).map(|listed| listed.other.clone()) {
                    self.claim(id, &other, step);
                }
            }
            (Stage::Queued, _) => {
                let Some(mut conversation) = self.conversations.remove(&id) else { return };
                let number = intent.id;
                let made = self.prepare(&mut conversation, intent, step);
                if made.is_err() {
                    conversation.store.roll_back();
                    if let Err(damaged) = conversation.reload_group() {
                        return self.journal_damaged(&damaged.to_string(), step);
                    }
                }
                conversation.save(&mut step.writes);
                self.conversations.insert(id, conversation);
                match made {
                    Ok(intent) => self.submit(id, &intent, step),
                    Err(error) => {
                        self.fail_intent(
                            number,
                            &Failure::new(FailureCode::Refused, error.to_string()),
                            step,
                        );
                    }
                }
            }
        }
    }

    /// Encrypts, or makes the commit, and stores it with the intent.
    fn prepare(
        &mut self,
        conversation: &mut Conversation,
        mut intent: Intent,
        step: &mut Step,
    ) -> Result<Intent, MakeError> {
        let submission = SubmissionId::from_bytes(step.random());
        intent.stage = match &intent.work {
            Work::Activity { json, .. } => Stage::Message {
                submission,
                bytes: encrypt(&self.crypto, &self.device.signer, conversation, json)?,
            },
            Work::RenewLeaf { .. } | Work::Reinvite => {
                // What is left of a commit that another one has overtaken.
                if let Some(group) = &mut conversation.group {
                    let cleared = group.clear_pending_commit(&conversation.store);
                    cleared.map_err(MakeError::of)?;
                }
                let position = conversation.state.position;
                let provider = Provider { crypto: &self.crypto, store: &conversation.store };
                let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
                Stage::Commit {
                    submission,
                    bundle: self.commit_bundle(&provider, group, &position, &[], &[])?,
                }
            }
        };
        self.save_intent(intent.clone(), step);
        Ok(intent)
    }

    /// The new devices of the other account in place of its old ones, in one commit.
    pub(super) fn reinvite(
        &mut self,
        conversation: &mut Conversation,
        key_packages: &[EndorsedKeyPackage],
        step: &mut Step,
    ) -> Result<(), MakeError> {
        let of_work = |intent: &&Intent| {
            intent.conversation() == Some(conversation.id) && matches!(intent.work, Work::Reinvite)
        };
        let Some(mut intent) = self.intents.values().find(of_work).cloned() else { return Ok(()) };
        let old: Vec<LeafNodeIndex> = conversation
            .members
            .iter()
            .filter(|(_, device)| device.account == conversation.state.other)
            .map(|(index, _)| LeafNodeIndex::new(*index))
            .collect();
        let position = conversation.state.position;
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
        let bundle = self.commit_bundle(&provider, group, &position, key_packages, &old)?;
        intent.stage = Stage::Commit { submission: SubmissionId::from_bytes(step.random()), bundle };
        self.save_intent(intent, step);
        Ok(())
    }

    /// A commit with a path, its Welcome, and the GroupInfo of the new epoch with the committer's place in the log.
    pub(super) fn commit_bundle(
        &self,
        provider: &Provider<'_>,
        group: &mut MlsGroup,
        position: &LogPosition,
        add: &[EndorsedKeyPackage],
        remove: &[LeafNodeIndex],
    ) -> Result<CommitBundle, MakeError> {
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(parameters::capabilities())
            .with_extensions(parameters::leaf_extensions(&self.device.endorsement).map_err(MakeError::of)?)
            .build();
        let bundle = group
            .commit_builder()
            .leaf_node_parameters(leaf)
            .propose_adds(add.iter().map(|one| one.key_package.clone()))
            .propose_removals(remove.iter().copied())
            .force_self_update(true)
            .load_psks(provider.store)
            .map_err(MakeError::of)?
            .create_group_info_with_extensions([parameters::log_position_extension(position)])
            .map_err(MakeError::of)?
            .build(provider.crypto, provider.crypto, &self.device.signer, |_| true)
            .map_err(MakeError::of)?
            .stage_commit(provider)
            .map_err(MakeError::of)?;
        let (commit, welcome, group_info) = bundle.into_messages();
        let group_info = group_info.ok_or_else(|| MakeError::of("a commit without GroupInfo"))?;
        Ok(CommitBundle {
            commit: commit.to_bytes().map_err(MakeError::of)?.into(),
            welcome: welcome
                .map(|welcome| welcome.to_bytes())
                .transpose()
                .map_err(MakeError::of)?
                .map(Into::into),
            group_info: group_info.to_bytes().map_err(MakeError::of)?.into(),
        })
    }

    /// Sends what is stored, signed for exactly these bytes.
    fn submit(&mut self, id: ConversationId, intent: &Intent, step: &mut Step) {
        let Some(conversation) = self.conversations.get(&id) else { return };
        let after = conversation.state.position.number;
        let purpose = Purpose::Submit(id, intent.id);
        match &intent.stage {
            Stage::Message { submission, bytes } => {
                let content = submission::message_content(&id, submission, bytes);
                let body = SubmitMessage {
                    submission: *submission,
                    after,
                    message: bytes.clone().into(),
                    signature: self.device.signer.sign_for(Signing::Submission, &content),
                };
                let path = paths::with(paths::MESSAGES, "conversation", &id.to_string());
                self.request(purpose, Method::Post, path, Some(&body), step);
            }
            Stage::Commit { submission, bundle } => {
                let body = SubmitCommit {
                    submission: *submission,
                    after,
                    bundle: bundle.clone(),
                    signature: self.sign_bundle(&id, submission, bundle),
                };
                let path = paths::with(paths::COMMITS, "conversation", &id.to_string());
                self.request(purpose, Method::Post, path, Some(&body), step);
            }
            Stage::Queued | Stage::Held { .. } => {}
        }
    }

    pub(super) fn submission_answered(
        &mut self,
        id: ConversationId,
        intent: u64,
        answer: Result<Accepted, Box<Problem>>,
        step: &mut Step,
    ) {
        match answer {
            Ok(accepted) => self.submission_accepted(id, intent, accepted, step),
            Err(problem) => match (problem.problem_type, problem.wrong_epoch.clone()) {
                (ProblemType::WrongEpoch, Some(missing)) => {
                    // What ended the epoch takes the submission back. Without it, the same bytes are tried again, later:
                    // a relay that only says so does not make this device use up its ratchet.
                    self.log_grew(id, missing.entries.last().map_or(0, |entry| entry.number));
                    self.take_entries(id, missing.entries, step);
                    if self.intents.get(&intent).is_some_and(|intent| intent.submission().is_some()) {
                        self.put_off(Waiter::Conversation(id), None, step);
                    }
                    // The first page may not be all of it.
                    self.sync.conversations = true;
                }
                // Too often in this conversation: the same bytes go later.
                (ProblemType::RateLimited, _) => {
                    self.put_off(Waiter::Conversation(id), problem.retry_after, step);
                }
                (ProblemType::NoInfrasound, _) => {
                    // Nobody is there who could read it: the other has started over, as the relay's list will say.
                    self.take_back(id, intent, step);
                    self.set_waiting(id, Some(problem.detail.clone()), step);
                    self.sync.conversations = true;
                    self.put_off(Waiter::Conversation(id), problem.retry_after, step);
                }
                _ if self
                    .intents
                    .get(&intent)
                    .is_some_and(|intent| matches!(intent.work, Work::Reinvite)) =>
                {
                    self.take_back(id, intent, step);
                    self.set_waiting(id, Some(problem.detail.clone()), step);
                    self.put_off(Waiter::Conversation(id), problem.retry_after, step);
                }
                (ProblemType::Forbidden | ProblemType::NotFound, _) => {
                    self.sync.conversations = true;
                    self.take_back(id, intent, step);
                    self.fail_intent(intent, &failure(&problem), step);
                }
                _ => {
                    self.take_back(id, intent, step);
                    self.fail_intent(intent, &failure(&problem), step);
                }
            },
        }
    }

    /// In the log. If it is the next entry, it is taken in from what is stored here; else the log is fetched.
    fn submission_accepted(&mut self, id: ConversationId, intent: u64, accepted: Accepted, step: &mut Step) {
        self.go_ahead(&Waiter::Conversation(id));
        self.log_grew(id, accepted.number);
        let next = self
            .conversations
            .get(&id)
            .map_or(0, |conversation| conversation.state.position.number.saturating_add(1));
        let Some(intent) = self.intents.get(&intent) else { return };
        if accepted.number > next {
            return;
        }
        let (kind, bytes) = match &intent.stage {
            Stage::Message { bytes, .. } => (EntryKind::Message, bytes.clone()),
            Stage::Commit { bundle, .. } => (EntryKind::Commit, bundle.commit.0.clone()),
            Stage::Queued | Stage::Held { .. } => return,
        };
        let entry = LogEntry {
            number: accepted.number,
            time: accepted.time,
            kind,
            digest: log::digest(&bytes),
            bytes: Some(bytes.into()),
            submitter: Some(self.device.id),
            submission: intent.submission(),
        };
        if accepted.number == next {
            return self.take_entries(id, vec![entry], step);
        }
        // The relay has shown something else at this number. It says that the message is in its log; so be it.
        let warning = Warning::OwnEntryAltered { number: accepted.number };
        step.event(Event::Warning(Some(id), warning));
        let intent = intent.clone();
        if let Some(mut conversation) = self.conversations.remove(&id) {
            self.own_message_happened(&mut conversation, intent, &entry, step);
            self.conversations.insert(id, conversation);
        }
    }

    /// What was made for an epoch that is gone is thrown away; the wish remains and is made anew.
    fn take_back(&mut self, id: ConversationId, intent: u64, step: &mut Step) {
        let Some(mut intent) = self.intents.get(&intent).cloned() else { return };
        let was_commit = matches!(intent.stage, Stage::Commit { .. });
        intent.stage = Stage::Queued;
        self.save_intent(intent, step);
        if was_commit && let Some(conversation) = self.conversations.get_mut(&id) {
            if let Some(group) = &mut conversation.group {
                // Only the storage could fail, and it is in memory.
                let _ = group.clear_pending_commit(&conversation.store);
            }
            conversation.save(&mut step.writes);
        }
    }
}

/// Encrypts one activity at the conversation's place in the log. The ratchet moves; the caller stores that first.
fn encrypt(
    crypto: &openmls_rust_crypto::RustCrypto,
    signer: &crate::mls::signer::DeviceSigner,
    conversation: &mut Conversation,
    json: &[u8],
) -> Result<Vec<u8>, MakeError> {
    let frame = MessageFrame { seen: conversation.state.position, content: json.to_vec() };
    let frame = frame.encode().map_err(MakeError::of)?;
    let provider = Provider { crypto, store: &conversation.store };
    let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
    group.set_aad(MessageAad::default().encode());
    let message = group.create_message(&provider, signer, &frame).map_err(MakeError::of)?;
    message.to_bytes().map_err(MakeError::of)
}
