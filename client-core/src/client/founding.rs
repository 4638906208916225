//! Founding a conversation: where its log is, whom to add, and the group with its first commit in one submission.
//!
//! Spec: `conversations.md` 2.

use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::{Accepted, CommitBundle, ConversationHead, FoundConversation},
        key_packages::{ClaimKeyPackages, ClaimedKeyPackages},
        paths,
        problem::{Problem, ProblemType},
    },
    conversation::{Conversation as Context, ConversationId},
    key_package::{self, EndorsedKeyPackage},
    limits::MAX_DEVICES,
    log::{self, EntryKind, LogEntry, LogPosition},
    mls as parameters,
    policy::GroupPolicy,
    signing::Purpose as Signing,
    submission::{self, SubmissionId},
};
use openmls::prelude::{GroupId, MlsGroup};
use tls_codec::Serialize as _;

use super::{
    Client,
    entries::is_plausible,
    patience::Waiter,
    requests::{Purpose, failure},
    sending::Proposals,
    step::Step,
    sync::Topic,
    telling::StoredChange,
};
use crate::{
    conversation::Conversation,
    event::{Event, Failure, FailureCode},
    intent::{Change, Intent, Work},
    mls::{self, Provider},
    output::Method,
    warning::Warning,
};

/// How many voided foundings or commits in a row a device makes before it gives up.
pub(super) const MAX_VOIDED: u32 = 3;

/// Which group is made.
#[derive(Clone, Copy)]
pub(super) struct Founding<'a> {
    pub(super) creator: &'a AccountUri,
    pub(super) salt: [u8; 16],
    /// Of a group that is made anew; else the policy of a new one.
    pub(super) policy: Option<&'a GroupPolicy>,
}

/// Where a founding begins: what the relay said of the conversation's past.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    generation: u32,
    /// The number of the last entry of earlier foundings.
    base: u64,
}

/// openmls refused to make a group or commit. Not the person's fault; it is said, and nothing is lost.
#[derive(Debug, thiserror::Error)]
#[error("the encryption library refused to make this: {0}")]
pub(super) struct MakeError(String);

impl MakeError {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Client {
    /// A conversation without a group: found it, if somebody wants to say something. Says whether there is more to do.
    pub(super) fn pump_founding(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let Some(conversation) = self.conversations.get(&id) else { return false };
        if let Some(founding) = conversation.state.founding.clone() {
            self.request(
                Purpose::Found(id, founding.submission),
                Method::Post,
                paths::CONVERSATIONS.to_owned(),
                Some(&founding),
                step,
            );
            return true;
        }
        let Some(other) = conversation.state.other.clone() else { return self.pump_group_founding(id, step) };
        let wanted = self.intents.values().any(|intent| {
            intent.conversation() == Some(id) && intent.begins_conversations() && !intent.is_held()
        });
        if !wanted {
            return false;
        }
        let left_out = conversation.left_out;
        let who = self.handle_of(&other);
        if self.is_put_off(&Waiter::Conversation(id), step) {
            return false;
        }
        if left_out {
            self.set_waiting(
                id,
                Some(format!("waiting for {who} to let this device into the conversation")),
                step,
            );
            return false;
        }
        if self.contacts.get(&other).is_some_and(|contact| contact.changed_key.is_some()) {
            self.set_waiting(id, Some(key_changed(&who)), step);
            return false;
        }
        if self.foundings.contains_key(&id) {
            self.claim(id, &other, step);
        } else {
            let path = paths::with(paths::CONVERSATION, "conversation", &id.to_string());
            self.ask(Purpose::Head(id), Method::Get, path, step);
        }
        true
    }

