//! The JSON of every body of the API, written out: what is on the wire changes only on purpose.
//!
//! Spec: `relay-api.md` 2.

use std::{fmt::Debug, fs, path::Path};

use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Handle, Signature},
    api::{
        accounts::{AccountInfo, LookupQuery},
        contacts::{Contact, ContactList, SetContact},
        conversations::{
            Accepted, CommitBundle, ConversationHead, ConversationList, FoundConversation, LogPage, LogQuery,
            Participant, PendingWelcome, ReportCommit, SubmitCommit, SubmitMessage, TreeBytes, TreeHash,
            WelcomeId, WelcomeList, WrongEpoch,
        },
        devices::{
            AskChallenge, Challenge, ChallengeGiven, DeviceInfo, DeviceList, OwnAccount, RegisterDevice,
            Session, SessionToken, StartSession,
        },
        key_packages::{
            ClaimKeyPackages, ClaimedKeyPackage, ClaimedKeyPackages, KeyPackageCount, UploadKeyPackages,
        },
        problem::{Problem, ProblemType},
        relay::{Health, Limits, RelayInfo, WellKnown},
        sign_in::{ExchangeToken, FinishSignIn, SignInId, SignInStarted, SignedIn, Ticket},
        stream::StreamEvent,
    },
    bytes::Base64Url,
    consent::{ContactState, RequestPolicy, Verdict},
    conversation::{ConversationId, ConversationKind},
    log::{EntryDigest, EntryKind, LogEntry},
    report::{AuthenticatorHash, CommitOutcome},
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
fn relay() {
    check(
        &WellKnown { relay: "https://relay.example".into(), versions: vec!["v1".into()] },
        &json!({ "relay": "https://relay.example", "versions": ["v1"] }),
    );
    check(
        &RelayInfo {
            version: "0.1.0".into(),
            instance: "https://social.example".into(),
            demo: false,
            limits: Limits { message: 65_536, key_packages: 100, devices: 10, retention: 5 },
        },
        &json!({ "version": "0.1.0", "instance": "https://social.example", "demo": false,
            "limits": { "message": 65_536, "key_packages": 100, "devices": 10, "retention": 5 } }),
    );
    check(&Health { status: "ok".into() }, &json!({ "status": "ok" }));
}

#[test]
fn accounts_and_contacts() {
    check(
        &LookupQuery { handle: Some("@bob@b.example".into()), account: None },
        &json!({ "handle": "@bob@b.example" }),
    );
    check(
        &AccountInfo { account: bob(), handle: bobs_handle(), account_key: key() },
        &json!({ "account": BOB, "handle": "@bob@b.example", "account_key": B32 }),
    );
    check(
        &ContactList {
            contacts: vec![Contact { account: bob(), handle: bobs_handle(), state: ContactState::Accepted }],
        },
        &json!({ "contacts": [{ "account": BOB, "handle": "@bob@b.example", "state": "accepted" }] }),
    );
    for (state, name) in [
        (ContactState::None, "none"),
        (ContactState::Accepted, "accepted"),
        (ContactState::Ignored, "ignored"),
        (ContactState::Blocked, "blocked"),
    ] {
        check(&SetContact { state }, &json!({ "state": name }));
    }
    check(
        &RequestPolicy { for_new_accounts: Verdict::Drop, ..RequestPolicy::default() },
        &json!({ "for_not_following": "accept", "for_not_followers": "accept", "for_new_accounts": "drop",
            "for_private_mentions": "filter", "for_limited_accounts": "filter" }),
    );
}

#[test]
fn sign_in() {
    let sign_in = SignInId::from_bytes([0; 16]);
    check(
        &SignInStarted { sign_in, authorize_url: "https://social.example/oauth".into(), expires: at(9) },
        &json!({ "sign_in": B16, "authorize_url": "https://social.example/oauth", "expires": 9 }),
    );
    check(
        &FinishSignIn { sign_in, code: "ABCD-EFGH".into() },
        &json!({ "sign_in": B16, "code": "ABCD-EFGH" }),
    );
    check(&ExchangeToken { access_token: "secret".into() }, &json!({ "access_token": "secret" }));
    let mut signed_in = SignedIn {
        ticket: Ticket::from_bytes([0; 32]),
        account: bob(),
        handle: bobs_handle(),
        account_key: None,
        devices: Vec::new(),
    };
    let mut shape = json!({ "ticket": B32, "account": BOB, "handle": "@bob@b.example", "devices": [] });
    check(&signed_in, &shape);
    signed_in.account_key = Some(key());
    signed_in.devices.push(device_info());
    shape["account_key"] = json!(B32);
    shape["devices"] = json!([device_json()]);
    check(&signed_in, &shape);
}

