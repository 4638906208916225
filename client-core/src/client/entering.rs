//! Coming in, or back, by an external commit: a device that lost its group state, a new device of the account, or somebody
//! with a link.
//!
//! The group that results is checked as the hub and the members will check it, before anything is sent. It is stored with
//! the commit, and stands when the hub has accepted that; if the hub refuses, both are thrown away and made anew, a few
//! times and then later.
//!
//! Spec: `groups.md` 5 and 7.

use infrasound_spec::{
    api::{
        conversations::{Accepted, CommitBundle, SubmitCommit},
        groups::{AskGroupInfo, AskToJoin, GroupInfoGiven, LinkProof},
        paths,
        problem::{Problem, ProblemType},
    },
    commit::{self, CommitViolation, Framing},
    consent::ContactState,
    conversation::ConversationId,
    external::{self, ExternalJoin},
    log::{EntryKind, LogEntry, LogPosition},
    members::Members,
    mls::{self as parameters, LOG_POSITION_EXTENSION},
    policy::{GroupPolicy, JoinMode},
    signing::Purpose as Signing,
    submission::SubmissionId,
    time::{HOUR, MINUTE},
};
use openmls::{
    messages::group_info::VerifiableGroupInfo,
    prelude::{
        DeserializeBytes as _, LeafNodeParameters, MlsGroup, MlsMessageBodyIn, MlsMessageIn,
        ProcessedMessageContent, ProposalStore, ProtocolMessage, PublicGroup, PublicMessageIn, RatchetTreeIn,
    },
};

use super::{
    Client,
    patience::Waiter,
    requests::{Purpose, failure},
    step::Step,
    sync::Topic,
    telling::StoredChange,
};
use crate::{
    conversation::{Conversation, state::Entering, summary::Ended},
    event::{Event, Failure, FailureCode},
    journal::Place,
    mls::{self, Provider, crypto::Crypto, store::MlsStore},
    output::Method,
    warning::Warning,
};

/// External commits of a device in one conversation within an hour.
const MAX_ENTERED: usize = 3;

/// Why this device cannot come in by itself.
#[derive(Debug, thiserror::Error)]
enum EnterError {
    #[error("what the relay gave does not verify ({0})")]
    Invalid(String),
    #[error("it is another group")]
    WrongConversation,
    /// The account is not in the group, or not under this key: somebody else has to let it in.
    #[error("this account is not in it under its present key")]
    NotAMember,
    #[error("the link is not good, or no longer")]
    BadLink,
    /// The link lets nobody in, but lets them ask.
    #[error("somebody in the group has to let you in")]
    Ask,
    /// What was proposed takes more than who comes in may do.
    #[error("somebody is leaving, and somebody in the group has to commit that first")]
    Busy,
    #[error("the relay shows another history than this device has seen")]
    HistoriesDiffer,
}

/// A group that this device could be in, and the commit that would bring it there.
struct Entry {
    group: MlsGroup,
    store: MlsStore,
    bundle: CommitBundle,
    position: LogPosition,
    generation: u32,
}

impl Client {
    /// A conversation that stands without this device: come in, if the account may. Says whether there is more to do.
    pub(super) fn pump_entering(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let Some(conversation) = self.conversations.get(&id) else { return false };
        if let Some(entering) = conversation.state.entering.clone() {
            self.submit_entering(id, &entering, step);
            return true;
        }
        let link = self.links.get(&id);
        // Let in by others, one has what was said since.
        let out = conversation.left_out || self.has_lost_group(conversation);
        let wanted = (out || link.is_some()) && !conversation.barred;
        let welcome = self.sync.is_due(Topic::Welcomes) || self.has_welcome(id);
        if !wanted || welcome || self.is_put_off(&Waiter::Conversation(id), step) {
            return false;
        }
        if link.is_none() && !self.may_speak(id) {
            // Coming in would show that a request was opened.
            return false;
        }
        let lately =
            conversation.state.entered.iter().filter(|at| step.now.millis_since(**at) < HOUR).count();
        if lately >= MAX_ENTERED {
            let text =
                "this device lost its place in the conversation several times; it tries again in an hour";
            self.set_waiting(id, Some(text.to_owned()), step);
            self.put_off(Waiter::Conversation(id), Some(HOUR / 1000), step);
            return false;
        }
        let proof = link.map(|link| {
            let content = external::request_content(&id, &self.device.account, &self.device.id);
            LinkProof { link: link.key(), signature: link.sign(Signing::GroupInfoRequest, &content) }
        });
        let path = paths::with(paths::GROUP_INFO, "conversation", &id.to_string());
        self.request(Purpose::GroupInfo(id), Method::Post, path, Some(&AskGroupInfo { proof }), step);
        true
    }

