//! The table of servers (handbook 2.1), each row as a small server on loopback, and servers that lie.

use std::{convert::Infallible, future::pending, time::Duration};

use axum::{
    Json, Router,
    extract::{Query, Request},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{AccessToken, CallError, IdentifyError, Instance, InstanceAccount, Standing};

const GOOD: &str = "good-token";

/// A server that answers as one row of the table.
struct Server {
    base: String,
    host: String,
    task: JoinHandle<()>,
}

impl Server {
    /// The routes are made once the address is known.
    async fn start(routes: impl FnOnce(&str, &str) -> Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let base = format!("http://{host}");
        let router = routes(&base, &host);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, host, task }
    }

    fn instance(&self) -> Instance {
        Instance::with_timeout(&self.base, Duration::from_millis(500)).unwrap()
    }

    async fn identify(&self, token: &str) -> Result<InstanceAccount, IdentifyError> {
        self.instance().identify(&AccessToken::new(token.to_owned())).await
    }

    #[track_caller]
    fn is_alice(&self, account: &InstanceAccount) {
        assert_eq!(account.uri.as_str(), format!("{}/users/alice", self.base));
        assert_eq!(account.handle.as_str(), format!("@alice@{}", self.host));
    }

    async fn look_again(&self) -> Standing {
        let uri = format!("{}/users/alice", self.base).parse().unwrap();
        self.instance().look_again(&uri, &format!("@alice@{}", self.host).parse().unwrap()).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Always the same JSON.
fn fixed(body: Value) -> MethodRouter {
    get(move || async move { Json(body) })
}

/// JSON for the good token; the server's own refusal for any other.
fn guarded(body: Value, refusal: impl IntoResponse + Clone + Send + Sync + 'static) -> MethodRouter {
    get(move |headers: HeaderMap| async move {
        let good = headers.get(AUTHORIZATION).is_some_and(|value| value == format!("Bearer {GOOD}").as_str());
        if good { Json(body).into_response() } else { refusal.into_response() }
    })
}

fn unauthorized() -> (StatusCode, Json<Value>) {
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "The access token is invalid" })))
}

