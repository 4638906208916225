//! Intents become submissions: encrypted once for an epoch, stored, then sent until the hub has answered.
//!
//! Spec: `conversations.md` 6; `journal.md` 4.

use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::{Accepted, CommitBundle, SubmitCommit, SubmitMessage},
        groups::{AskTurn, TurnGiven},
        paths,
        problem::{Problem, ProblemType},
    },
    commit,
    content::{Act, Activity},
    conversation::ConversationId,
    key_package::EndorsedKeyPackage,
    log::{self, EntryKind, LogEntry, LogPosition},
    message::{MessageAad, MessageFrame},
    mls as parameters,
    mutant::{self, Mutant},
    policy::GroupPolicy,
    signing::Purpose as Signing,
    submission::{self, SubmissionId},
};
use openmls::prelude::{LeafNodeIndex, LeafNodeParameters, MlsGroup, Sender};

use super::{
    Client,
    founding::{MakeError, key_changed},
    patience::Waiter,
    requests::{Purpose, failure},
    step::Step,
    sync::Topic,
};
use crate::{
    conversation::Conversation,
    event::{Event, Failure, FailureCode},
    intent::{Change, Intent, Stage, Target, Work},
    mls::{Provider, store::MlsStore},
    output::Method,
    warning::Warning,
};

/// What a commit proposes.
#[derive(Clone, Copy, Default)]
pub(super) struct Proposals<'a> {
    pub(super) add: &'a [EndorsedKeyPackage],
    pub(super) remove: &'a [LeafNodeIndex],
    /// The group's policy from then on, if it changes.
    pub(super) policy: Option<&'a GroupPolicy>,
}

/// So many times in a row a commit may come too late before its device asks for a turn.
const PATIENT: u32 = 3;

impl Client {
    /// Carries out the next intent of a conversation. Says whether there is more to do.
    pub(super) fn pump_intents(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let Some(conversation) = self.conversations.get(&id) else { return false };
        // Who is out, and has a link, comes in anew.
        let again = conversation.is_out() && self.links.contains_key(&id);
        if !conversation.is_joined() || again {
            return self.pump_entering(id, step) || self.pump_founding(id, step);
        }
        let refused = conversation.state.refused.is_some();
        if !self.may_speak(id) && self.next_intent_of(id).is_none() {
            return false;
        }
        let ready = match conversation.state.other.clone() {
            Some(other) => self.pump_keys(id, &other, step),
            None => Ready::Yes,
        };
        match ready {
            Ready::Yes => {}
            Ready::Asked => return true,
            Ready::No => return false,
        }
        if refused {
            let text = "a change to the conversation could not be applied; waiting for the relay to undo it";
            self.set_waiting(id, Some(text.to_owned()), step);
            return false;
        }
        if self.is_put_off(&Waiter::Conversation(id), step) {
            return false;
        }
        let Some(intent) = self.next_intent_of(id) else {
            self.set_waiting(id, self.leave_waits(id), step);
            return false;
        };
        self.set_waiting(id, None, step);
        let blocked = self.conversations.get(&id).is_some_and(Self::has_proposals)
            && matches!(
                (&intent.stage, &intent.work),
                (Stage::Queued, Work::Activity { .. } | Work::RenewLeaf { .. })
            );
        if blocked {
            // MLS encrypts nothing while a proposal waits, and to apply one takes more than a new leaf.
            self.want_change(id, Change::Proposals, step);
        } else {
            self.carry_out(id, intent, step);
        }
        true
    }

    /// What a wish to leave waits for, if there is one.
    fn leave_waits(&self, id: ConversationId) -> Option<String> {
        let leaves = |intent: &Intent| {
            intent.conversation() == Some(id)
                && matches!(intent.work, Work::Leave { .. })
                && !intent.is_held()
        };
        let text = "you leave as soon as somebody else in the group has confirmed the last change";
        self.intents.values().any(leaves).then(|| text.to_owned())
    }

