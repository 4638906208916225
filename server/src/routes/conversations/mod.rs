//! Conversations and the hub's log. Spec: `conversations.md`; `groups.md`; `relay-api.md` 9
//! and 11.

pub(crate) mod commit;
pub(crate) mod consent;
pub(crate) mod found;
pub(crate) mod group_info;
pub(crate) mod join_requests;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod members;
pub(crate) mod message;
pub(crate) mod one;
pub(crate) mod proposal;
pub(crate) mod report;
pub(crate) mod tree;
pub(crate) mod turn;
pub(crate) mod typing;

use infrasound_spec::{
    api::conversations::ConversationHead,
    consent::ContactState,
    conversation::{ConversationId, ConversationKind},
    policy::GroupPolicy,
    time,
};

use crate::{
    app::App,
    error::ApiError,
    session::Session,
    store::{
        Conn,
        conversation::{self, ConversationRow},
        group_state, head, join_request,
        membership::{self, Membership},
        participant::{self, Part},
    },
};

/// How long an invitation that nobody answers, and a request to join, may stand.
pub(crate) const REQUEST_LIFETIME: u64 = 30 * time::DAY;

/// A conversation and the session's account in it.
pub(super) struct Of {
    pub(super) row: ConversationRow,
    pub(super) part: Part,
}

/// A conversation as every device of the account may see it, and what only some may.
pub(super) struct Described {
    head: ConversationHead,
    /// Who asks to be let in, for who may add others.
    asking: u64,
}

/// The conversation, if the session's account takes or took part in it.
pub(super) async fn of_account(
    conn: &mut Conn,
    session: &Session,
    id: &ConversationId,
) -> Result<Of, ApiError> {
    let unknown = || ApiError::not_found("conversation");
    let row = conversation::load(conn, id).await?.ok_or_else(unknown)?;
    let part = participant::load(conn, row.key, &session.account).await?.ok_or_else(unknown)?;
    Ok(Of { row, part })
}

/// The conversation, if the session's account is a member of it now.
pub(super) async fn of_member(
    conn: &mut Conn,
    session: &Session,
    id: &ConversationId,
) -> Result<Of, ApiError> {
    let of = of_account(conn, session, id).await?;
    if membership::is_member(conn, of.row.key, of.part.account).await? {
        Ok(of)
    } else {
        Err(ApiError::not_found("conversation"))
    }
}

/// Refuses what only groups have.
pub(super) fn only_in_groups(row: &ConversationRow) -> Result<(), ApiError> {
    match row.kind {
        ConversationKind::Group => Ok(()),
        ConversationKind::Direct => Err(ApiError::bad_request("A direct conversation has no such thing.")),
    }
}

impl App {
    /// A conversation as a device sees it; [`App::reveal`] completes it once the snapshot is given back.
    pub(super) async fn describe(
        &self,
        conn: &mut Conn,
        session: &Session,
        row: &ConversationRow,
    ) -> Result<Described, ApiError> {
        let stored = head::load(conn, row.key).await?.unwrap_or_else(|| head::Head::empty(row.key));
        let epoch = group_state::epoch(conn, row.key, stored.state_entry).await?.unwrap_or(0);
        let memberships = membership::of_device(conn, row.key, &session.device).await?;
        let from = memberships.iter().map(|membership| membership.from).min().unwrap_or(stored.last + 1);
        let direct = row.kind == ConversationKind::Direct;
        // A direct conversation of which every device is gone is none any more: the next one is founded under the same id.
        let deserted = direct && row.founded && !conversation::has_live_leaf(conn, row.key).await?;
        let mut head = ConversationHead {
            conversation: row.id,
            kind: row.kind,
            generation: row.generation + u32::from(deserted),
            founded: row.founded && !deserted,
            last: stored.last,
            first_kept: from.max(row.kept_from),
            epoch,
            provisional: stored.provisional,
            started_over: conversation::started_over(conn, row).await?,
            member: memberships.iter().any(Membership::stands),
            consent: ContactState::None,
            inviter: None,
            invitations_ended: Vec::new(),
            join_requests: 0,
            participants: if direct { participant::list(conn, row.key).await? } else { Vec::new() },
        };
        let asking = if direct { 0 } else { self.describe_group(conn, session, row, &mut head).await? };
        Ok(Described { head, asking })
    }

    /// Tells of who asks to be let in, if the account may add others. Not while a snapshot is held.
    pub(super) async fn reveal(
        &self,
        session: &Session,
        described: Described,
    ) -> Result<ConversationHead, ApiError> {
        let Described { mut head, asking } = described;
        if asking > 0 && self.may_add(session, &head.conversation).await? {
            head.join_requests = asking;
        }
        Ok(head)
    }

    /// Adds what only groups have, and returns how many ask to be let in.
    async fn describe_group(
        &self,
        conn: &mut Conn,
        session: &Session,
        row: &ConversationRow,
        head: &mut ConversationHead,
    ) -> Result<u64, ApiError> {
        let Some(part) = participant::load(conn, row.key, &session.account).await? else { return Ok(0) };
        head.consent = part.consent;
        if let Some(inviter) = part.inviter {
            head.inviter = participant::named(conn, row.key, inviter).await?;
        }
        let since = self.now().minus_millis(REQUEST_LIFETIME);
        head.invitations_ended = participant::unanswered(conn, row.key, since).await?;
        Ok(join_request::count(conn, row.key, since).await?)
    }

    /// Whether the session's account may add others to a group. Not while a snapshot is held.
    pub(super) async fn may_add(&self, session: &Session, id: &ConversationId) -> Result<bool, ApiError> {
        let current = self.current_group(id).await?;
        Ok(current.is_some_and(|current| current.allows(&session.account, GroupPolicy::may_add)))
    }
}