    /// Whether this device has a leaf there, the relay says, and nothing of the group.
    fn has_lost_group(&self, conversation: &Conversation) -> bool {
        let leaf = self.summaries.get(&conversation.id).and_then(|listed| listed.said.leaf);
        !self.sync.is_unknown(Topic::Conversations) && leaf == Some(true) && conversation.state.is_bare()
    }

    pub(super) fn group_info_given(
        &mut self,
        id: ConversationId,
        given: Result<GroupInfoGiven, Box<Problem>>,
        step: &mut Step,
    ) {
        let given = match given {
            Ok(given) => given,
            Err(problem) => return self.not_let_in(id, &problem, true, step),
        };
        // A Welcome came first.
        if self.conversations.get(&id).is_some_and(Conversation::is_joined) && !self.links.contains_key(&id) {
            return;
        }
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        let made = self.make_entry(&conversation, &given, step);
        match made {
            Ok(entry) => Self::store_entry(&mut conversation, entry, step),
            Err(EnterError::Ask) => {
                self.conversations.insert(id, conversation);
                return self.ask_to_join(id, step);
            }
            Err(EnterError::NotAMember) => {
                conversation.barred = true;
                let text = "this device is not in it any more: somebody in it has to add you again";
                self.set_waiting(id, Some(text.to_owned()), step);
            }
            // Somebody who is in it has to commit first; the hub asks them to.
            Err(EnterError::Busy) => self.put_off(Waiter::Conversation(id), None, step),
            Err(EnterError::BadLink) => {
                conversation.barred = true;
                let failure = Failure::new(FailureCode::BadLink, EnterError::BadLink.to_string());
                self.way_in_failed(id, failure, step);
            }
            Err(error) => {
                let warning = Warning::CannotEnter { reason: error.to_string() };
                step.event(Event::Warning(Some(id), warning));
                self.put_off(Waiter::Conversation(id), None, step);
            }
        }
        self.conversations.insert(id, conversation);
        self.active.insert(id);
    }

    fn not_let_in(&mut self, id: ConversationId, problem: &Problem, asks: bool, step: &mut Step) {
        match problem.problem_type {
            // The hub shows a group to whom a link lets in. If it lets one ask, asking tells.
            ProblemType::Forbidden | ProblemType::NotFound if asks && self.links.contains_key(&id) => {
                self.ask_to_join(id, step);
            }
            ProblemType::Forbidden | ProblemType::NotFound => {
                if let Some(conversation) = self.conversations.get_mut(&id) {
                    conversation.barred = true;
                    // Whether the conversation of two stands at all is asked again: the other may just have started over, too.
                    conversation.left_out &= conversation.state.other.is_none();
                }
                if self.links.contains_key(&id) {
                    self.way_in_failed(id, Failure { code: FailureCode::BadLink, ..failure(problem) }, step);
                } else {
                    self.set_waiting(id, Some(problem.detail.clone()), step);
                }
                self.active.insert(id);
            }
            _ => self.put_off(Waiter::Conversation(id), problem.retry_after, step),
        }
    }

