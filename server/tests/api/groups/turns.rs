//! Whose commit comes next.

use infrasound_spec::{
    api::{conversations::Accepted, groups::TurnGiven, problem::ProblemType},
    time,
};
use serde_json::json;

use crate::support::{Group, TestRelay};

#[tokio::test]
async fn who_has_a_turn_commits_and_others_wait() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let path = format!("/v1/conversations/{}/turns", groups[0].id);
    alice.post(&path, &json!({})).await.ok::<TurnGiven>();
    let problem = bob.post(&path, &json!({ "removal": false })).await.problem(ProblemType::RateLimited);
    assert_eq!(problem.retry_after, Some(1));
    let by_bob = groups[1].update(&bob);
    let problem = groups[1].submit_commit(&bob, &by_bob).await.problem(ProblemType::RateLimited);
    assert_eq!(problem.retry_after, Some(1));
    groups[1].send(&bob, "messages do not wait").await;
    let by_alice = groups[0].update(&alice);
    groups[0].enact(&alice, &by_alice).await;
    bob.post(&path, &json!({})).await.ok::<TurnGiven>();
    let by_alice = groups[0].update(&alice);
    groups[0].submit_commit(&alice, &by_alice).await.problem(ProblemType::RateLimited);
    relay.clock.advance(2 * time::SECOND);
    groups[0].submit_commit(&alice, &by_alice).await.ok::<Accepted>();
}

#[tokio::test]
async fn only_members_get_a_turn() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let group = Group::of(&alice, &[], |_| ()).await;
    let path = format!("/v1/conversations/{}/turns", group.id);
    carol.post(&path, &json!({})).await.problem(ProblemType::NotFound);
}
