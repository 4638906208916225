//! Every operation that needs a session refuses who has none, and shows nobody what is not theirs.
//!
//! The operations are read from the OpenAPI document: a new one without a row in [`foreign`] fails the test.

use infrasound_spec::{
    api::{conversations::TreeHash, paths, problem::ProblemType},
    time,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Device, Group, TestRelay, contact_path};

/// An operation of the document.
struct Operation {
    id: String,
    method: Method,
    path: String,
}

async fn operations(relay: &TestRelay) -> Vec<Operation> {
    let document: Value = relay.get(paths::OPENAPI).await.ok();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.get("security").is_some() {
                operations.push(Operation {
                    id: operation["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase().parse().unwrap(),
                    path: path.clone(),
                });
            }
        }
    }
    assert!(operations.len() >= 20, "the document describes the operations that need a session");
    operations
}

fn filled(path: &str) -> String {
    let mut filled = path.to_owned();
    while let (Some(start), Some(end)) = (filled.find('{'), filled.find('}')) {
        filled.replace_range(start..=end, "AAAAAAAAAAAAAAAAAAAAAA");
    }
    filled
}

#[tokio::test]
async fn without_a_valid_session_every_operation_refuses() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let ended = relay.start_over("bob").await;
    ended.delete("/v1/sessions").await.done();
    let operations = operations(&relay).await;
    let unknown = infrasound_spec::bytes::encode(&[5; 32]);
    let wrong = [None, Some("garbage"), Some(unknown.as_str()), Some(ended.token.as_str())];
    for operation in &operations {
        for token in wrong {
            let answer =
                relay.call(operation.method.clone(), &filled(&operation.path), token, Some(&json!({}))).await;
            assert_eq!(answer.status, 401, "{} with {token:?}", operation.id);
            answer.problem(ProblemType::NoSession);
        }
    }
    relay.clock.advance(time::DAY);
    for operation in &operations {
        let path = filled(&operation.path);
        let answer = relay.call(operation.method.clone(), &path, Some(&alice.token), Some(&json!({}))).await;
        assert_eq!(answer.status, 401, "{} with an expired session", operation.id);
    }
}

/// 64 zero bytes.
const SIGNATURE: &str =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn conversation_bytes(group: &Group) -> String {
    group.id.to_string()
}

