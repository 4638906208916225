//! Asking to be let in.

use std::time::Duration;

use futures_util::future::join_all;
use infrasound_spec::{
    api::{
        conversations::ConversationList, groups::JoinRequestList, problem::ProblemType, stream::StreamEvent,
    },
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
    let sent = groups[1].send(&bob, "somebody asks").await;
    let log = StreamEvent::Log { conversation: groups[0].id, last: sent.number };
    assert_eq!(of_alice.next().await.unwrap().1, log, "a repeat is not told");
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

/// A snapshot that is held while a group is waited for would keep the group's holder from getting one.
#[tokio::test(flavor = "multi_thread")]
async fn many_who_look_at_once_at_groups_that_nobody_keeps_all_get_an_answer() {
    let mut relay = TestRelay::start().await;
    let (alice, carol) = (relay.device("alice").await, relay.device("carol").await);
    let link = Link::make();
    let mut paths = Vec::new();
    for _ in 0..6 {
        let group = Group::of(&alice, &[], |policy| link.put(policy, JoinMode::Approval, 0)).await;
        ask(&carol, &group, &link).await.done();
        paths.push(path(&group));
    }
    // What was kept of the groups goes with it.
    relay.restart(|_| ()).await;
    let lists = join_all((0..16).map(|_| alice.get("/v1/conversations")));
    let requests = join_all(paths.iter().map(|path| alice.get(path)));
    let streams = join_all((0..3).map(|_| async { Reader::open(&alice, None).await.until_ready().await.0 }));
    let all = async { tokio::join!(lists, requests, streams) };
    let (lists, requests, streams) = tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
    for list in lists {
        let conversations = list.ok::<ConversationList>().conversations;
        assert_eq!(conversations.iter().map(|head| head.join_requests).collect::<Vec<_>>(), [1; 6]);
    }
    for list in requests {
        assert_eq!(list.ok::<JoinRequestList>().requests.len(), 1);
    }
    for missed in streams {
        let asked = missed.iter().filter(|event| matches!(event, StreamEvent::JoinRequests { .. }));
        assert_eq!(asked.count(), 6);
    }
}
