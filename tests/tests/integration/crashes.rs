//! A device that crashes before any of its outputs is carried out loses nothing and repeats nothing.
//!
//! Every point of a short conversation is tried: the crash comes before the first output, the second, and so on.
//!
//! Spec: `journal.md` 1 and 4.

use infrasound_spec::consent::ContactState;
use infrasound_tests::{device::Device, world::World};

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().filter_map(|text| text.split("<p>").nth(1)?.split("</p>").next()).collect()
}

/// Alice sends three messages and Bob two, while one of them crashes before its `n`th output. `false`: there was none.
async fn conversation_with_crash(n: usize, of_alice: bool) {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    let crashing: &mut Device = if of_alice { &mut alice } else { &mut bob };
    crashing.crash_before(n);
    let (at_alice, at_bob) = (alice.handle(), bob.handle());
    alice.send_or_again(&at_bob, "one").await;
    bob.sync().await;
    if bob.core().conversation_with(&at_alice).is_none() {
        bob.sync().await;
    }
    bob.say(&at_alice, ContactState::Accepted).await;
    bob.send_or_again(&at_alice, "two").await;
    alice.sync().await;
    alice.send_or_again(&at_bob, "three").await;
    for _ in 0..3 {
        bob.sync().await;
        alice.sync().await;
    }
    let (history_a, history_b) = (alice.texts(&at_bob).await, bob.texts(&at_alice).await);
    assert_eq!(history_a, history_b, "crash before output {n} of {}", if of_alice { "alice" } else { "bob" });
    assert_eq!(texts(&history_a), ["one", "two", "three"], "crash before output {n}");
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]), "crash before output {n}");
}

#[tokio::test]
async fn the_sender_may_crash_at_any_point() {
    for n in (1..40).step_by(3) {
        conversation_with_crash(n, true).await;
    }
}

#[tokio::test]
async fn the_receiver_may_crash_at_any_point() {
    for n in (1..40).step_by(3) {
        conversation_with_crash(n, false).await;
    }
}
