//! Looking at an account again, without a token.

use std::convert::Infallible;

use axum::{
    extract::Request,
    middleware::{Next, from_fn},
};

use super::*;

#[tokio::test]
async fn the_public_lookup_tells_how_an_account_stands() {
    let check = |more: Value, expected: fn(&Standing) -> bool| async move {
        let server = Server::start(|_, _| Router::new().route(LOOKUP, fixed(entity(more)))).await;
        let standing = server.look_again().await;
        assert!(expected(&standing), "{standing:?}");
    };
    check(json!({}), |s| matches!(s, Standing::Good { limited: Some(false), .. })).await;
    check(json!({ "limited": true }), |s| matches!(s, Standing::Good { limited: Some(true), .. })).await;
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
        let server =
            Server::start(|_, _| Router::new().route("/users/alice", get(move || async move { status })))
                .await;
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
    assert!(matches!(standing, Standing::Unknown(CallError::Status { status: 502 })), "{standing:?}");
}

#[tokio::test]
async fn roles_that_everybody_sees_are_told_again() {
    let shown = json!({ "roles": [{ "id": "3", "name": "Owner", "color": "" }] });
    let server = Server::start(|_, _| Router::new().route(LOOKUP, fixed(entity(shown)))).await;
    let Standing::Good { shown_roles, .. } = server.look_again().await else { panic!("not good") };
    assert_eq!(shown_roles, Some(vec!["3".to_owned()]));
}

#[tokio::test]
async fn an_instance_that_is_closed_to_strangers_does_not_say_that_nobody_is_limited() {
    let closed = || get(|| async { StatusCode::UNAUTHORIZED });
    let server = Server::start(|base, _| {
        let actor = json!({ "id": format!("{base}/users/alice"), "type": "Person" });
        Router::new().route(LOOKUP, closed()).route("/users/alice", fixed(actor))
    })
    .await;
    let standing = server.look_again().await;
    assert!(matches!(standing, Standing::Good { limited: None, shown_roles: None }), "{standing:?}");
}

#[tokio::test]
async fn a_name_that_somebody_else_has_now_does_not_speak_for_the_account() {
    let server = Server::start(|base, _| {
        let other = entity(json!({ "uri": format!("{base}/ap/users/2"), "suspended": false }));
        Router::new().route(LOOKUP, fixed(other)).route("/users/alice", get(|| async { StatusCode::GONE }))
    })
    .await;
    assert!(matches!(server.look_again().await, Standing::Gone));
}

#[tokio::test]
async fn mitra_and_servers_without_uri_are_looked_at_by_name() {
    for more in [json!({}), json!({ "actor_id": "" })] {
        let server = Server::start(|base, _| {
            let mut account = entity(more);
            if account.get("actor_id").is_some() {
                account["actor_id"] = json!(format!("{base}/users/alice"));
            }
            Router::new().route(LOOKUP, fixed(account))
        })
        .await;
        assert!(matches!(server.look_again().await, Standing::Good { .. }));
    }
}

#[tokio::test]
async fn an_instance_that_limits_the_relay_says_nothing_about_an_account() {
    let limits = |_: Request, _: Next| async { Ok::<_, Infallible>(StatusCode::TOO_MANY_REQUESTS) };
    let server =
        Server::start(|_, _| Router::new().route("/", get(|| async {})).layer(from_fn(limits))).await;
    assert!(matches!(server.look_again().await, Standing::Unknown(CallError::Status { status: 429 })));
}
