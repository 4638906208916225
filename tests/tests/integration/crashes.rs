//! A device that crashes before an output is carried out, or does not get an answer, loses nothing and repeats nothing.
//!
//! A short conversation is gone through again and again: the crash comes before its second output, its fifth, and so on.
//!
//! Spec: `journal.md` 1 and 4.

use infrasound_core::{
    event::FailureCode,
    input::Wish,
    message::{Message, MessageState},
};
use infrasound_spec::consent::ContactState;
use infrasound_tests::{device::Device, world::World};

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().filter_map(|text| text.split("<p>").nth(1)?.split("</p>").next()).collect()
}

/// Alice sends two messages and Bob one, while something happens to one of them.
async fn conversation_with(what: &str, of_alice: bool, happens: impl Fn(&mut Device)) {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    happens(if of_alice { &mut alice } else { &mut bob });
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
        bob.advance(120_000).await;
        bob.sync().await;
        alice.advance(120_000).await;
        alice.sync().await;
    }
    let (history_a, history_b) = (alice.texts(&at_bob).await, bob.texts(&at_alice).await);
    assert_eq!(history_a, history_b, "{what} of {}", if of_alice { "alice" } else { "bob" });
    assert_eq!(texts(&history_a), ["one", "two", "three"], "{what}");
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]), "{what}");
}

async fn crash(n: usize, of_alice: bool) {
    conversation_with(&format!("crash before output {n}"), of_alice, |device| device.crash_before(n)).await;
}

async fn lost_answer(n: usize, of_alice: bool) {
    conversation_with(&format!("lost answer {n}"), of_alice, |device| device.lose_answer(n)).await;
}

#[tokio::test]
async fn the_sender_may_crash_at_any_point() {
    for n in (2..60).step_by(3) {
        crash(n, true).await;
    }
}

#[tokio::test]
async fn the_receiver_may_crash_at_any_point() {
    for n in (2..60).step_by(3) {
        crash(n, false).await;
    }
}

#[tokio::test]
async fn any_answer_to_the_sender_may_be_lost() {
    for n in 1..20 {
        lost_answer(n, true).await;
    }
}

#[tokio::test]
async fn any_answer_to_the_receiver_may_be_lost() {
    for n in 1..20 {
        lost_answer(n, false).await;
    }
}

fn failed(messages: &[Message]) -> Vec<&Message> {
    messages.iter().filter(|message| matches!(message.state, MessageState::Failed(_))).collect()
}

#[tokio::test]
async fn a_message_that_failed_stays_until_it_is_sent_again_or_let_go() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, world.login("bob").await);
    let (at_alice, at_bob) = (alice.handle(), bob.handle());
    alice.send(&at_bob, "hello").await;
    bob.sync().await;
    bob.say(&at_alice, ContactState::Blocked).await;
    let file = alice.seal("notes.txt", b"what she wrote down");
    alice.send_files(&at_bob, "with a file", vec![file]).await;
    alice.send(&at_bob, "and without").await;
    alice.crash().await;
    let history = alice.history(&at_bob).await;
    let [with_file, without] = failed(&history)[..] else { panic!("{history:?}") };
    let (with_file, without) = (with_file.id.clone(), without.id.clone());

    alice.wish(Wish::Discard { object: without.clone() }).await.unwrap();
    bob.say(&at_alice, ContactState::Accepted).await;
    alice.sync().await;
    alice.wish(Wish::SendAgain { object: with_file.clone() }).await.unwrap();
    alice.sync().await;
    bob.sync().await;
    let received = bob.history(&at_alice).await;
    let [_, last] = &received[..] else { panic!("{received:?}") };
    assert_eq!(last.id, with_file, "it is the same message");
    assert_eq!(bob.fetch(&last.attachments[0]).await.unwrap(), b"what she wrote down");
    alice.crash().await;
    assert!(failed(&alice.history(&at_bob).await).is_empty());
    for object in [with_file, without] {
        let again = alice.wish(Wish::SendAgain { object }).await.unwrap_err();
        assert_eq!(again.code, FailureCode::NotFound);
    }
}