    /// A group that somebody wants to make, and that is not there yet, or was voided.
    fn pump_group_founding(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let is_founding = |intent: &&Intent| {
            intent.conversation() == Some(id)
                && matches!(&intent.work, Work::Change { change: Change::Found { .. }, .. })
        };
        let Some(intent) = self.intents.values().find(is_founding).cloned() else { return false };
        let Some(conversation) = self.conversations.get(&id) else { return false };
        let (tried, left_out) = (conversation.state.joined_at > 0, conversation.left_out);
        // One that stands already is entered.
        if left_out || intent.is_held() || self.is_put_off(&Waiter::Conversation(id), step) {
            return false;
        }
        if tried && !self.foundings.contains_key(&id) {
            let path = paths::with(paths::CONVERSATION, "conversation", &id.to_string());
            self.ask(Purpose::Head(id), Method::Get, path, step);
        } else {
            self.gather(id, &intent, step);
        }
        true
    }

    pub(super) fn claim(&mut self, id: ConversationId, account: &AccountUri, step: &mut Step) {
        let body = ClaimKeyPackages { account: account.clone() };
        self.request(
            Purpose::Claim(id),
            Method::Post,
            paths::KEY_PACKAGES_CLAIM.to_owned(),
            Some(&body),
            step,
        );
    }

    /// Where the log of a conversation without a group here begins.
    pub(super) fn head_told(
        &mut self,
        id: ConversationId,
        head: Result<ConversationHead, Box<Problem>>,
        step: &mut Step,
    ) {
        match head {
            Err(problem) if problem.problem_type == ProblemType::NotFound => {
                self.foundings.insert(id, Ground { generation: 0, base: 0 });
            }
            Ok(head) if !head.founded && is_plausible(head.last) => {
                self.foundings.insert(id, Ground { generation: head.generation, base: head.last });
            }
            Ok(_) => self.left_out(id, step),
            Err(problem) => self.not_founded(id, &problem, step),
        }
    }

    /// The conversation stands without this device: a Welcome is on its way, or the other has to let it in.
    fn left_out(&mut self, id: ConversationId, step: &mut Step) {
        self.foundings.remove(&id);
        self.sync.want(Topic::Welcomes);
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.left_out = true;
            conversation.save(&mut step.writes);
        }
        self.active.insert(id);
    }

    /// Ends everything that is queued for a conversation.
    pub(super) fn fail_all(&mut self, id: ConversationId, failure: &Failure, step: &mut Step) {
        let queued: Vec<u64> = self
            .intents
            .values()
            .filter(|intent| intent.conversation() == Some(id) && !intent.is_held())
            .map(|intent| intent.id)
            .collect();
        for intent in queued {
            self.fail_intent(intent, failure, step);
        }
        self.foundings.remove(&id);
    }

    /// The other account can't be reached: for now, or for good. Where there is a group already, it waits.
    fn not_founded(&mut self, id: ConversationId, problem: &Problem, step: &mut Step) {
        let joined = self.conversations.get(&id).is_some_and(Conversation::is_joined);
        let transient = matches!(
            problem.problem_type,
            ProblemType::RateLimited | ProblemType::InstanceUnreachable | ProblemType::NoKeyPackages
        );
        if problem.problem_type == ProblemType::NoConsent {
            // Asking again and again would change nothing.
            if let Some(conversation) = self.conversations.get_mut(&id) {
                conversation.barred = true;
            }
            self.fail_all(id, &failure(problem), step);
        } else if joined || transient {
            self.set_waiting(id, Some(problem.detail.clone()), step);
            self.put_off(Waiter::Conversation(id), problem.retry_after, step);
        } else {
            self.fail_all(id, &failure(problem), step);
        }
    }

