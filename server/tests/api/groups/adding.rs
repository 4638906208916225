//! Adding and removing.

use infrasound_spec::{
    api::{conversations::Accepted, problem::ProblemType},
    consent::{ContactState, RequestPolicy, Verdict},
};

use crate::support::{Group, TestRelay, claim_all};

#[tokio::test]
async fn who_is_added_is_invited_and_reads_from_there_on() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    groups[0].send(&alice, "before").await;
    let added = claim_all(&alice, &[&carol]).await;
    let commit = groups[0].commit(&alice, added, &[]);
    let accepted = groups[0].enact(&alice, &commit).await;
    let joined = Group::join(&carol).await;
    let head = carol.head(&joined.id).await;
    assert_eq!((head.consent, head.first_kept), (ContactState::None, accepted.number));
    assert_eq!(head.inviter.unwrap().account, *alice.account());
    let page = carol.log(&joined.id, 0).await;
    assert!(page.entries.iter().all(|entry| entry.bytes.is_some() == (entry.number >= accepted.number)));
    // Who came in by a commit has no word on it.
    joined.report(&carol, accepted.number, joined.applied()).await.problem(ProblemType::Forbidden);
    groups[1].apply(&bob, &commit.bundle.commit.0);
    groups[1].report(&bob, accepted.number, groups[1].applied()).await.done();
    assert_eq!(carol.head(&joined.id).await.provisional, None);
}

#[tokio::test]
async fn who_has_accepted_the_committer_is_in_at_once() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    bob.say(&alice, ContactState::Accepted).await;
    let group = Group::of(&alice, &[&bob], |_| ()).await;
    assert_eq!(bob.head(&group.id).await.consent, ContactState::Accepted);
}

#[tokio::test]
async fn who_takes_nothing_from_strangers_is_not_added_by_one() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::of(&alice, &[], |_| ()).await;
    let added = claim_all(&alice, &[&bob]).await;
    let policy = RequestPolicy { for_private_mentions: Verdict::Drop, ..RequestPolicy::default() };
    bob.put("/v1/account/policy", &policy).await.done();
    let commit = group.commit(&alice, added, &[]);
    let problem = group.submit_commit(&alice, &commit).await.problem(ProblemType::NoConsent);
    assert!(problem.detail.contains(bob.account().as_str()));
    bob.say(&alice, ContactState::Accepted).await;
    group.submit_commit(&alice, &commit).await.ok::<Accepted>();
}

#[tokio::test]
async fn a_removed_account_learns_of_nothing_after_its_removal() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let leaf = groups[0].leaf_of(&carol);
    let commit = groups[0].commit(&alice, Vec::new(), &[leaf]);
    let removed = groups[0].enact(&alice, &commit).await;
    groups[0].send(&alice, "without her").await;
    let id = groups[0].id;
    let page = carol.log(&id, 0).await;
    assert_eq!((page.last, page.entries.last().unwrap().number), (removed.number, removed.number));
    assert!(page.entries.iter().all(|entry| entry.bytes.is_some()));
    carol.get(&format!("/v1/conversations/{id}")).await.problem(ProblemType::NotFound);
    // What she still sends tells her what she missed, and then nothing.
    let mut message = groups[2].message(&carol, "still here?");
    let late = groups[2].submit(&carol, &message).await.problem(ProblemType::WrongEpoch);
    assert_eq!(late.wrong_epoch.unwrap().entries.last().unwrap().number, removed.number);
    message.after = removed.number;
    groups[2].submit(&carol, &message).await.problem(ProblemType::NotFound);
    carol.get(&format!("/v1/conversations/{id}/members")).await.problem(ProblemType::NotFound);
    carol.group_info(&id, None).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn who_is_added_again_is_invited_anew() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let leaf = groups[0].leaf_of(&bob);
    let commit = groups[0].commit(&alice, Vec::new(), &[leaf]);
    groups[0].enact(&alice, &commit).await;
    let added = claim_all(&alice, &[&bob]).await;
    let commit = groups[0].commit(&alice, added, &[]);
    groups[0].enact(&alice, &commit).await;
    let head = bob.head(&groups[0].id).await;
    assert_eq!((head.consent, head.member), (ContactState::None, true));
}

#[tokio::test]
async fn blocks_between_members_do_not_stop_a_group() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    bob.say(&alice, ContactState::Blocked).await;
    groups[0].send(&alice, "hello").await;
    groups[1].send(&bob, "hello").await;
    let commit = groups[0].update(&alice);
    groups[0].enact(&alice, &commit).await;
}