#[test]
fn devices_and_sessions() {
    check(
        &RegisterDevice {
            ticket: Ticket::from_bytes([0; 32]),
            device: device(),
            name: "phone".into(),
            device_key: DeviceKey::from_bytes([0; 32]),
            account_key: key(),
            created: at(1),
            expires: at(2),
            endorsement: signature(),
            start_over: true,
            proof: signature(),
        },
        &json!({ "ticket": B32, "device": B16, "name": "phone", "device_key": B32, "account_key": B32,
            "created": 1, "expires": 2, "endorsement": B64, "start_over": true, "proof": B64 }),
    );
    check(
        &Session { token: SessionToken::from_bytes([0; 32]), expires: at(2), now: at(1) },
        &json!({ "token": B32, "expires": 2, "now": 1 }),
    );
    check(&AskChallenge { device: device() }, &json!({ "device": B16 }));
    let challenge = Challenge::from_bytes([0; 32]);
    check(&ChallengeGiven { challenge }, &json!({ "challenge": B32 }));
    check(
        &StartSession { device: device(), challenge, signature: signature() },
        &json!({ "device": B16, "challenge": B32, "signature": B64 }),
    );
    check(&DeviceList { devices: vec![device_info()] }, &json!({ "devices": [device_json()] }));
    let policy = RequestPolicy::default();
    check(
        &OwnAccount { account: bob(), handle: bobs_handle(), account_key: key(), device: device(), policy },
        &json!({ "account": BOB, "handle": "@bob@b.example", "account_key": B32, "device": B16,
            "policy": serde_json::to_value(policy).unwrap() }),
    );
}

#[test]
fn key_packages() {
    check(
        &UploadKeyPackages { one_time: vec![hello()], last_resort: None },
        &json!({ "one_time": ["aGVsbG8"] }),
    );
    check(
        &UploadKeyPackages { one_time: Vec::new(), last_resort: Some(hello()) },
        &json!({ "one_time": [], "last_resort": "aGVsbG8" }),
    );
    check(
        &KeyPackageCount { one_time: 3, last_resort: true },
        &json!({ "one_time": 3, "last_resort": true }),
    );
    check(&ClaimKeyPackages { account: bob() }, &json!({ "account": BOB }));
    check(
        &ClaimedKeyPackages {
            account_key: key(),
            key_packages: vec![ClaimedKeyPackage { device: device(), key_package: hello() }],
        },
        &json!({ "account_key": B32, "key_packages": [{ "device": B16, "key_package": "aGVsbG8" }] }),
    );
}

fn head() -> ConversationHead {
    ConversationHead {
        conversation: conversation(),
        kind: ConversationKind::Direct,
        generation: 0,
        founded: true,
        last: 3,
        first_kept: 1,
        epoch: 1,
        provisional: None,
        started_over: Vec::new(),
        participants: vec![Participant { account: bob(), handle: bobs_handle() }],
    }
}

#[test]
fn conversations() {
    let mut shape = json!({ "conversation": B32, "kind": "direct", "generation": 0, "founded": true, "last": 3,
        "first_kept": 1, "epoch": 1, "participants": [{ "account": BOB, "handle": "@bob@b.example" }] });
    check(&ConversationList { conversations: vec![head()] }, &json!({ "conversations": [shape] }));
    let waiting = ConversationHead { provisional: Some(3), started_over: vec![bob()], ..head() };
    shape["provisional"] = json!(3);
    shape["started_over"] = json!([BOB]);
    check(&waiting, &shape);
}

#[test]
fn submissions() {
    let bundle = CommitBundle { commit: hello(), welcome: None, group_info: hello() };
    let bundle_json = json!({ "commit": "aGVsbG8", "group_info": "aGVsbG8" });
    let founding = CommitBundle { welcome: Some(hello()), ..bundle.clone() };
    check(
        &FoundConversation {
            conversation: conversation(),
            submission: submission(),
            group_info: hello(),
            tree: hello(),
            bundle: founding,
            signature: signature(),
        },
        &json!({ "conversation": B32, "submission": B16, "group_info": "aGVsbG8", "tree": "aGVsbG8",
            "bundle": { "commit": "aGVsbG8", "welcome": "aGVsbG8", "group_info": "aGVsbG8" }, "signature": B64 }),
    );
    check(
        &SubmitCommit { submission: submission(), after: 3, bundle, signature: signature() },
        &json!({ "submission": B16, "after": 3, "bundle": bundle_json, "signature": B64 }),
    );
    check(
        &SubmitMessage { submission: submission(), after: 3, message: hello(), signature: signature() },
        &json!({ "submission": B16, "after": 3, "message": "aGVsbG8", "signature": B64 }),
    );
    check(&Accepted { number: 4, time: at(5) }, &json!({ "number": 4, "time": 5 }));
}

