//! What comes out of the core: things for the host to do, in this order.
//!
//! **The host carries outputs out in order, and a `Persist` is durable before the next output is begun.** Neighbouring
//! `Persist`s may share one transaction. When a `Persist` fails, the host drops the client without carrying out what
//! follows, and opens it again from the journal: nothing has left the device.

use infrasound_spec::{blob::BlobId, time::Timestamp};

use crate::{
    event::Event,
    journal::{Batch, Scope},
};

/// The longest answer that a host need read.
pub const MAX_RESPONSE: usize = 8 * 1024 * 1024;

/// Names a request, to be given back with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// One thing to do.
#[derive(Debug)]
pub enum Output {
    /// Write these records and delete those, all or nothing, durably.
    Persist(Batch),
    /// Send a request; give back `Input::Response` or `Input::Unreachable` with its id. Several may be under way.
    Request(HttpRequest),
    /// Open the stream `GET /v1/stream` with this session, resuming after the last event id that was seen since the
    /// host was started. An open stream is replaced.
    OpenStream {
        /// For `Authorization: Bearer`.
        token: Token,
    },
    /// Read all records of a scope; give back `Input::Loaded`.
    Load(Scope),
    /// Delete a blob's sealed bytes from the spool. It is no error if there are none.
    DropBlob(BlobId),
    /// Tell the app.
    Event(Event),
    /// Give `Input::Wake` at this time. Replaces the time asked for before.
    WakeAt(Timestamp),
}

/// A session's token. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// PATCH
    Patch,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

/// Some of a blob's sealed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobBytes {
    /// To be asked for with `Range`; the answer's body is given back as it is.
    Fetch {
        /// From where.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// To be read from the spool and sent as they are, with `Upload-Offset`. If they can't be read, the host gives
    /// back [`crate::input::TransportError::SpoolLost`].
    Send {
        /// Of which blob.
        blob: BlobId,
        /// From where.
        offset: u64,
        /// How many.
        length: u64,
    },
}

/// A request to the relay.
#[derive(Clone)]
pub struct HttpRequest {
    /// To be given back.
    pub id: RequestId,
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded, to be put after the relay's base URL.
    pub path: String,
    /// For `Authorization: Bearer`, if any.
    pub token: Option<String>,
    /// A JSON body, if any.
    pub body: Option<Vec<u8>>,
    /// Bytes of a blob that it carries or asks for, if any; then there is no other body.
    pub bytes: Option<BlobBytes>,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, method, path, token: _, body: _, bytes } = self;
        f.debug_struct("HttpRequest")
            .field("id", id)
            .field("method", method)
            .field("path", path)
            .field("bytes", bytes)
            .finish_non_exhaustive()
    }
}
