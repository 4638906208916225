//! `GET /v1/relay`: the relay's instance, limits and version.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        paths,
        relay::{Limits, RelayInfo},
    },
    limits,
};

use crate::{app::App, config::InstanceConfig};

#[utoipa::path(get, path = paths::RELAY, tag = "relay", operation_id = "relay_info",
    responses((status = 200, description = "The relay", body = RelayInfo)))]
pub(crate) async fn handle(State(app): State<App>) -> Json<RelayInfo> {
    Json(RelayInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: app.instance.base().as_str().trim_end_matches('/').to_owned(),
        demo: app.config.instance == InstanceConfig::Demo,
        limits: Limits {
            message: limits::MAX_MESSAGE as u64,
            blob: app.config.max_blob,
            key_packages: limits::MAX_KEY_PACKAGES as u64,
            devices: limits::MAX_DEVICES as u64,
            retention: app.retention(),
        },
        push: app.push.as_ref().map(|push| push.identity.key()),
    })
}
