//! Link channels: who may open, join and use one; order, bounds, and the end.

use infrasound_spec::{
    api::{
        devices::{DeviceList, Session},
        links::{LinkFrames, LinkJoined, LinkOpened, LinkToken, NumberedFrame},
        problem::ProblemType,
    },
    bytes::Base64Url,
    limits::{MAX_DEVICES, MAX_LINK_FRAME, MAX_LINK_PENDING},
    time,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Device, NewDevice, TestRelay};

const FRAMES: &str = "/v1/links/frames";

async fn open(relay: &TestRelay, name: &str) -> (NewDevice, LinkOpened) {
    let new = NewDevice::make(&relay.sign_in(name).await);
    let opened = relay.post("/v1/links", &json!({ "ticket": new.signed_in.ticket })).await.ok();
    (new, opened)
}

async fn send(relay: &TestRelay, token: &LinkToken, number: u64, bytes: &[u8]) -> Answer {
    let body = NumberedFrame { number, frame: Base64Url(bytes.to_vec()) };
    relay.call(Method::POST, FRAMES, Some(&token.to_string()), Some(&body)).await
}

async fn read(relay: &TestRelay, token: &LinkToken, after: u64) -> Vec<(u64, Vec<u8>)> {
    let path = format!("{FRAMES}?after={after}");
    let frames: LinkFrames =
        relay.call(Method::GET, &path, Some(&token.to_string()), None::<&Value>).await.ok();
    frames.frames.into_iter().map(|frame| (frame.number, frame.frame.0)).collect()
}

async fn joined(device: &Device, code: &str) -> LinkJoined {
    device.post("/v1/links/join", &json!({ "code": code })).await.ok()
}

#[tokio::test]
async fn frames_go_both_ways_in_order_and_once() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let (_, opened) = open(&relay, "alice").await;
    let old = joined(&alice, &opened.code.to_lowercase()).await;
    assert_eq!(old.link, opened.link);
    send(&relay, &opened.token, 1, b"one").await.done();
    send(&relay, &opened.token, 1, b"another under its number").await.done();
    send(&relay, &opened.token, 2, b"two").await.done();
    send(&relay, &opened.token, 4, b"four").await.problem(ProblemType::BadRequest);
    send(&relay, &old.token, 1, b"back").await.done();
    assert_eq!(read(&relay, &old.token, 0).await, [(1, b"one".to_vec()), (2, b"two".to_vec())]);
    assert_eq!(read(&relay, &old.token, 0).await.len(), 2, "until it says that it has them");
    assert_eq!(read(&relay, &old.token, 1).await, [(2, b"two".to_vec())]);
    assert_eq!(read(&relay, &old.token, 0).await, [(2, b"two".to_vec())], "what was taken in has gone");
    assert_eq!(read(&relay, &opened.token, 0).await, [(1, b"back".to_vec())]);
}

#[tokio::test]
async fn who_asks_before_anything_is_there_waits_for_it() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let (_, opened) = open(&relay, "alice").await;
    let old = joined(&alice, &opened.code).await;
    let path = format!("{FRAMES}?after=0&wait=20");
    let token = old.token.to_string();
    let waiting = relay.call(Method::GET, &path, Some(&token), None::<&Value>);
    let sending = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        send(&relay, &opened.token, 1, b"late").await.done();
    };
    let begun = std::time::Instant::now();
    let (answer, ()) = tokio::join!(waiting, sending);
    assert_eq!(answer.ok::<LinkFrames>().frames.len(), 1);
    assert!(begun.elapsed().as_secs() < 15);
}

#[tokio::test]
async fn a_stranger_a_wrong_code_and_a_second_device_join_nothing() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let (_, opened) = open(&relay, "alice").await;
    for body in [json!({ "code": opened.code }), json!({ "link": opened.link })] {
        carol.post("/v1/links/join", &body).await.problem(ProblemType::NotFound);
    }
    for body in [json!({ "code": "AAAA-AAAA" }), json!({})] {
        alice.post("/v1/links/join", &body).await.problem(ProblemType::NotFound);
    }
    joined(&alice, &opened.code).await;
    alice.post("/v1/links/join", &json!({ "code": opened.code })).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn tries_to_join_are_limited_for_the_account() {
    let relay = TestRelay::configured(|config| config.rates.link_joins_per_hour = 2).await;
    let alice = relay.device("alice").await;
    let wrong = json!({ "code": "AAAA-AAAA" });
    for _ in 0..2 {
        alice.post("/v1/links/join", &wrong).await.problem(ProblemType::NotFound);
    }
    let problem = alice.post("/v1/links/join", &wrong).await.problem(ProblemType::RateLimited);
    assert!(problem.retry_after.is_some());
}

