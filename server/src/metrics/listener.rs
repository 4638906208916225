//! The address that metrics are read at: another one than people reach, with nothing else on it.

use std::{io, net::SocketAddr};

use axum::{
    Router,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{app::App, error::ApiError};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics, while it is kept.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Listener {
    /// Takes the address, then answers.
    pub(crate) async fn open(address: SocketAddr, app: App) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/metrics", get(handle)).with_state(app);
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "metrics are not served any more");
            }
        });
        Ok(Self { address, serving })
    }

    /// Answers no more.
    pub(crate) async fn close(self) {
        self.serving.abort();
        // It was aborted: that is its error.
        drop(self.serving.await);
    }
}

async fn handle(State(app): State<App>) -> Result<Response, ApiError> {
    Ok(([(CONTENT_TYPE, OPENMETRICS)], app.exposition().await?).into_response())
}
