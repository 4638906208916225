//! `POST /v1/sessions`: a session for a device that signs its challenge, if the instance still stands by the account.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        devices::{Session, StartSession, session_content},
        paths,
        problem::ProblemType,
    },
    signing::{self, Purpose},
};

use super::begin;
use crate::{
    access::Applicant,
    app::App,
    body::Body,
    error::ApiError,
    secret,
    session::revoked,
    store::{
        account::{self, Account},
        challenge,
        device::{self, Device},
    },
};

#[utoipa::path(post, path = paths::SESSIONS, tag = "sessions", operation_id = "start_session",
    request_body = StartSession,
    responses((status = 200, description = "The session", body = Session)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Body(request): Body<StartSession>,
) -> Result<Json<Session>, ApiError> {
    let (device, mut account) = app.prove(&request).await?;
    app.look_again(&mut account).await?;
    let access = app.config.access.clone();
    let lifetime = app.config.session_lifetime;
    let session = app
        .writer
        .run(move |tx| {
            Box::pin(async move {
                // Once more, where nothing comes between: an admin may have suspended the account meanwhile.
                access.check(tx, &Applicant::from(&account)).await?;
                device::touch(tx.conn, &device.device, tx.now).await?;
                begin(tx, &device.device, lifetime).await
            })
        })
        .await?;
    Ok(Json(session))
}

impl App {
    /// The device that signed the challenge, which is used up.
    async fn prove(&self, request: &StartSession) -> Result<(Device, Account), ApiError> {
        let expired = || {
            ApiError::new(ProblemType::TicketExpired, "The challenge is used or too old. Ask for a new one.")
        };
        let (digest, id) = (secret::digest(request.challenge.as_bytes()), request.device);
        let fresh = self
            .writer
            .run(move |tx| Box::pin(async move { Ok(challenge::take(tx.conn, &digest, &id, tx.now).await?) }))
            .await?;
        if !fresh {
            return Err(expired());
        }
        let mut snapshot = self.read().await?;
        let bad = || ApiError::bad_signature("the challenge");
        let device = device::load(&mut snapshot, &request.device).await?.ok_or_else(bad)?;
        let content = session_content(&request.challenge, &request.device);
        signing::verify(device.device_key.as_bytes(), Purpose::SessionStart, &content, &request.signature)
            .map_err(|_| bad())?;
        if device.revoked {
            return Err(revoked());
        }
        let account = account::load(&mut snapshot, &device.account).await?.ok_or_else(ApiError::internal)?;
        Ok((device, account))
    }
}
