//! `GET /v1/key-packages`: how many of the session's device can still be handed out.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{key_packages::KeyPackageCount, paths},
    key_package::KEY_PACKAGE_MARGIN,
};

use crate::{app::App, error::ApiError, session::Authenticated, store::key_package};

#[utoipa::path(get, path = paths::KEY_PACKAGES, tag = "key-packages", operation_id = "count_key_packages",
    responses((status = 200, description = "How many are left", body = KeyPackageCount)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<KeyPackageCount>, ApiError> {
    let mut snapshot = app.read().await?;
    let until = app.now().plus_millis(KEY_PACKAGE_MARGIN);
    Ok(Json(key_package::count(&mut snapshot, &session.device, until).await?))
}
