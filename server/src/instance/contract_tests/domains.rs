//! What servers say of other domains.

use std::collections::HashMap;

use axum::extract::Query;

use super::*;
use crate::instance::{DomainVerdict, domain_digest};

const PUBLIC: &str = "/api/v1/instance/domain_blocks";
const BLOCKS: &str = "/api/v1/admin/domain_blocks";
const ALLOWS: &str = "/api/v1/admin/domain_allows";

fn hidden_entry() -> Value {
    json!({ "domain": "ba*.example", "digest": hex::encode(domain_digest("bad.example")), "severity": "suspend" })
}

#[tokio::test]
async fn public_blocks_are_known_by_their_digests_where_letters_are_hidden() {
    let list = json!([hidden_entry(), { "domain": "loud.example", "severity": "silence" }, { "domain": "x.example", "severity": "noop" }]);
    let server = Server::start(|_, _| Router::new().route(PUBLIC, fixed(list))).await;
    let domains = server.instance().listed_domains(None).await.unwrap().unwrap();
    let said: Vec<_> = domains.iter().map(|one| (one.digest, one.shown.as_str(), one.verdict)).collect();
    assert_eq!(
        said,
        [
            (domain_digest("bad.example"), "ba*.example", DomainVerdict::Blocked),
            (domain_digest("LOUD.example"), "loud.example", DomainVerdict::Limited),
        ]
    );
}

#[tokio::test]
async fn an_instance_that_shows_no_blocks_says_nothing_and_one_that_fails_is_an_error() {
    for status in [StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let server =
            Server::start(|_, _| Router::new().route(PUBLIC, get(move || async move { status }))).await;
        assert_eq!(server.instance().listed_domains(None).await.unwrap(), None, "{status}");
    }
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY] {
        let server =
            Server::start(|_, _| Router::new().route(PUBLIC, get(move || async move { status }))).await;
        assert!(server.instance().listed_domains(None).await.is_err(), "{status}");
    }
}

/// Two pages: the newest entries first, then those before the last of them.
fn pages(Query(query): Query<HashMap<String, String>>) -> Value {
    match query.get("max_id").map(String::as_str) {
        None => json!([{ "id": "2", "domain": "two.example", "severity": "suspend" }]),
        Some("2") => json!([{ "id": "1", "domain": "one.example", "severity": "suspend" }]),
        Some(_) => json!([]),
    }
}

#[tokio::test]
async fn an_admins_token_reads_all_pages_of_blocks_and_allows() {
    let server = Server::start(|_, _| {
        let listed = get(|headers: HeaderMap, query| async move {
            let good = headers.get(AUTHORIZATION).is_some_and(|value| value == "Bearer good-token");
            if good { Json(pages(query)).into_response() } else { unauthorized().into_response() }
        });
        let allows = guarded(json!([{ "id": "9", "domain": "friend.example" }]), unauthorized());
        Router::new().route(BLOCKS, listed).route(ALLOWS, allows)
    })
    .await;
    let domains = server.instance().listed_domains(Some(&AccessToken::new(GOOD.to_owned()))).await.unwrap();
    let domains = domains.unwrap();
    let said: Vec<_> = domains.iter().map(|one| (one.shown.as_str(), one.verdict)).collect();
    assert_eq!(said[..2], [("two.example", DomainVerdict::Blocked), ("one.example", DomainVerdict::Blocked)]);
    assert!(said[2..].iter().all(|one| *one == ("friend.example", DomainVerdict::Allowed)) && said.len() > 2);
    let wrong = server.instance().listed_domains(Some(&AccessToken::new("bad".to_owned()))).await;
    assert!(matches!(wrong, Err(CallError::Status { status: 401 })), "{wrong:?}");
}

#[tokio::test]
async fn whether_only_allowed_domains_count_is_said_or_not_known_but_not_guessed() {
    let server = async |answer: MethodRouter| {
        Server::start(|_, _| Router::new().route("/api/v2/instance", answer)).await
    };
    for (said, expected) in [
        (json!({ "domain": "x", "configuration": { "limited_federation": true } }), true),
        (json!({ "domain": "x", "configuration": { "limited_federation": false } }), false),
        // Before 4.4.
        (json!({ "domain": "x", "configuration": {} }), false),
    ] {
        let limited = server(fixed(said.clone())).await.instance().is_limited_to_allowed().await;
        assert_eq!(limited.unwrap(), expected, "{said}");
    }
    let status = async |status: StatusCode| {
        let server = server(get(move || async move { status })).await;
        server.instance().is_limited_to_allowed().await
    };
    assert!(!status(StatusCode::NOT_FOUND).await.unwrap());
    for failure in [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY] {
        assert!(status(failure).await.is_err(), "{failure}");
    }
    assert!(server(get(|| async { "<html>" })).await.instance().is_limited_to_allowed().await.is_err());
}
