//! The relay's view of an instance, live against snac.
//!
//! Spec: `identity.md` 1. snac has no RFC 8414 metadata and no userinfo, and refuses a wrong token with an empty 422.

use infrasound_relay::instance::{
    AccessToken, AppCredentials, IdentifyError, Instance, ResolveError, SignInError, Standing, code_challenge,
};
use infrasound_tests::snac::Snac;
use url::Url;

fn start() -> (Snac, Instance) {
    let snac = Snac::start(env!("CARGO_TARGET_TMPDIR"));
    let instance = Instance::new(snac.base()).unwrap();
    (snac, instance)
}

#[tokio::test]
async fn a_token_of_snac_says_whose_it_is() {
    let (snac, instance) = start();
    for name in ["alice", "bob"] {
        let account = instance.identify(&snac.token(name)).await.unwrap();
        assert_eq!(account.uri.as_str(), format!("{}/{name}", snac.base()));
        assert_eq!(account.handle.as_str(), format!("@{name}@{}", snac.host()));
        assert!(account.created_at.is_some());
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_with_what_to_do() {
    let (_snac, instance) = start();
    let refused = instance.identify(&AccessToken::new("0".repeat(32))).await.unwrap_err();
    assert!(matches!(refused, IdentifyError::TokenRefused), "{refused:?}");
    assert_eq!(refused.to_string(), "the instance does not accept this token; sign in again");
}

#[tokio::test]
async fn snac_tells_without_a_token_how_an_account_stands() {
    let (snac, instance) = start();
    let uri = |name: &str| format!("{}/{name}", snac.base()).parse().unwrap();
    let handle = |name: &str| format!("@{name}@{}", snac.host()).parse().unwrap();
    let alice = instance.look_again(&uri("alice"), &handle("alice")).await;
    assert!(matches!(alice, Standing::Good { .. }), "{alice:?}");
    let nobody = instance.look_again(&uri("nobody"), &handle("nobody")).await;
    assert!(matches!(nobody, Standing::Gone), "{nobody:?}");
}

#[tokio::test]
async fn a_handle_of_snac_resolves_to_its_actor() {
    let (snac, instance) = start();
    let carol = format!("@carol@{}", snac.host()).parse().unwrap();
    assert_eq!(instance.resolve(&carol).await.unwrap().as_str(), format!("{}/carol", snac.base()));
    let nobody = format!("@nobody@{}", snac.host()).parse().unwrap();
    assert!(matches!(instance.resolve(&nobody).await, Err(ResolveError::NotFound { .. })));
}

const REDIRECT: &str = "http://127.0.0.1:9/back";

/// Begins a sign-in as the relay does.
async fn begin(instance: &Instance, app: &AppCredentials, verifier: &str) -> Url {
    instance.authorize_url(app, REDIRECT, "state", &code_challenge(verifier)).await.unwrap()
}

#[tokio::test]
async fn the_whole_sign_in_at_snac_brings_the_account() {
    let (snac, instance) = start();
    let app = instance.register_app(REDIRECT).await.unwrap();
    assert_eq!(app.scope, "read:accounts");
    let code = snac.log_in(&begin(&instance, &app, "verifier").await, "carol").await;
    let token = instance.exchange_code(&app, REDIRECT, &code, "verifier").await.unwrap();
    assert_eq!(instance.identify(&token).await.unwrap().handle.name(), "carol");
}

/// snac gives an app's newest login to any code, so two sign-ins must not share an app.
#[tokio::test]
async fn a_sign_in_at_snac_cannot_be_taken_by_another() {
    let (snac, instance) = start();
    let app = instance.register_app(REDIRECT).await.unwrap();
    assert!(!app.checks_codes, "snac checks codes now: the apps for one sign-in can go");
    begin(&instance, &app, "mallory's").await;
    let code = snac.log_in(&begin(&instance, &app, "bob's").await, "bob").await;

    let stolen = instance.exchange_code(&app, REDIRECT, "any code", "mallory's").await.unwrap();
    let refused = instance.identify(&stolen).await;
    assert!(matches!(refused, Err(IdentifyError::TokenRefused)), "{refused:?}");
    let again = instance.exchange_code(&app, REDIRECT, &code, "mallory's").await;
    assert!(matches!(again, Err(SignInError::CodeRefused)), "{again:?}");

    let token = instance.exchange_code(&app, REDIRECT, &code, "bob's").await.unwrap();
    assert_eq!(instance.identify(&token).await.unwrap().handle.name(), "bob");
}