    /// The link leads nowhere: the conversation goes from the list as if it had ended.
    fn way_in_failed(&mut self, id: ConversationId, failure: Failure, step: &mut Step) {
        self.forget_link(id, step);
        self.fail_all(id, &failure, step);
        if let Some(group) = self.group_mut(id) {
            group.ended = Some(Ended::Left);
        }
        self.set_waiting(id, Some(failure.text), step);
        self.summary_changed(id, step);
    }

    pub(super) fn forget_link(&mut self, id: ConversationId, step: &mut Step) {
        if self.links.remove(&id).is_some() {
            step.writes.delete(Place::Root, [b"link/".as_slice(), id.as_bytes()].concat());
        }
    }

    /// Makes the external commit, and checks it as everybody else will.
    fn make_entry(
        &self,
        conversation: &Conversation,
        given: &GroupInfoGiven,
        step: &Step,
    ) -> Result<Entry, EnterError> {
        let invalid = |error: &dyn std::fmt::Display| EnterError::Invalid(error.to_string());
        let info = group_info(given.group_info.as_slice())?;
        let tree = || {
            RatchetTreeIn::tls_deserialize_exact_bytes(given.tree.as_slice()).map_err(|error| invalid(&error))
        };
        let proposals: Vec<PublicMessageIn> =
            given.proposals.iter().map(|bytes| public_message(bytes.as_slice())).collect::<Result<_, _>>()?;
        let judge = Judge::new(self, info.clone(), tree()?, &proposals)?;
        let (context, policy) =
            commit::read_context(judge.group.group_context()).map_err(|_| EnterError::WrongConversation)?;
        if context.id != conversation.id {
            return Err(EnterError::WrongConversation);
        }
        let right = self.right_to_enter(conversation.id, &judge, policy.as_ref(), step)?;
        let position = info
            .extensions()
            .unknown(LOG_POSITION_EXTENSION)
            .and_then(|extension| LogPosition::decode(&extension.0))
            .filter(|position| position.number <= given.last)
            .ok_or_else(|| EnterError::Invalid("it does not say where in the history it is".to_owned()))?;
        if conversation.chain.at(position.number).is_some_and(|known| known != position.chain)
            && conversation.state.generation == context.generation
        {
            return Err(EnterError::HistoriesDiffer);
        }
        let store = MlsStore::default();
        let provider = Provider { crypto: &self.crypto, store: &store };
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(parameters::capabilities())
            .with_extensions(
                parameters::leaf_extensions(&self.device.endorsement).map_err(|error| invalid(&error))?,
            )
            .build();
        let (group, bundle) = MlsGroup::external_commit_builder()
            .with_proposals(proposals)
            .with_ratchet_tree(tree()?)
            .with_config(mls::join_config())
            .with_aad(right.encode())
            .skip_lifetime_validation()
            .build_group(&provider, info, mls::credential(&self.device.account, &self.device.signer.public()))
            .map_err(|error| invalid(&error))?
            .leaf_node_parameters(leaf)
            .load_psks(&store)
            .map_err(|error| invalid(&error))?
            .create_group_info_with_extensions([parameters::log_position_extension(&position)])
            .map_err(|error| invalid(&error))?
            .build(&self.crypto, &self.crypto, &self.device.signer, |_| true)
            .map_err(|error| invalid(&error))?
            .finalize(&provider)
            .map_err(|error| invalid(&error))?;
        let (commit, _, group_info) = bundle.into_messages();
        let commit = commit.to_bytes().map_err(|error| invalid(&error))?;
        judge.check(&commit, step)?;
        let group_info = group_info.ok_or_else(|| EnterError::Invalid("no GroupInfo".to_owned()))?;
        let group_info = group_info.to_bytes().map_err(|error| invalid(&error))?;
        let bundle = CommitBundle { commit: commit.into(), welcome: None, group_info: group_info.into() };
        Ok(Entry { group, store, bundle, position, generation: context.generation })
    }

