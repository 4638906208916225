//! `GET /api/v1/accounts/…`: one's own account, somebody's by name, and a search.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::{book::Account, caller::Caller, entity, error::ApiError, state::DemoState};

#[derive(Deserialize)]
pub(super) struct Lookup {
    acct: String,
}

#[derive(Deserialize)]
pub(super) struct Search {
    q: String,
    limit: Option<usize>,
}

pub(super) async fn verify_credentials(
    State(state): State<DemoState>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let account = caller.allowed(&["profile", "read:accounts"])?;
    Ok(Json(entity::own_account(&state, &account)))
}

pub(super) async fn lookup(
    State(state): State<DemoState>,
    Query(query): Query<Lookup>,
) -> Result<Json<Value>, ApiError> {
    let account = state.find(&query.acct).ok_or(ApiError::NotFound)?;
    Ok(Json(entity::account(&state, &account)))
}

pub(super) async fn search(
    State(state): State<DemoState>,
    caller: Caller,
    Query(query): Query<Search>,
) -> Result<Json<Vec<Value>>, ApiError> {
    caller.allowed(&["read:accounts"])?;
    Ok(Json(found(&state, &query)))
}

/// Mastodon lets everybody search, if they ask for neither further pages nor other instances.
pub(super) async fn public_search(
    State(state): State<DemoState>,
    Query(query): Query<Search>,
) -> Json<Value> {
    Json(json!({ "accounts": found(&state, &query), "statuses": [], "hashtags": [] }))
}

fn found(state: &DemoState, query: &Search) -> Vec<Value> {
    let prefix = query.q.trim().trim_start_matches('@').to_ascii_lowercase();
    let name = prefix.split_once('@').map_or(prefix.as_str(), |(name, _)| name);
    let limit = query.limit.unwrap_or(40).min(80);
    let found: Vec<Account> = state.read(|book, _| book.accounts_like(name).take(limit).cloned().collect());
    found.iter().map(|account| entity::account(state, account)).collect()
}
