//! `DELETE /v1/push`: this device is not woken any more.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::api::paths;

use crate::{app::App, error::ApiError, session::Authenticated, store::push, writer::Effect};

#[utoipa::path(delete, path = paths::PUSH, tag = "push", operation_id = "end_push",
    responses((status = 204, description = "The device is woken no more")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<StatusCode, ApiError> {
    let device = session.device;
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                tx.effects.push(Effect::Unsubscribed(device));
                Ok(push::delete(tx.conn, &device).await?)
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
