//! What happens by itself: refused commits are voided in time, and what has expired goes, in small batches.

use std::time::Duration;

use tokio::sync::watch;

use crate::{
    app::App,
    error::ApiError,
    hub::provisional,
    store::{backend, retention},
};

/// Entries that lose their bytes in one go, so that no request waits long.
const SWEEP: u64 = 500;
/// Sweeps of the refused commits between two of the rest.
const RARELY: u64 = 10;

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
        if let Err(error) = sweep(&app, count % RARELY == 0).await {
            tracing::warn!(problem = error.0.problem_type.urn(), "a sweep failed; the next one tries again");
        }
    }
}

async fn sweep(app: &App, thoroughly: bool) -> Result<(), ApiError> {
    let mut snapshot = app.read().await?;
    let before = app.now().minus_millis(app.config.void_window);
    let refused = crate::store::commit::refused_before(&mut snapshot, before).await?;
    drop(snapshot);
    if !refused.is_empty() {
        let window = app.config.void_window;
        app.writer.run(move |tx| Box::pin(provisional::settle_refused(tx, window))).await?;
    }
    if thoroughly { app.sweep_expired().await } else { Ok(()) }
}

impl App {
    /// Deletes what has expired and the bytes of entries that nobody needs.
    pub(crate) async fn sweep_expired(&self) -> Result<(), ApiError> {
        let retention = self.config.retention;
        loop {
            let dropped = self
                .writer
                .run(move |tx| {
                    Box::pin(async move {
                        retention::drop_expired(tx.conn, tx.now).await?;
                        let before = tx.now.minus_millis(retention);
                        Ok(retention::drop_entry_bytes(tx.conn, before, SWEEP).await?)
                    })
                })
                .await?;
            self.writer.run(|tx| Box::pin(async move { Ok(backend::shrink(tx.conn).await?) })).await?;
            if dropped < SWEEP {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }
}
