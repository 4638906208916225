//! What accounts say of each other, and what follows.

use infrasound_spec::{
    api::{contacts::ContactList, problem::ProblemType},
    consent::{ContactState, RequestPolicy, Verdict},
    time,
};

use crate::support::{Group, TestRelay, contact_path};

#[tokio::test]
async fn what_is_said_is_kept_and_taken_back() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    for state in [ContactState::Accepted, ContactState::Blocked, ContactState::Ignored] {
        alice.say(&bob, state).await;
        alice.say(&bob, state).await;
        let list: ContactList = alice.get("/v1/contacts").await.ok();
        assert_eq!(list.contacts.len(), 1);
        assert_eq!((&list.contacts[0].handle, list.contacts[0].state), (bob.handle(), state));
    }
    alice.say(&bob, ContactState::None).await;
    assert!(alice.get("/v1/contacts").await.ok::<ContactList>().contacts.is_empty());
    assert!(bob.get("/v1/contacts").await.ok::<ContactList>().contacts.is_empty());
}

#[tokio::test]
async fn nothing_can_be_said_of_oneself_or_of_nobody() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let body = serde_json::json!({ "state": "blocked" });
    alice.put(&contact_path(alice.account()), &body).await.problem(ProblemType::NoInfrasound);
    let nobody = "https://other.example/users/nobody".parse().unwrap();
    alice.put(&contact_path(&nobody), &body).await.problem(ProblemType::NoInfrasound);
    alice.put("/v1/contacts/nonsense", &body).await.problem(ProblemType::BadRequest);
}

#[tokio::test]
async fn a_block_and_a_policy_cannot_be_told_apart() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (_, found) = Group::prepare(&alice, &bob, 0).await;
    let claim = serde_json::json!({ "account": bob.account() });
    bob.say(&alice, ContactState::Blocked).await;
    let blocked = [
        alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::NoConsent),
        alice.post("/v1/conversations", &found).await.problem(ProblemType::NoConsent),
    ];
    bob.say(&alice, ContactState::None).await;
    let policy = RequestPolicy { for_private_mentions: Verdict::Drop, ..RequestPolicy::default() };
    bob.put("/v1/account/policy", &policy).await.done();
    let dropped = [
        alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::NoConsent),
        alice.post("/v1/conversations", &found).await.problem(ProblemType::NoConsent),
    ];
    assert_eq!(blocked, dropped);
}

#[tokio::test]
async fn who_was_accepted_passes_a_strict_policy() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let policy = RequestPolicy { for_private_mentions: Verdict::Drop, ..RequestPolicy::default() };
    bob.put("/v1/account/policy", &policy).await.done();
    bob.say(&alice, ContactState::Accepted).await;
    Group::found(&alice, &bob).await;
}

#[tokio::test]
async fn who_blocks_somebody_does_not_write_to_them() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    alice.say(&bob, ContactState::Blocked).await;
    let (_, found) = Group::prepare(&alice, &bob, 0).await;
    alice.post("/v1/conversations", &found).await.problem(ProblemType::Forbidden);
}

#[tokio::test]
async fn new_accounts_may_be_kept_out_until_they_are_thirty_days_old() {
    let relay = TestRelay::configured(|config| config.session_lifetime = 90 * time::DAY).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let policy = RequestPolicy { for_new_accounts: Verdict::Drop, ..RequestPolicy::default() };
    bob.put("/v1/account/policy", &policy).await.done();
    let claim = serde_json::json!({ "account": bob.account() });
    alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::NoConsent);
    relay.clock.advance(31 * time::DAY);
    alice.claim(bob.account()).await;
}
