//! A commit enters the log: judged against the group outside the writer, appended by compare-and-swap inside.
//!
//! Exactly one commit of an epoch wins: the writer appends it only if the group is still the one that it was judged
//! against (`state_entry`). The loser gets the entries that it is missing. Spec: `conversations.md` 6 and 7.

use std::sync::Arc;

use infrasound_spec::{
    api::conversations::{Accepted, CommitBundle, SubmitCommit},
    conversation::ConversationId,
    log::{self, EntryKind},
    signing::{self, Purpose},
    submission::{SubmissionId, commit_content},
};

use super::{
    current::{self, Current},
    framing,
    handshake::{self, CheckedCommit},
    provisional,
    submit_message::Late,
};
use crate::{
    app::App,
    error::ApiError,
    session::Session,
    store::{
        commit,
        conversation::{self, ConversationRow},
        device,
        entry::{self, NewEntry},
        group_state::{self, StoredGroup},
        head::{self, Head},
        membership, welcome,
    },
    writer::{Effect, Tx},
};

/// Commits that may wait for the other account: each keeps a group, and is looked at when one of them ends.
const MAX_PROVISIONAL: usize = 64;
/// What is waited for has no time; so many seconds are a while.
const PATIENCE: u64 = 60;

/// How often a commit is judged again when the log grows under it.
const ATTEMPTS: usize = 8;

/// A checked commit on its way into the log.
pub(crate) struct CommitAppend {
    /// The client's id.
    pub(crate) submission: SubmissionId,
    /// The bundle.
    pub(crate) bundle: CommitBundle,
    /// What it does.
    pub(crate) checked: CheckedCommit,
    /// Whose it is.
    pub(crate) session: Arc<Session>,
    /// The window after which one refusal voids.
    pub(crate) window: u64,
}

/// Verifies the device's signature over a bundle.
pub(crate) fn verify_bundle(
    session: &Session,
    id: &ConversationId,
    submission: &SubmissionId,
    bundle: &CommitBundle,
    signature: &infrasound_spec::account::Signature,
) -> Result<(), ApiError> {
    let welcome = bundle.welcome.as_ref().map_or(&[][..], |welcome| welcome.as_slice());
    let content =
        commit_content(id, submission, bundle.commit.as_slice(), welcome, bundle.group_info.as_slice());
    signing::verify(session.device_key.as_bytes(), Purpose::Submission, &content, signature)
        .map_err(|_| ApiError::bad_signature("the commit"))
}

impl App {
    /// Appends a commit, or says what the device is missing.
    pub(crate) async fn submit_commit(
        &self,
        session: &Arc<Session>,
        id: &ConversationId,
        submit: SubmitCommit,
    ) -> Result<Accepted, ApiError> {
        verify_bundle(session, id, &submit.submission, &submit.bundle, &submit.signature)?;
        let digest = log::digest(submit.bundle.commit.as_slice());
        for _ in 0..ATTEMPTS {
            if let Some(earlier) = self.earlier(id, &submit.submission).await? {
                return earlier.repeated_by(&session.device, EntryKind::Commit, &digest);
            }
            if let Some(accepted) = self.try_commit(session, id, &submit).await? {
                return Ok(accepted);
            }
        }
        Err(ApiError::unavailable())
    }

    /// `None`: the log moved on between the judgement and the append.
    async fn try_commit(
        &self,
        session: &Arc<Session>,
        id: &ConversationId,
        submit: &SubmitCommit,
    ) -> Result<Option<Accepted>, ApiError> {
        let message = framing::commit(submit.bundle.commit.as_slice())?;
        let mut snapshot = self.read().await?;
        let loaded = current::load(&mut snapshot, id).await?;
        drop(snapshot);
        let digest = log::digest(submit.bundle.commit.as_slice());
        // The same commit may have come in, by another request, since it was looked for.
        let late =
            Late { submission: submit.submission, kind: EntryKind::Commit, digest, after: submit.after };
        let Some(loaded) = loaded else { return self.too_late(session, id, &late).await.map(Some) };
        let current = loaded.current;
        let same = (message.group_id().as_slice(), message.epoch().as_u64())
            == (current.group_id.as_slice(), current.epoch);
        if current.leaf_of(&session.device).is_none() || !same {
            return self.too_late(session, id, &late).await.map(Some);
        }
        let at = loaded.last_time.max(self.clock.now());
        let checked =
            handshake::check(&self.crypto, loaded.group, &loaded.pieces, &submit.bundle, session, at)?;
        let append = CommitAppend {
            submission: submit.submission,
            bundle: submit.bundle.clone(),
            checked,
            session: Arc::clone(session),
            window: self.config.void_window,
        };
        self.writer.run(move |tx| Box::pin(append.run_if_current(tx, current))).await
    }
}

