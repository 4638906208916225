//! Spec: `identity.md` 1, 3, 4; `key-packages.md` 2; `relay-api.md` 7.

use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Handle, Signature},
    api::devices::{self, Challenge},
    api::sign_in::Ticket,
    endorsement::Endorsement,
    key_package,
    signing::{self, Purpose},
    time::Timestamp,
};
use openmls_rust_crypto::RustCrypto;
use serde_json::{Value, json};

use super::{Outcome, array, bytes, hex, number, text, variant};

pub(super) fn account_uri(input: &Value) -> Outcome {
    let uri: AccountUri = text(input, "text").parse().map_err(|error| variant(&error))?;
    Ok(json!({ "uri": uri.as_str(), "authority": uri.authority() }))
}

pub(super) fn handle(input: &Value) -> Outcome {
    let handle: Handle = text(input, "text").parse().map_err(|_| "NotAHandle")?;
    Ok(json!({ "handle": handle.as_str(), "name": handle.name(), "host": handle.host() }))
}

pub(super) fn signing(input: &Value) -> Outcome {
    let purpose = [
        Purpose::DeviceEndorsement,
        Purpose::DeviceRegistration,
        Purpose::SessionStart,
        Purpose::Submission,
        Purpose::CommitReport,
    ]
    .into_iter()
    .find(|purpose| format!("{purpose:?}") == text(input, "purpose"))
    .unwrap();
    verified(&array(input, "key"), purpose, &bytes(input, "content"), input)
}

/// Verifies the input's `signature`; gives the signing input.
pub(super) fn verified(key: &[u8; 32], purpose: Purpose, content: &[u8], input: &Value) -> Outcome {
    let signature = Signature::from_bytes(array(input, "signature"));
    signing::verify(key, purpose, content, &signature).map_err(|error| variant(&error))?;
    Ok(json!({ "signing_input": hex(signing::signing_input(purpose, content)) }))
}

pub(super) fn proof(input: &Value) -> Outcome {
    let device = DeviceId::from_bytes(array(input, "device"));
    let key = array(input, "device_key");
    if text(input, "kind") == "registration" {
        let ticket = Ticket::from_bytes(array(input, "ticket"));
        let account_key = AccountKey::from_bytes(array(input, "account_key"));
        let content = devices::registration_content(&ticket, &device, &account_key);
        verified(&key, Purpose::DeviceRegistration, &content, input)
    } else {
        let challenge = Challenge::from_bytes(array(input, "challenge"));
        verified(&key, Purpose::SessionStart, &devices::session_content(&challenge, &device), input)
    }
}

pub(super) fn endorsement(input: &Value) -> Outcome {
    let extension = bytes(input, "extension");
    let account: AccountUri = text(input, "account").parse().unwrap();
    let device_key = DeviceKey::from_bytes(array(input, "device_key"));
    let at = Timestamp::from_millis(number(input, "at"));
    let endorsement = Endorsement::decode(&extension).map_err(|error| variant(&error))?;
    let device = endorsement.verify_at(&account, &device_key, at).map_err(|error| variant(&error))?;
    assert_eq!(endorsement.encode(), extension);
    assert_eq!((device.account, device.device_key), (account, device_key));
    Ok(json!({
        "account_key": hex(device.account_key.as_bytes()),
        "device": hex(device.device.as_bytes()),
        "expires": device.expires.as_millis(),
    }))
}

pub(super) fn key_package(input: &Value) -> Outcome {
    let at = Timestamp::from_millis(number(input, "at"));
    let parsed = key_package::parse(&RustCrypto::default(), &bytes(input, "key_package"), at, 0)
        .map_err(|error| variant(&error))?;
    Ok(json!({ "account": parsed.device.account }))
}
