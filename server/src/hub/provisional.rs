//! Whether a commit stands: each is provisional until another account confirms it, and ends once.
//!
//! | what happens | then |
//! |---|---|
//! | a device of another account, a member before the commit (of a founding: a joiner), reports that it applied it | confirm |
//! | … but it is a founding, and that account has not accepted (the founder; to be in the group) | confirm when it does: silence until then |
//! | another account that can judge sends a message, commit or proposal in the new epoch | confirm, before that is appended |
//! | there is no other account among those who can judge | confirm at once |
//! | every other account with a live device says "cannot apply", none applied it | void at once |
//! | one says "cannot apply", and none applied it within the window | void |
//!
//! A void takes all later entries of the epoch with it and restores the group before. Spec: `conversations.md` 8.

use infrasound_spec::{
    account::DeviceId,
    api::stream::StreamEvent,
    consent::ContactState,
    conversation::ConversationKind,
    log::{self, EntryKind},
    report::CommitOutcome,
    time::Timestamp,
};

use crate::{
    error::ApiError,
    store::{
        StoreError,
        commit::{self, Outcome, Provisional},
        contact,
        conversation::{self, ConversationKey, ConversationRow},
        entry::{self, NewEntry},
        group_state, head,
        head::Head,
        link_use, membership, participant, proposal,
        report::{self, Of},
        welcome,
    },
    writer::{Effect, Tx},
};

/// Confirms all provisional commits of others that the account can judge: it goes on in the epoch that they made.
pub(crate) async fn confirm_by_action(
    tx: &mut Tx<'_>,
    head: &mut Head,
    account: usize,
) -> Result<(), StoreError> {
    let commits = commit::provisional(tx.conn, head.key).await?;
    let mut stand = 0;
    for (index, commit) in commits.iter().enumerate() {
        let judged = commit.committer != account
            && membership::judges_account(tx.conn, head.key, commit.number, commit.founding, account).await?;
        // What is built on stands with what builds on it.
        if judged {
            stand = index + 1;
        }
    }
    for commit in commits.iter().take(stand) {
        confirm(tx, head, commit).await?;
    }
    if 0 < stand
        && stand < commits.len()
        && let Some(row) = conversation::load_key(tx.conn, head.key).await?
    {
        confirm_what_stands(tx, head, &row).await?;
    }
    refresh(tx, head).await
}

/// Confirms from the first provisional commit on, as far as others have said that they applied them.
async fn confirm_what_stands(
    tx: &mut Tx<'_>,
    head: &mut Head,
    row: &ConversationRow,
) -> Result<(), StoreError> {
    for commit in commit::provisional(tx.conn, head.key).await? {
        if !stands(tx, row, &commit).await? {
            break;
        }
        confirm(tx, head, &commit).await?;
    }
    Ok(())
}

/// Ends what can end now: confirms from the first provisional commit on, then voids. Writes the head.
pub(crate) async fn settle(
    tx: &mut Tx<'_>,
    head: &mut Head,
    row: &ConversationRow,
    window: u64,
) -> Result<(), StoreError> {
    let before = head.last;
    confirm_what_stands(tx, head, row).await?;
    for commit in commit::provisional(tx.conn, head.key).await? {
        if falls(tx, &commit, window).await? {
            void(tx, head, row, &commit).await?;
            break;
        }
    }
    refresh(tx, head).await?;
    if head.last != before {
        head::store(tx.conn, head).await?;
        nudge(tx, head, row, before).await?;
    }
    Ok(())
}

/// Tells everybody who may read an entry after `before` that the log has grown.
pub(crate) async fn nudge(
    tx: &mut Tx<'_>,
    head: &Head,
    row: &ConversationRow,
    before: u64,
) -> Result<(), StoreError> {
    for (device, account) in membership::readers(tx.conn, head.key, before).await? {
        if !head.consent.is_quiet(account) {
            tx.nudge(device, StreamEvent::Log { conversation: row.id, last: head.last });
        }
    }
    Ok(())
}

async fn refresh(tx: &mut Tx<'_>, head: &mut Head) -> Result<(), StoreError> {
    let first = commit::provisional(tx.conn, head.key).await?.first().copied();
    head.provisional = first.map(|commit| commit.number);
    head.provisional_account = first.map_or(0, |commit| commit.committer);
    Ok(())
}

/// Whether another account has applied the commit, or a later one, which needs it.
async fn stands(tx: &mut Tx<'_>, row: &ConversationRow, commit: &Provisional) -> Result<bool, StoreError> {
    let (key, number, committer) = (row.key, commit.number, commit.committer);
    if !membership::has_judge(tx.conn, key, number, commit.founding, committer).await? {
        return Ok(true);
    }
    let of = match (commit.founding, row.kind) {
        (false, _) => Of::Members,
        (true, ConversationKind::Group) => Of::FoundingAccepted,
        (true, ConversationKind::Direct) => Of::Founding,
    };
    let refused = commit.refused_at.is_some();
    Ok(report::is_applied(tx.conn, key, number, committer, of, refused).await?
        && (of != Of::Founding || has_accepted(tx, row, commit).await?))
}

