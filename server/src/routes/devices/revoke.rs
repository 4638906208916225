//! `DELETE /v1/devices/{device}`: revokes a device of the account.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{account::DeviceId, api::paths};

use super::{revoke_one, tell_siblings};
use crate::{app::App, body::PathParameter, error::ApiError, session::Authenticated};

#[utoipa::path(delete, path = paths::DEVICE, tag = "devices", operation_id = "revoke_device",
    params(("device" = DeviceId, Path, description = "The device")),
    responses((status = 204, description = "It is revoked")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(device): PathParameter<DeviceId>,
) -> Result<StatusCode, ApiError> {
    let revoked = app
        .writer
        .run(move |tx| {
            Box::pin(async move {
                let revoked = revoke_one(tx, &session.account, &device).await?;
                if revoked {
                    tell_siblings(tx, &session.account, &session.device).await?;
                }
                Ok(revoked)
            })
        })
        .await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("device")) }
}
