//! Joining by a link.

use infrasound_spec::{
    api::{conversations::Accepted, groups::GroupInfoGiven, problem::ProblemType},
    consent::ContactState,
    policy::JoinMode,
    report::CommitOutcome,
    time::HOUR,
};

use crate::support::{Group, Link, TestRelay};

#[tokio::test]
async fn who_has_a_link_joins_while_everybody_is_offline() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let link = Link::make();
    let mut group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Open, 0)).await;
    let given: GroupInfoGiven = carol.group_info(&group.id, Some(&link.proof(&group.id, &carol))).await.ok();
    let right = link.right(&group, &carol);
    let (mut joined, commit) = Group::come_in(&carol, group.id, &given, &right);
    let accepted: Accepted = joined.submit_commit(&carol, &commit).await.ok();
    let head = carol.head(&group.id).await;
    assert_eq!((head.consent, head.inviter, head.member), (ContactState::Accepted, None, true));
    assert_eq!(head.provisional, Some(accepted.number), "those who were there judge it");
    joined.send(&carol, "hello all").await;
    assert_eq!(carol.head(&group.id).await.provisional, Some(accepted.number));
    group.apply(&alice, &commit.bundle.commit.0);
    group.report(&alice, accepted.number, group.applied()).await.done();
    assert_eq!(carol.head(&group.id).await.provisional, None);
    assert_eq!(group.applied(), joined.applied());
}

#[tokio::test]
async fn a_link_is_good_for_as_many_as_it_says_and_a_void_gives_a_use_back() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let link = Link::make();
    let group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Open, 1)).await;
    let id = group.id;
    let given: GroupInfoGiven = bob.group_info(&id, Some(&link.proof(&id, &bob))).await.ok();
    let (joined, commit) = Group::come_in(&bob, id, &given, &link.right(&group, &bob));
    let first: Accepted = joined.submit_commit(&bob, &commit).await.ok();
    let proof = link.proof(&id, &carol);
    carol.group_info(&id, Some(&proof)).await.problem(ProblemType::Forbidden);
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    let (late, commit) = Group::come_in(&carol, id, &given, &link.right(&joined, &carol));
    let problem = late.submit_commit(&carol, &commit).await.problem(ProblemType::Forbidden);
    assert!(problem.detail.contains("used up"), "{}", problem.detail);
    group.report(&alice, first.number, CommitOutcome::CannotApply).await.done();
    bob.get(&format!("/v1/conversations/{id}")).await.problem(ProblemType::NotFound);
    let given: GroupInfoGiven = carol.group_info(&id, Some(&proof)).await.ok();
    let (joined, commit) = Group::come_in(&carol, id, &given, &link.right(&group, &carol));
    joined.submit_commit(&carol, &commit).await.ok::<Accepted>();
}

#[tokio::test]
async fn an_expired_link_lets_nobody_in() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let link = Link::make();
    let group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Open, 0)).await;
    let proof = link.proof(&group.id, &carol);
    let given: GroupInfoGiven = carol.group_info(&group.id, Some(&proof)).await.ok();
    let (joined, commit) = Group::come_in(&carol, group.id, &given, &link.right(&group, &carol));
    relay.clock.advance(2 * HOUR);
    joined.submit_commit(&carol, &commit).await.problem(ProblemType::Invalid);
    carol.group_info(&group.id, Some(&proof)).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn a_revoked_link_lets_nobody_in() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let link = Link::make();
    let mut group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Open, 0)).await;
    let commit = group.change_policy(&alice, |policy| policy.links.clear(), &[]);
    group.enact(&alice, &commit).await;
    carol.group_info(&group.id, Some(&link.proof(&group.id, &carol))).await.problem(ProblemType::NotFound);
    let given: GroupInfoGiven = alice.group_info(&group.id, None).await.ok();
    let (joined, commit) = Group::come_in(&carol, group.id, &given, &link.right(&group, &carol));
    joined.submit_commit(&carol, &commit).await.problem(ProblemType::Invalid);
}

#[tokio::test]
async fn a_proof_for_another_device_shows_nothing() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let link = Link::make();
    let group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Open, 0)).await;
    let of_bob = link.proof(&group.id, &bob);
    carol.group_info(&group.id, Some(&of_bob)).await.problem(ProblemType::BadSignature);
    let other = Link::make().proof(&group.id, &carol);
    carol.group_info(&group.id, Some(&other)).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn who_lost_a_race_for_a_link_is_told_to_look_again() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let link = Link::make();
    let mut group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Open, 0)).await;
    let given: GroupInfoGiven = carol.group_info(&group.id, Some(&link.proof(&group.id, &carol))).await.ok();
    let (joined, late) = Group::come_in(&carol, group.id, &given, &link.right(&group, &carol));
    let commit = group.update(&alice);
    group.enact(&alice, &commit).await;
    let problem = joined.submit_commit(&carol, &late).await.problem(ProblemType::WrongEpoch);
    assert_eq!(problem.wrong_epoch.unwrap().entries, [], "she may read nothing yet");
}

#[tokio::test]
async fn who_is_banned_is_not_let_near() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let link = Link::make();
    let banned = carol.account().clone();
    let group = Group::of(&alice, &[], |policy| {
        link.put(policy, JoinMode::Open, 0);
        policy.banned.insert(banned);
    })
    .await;
    let proof = link.proof(&group.id, &carol);
    carol.group_info(&group.id, Some(&proof)).await.problem(ProblemType::Forbidden);
    let given: GroupInfoGiven = alice.group_info(&group.id, None).await.ok();
    let (joined, commit) = Group::come_in(&carol, group.id, &given, &link.right(&group, &carol));
    joined.submit_commit(&carol, &commit).await.problem(ProblemType::Invalid);
}
