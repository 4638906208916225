//! `PUT /v1/devices/{device}`: gives a device of the account another name.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    account::DeviceId,
    api::{devices::RenameDevice, paths},
};

use super::{check_name, tell_siblings};
use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    session::Authenticated,
    store::device,
};

#[utoipa::path(put, path = paths::DEVICE, tag = "devices", operation_id = "rename_device",
    params(("device" = DeviceId, Path, description = "The device")),
    request_body = RenameDevice,
    responses((status = 204, description = "It has the name")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<DeviceId>,
    Body(request): Body<RenameDevice>,
) -> Result<StatusCode, ApiError> {
    check_name(&request.name)?;
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                if !device::rename(tx.conn, &session.account, &id, &request.name).await? {
                    return Err(ApiError::not_found("device"));
                }
                tell_siblings(tx, &session.account, &session.device).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