    /// Whether a direct conversation is encrypted for whom the person means, as far as this device knows.
    fn pump_keys(&mut self, id: ConversationId, other: &AccountUri, step: &mut Step) -> Ready {
        let Some(conversation) = self.conversations.get(&id) else { return Ready::No };
        let who = self.handle_of(other);
        let pin = self.contacts.get(other).and_then(|contact| contact.pin);
        // Whom the messages are encrypted for is who is in the group, not what the relay says.
        let strangers = conversation
            .members
            .everybody()
            .leaves_of(other)
            .any(|(_, device)| Some(device.account_key) != pin);
        if self.contacts.get(other).is_some_and(|contact| contact.changed_key.is_some()) {
            self.set_waiting(id, Some(key_changed(&who)), step);
            return Ready::No;
        }
        let looked_up = conversation.key_looked_up;
        let over = strangers || self.summaries.get(&id).is_some_and(|listed| listed.said.started_over);
        if conversation.state.refused.is_some() || !over {
            return Ready::Yes;
        }
        if conversation.barred || self.is_put_off(&Waiter::Conversation(id), step) {
            return Ready::No;
        }
        if !looked_up {
            self.look_up_key(id, other, step);
            return Ready::Asked;
        }
        self.want_reinvite(id, step);
        Ready::Yes
    }