fn metadata(base: &str, with_userinfo: bool) -> Value {
    let mut metadata = json!({
        "issuer": format!("{base}/"),
        "authorization_endpoint": format!("{base}/oauth/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "app_registration_endpoint": format!("{base}/api/v1/apps"),
        "scopes_supported": ["read", "read:accounts", "profile"],
    });
    if with_userinfo {
        metadata["userinfo_endpoint"] = json!(format!("{base}/oauth/userinfo"));
    }
    metadata
}

fn userinfo(base: &str) -> Value {
    json!({ "iss": base, "sub": format!("{base}/users/alice"), "name": "Alice", "preferred_username": "alice" })
}

fn entity(more: Value) -> Value {
    let mut entity = json!({ "username": "alice", "acct": "alice", "display_name": "Alice", "created_at": "2024-01-01T00:00:00.000Z" });
    entity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entity
}

fn descriptor(host: &str, actor: &str) -> Value {
    let link = json!({ "rel": "self", "type": "application/activity+json", "href": actor });
    json!({ "subject": format!("acct:alice@{host}"), "links": [link] })
}

const METADATA: &str = "/.well-known/oauth-authorization-server";
const USERINFO: &str = "/oauth/userinfo";
const VERIFY: &str = "/api/v1/accounts/verify_credentials";
const WEBFINGER: &str = "/.well-known/webfinger";
const LOOKUP: &str = "/api/v1/accounts/lookup";

fn with_uri(base: &str) -> Value {
    entity(json!({ "uri": format!("{base}/users/alice") }))
}

async fn mastodon_44() -> Server {
    Server::start(|base, _| {
        Router::new()
            .route(METADATA, fixed(metadata(base, true)))
            .route(USERINFO, guarded(userinfo(base), unauthorized()))
            .route(VERIFY, guarded(with_uri(base), unauthorized()))
    })
    .await
}

#[tokio::test]
async fn mastodon_4_4_is_identified_by_userinfo() {
    let server = mastodon_44().await;
    let account = server.identify(GOOD).await.unwrap();
    server.is_alice(&account);
    assert_eq!(account.created_at.unwrap().as_secs(), 1_704_067_200);
    assert_eq!(server.instance().discover().await.unwrap().scope, "profile");
    assert!(matches!(server.identify("bad").await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn userinfo_alone_is_enough() {
    let server = Server::start(|base, _| {
        Router::new()
            .route(METADATA, fixed(metadata(base, true)))
            .route(USERINFO, guarded(userinfo(base), unauthorized()))
    })
    .await;
    let account = server.identify(GOOD).await.unwrap();
    server.is_alice(&account);
    assert_eq!((account.display_name.as_deref(), account.created_at), (Some("Alice"), None));
}

#[tokio::test]
async fn mastodon_4_3_is_identified_by_the_uri_of_the_account() {
    let server = Server::start(|base, _| {
        Router::new()
            .route(METADATA, fixed(metadata(base, false)))
            .route(VERIFY, guarded(with_uri(base), unauthorized()))
    })
    .await;
    server.is_alice(&server.identify(GOOD).await.unwrap());
    assert!(matches!(server.identify("bad").await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn mastodon_4_2_without_metadata_is_asked_for_read_accounts() {
    let server =
        Server::start(|base, _| Router::new().route(VERIFY, guarded(with_uri(base), unauthorized()))).await;
    server.is_alice(&server.identify(GOOD).await.unwrap());
    let endpoints = server.instance().discover().await.unwrap();
    assert_eq!((endpoints.scope, endpoints.has_metadata), ("read:accounts", false));
    assert_eq!(endpoints.authorization.as_str(), format!("{}/oauth/authorize", server.base));
}

/// Mastodon before 4.2, GoToSocial and Takahe: no `uri`.
async fn without_uri(refusal: impl IntoResponse + Clone + Send + Sync + 'static) -> Server {
    Server::start(|base, host| {
        Router::new()
            .route(VERIFY, guarded(entity(json!({})), refusal))
            .route(WEBFINGER, fixed(descriptor(host, &format!("{base}/users/alice"))))
    })
    .await
}

#[tokio::test]
async fn an_older_mastodon_and_gotosocial_are_identified_by_webfinger() {
    let server = without_uri(unauthorized()).await;
    server.is_alice(&server.identify(GOOD).await.unwrap());
    assert!(matches!(server.identify("bad").await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn takahe_refuses_a_token_with_400_and_plain_text() {
    let server = without_uri((StatusCode::BAD_REQUEST, "invalid_token")).await;
    server.is_alice(&server.identify(GOOD).await.unwrap());
    assert!(matches!(server.identify("bad").await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn snac_refuses_a_token_with_an_empty_422() {
    let refusal = StatusCode::UNPROCESSABLE_ENTITY;
    let server = Server::start(|base, _| Router::new().route(VERIFY, guarded(with_uri(base), refusal))).await;
    server.is_alice(&server.identify(GOOD).await.unwrap());
    assert!(matches!(server.identify("bad").await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn mitra_names_the_actor_as_actor_id() {
    let server = Server::start(|base, _| {
        let account = entity(json!({ "actor_id": format!("{base}/users/alice") }));
        Router::new().route(VERIFY, guarded(account, unauthorized()))
    })
    .await;
    server.is_alice(&server.identify(GOOD).await.unwrap());
}

async fn verify_answers(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Server {
    Server::start(|_, _| Router::new().route(VERIFY, get(move || async move { answer }))).await
}

#[tokio::test]
async fn each_verdict_on_a_person_is_told_in_words() {
    for (error, told) in [
        ("Your login is currently disabled", "disabled"),
        ("Your login is missing a confirmed e-mail address", "confirm your e-mail"),
        ("Your login is currently pending approval", "awaits approval"),
        ("This action is outside the authorized scopes", "sign in again"),
    ] {
        let server = verify_answers((StatusCode::FORBIDDEN, Json(json!({ "error": error })))).await;
        let refused = server.identify(GOOD).await.unwrap_err().to_string();
        assert!(refused.contains(told), "{error}: {refused}");
    }
}

#[tokio::test]
async fn a_frozen_login_is_noticed_although_userinfo_answered() {
    let frozen = (StatusCode::FORBIDDEN, Json(json!({ "error": "Your login is currently disabled" })));
    let server = Server::start(|base, _| {
        Router::new()
            .route(METADATA, fixed(metadata(base, true)))
            .route(USERINFO, fixed(userinfo(base)))
            .route(VERIFY, get(move || async move { frozen }))
    })
    .await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::LoginDisabled)));
}

#[tokio::test]
async fn a_suspended_and_a_moved_account_are_refused() {
    let suspended = Server::start(|_, _| Router::new().route(VERIFY, fixed(entity(json!({ "suspended": true }))))).await;
    assert!(matches!(suspended.identify(GOOD).await, Err(IdentifyError::Suspended)));
    let moved = json!({ "moved": { "username": "alice", "uri": "https://new.example/users/alice" } });
    let server = Server::start(|_, _| Router::new().route(VERIFY, fixed(entity(moved)))).await;
    let Err(IdentifyError::Moved { to: Some(to) }) = server.identify(GOOD).await else { panic!("not moved") };
    assert_eq!(to.as_str(), "https://new.example/users/alice");
}

#[tokio::test]
async fn a_failing_or_limiting_instance_is_unreachable_not_nonsense() {
    for status in [StatusCode::BAD_GATEWAY, StatusCode::TOO_MANY_REQUESTS] {
        let server = verify_answers(status).await;
        assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Unreachable(_))), "{status}");
    }
    let server = mastodon_44().await;
    let instance = server.instance();
    drop(server);
    let refused = loop {
        // The listener closes a moment after its task ends.
        let refused = instance.identify(&AccessToken::new(GOOD.to_owned())).await;
        if !matches!(refused, Ok(_)) {
            break refused;
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(refused, Err(IdentifyError::Unreachable(_))), "{refused:?}");
}

// Servers that lie.

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

#[tokio::test]
async fn a_domain_that_hands_its_webfinger_to_the_instance_names_the_handle() {
    // The domain is known before the instance is, so the instance's address goes to it in the query.
    let domain = Server::start(|_, _| {
        let hand_over = |Query(query): Query<Vec<(String, String)>>| async move {
            let resource = &query.iter().find(|(name, _)| name == "resource").unwrap().1;
            Redirect::to(&format!("http://localhost/{resource}"))
        };
        Router::new().route("/elsewhere", get(hand_over))
    })
    .await;
    let claimed = domain.host.clone();
    let instance = Server::start(|base, _| {
        Router::new()
            .route("/api/v2/instance", fixed(json!({ "domain": claimed })))
            .route(VERIFY, fixed(with_uri(base)))
    })
    .await;
    // The domain knows nothing of alice, so the handle stays with the instance's own host.
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
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Nonsense(CallError::Status { status: 307 }))));
}

#[tokio::test]
async fn an_answer_of_two_mebibytes_is_not_read_whole() {
    let server = verify_answers("x".repeat(2 * 1024 * 1024)).await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Nonsense(CallError::TooLarge))));
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server = Server::start(|_, _| Router::new().route(METADATA, get(|| async { Redirect::to(METADATA) }))).await;
    let refused = server.identify(GOOD).await;
    assert!(matches!(refused, Err(IdentifyError::Nonsense(CallError::Redirected))), "{refused:?}");
}

#[tokio::test]
async fn a_redirect_to_plain_http_elsewhere_is_not_followed() {
    let to = "http://social.example/";
    let server = Server::start(|_, _| Router::new().route(METADATA, get(move || async move { Redirect::to(to) }))).await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Nonsense(CallError::Redirected))));
}

#[tokio::test]
async fn an_instance_that_hangs_is_given_up() {
    let server = Server::start(|_, _| Router::new().route(METADATA, get(pending::<Response>))).await;
    let refused = server.identify(GOOD).await;
    assert!(matches!(refused, Err(IdentifyError::Unreachable(CallError::TimedOut))), "{refused:?}");
}

// Looking again.

#[tokio::test]
async fn the_public_lookup_tells_how_an_account_stands() {
    let check = |more: Value, expected: fn(&Standing) -> bool| async move {
        let server = Server::start(|_, _| Router::new().route(LOOKUP, fixed(entity(more)))).await;
        let standing = server.look_again().await;
        assert!(expected(&standing), "{standing:?}");
    };
    check(json!({}), |s| matches!(s, Standing::Good { limited: false })).await;
    check(json!({ "limited": true }), |s| matches!(s, Standing::Good { limited: true })).await;
    check(json!({ "suspended": true }), |s| matches!(s, Standing::Suspended)).await;
    check(json!({ "moved": { "uri": "https://n.example/a" } }), |s| matches!(s, Standing::Moved(_))).await;
}

#[tokio::test]
async fn without_a_lookup_the_actor_document_tells() {
    let check = |more: Value, expected: fn(&Standing) -> bool| async move {
        let server = Server::start(|base, _| {
            let mut actor = json!({ "id": format!("{base}/users/alice"), "type": "Person" });
            actor.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Router::new().route("/users/alice", fixed(actor))
        })
        .await;
        let standing = server.look_again().await;
        assert!(expected(&standing), "{standing:?}");
    };
    check(json!({}), |s| matches!(s, Standing::Good { .. })).await;
    check(json!({ "suspended": true }), |s| matches!(s, Standing::Suspended)).await;
    check(json!({ "movedTo": "https://n.example/a" }), |s| matches!(s, Standing::Moved(_))).await;
    check(json!({ "id": "https://h.example/other" }), |s| matches!(s, Standing::Unknown(_))).await;
}

#[tokio::test]
async fn an_actor_that_is_gone_is_gone() {
    for status in [StatusCode::GONE, StatusCode::NOT_FOUND] {
        let server = Server::start(|_, _| Router::new().route("/users/alice", get(move || async move { status }))).await;
        assert!(matches!(server.look_again().await, Standing::Gone), "{status}");
    }
}

#[tokio::test]
async fn gotosocial_wants_a_signature_for_the_actor_so_webfinger_tells() {
    let closed = || get(|| async { StatusCode::UNAUTHORIZED });
    let server = Server::start(|base, host| {
        Router::new()
            .route(LOOKUP, closed())
            .route("/users/alice", closed())
            .route(WEBFINGER, fixed(descriptor(host, &format!("{base}/users/alice"))))
    })
    .await;
    assert!(matches!(server.look_again().await, Standing::Good { .. }));
    let server = Server::start(|_, _| Router::new().route("/users/alice", closed())).await;
    assert!(matches!(server.look_again().await, Standing::Gone));
}

#[tokio::test]
async fn an_instance_that_fails_says_nothing_about_an_account() {
    let down = |_: Request, _: Next| async { Ok::<_, Infallible>(StatusCode::BAD_GATEWAY) };
    let server = Server::start(|_, _| Router::new().route("/", get(|| async {})).layer(from_fn(down))).await;
    let standing = server.look_again().await;
    assert!(matches!(standing, Standing::Unknown(CallError::Status { status: 502 })) , "{standing:?}");
}
