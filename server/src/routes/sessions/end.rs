//! `DELETE /v1/sessions`: ends this session.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::api::paths;

use crate::{app::App, error::ApiError, session::Authenticated, store::session, writer::Effect};

#[utoipa::path(delete, path = paths::SESSIONS, tag = "sessions", operation_id = "end_session",
    responses((status = 204, description = "It has ended")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<StatusCode, ApiError> {
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                session::delete(tx.conn, &session.token_digest).await?;
                tx.effects.push(Effect::SessionEnded(session.token_digest, session.device));
                Ok(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
