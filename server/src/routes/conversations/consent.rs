//! `PUT /v1/conversations/{conversation}/consent`: accepts an invitation into a group, or puts the group away.
//!
//! Accepting is what ends the silence about a founding: only now does it count as confirmed. To decline is to leave.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    api::{groups::SetConsent, paths, stream::StreamEvent},
    consent::ContactState,
    conversation::ConversationId,
};

use super::{Of, of_member, only_in_groups};
use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    hub::provisional,
    session::{Authenticated, Session},
    store::{account, device, head, participant},
    writer::{Effect, Tx},
};

#[utoipa::path(put, path = paths::CONSENT, tag = "groups", operation_id = "set_consent",
    params(("conversation" = ConversationId, Path, description = "The group")),
    request_body = SetConsent,
    responses((status = 204, description = "It holds from now on")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(SetConsent { state }): Body<SetConsent>,
) -> Result<StatusCode, ApiError> {
    let window = app.config.void_window;
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let of = of_member(tx.conn, &session, &id).await?;
                set(tx, &session, &of, state, window).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(
    tx: &mut Tx<'_>,
    session: &Session,
    of: &Of,
    state: ContactState,
    window: u64,
) -> Result<(), ApiError> {
    let Of { row, part } = of;
    only_in_groups(row)?;
    if state == ContactState::Blocked {
        return Err(ApiError::bad_request("A group cannot be blocked. Leave it, or block accounts."));
    }
    participant::set_consent(tx.conn, row.key, part.account, state).await?;
    account::touch_conversations(tx.conn, &session.account, tx.seq).await?;
    tx.effects.push(Effect::GroupChanged(row.id));
    let Some(mut head) = head::load(tx.conn, row.key).await? else { return Ok(()) };
    let knocks_again = part.consent == ContactState::Ignored && state != ContactState::Ignored;
    if knocks_again {
        // What came meanwhile was told to nobody: it is news also to who resumes its stream later.
        head.seq = tx.seq;
        head::store(tx.conn, &head).await?;
    }
    if state == ContactState::Accepted {
        provisional::settle(tx, &mut head, row, window).await?;
    }
    for device in device::list(tx.conn, &session.account).await? {
        if device.device != session.device {
            tx.nudge(device.device, StreamEvent::Conversations);
        }
        if knocks_again {
            tx.nudge(device.device, StreamEvent::Log { conversation: row.id, last: head.last });
        }
    }
    Ok(())
}
