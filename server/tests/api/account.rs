//! The session's account, and looking up others.

use infrasound_spec::{
    api::{accounts::AccountInfo, devices::OwnAccount, problem::ProblemType},
    consent::{RequestPolicy, Verdict},
};

use crate::support::TestRelay;

#[tokio::test]
async fn an_account_sees_itself() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let own: OwnAccount = alice.get("/v1/account").await.ok();
    assert_eq!((&own.account, &own.handle, own.device), (alice.account(), alice.handle(), alice.id()));
    assert_eq!(own.account_key, alice.keys.public_account_key());
    assert_eq!(own.policy, RequestPolicy::default());
}

#[tokio::test]
async fn the_policy_is_kept() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let policy = RequestPolicy { for_limited_accounts: Verdict::Drop, ..RequestPolicy::default() };
    alice.put("/v1/account/policy", &policy).await.done();
    assert_eq!(alice.get("/v1/account").await.ok::<OwnAccount>().policy, policy);
    let nonsense = serde_json::json!({ "for_everybody": "drop" });
    alice.put("/v1/account/policy", &nonsense).await.problem(ProblemType::BadRequest);
}

#[tokio::test]
async fn an_account_is_found_by_handle_and_by_uri() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let by_handle: AccountInfo =
        alice.get(&format!("/v1/accounts/lookup?handle={}", bob.handle())).await.ok();
    let by_uri: AccountInfo = alice.get(&format!("/v1/accounts/lookup?account={}", bob.account())).await.ok();
    assert_eq!(by_handle, by_uri);
    assert_eq!((&by_uri.account, by_uri.account_key), (bob.account(), bob.keys.public_account_key()));
}

#[tokio::test]
async fn who_is_not_found_is_told_apart() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let look = async |query: String| alice.get(&format!("/v1/accounts/lookup?{query}")).await;
    let host = alice.handle().host().to_owned();
    look(format!("handle=@bob@{host}")).await.problem(ProblemType::NoInfrasound);
    look(format!("handle=@nobody@{host}")).await.problem(ProblemType::UnknownAccount);
    look("handle=@bob@other.example".to_owned()).await.problem(ProblemType::OtherInstance);
    look("account=https://other.example/users/bob".to_owned()).await.problem(ProblemType::OtherInstance);
    look("handle=bob".to_owned()).await.problem(ProblemType::BadRequest);
    look(String::new()).await.problem(ProblemType::BadRequest);
}
