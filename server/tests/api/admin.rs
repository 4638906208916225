//! `infrasound-relay admin`, on a relay that runs and on one that does not. Decision: 0018.

use std::os::unix::fs::PermissionsExt as _;

use infrasound_spec::{
    api::{devices::Session, problem::ProblemType, relay::RelayInfo},
    consent::ContactState,
    time,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};

use crate::{
    sessions::begin,
    support::{Device, Group, TestRelay},
};

fn name(device: &Device) -> String {
    device.handle().to_string()
}

/// What the last order was, as the audit log has it.
async fn last(relay: &TestRelay) -> [String; 3] {
    let audit = relay.admin(&["audit", "--last", "1"]).await.unwrap();
    ["action", "subject", "detail"].map(|field| audit["records"][0][field].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_same_orders_work_whether_the_relay_runs_or_not() {
    let mut relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let running = relay.admin(&["accounts", "show", &name(&alice)]).await.unwrap();
    assert_eq!((&running["account"]["devices"], &running["account"]["sessions"]), (&json!(1), &json!(1)));
    relay.stop().await;
    assert_eq!(relay.admin(&["accounts", "show", &name(&alice)]).await.unwrap(), running);
    relay.admin(&["accounts", "suspend", &name(&alice), "--reason", "Spam"]).await.unwrap();
    relay.start_again(|_| ()).await;
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    begin(&relay, &alice).await.problem(ProblemType::AccountRefused);
    let by_uri = relay.admin(&["accounts", "restore", alice.account().as_str()]).await;
    assert!(by_uri.is_ok(), "{by_uri:?}");
    begin(&relay, &alice).await.ok::<Session>();
}

#[tokio::test]
async fn what_changes_something_is_in_the_audit_log_and_what_was_refused_is_not() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let (handle, uri) = (name(&alice), alice.account().to_string());
    let device = alice.id().to_string();
    for (words, detail) in [
        (vec!["accounts", "allow", &handle], handle.as_str()),
        (vec!["accounts", "suspend", &handle, "--reason", "Spam"], "Spam"),
        (vec!["accounts", "restore", &handle], &handle),
        (vec!["quotas", "set", &handle, "--files", "7", "--devices", "3"], "files 7 MiB, devices 3"),
        (vec!["quotas", "reset", &handle], ""),
        (vec!["sessions", "end", &handle, "--device", &device], &device),
        (vec!["accounts", "disallow", &handle], &handle),
        (vec!["accounts", "export", &handle], &handle),
        (vec!["accounts", "erase", &handle, "--yes"], ""),
    ] {
        relay.admin(&words).await.unwrap();
        let [action, subject, said] = last(&relay).await;
        assert!(action.starts_with(words[1]), "{action}: {words:?}");
        assert_eq!((subject.as_str(), said.as_str()), (uri.as_str(), detail), "{words:?}");
    }
    let before = relay.admin(&["audit"]).await.unwrap();
    assert!(before["records"][0]["who"].as_str().unwrap().starts_with("carol (uid "));
    let numbers: Vec<_> =
        before["records"].as_array().unwrap().iter().map(|one| one["number"].clone()).collect();
    assert_eq!(json!(numbers), json!([9, 8, 7, 6, 5, 4, 3, 2, 1]));
    for words in [
        &["accounts", "restore", &handle][..],
        &["accounts", "erase", "@nobody@here.example", "--yes"],
        &["quotas", "set", &handle, "--devices", "11"],
        &["retention", "set", "0"],
    ] {
        relay.admin(words).await.unwrap_err();
    }
    assert_eq!(relay.admin(&["audit"]).await.unwrap(), before);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_a_device_begins_anew() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let listed = relay.admin(&["sessions", "list"]).await.unwrap();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    let of_bob = relay.admin(&["sessions", "list", &name(&bob)]).await.unwrap();
    assert_eq!(of_bob["sessions"][0]["device"], json!(bob.id()));
    let error = relay.admin(&["sessions", "end", &name(&alice), "--device", &bob.id().to_string()]).await;
    assert!(error.unwrap_err().contains("no such device"));
    relay.admin(&["sessions", "end", &name(&bob), "--device", &bob.id().to_string()]).await.unwrap();
    bob.get("/v1/account").await.problem(ProblemType::NoSession);
    alice.get("/v1/account").await.ok::<Value>();
    begin(&relay, &bob).await.ok::<Session>();
}

#[tokio::test]
async fn an_accounts_own_quotas_hold_at_once() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let file = json!({ "blob": infrasound_spec::bytes::encode(&[9; 32]), "size": 272 });
    let set = relay.admin(&["quotas", "set", &name(&alice), "--files", "0", "--devices", "1"]).await.unwrap();
    assert_eq!((&set["quotas"]["file_bytes"], &set["quotas"]["own"]), (&json!(0), &json!(true)));
    alice.post("/v1/blobs", &file).await.problem(ProblemType::TooLarge);
    let ticket = json!({ "ticket": relay.sign_in("alice").await.ticket });
    let refused = relay.post("/v1/links", &ticket).await.problem(ProblemType::Forbidden);
    assert!(refused.detail.contains("may have 1 devices, and has 1"), "{}", refused.detail);
    bob.post("/v1/blobs", &json!({ "blob": infrasound_spec::bytes::encode(&[8; 32]), "size": 272 }))
        .await
        .ok::<Value>();
    relay.admin(&["quotas", "reset", &name(&alice)]).await.unwrap();
    alice.post("/v1/blobs", &file).await.ok::<Value>();
}

