//! Submitting commits: one wins an epoch, and only valid ones.

use futures_util::future::join_all;
use infrasound_spec::{
    api::{conversations::Accepted, problem::ProblemType},
    consent::ContactState,
    log::EntryKind,
};
use openmls::prelude::LeafNodeIndex;

use crate::support::{Group, TestRelay, parse, submit};

#[tokio::test]
async fn of_two_commits_for_one_epoch_one_wins_and_the_loser_gets_the_entries() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    let before = alice.head(&of_alice.id).await.last;
    let (mut one, mut other) = (of_alice.update(&alice), of_bob.update(&bob));
    (one.after, other.after) = (before, before);
    let (first, second) =
        tokio::join!(of_alice.submit_commit(&alice, &one), of_bob.submit_commit(&bob, &other));
    let alice_won = first.status == 200;
    let (won, lost) = if alice_won { (first, second) } else { (second, first) };
    let accepted: Accepted = won.ok();
    assert_eq!(accepted.number, before + 1);
    let missing = lost.problem(ProblemType::WrongEpoch).wrong_epoch.unwrap();
    assert_eq!(missing.epoch, 2);
    let winner = missing.entries[0].bytes.clone().unwrap().0;
    assert_eq!(missing.entries[0].number, accepted.number);
    if alice_won {
        of_alice.merge(&alice);
        of_bob.discard(&bob);
        of_bob.apply(&bob, &winner);
    } else {
        of_bob.merge(&bob);
        of_alice.discard(&alice);
        of_alice.apply(&alice, &winner);
    }
    assert_eq!(of_alice.applied(), of_bob.applied());
    of_alice.send(&alice, "we agree").await;
    of_bob.send(&bob, "we do").await;
}

#[tokio::test]
async fn a_repeated_commit_gets_the_first_answer() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let commit = group.update(&alice);
    let (first, second) =
        tokio::join!(group.submit_commit(&alice, &commit), group.submit_commit(&alice, &commit));
    let accepted: Accepted = first.ok();
    assert_eq!(accepted, second.ok());
    assert_eq!(accepted, group.submit_commit(&alice, &commit).await.ok());
    group.discard(&alice);
    let mut other = group.update(&alice);
    other.submission = commit.submission;
    let content = infrasound_spec::submission::commit_content(
        &group.id,
        &other.submission,
        &other.bundle.commit.0,
        &[],
        &other.bundle.group_info.0,
    );
    other.signature = alice.sign(infrasound_spec::signing::Purpose::Submission, &content);
    group.submit_commit(&alice, &other).await.problem(ProblemType::IdReused);
}

#[tokio::test]
async fn a_commit_that_adds_a_stranger_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let (mut group, _) = Group::between(&alice, &bob).await;
    let claimed = alice.claim(carol.account()).await;
    let stranger = parse(&alice, &claimed.key_packages[0].key_package.0).key_package;
    let commit = group.commit(&alice, vec![stranger], &[]);
    let problem = group.submit_commit(&alice, &commit).await.problem(ProblemType::Invalid);
    assert!(problem.detail.contains("is not part of this conversation"), "{}", problem.detail);
    assert!(carol.welcomes().await.welcomes.is_empty());
}

#[tokio::test]
async fn a_commit_that_removes_the_other_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let commit = group.commit(&alice, Vec::new(), &[LeafNodeIndex::new(1)]);
    group.submit_commit(&alice, &commit).await.problem(ProblemType::Invalid);
}

#[tokio::test]
async fn a_commit_of_another_device_than_the_sessions_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, of_bob) = Group::between(&alice, &bob).await;
    let bundle = of_alice.update(&alice).bundle;
    let stolen = submit(of_bob.sign(&bob, bundle), 0);
    of_bob.submit_commit(&bob, &stolen).await.problem(ProblemType::Forbidden);
}

#[tokio::test]
async fn a_commit_with_a_broken_part_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let good = group.update(&alice);
    group.submit_commit(&bob, &good).await.problem(ProblemType::BadSignature);
    let mut broken = good.bundle.clone();
    let middle = broken.commit.0.len() / 2;
    broken.commit.0[middle] ^= 1;
    let broken = submit(group.sign(&alice, broken), 0);
    group.submit_commit(&alice, &broken).await.problem(ProblemType::Invalid);
    let mut broken = good.bundle.clone();
    *broken.group_info.0.last_mut().unwrap() ^= 1;
    let broken = submit(group.sign(&alice, broken), 0);
    group.submit_commit(&alice, &broken).await.problem(ProblemType::Invalid);
    let mut extra = good.bundle.clone();
    extra.welcome = Some(extra.commit.clone());
    let extra = submit(group.sign(&alice, extra), 0);
    group.submit_commit(&alice, &extra).await.problem(ProblemType::Invalid);
    group.submit_commit(&alice, &good).await.ok::<Accepted>();
}

#[tokio::test]
async fn who_started_over_is_let_in_again_under_the_new_key() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let bob = relay.start_over("bob").await;
    let head = alice.head(&group.id).await;
    assert_eq!(head.started_over, vec![bob.account().clone()]);
    bob.get(&format!("/v1/conversations/{}/log?after=0", group.id)).await.problem(ProblemType::NotFound);
    let claimed = alice.claim(bob.account()).await;
    let fresh = parse(&alice, &claimed.key_packages[0].key_package.0).key_package;
    let alone = group.commit(&alice, vec![fresh.clone()], &[]);
    let problem = group.submit_commit(&alice, &alone).await.problem(ProblemType::Invalid);
    assert!(problem.detail.contains("account key"), "{}", problem.detail);
    group.discard(&alice);
    let swap = group.commit(&alice, vec![fresh], &[LeafNodeIndex::new(1)]);
    let accepted: Accepted = group.submit_commit(&alice, &swap).await.ok();
    group.merge(&alice);
    let joined = Group::join(&bob).await;
    assert_eq!(joined.applied(), group.applied());
    let page = bob.log(&group.id, 0).await;
    assert!(page.entries.iter().all(|entry| entry.bytes.is_some() == (entry.number >= accepted.number)));
    assert!(alice.head(&group.id).await.started_over.is_empty());
}

#[tokio::test]
async fn repeats_at_the_same_time_get_one_answer() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, found) = Group::prepare(&alice, &bob, 0).await;
    let answers = join_all((0..8).map(|_| alice.post("/v1/conversations", &found))).await;
    assert!(answers.iter().all(|answer| answer.ok::<Accepted>().number == 1));
    group.merge(&alice);
    for number in 2..12 {
        let commit = group.update(&alice);
        let answers = join_all((0..8).map(|_| group.submit_commit(&alice, &commit))).await;
        assert!(answers.iter().all(|answer| answer.ok::<Accepted>().number == number));
        group.merge(&alice);
    }
}

#[tokio::test]
async fn a_commit_of_the_other_confirms_the_one_before() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    bob.say(&alice, ContactState::Accepted).await;
    let first = of_alice.update(&alice);
    let first_at: Accepted = of_alice.submit_commit(&alice, &first).await.ok();
    of_alice.merge(&alice);
    of_bob.apply(&bob, &first.bundle.commit.0);
    let second = of_bob.update(&bob);
    let second_at: Accepted = of_bob.submit_commit(&bob, &second).await.ok();
    let page = alice.log(&of_alice.id, first_at.number).await;
    let kinds: Vec<_> = page.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Confirm, EntryKind::Commit]);
    assert_eq!(alice.head(&of_alice.id).await.provisional, Some(second_at.number));
}
