//! Each row of the handbook's table of servers, and what it says against a person.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{Form, routing::post};

use super::*;

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
    // That it has no role and is not limited was not said.
    assert!(!account.described && mastodon_44().await.identify(GOOD).await.unwrap().described);
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
    let suspended =
        Server::start(|_, _| Router::new().route(VERIFY, fixed(entity(json!({ "suspended": true }))))).await;
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
    server.stop().await;
    let refused = instance.identify(&AccessToken::new(GOOD.to_owned())).await;
    assert!(matches!(refused, Err(IdentifyError::Unreachable(_))), "{refused:?}");
}

#[tokio::test]
async fn the_role_is_known_where_the_server_says_it() {
    let role = json!({ "id": "3", "name": "Owner", "permissions": "1", "color": "", "highlighted": true });
    let check = |more: Value, expected: Option<(&'static str, bool)>| async move {
        let server = Server::start(|base, _| {
            let mut own = entity(more);
            own["uri"] = json!(format!("{base}/users/alice"));
            Router::new().route(VERIFY, guarded(own, unauthorized()))
        })
        .await;
        let role = server.identify(GOOD).await.unwrap().role;
        assert_eq!(role.as_ref().map(|role| (role.name.as_str(), role.shown)), expected);
    };
    check(json!({ "role": role, "roles": [role] }), Some(("Owner", true))).await;
    check(json!({ "role": role }), Some(("Owner", false))).await;
    check(json!({}), None).await;
    // A server that means something else by the word keeps nobody out.
    check(json!({ "role": "admin", "roles": "none" }), None).await;
}

#[tokio::test]
async fn a_limited_account_signs_in_and_is_known_to_be_limited() {
    let server = Server::start(|base, _| {
        let own = entity(json!({ "uri": format!("{base}/users/alice"), "limited": true }));
        Router::new().route(VERIFY, guarded(own, unauthorized()))
    })
    .await;
    assert!(server.identify(GOOD).await.unwrap().limited);
}

#[tokio::test]
async fn gotosocial_with_the_scope_profile_and_a_moved_account_is_refused() {
    let moved = json!({ "moved": { "username": "alice", "url": "https://new.example/@alice" },
        "role": { "id": "user", "name": "user" } });
    let server = Server::start(|base, _| {
        Router::new()
            .route(METADATA, fixed(metadata(base, false)))
            .route(VERIFY, guarded(entity(moved), unauthorized()))
    })
    .await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::Moved { .. })));
    assert!(matches!(server.identify("bad").await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn an_apps_own_token_is_not_a_person() {
    let refusal = (
        StatusCode::UNPROCESSABLE_ENTITY,
        Json(json!({ "error": "This method requires an authenticated user" })),
    );
    let server = verify_answers(refusal).await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn takahe_refuses_a_token_outside_its_scope_with_403() {
    let refusal = (StatusCode::FORBIDDEN, Json(json!({ "error": "out_of_scope_for_token" })));
    let server = verify_answers(refusal).await;
    assert!(matches!(server.identify(GOOD).await, Err(IdentifyError::TokenRefused)));
}

#[tokio::test]
async fn unknown_fields_keep_nobody_out() {
    let server = Server::start(|base, _| {
        let own = entity(json!({ "uri": format!("{base}/users/alice"), "memorial": false, "group": false,
            "source": { "privacy": "public" }, "moved": null, "suspended": null, "limited": null, "role": null }));
        Router::new().route(VERIFY, guarded(own, unauthorized()))
    })
    .await;
    server.is_alice(&server.identify(GOOD).await.unwrap());
}

/// Mastodon before 4.3 deletes apps that never asked for a token, so the relay asks for one of its own.
#[tokio::test]
async fn an_app_at_an_instance_without_metadata_is_used_at_once() {
    let grants = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&grants);
    let server = Server::start(|_, _| {
        let app = json!({ "client_id": "id", "client_secret": "secret" });
        let token = post(move |Form(form): Form<HashMap<String, String>>| async move {
            asked.lock().unwrap().push(form["grant_type"].clone());
            (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })))
        });
        Router::new().route("/api/v1/apps", post(|| async { Json(app) })).route("/oauth/token", token)
    })
    .await;
    let app = server.instance().register_app("https://relay.example/v1/sign-in/callback").await.unwrap();
    assert_eq!((app.scope.as_str(), app.checks_codes), ("read:accounts", true));
    assert_eq!(*grants.lock().unwrap(), ["authorization_code", "client_credentials"]);
}
