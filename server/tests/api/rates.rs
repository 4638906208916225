//! Rates that keep bursts away: of registrations, and of claims by strangers.

use infrasound_relay::config::RateConfig;
use infrasound_spec::{
    api::{devices::Session, key_packages::KeyPackageCount, problem::ProblemType},
    consent::ContactState,
    time,
};
use serde_json::json;

use crate::{
    sessions::begin,
    support::{Answer, Device, NewDevice, TestRelay},
};

async fn relay(rates: impl FnOnce(&mut RateConfig)) -> TestRelay {
    TestRelay::configured(|config| rates(&mut config.rates)).await
}

async fn register(relay: &TestRelay, name: &str) -> Answer {
    let new = NewDevice::make(&relay.sign_in(name).await);
    relay.post("/v1/devices", &new.request(true)).await
}

#[tokio::test]
async fn an_account_starts_over_only_so_often_in_a_day() {
    let relay = relay(|rates| rates.registrations_of_account_per_day = 2).await;
    for _ in 0..2 {
        register(&relay, "alice").await.ok::<Session>();
    }
    let refused = register(&relay, "alice").await.problem(ProblemType::RateLimited);
    assert_eq!(refused.retry_after, Some(time::DAY / time::SECOND / 2));
    register(&relay, "bob").await.ok::<Session>();
    relay.clock.advance(time::DAY / 2);
    register(&relay, "alice").await.ok::<Session>();
}

#[tokio::test]
async fn one_address_and_the_relay_take_only_so_many_registrations() {
    for rates in [
        (|rates: &mut RateConfig| rates.registrations_of_address_per_hour = 2) as fn(&mut RateConfig),
        |rates| rates.registrations_per_minute = 2,
    ] {
        let relay = relay(rates).await;
        register(&relay, "alice").await.ok::<Session>();
        register(&relay, "bob").await.ok::<Session>();
        register(&relay, "carol").await.problem(ProblemType::RateLimited);
    }
}

#[tokio::test]
async fn a_ticket_that_is_refused_for_the_rate_stays_good() {
    let relay = relay(|rates| rates.registrations_per_minute = 1).await;
    register(&relay, "alice").await.ok::<Session>();
    let bob = NewDevice::make(&relay.sign_in("bob").await);
    let refused = relay.post("/v1/devices", &bob.request(false)).await.problem(ProblemType::RateLimited);
    relay.clock.advance(refused.retry_after.unwrap() * time::SECOND);
    relay.post("/v1/devices", &bob.request(false)).await.ok::<Session>();
}

async fn one_time(device: &Device) -> u64 {
    device.get("/v1/key-packages").await.ok::<KeyPackageCount>().one_time
}

#[tokio::test]
async fn strangers_together_use_up_only_so_many_key_packages_and_are_served_all_the_same() {
    let relay = relay(|rates| rates.one_time_to_strangers_per_hour = 2).await;
    let alice = relay.device("alice").await;
    alice.upload(4, true).await;
    let before = one_time(&alice).await;
    let strangers = [relay.device("bob").await, relay.device("carol").await, relay.device("dave").await];
    for stranger in &strangers {
        assert_eq!(stranger.claim(alice.account()).await.key_packages.len(), 1);
    }
    assert_eq!(one_time(&alice).await, before - 2);
    alice.say(&strangers[0], ContactState::Accepted).await;
    strangers[0].claim(alice.account()).await;
    assert_eq!(one_time(&alice).await, before - 3, "who was accepted finds one");
}

#[tokio::test]
async fn a_limited_account_asks_fewer_strangers() {
    let relay = relay(|rates| rates.limited_stranger_claims_per_hour = 1).await;
    let mut alice = relay.device("alice").await;
    let (bob, carol) = (relay.device("bob").await, relay.device("carol").await);
    assert!(relay.running().demo().unwrap().set_limited("alice", true).await.unwrap());
    alice.token = begin(&relay, &alice).await.ok::<Session>().token.to_string();
    alice.claim(bob.account()).await;
    let claim = json!({ "account": carol.account() });
    alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::RateLimited);
    carol.say(&alice, ContactState::Accepted).await;
    alice.claim(carol.account()).await;
    bob.claim(carol.account()).await;
}
