//! A commit enters the log: judged against the group outside the writer, appended by compare-and-swap inside.
//!
//! Exactly one commit of an epoch wins: the writer appends it only if the group is still the one that it was judged
//! against (`state_entry`). The loser gets the entries that it is missing. Spec: `conversations.md` 6 and 7.

use std::{collections::BTreeSet, sync::Arc};

use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::{Accepted, CommitBundle, SubmitCommit, WelcomeId},
        problem::ProblemType,
        stream::StreamEvent,
    },
    consent::ContactState,
    conversation::{Conversation, ConversationId, ConversationKind},
    external::ExternalJoin,
    log::{self, EntryKind},
    policy::LinkKey,
    signing::{self, Purpose},
    submission::{SubmissionId, commit_content},
};

use super::{
    consent::{self, Acquaintance},
    current::{self, Current, EpochGroup, Loaded},
    framing,
    handshake::{CheckedCommit, Judging, Refusal},
    link_limit, provisional,
    submit_message::Late,
};
use crate::{
    apart,
    app::App,
    error::ApiError,
    session::Session,
    store::{
        account, commit,
        conversation::{self, ConversationRow},
        device,
        entry::{self, NewEntry},
        group_state::{self, StoredGroup},
        head::{self, Head},
        join_request, link_use, membership,
        participant::{self, Entry},
        proposal, welcome,
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
    /// Accounts of the group that this one follows, if it founds a group again: they need not be asked anew.
    pub(crate) stay: BTreeSet<AccountUri>,
    /// How many may come in by the link that it comes in by; 0: any number, or it comes by none.
    pub(crate) link_uses: u32,
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
        for attempt in 0..ATTEMPTS {
            if let Some(earlier) = self.earlier(id, &submit.submission).await? {
                return earlier.repeated_by(&session.device, EntryKind::Commit, &digest);
            }
            if let Some(accepted) = self.try_commit(session, id, &submit, attempt).await? {
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
        attempt: usize,
    ) -> Result<Option<Accepted>, ApiError> {
        let message = framing::commit(submit.bundle.commit.as_slice())?;
        let external = message.is_external();
        let mut place = self.live.groups.place(id).await;
        let mut snapshot = self.read().await?;
        let loaded = current::load(&mut snapshot, id, place.take()).await?;
        drop(snapshot);
        let digest = log::digest(submit.bundle.commit.as_slice());
        // The same commit may have come in, by another request, since it was looked for.
        let late =
            Late { submission: submit.submission, kind: EntryKind::Commit, digest, after: submit.after };
        let Some(loaded) = loaded else { return self.too_late(session, id, &late).await.map(Some) };
        let current = Arc::clone(&loaded.current);
        let same = (message.group_id().as_slice(), message.epoch().as_u64())
            == (current.group_id.as_slice(), current.epoch);
        let member = current.leaf_of(&session.device).is_some();
        if !same || !(member || external) {
            *place = Some(loaded.epoch);
            return self.late_commit(session, submit, &current, &late).await.map(Some);
        }
        self.live.turns.check(id, &session.device, self.now())?;
        // It comes in once, however often it is judged.
        if external && attempt == 0 {
            self.rates.rejoins.take(&(*id, session.device), self.now())?;
        }
        let (epoch, judged) = self.judge(session, loaded, &submit.bundle).await?;
        let checked = match judged {
            Ok(checked) => checked,
            Err(refusal) => {
                *place = epoch;
                return match refusal {
                    Refusal::Incomplete => self.late_commit(session, submit, &current, &late).await.map(Some),
                    Refusal::Problem(error) => Err(error),
                };
            }
        };
        self.check_size(&checked)?;
        let link_uses = match (&checked.changes.external, &current.policy) {
            (Some(ExternalJoin::Link { link, .. }), Some(policy)) => {
                policy.links.get(link).map_or(0, |terms| terms.uses)
            }
            _ => 0,
        };
        let append = CommitAppend {
            submission: submit.submission,
            bundle: submit.bundle.clone(),
            checked,
            session: Arc::clone(session),
            stay: BTreeSet::new(),
            link_uses,
            window: self.config.void_window,
        };
        let appended = self.writer.run(move |tx| Box::pin(append.run_if_current(tx, current))).await?;
        if let (Some(accepted), Some(mut epoch)) = (&appended, epoch) {
            epoch.state_entry = accepted.number;
            *place = Some(epoch);
            self.live.turns.end(id, &session.device);
        }
        Ok(appended)
    }

    /// Judges a commit, on a thread that may take its time. What comes back is the group after it; if it was refused, the
    /// group before it, unless that is spoilt.
    async fn judge(
        &self,
        session: &Arc<Session>,
        loaded: Loaded,
        bundle: &CommitBundle,
    ) -> Result<(Option<EpochGroup>, Result<CheckedCommit, Refusal>), ApiError> {
        let (app, session, bundle) = (self.clone(), Arc::clone(session), bundle.clone());
        let at = loaded.last_time.max(self.clock.now());
        let judging = apart::run(move || {
            let Loaded { current, mut epoch, pending, .. } = loaded;
            epoch.propose(&app.crypto, &pending)?;
            let leaving: Vec<_> = pending.iter().map(|proposal| proposal.device).collect();
            let before = epoch.group.group_context().epoch();
            let judging =
                Judging { crypto: &app.crypto, kind: current.kind, leaving: &leaving, session: &session, at };
            let judged = judging.check(&mut epoch, &bundle);
            let whole = judged.is_ok() || epoch.group.group_context().epoch() == before;
            Ok::<_, ApiError>((whole.then_some(epoch), judged))
        });
        judging.await?
    }

    /// Refuses a commit for an epoch that is over, or that leaves out who wants to leave. Who comes by a link that is good
    /// learns that it has to look again, though it may read nothing yet.
    async fn late_commit(
        &self,
        session: &Arc<Session>,
        submit: &SubmitCommit,
        current: &Current,
        late: &Late,
    ) -> Result<Accepted, ApiError> {
        let by_link = match framing::external_join(submit.bundle.commit.as_slice()) {
            Some(ExternalJoin::Link { link, .. }) => {
                current.policy.as_ref().is_some_and(|policy| policy.live_link(&link, self.now()).is_some())
            }
            _ => false,
        };
        let refusal = match self.too_late(session, &current.id, late).await {
            Ok(accepted) => return Ok(accepted),
            Err(refusal) => refusal,
        };
        let external = framing::commit(submit.bundle.commit.as_slice())?.is_external();
        match refusal.0.problem_type {
            // A device of a member account that is on its way in.
            ProblemType::Forbidden if external => {
                Err(self.wrong_epoch(&current.id, &session.device, late.after).await?)
            }
            ProblemType::NotFound if by_link => Err(ApiError::moved_on(current.epoch, Vec::new())),
            _ => Err(refusal),
        }
    }

    /// A commit may not make a group larger than the relay takes.
    pub(crate) fn check_size(&self, checked: &CheckedCommit) -> Result<(), ApiError> {
        let grows = !checked.changes.added.is_empty();
        let fits = checked.accounts <= self.config.max_accounts && checked.leaves <= self.config.max_leaves;
        if grows && !fits {
            return Err(ApiError::new(
                ProblemType::TooLarge,
                format!(
                    "A group has at most {} accounts and {} devices.",
                    self.config.max_accounts, self.config.max_leaves
                ),
            ));
        }
        Ok(())
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
        let (Some(row), Some(head)) = (row, head) else { return Ok(None) };
        let same = head.state_entry == current.state_entry && head.last_time <= self.checked.at;
        // Somebody may have proposed to leave since the commit was judged: then it is judged again.
        let pending = proposal::made_in(tx.conn, row.key, head.state_entry).await?;
        if !same || pending.len() != current.leaving.len() {
            return Ok(None);
        }
        self.run(tx, &row, head, false).await.map(Some)
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
        if head.consent.is_blocked(self.known_account(tx, row).await?.unwrap_or(usize::MAX)) {
            return Err(ApiError::no_consent());
        }
        // The commit was judged at this time, so it is the entry's time, and that of a confirmation before it.
        tx.now = self.checked.at;
        let before = head.last;
        // Who comes in by itself shows nothing: it may do so just because it could not apply what was before.
        if self.checked.changes.external.is_none()
            && let Some(account) = self.known_account(tx, row).await?
        {
            provisional::confirm_by_action(tx, &mut head, account).await?;
        }
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
        let account = self.change_group(tx, row, accepted.number, founding).await?;
        entry::insert_all(tx.conn, &[entry]).await?;
        provisional::note_gone(tx, &mut head, row).await?;
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

    /// The number of the committer's account, if it has one.
    async fn known_account(&self, tx: &mut Tx<'_>, row: &ConversationRow) -> Result<Option<usize>, ApiError> {
        let part = participant::load(tx.conn, row.key, &self.session.account).await?;
        Ok(part.map(|part| part.account))
    }

    /// Writes what the commit changes, and returns the number of the committer's account.
    async fn change_group(
        &self,
        tx: &mut Tx<'_>,
        row: &ConversationRow,
        number: u64,
        founding: bool,
    ) -> Result<usize, ApiError> {
        let state = StoredGroup {
            number,
            epoch: self.checked.epoch,
            state: self.checked.state.clone(),
            group_info: Some(self.bundle.group_info.0.clone()),
        };
        group_state::insert(tx.conn, row.key, &state).await?;
        let account = self.enter(tx, row, number, founding).await?;
        commit::insert(tx.conn, row.key, number, account, founding).await?;
        if founding {
            membership::begin(tx.conn, row.key, &self.session.device, account, number).await?;
        }
        for removed in &self.checked.changes.removed {
            membership::end(tx.conn, row.key, &removed.device, number).await?;
        }
        self.welcome(tx, row, number).await?;
        Ok(account)
    }

    /// Notes the accounts that come in, and what they say of that; returns the number of the committer's.
    async fn enter(
        &self,
        tx: &mut Tx<'_>,
        row: &ConversationRow,
        number: u64,
        founding: bool,
    ) -> Result<usize, ApiError> {
        let committer = &self.session.account;
        let changes = &self.checked.changes;
        if row.kind == ConversationKind::Direct {
            return self.known_account(tx, row).await?.ok_or_else(|| ApiError::not_found("conversation"));
        }
        let comes_by_itself = founding || changes.joined.contains(committer);
        let account = match self.known_account(tx, row).await? {
            Some(account) if !comes_by_itself => account,
            _ => participant::enter(tx.conn, row.key, number, committer, Entry::BY_ITSELF).await?,
        };
        if let Some(ExternalJoin::Link { link, .. }) = &changes.external {
            self.use_link(tx, row, number, link).await?;
        }
        for joined in changes.joined.iter().filter(|joined| *joined != committer) {
            if self.stay.contains(joined) {
                continue;
            }
            let entry = self.invitation(tx, joined, account).await?;
            participant::enter(tx.conn, row.key, number, joined, entry).await?;
        }
        for joined in changes.joined.iter().chain(comes_by_itself.then_some(committer)) {
            if join_request::delete(tx.conn, row.key, joined).await? {
                join_request::touch(tx.conn, row.key, tx.seq).await?;
            }
            self.tell_siblings(tx, joined).await?;
        }
        Ok(account)
    }

    /// How an account comes in that the committer adds: if it takes anything from the committer at all.
    async fn invitation(
        &self,
        tx: &mut Tx<'_>,
        joined: &AccountUri,
        committer: usize,
    ) -> Result<Entry, ApiError> {
        let asker = account::load(tx.conn, &self.session.account).await?.ok_or_else(ApiError::internal)?;
        let target = account::load(tx.conn, joined).await?.ok_or_else(|| {
            ApiError::new(ProblemType::NoInfrasound, format!("{joined} has never signed in to Infrasound."))
        })?;
        let direct = Conversation::direct(&asker.uri, joined, 0);
        let known = match direct {
            Some(direct) => conversation::load(tx.conn, &direct.id).await?.is_some(),
            None => true,
        };
        let acquaintance = if known { Acquaintance::Conversation } else { Acquaintance::None };
        let said = consent::check(tx.conn, &asker, &target, acquaintance, tx.now)
            .await
            .map_err(|error| error.about(joined))?;
        let consent = match said {
            ContactState::Accepted => ContactState::Accepted,
            _ => ContactState::None,
        };
        Ok(Entry { consent, invited: Some((committer, tx.now)) })
    }

    /// Counts the use of a link, or refuses one that is used up.
    async fn use_link(
        &self,
        tx: &mut Tx<'_>,
        row: &ConversationRow,
        number: u64,
        link: &LinkKey,
    ) -> Result<(), ApiError> {
        link_limit::check(tx.conn, row.key, link, self.link_uses).await?;
        Ok(link_use::insert(tx.conn, row.key, number, link).await?)
    }

    /// Tells an account's devices that have no leaf that it is in another conversation now.
    async fn tell_siblings(&self, tx: &mut Tx<'_>, joined: &AccountUri) -> Result<(), ApiError> {
        account::touch_conversations(tx.conn, joined, tx.seq).await?;
        for sibling in device::list(tx.conn, joined).await? {
            let has_leaf = sibling.device == self.session.device
                || self.checked.changes.added.iter().any(|added| added.device == sibling.device);
            if !has_leaf {
                tx.nudge(sibling.device, StreamEvent::Conversations);
            }
        }
        Ok(())
    }

    /// Gives each device that was added its part of the Welcome; each must be a device of its account now.
    async fn welcome(&self, tx: &mut Tx<'_>, row: &ConversationRow, number: u64) -> Result<(), ApiError> {
        if let (Some(welcome), Some(tree)) = (&self.checked.welcome, &self.checked.tree) {
            welcome::insert_shared(tx.conn, row.key, number, &welcome.shared).await?;
            welcome::insert_tree(tx.conn, row.key, &self.checked.tree_hash, tree).await?;
        }
        for added in &self.checked.changes.added {
            let known = device::load(tx.conn, &added.device).await?;
            let live = known.is_some_and(|known| {
                !known.revoked
                    && (&known.account, known.device_key, known.account_key)
                        == (&added.account, added.device_key, added.account_key)
            });
            let part = participant::load(tx.conn, row.key, &added.account).await?;
            let (true, Some(part)) = (live, part) else {
                return Err(ApiError::invalid(format!(
                    "The commit adds a device that is not one of {} now. Claim its key packages again.",
                    added.account
                )));
            };
            membership::begin(tx.conn, row.key, &added.device, part.account, number).await?;
            let secret = self.checked.welcome.as_ref().and_then(|welcome| welcome.secrets.get(&added.device));
            if let Some(secret) = secret {
                let stored = welcome::StoredWelcome {
                    welcome: WelcomeId::from_bytes(crate::secret::make_bytes()),
                    key: row.key,
                    number,
                    bytes: secret.clone(),
                    shared: None,
                    tree: self.checked.tree_hash,
                };
                welcome::insert(tx.conn, &added.device, &stored, tx.seq).await?;
                tx.nudge(added.device, StreamEvent::Welcome);
                tx.wake(added.device);
            }
        }
        Ok(())
    }
}
