//! `POST /oauth/revoke`: a token ends.

use axum::{Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use serde_json::{Value, json};

use super::token::client;
use crate::demo::{error::ApiError, form::FormOrJson, state::DemoState};

#[derive(Deserialize)]
pub(super) struct Request {
    client_id: Option<String>,
    client_secret: Option<String>,
    token: String,
}

pub(super) async fn revoke(
    State(state): State<DemoState>,
    headers: HeaderMap,
    FormOrJson(request): FormOrJson<Request>,
) -> Result<Json<Value>, ApiError> {
    let (id, secret) = client(&headers, request.client_id.as_deref(), request.client_secret.as_deref())?;
    let revoked =
        state.change(|book, _| book.is_app(&id, &secret) && book.revoke_token(&request.token, &id)).await?;
    if revoked { Ok(Json(json!({}))) } else { Err(ApiError::UnauthorizedClient) }
}
