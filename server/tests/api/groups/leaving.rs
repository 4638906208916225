//! Leaving by a proposal.

use infrasound_spec::{
    api::{conversations::Accepted, problem::ProblemType},
    log::EntryKind,
    policy::Role,
};

use crate::support::{Group, TestRelay};

#[tokio::test]
async fn who_leaves_gets_nothing_more_and_the_next_commit_removes_it() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let id = groups[0].id;
    let proposal = groups[1].leave(&bob);
    let left: Accepted = groups[1].submit_proposal(&bob, &proposal).await.ok();
    assert_eq!(left, groups[1].submit_proposal(&bob, &proposal).await.ok(), "a repeat");
    let entry = alice.log(&id, left.number - 1).await.entries.remove(0);
    assert_eq!((entry.kind, entry.number), (EntryKind::Proposal, left.number));
    // A commit that leaves it out is too late.
    let without = groups[0].update(&alice);
    let late = groups[0].submit_commit(&alice, &without).await.problem(ProblemType::WrongEpoch);
    assert!(late.wrong_epoch.unwrap().entries.iter().any(|entry| entry.number == left.number));
    groups[0].discard(&alice);
    groups[0].note(&alice, &entry.bytes.unwrap().0);
    let commit = groups[0].update(&alice);
    let removed = groups[0].enact(&alice, &commit).await;
    assert_eq!(alice.log(&id, left.number).await.entries[0].number, removed.number);
    let page = bob.log(&id, 0).await;
    assert_eq!(page.last, left.number);
    assert!(page.entries.iter().all(|entry| entry.number <= left.number));
    bob.get(&format!("/v1/conversations/{id}")).await.problem(ProblemType::NotFound);
    groups[0].send(&alice, "without bob").await;
}

#[tokio::test]
async fn an_account_leaves_once() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let first = groups[1].leave(&bob);
    groups[1].submit_proposal(&bob, &first).await.ok::<Accepted>();
    for _ in 0..3 {
        let again = groups[1].leave(&bob);
        groups[1].submit_proposal(&bob, &again).await.problem(ProblemType::Forbidden);
    }
}

#[tokio::test]
async fn a_proposal_for_somebody_else_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let of_bob = groups[1].leave(&bob);
    let stolen = groups[2].sign_proposal(&carol, of_bob.proposal.0.clone());
    groups[2].submit_proposal(&carol, &stolen).await.problem(ProblemType::Forbidden);
    let mut forged = groups[2].leave(&carol);
    forged.signature = of_bob.signature;
    groups[2].submit_proposal(&carol, &forged).await.problem(ProblemType::BadSignature);
    assert_eq!(alice.head(&groups[0].id).await.started_over, []);
}

#[tokio::test]
async fn a_proposal_of_an_old_epoch_is_too_late() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let old = groups[1].leave(&bob);
    let commit = groups[0].update(&alice);
    groups[0].enact(&alice, &commit).await;
    groups[1].submit_proposal(&bob, &old).await.problem(ProblemType::WrongEpoch);
}

#[tokio::test]
async fn the_last_owner_does_not_leave_and_nobody_leaves_alone() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let last_owner = groups[0].leave(&alice);
    groups[0].submit_proposal(&alice, &last_owner).await.problem(ProblemType::Forbidden);
    let mut alone = Group::of(&alice, &[], |_| ()).await;
    let proposal = alone.leave(&alice);
    alone.submit_proposal(&alice, &proposal).await.problem(ProblemType::Forbidden);
    let bobs = groups[1].leave(&bob);
    groups[1].submit_proposal(&bob, &bobs).await.ok::<Accepted>();
}

#[tokio::test]
async fn of_two_who_would_leave_nobody_behind_the_second_stays() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let owner = bob.account().clone();
    let mut groups = Group::joined_by(&alice, &[&bob], |policy| {
        policy.roles.insert(owner, Role::Owner);
    })
    .await;
    let (one, other) = (groups[0].leave(&alice), groups[1].leave(&bob));
    let (first, second) =
        tokio::join!(groups[0].submit_proposal(&alice, &one), groups[1].submit_proposal(&bob, &other));
    let (went, stays) = if first.status == 200 { (first, second) } else { (second, first) };
    went.ok::<Accepted>();
    stays.problem(ProblemType::Forbidden);
}

#[tokio::test]
async fn nobody_leaves_a_direct_conversation() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (_, mut of_bob) = Group::between(&alice, &bob).await;
    let proposal = of_bob.leave(&bob);
    of_bob.submit_proposal(&bob, &proposal).await.problem(ProblemType::Invalid);
}

#[tokio::test]
async fn of_a_commit_and_a_proposal_at_once_the_later_one_gives_way() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let (commit, proposal) = (groups[0].update(&alice), groups[1].leave(&bob));
    let (committed, proposed) =
        tokio::join!(groups[0].submit_commit(&alice, &commit), groups[1].submit_proposal(&bob, &proposal));
    assert_ne!(committed.status == 200, proposed.status == 200);
    let lost = if committed.status == 200 { proposed } else { committed };
    lost.problem(ProblemType::WrongEpoch);
}
