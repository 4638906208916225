//! `POST /v1/sign-in/start`: begins the authorization-code flow.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        paths,
        sign_in::{SignInId, SignInStarted},
    },
    bytes,
};

use super::LIFETIME;
use crate::{
    address::ClientAddress, app::App, error::ApiError, instance::code_challenge, secret, store::sign_in,
};

#[utoipa::path(post, path = paths::SIGN_IN_START, tag = "sign-in", operation_id = "start_sign_in",
    responses((status = 200, description = "Where the person signs in", body = SignInStarted)))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
) -> Result<Json<SignInStarted>, ApiError> {
    app.rates.sign_ins.take(&address, app.now())?;
    let credentials = app.instance_app().await?;
    let sign_in = SignInId::from_bytes(secret::make_bytes());
    let (state, verifier) =
        (bytes::encode(&secret::make_bytes::<32>()), bytes::encode(&secret::make_bytes::<32>()));
    let challenge = code_challenge(&verifier);
    let redirect_uri = app.redirect_uri();
    let authorize_url = app.instance.authorize_url(&credentials, &redirect_uri, &state, &challenge).await?;
    let expires = app.now().plus_millis(LIFETIME);
    let state_digest = secret::digest(state.as_bytes());
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                Ok(sign_in::insert(tx.conn, &sign_in, &state_digest, &verifier, expires).await?)
            })
        })
        .await?;
    Ok(Json(SignInStarted { sign_in, authorize_url: authorize_url.into(), expires }))
}
