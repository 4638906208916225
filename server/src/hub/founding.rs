//! Founding a conversation: a group of one device, and the commit that adds the other account.
//!
//! There is one conversation for each pair; a group is founded by its creator. It may be founded again, under the same id
//! and with the next generation, when its founding was voided; a direct conversation, when no leaf belongs to a device any
//! more; a group, by an owner (`groups.md` 12). Spec: `conversations.md` 3.

use std::{collections::BTreeSet, sync::Arc};

use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::{Accepted, CommitBundle, FoundConversation},
        problem::ProblemType,
    },
    commit,
    consent::ContactState,
    conversation::{Conversation, ConversationId, ConversationKind, Parties},
    log::{self, EntryKind},
    members::Members,
    mls,
    policy::{GroupPolicy, Role},
    time::Timestamp,
};
use openmls::prelude::{ProposalStore, PublicGroup};

use super::{
    consent::{self, Acquaintance},
    current::{self, EpochGroup},
    framing,
    handshake::{CheckedCommit, Judging, Refusal},
    public_group::Pieces,
    submit_commit::{CommitAppend, verify_bundle},
};
use crate::{
    apart,
    app::App,
    error::ApiError,
    session::Session,
    store::{
        account, contact,
        conversation::{self, ConversationRow},
        group_state,
        head::{self, Head},
        membership, participant, proposal, welcome,
    },
    writer::Tx,
};

impl App {
    /// Founds a conversation.
    pub(crate) async fn found(
        &self,
        session: &Arc<Session>,
        found: FoundConversation,
    ) -> Result<Accepted, ApiError> {
        verify_bundle(session, &found.conversation, &found.submission, &found.bundle, &found.signature)?;
        if let Some(earlier) = self.earlier(&found.conversation, &found.submission).await? {
            let digest = log::digest(found.bundle.commit.as_slice());
            return earlier.repeated_by(&session.device, EntryKind::Commit, &digest);
        }
        let at = self.time_of_founding(&found).await?;
        let (epoch, conversation) = self.read_group(session, &found, at)?;
        if conversation.pair().is_none() {
            self.check_owner(session, &conversation.id).await?;
        }
        let checked = self.judge_founding(session, epoch, conversation.kind(), &found.bundle, at).await?;
        if let Some(other) = conversation.other(&session.account)
            && !checked.changes.added.iter().any(|device| device.account == *other)
        {
            return Err(ApiError::invalid("The founding commit does not add the other account."));
        }
        self.check_size(&checked)?;
        let append = CommitAppend {
            submission: found.submission,
            bundle: found.bundle,
            checked,
            session: Arc::clone(session),
            stay: BTreeSet::new(),
            link_uses: 0,
            window: self.config.void_window,
        };
        let job = Founding { conversation, append };
        self.writer.run(move |tx| Box::pin(job.run(tx))).await
    }

    /// Refuses who is no owner of the group that stands before the writer has to look at it.
    async fn check_owner(&self, session: &Session, id: &ConversationId) -> Result<(), ApiError> {
        match self.current_group(id).await? {
            Some(current) if !current.allows(&session.account, is_owner) => Err(no_owner()),
            _ => Ok(()),
        }
    }

    /// Judges the founding commit, on a thread that may take its time.
    async fn judge_founding(
        &self,
        session: &Arc<Session>,
        mut epoch: EpochGroup,
        kind: ConversationKind,
        bundle: &CommitBundle,
        at: Timestamp,
    ) -> Result<CheckedCommit, ApiError> {
        let (app, session, bundle) = (self.clone(), Arc::clone(session), bundle.clone());
        let judging = apart::run(move || {
            let judging = Judging { crypto: &app.crypto, kind, leaving: &[], session: &session, at };
            judging.check(&mut epoch, &bundle)
        });
        judging.await?.map_err(|refusal| match refusal {
            Refusal::Problem(error) => error,
            Refusal::Incomplete => ApiError::internal(),
        })
    }

    async fn time_of_founding(&self, found: &FoundConversation) -> Result<Timestamp, ApiError> {
        let mut snapshot = self.read().await?;
        let last = match conversation::load(&mut snapshot, &found.conversation).await? {
            Some(row) => head::load(&mut snapshot, row.key).await?.map(|head| head.last_time),
            None => None,
        };
        Ok(last.unwrap_or_default().max(self.clock.now()))
    }

