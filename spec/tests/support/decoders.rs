//! Every decoder that reads bytes from outside, under one name: for random bytes, for the fuzz targets, for the corpora.
//!
//! A decoder may refuse whatever it likes, but not panic; and what it accepts it must write as it read it.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{problem::Problem, stream::StreamEvent},
    content::Activity,
    conversation::Conversation,
    endorsement::Endorsement,
    external::ExternalJoin,
    key_package,
    link::{LinkFrame, LinkMessage, LinkRecord, LinkUri},
    log::{LogEntry, LogPosition},
    message::{MessageAad, MessageFrame},
    policy::GroupPolicy,
    time::Timestamp,
};

type Decoder = fn(&[u8]);

/// Each target of `tests/fuzz`, and what it feeds.
pub(crate) const DECODERS: &[(&str, Decoder)] = &[
    ("aad", aad),
    ("account_uri", account_uri),
    ("activity", activity),
    ("conversation", conversation),
    ("endorsement", endorsement),
    ("external_join", external_join),
    ("frame", frame),
    ("handle", handle),
    ("key_package", key_package),
    ("link_frame", link_frame),
    ("link_message", link_message),
    ("link_record", link_record),
    ("link_uri", link_uri),
    ("log_entry", log_entry),
    ("log_position", log_position),
    ("policy", policy),
    ("problem", problem),
    ("stream_event", stream_event),
];

pub(crate) fn aad(bytes: &[u8]) {
    if let Ok(aad) = MessageAad::decode(bytes) {
        assert_eq!(aad.encode(), bytes);
    }
}

pub(crate) fn account_uri(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(uri) = text.parse::<AccountUri>() {
        assert_eq!(uri.as_str(), text);
        assert!(!uri.authority().is_empty());
    }
}

pub(crate) fn activity(bytes: &[u8]) {
    if let Ok(activity) = Activity::decode(bytes) {
        assert_eq!(Activity::decode(&activity.encode()).as_ref(), Ok(&activity));
    }
}

pub(crate) fn external_join(bytes: &[u8]) {
    if let Ok(join) = ExternalJoin::decode(bytes) {
        assert_eq!(join.encode(), bytes);
    }
}

pub(crate) fn policy(bytes: &[u8]) {
    if let Ok(policy) = GroupPolicy::decode(bytes) {
        assert_eq!(policy.encode(), bytes);
    }
}

pub(crate) fn conversation(bytes: &[u8]) {
    if let Ok(conversation) = Conversation::decode(bytes) {
        assert_eq!(conversation.encode(), bytes);
        assert_eq!(conversation.group_id().len(), 36);
    }
}

pub(crate) fn endorsement(bytes: &[u8]) {
    if let Ok(endorsement) = Endorsement::decode(bytes) {
        assert_eq!(endorsement.encode(), bytes);
    }
}

pub(crate) fn frame(bytes: &[u8]) {
    if let Ok(frame) = MessageFrame::decode(bytes) {
        let encoded = frame.encode().unwrap();
        assert_eq!(MessageFrame::decode(&encoded).as_ref(), Ok(&frame));
    }
}

pub(crate) fn handle(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(handle) = text.parse::<Handle>() {
        assert_eq!(Handle::new(handle.name(), handle.host()).as_ref(), Ok(&handle));
    }
}

pub(crate) fn key_package(bytes: &[u8]) {
    let crypto = openmls_rust_crypto::RustCrypto::default();
    // Any time will do: random bytes do not get as far as that.
    let _ = key_package::parse(&crypto, bytes, Timestamp::from_secs(1_790_000_000), 0);
}

pub(crate) fn link_frame(bytes: &[u8]) {
    if let Ok(frame) = LinkFrame::decode(bytes) {
        assert_eq!(frame.encode(), bytes);
    }
}

pub(crate) fn link_message(bytes: &[u8]) {
    if let Ok(message) = LinkMessage::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
}

pub(crate) fn link_record(bytes: &[u8]) {
    if let Ok(Some((record, length))) = LinkRecord::decode(bytes) {
        assert_eq!(record.encode(), bytes[..length]);
    }
}

pub(crate) fn link_uri(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(uri) = text.parse::<LinkUri>() {
        assert_eq!(uri.to_string(), text.trim());
    }
}

pub(crate) fn log_entry(bytes: &[u8]) {
    reads_as_written::<LogEntry>(bytes);
}

pub(crate) fn log_position(bytes: &[u8]) {
    if let Some(position) = LogPosition::decode(bytes) {
        assert_eq!(position.encode(), bytes);
    }
}

pub(crate) fn problem(bytes: &[u8]) {
    reads_as_written::<Problem>(bytes);
}

pub(crate) fn stream_event(bytes: &[u8]) {
    reads_as_written::<StreamEvent>(bytes);
}

fn reads_as_written<T>(bytes: &[u8])
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    if let Ok(value) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&value).unwrap();
        assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), value);
    }
}
