//! `POST /v1/sign-in/exchange`: signs in with an access token of the instance, which is used once and not kept.

use axum::{Json, extract::State};
use infrasound_spec::api::{
    paths,
    problem::ProblemType,
    sign_in::{ExchangeToken, SignedIn},
};

use crate::{address::ClientAddress, app::App, body::Body, error::ApiError, instance::AccessToken};

#[utoipa::path(post, path = paths::SIGN_IN_EXCHANGE, tag = "sign-in", operation_id = "exchange_token",
    request_body = ExchangeToken,
    responses((status = 200, description = "Who signed in", body = SignedIn)))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(request): Body<ExchangeToken>,
) -> Result<Json<SignedIn>, ApiError> {
    app.rates.sign_ins.take(&address, app.now())?;
    let token = AccessToken::read(request.access_token).ok_or_else(|| {
        ApiError::new(ProblemType::InstanceRefused, "This is no access token of an instance.")
    })?;
    let account = app.instance.identify(&token).await?;
    app.signed_in(account).await.map(Json)
}
