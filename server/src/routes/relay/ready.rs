//! `GET /readyz`: the database answers, and the relay is not about to stop.

use axum::{Json, extract::State};
use infrasound_spec::api::{paths, relay::Health};

use crate::{app::App, error::ApiError, store::sequence};

#[utoipa::path(get, path = paths::READY, tag = "relay", operation_id = "ready",
    responses((status = 200, description = "The relay can answer", body = Health)))]
pub(crate) async fn handle(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    let mut snapshot = app.read().await.map_err(|_| ApiError::unavailable())?;
    sequence::load(&mut snapshot).await.map_err(|_| ApiError::unavailable())?;
    if app.live.is_draining() || !app.writer.is_alive() {
        return Err(ApiError::unavailable());
    }
    Ok(Json(Health { status: "ok".to_owned() }))
}
