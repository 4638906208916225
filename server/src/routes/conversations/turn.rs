//! `POST /v1/conversations/{conversation}/turns`: asks for the next commit. Who has to wait asks again, and keeps its place.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        groups::{AskTurn, TurnGiven},
        paths,
    },
    conversation::ConversationId,
};

use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    session::Authenticated,
};

#[utoipa::path(post, path = paths::TURNS, tag = "groups", operation_id = "ask_turn",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    request_body = AskTurn,
    responses((status = 200, description = "It is this device's turn", body = TurnGiven)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(AskTurn { removal }): Body<AskTurn>,
) -> Result<Json<TurnGiven>, ApiError> {
    let current = app.current_group(&id).await?;
    let account = current.as_ref().and_then(|current| Some((current, current.leaf_of(&session.device)?)));
    if account.is_none_or(|(current, account)| current.leaving.contains(&account)) {
        return Err(ApiError::not_found("conversation"));
    }
    let until = app.live.turns.ask(&id, &session.device, removal, app.now())?;
    Ok(Json(TurnGiven { until }))
}