/// How somebody else's session fares.
enum Foreign {
    /// The operation is about the session's own things: its answer names nothing of the others'.
    OwnDataOnly(Option<Value>),
    /// This request, made with a session of somebody else, is refused in one of these ways.
    Refused { path: String, body: Option<Value>, statuses: &'static [u16] },
    /// What the operation gives is for everybody who has a session: a key package of who consents, a handle's account.
    ForEverybody,
}

fn foreign(operation: &str, alice: &Device, bob: &Device, group: &mut Group, tree: TreeHash) -> Foreign {
    const HIDDEN: &[u16] = &[404];
    let conversation = format!("/v1/conversations/{}", group.id);
    let refused = |path: String, body: Option<Value>, statuses| Foreign::Refused { path, body, statuses };
    match operation {
        "own_account" | "list_devices" | "list_contacts" | "count_key_packages" | "list_conversations"
        | "list_welcomes" | "end_push" => Foreign::OwnDataOnly(None),
        "set_policy" => Foreign::OwnDataOnly(Some(json!(infrasound_spec::consent::RequestPolicy::default()))),
        "set_push" => Foreign::OwnDataOnly(Some(json!({
            "endpoint": "http://127.0.0.1:9/carol", "auth": "AAAAAAAAAAAAAAAAAAAAAA",
            // The base point.
            "key": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
        }))),
        // Ending a session and the stream are tried apart: what they do shows only elsewhere.
        "end_session"
        | "open_stream"
        | "look_up_account"
        | "search_accounts"
        | "claim_key_packages"
        | "claim_many_key_packages" => Foreign::ForEverybody,
        "set_consent" => {
            refused(format!("{conversation}/consent"), Some(json!({"state": "accepted"})), HIDDEN)
        }
        "list_members" => refused(format!("{conversation}/members"), None, HIDDEN),
        "get_group_info" => refused(format!("{conversation}/group-info"), Some(json!({})), HIDDEN),
        "ask_to_join" => {
            let proof = json!({ "link": conversation_bytes(group), "signature": SIGNATURE });
            refused(format!("{conversation}/join-requests"), Some(json!({ "proof": proof })), HIDDEN)
        }
        "list_join_requests" => refused(format!("{conversation}/join-requests"), None, HIDDEN),
        "end_join_request" => {
            let account = contact_path(bob.account()).rsplit('/').next().unwrap_or_default().to_owned();
            refused(format!("{conversation}/join-requests/{account}"), None, HIDDEN)
        }
        "ask_turn" => refused(format!("{conversation}/turns"), Some(json!({})), HIDDEN),
        "tell_typing" => refused(format!("{conversation}/typing"), Some(json!({ "sealed": "AAAA" })), HIDDEN),
        "submit_proposal" => {
            let proposal = json!({ "submission": "AAAAAAAAAAAAAAAAAAAAAA", "after": 0, "proposal": "AAAA",
                "signature": SIGNATURE });
            refused(format!("{conversation}/proposals"), Some(proposal), &[403])
        }
        "set_contact" => refused(
            contact_path(&"https://x.example/u".parse().unwrap()),
            Some(json!({"state": "blocked"})),
            HIDDEN,
        ),
        "rename_device" => {
            refused(format!("/v1/devices/{}", alice.id()), Some(json!({ "name": "somebody else's" })), HIDDEN)
        }
        "join_link" => refused(paths::LINKS_JOIN.to_owned(), Some(json!({ "code": "AAAA-AAAA" })), HIDDEN),
        // These take a token of the link's own: a session opens none.
        "send_link_frame" => {
            let frame = json!({ "number": 1, "frame": "" });
            refused(paths::LINKS_FRAMES.to_owned(), Some(frame), &[401])
        }
        "read_link_frames" => refused(paths::LINKS_FRAMES.to_owned(), None, &[401]),
        "close_link" => refused(paths::LINKS.to_owned(), None, &[401]),
        "revoke_device" => refused(format!("/v1/devices/{}", alice.id()), None, HIDDEN),
        "upload_key_packages" => {
            let bytes = infrasound_spec::bytes::encode(&bob.key_package(false, 80));
            refused(paths::KEY_PACKAGES.to_owned(), Some(json!({ "one_time": [bytes] })), &[403])
        }
        "get_conversation" => refused(conversation, None, HIDDEN),
        "read_log" => refused(format!("{conversation}/log?after=0"), None, HIDDEN),
        "submit_message" => {
            let message = json!(group.message(alice, "hello"));
            refused(format!("{conversation}/messages"), Some(message), &[403])
        }
        "submit_commit" | "found_conversation" | "report_commit" => {
            let commit = json!(group.update(alice));
            group.discard(alice);
            match operation {
                "submit_commit" => refused(format!("{conversation}/commits"), Some(commit), &[403]),
                "found_conversation" => {
                    let bundle = &commit["bundle"];
                    let found = json!({
                        "conversation": group.id, "submission": commit["submission"], "bundle": bundle,
                        "group_info": bundle["group_info"], "tree": bundle["commit"],
                        "signature": commit["signature"],
                    });
                    refused(paths::CONVERSATIONS.to_owned(), Some(found), &[403])
                }
                _ => {
                    let report =
                        json!({ "number": 1, "outcome": "cannot-apply", "signature": commit["signature"] });
                    refused(format!("{conversation}/reports"), Some(report), &[403])
                }
            }
        }
        "announce_blob" => {
            let taken = json!({ "blob": infrasound_spec::bytes::encode(&[9; 32]), "size": 272 });
            refused(paths::BLOBS.to_owned(), Some(taken), &[409])
        }
        // Without an offset it would be malformed: `blobs.rs` tries it with one.
        "upload_blob" => refused(blob_path(), None, &[400]),
        "download_blob" => refused(blob_path(), None, HIDDEN),
        "attach_blob" | "detach_blob" => {
            refused(format!("{conversation}{}", &blob_path()["/v1".len()..]), None, HIDDEN)
        }
        "get_tree" => refused(format!("{conversation}/trees/{tree}"), None, HIDDEN),
        "delete_welcome" => refused("/v1/welcomes/AAAAAAAAAAAAAAAAAAAAAA".to_owned(), None, HIDDEN),
        new => panic!("say in this table how the operation {new} fares with somebody else's session"),
    }
}

fn blob_path() -> String {
    format!("/v1/blobs/{}", infrasound_spec::bytes::encode(&[9; 32]))
}

#[tokio::test]
async fn with_somebody_elses_session_every_operation_refuses_or_shows_its_own() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut group = Group::found(&alice, &bob).await;
    let secrets = [group.id.to_string(), alice.id().to_string(), bob.id().to_string()];
    let file = json!({ "blob": infrasound_spec::bytes::encode(&[9; 32]), "size": 272 });
    alice.post(paths::BLOBS, &file).await.ok::<Value>();
    alice.patch(&blob_path(), 0, vec![7; 272]).await.ok::<Value>();
    alice
        .put(&format!("/v1/conversations/{}{}", group.id, &blob_path()["/v1".len()..]), &json!({}))
        .await
        .done();
    let before = alice.head(&group.id).await;
    let tree = bob.welcomes().await.welcomes[0].tree;
    for operation in operations(&relay).await {
        let (path, body, statuses) = match foreign(&operation.id, &alice, &bob, &mut group, tree) {
            Foreign::ForEverybody => continue,
            Foreign::OwnDataOnly(body) => (operation.path.clone(), body, &[200, 204][..]),
            Foreign::Refused { path, body, statuses } => (path, body, statuses),
        };
        let answer = carol.call(operation.method.clone(), &path, body.as_ref()).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(statuses.contains(&answer.status), "{}: {} {text}", operation.id, answer.status);
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{} shows {text}", operation.id);
    }
    assert_eq!(alice.head(&group.id).await, before, "nothing has changed");
    assert_eq!(bob.welcomes().await.welcomes.len(), 1);
    alice.get("/v1/account").await.ok::<Value>();
}
