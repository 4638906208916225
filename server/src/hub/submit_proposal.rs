//! A proposal to leave enters the log. Nothing after it is delivered to who leaves; the next commit must apply it.
//!
//! Spec: `groups.md` 6.

use std::{collections::BTreeSet, sync::Arc};

use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::{Accepted, SubmitProposal},
        problem::ProblemType,
    },
    conversation::{ConversationId, ConversationKind},
    endorsement::EndorsedDevice,
    log::{self, EntryKind},
    policy::Role,
    signing::{self, Purpose},
    submission::proposal_content,
};
use openmls::prelude::{ProcessedMessageContent, Proposal, Sender};

use super::{
    current::{self, Current, Loaded},
    framing, provisional,
    submit_message::Late,
};
use crate::{
    app::App,
    error::ApiError,
    session::Session,
    store::{
        conversation,
        entry::{self, NewEntry},
        head, membership,
        proposal::{self, StoredProposal},
    },
    writer::{Effect, Tx},
};

/// How often a proposal is judged again when the log grows under it.
const ATTEMPTS: usize = 8;

impl App {
    /// Appends a proposal to leave, or says what the device is missing.
    pub(crate) async fn submit_proposal(
        &self,
        session: &Arc<Session>,
        id: &ConversationId,
        submit: SubmitProposal,
    ) -> Result<Accepted, ApiError> {
        let content = proposal_content(id, &submit.submission, submit.proposal.as_slice());
        signing::verify(session.device_key.as_bytes(), Purpose::Submission, &content, &submit.signature)
            .map_err(|_| ApiError::bad_signature("the proposal"))?;
        let digest = log::digest(submit.proposal.as_slice());
        for _ in 0..ATTEMPTS {
            if let Some(earlier) = self.earlier(id, &submit.submission).await? {
                return earlier.repeated_by(&session.device, EntryKind::Proposal, &digest);
            }
            if let Some(accepted) = self.try_proposal(session, id, &submit).await? {
                return Ok(accepted);
            }
        }
        Err(ApiError::unavailable())
    }

    /// `None`: the log moved on between the judgement and the append.
    async fn try_proposal(
        &self,
        session: &Arc<Session>,
        id: &ConversationId,
        submit: &SubmitProposal,
    ) -> Result<Option<Accepted>, ApiError> {
        let message = framing::proposal(submit.proposal.as_slice())?;
        let mut place = self.live.groups.place(id).await;
        let mut snapshot = self.read().await?;
        let loaded = current::load(&mut snapshot, id, place.take()).await?;
        drop(snapshot);
        let digest = log::digest(submit.proposal.as_slice());
        let late =
            Late { submission: submit.submission, kind: EntryKind::Proposal, digest, after: submit.after };
        let Some(loaded) = loaded else { return self.too_late(session, id, &late).await.map(Some) };
        let same = (message.group_id().as_slice(), message.epoch().as_u64())
            == (loaded.current.group_id.as_slice(), loaded.current.epoch);
        let account = loaded.current.leaf_of(&session.device).filter(|_| same);
        let judged = match account {
            Some(_) => self.judge_proposal(session, &loaded, submit),
            None => Ok(()),
        };
        let current = Arc::clone(&loaded.current);
        *place = Some(loaded.epoch);
        judged?;
        let Some(account) = account else { return self.too_late(session, id, &late).await.map(Some) };
        let append =
            ProposalAppend { current, account, submit: submit.clone(), session: Arc::clone(session) };
        self.writer.run(move |tx| Box::pin(append.run(tx))).await
    }