    /// What is under way goes on; then who is let in again or taken out, and what others proposed; then the oldest wish.
    fn next_intent_of(&self, id: ConversationId) -> Option<Intent> {
        let conversation = self.conversations.get(&id)?;
        // To decline an invitation is to leave, without having said anything.
        let silent = !self.may_speak(id);
        let mut waiting = self.intents.values().filter(|intent| {
            intent.conversation() == Some(id)
                && !intent.is_held()
                && !Self::waits_for_confirmation(conversation, intent)
                && (!silent || matches!(intent.work, Work::Leave { .. }))
        });
        let under_way = waiting.clone().find(|intent| intent.submission().is_some());
        let reinvite = || waiting.clone().find(|intent| matches!(intent.work, Work::Reinvite));
        let proposals = || {
            let is = |intent: &&Intent| matches!(intent.work, Work::Change { change: Change::Proposals, .. });
            waiting.clone().find(is)
        };
        under_way.or_else(reinvite).or_else(proposals).or_else(|| waiting.next()).cloned()
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
            (Stage::Message { .. } | Stage::Commit { .. } | Stage::Proposal { .. }, _) => {
                self.submit(id, &intent, step);
            }
            (Stage::Failed { .. } | Stage::Held { .. }, _) => {}
            (Stage::Queued, Work::Reinvite) => {
                if let Some(other) = self.other(id) {
                    self.claim(id, &other, step);
                }
            }
            (Stage::Queued, Work::Change { .. })
                if self.lost_races.get(&intent.id).is_some_and(|lost| *lost >= PATIENT) =>
            {
                self.ask_turn(id, &intent, step);
            }
            (Stage::Queued, Work::Change { change: Change::FoundAgain, .. }) => {
                self.found_again(id, intent, step);
            }
            // It is in the group that it meant to found: that it has founded it was lost.
            (Stage::Queued, Work::Change { change: Change::Found { policy: None, .. }, .. }) => {
                self.remove_intent(intent.id, step);
                Self::tell_changed(id, &intent, step);
            }
            (Stage::Queued, Work::Change { .. }) if intent.invitees().is_some() => {
                self.gather(id, &intent, step);
            }
            (Stage::Queued, Work::Change { .. }) => self.make_commit(id, intent, &[], step),
            (Stage::Queued, _) => self.prepare_and_submit(id, intent, step),
        }
    }

    fn prepare_and_submit(&mut self, id: ConversationId, intent: Intent, step: &mut Step) {
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
            Err(failure) => self.fail_intent(number, &failure, step),
        }
    }

    /// Encrypts, or makes the commit or proposal, and stores it with the intent.
    fn prepare(
        &mut self,
        conversation: &mut Conversation,
        mut intent: Intent,
        step: &mut Step,
    ) -> Result<Intent, Failure> {
        let refused = |error: MakeError| Failure::new(FailureCode::Refused, error.to_string());
        intent.stage = match &intent.work {
            Work::Activity { json, receipt, .. } => {
                self.may_say(conversation, json, *receipt)?;
                let submission = SubmissionId::from_bytes(step.random());
                let bytes =
                    encrypt(&self.crypto, &self.device.signer, conversation, json).map_err(refused)?;
                Stage::Message { submission, bytes }
            }
            Work::Leave { .. } => self.make_leave(conversation, step)?,
            Work::RenewLeaf { .. } | Work::Reinvite | Work::Change { .. } => {
                self.renewal(conversation, step).map_err(refused)?
            }
        };
        self.save_intent(intent.clone(), step);
        Ok(intent)
    }

    /// A commit that only renews the leaf, and applies what others proposed.
    fn renewal(&self, conversation: &mut Conversation, step: &mut Step) -> Result<Stage, MakeError> {
        // What is left of a commit that another one has overtaken.
        if let Some(group) = &mut conversation.group {
            group.clear_pending_commit(&conversation.store).map_err(MakeError::of)?;
        }
        let position = conversation.state.position;
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
        let bundle = self.commit_bundle(&provider, group, &position, Proposals::default())?;
        Ok(Stage::Commit { submission: SubmissionId::from_bytes(step.random()), bundle })
    }

    /// Whether the group lets this account say it. Others would pass it over.
    fn may_say(&self, conversation: &Conversation, json: &[u8], told_again: bool) -> Result<(), Failure> {
        let Some(policy) = &conversation.policy else { return Ok(()) };
        let own = &self.device.account;
        let act = Activity::decode(json).map(|activity| activity.act);
        let text = match act {
            _ if policy.closed => "the group is closed",
            Ok(Act::Create(_)) if !policy.may_post(own) => "you may not write in this group",
            Ok(Act::Group(_)) if !told_again && !policy.may_rename(own) => {
                "you may not change what this group is called"
            }
            _ => return Ok(()),
        };
        Err(Failure::new(FailureCode::NotAllowed, text))
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
        let Some(other) = conversation.state.other.clone() else { return Ok(()) };
        let old: Vec<LeafNodeIndex> = conversation
            .members
            .everybody()
            .leaves_of(&other)
            .map(|(index, _)| LeafNodeIndex::new(index))
            .collect();
        let position = conversation.state.position;
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
        let proposals = Proposals { add: key_packages, remove: &old, policy: None };
        let bundle = self.commit_bundle(&provider, group, &position, proposals)?;
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
        proposals: Proposals<'_>,
    ) -> Result<CommitBundle, MakeError> {
        let Proposals { add, remove, policy } = proposals;
        let (conversation, _) =
            commit::read_context(group.public_group().group_context()).map_err(MakeError::of)?;
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(parameters::capabilities())
            .with_extensions(parameters::leaf_extensions(&self.device.endorsement).map_err(MakeError::of)?)
            .build();
        let mut builder = group
            .commit_builder()
            .leaf_node_parameters(leaf)
            .propose_adds(add.iter().map(|one| one.key_package.clone()))
            .propose_removals(remove.iter().copied());
        if let Some(policy) = policy {
            let extensions = parameters::group_context_extensions(&conversation, Some(policy));
            builder = builder
                .propose_group_context_extensions(extensions.map_err(MakeError::of)?)
                .map_err(MakeError::of)?;
        }
        let bundle = builder
            .force_self_update(true)
            .load_psks(provider.store)
            .map_err(MakeError::of)?
            .create_group_info_with_extensions([parameters::log_position_extension(position)])
            .map_err(MakeError::of)?
            .build(provider.crypto, provider.crypto, &self.device.signer, |_| true)
            .map_err(MakeError::of)?
            .stage_commit(provider)
            .map_err(MakeError::of)?;
        if mutant::is(Mutant::MergesEarly) {
            group.merge_pending_commit(provider).map_err(MakeError::of)?;
        }
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
    pub(super) fn submit(&mut self, id: ConversationId, intent: &Intent, step: &mut Step) {
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
                    silent: !intent.work.is_note(),
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
            Stage::Proposal { submission, bytes } => {
                self.submit_proposal(id, intent.id, *submission, bytes, step);
            }
            Stage::Queued | Stage::Failed { .. } | Stage::Held { .. } => {}
        }
    }

    /// Others were faster, again and again: the hub is asked for the next commit.
    fn ask_turn(&mut self, id: ConversationId, intent: &Intent, step: &mut Step) {
        let path = paths::with(paths::TURNS, "conversation", &id.to_string());
        let body = AskTurn { removal: intent.removes() };
        self.request(Purpose::Turn(id, intent.id), Method::Post, path, Some(&body), step);
    }

    pub(super) fn turn_given(
        &mut self,
        id: ConversationId,
        intent: u64,
        given: Result<TurnGiven, Box<Problem>>,
        step: &mut Step,
    ) {
        match given {
            Ok(_) => {
                self.lost_races.remove(&intent);
            }
            Err(problem) => self.put_off(Waiter::Conversation(id), problem.retry_after, step),
        }
        self.active.insert(id);
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
                    self.lost_race(intent);
                    if mutant::is(Mutant::ForgetsLate) {
                        self.remove_intent(intent, step);
                    }
                    if self.intents.get(&intent).is_some_and(|intent| intent.submission().is_some()) {
                        self.put_off(Waiter::Conversation(id), None, step);
                    }
                    // The first page may not be all of it.
                    self.sync.want(Topic::Conversations);
                }
                // Too often in this conversation: the same bytes go later.
                (ProblemType::RateLimited, _) => {
                    self.set_waiting(id, Some(problem.detail.clone()), step);
                    self.put_off(Waiter::Conversation(id), problem.retry_after, step);
                }
                (ProblemType::NoInfrasound, _) => {
                    // Nobody is there who could read it: the other has started over, as the relay's list will say.
                    self.take_back(id, intent, step);
                    self.set_waiting(id, Some(problem.detail.clone()), step);
                    self.sync.want(Topic::Conversations);
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
                    self.sync.want(Topic::Conversations);
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

    fn lost_race(&mut self, intent: u64) {
        if self.intents.get(&intent).is_some_and(|intent| matches!(intent.work, Work::Change { .. })) {
            *self.lost_races.entry(intent).or_insert(0) += 1;
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
            Stage::Proposal { bytes, .. } => (EntryKind::Proposal, bytes.clone()),
            Stage::Queued | Stage::Failed { .. } | Stage::Held { .. } => return,
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
        let was_handshake = matches!(intent.stage, Stage::Commit { .. } | Stage::Proposal { .. });
        intent.stage = Stage::Queued;
        self.save_intent(intent, step);
        if was_handshake && let Some(conversation) = self.conversations.get_mut(&id) {
            if let Some(group) = &mut conversation.group {
                // Only the storage could fail, and it is in memory.
                let _ = group.clear_pending_commit(&conversation.store);
                forget_own_proposals(group, &conversation.store);
            }
            conversation.save(&mut step.writes);
        }
    }
}

/// Takes back what this device proposed and the hub did not take.
pub(super) fn forget_own_proposals(group: &mut MlsGroup, store: &MlsStore) {
    let own = Sender::Member(group.own_leaf_index());
    let proposals: Vec<_> = group
        .pending_proposals()
        .filter(|queued| *queued.sender() == own)
        .map(|queued| queued.proposal_reference_ref().clone())
        .collect();
    for proposal in proposals {
        // Only the storage could fail, and it is in memory.
        let _ = group.remove_pending_proposal(store, &proposal);
    }
}

/// Whether something may be sent in a direct conversation.
enum Ready {
    Yes,
    /// A request is under way that has to be answered first.
    Asked,
    No,
}

/// Encrypts one activity at the conversation's place in the log. The ratchet moves; the caller stores that first.
fn encrypt(
    crypto: &crate::mls::crypto::Crypto,
    signer: &crate::mls::signer::DeviceSigner,
    conversation: &mut Conversation,
    json: &[u8],
) -> Result<Vec<u8>, MakeError> {
    let frame = MessageFrame { seen: conversation.state.position, content: json.to_vec() };
    let frame = frame.encode().map_err(MakeError::of)?;
    let provider = Provider { crypto, store: &conversation.store };
    let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
    group.set_aad(MessageAad::default().encode());
    let own_leaf = group.own_leaf_index();
    let create = || group.create_message(&provider, signer, &frame);
    let message = conversation.store.while_sending(own_leaf, create).map_err(MakeError::of)?;
    message.to_bytes().map_err(MakeError::of)
}
