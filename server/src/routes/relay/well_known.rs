//! `GET /.well-known/infrasound`: which relay serves this instance.

use axum::{Json, extract::State};
use infrasound_spec::api::{paths, relay::WellKnown};

use crate::app::App;

#[utoipa::path(get, path = paths::WELL_KNOWN, tag = "relay", operation_id = "well_known",
    responses((status = 200, description = "The relay of this instance", body = WellKnown)))]
pub(crate) async fn handle(State(app): State<App>) -> Json<WellKnown> {
    Json(WellKnown { relay: app.public_url.clone(), versions: vec!["v1".to_owned()] })
}
