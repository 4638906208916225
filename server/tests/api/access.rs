//! Who may use the relay. Spec: `relay-api.md` 14.

use infrasound_relay::config::{Limited, Who};
use infrasound_spec::{
    api::{devices::Session, problem::ProblemType, sign_in::SignInStarted},
    consent::ContactState,
    time,
};
use serde_json::{Value, json};

use crate::{
    sessions::begin,
    support::{Answer, Browser, Device, NewDevice, Reader, TestRelay},
};

async fn relay(who: Who) -> TestRelay {
    TestRelay::configured(|config| {
        config.access.who = who;
        config.access.roles = vec!["Member".to_owned()];
    })
    .await
}

async fn sign_in(relay: &TestRelay, name: &str) -> Answer {
    let token = Browser::new().token(&relay.base, name).await;
    relay.post("/v1/sign-in/exchange", &json!({ "access_token": token })).await
}

/// Refused, in words that hold these.
#[track_caller]
fn refused(answer: &Answer, words: &str) {
    let detail = answer.problem(ProblemType::AccountRefused).detail;
    assert!(detail.contains(words), "{detail}");
}

fn handle(relay: &TestRelay, name: &str) -> String {
    format!("@{name}@{}", relay.base.strip_prefix("http://").unwrap())
}

#[tokio::test]
async fn nobody_gets_in_where_the_relay_is_off() {
    let relay = relay(Who::Off).await;
    refused(&sign_in(&relay, "alice").await, "takes nobody at present");
}

