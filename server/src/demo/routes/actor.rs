//! `GET /users/{name}`: an actor document for programs, a profile page for people.

use axum::{
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::timeline::articles;
use crate::demo::{
    book::Account,
    entity::iso,
    error::ApiError,
    page::{error_page, page},
    state::DemoState,
};

const ACTIVITY: &str = "application/activity+json; charset=utf-8";

pub(super) async fn actor(
    State(state): State<DemoState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let account = state.read(|book, _| book.account(&name).cloned());
    let mut response = match (account, wants_html(&headers)) {
        (Some(account), false) => document(&state, &account),
        (None, false) => ApiError::NotFound.into_response(),
        (Some(account), true) if !account.suspended => profile(&state, &account),
        (_, true) => error_page(StatusCode::NOT_FOUND, "There is no such account here."),
    };
    response.headers_mut().insert(VARY, ACCEPT.into());
    response
}

/// `GET /users/{name}/outbox`: there, as ActivityPub asks; this instance federates nothing, so it counts only.
pub(super) async fn outbox(
    State(state): State<DemoState>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let (account, total) = state.read(|book, _| {
        let account = book.account(&name).cloned().ok_or(ApiError::NotFound)?;
        let total = book.timeline().filter(|post| post.author == account.name).count();
        Ok::<_, ApiError>((account, total))
    })?;
    let body = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{}/outbox", state.actor_uri(&account)),
        "type": "OrderedCollection",
        "totalItems": total,
    });
    Ok(([(CONTENT_TYPE, ACTIVITY)], body.to_string()).into_response())
}

fn document(state: &DemoState, account: &Account) -> Response {
    let uri = state.actor_uri(account);
    let body = json!({
        "@context": ["https://www.w3.org/ns/activitystreams", { "toot": "http://joinmastodon.org/ns#", "suspended": "toot:suspended" }],
        "id": uri,
        "type": "Person",
        "preferredUsername": account.name,
        "name": account.name,
        "summary": "",
        "url": uri,
        "inbox": format!("{uri}/inbox"),
        "outbox": format!("{uri}/outbox"),
        "published": iso(account.created),
        "suspended": account.suspended,
    });
    ([(CONTENT_TYPE, ACTIVITY)], body.to_string()).into_response()
}

fn profile(state: &DemoState, account: &Account) -> Response {
    let title = format!("@{}@{}", account.name, state.authority());
    let posts = state.read(|book, _| {
        book.timeline().filter(|post| post.author == account.name).cloned().collect::<Vec<_>>()
    });
    page(StatusCode::OK, &title, &articles(&posts))
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html") && !accept.contains("activity+json") && !accept.contains("ld+json")
}
