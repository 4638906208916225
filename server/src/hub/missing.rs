//! What a device may read of a log, and the answer to a submission for an epoch that is over.

use infrasound_spec::{
    account::DeviceId,
    api::{
        conversations::{LogPage, WrongEpoch},
        problem::ProblemType,
    },
    conversation::ConversationId,
    limits,
};

use crate::{
    app::App,
    error::ApiError,
    store::{
        Conn, StoreError, conversation,
        conversation::ConversationKey,
        entry, group_state, head,
        membership::{self, Membership},
    },
};

/// A page of the log as the device may see it: bytes from its first commit to its last, digests of all.
pub(crate) async fn page(
    conn: &mut Conn,
    key: ConversationKey,
    memberships: &[Membership],
    after: u64,
    limit: u64,
) -> Result<LogPage, StoreError> {
    let last = head::load(conn, key).await?.map_or(0, |head| head.last);
    let mut entries = entry::page(conn, key, after, limit.min(limits::MAX_LOG_PAGE)).await?;
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
        let Some(row) = conversation::load(&mut snapshot, id).await? else {
            return Err(ApiError::not_found("conversation"));
        };
        let state_entry = head::load(&mut snapshot, row.key).await?.map_or(0, |head| head.state_entry);
        let epoch =
            group_state::load(&mut snapshot, row.key, state_entry).await?.map_or(0, |group| group.epoch);
        let memberships = membership::of_device(&mut snapshot, row.key, device).await?;
        let page = page(&mut snapshot, row.key, &memberships, after, limits::MAX_LOG_PAGE).await?;
        let mut error = ApiError::new(
            ProblemType::WrongEpoch,
            "The conversation has moved on. Apply the entries that come with this answer, then send again.",
        );
        error.0.wrong_epoch = Some(WrongEpoch { epoch, entries: page.entries });
        Ok(error)
    }
}