#[test]
fn reports() {
    let authenticator = AuthenticatorHash::from_bytes([0; 32]);
    check(
        &ReportCommit {
            number: 4,
            outcome: CommitOutcome::Applied { authenticator },
            signature: signature(),
        },
        &json!({ "number": 4, "outcome": "applied", "authenticator": B32, "signature": B64 }),
    );
    check(
        &ReportCommit { number: 4, outcome: CommitOutcome::CannotApply, signature: signature() },
        &json!({ "number": 4, "outcome": "cannot-apply", "signature": B64 }),
    );
}

fn entry() -> LogEntry {
    LogEntry {
        number: 4,
        time: at(5),
        kind: EntryKind::Message,
        digest: EntryDigest::from_bytes([0; 32]),
        bytes: Some(hello()),
        submitter: Some(device()),
        submission: Some(submission()),
    }
}

fn entry_json() -> Value {
    json!({ "number": 4, "time": 5, "kind": "message", "digest": B32, "bytes": "aGVsbG8", "submitter": B16,
        "submission": B16 })
}

#[test]
fn the_log() {
    check(&LogQuery { after: 3, limit: None }, &json!({ "after": 3 }));
    check(&LogQuery { after: 3, limit: Some(10) }, &json!({ "after": 3, "limit": 10 }));
    check(&LogPage { entries: vec![entry()], last: 4 }, &json!({ "entries": [entry_json()], "last": 4 }));
    check(
        &WrongEpoch { epoch: 2, entries: vec![entry()] },
        &json!({ "epoch": 2, "entries": [entry_json()] }),
    );
    for (kind, name) in [
        (EntryKind::Commit, "commit"),
        (EntryKind::Message, "message"),
        (EntryKind::Confirm, "confirm"),
        (EntryKind::Void, "void"),
    ] {
        let expired = LogEntry { kind, bytes: None, submitter: None, submission: None, ..entry() };
        check(&expired, &json!({ "number": 4, "time": 5, "kind": name, "digest": B32 }));
    }
}

#[test]
fn welcomes_and_trees() {
    check(
        &WelcomeList {
            welcomes: vec![PendingWelcome {
                welcome: WelcomeId::from_bytes([0; 16]),
                conversation: conversation(),
                number: 1,
                bytes: hello(),
                tree: TreeHash::from_bytes([0; 32]),
                participants: Vec::new(),
            }],
        },
        &json!({ "welcomes": [{ "welcome": B16, "conversation": B32, "number": 1, "bytes": "aGVsbG8",
            "tree": B32, "participants": [] }] }),
    );
    check(&TreeBytes { tree: hello() }, &json!({ "tree": "aGVsbG8" }));
}

#[test]
fn the_stream() {
    check(&StreamEvent::Ready, &json!({ "event": "ready" }));
    check(
        &StreamEvent::Log { conversation: conversation(), last: 7 },
        &json!({ "event": "log", "conversation": B32, "last": 7 }),
    );
    check(&StreamEvent::Welcome, &json!({ "event": "welcome" }));
    check(&StreamEvent::Contacts, &json!({ "event": "contacts" }));
    check(&StreamEvent::StartedOver { account: bob() }, &json!({ "event": "started-over", "account": BOB }));
    check(&StreamEvent::KeyPackages { one_time: 7 }, &json!({ "event": "key-packages", "one_time": 7 }));
}

#[test]
fn problems() {
    let mut problem = Problem::new(ProblemType::WrongEpoch, "one entry is missing");
    let mut shape = json!({ "type": "urn:infrasound:problem:wrong-epoch", "title": "The conversation has moved on",
        "status": 409, "detail": "one entry is missing" });
    check(&problem, &shape);
    problem.wrong_epoch = Some(WrongEpoch { epoch: 2, entries: Vec::new() });
    problem.devices = Some(vec![device_info()]);
    problem.retry_after = Some(3);
    shape["wrong_epoch"] = json!({ "epoch": 2, "entries": [] });
    shape["devices"] = json!([device_json()]);
    shape["retry_after"] = json!(3);
    check(&problem, &shape);
}

#[test]
fn secrets_are_not_printed() {
    let session = Session { token: SessionToken::from_bytes([7; 32]), expires: at(2), now: at(1) };
    let token = ExchangeToken { access_token: "secret".into() };
    let printed = format!("{session:?} {token:?}");
    assert!(!printed.contains("secret") && !printed.contains(&session.token.to_string()), "{printed}");
}

#[test]
fn every_body_of_the_api_has_its_shape_here() {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    for file in fs::read_dir(api).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for line in source.lines() {
            let Some(name) = line.strip_prefix("pub struct ").and_then(|rest| rest.split([' ', '(']).next())
            else {
                continue;
            };
            let tests = include_str!("json_shapes.rs");
            let shown = tests.contains(&format!("{name} {{")) || tests.contains(&format!("{name}::new("));
            assert!(shown, "{name} has no test of its JSON");
        }
    }
}
