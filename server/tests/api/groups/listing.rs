//! Who is in a group, and claiming of many.

use infrasound_spec::{
    api::{
        groups::{ClaimedMany, MemberList},
        problem::ProblemType,
    },
    consent::ContactState,
};
use serde_json::json;

use crate::support::{Device, Group, TestRelay, claim_all};

async fn members(device: &Device, group: &Group) -> Vec<String> {
    let list: MemberList = device.get(&format!("/v1/conversations/{}/members", group.id)).await.ok();
    let mut names: Vec<_> = list.members.iter().map(|member| member.handle.to_string()).collect();
    names.sort();
    names
}

fn handles(devices: &[&Device]) -> Vec<String> {
    devices.iter().map(|device| device.handle().to_string()).collect()
}

#[tokio::test]
async fn members_see_the_names_of_who_is_or_was_there_with_them() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let leaf = groups[0].leaf_of(&bob);
    let commit = groups[0].commit(&alice, Vec::new(), &[leaf]);
    groups[0].enact(&alice, &commit).await;
    let update = groups[0].update(&alice);
    groups[0].enact(&alice, &update).await;
    let added = claim_all(&alice, &[&carol]).await;
    let commit = groups[0].commit(&alice, added, &[]);
    groups[0].enact(&alice, &commit).await;
    assert_eq!(members(&alice, &groups[0]).await, handles(&[&alice, &bob, &carol]));
    assert_eq!(members(&carol, &groups[0]).await, handles(&[&alice, &carol]));
}

#[tokio::test]
async fn many_are_claimed_at_once_and_each_is_asked() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    carol.say(&alice, ContactState::Blocked).await;
    let nobody = "https://social.example/users/nobody";
    let accounts = json!({ "accounts": [bob.account(), carol.account(), nobody] });
    let claimed: ClaimedMany = alice.post("/v1/key-packages/claim-many", &accounts).await.ok();
    let refused: Vec<_> = claimed.claimed.iter().map(|one| one.refused).collect();
    assert_eq!(refused, [None, Some(ProblemType::NoConsent), Some(ProblemType::NoInfrasound)]);
    assert_eq!(claimed.claimed[0].account, *bob.account());
    assert_eq!(claimed.claimed[0].key_packages.len(), 1);
    assert!(claimed.claimed[1].key_packages.is_empty());
    let many = json!({ "accounts": vec![bob.account(); 251] });
    alice.post("/v1/key-packages/claim-many", &many).await.problem(ProblemType::TooLarge);
}

#[tokio::test]
async fn of_two_claims_at_once_no_key_package_is_given_twice() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let accounts = json!({ "accounts": [carol.account()] });
    let path = "/v1/key-packages/claim-many";
    let (one, other) = tokio::join!(alice.post(path, &accounts), bob.post(path, &accounts));
    let [one, other] = [one, other].map(|answer| answer.ok::<ClaimedMany>().claimed.remove(0));
    assert_ne!(one.key_packages, other.key_packages);
}

#[tokio::test]
async fn a_claim_of_many_is_limited_as_single_ones_are() {
    let relay = TestRelay::configured(|config| config.rates.stranger_claims_per_hour = 1).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let accounts = json!({ "accounts": [bob.account(), carol.account()] });
    let claimed: ClaimedMany = alice.post("/v1/key-packages/claim-many", &accounts).await.ok();
    let refused: Vec<_> = claimed.claimed.iter().map(|one| one.refused).collect();
    assert_eq!(refused, [None, Some(ProblemType::RateLimited)]);
}
