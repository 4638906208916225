//! `GET /openapi.json`: what this API is, generated from the spec's types.

use axum::Json;
use infrasound_spec::api::paths;
use utoipa::openapi::OpenApi;

#[utoipa::path(get, path = paths::OPENAPI, tag = "relay", operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI document", content_type = "application/json")))]
pub(crate) async fn handle() -> Json<OpenApi> {
    Json(crate::openapi::document())
}
