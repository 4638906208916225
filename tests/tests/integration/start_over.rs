//! An account that lost its device starts over: a new key, which nobody takes for the old one unasked.
//!
//! Spec: `identity.md` 7 and 8; `conversations.md` 11.

use infrasound_core::{event::Event, warning::Warning};
use infrasound_spec::{api::stream::StreamEvent, consent::ContactState};
use infrasound_tests::{device::Device, world::World};

async fn acquainted(world: &World) -> (Device, Device) {
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    alice.send(&bob.handle(), "before").await;
    bob.sync().await;
    bob.say(&alice.handle(), ContactState::Accepted).await;
    alice.sync().await;
    bob.sync().await;
    (alice, bob)
}

#[tokio::test]
async fn a_second_sign_in_is_told_of_the_device_and_refused_unless_it_starts_over() {
    let world = World::start().await;
    let (_, bob) = acquainted(&world).await;
    let signed_in = world.sign_in("bob").await;
    assert_eq!(signed_in.devices.len(), 1);
    assert_eq!(signed_in.devices[0].device, bob.core().device());
}

#[tokio::test]
async fn the_old_device_of_who_starts_over_is_signed_out() {
    let world = World::start().await;
    let (alice, mut old) = acquainted(&world).await;
    let _new = world.start_over("bob").await;
    old.sync().await;
    assert!(old.events.iter().any(|event| matches!(event, Event::SignedOut(_))));
    let wish = infrasound_core::input::Wish::Send {
        to: alice.handle(),
        text: "x".to_owned(),
        in_reply_to: None,
        attachments: Vec::new(),
    };
    assert!(old.wish(wish).await.is_err());
}

#[tokio::test]
async fn who_starts_over_is_let_in_again_only_when_the_other_confirms_the_new_key() {
    let world = World::start().await;
    let (mut alice, old) = acquainted(&world).await;
    let bob = old.handle();
    let mut new = world.start_over("bob").await;
    new.send(&alice.handle(), "it is me, I lost my phone").await;
    alice.sync().await;
    assert!(alice.warnings().contains(&Warning::AccountKeyChanged { who: bob.clone() }));
    alice.send(&bob, "is it really you?").await;
    new.sync().await;
    assert!(new.core().conversations()[0].waiting.is_some(), "the new device waits to be let in");
    assert_eq!(alice.history(&bob).await.len(), 2, "Alice's message waits, too");
    assert_eq!(alice.history(&bob).await[1].number, None);

    alice.say(&bob, ContactState::Accepted).await;
    alice.sync().await;
    new.sync().await;
    alice.sync().await;
    let at_new = new.texts(&alice.handle()).await;
    assert_eq!(at_new.len(), 2, "{at_new:?}");
    assert!(at_new[0].contains("is it really you?") && at_new[1].contains("it is me"), "{at_new:?}");
    assert_eq!(alice.texts(&bob).await.len(), 3, "Alice keeps what was before");
}

#[tokio::test]
async fn two_who_have_both_started_over_begin_anew() {
    let world = World::start().await;
    let (alice, bob) = acquainted(&world).await;
    let (alice, bob) = (alice.handle(), bob.handle());
    let mut new_bob = world.start_over("bob").await;
    new_bob.send(&alice, "let me in").await;
    assert!(new_bob.core().conversations()[0].waiting.is_some(), "Alice has to let it in");

    // Now nobody is left who could; the stream says so, and nothing else happens.
    let mut new_alice = world.start_over("alice").await;
    let account = new_alice.core().account().account;
    new_bob.nudge(&serde_json::to_string(&StreamEvent::StartedOver { account }).unwrap());
    new_bob.drive().await;
    new_alice.sync().await;
    assert!(new_alice.texts(&bob).await.last().unwrap().contains("let me in"));
}

#[tokio::test]
async fn a_message_sent_before_one_knows_that_the_other_started_over_is_not_lost() {
    let world = World::start().await;
    let (mut alice, old) = acquainted(&world).await;
    let bob = old.handle();
    let mut new = world.start_over("bob").await;
    // Alice has not heard of it yet.
    alice.send(&bob, "into the void?").await;
    alice.sync().await;
    assert_eq!(alice.history(&bob).await.last().unwrap().number, None, "it waits instead of going to nobody");
    alice.say(&bob, ContactState::Accepted).await;
    alice.advance(120_000).await;
    new.sync().await;
    assert!(new.texts(&alice.handle()).await[0].contains("into the void?"));
}

#[tokio::test]
async fn when_both_start_over_the_conversation_is_founded_again() {
    let world = World::start().await;
    let _ = acquainted(&world).await;
    let mut alice = world.start_over("alice").await;
    let mut bob = world.start_over("bob").await;
    alice.send(&bob.handle(), "all new").await;
    bob.sync().await;
    assert!(bob.core().conversation_with(&alice.handle()).is_some(), "{:?} {:?}", alice.events, bob.events);
    assert!(bob.texts(&alice.handle()).await[0].contains("all new"));
    bob.send(&alice.handle(), "all new here, too").await;
    alice.sync().await;
    assert_eq!(alice.texts(&bob.handle()).await, bob.texts(&alice.handle()).await);
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]));
}
