//! Sessions: who is signed in, and ending that. A device begins a new one by itself: to keep an account out, suspend it;
//! to be rid of a device, its owner removes it.

use infrasound_spec::account::{AccountUri, DeviceId};

use super::{
    record,
    report::{Report, SessionLine, millis},
};
use crate::{
    app::App,
    error::ApiError,
    looking_again::end_sessions,
    store::{self, device, overview, session},
    writer::{Effect, Tx},
};

/// Sessions that are listed at the most.
const LIMIT: u64 = 1000;

pub(super) async fn list(app: &App, name: Option<&str>) -> Result<Report, ApiError> {
    let account = match name {
        Some(name) => Some(app.known(name).await?.0),
        None => None,
    };
    let open = overview::sessions(&mut *app.read().await?, account.as_ref(), app.now(), LIMIT).await?;
    let line = |open: overview::Open| {
        let device = store::read(DeviceId::from_slice(&open.device), "sessions", "device")?;
        Ok(SessionLine {
            handle: open.handle,
            device: device.to_string(),
            name: open.name,
            last_seen: millis(open.last_seen),
            expires: millis(open.expires),
        })
    };
    let sessions = open.into_iter().map(line).collect::<Result<_, ApiError>>()?;
    Ok(Report::Sessions { sessions })
}

pub(super) async fn end(
    app: &App,
    who: String,
    name: &str,
    device: Option<String>,
) -> Result<Report, ApiError> {
    let (uri, handle) = app.known(name).await?;
    let device: Option<DeviceId> = match device {
        Some(text) => Some(text.parse().map_err(|_| {
            ApiError::bad_request(format!("{text} is no device's id. `admin sessions list` shows them."))
        })?),
        None => None,
    };
    let text = match &device {
        Some(device) => format!("The sessions of the device {device} of {handle} have ended."),
        None => format!("All sessions of {handle} have ended."),
    };
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                match &device {
                    Some(device) => end_of_device(tx, &uri, device).await?,
                    None => end_sessions(tx, &uri).await?,
                }
                let detail = device.map(|device| device.to_string()).unwrap_or_default();
                record(tx, &who, "end-sessions", uri.as_str(), &detail).await
            })
        })
        .await?;
    Ok(Report::Done { text })
}

async fn end_of_device(tx: &mut Tx<'_>, uri: &AccountUri, id: &DeviceId) -> Result<(), ApiError> {
    let device = device::load(tx.conn, id).await?.filter(|device| device.account == *uri);
    if device.is_none() {
        return Err(ApiError::bad_request(
            "This account has no such device. `admin sessions list` shows them.",
        ));
    }
    session::delete_of_device(tx.conn, id).await?;
    tx.effects.push(Effect::SessionsEnded(*id));
    Ok(())
}
