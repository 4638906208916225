//! The account's devices. Spec: `relay-api.md` 7.

pub(crate) mod list;
pub(crate) mod register;
pub(crate) mod revoke;

use infrasound_spec::account::{AccountUri, DeviceId};

use crate::{
    error::ApiError,
    store::device,
    writer::{Effect, Tx},
};

/// Revokes a device, ends its sessions and streams. `false` if there is no such live device.
async fn revoke_one(tx: &mut Tx<'_>, account: &AccountUri, id: &DeviceId) -> Result<bool, ApiError> {
    let revoked = device::revoke(tx.conn, account, id).await?;
    if revoked {
        tx.effects.push(Effect::SessionsEnded(*id));
    }
    Ok(revoked)
}