    /// Key packages of the other account came: found the conversation, or let new devices in.
    pub(super) fn claimed(
        &mut self,
        id: ConversationId,
        claimed: Result<ClaimedKeyPackages, Box<Problem>>,
        step: &mut Step,
    ) {
        let Some(other) = self.other(id) else { return };
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(problem) => return self.not_founded(id, &problem, step),
        };
        self.go_ahead(&Waiter::Conversation(id));
        let bytes = claimed.key_packages.iter().map(|one| one.key_package.as_slice());
        let key_packages = match self.check_claimed(&other, bytes, step) {
            Ok(key_packages) => key_packages,
            Err(reason) => {
                let who = self.handle_of(&other);
                let warning = Warning::KeysRefused { who, reason };
                let failure = Failure::new(FailureCode::Untrusted, warning.to_string());
                step.event(Event::Warning(Some(id), warning));
                // The relay may come to its senses; until then nothing goes.
                self.put_off(Waiter::Conversation(id), None, step);
                return self.fail_all(id, &failure, step);
            }
        };
        if !self.see_key(&other, key_packages[0].device.account_key, id, step) {
            let who = self.handle_of(&other);
            return self.set_waiting(id, Some(key_changed(&who)), step);
        }
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        let made = if conversation.is_joined() {
            self.reinvite(&mut conversation, &key_packages, step)
        } else {
            self.found(&mut conversation, &key_packages, step)
        };
        if let Err(error) = made {
            conversation.store.roll_back();
            if let Err(damaged) = conversation.reload_group() {
                return self.journal_damaged(&damaged.to_string(), step);
            }
            self.fail_all(id, &Failure::new(FailureCode::Refused, error.to_string()), step);
        }
        conversation.save(&mut step.writes);
        self.conversations.insert(id, conversation);
        self.active.insert(id);
    }

    /// Every key package must be a device of the account, all under one account key.
    pub(super) fn check_claimed<'a>(
        &self,
        other: &AccountUri,
        claimed: impl Iterator<Item = &'a [u8]>,
        step: &Step,
    ) -> Result<Vec<EndorsedKeyPackage>, String> {
        let mut parsed: Vec<EndorsedKeyPackage> = Vec::new();
        for bytes in claimed.take(MAX_DEVICES + 1) {
            let key_package =
                key_package::parse(&self.crypto, bytes, step.now, 0).map_err(|error| error.to_string())?;
            if key_package.device.account != *other {
                return Err(format!("one belongs to {}", key_package.device.account));
            }
            if parsed.first().is_some_and(|first| first.device.account_key != key_package.device.account_key)
            {
                return Err("a device is not endorsed by the same account key as the others".to_owned());
            }
            if parsed.iter().any(|earlier| earlier.device.device == key_package.device.device) {
                return Err("there are two for one device".to_owned());
            }
            parsed.push(key_package);
        }
        if parsed.is_empty() { Err("there are none".to_owned()) } else { Ok(parsed) }
    }

    /// Makes the group of a direct conversation, and the commit that adds the other account.
    fn found(
        &mut self,
        conversation: &mut Conversation,
        key_packages: &[EndorsedKeyPackage],
        step: &mut Step,
    ) -> Result<(), MakeError> {
        let Some(ground) = self.foundings.remove(&conversation.id) else { return Ok(()) };
        let other = conversation.state.other.clone();
        let direct = other
            .and_then(|other| Context::direct(&self.device.account, &other, ground.generation))
            .ok_or_else(|| MakeError::of("a conversation needs two accounts"))?;
        self.make_founding(conversation, &direct, None, ground.base, key_packages, step)
    }

    /// Makes a group, or makes it anew, and the commit that adds everybody.
    pub(super) fn found_group(
        &mut self,
        conversation: &mut Conversation,
        founding: Founding<'_>,
        key_packages: &[EndorsedKeyPackage],
        step: &mut Step,
    ) -> Result<(), MakeError> {
        let ground = match self.foundings.remove(&conversation.id) {
            Some(ground) => ground,
            None if conversation.is_joined() => Ground {
                generation: conversation.state.generation + 1,
                base: conversation.state.position.number,
            },
            None => Ground { generation: 0, base: 0 },
        };
        let context = Context::group(founding.creator, founding.salt, ground.generation);
        let mut policy = founding.policy.cloned().unwrap_or_else(|| GroupPolicy::new(&self.device.account));
        let comes = |account: &AccountUri| {
            *account == self.device.account || key_packages.iter().any(|one| one.device.account == *account)
        };
        policy.roles.retain(|account, _| comes(account));
        self.make_founding(conversation, &context, Some(&policy), ground.base, key_packages, step)
    }

    /// Group and commit are stored before they are sent.
    fn make_founding(
        &mut self,
        conversation: &mut Conversation,
        context: &Context,
        policy: Option<&GroupPolicy>,
        base: u64,
        key_packages: &[EndorsedKeyPackage],
        step: &mut Step,
    ) -> Result<(), MakeError> {
        let position = LogPosition::start(&conversation.id, context.generation, base);
        conversation.drop_group();
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let mut group = self.make_group(&provider, context, policy, step)?;
        let group_info =
            group.export_group_info(&self.crypto, &self.device.signer, false).map_err(MakeError::of)?;
        let tree = group.export_ratchet_tree().tls_serialize_detached().map_err(MakeError::of)?;
        let proposals = Proposals { add: key_packages, remove: &[], policy: None };
        let bundle = self.commit_bundle(&provider, &mut group, &position, proposals)?;
        let submission = SubmissionId::from_bytes(step.random());
        conversation.state.founding = Some(FoundConversation {
            conversation: conversation.id,
            submission,
            group_info: group_info.to_bytes().map_err(MakeError::of)?.into(),
            tree: tree.into(),
            signature: self.sign_bundle(&conversation.id, &submission, &bundle),
            bundle,
        });
        conversation.state.generation = context.generation;
        conversation.state.group_id = Some(context.group_id());
        conversation.state.position = position;
        conversation.state.began = true;
        conversation.group = Some(group);
        Ok(())
    }

    fn make_group(
        &self,
        provider: &Provider<'_>,
        context: &Context,
        policy: Option<&GroupPolicy>,
        step: &Step,
    ) -> Result<MlsGroup, MakeError> {
        let config = mls::join_config();
        MlsGroup::builder()
            .with_group_id(GroupId::from_slice(&context.group_id()))
            .ciphersuite(parameters::CIPHERSUITE)
            .with_wire_format_policy(config.wire_format_policy())
            .use_ratchet_tree_extension(false)
            .sender_ratchet_configuration(*config.sender_ratchet_configuration())
            .lifetime(mls::lifetime(step.now))
            .with_capabilities(parameters::capabilities())
            .with_group_context_extensions(
                parameters::group_context_extensions(context, policy).map_err(MakeError::of)?,
            )
            .with_leaf_node_extensions(
                parameters::leaf_extensions(&self.device.endorsement).map_err(MakeError::of)?,
            )
            .map_err(MakeError::of)?
            .build(
                provider,
                &self.device.signer,
                mls::credential(&self.device.account, &self.device.signer.public()),
            )
            .map_err(MakeError::of)
    }

    pub(super) fn sign_bundle(
        &self,
        conversation: &ConversationId,
        id: &SubmissionId,
        bundle: &CommitBundle,
    ) -> infrasound_spec::account::Signature {
        let welcome = bundle.welcome.as_ref().map_or(&[] as &[u8], |welcome| welcome.as_slice());
        let content = submission::commit_content(
            conversation,
            id,
            bundle.commit.as_slice(),
            welcome,
            bundle.group_info.as_slice(),
        );
        self.device.signer.sign_for(Signing::Submission, &content)
    }

    pub(super) fn founding_answered(
        &mut self,
        id: ConversationId,
        submission: SubmissionId,
        answer: Result<Accepted, Box<Problem>>,
        step: &mut Step,
    ) {
        // Joined by a Welcome in the meantime: the answer is about a group that is gone.
        let under_way = |conversation: &Conversation| {
            conversation.state.founding.as_ref().is_some_and(|founding| founding.submission == submission)
        };
        if !self.conversations.get(&id).is_some_and(under_way) {
            return;
        }
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        match answer {
            Ok(accepted) => {
                if let Err(error) = self.founded(&mut conversation, accepted, step) {
                    conversation.abandon_founding();
                    self.fail_all(id, &Failure::new(FailureCode::Refused, error.to_string()), step);
                }
            }
            Err(problem) => {
                conversation.abandon_founding();
                if problem.problem_type == ProblemType::ConversationExists {
                    conversation.left_out = true;
                    self.sync.want(Topic::Welcomes);
                } else {
                    self.not_founded(id, &problem, step);
                }
            }
        }
        conversation.save(&mut step.writes);
        self.conversations.insert(id, conversation);
        self.active.insert(id);
    }

    /// The founding is in the log: the first commit is applied now.
    fn founded(
        &mut self,
        conversation: &mut Conversation,
        accepted: Accepted,
        step: &mut Step,
    ) -> Result<(), MakeError> {
        let Some(founding) = conversation.state.founding.take() else { return Ok(()) };
        let entry = LogEntry {
            number: accepted.number,
            time: accepted.time,
            kind: EntryKind::Commit,
            digest: log::digest(founding.bundle.commit.as_slice()),
            bytes: None,
            submitter: None,
            submission: None,
        };
        let position =
            conversation.state.position.advance(&entry).ok_or_else(|| {
                MakeError::of("the relay gave the founding a number that is not the next one")
            })?;
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
        group.merge_pending_commit(&provider).map_err(MakeError::of)?;
        conversation.refresh_members().map_err(MakeError::of)?;
        conversation.chain.clear();
        conversation.chain.push(&conversation.state.position);
        conversation.chain.push(&position);
        conversation.state.position = position;
        conversation.state.joined_at = accepted.number;
        conversation.state.provisional = vec![accepted.number];
        conversation.state.refused = None;
        self.group_founded(conversation, accepted, step);
        self.renewed(conversation, step);
        self.took_in(conversation, step);
        self.set_waiting(conversation.id, None, step);
        Ok(())
    }
}

