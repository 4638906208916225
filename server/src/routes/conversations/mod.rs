//! Conversations and the hub's log. Spec: `conversations.md`; `relay-api.md` 9.

pub(crate) mod commit;
pub(crate) mod found;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod message;
pub(crate) mod one;
pub(crate) mod report;
pub(crate) mod tree;

use infrasound_spec::{
    account::DeviceId,
    api::conversations::ConversationHead,
    conversation::{ConversationId, ConversationKind},
};

use crate::{
    error::ApiError,
    session::Session,
    store::{
        Conn, StoreError,
        conversation::{self, ConversationRow},
        group_state, head, membership,
    },
};

/// The conversation, if the session's account takes part in it.
pub(super) async fn of_account(
    conn: &mut Conn,
    session: &Session,
    id: &ConversationId,
) -> Result<ConversationRow, ApiError> {
    let row = conversation::load(conn, id).await?.filter(|row| row.index_of(&session.account).is_some());
    row.ok_or_else(|| ApiError::not_found("conversation"))
}

/// A conversation as a device sees it.
pub(super) async fn describe(
    conn: &mut Conn,
    row: &ConversationRow,
    device: &DeviceId,
) -> Result<ConversationHead, StoreError> {
    let head = head::load(conn, row.key).await?.unwrap_or_else(|| head::Head::empty(row.key));
    let group = group_state::load(conn, row.key, head.state_entry).await?;
    let memberships = membership::of_device(conn, row.key, device).await?;
    let from = memberships.iter().map(|membership| membership.from).min().unwrap_or(head.last + 1);
    let first_kept = from.max(row.kept_from);
    // A group of which every device is gone is no group any more: the next one is founded under the same id.
    let deserted = row.founded && !conversation::has_live_leaf(conn, row.key).await?;
    Ok(ConversationHead {
        conversation: row.id,
        kind: ConversationKind::Direct,
        generation: row.generation + u32::from(deserted),
        founded: row.founded && !deserted,
        last: head.last,
        first_kept,
        epoch: group.map_or(0, |group| group.epoch),
        provisional: head.provisional,
        started_over: conversation::started_over(conn, row).await?,
        participants: conversation::participants(conn, row).await?,
    })
}
