//! The stream: nudges, resume, and its end.

use infrasound_spec::{api::stream::StreamEvent, consent::ContactState};

use crate::support::{Group, Reader, TestRelay};

#[tokio::test]
async fn what_happens_is_told_and_what_was_missed_first() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    alice.upload(30, false).await;
    bob.upload(30, false).await;
    let mut stream = Reader::open(&bob, None).await;
    let (missed, _) = stream.until_ready().await;
    assert!(missed.is_empty(), "{missed:?}");
    let mut group = Group::found(&alice, &bob).await;
    assert_eq!(stream.next().await.unwrap().1, StreamEvent::Welcome);
    let log = |last| StreamEvent::Log { conversation: group.id, last };
    let (id, event) = stream.next().await.unwrap();
    assert_eq!(event, log(1));
    drop(stream);
    let log = |id, last| StreamEvent::Log { conversation: id, last };
    let sent = group.send(&alice, "while away").await;
    let mut stream = Reader::open(&bob, Some(&id)).await;
    let (missed, cursor) = stream.until_ready().await;
    assert_eq!(missed, [log(group.id, sent.number), StreamEvent::Welcome]);
    let sent = group.send(&alice, "while here").await;
    assert_eq!(stream.next().await.unwrap().1, log(group.id, sent.number));
    drop(stream);
    bob.log(&group.id, sent.number).await;
    let (missed, _) = Reader::open(&bob, Some(&cursor)).await.until_ready().await;
    assert_eq!(missed, [StreamEvent::Welcome], "what the device has stored is not told again");
}

#[tokio::test]
async fn who_was_put_away_does_not_knock() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    bob.upload(30, false).await;
    let mut group = Group::found(&alice, &bob).await;
    bob.say(&alice, ContactState::Ignored).await;
    let mut stream = Reader::open(&bob, None).await;
    assert_eq!(stream.until_ready().await.0, [StreamEvent::Welcome, StreamEvent::Contacts]);
    let sent = group.send(&alice, "hello?").await;
    bob.say(&alice, ContactState::Accepted).await;
    let (_, event) = stream.next().await.unwrap();
    assert_eq!(event, StreamEvent::Log { conversation: group.id, last: sent.number });
    assert_eq!(bob.log(&group.id, 0).await.entries.len(), 2, "what was sent meanwhile was kept");
}

#[tokio::test]
async fn who_is_cut_off_between_two_events_gets_both_again() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let (of_alice, mut of_carol) = (Group::found(&alice, &bob).await, Group::found(&carol, &bob).await);
    let both = [of_alice.id, of_carol.id].map(|conversation| StreamEvent::Log { conversation, last: 1 });
    let (id, first) = Reader::open(&bob, None).await.next().await.unwrap();
    assert!(both.contains(&first));
    let mut stream = Reader::open(&bob, Some(&id)).await;
    let (missed, _) = stream.until_ready().await;
    assert!(both.iter().all(|event| missed.contains(event)), "{missed:?}");
    let sent = of_carol.send(&carol, "hello").await;
    let (id, event) = stream.next().await.unwrap();
    let (missed, _) = Reader::open(&bob, Some(&id)).await.until_ready().await;
    assert_eq!(event, StreamEvent::Log { conversation: of_carol.id, last: sent.number });
    assert!(missed.contains(&event) && !missed.contains(&both[0]), "{missed:?}");
}

#[tokio::test]
async fn who_takes_somebody_back_while_away_is_told_what_came_meanwhile() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    bob.say(&alice, ContactState::Ignored).await;
    let sent = group.send(&alice, "hello?").await;
    let (_, cursor) = Reader::open(&bob, None).await.until_ready().await;
    bob.say(&alice, ContactState::Accepted).await;
    let (missed, _) = Reader::open(&bob, Some(&cursor)).await.until_ready().await;
    let log = StreamEvent::Log { conversation: group.id, last: sent.number };
    assert!(missed.contains(&log), "{missed:?}");
}

#[tokio::test]
async fn few_key_packages_and_a_contact_that_starts_over_are_told() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    Group::between(&alice, &bob).await;
    let mut stream = Reader::open(&alice, None).await;
    let (missed, _) = stream.until_ready().await;
    assert!(missed.contains(&StreamEvent::KeyPackages { one_time: 2 }), "{missed:?}");
    bob.claim(alice.account()).await;
    assert_eq!(stream.next().await.unwrap().1, StreamEvent::KeyPackages { one_time: 1 });
    relay.start_over("bob").await;
    let event = StreamEvent::StartedOver { account: bob.account().clone() };
    assert_eq!(stream.next().await.unwrap().1, event);
    drop(stream);
    let (missed, _) = Reader::open(&alice, Some("1")).await.until_ready().await;
    assert!(missed.contains(&event), "{missed:?}");
}

#[tokio::test]
async fn the_stream_ends_with_the_session_and_with_the_device() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = (Reader::open(&alice, None).await, Reader::open(&bob, None).await);
    of_alice.until_ready().await;
    of_bob.until_ready().await;
    alice.delete("/v1/sessions").await.done();
    assert_eq!(of_alice.next().await, None);
    relay.start_over("bob").await;
    assert_eq!(of_bob.next().await, None);
}

#[tokio::test]
async fn the_stream_ends_when_the_relay_stops() {
    let mut relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut stream = Reader::open(&alice, None).await;
    stream.until_ready().await;
    relay.restart(|_| ()).await;
    assert_eq!(stream.next().await, None);
    Reader::open(&alice, None).await.until_ready().await;
}
