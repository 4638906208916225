//! `GET /v1/devices`: the account's devices.

use axum::{Json, extract::State};
use infrasound_spec::api::{devices::DeviceList, paths};

use crate::{app::App, error::ApiError, session::Authenticated, store::device};

#[utoipa::path(get, path = paths::DEVICES, tag = "devices", operation_id = "list_devices",
    responses((status = 200, description = "The account's devices", body = DeviceList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<DeviceList>, ApiError> {
    let mut snapshot = app.read().await?;
    let devices = device::list(&mut snapshot, &session.account).await?;
    Ok(Json(DeviceList { devices: devices.iter().map(device::Device::info).collect() }))
}
