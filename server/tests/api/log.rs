//! Reading the log, the cursor, and retention.

use infrasound_spec::{
    api::conversations::LogPage,
    consent::ContactState,
    log::{LogEntry, LogPosition},
    time,
};

use crate::support::{Group, TestRelay};

#[tokio::test]
async fn the_log_is_read_in_pages_and_its_chain_holds() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    for number in 0..5 {
        group.send(&alice, &format!("{number}")).await;
    }
    let whole = bob.log(&group.id, 0).await;
    let mut position = LogPosition::start(&group.id, 0, 0);
    let mut paged: Vec<LogEntry> = Vec::new();
    loop {
        let path = format!("/v1/conversations/{}/log?after={}&limit=2", group.id, position.number);
        let page: LogPage = bob.get(&path).await.ok();
        if page.entries.is_empty() {
            break;
        }
        assert!(page.entries.len() <= 2);
        for entry in &page.entries {
            position = position.advance(entry).expect("no gap");
        }
        paged.extend(page.entries);
    }
    assert_eq!(position.number, whole.last);
    assert_eq!(paged, whole.entries);
}

#[tokio::test]
async fn bytes_go_when_everybody_has_them_and_digests_stay() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let sent = group.send(&alice, "hello").await;
    let before = bob.log(&group.id, 0).await;
    alice.log(&group.id, sent.number).await;
    assert!(relay.running().sweep().await);
    assert_eq!(bob.log(&group.id, 0).await, before, "bob has not stored them");
    bob.log(&group.id, sent.number - 1).await;
    assert!(relay.running().sweep().await);
    let swept = bob.log(&group.id, 0).await;
    for (entry, earlier) in swept.entries.iter().zip(&before.entries) {
        assert_eq!(entry.bytes.is_some(), entry.number == sent.number);
        assert_eq!((entry.digest, entry.time), (earlier.digest, earlier.time));
    }
    assert_eq!(bob.head(&group.id).await.first_kept, sent.number);
    bob.log(&group.id, sent.number).await;
    assert!(relay.running().sweep().await);
    assert_eq!(bob.head(&group.id).await.first_kept, sent.number + 1);
}

#[tokio::test]
async fn that_a_request_was_read_does_not_show_in_what_the_relay_keeps() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    let sent = group.send(&alice, "hello?").await.number;
    let joined = Group::join(&bob).await;
    joined.report(&bob, 1, joined.applied()).await.done();
    alice.log(&group.id, sent).await;
    let before = alice.head(&group.id).await;
    bob.log(&group.id, sent).await;
    for put_away in [ContactState::None, ContactState::Ignored] {
        bob.say(&alice, put_away).await;
        assert!(relay.running().sweep().await);
        assert_eq!(alice.head(&group.id).await, before);
        assert!(alice.log(&group.id, 0).await.entries.iter().all(|entry| entry.bytes.is_some()));
    }
    bob.say(&alice, ContactState::Accepted).await;
    assert!(relay.running().sweep().await);
    assert_eq!(alice.head(&group.id).await.first_kept, sent + 1);
}

#[tokio::test]
async fn bytes_go_after_thirty_days_though_somebody_was_away() {
    let relay = TestRelay::configured(|config| config.session_lifetime = 365 * time::DAY).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    let sent = group.send(&alice, "hello").await;
    relay.clock.advance(29 * time::DAY);
    assert!(relay.running().sweep().await);
    assert!(bob.log(&group.id, sent.number - 1).await.entries[0].bytes.is_some());
    relay.clock.advance(2 * time::DAY);
    assert!(relay.running().sweep().await);
    assert!(bob.log(&group.id, sent.number - 1).await.entries[0].bytes.is_none());
}

#[tokio::test]
async fn the_log_survives_a_restart() {
    let mut relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut of_alice, mut of_bob) = Group::between(&alice, &bob).await;
    let sent = of_alice.send(&alice, "before").await;
    let before = bob.log(&of_bob.id, 0).await;
    relay.restart(|_| ()).await;
    assert_eq!(bob.log(&of_bob.id, 0).await, before);
    let next = of_bob.send(&bob, "after").await;
    assert_eq!(next.number, sent.number + 1);
    let commit = of_alice.update(&alice);
    of_alice.submit_commit(&alice, &commit).await.ok::<infrasound_spec::api::conversations::Accepted>();
}