#[tokio::test]
async fn retention_that_an_admin_sets_holds_at_once_and_after_a_restart() {
    let mut relay = TestRelay::start().await;
    let days =
        async |relay: &TestRelay| relay.get("/v1/relay").await.ok::<RelayInfo>().limits.retention / time::DAY;
    assert_eq!(days(&relay).await, 30);
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    group.merge(&alice);
    let kept = relay.admin(&["retention", "set", "3"]).await.unwrap();
    assert_eq!((&kept["retention"]["days"], &kept["retention"]["set"]), (&json!(3), &json!(true)));
    assert!(kept["retention"]["entries"].as_u64().unwrap() > 0);
    assert_eq!(days(&relay).await, 3);
    relay.restart(|_| ()).await;
    assert_eq!(days(&relay).await, 3);
    relay.clock.advance(3 * time::DAY + time::MINUTE);
    assert!(relay.running().sweep().await);
    assert_eq!(relay.admin(&["retention", "show"]).await.unwrap()["retention"]["entries"], json!(0));
    relay.admin(&["retention", "reset"]).await.unwrap();
    assert_eq!(days(&relay).await, 30);
}

#[tokio::test]
async fn an_export_has_what_is_the_accounts_and_nothing_of_others() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let group = Group::found(&alice, &bob).await;
    alice
        .post("/v1/blobs", &json!({ "blob": infrasound_spec::bytes::encode(&[9; 32]), "size": 272 }))
        .await
        .ok::<Value>();
    alice.say(&bob, ContactState::Accepted).await;
    bob.say(&alice, ContactState::Blocked).await;
    let export = relay.admin(&["accounts", "export", &name(&alice)]).await.unwrap();
    let data = &export["data"];
    assert_eq!(data["account"], json!(alice.account()));
    assert_eq!(data["devices"][0]["name"], json!("laptop"));
    assert_eq!(
        data["contacts"],
        json!([{ "account": bob.account(), "handle": bob.handle(), "state": "accepted" }])
    );
    assert_eq!(data["files"][0]["size"], json!(272));
    let conversation = &data["conversations"][0];
    assert_eq!((&conversation["conversation"], &conversation["kind"]), (&json!(group.id), &json!("direct")));
    assert_eq!(conversation["entries_submitted"], json!(1));
    let text = export.to_string();
    assert!(!text.contains("blocked") && !text.contains(&bob.id().to_string()), "{text}");
    assert!(!text.contains(&alice.token), "no session's token");
}

