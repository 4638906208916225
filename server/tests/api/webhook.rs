//! The instance's webhook: a cue to look, and nothing more. Spec: `relay-api.md` 15.

use hmac::{Hmac, Mac as _};
use infrasound_relay::config::WebhookSecret;
use infrasound_spec::{
    api::{paths, problem::ProblemType},
    limits,
};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Answer, Device, TestRelay};

const SECRET: &str = "what Mastodon shows its admin";

async fn relay() -> TestRelay {
    TestRelay::configured(|config| config.webhook_secret = Some(WebhookSecret::new(SECRET.to_owned()))).await
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn call(relay: &TestRelay, body: &[u8], signature: Option<&str>) -> Answer {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.post(format!("{}{}", relay.base, paths::INSTANCE_WEBHOOK)).body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header("x-hub-signature", signature);
    }
    Answer::of(request.send().await.unwrap()).await
}

/// As Mastodon's admin API describes an account, with a claim that nobody is to believe.
fn updated(of: &Device, suspended: bool) -> Vec<u8> {
    let account = json!({ "uri": of.account(), "suspended": suspended });
    let object =
        json!({ "username": of.handle().name(), "domain": null, "suspended": suspended, "account": account });
    serde_json::to_vec(&json!({ "event": "account.updated", "object": object })).unwrap()
}

async fn signed(relay: &TestRelay, body: &[u8]) -> Answer {
    call(relay, body, Some(&sign(SECRET, body))).await
}

#[tokio::test]
async fn a_suspended_account_is_out_as_soon_as_the_instance_gives_the_cue() {
    let relay = relay().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let demo = relay.running().demo().unwrap();
    assert!(demo.set_suspended("alice", true).await.unwrap());
    alice.get("/v1/account").await.ok::<Value>();
    signed(&relay, &updated(&alice, true)).await.done();
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    bob.get("/v1/account").await.ok::<Value>();
}

#[tokio::test]
async fn what_the_call_says_of_an_account_is_not_believed() {
    let relay = relay().await;
    let alice = relay.device("alice").await;
    signed(&relay, &updated(&alice, true)).await.done();
    alice.get("/v1/account").await.ok::<Value>();
}

#[tokio::test]
async fn an_account_without_a_uri_is_found_by_its_name() {
    let relay = relay().await;
    let alice = relay.device("alice").await;
    assert!(relay.running().demo().unwrap().set_suspended("alice", true).await.unwrap());
    let body = serde_json::to_vec(&json!({ "event": "account.updated", "object": { "username": "alice" } }));
    signed(&relay, &body.unwrap()).await.done();
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn every_kind_of_stranger_is_refused_and_changes_nothing() {
    let relay = relay().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    assert!(relay.running().demo().unwrap().set_suspended("alice", true).await.unwrap());
    let body = updated(&alice, true);
    let of_another = sign(SECRET, &updated(&bob, true));
    let (empty, wrong) = (sign("", &body), sign("guessed", &body));
    let good = sign(SECRET, &body);
    let bare = good.strip_prefix("sha256=").unwrap();
    for signature in
        [None, Some(""), Some("sha256="), Some(bare), Some(&empty), Some(&wrong), Some(&of_another)]
    {
        call(&relay, &body, signature).await.problem(ProblemType::BadSignature);
    }
    // A session is no signature.
    bob.post(paths::INSTANCE_WEBHOOK, &json!({})).await.problem(ProblemType::BadSignature);
    alice.get("/v1/account").await.ok::<Value>();
    signed(&relay, &body).await.done();
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn a_relay_without_a_secret_has_no_webhook() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let body = updated(&alice, true);
    for signature in [None, Some(sign("", &body)), Some(sign(SECRET, &body))] {
        call(&relay, &body, signature.as_deref()).await.problem(ProblemType::NotFound);
    }
}

#[tokio::test]
async fn what_is_about_nobody_here_is_taken_and_forgotten() {
    let relay = relay().await;
    for body in [
        &br#"{"event":"report.created","object":{"id":"1"}}"#[..],
        br#"{"event":"account.updated","object":{"username":"alice"}}"#,
        br#"{"event":"account.updated","object":{"username":"a","domain":"other.example"}}"#,
        br#"{"event":"account.updated","object":{"username":"\u0000 ../","account":{"uri":"javascript:"}}}"#,
        b"not JSON",
        b"",
    ] {
        signed(&relay, body).await.done();
    }
    signed(&relay, &vec![b' '; limits::MAX_WEBHOOK + 1]).await.problem(ProblemType::TooLarge);
}

#[tokio::test]
async fn calls_and_looks_are_limited() {
    let relay = TestRelay::configured(|config| {
        config.webhook_secret = Some(WebhookSecret::new(SECRET.to_owned()));
        config.rates.webhooks_per_minute = 4;
        config.rates.cued_looks_per_minute = 2;
    })
    .await;
    let alice = relay.device("alice").await;
    let body = updated(&alice, false);
    for _ in 0..2 {
        signed(&relay, &body).await.done();
    }
    assert_eq!(signed(&relay, &body).await.problem(ProblemType::RateLimited).retry_after, Some(30));
    call(&relay, b"", None).await.problem(ProblemType::BadSignature);
    call(&relay, b"", None).await.problem(ProblemType::RateLimited);
}
