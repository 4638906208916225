//! A full disk: nothing is accepted, nothing is lost.

use infrasound_spec::api::{conversations::Accepted, problem::ProblemType};

use crate::support::{Group, TestRelay};

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let mut relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (mut group, _) = Group::between(&alice, &bob).await;
    // 4 KiB pages: some more than the tables and indexes of an empty database take.
    relay.restart(|config| config.max_pages = Some(120)).await;
    let mut accepted = Vec::new();
    let text = "x".repeat(20_000);
    let refused = loop {
        let message = group.message(&alice, &text);
        let answer = group.submit(&alice, &message).await;
        if answer.status != 200 {
            answer.problem(ProblemType::StorageFull);
            break message;
        }
        accepted.push((message.message, answer.ok::<Accepted>().number));
        assert!(accepted.len() < 100, "the disk never filled");
    };
    assert!(!accepted.is_empty());
    group.submit(&alice, &refused).await.problem(ProblemType::StorageFull);
    let page = bob.log(&group.id, accepted[0].1 - 1).await;
    let stored: Vec<_> = page.entries.into_iter().map(|entry| (entry.bytes.unwrap(), entry.number)).collect();
    assert_eq!(stored, accepted);
    relay.restart(|_| ()).await;
    let late: Accepted = group.submit(&alice, &refused).await.ok();
    assert_eq!(late.number, accepted.last().unwrap().1 + 1);
}