    /// The group before the commit: epoch 0, and nobody in it but the session's device.
    fn read_group(
        &self,
        session: &Session,
        found: &FoundConversation,
        at: Timestamp,
    ) -> Result<(EpochGroup, Conversation), ApiError> {
        let info = framing::group_info(found.group_info.as_slice())?;
        let tree = framing::founding_tree(found.tree.as_slice())?;
        let pieces = Pieces::default();
        let (group, _) = PublicGroup::from_external(&self.crypto, &pieces, tree, info, ProposalStore::new())
            .map_err(|error| ApiError::invalid(format!("The group does not verify: {error}.")))?;
        let context = group.group_context();
        let (conversation, policy) = commit::read_context(context)
            .map_err(|error| ApiError::invalid(format!("The group is not a conversation: {error}.")))?;
        let as_agreed = context.epoch().as_u64() == 0
            && context.ciphersuite() == mls::CIPHERSUITE
            && mls::has_only_our_extensions(context)
            && conversation.id == found.conversation;
        if !as_agreed {
            return Err(ApiError::invalid(
                "The group's context is not that of this conversation at epoch 0.",
            ));
        }
        if !conversation.may_have(&session.account) {
            return Err(ApiError::new(
                ProblemType::Forbidden,
                "This conversation is between other accounts.",
            ));
        }
        if policy.is_some_and(|policy| !is_owner(&policy, &session.account)) {
            return Err(ApiError::invalid("Who founds a group is its owner."));
        }
        check_founder(&group, session, at)?;
        let members = Members::of(&group)
            .map_err(|error| ApiError::invalid(format!("The founder's leaf: {error}.")))?;
        let epoch = EpochGroup { state_entry: 0, group, pieces, members, proposals: Vec::new() };
        Ok((epoch, conversation))
    }
}

fn is_owner(policy: &GroupPolicy, account: &AccountUri) -> bool {
    policy.roles.get(account) == Some(&Role::Owner)
}

fn no_owner() -> ApiError {
    ApiError::new(ProblemType::Forbidden, "Only an owner of the group may found it again.")
}

fn check_founder(group: &PublicGroup, session: &Session, at: Timestamp) -> Result<(), ApiError> {
    let nobodys = |error: mls::LeafError| ApiError::invalid(format!("The founder's leaf: {error}."));
    let mut members = group.members();
    let (Some(member), None) = (members.next(), members.next()) else {
        return Err(ApiError::invalid("A group of epoch 0 has one leaf, its founder's."));
    };
    let leaf = group.leaf(member.index).ok_or_else(|| ApiError::invalid("The founder has no leaf."))?;
    let founder = commit::endorsed_at(leaf, at).map_err(nobodys)?;
    let own = (&founder.account, founder.account_key, founder.device, founder.device_key)
        == (&session.account, session.account_key, session.device, session.device_key);
    if own {
        Ok(())
    } else {
        Err(ApiError::new(ProblemType::Forbidden, "The group's founder is not the device that submits it."))
    }
}

struct Founding {
    conversation: Conversation,
    append: CommitAppend,
}

impl Founding {
    async fn run(mut self, tx: &mut Tx<'_>) -> Result<Accepted, ApiError> {
        let founder = self.append.session.account.clone();
        let existing = conversation::load(tx.conn, &self.conversation.id).await?;
        if let Some(row) = &existing
            && let Some(accepted) = self.append.repeated(tx, row).await?
        {
            return Ok(accepted);
        }
        let other = self.conversation.other(&founder).cloned();
        if let Some(other) = &other {
            self.check_consent(tx, &founder, other, existing.is_some()).await?;
        }
        let founders = self.founders(tx, existing.as_ref()).await?;
        let mut head = self.make_room(tx, existing).await?;
        if let Some(other) = &other {
            accept(tx, &founder, other).await?;
        }
        let row = conversation::load_key(tx.conn, head.key).await?.ok_or_else(ApiError::internal)?;
        if let Some([first, second]) = self.conversation.pair() {
            head.consent = head
                .consent
                .with(0, contact::load(tx.conn, first, second).await?)
                .with(1, contact::load(tx.conn, second, first).await?);
        }
        // The head exists before anything refers to it.
        head::store(tx.conn, &head).await?;
        let key = row.key;
        let accepted = self.append.run(tx, &row, head, true).await?;
        if let Some(founders) = founders {
            participant::set_founders(tx.conn, key, founders.iter()).await?;
        }
        Ok(accepted)
    }

