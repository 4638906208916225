//! Commits are provisional until another account confirms them, and end once.

use infrasound_spec::{
    api::{
        conversations::{Accepted, Forked},
        problem::ProblemType,
    },
    consent::ContactState,
    log::{self, EntryKind},
    report::{AuthenticatorHash, CommitOutcome},
    signing, time,
};

use crate::support::{Device, Group, TestRelay};

async fn control_entries(device: &Device, group: &Group) -> Vec<(EntryKind, u64)> {
    let entries = device.log(&group.id, 0).await.entries;
    let control = entries.iter().filter(|entry| matches!(entry.kind, EntryKind::Confirm | EntryKind::Void));
    control
        .map(|entry| (entry.kind, log::control_target(&entry.bytes.as_ref().unwrap().0).unwrap()))
        .collect()
}

#[tokio::test]
async fn a_report_of_the_other_account_confirms_a_commit() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    let commit = of_alice.update(&alice);
    let accepted: Accepted = of_alice.submit_commit(&alice, &commit).await.ok();
    of_alice.merge(&alice);
    of_alice.report(&alice, accepted.number, of_alice.applied()).await.done();
    assert_eq!(alice.head(&of_alice.id).await.provisional, Some(accepted.number));
    of_bob.apply(&bob, &commit.bundle.commit.0);
    of_bob.report(&bob, accepted.number, of_bob.applied()).await.done();
    of_bob.report(&bob, accepted.number, of_bob.applied()).await.done();
    assert_eq!(alice.head(&of_alice.id).await.provisional, None);
    let ends = control_entries(&alice, &of_alice).await;
    assert_eq!(ends, [(EntryKind::Confirm, 1), (EntryKind::Confirm, accepted.number)]);
}

#[tokio::test]
async fn a_report_that_is_not_signed_or_not_by_a_member_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let group = Group::found(&alice, &bob).await;
    group.report(&carol, 1, group.applied()).await.problem(ProblemType::NotFound);
    group.report(&bob, 9, group.applied()).await.problem(ProblemType::NotFound);
    let content = infrasound_spec::report::report_content(&group.id, 1, &CommitOutcome::CannotApply);
    let signature = bob.sign(signing::Purpose::CommitReport, &content);
    let report =
        infrasound_spec::api::conversations::ReportCommit { number: 1, outcome: group.applied(), signature };
    let path = format!("/v1/conversations/{}/reports", group.id);
    bob.post(&path, &report).await.problem(ProblemType::BadSignature);
}

#[tokio::test]
async fn who_came_to_another_epoch_than_others_is_shown_what_they_signed() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let group = Group::of(&alice, &[&bob, &carol], |_| ()).await;
    let (of_bob, of_carol) = (Group::join(&bob).await, Group::join(&carol).await);
    let elsewhere = AuthenticatorHash::from_bytes([7; 32]);
    of_bob.report(&bob, 1, of_bob.applied()).await.done();
    let forked: Forked =
        of_carol.report(&carol, 1, CommitOutcome::Applied { authenticator: elsewhere }).await.ok();
    let outcome = CommitOutcome::Applied { authenticator: forked.authenticator };
    assert_eq!((forked.device, outcome), (bob.id(), of_bob.applied()));
    let content = infrasound_spec::report::report_content(&group.id, 1, &outcome);
    let key = bob.keys.public_key();
    signing::verify(key.as_bytes(), signing::Purpose::CommitReport, &content, &forked.signature).unwrap();
    of_carol.report(&carol, 1, of_bob.applied()).await.done();
}

#[tokio::test]
async fn a_request_that_was_opened_is_confirmed_only_when_it_is_accepted() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let group = Group::found(&alice, &bob).await;
    let joined = Group::join(&bob).await;
    joined.report(&bob, 1, joined.applied()).await.done();
    let head = alice.head(&group.id).await;
    assert_eq!((head.last, head.provisional), (1, Some(1)), "the founder sees nothing");
    bob.say(&alice, ContactState::Ignored).await;
    assert_eq!(alice.head(&group.id).await, head);
    bob.say(&alice, ContactState::Accepted).await;
    assert_eq!(control_entries(&alice, &group).await, [(EntryKind::Confirm, 1)]);
}

#[tokio::test]
async fn the_founder_may_go_on_meanwhile_and_all_is_confirmed_together() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    let commit = group.update(&alice);
    let second: Accepted = group.submit_commit(&alice, &commit).await.ok();
    group.merge(&alice);
    group.send(&alice, "hello?").await;
    let mut joined = Group::join(&bob).await;
    joined.report(&bob, 1, joined.applied()).await.done();
    joined.apply(&bob, &commit.bundle.commit.0);
    joined.report(&bob, second.number, joined.applied()).await.done();
    assert_eq!(alice.head(&group.id).await.provisional, Some(1));
    bob.say(&alice, ContactState::Accepted).await;
    let ends = control_entries(&alice, &group).await;
    assert_eq!(ends, [(EntryKind::Confirm, 1), (EntryKind::Confirm, second.number)]);
    joined.send(&bob, "hello!").await;
}

