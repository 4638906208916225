//! Bytes from a client become the MLS message that they should be, or an error. Sizes are looked at first.

use infrasound_spec::{conversation::ConversationKind, external::ExternalJoin, limits, message::MessageAad};
use openmls::{
    messages::group_info::VerifiableGroupInfo,
    prelude::{ContentType, MlsMessageBodyIn, MlsMessageIn, ProtocolMessage, RatchetTreeIn, Welcome},
};
use tls_codec::{Deserialize as _, DeserializeBytes as _, TlsDeserialize, TlsSize, VLBytes};

use crate::error::ApiError;

/// What is readable of an application message.
#[derive(Debug)]
pub(crate) struct OuterMessage {
    /// The MLS group.
    pub(crate) group_id: Vec<u8>,
    /// The epoch that it was encrypted in.
    pub(crate) epoch: u64,
}

/// The longest commit, Welcome or GroupInfo.
pub(crate) const fn handshake_limit(kind: ConversationKind) -> usize {
    match kind {
        ConversationKind::Direct => limits::MAX_HANDSHAKE,
        ConversationKind::Group => limits::MAX_GROUP_HANDSHAKE,
    }
}

/// The longest ratchet tree.
pub(crate) const fn tree_limit(kind: ConversationKind) -> usize {
    match kind {
        ConversationKind::Direct => limits::MAX_HANDSHAKE,
        ConversationKind::Group => limits::MAX_GROUP_TREE,
    }
}

/// Refuses what is too long for the kind of conversation that it turns out to be for.
pub(crate) fn check_length(bytes: &[u8], what: &str, limit: usize) -> Result<(), ApiError> {
    if bytes.len() > limit { Err(too_large(what, limit)) } else { Ok(()) }
}

fn message(bytes: &[u8], what: &str) -> Result<MlsMessageBodyIn, ApiError> {
    check_length(bytes, what, limits::MAX_GROUP_HANDSHAKE)?;
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

/// Reads a proposal: a `PublicMessage`.
pub(crate) fn proposal(bytes: &[u8]) -> Result<ProtocolMessage, ApiError> {
    check_length(bytes, "proposal", limits::MAX_KEY_PACKAGE)?;
    match message(bytes, "proposal")? {
        MlsMessageBodyIn::PublicMessage(message) if message.content_type() == ContentType::Proposal => {
            Ok(message.into())
        }
        _ => Err(other_kind("PublicMessage with a proposal")),
    }
}

/// What comes first in an external commit (RFC 9420 section 6), to read what openmls keeps to itself.
#[derive(TlsDeserialize, TlsSize)]
struct ExternalOuter {
    _version: u16,
    _wire_format: u16,
    _group_id: VLBytes,
    _epoch: u64,
    _sender: u8,
    authenticated_data: VLBytes,
}

/// By what right an external commit says that it joins, before it is verified.
pub(crate) fn external_join(bytes: &[u8]) -> Option<ExternalJoin> {
    // By the decoder for readers: that for slices panics in debug builds when a length promises more than there is.
    let outer = ExternalOuter::tls_deserialize(&mut &bytes[..]).ok()?;
    ExternalJoin::decode(outer.authenticated_data.as_slice()).ok()
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
