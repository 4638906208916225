//! What the host is to do.

use infrasound_core::output::{self, BlobBytes, HttpRequest, Method};
use infrasound_spec::blob::BlobId;
use serde::Serialize;
use serde_bytes::ByteBuf;

use super::{
    event::Event,
    integer::Integer,
    record::{self, Delete, Put},
};

/// One thing to do.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, on its way to the host")]
pub(crate) enum Output {
    Persist {
        put: Vec<Put>,
        delete: Vec<Delete>,
    },
    Request {
        id: Integer,
        method: &'static str,
        path: String,
        token: Option<String>,
        body: Option<ByteBuf>,
        bytes: Option<Bytes>,
    },
    OpenStream {
        token: String,
    },
    Load {
        #[serde(with = "serde_bytes")]
        scope: [u8; 16],
    },
    DropBlob {
        blob: BlobId,
    },
    Event {
        event: Event,
    },
    WakeAt {
        at: Integer,
    },
}

/// Some of a blob's sealed bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Bytes {
    Fetch { offset: Integer, length: Integer },
    Send { blob: BlobId, offset: Integer, length: Integer },
}

impl From<output::Output> for Output {
    fn from(output: output::Output) -> Self {
        match output {
            output::Output::Persist(batch) => {
                let (put, delete) = record::parts(batch);
                Self::Persist { put, delete }
            }
            output::Output::Request(HttpRequest { id, method, path, token, body, bytes }) => Self::Request {
                id: id.0.into(),
                method: self::method(method),
                path,
                token,
                body: body.map(ByteBuf::from),
                bytes: bytes.map(Bytes::from),
            },
            output::Output::OpenStream { token } => Self::OpenStream { token: token.0 },
            output::Output::Load(scope) => Self::Load { scope: scope.0 },
            output::Output::DropBlob(blob) => Self::DropBlob { blob },
            output::Output::Event(event) => Self::Event { event: event.into() },
            output::Output::WakeAt(at) => Self::WakeAt { at: at.into() },
        }
    }
}

impl From<BlobBytes> for Bytes {
    fn from(bytes: BlobBytes) -> Self {
        match bytes {
            BlobBytes::Fetch { offset, length } => {
                Self::Fetch { offset: offset.into(), length: length.into() }
            }
            BlobBytes::Send { blob, offset, length } => {
                Self::Send { blob, offset: offset.into(), length: length.into() }
            }
        }
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Patch => "PATCH",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    }
}
