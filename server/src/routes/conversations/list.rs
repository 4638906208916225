//! `GET /v1/conversations`: the conversations that the session's device, or a sibling of it, is in.

use axum::{Json, extract::State};
use infrasound_spec::api::{conversations::ConversationList, paths};

use crate::{app::App, error::ApiError, session::Authenticated, store::conversation};

#[utoipa::path(get, path = paths::CONVERSATIONS, tag = "conversations", operation_id = "list_conversations",
    responses((status = 200, description = "The account's conversations", body = ConversationList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<ConversationList>, ApiError> {
    let mut snapshot = app.read().await?;
    let mut described = Vec::new();
    for row in conversation::of_account(&mut snapshot, &session.account).await? {
        described.push(app.describe(&mut snapshot, &session, &row).await?);
    }
    drop(snapshot);
    let mut conversations = Vec::with_capacity(described.len());
    for one in described {
        conversations.push(app.reveal(&session, one).await?);
    }
    Ok(Json(ConversationList { conversations }))
}
