//! Devices of members that come in by themselves.

use infrasound_spec::{
    api::{
        conversations::{Accepted, ConversationList},
        groups::GroupInfoGiven,
        problem::ProblemType,
    },
    external::ExternalJoin,
    report::CommitOutcome,
    time::SECOND,
};

use crate::support::{Device, Group, TestRelay};

#[tokio::test]
async fn a_device_that_lost_its_state_comes_back_and_the_group_goes_on() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    assert_eq!(given.last, bob.head(&id).await.last);
    let (mut back, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
    let accepted: Accepted = back.submit_commit(&bob, &commit).await.ok();
    assert_eq!(accepted, back.submit_commit(&bob, &commit).await.ok(), "a repeat");
    groups[0].apply(&alice, &commit.bundle.commit.0);
    assert_eq!(groups[0].applied(), back.applied());
    groups[0].report(&alice, accepted.number, groups[0].applied()).await.done();
    assert_eq!(bob.head(&id).await.provisional, None);
    back.send(&bob, "here again").await;
    groups[0].send(&alice, "welcome back").await;
    let page = bob.log(&id, accepted.number - 1).await;
    assert!(page.entries.iter().all(|entry| entry.bytes.is_some()));
}

#[tokio::test]
async fn it_works_in_a_direct_conversation_too() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, of_bob) = Group::between(&alice, &bob).await;
    let given: GroupInfoGiven = bob.group_info(&of_bob.id, None).await.ok();
    let (mut back, commit) = Group::come_in(&bob, of_bob.id, &given, &ExternalJoin::Member);
    back.submit_commit(&bob, &commit).await.ok::<Accepted>();
    of_alice.apply(&alice, &commit.bundle.commit.0);
    of_alice.send(&alice, "welcome back").await;
    back.send(&bob, "thanks").await;
}

#[tokio::test]
async fn a_stranger_does_not_come_in() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    carol.group_info(&id, None).await.problem(ProblemType::NotFound);
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    let (group, commit) = Group::come_in(&carol, id, &given, &ExternalJoin::Member);
    let problem = group.submit_commit(&carol, &commit).await.problem(ProblemType::Invalid);
    assert!(problem.detail.contains("is not a member"), "{}", problem.detail);
}

#[tokio::test]
async fn an_account_that_started_over_does_not_come_in_by_itself() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    let bob = relay.start_over("bob").await;
    bob.group_info(&id, None).await.problem(ProblemType::NotFound);
    let (group, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
    group.submit_commit(&bob, &commit).await.problem(ProblemType::Invalid);
    assert_eq!(alice.head(&id).await.started_over, [bob.account().clone()]);
    let list: ConversationList = bob.get("/v1/conversations").await.ok();
    assert_eq!(list.conversations, []);
}

#[tokio::test]
async fn a_removed_device_does_not_come_back() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    let leaf = groups[0].leaf_of(&bob);
    let commit = groups[0].commit(&alice, Vec::new(), &[leaf]);
    groups[0].enact(&alice, &commit).await;
    bob.group_info(&id, None).await.problem(ProblemType::NotFound);
    let given: GroupInfoGiven = alice.group_info(&id, None).await.ok();
    let (group, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
    group.submit_commit(&bob, &commit).await.problem(ProblemType::Invalid);
}

