//! Both clients are real, and so is the relay between them.

use infrasound_core::{
    input::Wish,
    message::{Body, Message, MessageState},
};
use infrasound_spec::{
    account::AccountUri,
    api::{conversations::ConversationHead, paths},
    consent::ContactState,
};
use infrasound_tests::{
    device::Device,
    linking::{How, link},
    mls_rs::MlsRsDevice,
    sign_in::demo_token,
    world::World,
};

use super::notes;

async fn mls_rs_login(world: &World, name: &str) -> MlsRsDevice {
    MlsRsDevice::login(&world.base, &demo_token(&world.base, name).await).await
}

fn account(device: &Device) -> AccountUri {
    device.core().account().account
}

/// What a core shows of a conversation: who wrote, and what.
fn shown(history: &[Message]) -> Vec<(&str, &str)> {
    let shown = history.iter().map(|message| match &message.body {
        Body::Html(html) => (message.sender.name(), html.as_str()),
        other => panic!("{other:?}"),
    });
    shown.collect()
}

async fn head(world: &World, alice: &Device, bob: &MlsRsDevice) -> ConversationHead {
    let id = alice.with(&bob.handle).to_string();
    world.get(alice, &paths::with(paths::CONVERSATION, "conversation", &id)).await
}

/// Alice, on openmls, has written to Bob, on mls-rs, and Bob has accepted.
async fn acquainted(world: &World) -> (Device, MlsRsDevice) {
    let (mut alice, mut bob) = (world.login("alice").await, mls_rs_login(world, "bob").await);
    alice.send(&bob.handle, "hello").await;
    bob.sync().await.unwrap();
    bob.say(&account(&alice), ContactState::Accepted).await;
    alice.sync().await;
    bob.sync().await.unwrap();
    (alice, bob)
}

#[tokio::test]
async fn a_client_on_mls_rs_joins_and_both_sides_read_each_other() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, mls_rs_login(&world, "bob").await);
    let from = account(&alice);
    alice.send(&bob.handle, "hello from openmls").await;
    bob.sync().await.unwrap();
    assert_eq!(notes(bob.with(&from)), [(from.clone(), "<p>hello from openmls</p>".to_owned())]);
    alice.sync().await;
    assert_eq!(
        head(&world, &alice, &bob).await.provisional,
        Some(1),
        "a request that was opened looks unopened"
    );

    bob.say(&from, ContactState::Accepted).await;
    bob.send(&from, "<p>hello from mls-rs</p>").await.unwrap();
    alice.sync().await;
    let history = alice.history(&bob.handle).await;
    assert_eq!(
        shown(&history),
        [("alice", "<p>hello from openmls</p>"), ("bob", "<p>hello from mls-rs</p>")]
    );
    assert_eq!(history[1].state, MessageState::Received);
    bob.sync().await.unwrap();
    assert_eq!(bob.with(&from).provisional(), None);
    assert_eq!(head(&world, &alice, &bob).await.provisional, None);
    assert_eq!(alice.warnings(), []);
}

#[tokio::test]
async fn a_client_on_mls_rs_founds_a_conversation_that_openmls_joins() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, mls_rs_login(&world, "bob").await);
    let to = bob.found(&alice.handle()).await.unwrap();
    bob.send(&to, "<p>hello from mls-rs</p>").await.unwrap();
    alice.sync().await;
    assert_eq!(shown(&alice.history(&bob.handle).await), [("bob", "<p>hello from mls-rs</p>")]);
    bob.sync().await.unwrap();
    assert_eq!(bob.with(&to).provisional(), Some(1), "a request that was opened looks unopened");

    alice.say(&bob.handle, ContactState::Accepted).await;
    alice.send(&bob.handle, "hello from openmls").await;
    bob.sync().await.unwrap();
    assert_eq!(notes(bob.with(&to)), [(to.clone(), "<p>hello from openmls</p>".to_owned())]);
    assert_eq!(bob.with(&to).provisional(), None);
    assert_eq!(alice.warnings(), []);
}

#[tokio::test]
async fn each_side_applies_the_others_commits() {
    let world = World::start().await;
    let (mut alice, mut bob) = acquainted(&world).await;
    let other = account(&alice);
    alice.wish(Wish::RenewLeaf { conversation: alice.with(&bob.handle) }).await.unwrap();
    bob.sync().await.unwrap();
    assert_eq!(bob.with(&other).epoch(), 2);
    alice.sync().await;
    bob.renew_leaf(&other).await.unwrap();
    alice.sync().await;
    bob.sync().await.unwrap();
    let head = head(&world, &alice, &bob).await;
    assert_eq!((head.epoch, head.provisional, bob.with(&other).epoch()), (3, None, 3));

    alice.send(&bob.handle, "in the third epoch").await;
    bob.sync().await.unwrap();
    bob.send(&other, "<p>there too</p>").await.unwrap();
    alice.sync().await;
    assert_eq!(notes(bob.with(&other)).last().unwrap().1, "<p>in the third epoch</p>");
    assert_eq!(shown(&alice.history(&bob.handle).await).last().unwrap(), &("bob", "<p>there too</p>"));
    assert_eq!(alice.warnings(), []);
}

