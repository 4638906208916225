//! `GET /v1/account`: the session's account.

use axum::{Json, extract::State};
use infrasound_spec::api::{devices::OwnAccount, paths};

use crate::{app::App, error::ApiError, session::Authenticated, store::account};

#[utoipa::path(get, path = paths::ACCOUNT, tag = "account", operation_id = "own_account",
    responses((status = 200, description = "The session's account", body = OwnAccount)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<OwnAccount>, ApiError> {
    let mut snapshot = app.read().await?;
    let account = account::load(&mut snapshot, &session.account).await?.ok_or_else(ApiError::internal)?;
    Ok(Json(OwnAccount {
        account: account.uri,
        handle: account.handle,
        account_key: account.account_key,
        device: session.device,
        policy: account.policy,
    }))
}