    /// By what right: as a device of a member, or by a link.
    fn right_to_enter(
        &self,
        id: ConversationId,
        judge: &Judge,
        policy: Option<&GroupPolicy>,
        step: &Step,
    ) -> Result<ExternalJoin, EnterError> {
        match judge.members.key_of(&self.device.account) {
            Some(key) if key == self.device.account_key => return Ok(ExternalJoin::Member),
            Some(_) => return Err(EnterError::NotAMember),
            None => {}
        }
        let (Some(link), Some(policy)) = (self.links.get(&id), policy) else {
            return Err(EnterError::NotAMember);
        };
        let banned = policy.closed || policy.banned.contains(&self.device.account);
        if banned || policy.live_link(&link.key(), step.now).is_none() {
            return Err(EnterError::BadLink);
        }
        match policy.join {
            JoinMode::Invite => Err(EnterError::BadLink),
            JoinMode::Approval => Err(EnterError::Ask),
            JoinMode::Open => {
                let group = judge.group.group_context();
                let content = external::join_content(
                    group.group_id().as_slice(),
                    group.epoch().as_u64(),
                    &self.device.account,
                    &self.device.signer.public(),
                );
                Ok(ExternalJoin::Link {
                    link: link.key(),
                    signature: link.sign(Signing::GroupJoin, &content),
                })
            }
        }
    }

    /// Group and commit are stored before the commit is sent.
    fn store_entry(conversation: &mut Conversation, entry: Entry, step: &mut Step) {
        let Entry { group, store, bundle, position, generation } = entry;
        conversation.drop_group();
        conversation.save(&mut step.writes);
        conversation.store = store;
        conversation.state.group_id = Some(group.group_id().as_slice().to_vec());
        conversation.group = Some(group);
        if conversation.state.generation != generation || conversation.state.position.number < position.number
        {
            conversation.state.position = position;
            conversation.chain.clear();
            conversation.chain.push(&position);
        }
        conversation.state.generation = generation;
        conversation.state.provisional.clear();
        conversation.state.refused = None;
        conversation.state.reports.clear();
        let entering = Entering { submission: SubmissionId::from_bytes(step.random()), bundle };
        conversation.state.entering = Some(entering);
        conversation.state.entered.retain(|at| step.now.millis_since(*at) < HOUR);
        conversation.state.entered.push(step.now);
        conversation.save(&mut step.writes);
    }

    fn submit_entering(&mut self, id: ConversationId, entering: &Entering, step: &mut Step) {
        let after = self.conversations.get(&id).map_or(0, |conversation| conversation.state.position.number);
        let Entering { submission, bundle } = entering;
        let signature = self.sign_bundle(&id, submission, bundle);
        let body = SubmitCommit { submission: *submission, after, bundle: bundle.clone(), signature };
        let path = paths::with(paths::COMMITS, "conversation", &id.to_string());
        self.request(Purpose::Enter(id, *submission), Method::Post, path, Some(&body), step);
    }

    pub(super) fn entered(
        &mut self,
        id: ConversationId,
        submission: SubmissionId,
        answer: Result<Accepted, Box<Problem>>,
        step: &mut Step,
    ) {
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        let under_way = conversation.state.entering.as_ref().map(|entering| entering.submission);
        if under_way != Some(submission) {
            self.conversations.insert(id, conversation);
            return;
        }
        conversation.state.entering = None;
        match answer {
            Ok(accepted) => self.has_entered(&mut conversation, accepted, step),
            Err(problem) => {
                conversation.drop_group();
                conversation.left_out = true;
                self.not_entered(id, &mut conversation, &problem, step);
            }
        }
        conversation.save(&mut step.writes);
        self.conversations.insert(id, conversation);
        self.active.insert(id);
    }