#[tokio::test]
async fn a_sender_that_nobody_reads_has_to_wait_and_a_frame_has_a_size() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let (_, opened) = open(&relay, "alice").await;
    let old = joined(&alice, &opened.code).await;
    send(&relay, &opened.token, 1, &vec![0; MAX_LINK_FRAME + 1]).await.problem(ProblemType::TooLarge);
    for number in 1..=MAX_LINK_PENDING {
        send(&relay, &opened.token, number, &vec![0; MAX_LINK_FRAME]).await.done();
    }
    let next = MAX_LINK_PENDING + 1;
    let problem = send(&relay, &opened.token, next, b"x").await.problem(ProblemType::RateLimited);
    assert!(problem.retry_after.is_some());
    read(&relay, &old.token, 1).await;
    send(&relay, &opened.token, next, b"x").await.done();
}

#[tokio::test]
async fn a_link_ends_for_both_by_either_or_when_nothing_comes() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let (_, opened) = open(&relay, "alice").await;
    let old = joined(&alice, &opened.code).await;
    relay.call(Method::DELETE, "/v1/links", Some(&old.token.to_string()), None::<&Value>).await.done();
    send(&relay, &opened.token, 1, b"x").await.problem(ProblemType::NoSession);
    let (_, opened) = open(&relay, "alice").await;
    relay.clock.advance(9 * time::MINUTE);
    send(&relay, &opened.token, 1, b"x").await.done();
    relay.clock.advance(9 * time::MINUTE);
    send(&relay, &opened.token, 2, b"x").await.done();
    relay.clock.advance(10 * time::MINUTE);
    send(&relay, &opened.token, 3, b"x").await.problem(ProblemType::NoSession);
    alice.post("/v1/links/join", &json!({ "code": opened.code })).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn the_ticket_of_a_link_lives_as_long_as_the_link() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let (mut new, opened) = open(&relay, "alice").await;
    relay.clock.advance(9 * time::MINUTE);
    send(&relay, &opened.token, 1, b"x").await.done();
    relay.clock.advance(9 * time::MINUTE);
    new.account_key = alice.keys.account_key.clone();
    relay.post("/v1/devices", &new.request(false)).await.ok::<Session>();
}

#[tokio::test]
async fn a_link_needs_a_good_ticket_and_an_account_with_a_device() {
    let relay = TestRelay::start().await;
    let unknown = infrasound_spec::bytes::encode(&[5; 32]);
    relay.post("/v1/links", &json!({ "ticket": unknown })).await.problem(ProblemType::TicketExpired);
    let ticket = relay.sign_in("alice").await.ticket;
    relay.post("/v1/links", &json!({ "ticket": ticket })).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn a_device_under_the_account_key_is_one_more_and_the_eleventh_is_refused() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut newest = None;
    for _ in 1..MAX_DEVICES {
        let mut new = NewDevice::make(&relay.sign_in("alice").await);
        new.account_key = alice.keys.account_key.clone();
        newest = Some(new.register(&relay, false).await);
    }
    let list: DeviceList = alice.get("/v1/devices").await.ok();
    assert_eq!(list.devices.len(), MAX_DEVICES);
    let mut new = NewDevice::make(&relay.sign_in("alice").await);
    relay.post("/v1/links", &json!({ "ticket": new.signed_in.ticket })).await.problem(ProblemType::Forbidden);
    new.account_key = alice.keys.account_key.clone();
    relay.post("/v1/devices", &new.request(false)).await.problem(ProblemType::Forbidden);
    alice.delete(&format!("/v1/devices/{}", newest.unwrap().id())).await.done();
    relay.post("/v1/devices", &new.request(false)).await.ok::<Session>();
}

#[tokio::test]
async fn a_revoked_device_is_out_of_its_link() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut second = NewDevice::make(&relay.sign_in("alice").await);
    second.account_key = alice.keys.account_key.clone();
    let second = second.register(&relay, false).await;
    let (_, opened) = open(&relay, "alice").await;
    let old = joined(&second, &opened.code).await;
    alice.delete(&format!("/v1/devices/{}", second.id())).await.done();
    second.get("/v1/devices").await.problem(ProblemType::DeviceRevoked);
    send(&relay, &old.token, 1, b"x").await.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn a_device_is_renamed_by_its_account_only_and_its_siblings_are_told() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let mut second = NewDevice::make(&relay.sign_in("alice").await);
    second.account_key = alice.keys.account_key.clone();
    let second = second.register(&relay, false).await;
    let path = format!("/v1/devices/{}", second.id());
    carol.put(&path, &json!({ "name": "mine now" })).await.problem(ProblemType::NotFound);
    alice.put(&path, &json!({ "name": "" })).await.problem(ProblemType::BadRequest);
    let mut stream = second.stream(None).await;
    alice.put(&path, &json!({ "name": "tablet" })).await.done();
    let list: DeviceList = second.get("/v1/devices").await.ok();
    assert!(list.devices.iter().any(|device| device.name == "tablet"));
    let mut told = String::new();
    while !told.contains(r#""devices""#) {
        told += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
    }
    // A device that did not listen is told when it does.
    let mut stream = alice.stream(None).await;
    let mut told = String::new();
    while !told.contains(r#""ready""#) {
        told += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
    }
    assert!(told.contains(r#""devices""#), "{told}");
}
