//! The event stream: one task that reads `GET /v1/stream` and tells the core what it brings.
//!
//! It ends by itself when the stream does; whether and when it is opened again is the core's decision.
//!
//! Spec: `relay-api.md` 10.

use std::sync::{Arc, Mutex, PoisonError};

use infrasound_core::input::{Input, TransportError};
use infrasound_spec::api::paths;
use reqwest::Response;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    server_sent_events::Parser,
    transport::{self, Transport},
};

/// The last event id that was seen since the host was started: streams resume after it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor(Arc<Mutex<Option<String>>>);

impl Cursor {
    fn last(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn advance(&self, id: Option<String>) {
        if id.is_some() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = id;
        }
    }
}

/// A stream that is open or being opened; ends when it is dropped. Its inputs carry its number, so that what a
/// replaced stream still had to say can be told apart.
#[derive(Debug)]
pub(crate) struct OpenStream(JoinHandle<()>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An input from the stream with this number.
pub(crate) type FromStream = (u64, Input);

impl OpenStream {
    /// Opens the stream and reads it to its end.
    pub(crate) fn begin(
        number: u64,
        transport: Transport,
        token: String,
        cursor: Cursor,
        inputs: mpsc::Sender<FromStream>,
    ) -> Self {
        Self(tokio::spawn(async move {
            let reason = read(number, &transport, &token, &cursor, &inputs).await;
            // Nobody listens any more when the host is gone, which is fine.
            let _ = inputs.send((number, Input::StreamClosed(reason))).await;
        }))
    }
}

async fn read(
    number: u64,
    transport: &Transport,
    token: &str,
    cursor: &Cursor,
    inputs: &mpsc::Sender<FromStream>,
) -> TransportError {
    let response = match transport.open_stream(paths::STREAM, token, cursor.last().as_deref()).await {
        Ok(response) => response,
        Err(error) => return error,
    };
    if inputs.send((number, Input::StreamOpened)).await.is_err() {
        return TransportError::Unreachable;
    }
    read_events(number, response, cursor, inputs).await
}

async fn read_events(
    number: u64,
    mut response: Response,
    cursor: &Cursor,
    inputs: &mpsc::Sender<FromStream>,
) -> TransportError {
    let mut parser = Parser::default();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return TransportError::Unreachable,
            Err(error) => return transport::fault(&error),
        };
        let Ok(events) = parser.push(&chunk) else { return TransportError::TooLong };
        for event in events {
            if inputs.send((number, Input::StreamEvent(event.data))).await.is_err() {
                return TransportError::Unreachable;
            }
            cursor.advance(event.id);
        }
    }
}