    /// Whether the other one of a direct conversation takes anything from the founder.
    async fn check_consent(
        &self,
        tx: &mut Tx<'_>,
        founder: &AccountUri,
        other: &AccountUri,
        known: bool,
    ) -> Result<(), ApiError> {
        let asker = account::load(tx.conn, founder).await?.ok_or_else(ApiError::internal)?;
        let target = account::load(tx.conn, other).await?.ok_or_else(|| {
            ApiError::new(ProblemType::NoInfrasound, format!("{other} has never signed in to Infrasound."))
        })?;
        let acquaintance = if known { Acquaintance::Conversation } else { Acquaintance::None };
        consent::check(tx.conn, &asker, &target, acquaintance, tx.now).await.map(drop)
    }

    /// Of a group: who may found it, now and if this is voided; the founder must be one of them. The creator founds it
    /// first, then whoever is an owner in the group that stands. `None`: those of the last time.
    async fn founders(
        &mut self,
        tx: &mut Tx<'_>,
        existing: Option<&ConversationRow>,
    ) -> Result<Option<Vec<AccountUri>>, ApiError> {
        let Parties::Group { creator, .. } = &self.conversation.parties else { return Ok(None) };
        let founder = &self.append.session.account.clone();
        let founders = match existing {
            None => vec![creator.clone()],
            Some(row) if !row.founded => {
                return if participant::may_found(tx.conn, row.key, founder).await? {
                    Ok(None)
                } else {
                    Err(no_owner())
                };
            }
            Some(row) => {
                let loaded = current::load(tx.conn, &row.id, None).await?.ok_or_else(ApiError::internal)?;
                let policy = loaded.current.policy.clone().ok_or_else(ApiError::internal)?;
                let standing = loaded.epoch.members.key_of(founder) == Some(self.append.session.account_key);
                let accounts = loaded.epoch.members.accounts().into_keys();
                self.append.stay = accounts.filter(|account| !loaded.leaves(account)).cloned().collect();
                let owners = policy.roles.into_iter().filter(|(_, role)| *role == Role::Owner);
                // Who has started over has no say before it was let in again.
                owners.map(|(owner, _)| owner).filter(|owner| owner != founder || standing).collect()
            }
        };
        if founders.contains(founder) { Ok(Some(founders)) } else { Err(no_owner()) }
    }

    /// Makes the conversation, or ends the group that was there, if the next founding is due.
    async fn make_room(&self, tx: &mut Tx<'_>, existing: Option<ConversationRow>) -> Result<Head, ApiError> {
        let exists = |detail: &str| ApiError::new(ProblemType::ConversationExists, detail);
        let due = match &existing {
            None => 0,
            Some(row) if !row.founded => row.generation,
            Some(row)
                if row.kind == ConversationKind::Direct
                    && conversation::has_live_leaf(tx.conn, row.key).await? =>
            {
                return Err(exists("You have this conversation already. Fetch it instead of founding it."));
            }
            Some(row) => row.generation + 1,
        };
        if self.conversation.generation != due {
            return Err(exists(
                "This conversation was founded before. Fetch it, and use its next generation.",
            ));
        }
        let key = conversation::found(tx.conn, &self.conversation).await?;
        let mut head = head::load(tx.conn, key).await?.unwrap_or_else(|| Head::empty(key));
        membership::end_all(tx.conn, key, head.last).await?;
        welcome::delete_from(tx.conn, key, 0).await?;
        group_state::delete_from(tx.conn, key, 0).await?;
        proposal::delete_from(tx.conn, key, 0).await?;
        crate::store::commit::abandon(tx.conn, key).await?;
        (head.provisional, head.state_entry) = (None, 0);
        Ok(head)
    }
}

/// Who writes first says that answers are welcome.
async fn accept(tx: &mut Tx<'_>, founder: &AccountUri, other: &AccountUri) -> Result<(), ApiError> {
    match contact::load(tx.conn, founder, other).await? {
        ContactState::None | ContactState::Ignored => {
            contact::store(tx.conn, founder, other, ContactState::Accepted).await?;
            account::touch_contacts(tx.conn, founder, tx.seq).await?;
            Ok(())
        }
        ContactState::Accepted => Ok(()),
        ContactState::Blocked => Err(ApiError::new(
            ProblemType::Forbidden,
            "You block this account. Unblock it before you write to it.",
        )),
    }
}
