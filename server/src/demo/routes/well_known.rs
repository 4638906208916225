//! `/.well-known/…` and NodeInfo: how others find their way.

use axum::{
    Json,
    extract::{Query, State},
    http::header::CONTENT_TYPE,
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::{book::Scopes, error::ApiError, state::DemoState};

#[derive(Deserialize)]
pub(super) struct WebFinger {
    resource: String,
}

/// RFC 8414 metadata.
pub(super) async fn oauth(State(state): State<DemoState>) -> Json<Value> {
    Json(json!({
        "issuer": state.url("/"),
        "authorization_endpoint": state.url("/oauth/authorize"),
        "token_endpoint": state.url("/oauth/token"),
        "revocation_endpoint": state.url("/oauth/revoke"),
        "userinfo_endpoint": state.url("/oauth/userinfo"),
        "app_registration_endpoint": state.url("/api/v1/apps"),
        "scopes_supported": Scopes::KNOWN,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

/// RFC 7033, by handle or by actor URI.
pub(super) async fn webfinger(
    State(state): State<DemoState>,
    Query(query): Query<WebFinger>,
) -> Result<impl IntoResponse, ApiError> {
    let name = match query.resource.strip_prefix("acct:") {
        // A name without a host would be found here, whoever it belongs to.
        Some(handle) if handle.trim_start_matches('@').contains('@') => handle.to_owned(),
        Some(_) => return Err(ApiError::NotFound),
        None => query.resource.strip_prefix(&state.url("/users/")).ok_or(ApiError::NotFound)?.to_owned(),
    };
    let account = state.find(&name).ok_or(ApiError::NotFound)?;
    let uri = state.actor_uri(&account);
    let body = json!({
        "subject": format!("acct:{}@{}", account.name, state.authority()),
        "aliases": [uri],
        "links": [
            { "rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": uri },
            { "rel": "self", "type": "application/activity+json", "href": uri },
        ],
    });
    Ok(([(CONTENT_TYPE, "application/jrd+json; charset=utf-8")], body.to_string()))
}

pub(super) async fn nodeinfo_index(State(state): State<DemoState>) -> Json<Value> {
    Json(json!({
        "links": [{ "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": state.url("/nodeinfo/2.0") }],
    }))
}

pub(super) async fn nodeinfo(State(state): State<DemoState>) -> Json<Value> {
    let (users, posts) = state.read(|book, _| (book.account_count(), book.timeline().count()));
    Json(json!({
        "version": "2.0",
        "software": { "name": "infrasound-demo", "version": env!("CARGO_PKG_VERSION") },
        "protocols": ["activitypub"],
        "services": { "inbound": [], "outbound": [] },
        "openRegistrations": true,
        "usage": { "users": { "total": users }, "localPosts": posts },
        "metadata": {},
    }))
}
