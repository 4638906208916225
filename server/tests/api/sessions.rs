//! Sessions: a device proves that it holds its key.

use infrasound_spec::{
    api::{
        devices::{Challenge, ChallengeGiven, Session, StartSession, session_content},
        problem::ProblemType,
    },
    limits,
    signing::Purpose,
    time,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Device, TestRelay};

async fn challenge(relay: &TestRelay, device: &Device) -> Challenge {
    let given: ChallengeGiven =
        relay.post("/v1/sessions/challenge", &json!({ "device": device.id() })).await.ok();
    given.challenge
}

async fn start(relay: &TestRelay, device: &Device, signer: &Device, challenge: Challenge) -> Answer {
    let content = session_content(&challenge, &device.id());
    let signature = signer.sign(Purpose::SessionStart, &content);
    relay.post("/v1/sessions", &StartSession { device: device.id(), challenge, signature }).await
}

#[tokio::test]
async fn a_device_gets_a_session_and_ends_it() {
    let relay = TestRelay::start().await;
    let mut alice = relay.device("alice").await;
    let challenge = challenge(&relay, &alice).await;
    let session: Session = start(&relay, &alice, &alice, challenge).await.ok();
    assert_eq!(session.expires.millis_since(session.now), time::DAY);
    let first = std::mem::replace(&mut alice.token, session.token.to_string());
    alice.get("/v1/account").await.ok::<Value>();
    alice.delete("/v1/sessions").await.done();
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    alice.token = first;
    alice.get("/v1/account").await.ok::<Value>();
}

#[tokio::test]
async fn a_challenge_is_good_once_for_its_device_for_two_minutes() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let first = challenge(&relay, &alice).await;
    start(&relay, &alice, &alice, first).await.ok::<Session>();
    start(&relay, &alice, &alice, first).await.problem(ProblemType::TicketExpired);
    let of_alice = challenge(&relay, &alice).await;
    start(&relay, &bob, &bob, of_alice).await.problem(ProblemType::TicketExpired);
    let late = challenge(&relay, &alice).await;
    relay.clock.advance(2 * time::MINUTE);
    start(&relay, &alice, &alice, late).await.problem(ProblemType::TicketExpired);
}

#[tokio::test]
async fn another_key_gets_no_session() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let given = challenge(&relay, &alice).await;
    start(&relay, &alice, &bob, given).await.problem(ProblemType::BadSignature);
    start(&relay, &alice, &alice, given).await.problem(ProblemType::TicketExpired);
}

#[tokio::test]
async fn an_unknown_device_gets_a_challenge_and_nothing_more() {
    let relay = TestRelay::start().await;
    let mut alice = relay.device("alice").await;
    alice.keys.id = infrasound_spec::account::DeviceId::from_bytes([9; 16]);
    let given = challenge(&relay, &alice).await;
    start(&relay, &alice, &alice, given).await.problem(ProblemType::BadSignature);
}

#[tokio::test]
async fn a_revoked_device_is_told_so() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    relay.start_over("alice").await;
    let given = challenge(&relay, &alice).await;
    start(&relay, &alice, &alice, given).await.problem(ProblemType::DeviceRevoked);
}

#[tokio::test]
async fn a_session_survives_a_restart_of_the_relay() {
    let mut relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    relay.restart(|_| ()).await;
    alice.get("/v1/account").await.ok::<Value>();
    relay.clock.advance(time::DAY);
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let relay = TestRelay::configured(|config| config.rates.requests_per_second = 2).await;
    let alice = relay.device("alice").await;
    let mut last = alice.get("/v1/account").await;
    for _ in 0..20 {
        last = alice.get("/v1/account").await;
    }
    assert_eq!(last.problem(ProblemType::RateLimited).retry_after, Some(1));
    assert_eq!(last.headers["retry-after"], "1");
    relay.clock.advance(time::SECOND);
    alice.get("/v1/account").await.ok::<Value>();
    let anonymous = relay.call(Method::GET, "/v1/account", None, None::<&Value>).await;
    anonymous.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn an_account_that_the_instance_suspended_is_out() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let demo = relay.running().demo().unwrap();
    assert!(demo.set_suspended("alice", true).await.unwrap());
    alice.get("/v1/account").await.ok::<Value>();
    let given = challenge(&relay, &alice).await;
    start(&relay, &alice, &alice, given).await.problem(ProblemType::AccountRefused);
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    assert!(demo.set_suspended("alice", false).await.unwrap());
    let given = challenge(&relay, &alice).await;
    start(&relay, &alice, &alice, given).await.ok::<Session>();
}

/// A session for a device, if it may have one.
pub(crate) async fn begin(relay: &TestRelay, device: &Device) -> Answer {
    let challenge = challenge(relay, device).await;
    start(relay, device, device, challenge).await
}

#[tokio::test]
async fn a_device_that_begins_no_session_for_a_year_is_revoked_and_no_other() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    relay.clock.advance(limits::UNUSED_DEVICE / 2);
    begin(&relay, &alice).await.ok::<Session>();
    relay.clock.advance(limits::UNUSED_DEVICE / 2 + time::HOUR);
    assert!(relay.running().sweep().await);
    begin(&relay, &bob).await.problem(ProblemType::DeviceRevoked);
    begin(&relay, &alice).await.ok::<Session>();
    relay.clock.advance(limits::UNUSED_DEVICE + time::HOUR);
    assert!(relay.running().sweep().await);
    begin(&relay, &alice).await.problem(ProblemType::DeviceRevoked);
}
