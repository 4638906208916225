//! Instances that lie, stall or flood, and domains that differ from their instance.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::Query,
    response::{Redirect, Response},
};

use super::*;

#[tokio::test]
async fn an_instance_cannot_name_an_account_of_another_host() {
    let victim = json!({ "uri": "https://victim.example/users/alice" });
    let server = Server::start(|_, host| {
        Router::new()
            .route(VERIFY, fixed(entity(victim)))
            .route(WEBFINGER, fixed(descriptor(host, "https://victim.example/users/alice")))
    })
    .await;
    let refused = server.identify(GOOD).await;
    assert!(matches!(refused, Err(IdentifyError::ForeignAccount { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_instance_cannot_take_over_a_domain_by_claiming_it() {
    let victim = mastodon_44_with_webfinger().await;
    let (actor, domain) = (format!("{}/users/alice", victim.base), victim.host.clone());
    let liar = Server::start(|_, _| {
        Router::new()
            .route("/api/v2/instance", fixed(json!({ "domain": domain })))
            .route(VERIFY, fixed(entity(json!({ "uri": actor }))))
    })
    .await;
    let refused = liar.identify(GOOD).await;
    assert!(matches!(refused, Err(IdentifyError::ForeignAccount { .. })), "{refused:?}");
    let handle = format!("@alice@{}", victim.host).parse().unwrap();
    assert!(liar.instance().resolve(&handle).await.is_err());
}

async fn mastodon_44_with_webfinger() -> Server {
    Server::start(|base, host| {
        Router::new().route(WEBFINGER, fixed(descriptor(host, &format!("{base}/users/alice"))))
    })
    .await
}

/// An instance that says its handles end in another domain, and that domain, which sends WebFinger to `target`.
async fn with_domain(target: &Arc<OnceLock<String>>) -> (Server, Server) {
    let at = Arc::clone(target);
    let hand_over = move |Query(query): Query<HashMap<String, String>>| async move {
        let Some(base) = at.get() else { return StatusCode::NOT_FOUND.into_response() };
        Redirect::to(&format!("{base}{WEBFINGER}?resource={}", query["resource"])).into_response()
    };
    let domain = Server::start(|_, _| Router::new().route(WEBFINGER, get(hand_over))).await;
    let claimed = domain.host.clone();
    let instance = Server::start(|base, _| {
        Router::new()
            .route("/api/v2/instance", fixed(json!({ "domain": claimed })))
            .route(WEBFINGER, fixed(descriptor(&claimed, &format!("{base}/users/alice"))))
            .route(VERIFY, fixed(with_uri(base)))
    })
    .await;
    (instance, domain)
}

#[tokio::test]
async fn a_domain_that_sends_webfinger_to_the_instance_names_the_handle() {
    let target = Arc::default();
    let (instance, domain) = with_domain(&target).await;
    target.set(instance.base.clone()).unwrap();
    let account = instance.identify(GOOD).await.unwrap();
    assert_eq!(account.uri.as_str(), format!("{}/users/alice", instance.base));
    assert_eq!(account.handle.as_str(), format!("@alice@{}", domain.host));
    for host in [&domain.host, &instance.host] {
        let handle = format!("@alice@{host}").parse().unwrap();
        assert_eq!(instance.instance().resolve(&handle).await.unwrap(), account.uri);
    }
}

#[tokio::test]
async fn a_domain_that_knows_nothing_of_the_instance_names_no_handle() {
    let (instance, _domain) = with_domain(&Arc::default()).await;
    instance.is_alice(&instance.identify(GOOD).await.unwrap());
}

#[tokio::test]
async fn webfinger_that_does_not_point_back_is_refused() {
    let server = Server::start(|base, host| {
        let mut other = descriptor(host, &format!("{base}/users/alice"));
        other["subject"] = json!(format!("acct:mallory@{host}"));
        Router::new().route(VERIFY, fixed(entity(json!({})))).route(WEBFINGER, fixed(other))
    })
    .await;
    let refused = server.identify(GOOD).await;
    assert!(matches!(refused, Err(IdentifyError::Nonsense(CallError::Nonsense { .. }))), "{refused:?}");
}

#[tokio::test]
async fn two_accounts_for_one_token_are_refused() {
    let server = Server::start(|base, _| {
        let other = entity(json!({ "uri": format!("{base}/users/bob") }));
        Router::new()
            .route(METADATA, fixed(metadata(base, true)))
            .route(USERINFO, fixed(userinfo(base)))
            .route(VERIFY, fixed(other))
    })
    .await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Nonsense(_))));
}

#[tokio::test]
async fn endpoints_on_another_host_get_no_secret() {
    let server = Server::start(|base, _| {
        let mut lies = metadata(base, true);
        lies["userinfo_endpoint"] = json!("https://evil.example/userinfo");
        Router::new().route(METADATA, fixed(lies))
    })
    .await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Nonsense(_))));
}

#[tokio::test]
async fn a_token_is_not_sent_along_a_redirect() {
    let server = Server::start(|base, _| {
        Router::new()
            .route(VERIFY, get(|| async { Redirect::temporary("/stolen") }))
            .route("/stolen", fixed(with_uri(base)))
    })
    .await;
    assert!(matches!(
        server.identify(GOOD).await,
        Err(IdentifyError::Nonsense(CallError::Status { status: 307 }))
    ));
}

#[tokio::test]
async fn an_answer_of_two_mebibytes_is_not_read_whole() {
    let server = verify_answers("x".repeat(2 * 1024 * 1024)).await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Nonsense(CallError::TooLarge))));
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server =
        Server::start(|_, _| Router::new().route(METADATA, get(|| async { Redirect::to(METADATA) }))).await;
    let refused = server.identify(GOOD).await;
    assert!(matches!(refused, Err(IdentifyError::Nonsense(CallError::Redirected))), "{refused:?}");
}

#[tokio::test]
async fn a_redirect_to_plain_http_elsewhere_is_not_followed() {
    let to = "http://social.example/";
    let server =
        Server::start(|_, _| Router::new().route(METADATA, get(move || async move { Redirect::to(to) })))
            .await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Nonsense(CallError::Redirected))));
}

#[tokio::test]
async fn an_instance_that_hangs_is_given_up() {
    let server = Server::start(|_, _| Router::new().route(METADATA, get(pending::<Response>))).await;
    let refused = server.identify(GOOD).await;
    assert!(matches!(refused, Err(IdentifyError::Unreachable(CallError::TimedOut))), "{refused:?}");
}
