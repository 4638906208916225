//! `PUT /v1/account/policy`: who may ask.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{api::paths, consent::RequestPolicy};

use crate::{app::App, body::Body, error::ApiError, session::Authenticated, store::account};

#[utoipa::path(put, path = paths::ACCOUNT_POLICY, tag = "account", operation_id = "set_policy",
    request_body = RequestPolicy,
    responses((status = 204, description = "It holds from now on")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(policy): Body<RequestPolicy>,
) -> Result<StatusCode, ApiError> {
    app.writer
        .run(move |tx| {
            Box::pin(async move { Ok(account::set_policy(tx.conn, &session.account, &policy).await?) })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
