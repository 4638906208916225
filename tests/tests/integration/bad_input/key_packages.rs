//! Key packages that are malformed or have expired: refused by the relay, and by the client that is handed one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use infrasound_core::{event::Event, input::HttpResponse, message::MessageState, output::Method};
use infrasound_spec::{
    api::{
        key_packages::{ClaimedKeyPackages, KeyPackageCount, UploadKeyPackages},
        paths,
    },
    bytes::Base64Url,
    key_package::KEY_PACKAGE_LIFETIME,
    time::MINUTE,
};
use infrasound_tests::{device::Device, world::World};

/// Uploads one as alice's device, and gives the status and the text of the answer.
async fn upload(world: &World, alice: &Device, bytes: Vec<u8>) -> (u16, String) {
    let body = UploadKeyPackages { one_time: vec![Base64Url(bytes)], last_resort: None };
    let url = format!("{}{}", world.base, paths::KEY_PACKAGES);
    let request = reqwest::Client::new().post(url).bearer_auth(alice.token().unwrap()).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_relay_takes_no_malformed_key_package() {
    let world = World::start().await;
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    let claimed = world.claim(&bob, &alice.core().account().account).await;
    let good = claimed.key_packages.first().unwrap().key_package.0.clone();
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    for bytes in [Vec::new(), b"no key package".to_vec(), good[..good.len() - 1].to_vec(), changed] {
        let (status, text) = upload(&world, &alice, bytes).await;
        assert!((400..500).contains(&status), "{status}: {text}");
        assert!(text.contains("key package"), "{text}");
    }
}

#[tokio::test]
async fn however_many_uploads_are_lost_the_device_goes_on_offering_key_packages() {
    let world = World::start().await;
    let mut bob = world.login("bob").await;
    let none = KeyPackageCount { one_time: 0, last_resort: false };
    bob.answer_in_its_place(move |request| {
        let uploads = request.method == Method::Post;
        let body = if uploads { Vec::new() } else { serde_json::to_vec(&none).unwrap() };
        let status = if uploads { 503 } else { 200 };
        (request.path == paths::KEY_PACKAGES).then_some(HttpResponse { status, retry_after: None, body })
    });
    for _ in 0..8 {
        bob.sync().await;
        bob.advance(10 * MINUTE).await;
    }
    let uploaded = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&uploaded);
    bob.trust();
    bob.tamper(move |request, response| {
        if request.path == paths::KEY_PACKAGES && request.method == Method::Post {
            seen.fetch_add(1, Ordering::Relaxed);
        } else if request.path == paths::KEY_PACKAGES {
            response.body = serde_json::to_vec(&none).unwrap();
        }
    });
    bob.advance(10 * MINUTE).await;
    bob.sync().await;
    assert!(uploaded.load(Ordering::Relaxed) > 0);
}

/// Alice writes to Bob, whose key packages go through `change` on their way. Gives why it failed.
async fn write_with(change: impl Fn(&mut Vec<u8>) + Send + 'static, ahead: u64) -> String {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, world.login("bob").await);
    alice.advance(ahead).await;
    alice.tamper(move |request, response| {
        if request.path == paths::KEY_PACKAGES_CLAIM {
            let mut claimed: ClaimedKeyPackages = serde_json::from_slice(&response.body).unwrap();
            claimed.key_packages.iter_mut().for_each(|package| change(&mut package.key_package.0));
            response.body = serde_json::to_vec(&claimed).unwrap();
        }
    });
    let to = bob.handle();
    alice.send(&to, "Hello").await;
    bob.sync().await;
    assert!(bob.core().conversations().is_empty(), "nothing went");
    why_failed(&alice)
}

fn why_failed(alice: &Device) -> String {
    let why = alice.events.iter().find_map(|event| match event {
        Event::IntentFailed { failure, .. } => Some(failure.text.clone()),
        Event::MessageState { state: MessageState::Pending(Some(reason)), .. } => Some(reason.clone()),
        _ => None,
    });
    why.unwrap_or_else(|| panic!("nothing was said: {:?}", alice.events))
}

#[tokio::test]
async fn a_client_uses_no_malformed_key_package() {
    let reason = write_with(|bytes| bytes.truncate(40), 0).await;
    assert!(reason.contains("key package"), "{reason}");
}

#[tokio::test]
async fn a_client_uses_no_expired_key_package() {
    let reason = write_with(|_| {}, 2 * KEY_PACKAGE_LIFETIME).await;
    assert!(reason.contains("key package") || reason.contains("expired"), "{reason}");
}