impl Client {
    /// The wish to make a group has happened; its history begins.
    fn group_founded(&mut self, conversation: &mut Conversation, accepted: Accepted, step: &mut Step) {
        let is_founding = |intent: &&Intent| {
            intent.conversation() == Some(conversation.id)
                && matches!(&intent.work, Work::Change { change: Change::Found { .. }, .. })
        };
        let Some(intent) = self.intents.values().find(is_founding).cloned() else { return };
        Self::tell_changed(conversation.id, &intent, step);
        self.hold(conversation, intent, accepted.number, step);
        let added = conversation
            .members
            .everybody()
            .accounts()
            .into_keys()
            .filter(|one| **one != self.device.account);
        let added: Vec<AccountUri> = added.cloned().collect();
        let mut lines = vec![StoredChange::Began];
        if !added.is_empty() {
            lines.push(StoredChange::Added(added));
        }
        let origin = self.own_origin(accepted.number, accepted.time);
        self.tell_lines(conversation.id, &origin, lines, step);
    }
}

impl Conversation {
    /// Whether this device is a member: it has a group, and the group stands at the hub.
    pub(crate) fn is_joined(&self) -> bool {
        self.group.is_some() && self.state.founding.is_none() && self.state.entering.is_none()
    }

    /// Whether it was taken out, or has left, and still has the group that it was in.
    pub(crate) fn is_out(&self) -> bool {
        self.state.removed.is_some() || self.state.left
    }

    /// From here on it is as one of a device that has lost its group, also after a restart: the device comes in by itself.
    pub(crate) fn lose_group(&mut self) {
        self.drop_group();
        self.state.refused = None;
        self.state.provisional.clear();
        self.state.joined_at = 0;
        self.left_out = true;
    }

    fn abandon_founding(&mut self) {
        self.state.founding = None;
        self.drop_group();
    }
}

/// Why messages wait when a key has changed.
pub(super) fn key_changed(who: &infrasound_spec::account::Handle) -> String {
    format!("the key of {who} has changed: compare safety numbers, then accept {who} again")
}
