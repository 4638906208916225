//! Submitting messages.

use infrasound_spec::{
    api::{conversations::Accepted, problem::ProblemType},
    bytes::Base64Url,
    consent::ContactState,
    limits,
    log::{self, EntryKind},
    report::CommitOutcome,
};
use openmls::prelude::LeafNodeIndex;

use crate::support::{Group, TestRelay, parse};

#[tokio::test]
async fn messages_of_both_are_numbered_without_gaps() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    let before = alice.head(&of_alice.id).await.last;
    for round in 0..3 {
        let first = of_alice.send(&alice, "ping").await;
        let second = of_bob.send(&bob, "pong").await;
        assert_eq!((first.number, second.number), (before + 2 * round + 1, before + 2 * round + 2));
        assert!(second.time >= first.time);
    }
    let page = bob.log(&of_bob.id, before).await;
    assert_eq!(page.entries.len(), 6);
    assert!(page.entries.iter().all(|entry| entry.kind == EntryKind::Message));
    assert!(page.entries.iter().all(|entry| entry.digest == log::digest(&entry.bytes.as_ref().unwrap().0)));
    assert_eq!(page.entries[0].submitter, Some(alice.id()));
}

#[tokio::test]
async fn many_senders_at_once_leave_no_gap() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let before = alice.head(&group.id).await.last;
    let messages: Vec<_> = (0..40).map(|number| group.message(&alice, &format!("{number}"))).collect();
    let answers = futures_util::future::join_all(messages.iter().map(|one| group.submit(&alice, one))).await;
    let mut numbers: Vec<u64> = answers.iter().map(|answer| answer.ok::<Accepted>().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (before + 1..=before + 40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_another_message_under_its_id_does_not() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let message = group.message(&alice, "once");
    let (first, second) = tokio::join!(group.submit(&alice, &message), group.submit(&alice, &message));
    let accepted: Accepted = first.ok();
    assert_eq!(accepted, second.ok());
    assert_eq!(accepted, group.submit(&alice, &message).await.ok());
    let mut other = group.message(&alice, "twice");
    other.submission = message.submission;
    let content =
        infrasound_spec::submission::message_content(&group.id, &other.submission, &other.message.0);
    other.signature = alice.sign(infrasound_spec::signing::Purpose::Submission, &content);
    group.submit(&alice, &other).await.problem(ProblemType::IdReused);
    assert_eq!(alice.head(&group.id).await.last, accepted.number);
}

#[tokio::test]
async fn a_repeat_after_the_epoch_changed_gets_the_first_answer() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let message = group.message(&alice, "once");
    let accepted: Accepted = group.submit(&alice, &message).await.ok();
    let commit = group.update(&alice);
    group.submit_commit(&alice, &commit).await.ok::<Accepted>();
    assert_eq!(accepted, group.submit(&alice, &message).await.ok());
}

#[tokio::test]
async fn a_message_of_an_old_epoch_brings_the_missing_entries() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    let before = bob.head(&of_bob.id).await.last;
    let late = of_bob.message(&bob, "late");
    let commit = of_alice.update(&alice);
    let accepted: Accepted = of_alice.submit_commit(&alice, &commit).await.ok();
    let mut late = late;
    late.after = before;
    let problem = of_bob.submit(&bob, &late).await.problem(ProblemType::WrongEpoch);
    let missing = problem.wrong_epoch.unwrap();
    assert_eq!(missing.epoch, 2);
    assert_eq!(missing.entries.first().unwrap().number, accepted.number);
    of_bob.apply(&bob, &missing.entries[0].bytes.as_ref().unwrap().0);
    of_bob.send(&bob, "now").await;
}

#[tokio::test]
async fn a_broken_signature_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let mut message = group.message(&alice, "hello");
    message.message.0[40] ^= 1;
    group.submit(&alice, &message).await.problem(ProblemType::BadSignature);
    let message = group.message(&alice, "hello");
    group.submit(&bob, &message).await.problem(ProblemType::BadSignature);
}

#[tokio::test]
async fn what_is_not_an_application_message_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let garbage = group.sign_message(&alice, vec![7; 300]);
    group.submit(&alice, &garbage).await.problem(ProblemType::Invalid);
    let commit = group.update(&alice).bundle.commit.0;
    let commit = group.sign_message(&alice, commit);
    group.submit(&alice, &commit).await.problem(ProblemType::Invalid);
    group.discard(&alice);
    group.mls.set_aad(vec![9, 9]);
    let other_aad = group.message_with_aad(&alice, "hello");
    group.submit(&alice, &other_aad).await.problem(ProblemType::Invalid);
    let too_long = group.sign_message(&alice, vec![0; limits::MAX_MESSAGE + 1]);
    group.submit(&alice, &too_long).await.problem(ProblemType::TooLarge);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let mut message = group.message(&alice, "hello");
    message.message = Base64Url(vec![0; limits::MAX_BODY]);
    group.submit(&alice, &message).await.problem(ProblemType::TooLarge);
}

#[tokio::test]
async fn a_message_to_who_blocks_the_sender_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    bob.say(&alice, ContactState::Blocked).await;
    let message = of_alice.message(&alice, "hello");
    of_alice.submit(&alice, &message).await.problem(ProblemType::NoConsent);
    let commit = of_alice.update(&alice);
    of_alice.submit_commit(&alice, &commit).await.problem(ProblemType::NoConsent);
    of_bob.send(&bob, "I may still write").await;
    bob.say(&alice, ContactState::Accepted).await;
    of_alice.submit(&alice, &message).await.ok::<Accepted>();
}

#[tokio::test]
async fn a_message_that_no_device_of_the_other_would_read_is_refused_until_it_is_let_in_again() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let before = group.message(&alice, "in time");
    let accepted: Accepted = group.submit(&alice, &before).await.ok();
    let bob = relay.start_over("bob").await;
    let lost = group.message(&alice, "to nobody");
    group.submit(&alice, &lost).await.problem(ProblemType::NoInfrasound);
    assert_eq!(accepted, group.submit(&alice, &before).await.ok(), "a repeat gets the first answer");
    assert_eq!(alice.head(&group.id).await.last, accepted.number);
    let renewal = group.update(&alice);
    group.submit_commit(&alice, &renewal).await.ok::<Accepted>();
    group.merge(&alice);
    let lost = group.message(&alice, "still to nobody");
    group.submit(&alice, &lost).await.problem(ProblemType::NoInfrasound);
    let claimed = alice.claim(bob.account()).await;
    let fresh = parse(&alice, &claimed.key_packages[0].key_package.0).key_package;
    let swap = group.commit(&alice, vec![fresh], &[LeafNodeIndex::new(1)]);
    let let_in: Accepted = group.submit_commit(&alice, &swap).await.ok();
    group.merge(&alice);
    group.send(&alice, "to the new device").await;
    let joined = Group::join(&bob).await;
    joined.report(&bob, let_in.number, CommitOutcome::CannotApply).await.done();
    let kinds = alice.log(&group.id, let_in.number).await.entries;
    assert_eq!(kinds.last().unwrap().kind, EntryKind::Void);
    group.submit(&alice, &lost).await.problem(ProblemType::NoInfrasound);
}