/// Whether the founder of a direct conversation may learn that the request was opened.
async fn has_accepted(
    tx: &mut Tx<'_>,
    row: &ConversationRow,
    founding: &Provisional,
) -> Result<bool, StoreError> {
    let parts = participant::all(tx.conn, row.key).await?;
    let founder = parts.iter().find(|part| part.account == founding.committer);
    let asked = parts.iter().find(|part| part.account != founding.committer);
    let (Some(founder), Some(asked)) = (founder, asked) else { return Ok(false) };
    Ok(contact::load(tx.conn, &asked.uri, &founder.uri).await? == ContactState::Accepted)
}

/// Whether the commit is refused by all, or by one for longer than the window.
async fn falls(tx: &mut Tx<'_>, commit: &Provisional, window: u64) -> Result<bool, StoreError> {
    let Some(refused_at) = commit.refused_at else { return Ok(false) };
    let key = commit.key;
    let reports = report::list(tx.conn, key, commit.number).await?;
    let others: Vec<_> = reports.iter().filter(|report| report.account != commit.committer).collect();
    if others.iter().any(|report| matches!(report.outcome, CommitOutcome::Applied { .. })) {
        return Ok(false);
    }
    let judges = membership::judges(tx.conn, key, commit.number, commit.founding, commit.committer).await?;
    let mut reachable = judges.iter().filter(|judge| judge.live);
    let unanimous = reachable.all(|judge| others.iter().any(|report| report.account == judge.account));
    Ok(unanimous || tx.now >= refused_at.plus_millis(window))
}

async fn confirm(tx: &mut Tx<'_>, head: &mut Head, commit: &Provisional) -> Result<(), StoreError> {
    if commit::end(tx.conn, head.key, commit.number, Outcome::Confirmed).await? {
        append_control(tx, head, EntryKind::Confirm, commit.number).await?;
        group_state::delete_before(tx.conn, head.key, commit.number).await?;
        proposal::delete_before(tx.conn, head.key, commit.number).await?;
        participant::settle(tx.conn, head.key, commit.number).await?;
    }
    Ok(())
}

async fn void(
    tx: &mut Tx<'_>,
    head: &mut Head,
    row: &ConversationRow,
    commit: &Provisional,
) -> Result<(), StoreError> {
    for later in commit::provisional(tx.conn, head.key).await? {
        if later.number >= commit.number {
            commit::end(tx.conn, head.key, later.number, Outcome::Voided).await?;
        }
    }
    append_control(tx, head, EntryKind::Void, commit.number).await?;
    membership::void(tx.conn, head.key, commit.number, head.last).await?;
    participant::void(tx.conn, head.key, commit.number).await?;
    link_use::void(tx.conn, head.key, commit.number).await?;
    proposal::delete_from(tx.conn, head.key, commit.number).await?;
    welcome::delete_from(tx.conn, head.key, commit.number).await?;
    group_state::delete_from(tx.conn, head.key, commit.number).await?;
    let before = group_state::number_before(tx.conn, head.key, commit.number).await?;
    head.state_entry = before.unwrap_or(0);
    note_gone(tx, head, row).await?;
    if commit.founding {
        conversation::unfound(tx.conn, head.key).await?;
    }
    tracing::warn!(conversation = %row.id, number = commit.number, "a commit in conversation {} was voided", row.id);
    tx.effects.push(Effect::GroupChanged(row.id));
    Ok(())
}

/// Notes which account of a direct conversation has no device left in it.
pub(crate) async fn note_gone(
    tx: &mut Tx<'_>,
    head: &mut Head,
    row: &ConversationRow,
) -> Result<(), StoreError> {
    if row.kind == ConversationKind::Direct {
        head.gone = conversation::gone(tx.conn, row.key).await?.into_iter().collect();
    }
    Ok(())
}

/// Appends an entry of the hub's own. The caller writes the head.
async fn append_control(
    tx: &mut Tx<'_>,
    head: &mut Head,
    kind: EntryKind,
    commit: u64,
) -> Result<(), StoreError> {
    let bytes = log::control_bytes(commit).to_vec();
    head.last += 1;
    head.last_time = head.next_time(tx.now);
    head.seq = tx.seq;
    let entry = NewEntry {
        key: head.key,
        number: head.last,
        time: head.last_time,
        kind,
        digest: log::digest(&bytes),
        bytes,
        submitter: None,
    };
    entry::insert_all(tx.conn, &[entry]).await
}

/// A device was revoked: commits that waited for it alone stand now.
pub(crate) async fn settle_without(tx: &mut Tx<'_>, device: &DeviceId) -> Result<(), StoreError> {
    for key in head::waiting_with(tx.conn, device).await? {
        // What was refused is not voided by this: that has its time.
        settle_in(tx, key, u64::MAX).await?;
    }
    Ok(())
}

/// Settles every conversation in which "cannot apply" is older than the window.
pub(crate) async fn settle_refused(tx: &mut Tx<'_>, window: u64) -> Result<(), ApiError> {
    let before = Timestamp::from_millis(tx.now.as_millis().saturating_sub(window));
    for key in commit::refused_before(tx.conn, before).await? {
        settle_in(tx, key, window).await?;
    }
    Ok(())
}

async fn settle_in(tx: &mut Tx<'_>, key: ConversationKey, window: u64) -> Result<(), StoreError> {
    let row = conversation::load_key(tx.conn, key).await?;
    let head = head::load(tx.conn, key).await?;
    let (Some(row), Some(mut head)) = (row, head) else { return Ok(()) };
    settle(tx, &mut head, &row, window).await
}
