//! Spec: `relay-api.md` 3.1, 6, 7, 8.

use infrasound_spec::{
    account::DeviceKey,
    api::{
        accounts::{AccountInfo, FoundAccount, FoundAccounts, LookupQuery, SearchQuery},
        contacts::{Contact, ContactList, SetContact},
        devices::{
            AskChallenge, Challenge, ChallengeGiven, DeviceList, OwnAccount, RegisterDevice, RenameDevice,
            Session, SessionToken, StartSession,
        },
        key_packages::{
            ClaimKeyPackages, ClaimedKeyPackage, ClaimedKeyPackages, KeyPackageCount, UploadKeyPackages,
        },
        links::{
            FramesQuery, JoinLink, LinkFrames, LinkId, LinkJoined, LinkOpened, LinkToken, NumberedFrame,
            OpenLink,
        },
        push::{PushAuth, PushEndpoint, PushKey, PushSubscription, QuietHours},
        relay::{Health, Limits, RelayInfo, WellKnown},
        sign_in::{ExchangeToken, FinishSignIn, SignInId, SignInStarted, SignedIn, Ticket},
    },
    consent::{ContactState, RequestPolicy, Verdict},
};
use serde_json::json;

use super::*;

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
            limits: Limits { message: 65_536, blob: 7, key_packages: 100, devices: 10, retention: 5 },
            push: None,
        },
        &json!({ "version": "0.1.0", "instance": "https://social.example", "demo": false,
            "limits": { "message": 65_536, "blob": 7, "key_packages": 100, "devices": 10, "retention": 5 } }),
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
    check(&SearchQuery { q: "bo".into() }, &json!({ "q": "bo" }));
    check(
        &FoundAccounts { accounts: vec![FoundAccount { handle: bobs_handle(), name: "Bob".into() }] },
        &json!({ "accounts": [{ "handle": "@bob@b.example", "name": "Bob" }] }),
    );
    check(
        &ContactList {
            contacts: vec![Contact { account: bob(), handle: bobs_handle(), state: ContactState::Accepted }],
        },
        &json!({ "contacts": [{ "account": BOB, "handle": "@bob@b.example", "state": "accepted" }] }),
    );
    let endpoint = "https://push.example/1".parse::<PushEndpoint>().unwrap();
    check(&endpoint, &json!("https://push.example/1"));
    let quiet = QuietHours { from: 1320, until: 420 };
    check(&quiet, &json!({ "from": 1320, "until": 420 }));
    let subscription = PushSubscription {
        endpoint,
        key: PushKey::from_bytes([0; 65]),
        auth: PushAuth::from_bytes([0; 16]),
        quiet: None,
        except: Vec::new(),
    };
    let b65 = "A".repeat(87);
    check(&PushAuth::from_bytes([0; 16]), &json!(B16));
    check(&subscription, &json!({ "endpoint": "https://push.example/1", "key": b65, "auth": B16 }));
    check(
        &PushSubscription {
            quiet: Some(quiet),
            except: vec![ConversationId::from_bytes([0; 32])],
            ..subscription
        },
        &json!({ "endpoint": "https://push.example/1", "key": b65, "auth": B16,
            "quiet": { "from": 1320, "until": 420 }, "except": [B32] }),
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
    check(&RenameDevice { name: "tablet".into() }, &json!({ "name": "tablet" }));
    check(&DeviceList { devices: vec![device_info()] }, &json!({ "devices": [device_json()] }));
    let policy = RequestPolicy::default();
    check(
        &OwnAccount { account: bob(), handle: bobs_handle(), account_key: key(), device: device(), policy },
        &json!({ "account": BOB, "handle": "@bob@b.example", "account_key": B32, "device": B16,
            "policy": serde_json::to_value(policy).unwrap() }),
    );
}

#[test]
fn links() {
    let (link, token) = (LinkId::from_bytes([0; 16]), LinkToken::from_bytes([0; 32]));
    check(&OpenLink { ticket: Ticket::from_bytes([0; 32]) }, &json!({ "ticket": B32 }));
    check(
        &LinkOpened { link, token, code: "ABCD-EFGH".into(), expires: at(9) },
        &json!({ "link": B16, "token": B32, "code": "ABCD-EFGH", "expires": 9 }),
    );
    check(&JoinLink { code: Some("ABCD-EFGH".into()), link: None }, &json!({ "code": "ABCD-EFGH" }));
    check(&JoinLink { code: None, link: Some(link) }, &json!({ "link": B16 }));
    check(&LinkJoined { link, token }, &json!({ "link": B16, "token": B32 }));
    check(&FramesQuery { after: 3, wait: 20 }, &json!({ "after": 3, "wait": 20 }));
    let frame = NumberedFrame { number: 1, frame: hello() };
    check(&frame, &json!({ "number": 1, "frame": "aGVsbG8" }));
    check(&LinkFrames { frames: vec![frame] }, &json!({ "frames": [{ "number": 1, "frame": "aGVsbG8" }] }));
    let printed = format!("{:?}", LinkOpened { link, token, code: "SECRET".into(), expires: at(9) });
    assert!(!printed.contains("SECRET") && !printed.contains(&token.to_string()), "{printed}");
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

#[test]
fn secrets_are_not_printed() {
    let session = Session { token: SessionToken::from_bytes([7; 32]), expires: at(2), now: at(1) };
    let token = ExchangeToken { access_token: "secret".into() };
    let printed = format!("{session:?} {token:?}");
    assert!(!printed.contains("secret") && !printed.contains(&session.token.to_string()), "{printed}");
}
