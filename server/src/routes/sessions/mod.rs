//! Sessions of devices. Spec: `relay-api.md` 7.

pub(crate) mod challenge;
pub(crate) mod end;
pub(crate) mod start;

use infrasound_spec::{
    account::DeviceId,
    api::devices::{Session, SessionToken},
};

use crate::{error::ApiError, secret, store::session, writer::Tx};

/// Begins a session of a device, in the writer's transaction.
pub(super) async fn begin(tx: &mut Tx<'_>, device: &DeviceId, lifetime: u64) -> Result<Session, ApiError> {
    let token = SessionToken::from_bytes(secret::make_bytes());
    let expires = tx.now.plus_millis(lifetime);
    session::insert(tx.conn, &secret::digest(token.as_bytes()), device, expires).await?;
    Ok(Session { token, expires, now: tx.now })
}
