//! `PUT /v1/contacts/{account}`: says something of another account.
//!
//! Accepting is what ends the silence about a request: only now does the founder's commit count as confirmed.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    account::AccountUri,
    api::{contacts::SetContact, paths, problem::ProblemType, stream::StreamEvent},
    consent::ContactState,
    conversation::Conversation,
};

use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    hub::provisional,
    session::{Authenticated, Session},
    store::{account, contact, conversation, device, head, participant},
    writer::Tx,
};

#[utoipa::path(put, path = paths::CONTACT, tag = "contacts", operation_id = "set_contact",
    params(("account" = AccountUri, Path, description = "The other account, percent-encoded")),
    request_body = SetContact,
    responses((status = 204, description = "It holds from now on")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(other): PathParameter<AccountUri>,
    Body(SetContact { state }): Body<SetContact>,
) -> Result<StatusCode, ApiError> {
    let window = app.config.void_window;
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                if other == session.account || account::load(tx.conn, &other).await?.is_none() {
                    return Err(ApiError::new(ProblemType::NoInfrasound, "This account is not known here."));
                }
                set(tx, &session, &other, state, window).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(
    tx: &mut Tx<'_>,
    session: &Session,
    other: &AccountUri,
    state: ContactState,
    window: u64,
) -> Result<(), ApiError> {
    contact::store(tx.conn, &session.account, other, state).await?;
    account::touch_contacts(tx.conn, &session.account, tx.seq).await?;
    let devices = device::list(tx.conn, &session.account).await?;
    for device in devices.iter().filter(|device| device.device != session.device) {
        tx.nudge(device.device, StreamEvent::Contacts);
    }
    let Some(Conversation { id, .. }) = Conversation::direct(&session.account, other, 0) else {
        return Ok(());
    };
    let Some(row) = conversation::load(tx.conn, &id).await? else { return Ok(()) };
    let part = participant::load(tx.conn, row.key, &session.account).await?;
    let (Some(part), Some(mut head)) = (part, head::load(tx.conn, row.key).await?) else { return Ok(()) };
    let index = part.account;
    let was_quiet = head.consent.is_quiet(index);
    head.consent = head.consent.with(index, state);
    let knocks_again = was_quiet && !head.consent.is_quiet(index);
    if knocks_again {
        // What came meanwhile was told to nobody: it is news also to who resumes its stream later.
        head.seq = tx.seq;
    }
    head::store(tx.conn, &head).await?;
    if state == ContactState::Accepted {
        provisional::settle(tx, &mut head, &row, window).await?;
    }
    if knocks_again {
        for device in devices {
            tx.nudge(device.device, StreamEvent::Log { conversation: row.id, last: head.last });
        }
    }
    Ok(())
}
