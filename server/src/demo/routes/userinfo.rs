//! `GET /oauth/userinfo`: whose token this is.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::demo::{caller::Caller, error::ApiError, state::DemoState};

pub(super) async fn userinfo(
    State(state): State<DemoState>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let account = caller.allowed(&["profile"])?;
    let uri = state.actor_uri(&account);
    Ok(Json(json!({
        "iss": state.url("/"),
        "sub": uri,
        "name": account.name,
        "preferred_username": account.name,
        "profile": uri,
        "picture": state.url("/demo/avatar.svg"),
    })))
}
