//! `GET /v1/welcomes`: Welcomes that this device has not used yet.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        conversations::{PendingWelcome, WelcomeList},
        paths,
    },
    bytes::Base64Url,
    conversation::ConversationKind,
};

use crate::{
    app::App,
    error::ApiError,
    hub,
    session::Authenticated,
    store::{commit, conversation, participant, welcome},
};

#[utoipa::path(get, path = paths::WELCOMES, tag = "conversations", operation_id = "list_welcomes",
    responses((status = 200, description = "Welcomes for this device", body = WelcomeList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<WelcomeList>, ApiError> {
    let mut snapshot = app.read().await?;
    let mut welcomes = Vec::new();
    for stored in welcome::list(&mut snapshot, &session.device).await? {
        let Some(row) = conversation::load_key(&mut snapshot, stored.key).await? else { continue };
        let bytes = match &stored.shared {
            Some(shared) => hub::welcome::join(shared, &stored.bytes).map_err(|error| {
                tracing::error!(%error, "a stored Welcome cannot be read");
                ApiError::internal()
            })?,
            None => stored.bytes,
        };
        let Some(made) = commit::made(&mut snapshot, row.key, stored.number).await? else { continue };
        let inviter = participant::named(&mut snapshot, row.key, made.committer).await?;
        let Some(inviter) = inviter else { continue };
        let participants = match row.kind {
            ConversationKind::Direct => participant::list(&mut snapshot, row.key).await?,
            ConversationKind::Group => Vec::new(),
        };
        welcomes.push(PendingWelcome {
            welcome: stored.welcome,
            conversation: row.id,
            number: stored.number,
            bytes: Base64Url(bytes),
            tree: stored.tree,
            kind: row.kind,
            inviter,
            participants,
        });
    }
    Ok(Json(WelcomeList { welcomes }))
}