    /// It is a valid SelfRemove of the session's own leaf, and its account may leave.
    fn judge_proposal(
        &self,
        session: &Session,
        loaded: &Loaded,
        submit: &SubmitProposal,
    ) -> Result<(), ApiError> {
        if loaded.current.kind == ConversationKind::Direct {
            return Err(ApiError::invalid("Nobody can leave a direct conversation."));
        }
        let message = framing::proposal(submit.proposal.as_slice())?;
        let processed = loaded
            .epoch
            .group
            .process_message(&self.crypto, message)
            .map_err(|error| ApiError::invalid(format!("The proposal does not verify: {error}.")))?;
        let sender = processed.sender().clone();
        let empty = processed.aad().is_empty();
        let ProcessedMessageContent::ProposalMessage(queued) = processed.into_content() else {
            return Err(ApiError::invalid("The message is not a proposal of a member."));
        };
        if !empty || !matches!(queued.proposal(), Proposal::SelfRemove) {
            return Err(ApiError::invalid("The only proposal that stands alone is to leave oneself."));
        }
        let leaf = match sender {
            Sender::Member(index) => loaded.epoch.members.at(index.u32()),
            _ => None,
        };
        if leaf.is_none_or(|leaf| leaf.device != session.device) {
            return Err(ApiError::new(
                ProblemType::Forbidden,
                "The proposal was made by another device than the one that submits it.",
            ));
        }
        check_may_leave(loaded, &session.account)
    }
}

/// Once only; not alone; and not as the last owner.
fn check_may_leave(loaded: &Loaded, account: &AccountUri) -> Result<(), ApiError> {
    let forbidden = |detail: &str| Err(ApiError::new(ProblemType::Forbidden, detail));
    let leaving =
        |device: &&EndorsedDevice| loaded.pending.iter().any(|proposal| proposal.device == device.device);
    let going: BTreeSet<&AccountUri> =
        loaded.epoch.members.devices().filter(leaving).map(|device| &device.account).collect();
    if going.contains(account) {
        return forbidden("This account is leaving already.");
    }
    let stay: BTreeSet<&AccountUri> = loaded
        .epoch
        .members
        .accounts()
        .into_keys()
        .filter(|member| *member != account && !going.contains(member))
        .collect();
    if stay.is_empty() {
        return forbidden("Nobody else is there who could commit it. Close the group instead.");
    }
    let Some(policy) = &loaded.current.policy else { return Ok(()) };
    let owned = stay.iter().any(|member| policy.role(member) == Role::Owner);
    if policy.role(account) == Role::Owner && !owned && !policy.closed {
        return forbidden(
            "The last owner cannot leave. Make somebody else an owner first, or close the group.",
        );
    }
    Ok(())
}

/// A judged proposal on its way into the log.
struct ProposalAppend {
    current: Arc<Current>,
    account: usize,
    submit: SubmitProposal,
    session: Arc<Session>,
}

impl ProposalAppend {
    async fn run(self, tx: &mut Tx<'_>) -> Result<Option<Accepted>, ApiError> {
        let key = self.current.key;
        let digest = log::digest(self.submit.proposal.as_slice());
        let found = entry::find_submitted(tx.conn, &[(key, self.submit.submission)]).await?;
        if let Some((_, earlier)) = found.first() {
            return earlier.repeated_by(&self.session.device, EntryKind::Proposal, &digest).map(Some);
        }
        let row = conversation::load_key(tx.conn, key).await?;
        let head = head::load(tx.conn, key).await?;
        let (Some(row), Some(mut head)) = (row, head) else { return Ok(None) };
        let pending = proposal::made_in(tx.conn, key, head.state_entry).await?;
        // Others may have left meanwhile: then it is judged again.
        if head.state_entry != self.current.state_entry || pending.len() != self.current.leaving.len() {
            return Ok(None);
        }
        let before = head.last;
        provisional::confirm_by_action(tx, &mut head, self.account).await?;
        let entry = NewEntry {
            key,
            number: head.last + 1,
            time: head.next_time(tx.now),
            kind: EntryKind::Proposal,
            digest,
            bytes: self.submit.proposal.0.clone(),
            submitter: Some((self.session.device, self.submit.submission)),
        };
        let accepted = Accepted { number: entry.number, time: entry.time };
        let stored = StoredProposal {
            number: accepted.number,
            state_entry: head.state_entry,
            account: self.account,
            device: self.session.device,
            bytes: self.submit.proposal.0,
        };
        proposal::insert(tx.conn, key, &stored, accepted.time).await?;
        entry::insert_all(tx.conn, &[entry]).await?;
        membership::leave(tx.conn, key, self.account, accepted.number).await?;
        head.last = accepted.number;
        head.last_time = accepted.time;
        head.seq = tx.seq;
        head::store(tx.conn, &head).await?;
        tx.effects.push(Effect::GroupChanged(row.id));
        provisional::nudge(tx, &head, &row, before).await?;
        Ok(Some(accepted))
    }
}
