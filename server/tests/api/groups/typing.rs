//! Saying that somebody is typing.

use infrasound_spec::{
    api::{groups::Typing, problem::ProblemType, stream::StreamEvent},
    bytes::Base64Url,
    consent::ContactState,
    limits,
};

use crate::support::{Group, Reader, TestRelay};

#[tokio::test]
async fn who_listens_is_told_and_nothing_is_kept() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let id = groups[0].id;
    carol.consent(&id, ContactState::Ignored).await.done();
    let (mut of_bob, mut of_carol) = (Reader::open(&bob, None).await, Reader::open(&carol, None).await);
    let (_, cursor) = of_bob.until_ready().await;
    of_carol.until_ready().await;
    let path = format!("/v1/conversations/{id}/typing");
    let sealed = Base64Url(vec![7; limits::MAX_TYPING]);
    alice.post(&path, &Typing { sealed: sealed.clone() }).await.done();
    let event = StreamEvent::Typing { conversation: id, sealed };
    assert_eq!(of_bob.next().await.unwrap(), (cursor.clone(), event.clone()), "the cursor stays");
    let (missed, _) = Reader::open(&bob, Some(&cursor)).await.until_ready().await;
    assert!(!missed.contains(&event));
    assert_eq!(alice.head(&id).await.last, bob.head(&id).await.last);
    groups[0].send(&alice, "there").await;
    carol.consent(&id, ContactState::Accepted).await.done();
    assert!(
        matches!(of_carol.next().await.unwrap().1, StreamEvent::Log { .. }),
        "who put it away was not told"
    );
}

#[tokio::test]
async fn what_is_too_long_too_often_or_from_outside_is_refused() {
    let relay = TestRelay::configured(|config| config.rates.typing_per_minute = 2).await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let group = Group::of(&alice, &[], |_| ()).await;
    let path = format!("/v1/conversations/{}/typing", group.id);
    let typing = |length| Typing { sealed: Base64Url(vec![7; length]) };
    alice.post(&path, &typing(limits::MAX_TYPING + 1)).await.problem(ProblemType::TooLarge);
    carol.post(&path, &typing(8)).await.problem(ProblemType::NotFound);
    alice.post(&path, &typing(8)).await.done();
    alice.post(&path, &typing(8)).await.done();
    alice.post(&path, &typing(8)).await.problem(ProblemType::RateLimited);
}

#[tokio::test]
async fn who_is_blocked_in_a_direct_conversation_is_not_heard() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (group, _) = Group::between(&alice, &bob).await;
    bob.say(&alice, ContactState::Blocked).await;
    let path = format!("/v1/conversations/{}/typing", group.id);
    alice.post(&path, &Typing { sealed: Base64Url(vec![7]) }).await.problem(ProblemType::NoConsent);
}
