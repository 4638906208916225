//! Key packages: uploading, counting, claiming.

use infrasound_spec::{
    api::{
        key_packages::{ClaimedKeyPackages, KeyPackageCount, UploadKeyPackages},
        problem::ProblemType,
    },
    bytes::Base64Url,
    limits, time,
};
use serde_json::json;

use crate::support::{NewDevice, TestRelay, parse};

fn one_time(bytes: Vec<u8>) -> UploadKeyPackages {
    UploadKeyPackages { one_time: vec![Base64Url(bytes)], last_resort: None }
}

#[tokio::test]
async fn uploaded_key_packages_are_counted_and_handed_out_once() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let count: KeyPackageCount = bob.get("/v1/key-packages").await.ok();
    assert_eq!(count, KeyPackageCount { one_time: 2, last_resort: true });
    let mut seen = Vec::new();
    for _ in 0..4 {
        let claimed = alice.claim(bob.account()).await;
        assert_eq!(claimed.account_key, bob.keys.public_account_key());
        assert_eq!(claimed.key_packages[0].device, bob.id());
        let parsed = parse(&alice, &claimed.key_packages[0].key_package.0);
        seen.push((parsed.reference.as_slice().to_vec(), parsed.last_resort));
    }
    assert_eq!(seen.iter().map(|(_, last)| *last).collect::<Vec<_>>(), [false, false, true, true]);
    assert_ne!(seen[0].0, seen[1].0);
    assert_eq!(seen[2].0, seen[3].0);
}

#[tokio::test]
async fn two_claims_at_once_get_two_key_packages() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let (one, other) = tokio::join!(alice.claim(bob.account()), carol.claim(bob.account()));
    assert_ne!(one.key_packages[0].key_package, other.key_packages[0].key_package);
    assert_eq!(bob.get("/v1/key-packages").await.ok::<KeyPackageCount>().one_time, 0);
}

#[tokio::test]
async fn a_new_last_resort_replaces_the_old_one() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    bob.upload(0, true).await;
    let count: KeyPackageCount = bob.get("/v1/key-packages").await.ok();
    assert_eq!(count, KeyPackageCount { one_time: 2, last_resort: true });
    for _ in 0..3 {
        alice.claim(bob.account()).await;
    }
}

#[tokio::test]
async fn who_has_none_left_cannot_be_reached() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let bob = NewDevice::make(&relay.sign_in("bob").await).register(&relay, false).await;
    let claim = json!({ "account": bob.account() });
    alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::NoKeyPackages);
    bob.delete(&format!("/v1/devices/{}", bob.id())).await.done();
    alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::NoInfrasound);
}

#[tokio::test]
async fn key_packages_that_expire_soon_are_not_handed_out() {
    let relay = TestRelay::configured(|config| config.session_lifetime = 90 * time::DAY).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let short = one_time(bob.key_package(false, 30));
    bob.post("/v1/key-packages", &short).await.problem(ProblemType::Invalid);
    let long = one_time(bob.key_package(false, 200));
    bob.post("/v1/key-packages", &long).await.problem(ProblemType::Invalid);
    relay.clock.advance(44 * time::DAY);
    alice.claim(bob.account()).await;
    relay.clock.advance(2 * time::DAY);
    let none: KeyPackageCount = bob.get("/v1/key-packages").await.ok();
    assert_eq!(none, KeyPackageCount { one_time: 0, last_resort: false });
    let claim = json!({ "account": bob.account() });
    alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::NoKeyPackages);
}

#[tokio::test]
async fn only_ones_own_valid_key_packages_are_taken() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let of_bob = one_time(bob.key_package(false, 80));
    alice.post("/v1/key-packages", &of_bob).await.problem(ProblemType::Forbidden);
    let mut broken = bob.key_package(false, 80);
    *broken.last_mut().unwrap() ^= 1;
    bob.post("/v1/key-packages", &one_time(broken)).await.problem(ProblemType::Invalid);
    let garbage = one_time(vec![1; 100]);
    bob.post("/v1/key-packages", &garbage).await.problem(ProblemType::Invalid);
    let marked = one_time(bob.key_package(true, 80));
    bob.post("/v1/key-packages", &marked).await.problem(ProblemType::Invalid);
    let too_long = one_time(vec![1; limits::MAX_KEY_PACKAGE + 1]);
    bob.post("/v1/key-packages", &too_long).await.problem(ProblemType::Invalid);
}

#[tokio::test]
async fn at_most_a_hundred_are_kept() {
    let relay = TestRelay::start().await;
    let bob = relay.device("bob").await;
    let upload = |count: usize| UploadKeyPackages {
        one_time: (0..count).map(|_| Base64Url(bob.key_package(false, 80))).collect(),
        last_resort: None,
    };
    let full: KeyPackageCount = bob.post("/v1/key-packages", &upload(98)).await.ok();
    assert_eq!(full.one_time, 100);
    bob.post("/v1/key-packages", &upload(1)).await.problem(ProblemType::TooLarge);
    assert_eq!(bob.get("/v1/key-packages").await.ok::<KeyPackageCount>(), full);
}

#[tokio::test]
async fn a_stranger_cannot_drain_key_packages() {
    let relay = TestRelay::configured(|config| config.rates.stranger_claims_of_one_per_hour = 1).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let claim = json!({ "account": bob.account() });
    alice.post("/v1/key-packages/claim", &claim).await.ok::<ClaimedKeyPackages>();
    alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::RateLimited);
    bob.say(&carol, infrasound_spec::consent::ContactState::Accepted).await;
    carol.claim(bob.account()).await;
    carol.claim(bob.account()).await;
}
