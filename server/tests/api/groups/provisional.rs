//! Commits of groups that stand or fall.

use infrasound_spec::{
    api::{conversations::Accepted, problem::ProblemType},
    consent::ContactState,
    report::CommitOutcome,
    time,
};

use crate::support::{Group, TestRelay, claim_all};

#[tokio::test]
async fn one_who_cannot_apply_a_commit_does_not_void_it_if_another_can() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let commit = groups[0].update(&alice);
    let accepted = groups[0].enact(&alice, &commit).await;
    groups[2].report(&carol, accepted.number, CommitOutcome::CannotApply).await.done();
    assert_eq!(alice.head(&groups[0].id).await.provisional, Some(accepted.number));
    groups[1].apply(&bob, &commit.bundle.commit.0);
    groups[1].report(&bob, accepted.number, groups[1].applied()).await.done();
    let head = alice.head(&groups[0].id).await;
    assert_eq!((head.provisional, head.epoch), (None, 2));
}

#[tokio::test]
async fn a_commit_that_nobody_can_apply_is_voided_at_once() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let commit = groups[0].update(&alice);
    let accepted = groups[0].enact(&alice, &commit).await;
    for (group, device) in [(&groups[1], &bob), (&groups[2], &carol)] {
        group.report(device, accepted.number, CommitOutcome::CannotApply).await.done();
    }
    let head = alice.head(&groups[0].id).await;
    assert_eq!((head.provisional, head.epoch), (None, 1));
    // The conversation is still usable, from where it was.
    let commit = groups[1].update(&bob);
    groups[1].submit_commit(&bob, &commit).await.ok::<Accepted>();
}

#[tokio::test]
async fn who_was_added_does_not_confirm_the_commit_that_added_it() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let added = claim_all(&alice, &[&carol]).await;
    let commit = groups[0].commit(&alice, added, &[]);
    let accepted = groups[0].enact(&alice, &commit).await;
    let mut joined = Group::join(&carol).await;
    joined.send(&carol, "I can read").await;
    assert_eq!(alice.head(&joined.id).await.provisional, Some(accepted.number));
    let own = joined.update(&carol);
    let second = joined.enact(&carol, &own).await;
    joined.report(&carol, second.number, joined.applied()).await.done();
    assert_eq!(alice.head(&joined.id).await.provisional, Some(accepted.number));
    groups[1].report(&bob, accepted.number, CommitOutcome::CannotApply).await.done();
    relay.clock.advance(30 * time::SECOND);
    groups[1].report(&bob, accepted.number, CommitOutcome::CannotApply).await.done();
    let head = alice.head(&groups[0].id).await;
    assert_eq!((head.epoch, head.provisional), (1, None));
    carol.get(&format!("/v1/conversations/{}", groups[0].id)).await.problem(ProblemType::NotFound);
    assert!(carol.welcomes().await.welcomes.is_empty(), "a Welcome goes with its commit");
}

#[tokio::test]
async fn a_voided_removal_gives_back_who_was_removed() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let leaf = groups[0].leaf_of(&carol);
    let commit = groups[0].commit(&alice, Vec::new(), &[leaf]);
    let accepted = groups[0].enact(&alice, &commit).await;
    carol.get(&format!("/v1/conversations/{}", groups[0].id)).await.problem(ProblemType::NotFound);
    for (group, device) in [(&groups[1], &bob), (&groups[2], &carol)] {
        group.report(device, accepted.number, CommitOutcome::CannotApply).await.done();
    }
    let head = carol.head(&groups[0].id).await;
    assert_eq!((head.member, head.consent), (true, ContactState::Accepted));
    groups[2].send(&carol, "still here").await;
}

#[tokio::test]
async fn what_a_voided_commit_applied_is_proposed_again() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let proposal = groups[2].leave(&carol);
    let left: Accepted = groups[2].submit_proposal(&carol, &proposal).await.ok();
    groups[0].note(&alice, &proposal.proposal.0);
    let commit = groups[0].update(&alice);
    let accepted = groups[0].enact(&alice, &commit).await;
    for (group, device) in [(&groups[1], &bob), (&groups[2], &carol)] {
        group.report(device, accepted.number, CommitOutcome::CannotApply).await.done();
    }
    assert_eq!(alice.head(&groups[0].id).await.epoch, 1);
    assert_eq!(carol.log(&groups[0].id, 0).await.last, left.number, "she has left all the same");
    let without = groups[1].update(&bob);
    groups[1].submit_commit(&bob, &without).await.problem(ProblemType::WrongEpoch);
    groups[1].discard(&bob);
    groups[1].note(&bob, &proposal.proposal.0);
    let commit = groups[1].update(&bob);
    groups[1].submit_commit(&bob, &commit).await.ok::<Accepted>();
}

#[tokio::test]
async fn a_proposal_falls_with_the_commit_before_it() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let added = claim_all(&alice, &[&carol]).await;
    let commit = groups[0].commit(&alice, added, &[]);
    let accepted = groups[0].enact(&alice, &commit).await;
    let mut joined = Group::join(&carol).await;
    let proposal = joined.leave(&carol);
    joined.submit_proposal(&carol, &proposal).await.ok::<Accepted>();
    groups[1].report(&bob, accepted.number, CommitOutcome::CannotApply).await.done();
    relay.clock.advance(30 * time::SECOND);
    groups[1].report(&bob, accepted.number, CommitOutcome::CannotApply).await.done();
    assert_eq!(alice.head(&groups[0].id).await.epoch, 1);
    let commit = groups[1].update(&bob);
    groups[1].submit_commit(&bob, &commit).await.ok::<Accepted>();
}
