//! Bytes from a client become the MLS message that they should be, or an error. Sizes are looked at first.

use infrasound_spec::{limits, message::MessageAad};
use openmls::{
    messages::group_info::VerifiableGroupInfo,
    prelude::{ContentType, MlsMessageBodyIn, MlsMessageIn, ProtocolMessage, RatchetTreeIn, Welcome},
};
use tls_codec::DeserializeBytes as _;

use crate::error::ApiError;

/// What is readable of an application message.
#[derive(Debug)]
pub(crate) struct OuterMessage {
    /// The MLS group.
    pub(crate) group_id: Vec<u8>,
    /// The epoch that it was encrypted in.
    pub(crate) epoch: u64,
}

fn message(bytes: &[u8], what: &str) -> Result<MlsMessageBodyIn, ApiError> {
    if bytes.len() > limits::MAX_HANDSHAKE {
        return Err(too_large(what, limits::MAX_HANDSHAKE));
    }
    MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .map(MlsMessageIn::extract)
        .map_err(|_| ApiError::invalid(format!("The {what} is not an MLSMessage.")))
}

fn too_large(what: &str, limit: usize) -> ApiError {
    ApiError::new(
        infrasound_spec::api::problem::ProblemType::TooLarge,
        format!("A {what} has at most {limit} bytes."),
    )
}

fn other_kind(what: &str) -> ApiError {
    ApiError::invalid(format!("The MLSMessage is not a {what}."))
}

/// Reads the outside of an application message: a `PrivateMessage` whose AAD is ours.
pub(crate) fn application(bytes: &[u8]) -> Result<OuterMessage, ApiError> {
    if bytes.len() > limits::MAX_MESSAGE {
        return Err(too_large("message", limits::MAX_MESSAGE));
    }
    let MlsMessageBodyIn::PrivateMessage(message) = message(bytes, "message")? else {
        return Err(other_kind("PrivateMessage"));
    };
    if message.content_type() != ContentType::Application {
        return Err(other_kind("PrivateMessage with application data"));
    }
    MessageAad::decode(message.aad()).map_err(|error| ApiError::invalid(format!("The message: {error}.")))?;
    Ok(OuterMessage { group_id: message.group_id().to_vec(), epoch: message.epoch().as_u64() })
}

/// Reads a commit: a `PublicMessage`.
pub(crate) fn commit(bytes: &[u8]) -> Result<ProtocolMessage, ApiError> {
    match message(bytes, "commit")? {
        MlsMessageBodyIn::PublicMessage(message) if message.content_type() == ContentType::Commit => {
            Ok(message.into())
        }
        _ => Err(other_kind("PublicMessage with a commit")),
    }
}

/// Reads a Welcome.
pub(crate) fn welcome(bytes: &[u8]) -> Result<Welcome, ApiError> {
    match message(bytes, "Welcome")? {
        MlsMessageBodyIn::Welcome(welcome) => Ok(welcome),
        _ => Err(other_kind("Welcome")),
    }
}

/// Reads a GroupInfo, not yet verified, that has no ratchet tree in it.
pub(crate) fn group_info(bytes: &[u8]) -> Result<VerifiableGroupInfo, ApiError> {
    match message(bytes, "GroupInfo")? {
        MlsMessageBodyIn::GroupInfo(info) if info.extensions().ratchet_tree().is_none() => Ok(info),
        MlsMessageBodyIn::GroupInfo(_) => {
            Err(ApiError::invalid("The GroupInfo must not hold the ratchet tree."))
        }
        _ => Err(other_kind("GroupInfo")),
    }
}

/// Reads the ratchet tree of a founding, not yet verified. It has one leaf, which is no larger than a key package: openmls
/// would verify the signatures of as many as come before anybody could count them.
pub(crate) fn founding_tree(bytes: &[u8]) -> Result<RatchetTreeIn, ApiError> {
    if bytes.len() > limits::MAX_KEY_PACKAGE {
        return Err(too_large("ratchet tree of a founding", limits::MAX_KEY_PACKAGE));
    }
    RatchetTreeIn::tls_deserialize_exact_bytes(bytes)
        .map_err(|_| ApiError::invalid("The ratchet tree is malformed."))
}
