//! What a device may read of a log, and the answer to a submission for an epoch that is over.

use infrasound_spec::{
    account::DeviceId,
    api::conversations::LogPage,
    conversation::{ConversationId, ConversationKind},
    limits,
    log::LogEntry,
    mutant::{self, Mutant},
};

use crate::{
    app::App,
    error::ApiError,
    store::{
        Conn, StoreError, conversation,
        conversation::{ConversationKey, ConversationRow},
        device, entry, group_state, head,
        membership::{self, Horizon, Membership},
        participant,
    },
};

/// A page of the log as a device may see it: bytes from its first commit to its last; digests of all, or, of a group, as
/// far as its account may know.
pub(crate) async fn page(
    conn: &mut Conn,
    row: &ConversationRow,
    account: usize,
    memberships: &[Membership],
    after: u64,
    limit: u64,
) -> Result<LogPage, StoreError> {
    let mut last = head::load(conn, row.key).await?.map_or(0, |head| head.last);
    if row.kind == ConversationKind::Group
        && !mutant::is(Mutant::DeliversToRemoved)
        && let Some(Horizon::UpTo(end)) = membership::horizon(conn, row.key, account).await?
    {
        last = last.min(end);
    }
    let limit = limit.min(limits::MAX_LOG_PAGE).min(last.saturating_sub(after));
    let mut entries = entry::page(conn, row.key, after, limit).await?;
    for entry in &mut entries {
        if !memberships.iter().any(|membership| membership.covers(entry.number)) {
            entry.bytes = None;
        }
    }
    Ok(LogPage { entries, last })
}

impl App {
    /// The problem for a submission that came too late, with what the device is missing.
    pub(crate) async fn wrong_epoch(
        &self,
        id: &ConversationId,
        device: &DeviceId,
        after: u64,
    ) -> Result<ApiError, ApiError> {
        let mut snapshot = self.read().await?;
        let unknown = || ApiError::not_found("conversation");
        let row = conversation::load(&mut snapshot, id).await?.ok_or_else(unknown)?;
        let owner = device::load(&mut snapshot, device).await?.ok_or_else(unknown)?;
        let part = participant::load(&mut snapshot, row.key, &owner.account).await?.ok_or_else(unknown)?;
        let state_entry = head::load(&mut snapshot, row.key).await?.map_or(0, |head| head.state_entry);
        let epoch = group_state::epoch(&mut snapshot, row.key, state_entry).await?.unwrap_or(0);
        let memberships = membership::of_device(&mut snapshot, row.key, device).await?;
        let limit = limits::MAX_LOG_PAGE;
        let page = page(&mut snapshot, &row, part.account, &memberships, after, limit).await?;
        drop(snapshot);
        self.note_fetched(row.key, device, &page.entries).await?;
        Ok(ApiError::moved_on(epoch, page.entries))
    }

    /// Notes what a device was given, if it is one that is woken for what it was not.
    async fn note_fetched(
        &self,
        key: ConversationKey,
        device: &DeviceId,
        entries: &[LogEntry],
    ) -> Result<(), ApiError> {
        let Some(last) = entries.last().filter(|_| self.live.wakes.knows(device)) else { return Ok(()) };
        let (device, number) = (*device, last.number);
        self.writer
            .run(move |tx| {
                Box::pin(async move { Ok(membership::fetched_up_to(tx.conn, key, &device, number).await?) })
            })
            .await
    }
}
