//! A proposal that nobody commits.

use infrasound_spec::{
    api::{conversations::Accepted, stream::StreamEvent},
    time,
};

use crate::support::{Group, Reader, TestRelay};

#[tokio::test]
async fn one_who_listens_is_asked_to_commit_and_not_the_one_who_leaves() {
    let relay = TestRelay::configured(|config| config.sweep_interval = 20).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    alice.upload(30, false).await;
    bob.upload(30, false).await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let mut of_alice = Reader::open(&alice, None).await;
    of_alice.until_ready().await;
    let mut of_bob = Reader::open(&bob, None).await;
    of_bob.until_ready().await;
    let proposal = groups[1].leave(&bob);
    let left: Accepted = groups[1].submit_proposal(&bob, &proposal).await.ok();
    let id = groups[0].id;
    let log = |last| StreamEvent::Log { conversation: id, last };
    assert_eq!(of_alice.next().await.unwrap().1, log(left.number));
    assert_eq!(of_bob.next().await.unwrap().1, log(left.number));
    for _ in 0..2 {
        relay.clock.advance(2 * time::SECOND);
        assert_eq!(of_alice.next().await.unwrap().1, StreamEvent::CommitWanted { conversation: id });
    }
    groups[0].note(&alice, &proposal.proposal.0);
    let commit = groups[0].update(&alice);
    let accepted = groups[0].enact(&alice, &commit).await;
    let mut next = of_alice.next().await.unwrap().1;
    while next == (StreamEvent::CommitWanted { conversation: id }) {
        next = of_alice.next().await.unwrap().1;
    }
    // Nobody else is left to judge it, so it is confirmed at once.
    assert_eq!(next, log(accepted.number + 1));
    // Had he been told anything, it would have come before this.
    bob.claim(alice.account()).await;
    alice.say(&bob, infrasound_spec::consent::ContactState::Accepted).await;
    relay.start_over("alice").await;
    bob.delete("/v1/sessions").await.done();
    assert_eq!(of_bob.next().await, None);
}
