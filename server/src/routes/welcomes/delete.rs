//! `DELETE /v1/welcomes/{welcome}`: this Welcome was used, or can't be.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::api::{conversations::WelcomeId, paths};

use crate::{app::App, body::PathParameter, error::ApiError, session::Authenticated, store::welcome};

#[utoipa::path(delete, path = paths::WELCOME, tag = "conversations", operation_id = "delete_welcome",
    params(("welcome" = WelcomeId, Path, description = "The Welcome")),
    responses((status = 204, description = "It is gone")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<WelcomeId>,
) -> Result<StatusCode, ApiError> {
    let deleted = app
        .writer
        .run(move |tx| Box::pin(async move { Ok(welcome::delete(tx.conn, &session.device, &id).await?) }))
        .await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("Welcome")) }
}
