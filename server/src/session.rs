//! Sessions: who a request comes from. The extractor that every endpoint behind a session uses.
//!
//! The token's digest is looked up in memory, then in the database. A session is bound to a device that is not revoked.
//! Spec: `relay-api.md` 7.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey},
    api::{devices::SessionToken, problem::ProblemType},
    signing::Verifier,
    time::Timestamp,
};

use crate::{
    app::App,
    error::ApiError,
    secret,
    store::{self, device, session},
};

/// The session of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// The device.
    pub(crate) device: DeviceId,
    /// Its account.
    pub(crate) account: AccountUri,
    /// The account's key.
    pub(crate) account_key: AccountKey,
    /// The device's key.
    pub(crate) device_key: DeviceKey,
    /// The device's key, ready to verify what it submits.
    pub(crate) verifier: Verifier,
    /// Until when.
    pub(crate) expires: Timestamp,
    /// The digest of its token.
    pub(crate) token_digest: [u8; 32],
}

/// Extracts the session of a request, or refuses it.
pub(crate) struct Authenticated(pub(crate) Arc<Session>);

impl FromRequestParts<App> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let session = app.session(bearer(parts)?).await?;
        app.rates.requests.take(&session.device, app.clock.now())?;
        Ok(Self(session))
    }
}

/// The digest of the token that a request carries.
pub(crate) fn bearer(parts: &Parts) -> Result<[u8; 32], ApiError> {
    let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or_else(no_session)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(no_session());
    }
    let token: SessionToken = token.trim().parse().map_err(|_| no_session())?;
    Ok(secret::digest(token.as_bytes()))
}

fn no_session() -> ApiError {
    ApiError::new(ProblemType::NoSession, "There is no session, or it has ended. Start a new one.")
}

/// The device is not one of the account any more.
pub(crate) fn revoked() -> ApiError {
    ApiError::new(
        ProblemType::DeviceRevoked,
        "This device was removed from the account, or the account started over. Sign in again.",
    )
}

impl App {
    /// The session with this token's digest, from memory if it is known.
    pub(crate) async fn session(&self, token_digest: [u8; 32]) -> Result<Arc<Session>, ApiError> {
        let session = match self.live.sessions.find(&token_digest) {
            Ok(session) => session,
            Err(ticket) => {
                let session = Arc::new(self.load_session(token_digest).await?);
                self.live.sessions.keep(ticket, token_digest, Arc::clone(&session));
                session
            }
        };
        if self.clock.now() < session.expires { Ok(session) } else { Err(no_session()) }
    }

    async fn load_session(&self, token_digest: [u8; 32]) -> Result<Session, ApiError> {
        let mut snapshot = self.read().await?;
        let (id, expires) = session::load(&mut snapshot, &token_digest).await?.ok_or_else(no_session)?;
        let device = device::load(&mut snapshot, &id).await?.ok_or_else(no_session)?;
        if device.revoked {
            return Err(revoked());
        }
        let verifier = Verifier::new(device.device_key.as_bytes()).ok();
        Ok(Session {
            device: id,
            verifier: store::read(verifier, "devices", "device_key")?,
            account: device.account,
            account_key: device.account_key,
            device_key: device.device_key,
            expires,
            token_digest,
        })
    }
}
