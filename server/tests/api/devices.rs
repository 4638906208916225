//! Devices: registering, listing, revoking, starting over.

use infrasound_spec::{
    api::{
        devices::{DeviceList, Session},
        problem::ProblemType,
    },
    limits, time,
};

use crate::support::{NewDevice, TestRelay};

#[tokio::test]
async fn a_device_is_registered_once_with_a_ticket() {
    let relay = TestRelay::start().await;
    let signed_in = relay.sign_in("alice").await;
    assert!(signed_in.devices.is_empty() && signed_in.account_key.is_none());
    let new = NewDevice::make(&signed_in);
    let session: Session = relay.post("/v1/devices", &new.request(false)).await.ok();
    assert!(session.expires > session.now);
    relay.post("/v1/devices", &new.request(false)).await.problem(ProblemType::TicketExpired);
    let again = relay.sign_in("alice").await;
    assert_eq!(again.account_key, Some(new.public_account_key()));
    assert_eq!(again.devices.len(), 1);
    assert_eq!((again.devices[0].device, again.devices[0].name.as_str()), (new.id, "laptop"));
}

#[tokio::test]
async fn a_second_sign_in_is_told_of_the_device_and_may_start_over() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let new = NewDevice::make(&relay.sign_in("alice").await);
    let problem =
        relay.post("/v1/devices", &new.request(false)).await.problem(ProblemType::AccountHasDevices);
    assert_eq!(problem.devices.unwrap()[0].device, alice.id());
    alice.get("/v1/account").await.ok::<serde_json::Value>();
    let second = new.register(&relay, true).await;
    alice.get("/v1/account").await.problem(ProblemType::DeviceRevoked);
    let list: DeviceList = second.get("/v1/devices").await.ok();
    assert_eq!(list.devices.iter().map(|device| device.device).collect::<Vec<_>>(), [second.id()]);
}

#[tokio::test]
async fn a_registration_that_does_not_verify_leaves_the_ticket_good() {
    let relay = TestRelay::start().await;
    let new = NewDevice::make(&relay.sign_in("alice").await);
    let other = NewDevice::make(&new.signed_in);
    let mut proof = new.request(false);
    proof.proof = other.request(false).proof;
    relay.post("/v1/devices", &proof).await.problem(ProblemType::BadSignature);
    let mut endorsement = new.request(false);
    endorsement.endorsement = other.request(false).endorsement;
    relay.post("/v1/devices", &endorsement).await.problem(ProblemType::Invalid);
    let mut name = new.request(false);
    name.name = "x".repeat(limits::MAX_DEVICE_NAME + 1);
    relay.post("/v1/devices", &name).await.problem(ProblemType::BadRequest);
    relay.post("/v1/devices", &new.request(false)).await.ok::<Session>();
}

#[tokio::test]
async fn a_ticket_is_good_for_ten_minutes() {
    let relay = TestRelay::start().await;
    let new = NewDevice::make(&relay.sign_in("alice").await);
    relay.clock.advance(10 * time::MINUTE);
    relay.post("/v1/devices", &new.request(false)).await.problem(ProblemType::TicketExpired);
}

#[tokio::test]
async fn a_revoked_device_is_out_and_the_account_may_begin_anew() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let path = format!("/v1/devices/{}", alice.id());
    bob.delete(&path).await.problem(ProblemType::NotFound);
    alice.delete(&path).await.done();
    alice.get("/v1/devices").await.problem(ProblemType::DeviceRevoked);
    NewDevice::make(&relay.sign_in("alice").await).register(&relay, false).await;
}

#[tokio::test]
async fn the_id_of_a_device_is_taken_once() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut new = NewDevice::make(&relay.sign_in("bob").await);
    new.id = alice.id();
    relay.post("/v1/devices", &new.request(false)).await.problem(ProblemType::IdReused);
}
