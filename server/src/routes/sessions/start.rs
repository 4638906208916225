//! `POST /v1/sessions`: a session for a device that signs its challenge, if the instance still stands by the account.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        devices::{Session, StartSession, session_content},
        paths,
        problem::ProblemType,
    },
    signing::{self, Purpose},
    time,
};

use super::begin;
use crate::{
    app::App,
    body::Body,
    error::ApiError,
    instance::Standing,
    secret,
    session::revoked,
    store::{
        account::{self, Account},
        challenge,
        device::{self, Device},
        session,
    },
    writer::{Effect, Tx},
};

/// How long the relay goes by what the instance said last, when it does not answer.
const TRUST: u64 = 7 * time::DAY;

#[utoipa::path(post, path = paths::SESSIONS, tag = "sessions", operation_id = "start_session",
    request_body = StartSession,
    responses((status = 200, description = "The session", body = Session)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Body(request): Body<StartSession>,
) -> Result<Json<Session>, ApiError> {
    let (device, account) = app.prove(&request).await?;
    let standing = app.instance.look_again(&account.uri, &account.handle).await;
    let limited = match judge(standing, &account, app.now()) {
        Ok(limited) => limited,
        Err(refusal) => {
            app.writer.run(move |tx| Box::pin(end_all(tx, account))).await?;
            return Err(refusal);
        }
    };
    let lifetime = app.config.session_lifetime;
    let session = app
        .writer
        .run(move |tx| {
            Box::pin(async move {
                if let Some(limited) = limited {
                    account::set_standing(tx.conn, &account.uri, limited, tx.now).await?;
                }
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

/// Whether the account may go on; whether it is limited, if the instance said so.
fn judge(standing: Standing, account: &Account, now: time::Timestamp) -> Result<Option<bool>, ApiError> {
    let refused = |why: &str| ApiError::new(ProblemType::AccountRefused, why);
    match standing {
        Standing::Good { limited } => Ok(Some(limited)),
        Standing::Gone => Err(refused("The instance does not have this account any more.")),
        Standing::Suspended => Err(refused("The instance has suspended this account.")),
        Standing::Moved(to) => {
            Err(refused(&format!("This account has moved to {to}. Sign in with that one.")))
        }
        Standing::Unknown(_) if now.millis_since(account.looked_at) < TRUST => Ok(None),
        Standing::Unknown(error) => Err(error.into()),
    }
}

async fn end_all(tx: &mut Tx<'_>, account: Account) -> Result<(), ApiError> {
    session::delete_of_account(tx.conn, account.uri.as_str()).await?;
    for device in device::list(tx.conn, &account.uri).await? {
        tx.effects.push(Effect::SessionsEnded(device.device));
    }
    Ok(())
}
