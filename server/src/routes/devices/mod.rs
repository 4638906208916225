//! The account's devices. Spec: `relay-api.md` 7.

pub(crate) mod list;
pub(crate) mod register;
pub(crate) mod rename;
pub(crate) mod revoke;

use infrasound_spec::{
    account::{AccountUri, DeviceId},
    api::{problem::ProblemType, stream::StreamEvent},
    limits::{MAX_DEVICE_NAME, MAX_DEVICES},
};

use crate::{
    error::ApiError,
    hub::provisional,
    store::{Conn, account, device, link, quota},
    writer::{Effect, Tx},
};

/// Revokes a device, ends its sessions, streams and links. `false` if there is no such live device.
pub(crate) async fn revoke_one(
    tx: &mut Tx<'_>,
    account: &AccountUri,
    id: &DeviceId,
) -> Result<bool, ApiError> {
    let revoked = device::revoke(tx.conn, account, id).await?;
    if revoked {
        provisional::settle_without(tx, id).await?;
        let ended = link::delete_of_device(tx.conn, id).await?;
        tx.effects.extend(ended.into_iter().map(Effect::LinkMoved));
        tx.effects.push(Effect::SessionsEnded(*id));
        tx.effects.push(Effect::Unsubscribed(*id));
    }
    Ok(revoked)
}

/// The account's other devices learn that something about its devices has changed.
pub(crate) async fn tell_siblings(tx: &mut Tx<'_>, uri: &AccountUri, but: &DeviceId) -> Result<(), ApiError> {
    account::touch_devices(tx.conn, uri, tx.seq).await?;
    for sibling in device::list(tx.conn, uri).await? {
        if sibling.device != *but {
            tx.nudge(sibling.device, StreamEvent::Devices);
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let shown = name.trim();
    if shown.is_empty() || name.len() > MAX_DEVICE_NAME || shown.contains(char::is_control) {
        return Err(ApiError::bad_request(format!(
            "A device's name has 1 to {MAX_DEVICE_NAME} bytes and no control characters."
        )));
    }
    Ok(())
}

/// The sign-in is over.
pub(super) fn ticket_expired() -> ApiError {
    ApiError::new(ProblemType::TicketExpired, "The sign-in is used or too old. Sign in again.")
}

/// Fails if the account has as many devices as it may.
pub(super) async fn check_room(conn: &mut Conn, uri: &AccountUri, devices: usize) -> Result<(), ApiError> {
    let most = quota::load(conn, uri).await?.devices.unwrap_or(MAX_DEVICES as u64);
    if (devices as u64) < most {
        return Ok(());
    }
    let text = format!("This account may have {most} devices, and has {devices}. Revoke one first.");
    Err(ApiError::new(ProblemType::Forbidden, text))
}