impl CommitAppend {
    async fn run_if_current(
        self,
        tx: &mut Tx<'_>,
        current: Arc<Current>,
    ) -> Result<Option<Accepted>, ApiError> {
        let row = conversation::load_key(tx.conn, current.key).await?;
        let head = head::load(tx.conn, current.key).await?;
        match (row, head) {
            (Some(row), Some(head))
                if head.state_entry == current.state_entry && head.last_time <= self.checked.at =>
            {
                self.run(tx, &row, head, false).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The first answer, if this is in the log already.
    pub(crate) async fn repeated(
        &self,
        tx: &mut Tx<'_>,
        row: &ConversationRow,
    ) -> Result<Option<Accepted>, ApiError> {
        let digest = log::digest(self.bundle.commit.as_slice());
        let found = entry::find_submitted(tx.conn, &[(row.key, self.submission)]).await?;
        let Some((_, earlier)) = found.first() else { return Ok(None) };
        earlier.repeated_by(&self.session.device, EntryKind::Commit, &digest).map(Some)
    }

    /// Appends the commit and all that goes with it. `head` must be the one that the commit was judged against.
    pub(crate) async fn run(
        self,
        tx: &mut Tx<'_>,
        row: &ConversationRow,
        mut head: Head,
        founding: bool,
    ) -> Result<Accepted, ApiError> {
        if let Some(accepted) = self.repeated(tx, row).await? {
            return Ok(accepted);
        }
        let Some(account) = row.index_of(&self.session.account) else {
            return Err(ApiError::not_found("conversation"));
        };
        if head.consent.blocks(1 - account) {
            return Err(ApiError::no_consent());
        }
        // The commit was judged at this time, so it is the entry's time, and that of a confirmation before it.
        tx.now = self.checked.at;
        let before = head.last;
        provisional::confirm_by_action(tx, &mut head, account).await?;
        if commit::provisional(tx.conn, row.key).await?.len() >= MAX_PROVISIONAL {
            return Err(ApiError::rate_limited(PATIENCE));
        }
        let entry = NewEntry {
            key: row.key,
            number: head.last + 1,
            time: head.next_time(self.checked.at),
            kind: EntryKind::Commit,
            digest: log::digest(self.bundle.commit.as_slice()),
            bytes: self.bundle.commit.0.clone(),
            submitter: Some((self.session.device, self.submission)),
        };
        if entry.time != self.checked.at {
            return Err(ApiError::unavailable());
        }
        let accepted = Accepted { number: entry.number, time: entry.time };
        self.change_group(tx, row, accepted.number, account, founding).await?;
        entry::insert_all(tx.conn, &[entry]).await?;
        head.gone = conversation::gone(tx.conn, row.key).await?.into_iter().collect();
        head.last = accepted.number;
        head.last_time = accepted.time;
        head.seq = tx.seq;
        head.state_entry = accepted.number;
        if head.provisional.is_none() {
            head.provisional = Some(accepted.number);
            head.provisional_account = account;
        }
        head::store(tx.conn, &head).await?;
        tx.effects.push(Effect::GroupChanged(row.id));
        provisional::settle(tx, &mut head, row, self.window).await?;
        provisional::nudge(tx, &head, row, before).await?;
        Ok(accepted)
    }

    async fn change_group(
        &self,
        tx: &mut Tx<'_>,
        row: &ConversationRow,
        number: u64,
        account: usize,
        founding: bool,
    ) -> Result<(), ApiError> {
        let state = StoredGroup { number, epoch: self.checked.epoch, state: self.checked.state.clone() };
        group_state::insert(tx.conn, row.key, &state).await?;
        commit::insert(tx.conn, row.key, number, account, founding).await?;
        if founding {
            membership::begin(tx.conn, row.key, &self.session.device, account, number).await?;
        }
        for removed in &self.checked.changes.removed {
            membership::end(tx.conn, row.key, &removed.device, number).await?;
        }
        self.invite(tx, row, number).await
    }

    /// Gives the Welcome to each device that was added; each must be a device of its account now.
    async fn invite(&self, tx: &mut Tx<'_>, row: &ConversationRow, number: u64) -> Result<(), ApiError> {
        for added in &self.checked.changes.added {
            let known = device::load(tx.conn, &added.device).await?;
            let live = known.is_some_and(|known| {
                !known.revoked
                    && (&known.account, known.device_key, known.account_key)
                        == (&added.account, added.device_key, added.account_key)
            });
            let (true, Some(account)) = (live, row.index_of(&added.account)) else {
                return Err(ApiError::invalid(format!(
                    "The commit adds a device that is not one of {} now. Claim its key packages again.",
                    added.account
                )));
            };
            membership::begin(tx.conn, row.key, &added.device, account, number).await?;
            if let (Some(bytes), Some(tree)) = (&self.bundle.welcome, &self.checked.tree) {
                let stored = welcome::StoredWelcome {
                    welcome: infrasound_spec::api::conversations::WelcomeId::from_bytes(
                        crate::secret::make_bytes(),
                    ),
                    key: row.key,
                    number,
                    bytes: bytes.0.clone(),
                    tree: self.checked.tree_hash,
                };
                welcome::insert(tx.conn, &added.device, &stored).await?;
                welcome::insert_tree(tx.conn, row.key, &self.checked.tree_hash, tree).await?;
                tx.nudge(added.device, infrasound_spec::api::stream::StreamEvent::Welcome);
            }
        }
        Ok(())
    }
}
