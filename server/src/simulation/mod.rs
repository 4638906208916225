//! A relay for the simulator: the real router, hub, writer and tables, on a database in memory.
//!
//! It has no network, no disk, no clock and no chance of its own: requests are handed to [`SimulatedRelay::router`], the
//! clock of its configuration stands still until it is moved, and [`chance::seed`] decides what is random. A crash is
//! [`SimulatedRelay::crash`] and a new relay on the same [`Memory`]: what was committed is there, nothing else.
//!
//! **Invariant:** one request is handed in at a time, so that what happens is a function of what was handed in.

pub mod chance;

use std::sync::Arc;

use axum::Router;
use tokio::task::JoinHandle;

use crate::{
    app::{App, Opened},
    blobs::Blobs,
    config::Config,
    housekeeping,
    instance::Instance,
    live::Live,
    metrics::Metrics,
    serving::{ServeError, whole_router},
    writer::Writer,
};
pub use crate::{instance::SimulatedAccounts, store::memory::Memory};

/// A relay that runs while it is handed requests.
#[derive(Debug)]
pub struct SimulatedRelay {
    app: App,
    router: Router,
    writer: JoinHandle<()>,
}

impl SimulatedRelay {
    /// Starts a relay on what is in the memory.
    pub async fn start(
        memory: &Memory,
        config: Config,
        accounts: SimulatedAccounts,
    ) -> Result<Self, ServeError> {
        let live = Arc::new(Live::new());
        let writer = Writer::start_here(memory.writer().await?, config.clock.clone(), Arc::clone(&live));
        let (writer, writing) = writer.await.map_err(|_| ServeError::Unreadable)?;
        let instance = Instance::simulated(accounts)?;
        let blobs = Blobs::open(&config.data).map_err(ServeError::Blobs)?;
        let app = App::new(
            config,
            Opened {
                blobs,
                public_url: instance.base().as_str().trim_end_matches('/').to_owned(),
                writer,
                readers: memory.readers().await?,
                live,
                instance,
                metrics: Metrics::new(),
                push: None,
            },
        );
        let router = whole_router(app.clone(), None);
        Ok(Self { app, router, writer: writing })
    }

    /// What takes requests.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What the relay does by itself from time to time; `thoroughly` as it does rarely. Says whether it went well.
    pub async fn sweep(&self, thoroughly: bool) -> bool {
        housekeeping::sweep(&self.app, thoroughly, false).await.is_ok()
    }

    /// Nothing that was in the relay's own memory is left.
    pub async fn crash(self) {
        let Self { app, router, writer } = self;
        writer.abort();
        app.live.streams.end_all();
        app.readers.close().await;
        drop((app, router));
        // It was aborted: that is its error.
        drop(writer.await);
    }
}
