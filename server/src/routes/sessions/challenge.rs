//! `POST /v1/sessions/challenge`: something fresh for a device to sign. Unknown devices get one, too.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        devices::{AskChallenge, Challenge, ChallengeGiven},
        paths,
    },
    time,
};

use crate::{address::ClientAddress, app::App, body::Body, error::ApiError, secret, store::challenge};

/// How long a challenge is good for, in milliseconds.
const LIFETIME: u64 = 2 * time::MINUTE;

#[utoipa::path(post, path = paths::SESSION_CHALLENGE, tag = "sessions", operation_id = "ask_challenge",
    request_body = AskChallenge,
    responses((status = 200, description = "To be signed", body = ChallengeGiven)))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(request): Body<AskChallenge>,
) -> Result<Json<ChallengeGiven>, ApiError> {
    app.rates.sign_ins.take(&address, app.now())?;
    let given = Challenge::from_bytes(secret::make_bytes());
    let digest = secret::digest(given.as_bytes());
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let expires = tx.now.plus_millis(LIFETIME);
                Ok(challenge::insert(tx.conn, &digest, &request.device, expires).await?)
            })
        })
        .await?;
    Ok(Json(ChallengeGiven { challenge: given }))
}
