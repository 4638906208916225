//! What an account says of being in a group.

use infrasound_spec::{
    api::{problem::ProblemType, stream::StreamEvent},
    consent::ContactState,
    report::CommitOutcome,
    time::DAY,
};

use crate::support::{Group, Reader, TestRelay};

#[tokio::test]
async fn a_founding_that_was_opened_is_confirmed_only_when_somebody_accepts() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let group = Group::of(&alice, &[&bob, &carol], |_| ()).await;
    for device in [&bob, &carol] {
        let joined = Group::join(device).await;
        joined.report(device, 1, joined.applied()).await.done();
    }
    let head = alice.head(&group.id).await;
    assert_eq!((head.last, head.provisional), (1, Some(1)), "the founder sees nothing");
    carol.consent(&group.id, ContactState::Accepted).await.done();
    assert_eq!(alice.head(&group.id).await.provisional, None);
    assert_eq!(bob.head(&group.id).await.consent, ContactState::None);
}

#[tokio::test]
async fn a_report_of_who_has_opened_it_silently_still_keeps_it_from_being_voided() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let group = Group::of(&alice, &[&bob, &carol], |_| ()).await;
    let joined = Group::join(&bob).await;
    joined.report(&bob, 1, joined.applied()).await.done();
    group.report(&carol, 1, CommitOutcome::CannotApply).await.done();
    let head = alice.head(&group.id).await;
    assert_eq!((head.founded, head.provisional), (true, Some(1)));
}

#[tokio::test]
async fn a_group_that_was_put_away_does_not_knock() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    bob.upload(30, false).await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let id = groups[0].id;
    bob.consent(&id, ContactState::Ignored).await.done();
    let mut stream = Reader::open(&bob, None).await;
    let (missed, _) = stream.until_ready().await;
    assert!(!missed.iter().any(|event| matches!(event, StreamEvent::Log { .. })), "{missed:?}");
    let sent = groups[0].send(&alice, "hello?").await;
    bob.consent(&id, ContactState::Accepted).await.done();
    let event = StreamEvent::Log { conversation: id, last: sent.number };
    assert_eq!(stream.next().await.unwrap().1, event);
}

#[tokio::test]
async fn only_members_of_a_group_say_anything_of_it() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    carol.consent(&groups[0].id, ContactState::Accepted).await.problem(ProblemType::NotFound);
    bob.consent(&groups[0].id, ContactState::Blocked).await.problem(ProblemType::BadRequest);
    let direct = Group::found(&alice, &carol).await;
    alice.consent(&direct.id, ContactState::Accepted).await.problem(ProblemType::BadRequest);
}

#[tokio::test]
async fn an_invitation_that_nobody_answers_is_named_after_thirty_days() {
    let relay = TestRelay::configured(|config| config.session_lifetime = 40 * DAY).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let group = Group::of(&alice, &[&bob, &carol], |_| ()).await;
    carol.consent(&group.id, ContactState::Accepted).await.done();
    relay.clock.advance(29 * DAY);
    assert_eq!(alice.head(&group.id).await.invitations_ended, []);
    relay.clock.advance(DAY);
    assert_eq!(alice.head(&group.id).await.invitations_ended, [bob.account().clone()]);
}
