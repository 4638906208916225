//! What happens by itself: refused commits are voided in time, somebody is asked for the commits that nobody makes, and what
//! has expired goes, in small batches.

use std::time::Duration;

use infrasound_spec::limits::UNUSED_DEVICE;
use tokio::sync::watch;

use crate::{
    app::App,
    error::ApiError,
    hub::provisional,
    routes::{conversations::REQUEST_LIFETIME, devices},
    store::{admission, backend, device, join_request, retention},
};

/// Entries of one log that lose their bytes in one go, so that no request waits long.
const ENTRIES: u64 = 500;
/// Logs looked for at a time.
const LOGS: u64 = 200;
/// Unused devices that are revoked in one go.
const DEVICES: u64 = 100;
/// Sweeps of the refused commits for each of the rest, which looks at every log.
const RARELY: u64 = 60;
/// Sweeps of the refused commits for each look through all blobs and their files, all devices and
/// sessions. The first comes at once.
const HARDLY_EVER: u64 = 3600;

/// Sweeps until the relay shuts down.
pub(crate) async fn run(app: App, mut shutdown: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(app.config.sweep_interval));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut count = 0_u64;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
        count += 1;
        let (rest, all) = (count.is_multiple_of(RARELY), count % HARDLY_EVER == 1);
        if let Err(error) = sweep(&app, rest, all).await {
            tracing::warn!(problem = error.0.problem_type.urn(), "a sweep failed; the next one tries again");
        }
    }
}

pub(crate) async fn sweep(app: &App, thoroughly: bool, looks_through: bool) -> Result<(), ApiError> {
    let mut snapshot = app.read().await?;
    let before = app.now().minus_millis(app.config.void_window);
    let refused = crate::store::commit::refused_before(&mut snapshot, before).await?;
    drop(snapshot);
    if !refused.is_empty() {
        let window = app.config.void_window;
        app.writer.run(move |tx| Box::pin(provisional::settle_refused(tx, window))).await?;
    }
    app.ask_for_commits().await?;
    if looks_through {
        app.reconcile_blobs().await?;
        app.revoke_unused_devices().await?;
        app.end_refused_sessions().await?;
    }
    if thoroughly { app.sweep_expired().await } else { Ok(()) }
}

impl App {
    /// Deletes what has expired and the bytes of entries that nobody needs.
    pub(crate) async fn sweep_expired(&self) -> Result<(), ApiError> {
        self.writer
            .run(|tx| {
                Box::pin(async move {
                    retention::drop_expired(tx.conn, tx.now).await?;
                    let asked = tx.now.minus_millis(REQUEST_LIFETIME);
                    admission::delete_asked_before(tx.conn, asked).await?;
                    Ok(join_request::delete_before(tx.conn, asked).await?)
                })
            })
            .await?;
        self.collect_blobs().await?;
        let before = self.now().minus_millis(self.retention());
        loop {
            let mut snapshot = self.read().await?;
            let logs = retention::sweepable(&mut snapshot, before, LOGS).await?;
            drop(snapshot);
            if logs.is_empty() {
                break;
            }
            for log in logs {
                self.writer
                    .run(move |tx| {
                        Box::pin(async move { Ok(retention::sweep(tx.conn, &log, before, ENTRIES).await?) })
                    })
                    .await?;
            }
        }
        self.writer.run(|tx| Box::pin(async move { Ok(backend::shrink(tx.conn).await?) })).await
    }

    /// Revokes the devices that nobody has used for too long. Spec: `devices.md` 1.6.
    pub(crate) async fn revoke_unused_devices(&self) -> Result<(), ApiError> {
        let before = self.now().minus_millis(UNUSED_DEVICE);
        loop {
            let mut snapshot = self.read().await?;
            let unused = device::unused(&mut snapshot, before, DEVICES).await?;
            drop(snapshot);
            if unused.is_empty() {
                return Ok(());
            }
            for (account, id) in unused {
                self.writer
                    .run(move |tx| {
                        Box::pin(async move {
                            devices::revoke_one(tx, &account, &id).await?;
                            devices::tell_siblings(tx, &account, &id).await
                        })
                    })
                    .await?;
            }
        }
    }
}