#[tokio::test]
async fn a_message_of_the_other_confirms_first() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    let commit = of_alice.update(&alice);
    let accepted: Accepted = of_alice.submit_commit(&alice, &commit).await.ok();
    of_alice.merge(&alice);
    of_alice.send(&alice, "mine do not confirm").await;
    assert_eq!(alice.head(&of_alice.id).await.provisional, Some(accepted.number));
    of_bob.apply(&bob, &commit.bundle.commit.0);
    let message = of_bob.send(&bob, "hello").await;
    let entries = alice.log(&of_alice.id, accepted.number + 1).await.entries;
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Confirm, EntryKind::Message]);
    assert_eq!(entries[1].number, message.number);
    assert_eq!(alice.head(&of_alice.id).await.provisional, None);
}

#[tokio::test]
async fn a_commit_that_the_other_cannot_apply_is_voided_with_what_followed() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    let commit = of_alice.update(&alice);
    let accepted: Accepted = of_alice.submit_commit(&alice, &commit).await.ok();
    of_alice.merge(&alice);
    of_alice.send(&alice, "goes with it").await;
    of_bob.report(&bob, accepted.number, CommitOutcome::CannotApply).await.done();
    let head = bob.head(&of_bob.id).await;
    assert_eq!((head.epoch, head.provisional, head.founded), (1, None, true));
    assert_eq!(control_entries(&bob, &of_bob).await.last(), Some(&(EntryKind::Void, accepted.number)));
    of_bob.send(&bob, "in the epoch before").await;
    let late = of_alice.message(&alice, "in the voided epoch");
    of_alice.submit(&alice, &late).await.problem(ProblemType::WrongEpoch);
    let page = bob.log(&of_bob.id, 0).await;
    assert!(page.entries.iter().all(|entry| entry.bytes.is_some()), "voided entries stay in the log");
}

#[tokio::test]
async fn what_was_applied_by_the_other_is_not_voided_later() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let group = Group::found(&alice, &bob).await;
    let joined = Group::join(&bob).await;
    joined.report(&bob, 1, joined.applied()).await.done();
    joined.report(&bob, 1, CommitOutcome::CannotApply).await.done();
    relay.clock.advance(time::HOUR);
    let head = alice.head(&group.id).await;
    assert_eq!((head.founded, head.provisional), (true, Some(1)));
}

#[tokio::test]
async fn a_founding_that_cannot_be_joined_is_voided_and_founded_again() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let group = Group::found(&alice, &bob).await;
    group.report(&bob, 1, CommitOutcome::CannotApply).await.done();
    let head = alice.head(&group.id).await;
    assert_eq!((head.founded, head.generation, head.last, head.epoch), (false, 1, 2, 0));
    assert!(bob.welcomes().await.welcomes.is_empty());
    assert_eq!(control_entries(&bob, &group).await, [(EntryKind::Void, 1)]);
    let (_, wrong) = Group::prepare(&alice, &bob, 7).await;
    alice.post("/v1/conversations", &wrong).await.problem(ProblemType::ConversationExists);
    let (mut again, found) = Group::prepare(&alice, &bob, 1).await;
    let accepted: Accepted = alice.post("/v1/conversations", &found).await.ok();
    assert_eq!(accepted.number, 3);
    again.merge(&alice);
    let joined = Group::join(&bob).await;
    assert_eq!(joined.applied(), again.applied());
    let head = bob.head(&group.id).await;
    assert_eq!((head.founded, head.generation, head.provisional), (true, 1, Some(3)));
}

#[tokio::test]
async fn the_committers_own_refusal_voids_nothing_however_long_nobody_answers() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let group = Group::found(&alice, &bob).await;
    group.report(&alice, 1, CommitOutcome::CannotApply).await.done();
    relay.clock.advance(time::HOUR);
    group.report(&alice, 1, CommitOutcome::CannotApply).await.done();
    let head = alice.head(&group.id).await;
    assert_eq!((head.founded, head.provisional, head.last), (true, Some(1), 1));
}

#[tokio::test]
async fn no_more_than_so_many_commits_wait_for_the_other() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    for _ in 1..64 {
        let commit = group.update(&alice);
        group.submit_commit(&alice, &commit).await.ok::<Accepted>();
        group.merge(&alice);
    }
    let commit = group.update(&alice);
    let refused = group.submit_commit(&alice, &commit).await.problem(ProblemType::RateLimited);
    assert!(refused.retry_after.is_some());
    let joined = Group::join(&bob).await;
    joined.report(&bob, 1, joined.applied()).await.done();
    bob.say(&alice, ContactState::Accepted).await;
    group.submit_commit(&alice, &commit).await.ok::<Accepted>();
}
