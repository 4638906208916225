//! Welcomes and the trees that they name.

use infrasound_spec::api::{conversations::TreeBytes, problem::ProblemType};

use crate::support::{Group, TestRelay};

#[tokio::test]
async fn a_welcome_is_for_its_device_until_it_is_used() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let group = Group::found(&alice, &bob).await;
    let pending = bob.welcomes().await.welcomes.pop().unwrap();
    assert_eq!((pending.conversation, pending.number), (group.id, 1));
    let path = format!("/v1/welcomes/{}", pending.welcome);
    let tree = format!("/v1/conversations/{}/trees/{}", group.id, pending.tree);
    alice.get(&tree).await.problem(ProblemType::NotFound);
    carol.delete(&path).await.problem(ProblemType::NotFound);
    bob.get(&tree).await.ok::<TreeBytes>();
    bob.delete(&path).await.done();
    bob.delete(&path).await.problem(ProblemType::NotFound);
    bob.get(&tree).await.problem(ProblemType::NotFound);
    assert!(bob.welcomes().await.welcomes.is_empty());
}
