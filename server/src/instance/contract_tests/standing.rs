//! Looking at an account again, without a token.

use std::convert::Infallible;

use axum::{
    extract::Request,
    middleware::{Next, from_fn},
};

use super::*;
use crate::instance::CallError;

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
