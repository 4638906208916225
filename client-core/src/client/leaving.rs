//! Proposals: this account leaves a group, or somebody else does.
//!
//! Who leaves proposes it and is done; the next who commits takes the leaves out. While a proposal waits, MLS lets nobody
//! encrypt, so whoever has something to say commits it first. Spec: `groups.md` 6.

use infrasound_spec::{
    account::AccountUri,
    api::{conversations::SubmitProposal, paths},
    conversation::ConversationId,
    log::LogEntry,
    policy::Role,
    signing::Purpose as Signing,
    submission::{self, SubmissionId},
};
use openmls::prelude::{
    DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, Proposal,
    ProtocolMessage, Sender,
};

use super::{Client, founding::MakeError, requests::Purpose, step::Step};
use crate::{
    conversation::{Conversation, summary::Ended},
    event::{Event, Failure, FailureCode},
    intent::{Change, Stage},
    mls::Provider,
    output::Method,
    warning::Warning,
};

impl Client {
    /// Makes the proposal to leave, unless the group would be left without an owner.
    pub(super) fn make_leave(
        &mut self,
        conversation: &mut Conversation,
        step: &mut Step,
    ) -> Result<Stage, Failure> {
        self.may_leave(conversation)?;
        let refused = |error: MakeError| Failure::new(FailureCode::Refused, error.to_string());
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or_else(|| refused(MakeError::of("there is no group")))?;
        group.clear_pending_commit(&conversation.store).map_err(|error| refused(MakeError::of(error)))?;
        let message = group
            .leave_group_via_self_remove(&provider, &self.device.signer)
            .map_err(|error| refused(MakeError::of(error)))?;
        let bytes = message.to_bytes().map_err(|error| refused(MakeError::of(error)))?;
        Ok(Stage::Proposal { submission: SubmissionId::from_bytes(step.random()), bytes })
    }

    fn may_leave(&self, conversation: &Conversation) -> Result<(), Failure> {
        let Some(policy) = &conversation.policy else {
            let text = "a direct conversation cannot be left; ignore or block the other instead";
            return Err(Failure::new(FailureCode::Refused, text));
        };
        let accounts = conversation.members.everybody().accounts();
        if accounts.len() <= 1 {
            let text = "you are the only one in this group: close it instead";
            return Err(Failure::new(FailureCode::NotAllowed, text));
        }
        let mut others = accounts.keys().filter(|account| **account != &self.device.account);
        let other_owner = others.any(|account| policy.role(account) == Role::Owner);
        if policy.role(&self.device.account) == Role::Owner && !other_owner && !policy.closed {
            let text = "you are the only owner: make somebody else an owner first, or close the group";
            return Err(Failure::new(FailureCode::NotAllowed, text));
        }
        Ok(())
    }

    pub(super) fn submit_proposal(
        &mut self,
        id: ConversationId,
        intent: u64,
        submission: SubmissionId,
        bytes: &[u8],
        step: &mut Step,
    ) {
        let after = self.conversations.get(&id).map_or(0, |conversation| conversation.state.position.number);
        let content = submission::proposal_content(&id, &submission, bytes);
        let body = SubmitProposal {
            submission,
            after,
            proposal: bytes.to_vec().into(),
            signature: self.device.signer.sign_for(Signing::Submission, &content),
        };
        let path = paths::with(paths::PROPOSALS, "conversation", &id.to_string());
        self.request(Purpose::Submit(id, intent), Method::Post, path, Some(&body), step);
    }

    /// A proposal is in the log.
    pub(super) fn take_proposal(
        &mut self,
        conversation: &mut Conversation,
        entry: &LogEntry,
        step: &mut Step,
    ) {
        let number = entry.number;
        if conversation.state.refused.is_some() {
            return;
        }
        if self
            .own_intent(conversation, entry)
            .is_some_and(|intent| matches!(intent.stage, Stage::Proposal { .. }))
        {
            return self.has_left(conversation, entry, step);
        }
        let leaver = match self.keep_proposal(conversation, entry) {
            Ok(leaver) => leaver,
            Err(reason) => {
                let who = self.named_sender(conversation, entry);
                let warning = Warning::ProposalRefused { number, who, reason };
                return step.event(Event::Warning(Some(conversation.id), warning));
            }
        };
        // A commit that was made without it would be refused.
        self.requeue_commits(conversation, step);
        if leaver == self.device.account {
            // A sibling did it: the account leaves.
            conversation.state.left = true;
            self.end_group(conversation.id, Ended::Left, step);
        }
    }

    /// Verifies a proposal and keeps it for the next commit. Says who wants to leave.
    fn keep_proposal(&self, conversation: &mut Conversation, entry: &LogEntry) -> Result<AccountUri, String> {
        let bytes = entry.bytes.as_ref().ok_or("it expired before this device saw it")?;
        let message =
            MlsMessageIn::tls_deserialize_exact_bytes(bytes.as_slice()).map_err(|error| error.to_string())?;
        let MlsMessageBodyIn::PublicMessage(message) = message.extract() else {
            return Err("it is not a PublicMessage".to_owned());
        };
        if conversation.policy.is_none() {
            return Err("nobody leaves a direct conversation".to_owned());
        }
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or("there is no group")?;
        let processed = group
            .process_message(&provider, ProtocolMessage::from(message))
            .map_err(|error| error.to_string())?;
        let ProcessedMessageContent::ProposalMessage(proposal) = processed.into_content() else {
            return Err("it is not a proposal".to_owned());
        };
        let (Proposal::SelfRemove, Sender::Member(index)) = (proposal.proposal(), proposal.sender()) else {
            return Err("only leaving is proposed; everything else is committed".to_owned());
        };
        let leaver = conversation.members.at(index.u32()).ok_or("it is not from a member")?.account.clone();
        group.store_pending_proposal(&conversation.store, *proposal).map_err(|error| error.to_string())?;
        Ok(leaver)
    }

    /// This device's own proposal is in the log: the account is out, as far as it is concerned.
    fn has_left(&mut self, conversation: &mut Conversation, entry: &LogEntry, step: &mut Step) {
        if let Some(intent) = self.own_intent(conversation, entry) {
            self.remove_intent(intent.id, step);
            Self::tell_changed(conversation.id, &intent, step);
        }
        conversation.state.left = true;
        self.end_group(conversation.id, Ended::Left, step);
    }

    /// The account is in the group no more: what was still to be done there fails.
    pub(super) fn end_group(&mut self, id: ConversationId, ended: Ended, step: &mut Step) {
        if let Some(group) = self.group_mut(id) {
            group.ended = Some(ended);
        }
        let text = match ended {
            Ended::Left => "you have left this group",
            Ended::Removed => "you were removed from this group",
        };
        self.fail_all(id, &Failure::new(FailureCode::Refused, text), step);
        self.set_waiting(id, None, step);
        self.summary_changed(id, step);
    }

    /// The hub asks for what was proposed to be committed.
    pub(super) fn commit_wanted(&mut self, id: ConversationId, step: &mut Step) {
        if self.may_speak(id) && self.summaries.contains_key(&id) {
            self.want_change(id, Change::Proposals, step);
        }
    }
}
