//! Founding a conversation: a group of one device, and the commit that adds the other account.
//!
//! There is one conversation for each pair. It may be founded again, under the same id and with the next generation,
//! when its founding was voided or when no leaf of its group belongs to a device any more. Spec: `conversations.md` 3.

use std::sync::Arc;

use infrasound_spec::{
    api::{
        conversations::{Accepted, FoundConversation},
        problem::ProblemType,
    },
    commit,
    consent::ContactState,
    conversation::{self as spec_conversation, Conversation},
    log::{self, EntryKind},
    mls,
    time::Timestamp,
};
use openmls::prelude::{GroupContext, ProposalStore, PublicGroup};

use super::{
    consent::{self, Acquaintance},
    framing, handshake,
    public_group::Pieces,
    submit_commit::{CommitAppend, verify_bundle},
};
use crate::{
    app::App,
    error::ApiError,
    session::Session,
    store::{
        account, contact,
        conversation::{self, ConversationRow},
        group_state,
        head::{self, Head},
        membership, welcome,
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
        let (group, pieces, conversation) = self.read_group(session, &found, at)?;
        let checked = handshake::check(&self.crypto, group, &pieces, &found.bundle, session, at)?;
        let other = conversation.other(&session.account).clone();
        if !checked.changes.added.iter().any(|device| device.account == other) {
            return Err(ApiError::invalid("The founding commit does not add the other account."));
        }
        let append = CommitAppend {
            submission: found.submission,
            bundle: found.bundle,
            checked,
            session: Arc::clone(session),
            window: self.config.void_window,
        };
        let job = Founding { conversation, append };
        self.writer.run(move |tx| Box::pin(job.run(tx))).await
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
    ) -> Result<(PublicGroup, Pieces, Conversation), ApiError> {
        let info = framing::group_info(found.group_info.as_slice())?;
        let tree = framing::founding_tree(found.tree.as_slice())?;
        let pieces = Pieces::default();
        let (group, _) = PublicGroup::from_external(&self.crypto, &pieces, tree, info, ProposalStore::new())
            .map_err(|error| ApiError::invalid(format!("The group does not verify: {error}.")))?;
        let context = group.group_context();
        let conversation = spec_conversation::conversation_of(context)
            .map_err(|error| ApiError::invalid(format!("The group is not a conversation: {error}.")))?;
        let as_agreed = context.epoch().as_u64() == 0
            && context.ciphersuite() == mls::CIPHERSUITE
            && has_only_our_extensions(context)
            && conversation.id == found.conversation;
        if !as_agreed {
            return Err(ApiError::invalid(
                "The group's context is not that of this conversation at epoch 0.",
            ));
        }
        if !conversation.has(&session.account) {
            return Err(ApiError::new(
                ProblemType::Forbidden,
                "This conversation is between other accounts.",
            ));
        }
        check_founder(&group, session, at)?;
        Ok((group, pieces, conversation))
    }
}

/// The conversation's extension (read before) and what every leaf must be able to do, in whatever order; nothing else.
fn has_only_our_extensions(context: &GroupContext) -> bool {
    let ours = mls::required_capabilities();
    let required = context.required_capabilities().is_some_and(|theirs| {
        same_set(theirs.extension_types(), ours.extension_types())
            && same_set(theirs.proposal_types(), ours.proposal_types())
            && same_set(theirs.credential_types(), ours.credential_types())
    });
    required && context.extensions().iter().count() == 2
}

fn same_set<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.len() == other.len() && one.iter().all(|item| other.contains(item))
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
    async fn run(self, tx: &mut Tx<'_>) -> Result<Accepted, ApiError> {
        let founder = self.append.session.account.clone();
        let other = self.conversation.other(&founder).clone();
        let existing = conversation::load(tx.conn, &self.conversation.id).await?;
        if let Some(row) = &existing
            && let Some(accepted) = self.append.repeated(tx, row).await?
        {
            return Ok(accepted);
        }
        let asker = account::load(tx.conn, &founder).await?.ok_or_else(ApiError::internal)?;
        let target = account::load(tx.conn, &other).await?.ok_or_else(|| {
            ApiError::new(ProblemType::NoInfrasound, format!("{other} has never signed in to Infrasound."))
        })?;
        let acquaintance = if existing.is_some() { Acquaintance::Conversation } else { Acquaintance::None };
        consent::check(tx.conn, &asker, &target, acquaintance, tx.now).await?;
        let head = self.make_room(tx, existing).await?;
        accept(tx, &founder, &other).await?;
        let row = conversation::load_key(tx.conn, head.key).await?.ok_or_else(ApiError::internal)?;
        let head = with_consent(tx, &row, head).await?;
        self.append.run(tx, &row, head, true).await
    }

    /// Makes the conversation, or ends the group that was there, if the next founding is due.
    async fn make_room(&self, tx: &mut Tx<'_>, existing: Option<ConversationRow>) -> Result<Head, ApiError> {
        let exists = |detail: &str| ApiError::new(ProblemType::ConversationExists, detail);
        let due = match &existing {
            None => 0,
            Some(row) if !row.founded => row.generation,
            Some(row) if conversation::has_live_leaf(tx.conn, row.key).await? => {
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
        crate::store::commit::abandon(tx.conn, key).await?;
        (head.provisional, head.state_entry) = (None, 0);
        Ok(head)
    }
}

/// Who writes first says that answers are welcome.
async fn accept(
    tx: &mut Tx<'_>,
    founder: &infrasound_spec::account::AccountUri,
    other: &infrasound_spec::account::AccountUri,
) -> Result<(), ApiError> {
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

async fn with_consent(tx: &mut Tx<'_>, row: &ConversationRow, mut head: Head) -> Result<Head, ApiError> {
    let [first, second] = &row.accounts;
    head.consent = head
        .consent
        .with(0, contact::load(tx.conn, first, second).await?)
        .with(1, contact::load(tx.conn, second, first).await?);
    // The head exists before anything refers to it.
    head::store(tx.conn, &head).await?;
    Ok(head)
}
