//! Signing in with the instance.

use infrasound_spec::{
    api::{
        problem::ProblemType,
        sign_in::{SignInStarted, SignedIn},
    },
    time,
};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, TestRelay};

async fn begin(relay: &TestRelay) -> SignInStarted {
    relay.post("/v1/sign-in/start", &json!({})).await.ok()
}

async fn finish(relay: &TestRelay, started: &SignInStarted, code: &str) -> Answer {
    relay.post("/v1/sign-in/finish", &json!({ "sign_in": started.sign_in, "code": code })).await
}

/// Signs in with a browser; the page that it ends on.
async fn page(started: &SignInStarted, name: &str) -> String {
    let browser = Browser::new();
    let callback = browser.allow(&started.authorize_url, name).await;
    let page = browser.open(callback).await;
    assert_eq!(page.headers()["cache-control"], "no-store");
    page.text().await.unwrap()
}

fn code(page: &str) -> String {
    let (_, rest) = page.split_once("<output").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    rest[..9].to_owned()
}

#[tokio::test]
async fn a_person_signs_in_with_a_browser() {
    let relay = TestRelay::start().await;
    let started = begin(&relay).await;
    finish(&relay, &started, "ABCD-EFGH").await.problem(ProblemType::TicketExpired);
    let code = code(&page(&started, "alice").await);
    let signed_in: SignedIn = finish(&relay, &started, &code.to_lowercase()).await.ok();
    assert_eq!(signed_in.handle.name(), "alice");
    assert!(signed_in.account.as_str().starts_with(&relay.base));
    finish(&relay, &started, &code).await.problem(ProblemType::TicketExpired);
}

#[tokio::test]
async fn the_page_hands_the_code_over_to_pages_of_its_own_origin() {
    let relay = TestRelay::start().await;
    let started = begin(&relay).await;
    let page = page(&started, "alice").await;
    assert!(page.contains(&format!("data-sign-in=\"{}\"", started.sign_in)), "{page}");
    assert!(page.contains(&format!("data-code=\"{}\"", code(&page))), "{page}");
    assert!(page.contains("<script src=\"/v1/sign-in/hand-over.js\" defer>"), "{page}");
    let script = relay.get("/v1/sign-in/hand-over.js").await;
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
    assert!(String::from_utf8(script.body).unwrap().contains("new BroadcastChannel('infrasound-sign-in')"));
}

#[tokio::test]
async fn a_sign_in_is_over_after_five_wrong_codes() {
    let relay = TestRelay::start().await;
    let started = begin(&relay).await;
    let code = code(&page(&started, "alice").await);
    for _ in 0..5 {
        finish(&relay, &started, "AAAA-AAAA").await.problem(ProblemType::Forbidden);
    }
    finish(&relay, &started, &code).await.problem(ProblemType::TicketExpired);
}

#[tokio::test]
async fn a_sign_in_is_over_after_ten_minutes() {
    let relay = TestRelay::start().await;
    let started = begin(&relay).await;
    let code = code(&page(&started, "alice").await);
    relay.clock.advance(10 * time::MINUTE);
    finish(&relay, &started, &code).await.problem(ProblemType::TicketExpired);
}

#[tokio::test]
async fn the_browser_comes_back_once_and_only_with_the_state_it_left_with() {
    let relay = TestRelay::start().await;
    let started = begin(&relay).await;
    let browser = Browser::new();
    let callback = browser.allow(&started.authorize_url, "alice").await;
    let mut forged = callback.clone();
    forged.query_pairs_mut().clear().append_pair("state", "x").append_pair("code", "y");
    assert_eq!(browser.open(forged).await.status(), 400);
    assert_eq!(browser.open(callback.clone()).await.status(), 200);
    let again = browser.open(callback).await;
    assert_eq!(again.status(), 400);
    assert!(again.text().await.unwrap().contains("Begin again in your client"));
}

#[tokio::test]
async fn a_state_is_used_up_by_the_first_return_whatever_comes_of_it() {
    let relay = TestRelay::start().await;
    for (field, value) in [("code", "wrong"), ("error", "access_denied")] {
        let started = begin(&relay).await;
        let browser = Browser::new();
        let callback = browser.allow(&started.authorize_url, "alice").await;
        let state = callback.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
        let mut failed = callback.clone();
        failed.query_pairs_mut().clear().append_pair("state", &state).append_pair(field, value);
        assert!(browser.open(failed).await.status().is_client_error());
        let again = browser.open(callback).await;
        assert_eq!(again.status(), 400);
        assert!(again.text().await.unwrap().contains("over or was never begun"));
    }
}

#[tokio::test]
async fn a_token_of_the_instance_signs_in_and_a_wrong_one_does_not() {
    let relay = TestRelay::start().await;
    assert_eq!(relay.sign_in("bob").await.handle.name(), "bob");
    let wrong = relay.post("/v1/sign-in/exchange", &json!({ "access_token": "nonsense" })).await;
    wrong.problem(ProblemType::InstanceRefused);
    relay.post("/v1/sign-in/exchange", &json!({ "token": 1 })).await.problem(ProblemType::BadRequest);
}

#[tokio::test]
async fn the_database_holds_no_token_and_no_ticket() {
    let relay = TestRelay::start().await;
    let token = Browser::new().token(&relay.base, "alice").await;
    let signed_in: SignedIn =
        relay.post("/v1/sign-in/exchange", &json!({ "access_token": token })).await.ok();
    let alice = relay.device("bob").await;
    let ticket = signed_in.ticket.as_bytes();
    let session: [u8; 32] = infrasound_spec::bytes::decode_array(&alice.token).unwrap();
    for file in ["relay.db", "relay.db-wal"] {
        let bytes = std::fs::read(relay.directory.path().join(file)).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let handle = alice.handle().as_str().as_bytes();
        assert!(file == "relay.db" || holds(handle), "the search finds what is there");
        for secret in [token.as_bytes(), ticket, &session, alice.token.as_bytes()] {
            assert!(!holds(secret), "{file} holds a secret");
        }
    }
}

#[tokio::test]
async fn sign_ins_from_one_address_are_limited() {
    let relay = TestRelay::configured(|config| config.rates.sign_ins_per_minute = 3).await;
    for _ in 0..3 {
        begin(&relay).await;
    }
    let refused = relay.post("/v1/sign-in/start", &Value::Null).await;
    assert!(refused.problem(ProblemType::RateLimited).retry_after.unwrap() <= 20);
}