    fn not_entered(
        &mut self,
        id: ConversationId,
        conversation: &mut Conversation,
        problem: &Problem,
        step: &mut Step,
    ) {
        match problem.problem_type {
            // Somebody else was faster: again with what is now. That it did not work is no attempt that counts.
            ProblemType::WrongEpoch => {
                conversation.state.entered.pop();
                let pause = u64::from(step.random::<1>()[0]) / 64;
                self.put_off(Waiter::Conversation(id), Some(pause), step);
            }
            ProblemType::Forbidden | ProblemType::Invalid | ProblemType::NotFound => {
                conversation.barred = true;
                if self.links.contains_key(&id) {
                    self.way_in_failed(id, Failure { code: FailureCode::BadLink, ..failure(problem) }, step);
                } else {
                    self.set_waiting(id, Some(problem.detail.clone()), step);
                }
            }
            // The other account blocks this one. Asking again and again would change nothing.
            ProblemType::NoConsent => {
                conversation.barred = true;
                self.fail_all(id, &failure(problem), step);
                self.set_waiting(id, Some(problem.detail.clone()), step);
            }
            _ => self.put_off(Waiter::Conversation(id), problem.retry_after, step),
        }
    }

    /// The hub has the commit: this device is in.
    fn has_entered(&mut self, conversation: &mut Conversation, accepted: Accepted, step: &mut Step) {
        let id = conversation.id;
        self.go_ahead(&Waiter::Conversation(id));
        let state = &mut conversation.state;
        let listed = self.summaries.get(&id);
        let seen =
            listed.filter(|listed| listed.stored.last_page.is_some()).map(|listed| listed.stored.position);
        state.joined_at = accepted.number;
        state.provisional = vec![accepted.number];
        state.voided = 0;
        state.founding = None;
        state.removed = None;
        state.left = false;
        state.welcome_refused = false;
        conversation.left_out = false;
        if conversation.refresh_members().is_err() {
            conversation.drop_group();
        }
        self.epoch_passed(id, step);
        let by_link = self.links.contains_key(&id);
        self.forget_link(id, step);
        if let Some(group) = self.group_mut(id) {
            group.ended = None;
            // The relay has to know: what it says of a group that others let one into is that nothing was said yet.
            group.unsynced |= group.consent != ContactState::Accepted || by_link;
            group.consent = ContactState::Accepted;
        }
        self.schedule_renewal(conversation, 24 * HOUR, step);
        self.see_members(conversation, step);
        self.log_grew(id, accepted.number);
        if by_link {
            self.tell_own_entry(conversation, accepted, StoredChange::Joined, step);
        } else if let Some(seen) = seen {
            let before = conversation.state.position.number;
            if std::mem::take(&mut conversation.state.missed) || before > seen {
                self.tell_own_entry(conversation, accepted, StoredChange::Missed, step);
            } else {
                conversation.state.missed_after = Some(seen);
            }
        }
        self.set_waiting(id, None, step);
        if !by_link {
            // What it built on stands: nobody else may be there to say so. A new member has no say in that.
            Self::report_applied(conversation, accepted.number, step);
        }
        self.took_in(conversation, step);
    }

    /// An entry of before this device came in by itself. If something was said in it that is not here, that is told, where it
    /// came in.
    pub(super) fn pass_over(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
        let Some(seen) = conversation.state.missed_after else { return };
        let joined_at = conversation.state.joined_at;
        if entry.kind == EntryKind::Message && entry.number > seen {
            let accepted = Accepted { number: joined_at, time: entry.time };
            self.tell_own_entry(conversation, accepted, StoredChange::Missed, step);
            conversation.state.missed_after = None;
        } else if entry.number >= joined_at {
            conversation.state.missed_after = None;
        }
    }

