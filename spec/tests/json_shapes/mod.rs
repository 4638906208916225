//! The JSON of every body of the API, written out: what is on the wire changes only on purpose.
//!
//! Spec: `relay-api.md` 2.

mod accounts;
mod blobs;
mod conversations;
mod groups;

use std::{fmt::Debug, fs, path::Path};

use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, Handle, Signature},
    api::devices::DeviceInfo,
    bytes::Base64Url,
    conversation::ConversationId,
    submission::SubmissionId,
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Base64url of 16, 32 and 64 zero bytes.
const B16: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const B32: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const B64: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const BOB: &str = "https://b.example/users/bob";

#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, shape: &Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), *shape);
    assert_eq!(serde_json::from_str::<T>(&shape.to_string()).unwrap(), *value);
}

fn bob() -> AccountUri {
    BOB.parse().unwrap()
}

fn bobs_handle() -> Handle {
    "@bob@b.example".parse().unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn hello() -> Base64Url {
    Base64Url(b"hello".to_vec())
}

fn device() -> DeviceId {
    DeviceId::from_bytes([0; 16])
}

fn device_info() -> DeviceInfo {
    DeviceInfo { device: device(), name: "phone".into(), created: at(1), last_seen: at(2) }
}

fn device_json() -> Value {
    json!({ "device": B16, "name": "phone", "created": 1, "last_seen": 2 })
}

fn signature() -> Signature {
    Signature::from_bytes([0; 64])
}

fn key() -> AccountKey {
    AccountKey::from_bytes([0; 32])
}

fn conversation() -> ConversationId {
    ConversationId::from_bytes([0; 32])
}

fn submission() -> SubmissionId {
    SubmissionId::from_bytes([0; 16])
}

#[test]
fn every_body_of_the_api_has_its_shape_here() {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    for file in fs::read_dir(api).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for line in source.lines() {
            let named = line.strip_prefix("pub struct ").and_then(|rest| rest.split([' ', '(']).next());
            // What has no members is no body.
            let Some(name) = named.filter(|name| !name.ends_with(';')) else { continue };
            let tests = concat!(
                include_str!("mod.rs"),
                include_str!("accounts.rs"),
                include_str!("blobs.rs"),
                include_str!("conversations.rs"),
                include_str!("groups.rs")
            );
            let ways = [format!("{name} {{"), format!("{name}::"), format!("<{name}>")];
            let shown = ways.iter().any(|way| tests.contains(way));
            assert!(shown, "{name} has no test of its JSON");
        }
    }
}
