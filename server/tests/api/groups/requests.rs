//! Asking to be let in.

use infrasound_spec::{
    api::{groups::JoinRequestList, problem::ProblemType, stream::StreamEvent},
    policy::JoinMode,
    time::DAY,
};
use serde_json::json;

use crate::support::{Answer, Device, Group, Link, Reader, TestRelay, claim_all, contact_path};

fn path(group: &Group) -> String {
    format!("/v1/conversations/{}/join-requests", group.id)
}

fn path_of(group: &Group, device: &Device) -> String {
    format!("{}/{}", path(group), contact_path(device.account()).rsplit('/').next().unwrap())
}

async fn ask(device: &Device, group: &Group, link: &Link) -> Answer {
    device.post(&path(group), &json!({ "proof": link.proof(&group.id, device) })).await
}

#[tokio::test]
async fn who_may_add_sees_who_asks_and_lets_them_in() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let link = Link::make();
    let mut groups =
        Group::joined_by(&alice, &[&bob], |policy| link.put(policy, JoinMode::Approval, 0)).await;
    let (mut of_alice, mut of_bob) = (Reader::open(&alice, None).await, Reader::open(&bob, None).await);
    let (_, cursor) = of_alice.until_ready().await;
    of_bob.until_ready().await;
    ask(&carol, &groups[0], &link).await.done();
    ask(&carol, &groups[0], &link).await.done();
    let event = StreamEvent::JoinRequests { conversation: groups[0].id };
    assert_eq!(of_alice.next().await.unwrap().1, event);
    let (missed, _) = Reader::open(&alice, Some(&cursor)).await.until_ready().await;
    assert!(missed.contains(&event), "{missed:?}");
    let list: JoinRequestList = alice.get(&path(&groups[0])).await.ok();
    assert_eq!(list.requests.len(), 1);
    assert_eq!(list.requests[0].who.account, *carol.account());
    assert_eq!(alice.head(&groups[0].id).await.join_requests, 1);
    assert_eq!(bob.head(&groups[0].id).await.join_requests, 0);
    bob.get(&path(&groups[0])).await.problem(ProblemType::Forbidden);
    carol.get(&path(&groups[0])).await.problem(ProblemType::NotFound);
    let added = claim_all(&alice, &[&carol]).await;
    let commit = groups[0].commit(&alice, added, &[]);
    groups[0].enact(&alice, &commit).await;
    assert_eq!(alice.get(&path(&groups[0])).await.ok::<JoinRequestList>().requests, []);
    ask(&carol, &groups[0], &link).await.problem(ProblemType::Forbidden);
}

#[tokio::test]
async fn a_request_is_declined_taken_back_or_ends_by_itself() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let link = Link::make();
    let groups = Group::joined_by(&alice, &[&bob], |policy| link.put(policy, JoinMode::Approval, 0)).await;
    let group = &groups[0];
    ask(&carol, group, &link).await.done();
    bob.delete(&path_of(group, &carol)).await.problem(ProblemType::Forbidden);
    alice.delete(&path_of(group, &carol)).await.done();
    alice.delete(&path_of(group, &carol)).await.problem(ProblemType::NotFound);
    ask(&carol, group, &link).await.done();
    carol.delete(&path_of(group, &carol)).await.done();
    ask(&carol, group, &link).await.done();
    assert_eq!(alice.head(&group.id).await.join_requests, 1);
    relay.clock.advance(30 * DAY);
    let new = crate::support::NewDevice::make(&relay.sign_in("alice").await);
    let alice = new.register(&relay, true).await;
    alice.get(&path(group)).await.ok::<JoinRequestList>();
}

#[tokio::test]
async fn only_a_good_link_of_a_group_that_takes_requests_asks() {
    let relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let (link, other) = (Link::make(), Link::make());
    let group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Open, 0)).await;
    ask(&carol, &group, &link).await.problem(ProblemType::Forbidden);
    ask(&carol, &group, &other).await.problem(ProblemType::NotFound);
    let group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Approval, 0)).await;
    ask(&carol, &group, &other).await.problem(ProblemType::NotFound);
    let proof = link.proof(&group.id, &carol);
    carol.group_info(&group.id, Some(&proof)).await.problem(ProblemType::Forbidden);
}
