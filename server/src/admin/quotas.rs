//! Quotas of single accounts: where they are not those that all have.

use infrasound_spec::{account::AccountUri, limits::MAX_DEVICES};

use super::{
    record,
    report::{Quotas, Report},
};
use crate::{
    app::App,
    config::MIB,
    error::ApiError,
    store::{
        Conn, blob, device,
        quota::{self, Quota},
    },
};

/// Clients take no more of an account.
const MOST_DEVICES: u64 = MAX_DEVICES as u64;

pub(super) async fn show(app: &App, name: &str) -> Result<Report, ApiError> {
    let (uri, _) = app.known(name).await?;
    let quotas = of(app, &mut *app.read().await?, &uri).await?;
    Ok(Report::Quotas { quotas })
}

/// What an account may have, and has.
pub(super) async fn of(app: &App, conn: &mut Conn, uri: &AccountUri) -> Result<Quotas, ApiError> {
    let own = quota::load(conn, uri).await?;
    Ok(Quotas {
        file_bytes: own.file_bytes.unwrap_or(app.config.blob_quota),
        file_bytes_used: blob::announced(conn, uri).await?,
        devices: own.devices.unwrap_or(MOST_DEVICES),
        devices_used: device::list(conn, uri).await?.len() as u64,
        own: own != Quota::default(),
    })
}

pub(super) async fn set(
    app: &App,
    who: String,
    name: &str,
    file_mib: Option<u64>,
    devices: Option<u64>,
) -> Result<Report, ApiError> {
    if devices.is_some_and(|devices| devices == 0 || devices > MOST_DEVICES) {
        let text = format!("An account has 1 to {MOST_DEVICES} devices. To keep it out, suspend it.");
        return Err(ApiError::bad_request(text));
    }
    let (uri, _) = app.known(name).await?;
    let account = uri.clone();
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let before = quota::load(tx.conn, &uri).await?;
                let quota = Quota {
                    file_bytes: file_mib.map(|mib| mib.saturating_mul(MIB)).or(before.file_bytes),
                    devices: devices.or(before.devices),
                };
                quota::store(tx.conn, &uri, quota).await?;
                record(tx, &who, "set-quotas", uri.as_str(), &detail(file_mib, devices)).await
            })
        })
        .await?;
    let quotas = of(app, &mut *app.read().await?, &account).await?;
    Ok(Report::Quotas { quotas })
}

fn detail(file_mib: Option<u64>, devices: Option<u64>) -> String {
    let files = file_mib.map(|mib| format!("files {mib} MiB"));
    let devices = devices.map(|devices| format!("devices {devices}"));
    [files, devices].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub(super) async fn reset(app: &App, who: String, name: &str) -> Result<Report, ApiError> {
    let (uri, _) = app.known(name).await?;
    let account = uri.clone();
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                quota::store(tx.conn, &uri, Quota::default()).await?;
                record(tx, &who, "reset-quotas", uri.as_str(), "").await
            })
        })
        .await?;
    let quotas = of(app, &mut *app.read().await?, &account).await?;
    Ok(Report::Quotas { quotas })
}