#[tokio::test]
async fn an_erased_account_leaves_only_what_others_conversations_hold() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    Group::found(&alice, &bob).await;
    let file = infrasound_spec::bytes::encode(&[9; 32]);
    alice.post("/v1/blobs", &json!({ "blob": file, "size": 272 })).await.ok::<Value>();
    let uploaded = alice.patch(&format!("/v1/blobs/{file}"), 0, vec![7; 272]).await;
    uploaded.ok::<Value>();
    alice.say(&bob, ContactState::Accepted).await;
    let error = relay.admin(&["accounts", "erase", &name(&alice)]).await.unwrap_err();
    assert!(error.contains("add --yes"), "{error}");
    alice.get("/v1/account").await.ok::<Value>();

    relay.admin(&["accounts", "erase", &name(&alice), "--yes"]).await.unwrap();
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    begin(&relay, &alice).await.problem(ProblemType::DeviceRevoked);
    assert_eq!(std::fs::read_dir(relay.directory.path().join("blobs")).unwrap().count(), 0);
    let export = relay.admin(&["accounts", "export", &name(&alice)]).await.unwrap();
    let data = &export["data"];
    for (field, nothing) in
        [("contacts", json!([])), ("files", json!([])), ("created_at_instance", Value::Null)]
    {
        assert_eq!(data[field], nothing, "{field}");
    }
    assert_eq!((&data["devices"][0]["name"], &data["devices"][0]["created"]), (&json!(""), &json!(0)));
    let lookup = format!("/v1/accounts/lookup?handle={}", alice.handle());
    bob.get(&lookup).await.problem(ProblemType::NoInfrasound);
    bob.get("/v1/conversations").await.ok::<Value>();

    // Nobody's conversation names Carol: nothing of her stays.
    relay.admin(&["accounts", "erase", &name(&carol), "--yes"]).await.unwrap();
    let listed = relay.admin(&["accounts", "list"]).await.unwrap();
    let handles: Vec<_> =
        listed["accounts"].as_array().unwrap().iter().map(|one| one["handle"].clone()).collect();
    assert_eq!(json!(handles), json!([alice.handle(), bob.handle()]));
    // Both may come back.
    for account in ["alice", "carol"] {
        relay.device(account).await.get("/v1/account").await.ok::<Value>();
    }
}

#[tokio::test]
async fn the_socket_is_closed_to_other_users_and_goes_with_the_relay() {
    let mut relay = TestRelay::start().await;
    let path = relay.directory.path().join("admin.sock");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    relay.stop().await;
    assert!(!path.exists());
    // One that a killed relay left is no hindrance.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(relay.admin(&["audit"]).await.is_ok());
    relay.start_again(|_| ()).await;
    assert!(relay.admin(&["audit"]).await.is_ok());
}

#[tokio::test]
async fn what_is_no_order_is_refused_and_the_next_one_is_heard() {
    let relay = TestRelay::start().await;
    let path = relay.directory.path().join("admin.sock");
    let long = vec![b'['; 100_000];
    for said in [&b""[..], b"{", br#"{"who":"x","order":{"order":"read-messages"}}"#, &long] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        // The relay stops reading what is too long.
        drop(stream.write_all(said).await);
        drop(stream.shutdown().await);
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer).await);
        assert!(answer.is_empty() || answer.contains("does not know this order"), "{answer}");
    }
    assert!(relay.admin(&["audit"]).await.is_ok());
}

#[tokio::test]
async fn a_directory_without_a_relays_data_is_not_made_into_one() {
    let empty = tempfile::tempdir().unwrap();
    let error = TestRelay::admin_of(empty.path(), &["audit"]).await.unwrap_err();
    assert!(error.contains("there is no relay's data"), "{error}");
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_relay_whose_socket_is_gone_keeps_its_data_to_itself() {
    let relay = TestRelay::start().await;
    std::fs::remove_file(relay.directory.path().join("admin.sock")).unwrap();
    let error = relay.admin(&["audit"]).await.unwrap_err();
    assert!(error.contains("another relay uses the data directory"), "{error}");
}

#[tokio::test]
async fn a_directory_whose_path_is_too_long_for_a_socket_is_no_hindrance() {
    let mut relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    relay.stop().await;
    let deep = relay.directory.path().join("x".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    std::fs::copy(relay.directory.path().join("relay.db"), deep.join("relay.db")).unwrap();
    let listed = TestRelay::admin_of(&deep, &["accounts", "list"]).await.unwrap();
    assert_eq!(listed["accounts"][0]["handle"], json!(alice.handle()));
}
