//! Other domains: what the instance and the admins say of them. Spec: `relay-api.md` 14.6.

use infrasound_spec::api::problem::ProblemType;
use serde_json::json;

use crate::support::{Device, TestRelay};

async fn look(alice: &Device, domain: &str, expected: ProblemType) {
    let by_handle = format!("/v1/accounts/lookup?handle=@bob@{domain}");
    alice.get(&by_handle).await.problem(expected);
    let by_uri = format!("/v1/accounts/lookup?account=https://{domain}/users/bob");
    alice.get(&by_uri).await.problem(expected);
}

#[tokio::test]
async fn the_instances_blocks_are_followed() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let demo = relay.running().demo().unwrap();
    demo.set_domain_blocked("bad.example", true).await.unwrap();
    assert!(relay.running().sweep().await);
    for domain in ["bad.example", "deep.bad.example", "BAD.example"] {
        look(&alice, domain, ProblemType::Forbidden).await;
    }
    look(&alice, "notbad.example", ProblemType::OtherInstance).await;
    demo.set_domain_blocked("bad.example", false).await.unwrap();
    assert!(relay.running().sweep().await);
    look(&alice, "bad.example", ProblemType::OtherInstance).await;
}

#[tokio::test]
async fn an_admins_word_wins_over_the_instances() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    relay.running().demo().unwrap().set_domain_blocked("bad.example", true).await.unwrap();
    assert!(relay.running().sweep().await);
    relay.admin(&["blocks", "allow", "bad.example"]).await.unwrap();
    look(&alice, "bad.example", ProblemType::OtherInstance).await;
    relay.admin(&["blocks", "add", "Worse.example"]).await.unwrap();
    look(&alice, "a.worse.example", ProblemType::Forbidden).await;
    let listed = relay.admin(&["blocks", "list"]).await.unwrap();
    let said: Vec<_> = listed["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            [&rule["domain"], &rule["verdict"], &rule["source"]].map(|cell| cell.as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        json!(said),
        json!([
            ["bad.example", "allowed", "admin"],
            ["bad.example", "blocked", "instance"],
            ["worse.example", "blocked", "admin"]
        ])
    );
    relay.admin(&["blocks", "remove", "bad.example"]).await.unwrap();
    look(&alice, "bad.example", ProblemType::Forbidden).await;
    assert!(relay.admin(&["blocks", "remove", "bad.example"]).await.unwrap_err().contains("No admin"));
    assert!(relay.admin(&["blocks", "add", "no domain"]).await.unwrap_err().contains("is no domain"));
}