#[tokio::test]
async fn both_sides_see_the_same_log() {
    let world = World::start().await;
    let (mut alice, mut bob) = acquainted(&world).await;
    let other = account(&alice);
    for round in 0..5 {
        alice.send(&bob.handle, &format!("alice {round}")).await;
        bob.sync().await.unwrap();
        bob.send(&other, &format!("<p>bob {round}</p>")).await.unwrap();
        alice.sync().await;
    }
    bob.sync().await.unwrap();
    // Each message says, encrypted, what its sender had seen; either side would have complained of a difference.
    assert_eq!(alice.warnings(), []);
    assert_eq!(bob.with(&other).position().number, head(&world, &alice, &bob).await.last);
    assert_eq!(notes(bob.with(&other)).len(), 6);
    assert_eq!(alice.history(&bob.handle).await.len(), 11);
}

#[tokio::test]
async fn who_starts_over_on_openmls_is_let_in_again_by_mls_rs() {
    let world = World::start().await;
    let (alice, mut bob) = acquainted(&world).await;
    let other = account(&alice);
    let mut alice = world.start_over("alice").await;
    bob.let_in(&other).await.unwrap();
    bob.send(&other, "<p>welcome back</p>").await.unwrap();
    alice.sync().await;
    assert_eq!(shown(&alice.history(&bob.handle).await), [("bob", "<p>welcome back</p>")]);
    assert_eq!(alice.warnings(), []);
    assert_eq!(bob.with(&other).epoch(), 2);
}

#[tokio::test]
async fn who_starts_over_on_mls_rs_is_let_in_again_by_openmls() {
    let world = World::start().await;
    let (mut alice, bob) = acquainted(&world).await;
    let (handle, other) = (bob.handle.clone(), account(&alice));
    let mut bob = MlsRsDevice::start_over(&world.base, &demo_token(&world.base, "bob").await).await;
    alice.sync().await;
    alice.say(&handle, ContactState::Accepted).await;
    alice.send(&handle, "welcome back").await;
    bob.sync().await.unwrap();
    assert_eq!(notes(bob.with(&other)), [(other.clone(), "<p>welcome back</p>".to_owned())]);
    bob.send(&other, "<p>it is me</p>").await.unwrap();
    alice.sync().await;
    assert_eq!(shown(&alice.history(&handle).await).last(), Some(&("bob", "<p>it is me</p>")));
}

#[tokio::test]
async fn the_key_package_of_last_resort_lets_mls_rs_into_two_conversations() {
    let world = World::start().await;
    let (mut alice, mut carol) = (world.login("alice").await, world.login("carol").await);
    let mut bob = mls_rs_login(&world, "bob").await;
    while bob.key_packages_left().await.one_time > 0 {
        world.claim(&alice, &bob.keys.account).await;
    }
    for (device, text) in [(&mut alice, "alice writes"), (&mut carol, "carol writes")] {
        device.send(&bob.handle, text).await;
    }
    bob.sync().await.unwrap();
    for (device, text) in [(&alice, "<p>alice writes</p>"), (&carol, "<p>carol writes</p>")] {
        let from = account(device);
        assert_eq!(notes(bob.with(&from)), [(from.clone(), text.to_owned())]);
    }
}

#[tokio::test]
async fn a_linked_device_on_openmls_comes_in_by_itself_and_mls_rs_lets_it() {
    let world = World::start().await;
    let (mut alice, mut bob) = acquainted(&world).await;
    let other = account(&alice);
    let signed_in = world.sign_in("alice").await;
    let mut second = link(&world.base, signed_in, &mut alice, How::Screen, 310).await;
    second.sync().await;
    bob.sync().await.unwrap();
    bob.send(&other, "<p>to both</p>").await.unwrap();
    for device in [&mut alice, &mut second] {
        device.sync().await;
        assert_eq!(shown(&device.history(&bob.handle).await).last(), Some(&("bob", "<p>to both</p>")));
        assert_eq!(device.warnings(), []);
    }
    second.send(&bob.handle, "from the second").await;
    bob.sync().await.unwrap();
    assert_eq!(notes(bob.with(&other)).last().unwrap().1, "<p>from the second</p>");
}