#[tokio::test]
async fn who_asks_is_let_in_after_an_admins_yes_and_out_when_it_is_taken_back() {
    let relay = relay(Who::OptIn).await;
    let alice = handle(&relay, "alice");
    for _ in 0..2 {
        refused(&sign_in(&relay, "alice").await, "It has noted that you asked");
    }
    let asked = relay.admin(&["accounts", "list", "--only", "asked"]).await.unwrap();
    assert_eq!(asked["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(asked["accounts"][0]["handle"], alice.as_str());
    relay.admin(&["accounts", "allow", &alice]).await.unwrap();
    let device = relay.device("alice").await;
    device.get("/v1/account").await.ok::<Value>();
    assert_eq!(relay.admin(&["accounts", "list", "--only", "asked"]).await.unwrap()["accounts"], json!([]));
    relay.admin(&["accounts", "disallow", &alice]).await.unwrap();
    device.get("/v1/account").await.problem(ProblemType::NoSession);
    refused(&begin(&relay, &device).await, "lets people in one by one");
}

#[tokio::test]
async fn who_has_asked_and_was_not_answered_is_forgotten_after_thirty_days() {
    let relay = relay(Who::OptIn).await;
    refused(&sign_in(&relay, "alice").await, "noted");
    relay.clock.advance(30 * time::DAY);
    assert!(relay.running().sweep().await);
    assert_eq!(relay.admin(&["accounts", "list"]).await.unwrap()["accounts"], json!([]));
}

#[tokio::test]
async fn only_named_accounts_get_in_where_there_is_a_list() {
    let relay = relay(Who::List).await;
    refused(&sign_in(&relay, "alice").await, "whom its admins have named");
    assert_eq!(relay.admin(&["accounts", "list"]).await.unwrap()["accounts"], json!([]), "nothing was noted");
    relay.admin(&["accounts", "allow", &handle(&relay, "alice")]).await.unwrap();
    relay.device("alice").await;
    refused(&sign_in(&relay, "bob").await, "whom its admins have named");
}

#[tokio::test]
async fn who_has_the_role_gets_in_until_the_instance_shows_it_no_more() {
    let relay = relay(Who::Roles).await;
    let demo = relay.running().demo().unwrap();
    refused(&sign_in(&relay, "bob").await, "(Member)");
    assert!(demo.set_role("alice", "Member", 0).await.unwrap());
    let alice = relay.device("alice").await;
    begin(&relay, &alice).await.ok::<Session>();
    assert!(demo.set_role("alice", "", 0).await.unwrap());
    alice.get("/v1/account").await.ok::<Value>();
    refused(&begin(&relay, &alice).await, "you have none of them");
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn who_is_suspended_is_out_at_once_and_back_when_restored() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let waiting = NewDevice::make(&relay.sign_in("alice").await);
    let mut stream = Reader::open(&alice, None).await;
    stream.until_ready().await;
    let name = alice.handle().to_string();
    relay
        .admin(&["accounts", "suspend", &name, "--reason", "You wrote to a thousand strangers"])
        .await
        .unwrap();
    assert!(stream.next().await.is_none(), "the stream has ended");
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    let words = "suspended your account here: You wrote to a thousand strangers.";
    refused(&begin(&relay, &alice).await, words);
    refused(&sign_in(&relay, "alice").await, words);
    refused(&relay.post("/v1/devices", &waiting.request(true)).await, words);
    relay.admin(&["accounts", "restore", &name]).await.unwrap();
    begin(&relay, &alice).await.ok::<Session>();
    let error = relay.admin(&["accounts", "restore", &name]).await.unwrap_err();
    assert!(error.contains("is not suspended here"), "{error}");
}

#[tokio::test]
async fn somebody_can_be_suspended_who_has_never_been_here() {
    let relay = TestRelay::start().await;
    let name = handle(&relay, "alice");
    relay.admin(&["accounts", "suspend", &name]).await.unwrap();
    refused(&sign_in(&relay, "alice").await, "Ask them why.");
    let error = relay.admin(&["accounts", "suspend", &handle(&relay, "nobody")]).await.unwrap_err();
    assert!(error.contains("There is no account"), "{error}");
}

#[tokio::test]
async fn a_stricter_policy_ends_the_sessions_of_before() {
    let mut relay = relay(Who::Everyone).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    relay.admin(&["accounts", "allow", &alice.handle().to_string()]).await.unwrap();
    relay.restart(|config| config.access.who = Who::List).await;
    assert!(relay.running().sweep().await);
    alice.get("/v1/account").await.ok::<Value>();
    bob.get("/v1/account").await.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn who_is_here_can_be_let_in_before_the_policy_becomes_stricter() {
    let mut relay = relay(Who::Everyone).await;
    let alice = relay.device("alice").await;
    relay.admin(&["accounts", "allow-all"]).await.unwrap();
    relay.restart(|config| config.access.who = Who::OptIn).await;
    assert!(relay.running().sweep().await);
    begin(&relay, &alice).await.ok::<Session>();
    refused(&sign_in(&relay, "bob").await, "noted");
}

#[tokio::test]
async fn the_page_at_the_end_of_a_sign_in_says_why_and_shows_no_code() {
    let relay = relay(Who::List).await;
    let started: SignInStarted = relay.post("/v1/sign-in/start", &Value::Null).await.ok();
    let browser = Browser::new();
    let page = browser.open(browser.allow(&started.authorize_url, "alice").await).await;
    assert_eq!(page.status(), 403);
    let text = page.text().await.unwrap();
    assert!(text.contains("whom its admins have named") && !text.contains("class=\"code\""), "{text}");
}

async fn limited(limited: Limited) -> (TestRelay, Device, Device) {
    let relay = TestRelay::configured(|config| config.access.limited = limited).await;
    let people = (relay.device("alice").await, relay.device("bob").await);
    assert!(relay.running().demo().unwrap().set_limited("alice", true).await.unwrap());
    (relay, people.0, people.1)
}

#[tokio::test]
async fn a_limited_account_writes_to_who_has_accepted_it_where_the_admin_wants_that() {
    let (relay, mut alice, bob) = limited(Limited::AcquaintancesOnly).await;
    alice.token = begin(&relay, &alice).await.ok::<Session>().token.to_string();
    let claim = json!({ "account": bob.account() });
    let refused = alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::Forbidden);
    assert!(refused.detail.contains("people who have accepted you"), "{}", refused.detail);
    bob.say(&alice, ContactState::Accepted).await;
    alice.post("/v1/key-packages/claim", &claim).await.ok::<Value>();
}

#[tokio::test]
async fn limited_accounts_are_refused_where_the_admin_wants_that() {
    let (relay, alice, _) = limited(Limited::Refused).await;
    refused(&begin(&relay, &alice).await, "takes no limited accounts");
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
}

#[tokio::test]
async fn who_gains_the_role_goes_on_with_the_device_that_is_there_after_signing_in() {
    let relay = relay(Who::Roles).await;
    let demo = relay.running().demo().unwrap();
    assert!(demo.set_role("alice", "Member", 0).await.unwrap());
    let alice = relay.device("alice").await;
    assert!(demo.set_role("alice", "", 0).await.unwrap());
    refused(&begin(&relay, &alice).await, "you have none of them");
    assert!(demo.set_role("alice", "Member", 0).await.unwrap());
    refused(&begin(&relay, &alice).await, "you have none of them");
    relay.sign_in("alice").await;
    begin(&relay, &alice).await.ok::<Session>();
}

/// Signing in is the only time when the instance tells a role that it does not show to everybody.
#[tokio::test]
async fn who_signs_in_without_the_role_loses_the_sessions_of_before() {
    let relay = relay(Who::Roles).await;
    let demo = relay.running().demo().unwrap();
    for way in ["token", "browser"] {
        assert!(demo.set_role("alice", "Member", 0).await.unwrap());
        let alice = relay.start_over("alice").await;
        assert!(demo.set_role("alice", "", 0).await.unwrap());
        alice.get("/v1/account").await.ok::<Value>();
        if way == "token" {
            refused(&sign_in(&relay, "alice").await, "you have none of them");
        } else {
            let started: SignInStarted = relay.post("/v1/sign-in/start", &Value::Null).await.ok();
            let browser = Browser::new();
            let page = browser.open(browser.allow(&started.authorize_url, "alice").await).await;
            assert_eq!(page.status(), 403);
        }
        alice.get("/v1/account").await.problem(ProblemType::NoSession);
    }
}

#[tokio::test]
async fn who_never_asked_is_not_noted_as_asking_when_the_policy_becomes_stricter() {
    let mut relay = relay(Who::Everyone).await;
    let alice = relay.device("alice").await;
    relay.restart(|config| config.access.who = Who::OptIn).await;
    assert!(relay.running().sweep().await);
    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    assert_eq!(relay.admin(&["accounts", "list", "--only", "asked"]).await.unwrap()["accounts"], json!([]));
}
