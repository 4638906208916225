//! `GET /healthz`: the process runs.

use axum::Json;
use infrasound_spec::api::{paths, relay::Health};

#[utoipa::path(get, path = paths::HEALTH, tag = "relay", operation_id = "health",
    responses((status = 200, description = "The process runs", body = Health)))]
pub(crate) async fn handle() -> Json<Health> {
    Json(Health { status: "ok".to_owned() })
}