#[tokio::test]
async fn a_device_comes_back_three_times_in_an_hour() {
    let relay = TestRelay::configured(|config| config.rates.rejoins_per_hour = 3).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    for _ in 0..3 {
        let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
        let (group, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
        group.submit_commit(&bob, &commit).await.ok::<Accepted>();
    }
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    let (group, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
    let problem = group.submit_commit(&bob, &commit).await.problem(ProblemType::RateLimited);
    relay.clock.advance(1000 * problem.retry_after.unwrap());
    group.submit_commit(&bob, &commit).await.ok::<Accepted>();
}

#[tokio::test]
async fn who_comes_back_takes_along_who_leaves() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let id = groups[0].id;
    let before: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    let proposal = groups[2].leave(&carol);
    groups[2].submit_proposal(&carol, &proposal).await.ok::<Accepted>();
    let (group, without) = Group::come_in(&bob, id, &before, &ExternalJoin::Member);
    group.submit_commit(&bob, &without).await.problem(ProblemType::WrongEpoch);
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    assert_eq!(given.proposals, std::slice::from_ref(&proposal.proposal));
    let (group, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
    group.submit_commit(&bob, &commit).await.ok::<Accepted>();
    groups[0].note(&alice, &proposal.proposal.0);
    groups[0].apply(&alice, &commit.bundle.commit.0);
    assert_eq!(groups[0].applied(), group.applied());
    carol.group_info(&id, None).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn a_commit_by_which_another_device_joins_is_not_taken_from_this_one() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    let (_, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
    let stolen = crate::support::submit(groups[0].sign(&alice, commit.bundle), 0);
    groups[0].submit_commit(&alice, &stolen).await.problem(ProblemType::Forbidden);
}

#[tokio::test]
async fn who_comes_back_does_not_confirm_what_it_could_not_apply() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    let commit = groups[0].update(&alice);
    let doubtful = groups[0].enact(&alice, &commit).await;
    let given: GroupInfoGiven = bob.group_info(&id, None).await.ok();
    let (group, commit) = Group::come_in(&bob, id, &given, &ExternalJoin::Member);
    group.submit_commit(&bob, &commit).await.ok::<Accepted>();
    assert_eq!(alice.head(&id).await.provisional, Some(doubtful.number));
}

/// Alice commits, and nobody says what became of it; then Bob's device comes in by a commit of its own.
async fn bob_on_top_of_alice(relay: &TestRelay, others: &[&Device]) -> OnTop {
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let members: Vec<&Device> = [&bob].into_iter().chain(others.iter().copied()).collect();
    let mut groups = Group::joined_by(&alice, &members, |_| ()).await;
    let commit = groups[0].update(&alice);
    let before = groups[0].enact(&alice, &commit).await.number;
    let given: GroupInfoGiven = bob.group_info(&groups[0].id, None).await.ok();
    let (back, commit) = Group::come_in(&bob, groups[0].id, &given, &ExternalJoin::Member);
    let own = back.submit_commit(&bob, &commit).await.ok::<Accepted>().number;
    groups[0].apply(&alice, &commit.bundle.commit.0);
    OnTop { alice, bob, groups, back, before, own }
}

struct OnTop {
    alice: Device,
    bob: Device,
    groups: Vec<Group>,
    back: Group,
    /// Alice's commit.
    before: u64,
    /// Bob's, on top of it.
    own: u64,
}

#[tokio::test]
async fn who_has_come_in_says_that_what_it_built_on_stands() {
    let relay = TestRelay::start().await;
    let OnTop { alice, bob, groups, back, before, own } = bob_on_top_of_alice(&relay, &[]).await;
    assert_eq!(alice.head(&back.id).await.provisional, Some(before), "to come in says nothing of it");
    back.report(&bob, own, back.applied()).await.done();
    assert_eq!(alice.head(&back.id).await.provisional, Some(own), "nobody confirms a commit of its own");
    groups[0].report(&alice, own, groups[0].applied()).await.done();
    assert_eq!(alice.head(&back.id).await.provisional, None);
}

#[tokio::test]
async fn whoever_speaks_confirms_what_was_before_and_what_others_have_applied_since() {
    let relay = TestRelay::start().await;
    let OnTop { alice, bob, groups, mut back, before, own } = bob_on_top_of_alice(&relay, &[]).await;
    groups[0].report(&alice, own, groups[0].applied()).await.done();
    assert_eq!(
        alice.head(&back.id).await.provisional,
        Some(before),
        "her word on his does not count for hers"
    );
    back.send(&bob, "here again").await;
    assert_eq!(alice.head(&back.id).await.provisional, None);
}

#[tokio::test]
async fn who_comes_in_does_not_make_a_commit_stand_that_somebody_has_refused() {
    let relay = TestRelay::start().await;
    let carol = relay.device("carol").await;
    let OnTop { alice, bob, groups, back, before, own } = bob_on_top_of_alice(&relay, &[&carol]).await;
    groups[2].report(&carol, before, CommitOutcome::CannotApply).await.done();
    back.report(&bob, own, back.applied()).await.done();
    assert_eq!(alice.head(&back.id).await.provisional, Some(before), "he has not decrypted it");
    relay.clock.advance(30 * SECOND);
    groups[2].report(&carol, before, CommitOutcome::CannotApply).await.done();
    let head = alice.head(&back.id).await;
    assert_eq!((head.provisional, head.epoch), (None, 1), "it falls, and his with it");
}
