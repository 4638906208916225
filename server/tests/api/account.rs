//! The session's account, and looking up others.

use infrasound_spec::{
    api::{
        accounts::{AccountInfo, FoundAccounts},
        devices::OwnAccount,
        problem::ProblemType,
    },
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

#[tokio::test]
async fn accounts_of_the_instance_are_found_by_the_beginning_of_their_names() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let find = async |text: &str| -> Vec<String> {
        let found: FoundAccounts = alice.get(&format!("/v1/accounts/search?q={text}")).await.ok();
        found.accounts.into_iter().map(|account| account.handle.to_string()).collect()
    };
    // Bob has no device: the answer does not tell.
    let bob = format!("@bob@{}", alice.handle().host());
    for text in ["bo", "@BO", "bob@", &bob, &bob[..bob.len() - 2]] {
        assert_eq!(find(text).await, [bob.as_str()], "{text}");
    }
    for text in ["nobodyhere", "bob@other.example", "", "@", "%20"] {
        assert_eq!(find(text).await, [""; 0], "{text}");
    }
}

#[tokio::test]
async fn a_search_needs_a_session_and_has_a_limit() {
    let relay = TestRelay::configured(|config| config.rates.searches_per_minute = 1).await;
    relay.get("/v1/accounts/search?q=bo").await.problem(ProblemType::NoSession);
    let alice = relay.device("alice").await;
    alice.get("/v1/accounts/search?q=bo").await.ok::<FoundAccounts>();
    alice.get("/v1/accounts/search?q=bo").await.problem(ProblemType::RateLimited);
    let long = format!("/v1/accounts/search?q={}", "x".repeat(201));
    alice.get(&long).await.problem(ProblemType::BadRequest);
    alice.get("/v1/accounts/search").await.problem(ProblemType::BadRequest);
}