    /// The link only lets one ask.
    fn ask_to_join(&mut self, id: ConversationId, step: &mut Step) {
        let Some(link) = self.links.get(&id) else { return };
        let content = external::request_content(&id, &self.device.account, &self.device.id);
        let proof = LinkProof { link: link.key(), signature: link.sign(Signing::GroupInfoRequest, &content) };
        let path = paths::with(paths::JOIN_REQUESTS, "conversation", &id.to_string());
        self.request(Purpose::AskToJoin(id), Method::Post, path, Some(&AskToJoin { proof }), step);
    }

    pub(super) fn asked_to_join(
        &mut self,
        id: ConversationId,
        answer: Result<(), Box<Problem>>,
        step: &mut Step,
    ) {
        match answer {
            Ok(()) => {
                // The Welcome comes when somebody has said yes; until then there is nothing to do.
                if let Some(conversation) = self.conversations.get_mut(&id) {
                    conversation.barred = true;
                }
                let text = "you have asked to be let in; somebody in the group has to answer";
                self.set_waiting(id, Some(text.to_owned()), step);
            }
            Err(problem) => self.not_let_in(id, &problem, false, step),
        }
    }
}

/// A public copy of the group, to check one's own external commit with.
struct Judge {
    group: PublicGroup,
    members: Members,
    /// It only verifies, so nothing random is taken from it.
    crypto: Crypto,
}

impl Judge {
    fn new(
        client: &Client,
        info: VerifiableGroupInfo,
        tree: RatchetTreeIn,
        proposals: &[PublicMessageIn],
    ) -> Result<Self, EnterError> {
        let invalid = |error: &dyn std::fmt::Display| EnterError::Invalid(error.to_string());
        let storage = MlsStore::default();
        let (mut group, _) =
            PublicGroup::from_external(&client.crypto, &storage, tree, info, ProposalStore::new())
                .map_err(|error| invalid(&error))?;
        let members = Members::of(&group).map_err(|error| invalid(&error))?;
        for proposal in proposals {
            let processed = group
                .process_message(&client.crypto, ProtocolMessage::from(proposal.clone()))
                .map_err(|error| invalid(&error))?;
            let ProcessedMessageContent::ProposalMessage(proposal) = processed.into_content() else {
                return Err(EnterError::Invalid("a proposal is none".to_owned()));
            };
            group.add_proposal(&storage, *proposal).map_err(|error| invalid(&error))?;
        }
        Ok(Self { group, members, crypto: Crypto::new(&zeroize::Zeroizing::new([0; 32])) })
    }

    fn check(&self, commit: &[u8], step: &Step) -> Result<(), EnterError> {
        let invalid = |error: &dyn std::fmt::Display| EnterError::Invalid(error.to_string());
        let processed = self
            .group
            .process_message(&self.crypto, ProtocolMessage::from(public_message(commit)?))
            .map_err(|error| invalid(&error))?;
        let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(EnterError::Invalid("not a commit".to_owned()));
        };
        let framing = Framing { sender: &sender, aad: &aad };
        // The hub's clock decides; this device's may be a little behind the endorsement it has just made.
        let at = step.now.plus_millis(MINUTE);
        commit::check(&self.group, &self.members, framing, &staged, at).map(drop).map_err(|violation| {
            match violation {
                CommitViolation::PartialRemoval(_) | CommitViolation::StaleRole(_) => EnterError::Busy,
                violation => invalid(&violation),
            }
        })
    }
}

fn group_info(bytes: &[u8]) -> Result<VerifiableGroupInfo, EnterError> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .map_err(|error| EnterError::Invalid(error.to_string()))?;
    match message.extract() {
        MlsMessageBodyIn::GroupInfo(info) => Ok(info),
        _ => Err(EnterError::Invalid("not a GroupInfo".to_owned())),
    }
}

fn public_message(bytes: &[u8]) -> Result<PublicMessageIn, EnterError> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .map_err(|error| EnterError::Invalid(error.to_string()))?;
    match message.extract() {
        MlsMessageBodyIn::PublicMessage(message) => Ok(message),
        _ => Err(EnterError::Invalid("not a PublicMessage".to_owned())),
    }
}
