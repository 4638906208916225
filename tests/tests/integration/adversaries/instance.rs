//! An instance that resets the password of an account and signs in as it: it starts over, under another account key.

use infrasound_core::warning::Warning;
use infrasound_spec::{
    api::problem::{Problem, ProblemType},
    consent::ContactState,
};
use infrasound_tests::world::World;

use super::stage::{Stage, told};

#[tokio::test]
async fn to_read_and_to_write_in_a_direct_conversation() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, world.login("bob").await);
    alice.send(&bob.handle(), "before").await;
    bob.sync().await;
    bob.say(&alice.handle(), ContactState::Accepted).await;
    alice.sync().await;
    let id = alice.with(&bob.handle());

    let mut instance = world.start_over("bob").await;
    instance.sync().await;
    let refused: Problem = world.get(&instance, &format!("/v1/conversations/{id}/log?after=0")).await;
    assert_eq!(refused.problem_type, ProblemType::NotFound, "the relay gives it nothing of before");
    instance.send(&alice.handle(), "it is me").await;
    alice.sync().await;
    alice.send(&bob.handle(), "really?").await;
    alice.advance(600_000).await;
    instance.sync().await;
    assert_eq!(instance.texts(&alice.handle()).await.len(), 1, "its own, which waits: nothing of Alice's");
    assert!(told(&alice, |warning| *warning == Warning::AccountKeyChanged { who: bob.handle() }));
    assert_eq!(alice.history(&bob.handle()).await.len(), 2, "nothing came from the instance");
}

#[tokio::test]
async fn to_read_and_to_write_in_a_group() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.alice.say_in(id, "before").await;
    stage.settle().await;
    let bob = stage.bob.handle();
    let mut instance = stage.world.start_over("bob").await;
    instance.sync().await;
    assert!(instance.core().conversations().is_empty(), "it is in nothing, and is shown nothing");
    stage.bob.sync().await;
    assert!(
        stage.bob.events.iter().any(|event| matches!(event, infrasound_core::event::Event::SignedOut(_)))
    );
    stage.alice.sync().await;
    stage.alice.say_in(id, "after").await;
    stage.carol.sync().await;
    assert_eq!(stage.carol.said(id).await, ["before", "after"]);
    instance.sync().await;
    assert!(instance.core().conversations().is_empty());
    // To let it in takes somebody who may, who is told whose key has changed, and says yes.
    stage.alice.add(id, std::slice::from_ref(&bob)).await.unwrap_err();
    assert!(told(&stage.alice, |warning| *warning == Warning::AccountKeyChanged { who: bob.clone() }));
    stage.carol.say_in(id, "who was that?").await;
    stage.alice.sync().await;
    assert_eq!(stage.alice.said(id).await, ["before", "after", "who was that?"]);
}
