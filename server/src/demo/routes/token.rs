//! `POST /oauth/token`: a code, or an app's own word, becomes a token.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header::AUTHORIZATION},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::demo::{
    book::{Book, RedeemError, Scopes, Token},
    error::ApiError,
    form::FormOrJson,
    secret::make_secret,
    state::DemoState,
};

#[derive(Deserialize)]
pub(super) struct Request {
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    scope: Option<String>,
}

/// Mastodon's Token.
#[derive(Serialize)]
pub(super) struct Issued {
    access_token: String,
    token_type: &'static str,
    scope: String,
    created_at: u64,
}

pub(super) async fn issue(
    State(state): State<DemoState>,
    headers: HeaderMap,
    FormOrJson(request): FormOrJson<Request>,
) -> Result<Json<Issued>, ApiError> {
    let client = client(&headers, request.client_id.as_deref(), request.client_secret.as_deref())?;
    let access_token = make_secret();
    let token = state
        .change(|book, now| {
            if !book.is_app(&client.0, &client.1) {
                return Err(ApiError::InvalidClient);
            }
            let token = match request.grant_type.as_str() {
                "authorization_code" => {
                    let code = request.code.as_deref().unwrap_or_default();
                    let redirect_uri = request.redirect_uri.as_deref().unwrap_or_default();
                    let verifier = request.code_verifier.as_deref();
                    let redeemed = book.redeem_code(code, &client.0, redirect_uri, verifier, now);
                    redeemed.map_err(|RedeemError| ApiError::InvalidGrant)?
                }
                "client_credentials" => {
                    let scopes = app_scopes(book, &client.0, request.scope.as_deref())?;
                    Token { app: client.0.clone(), account: None, scopes, created: now }
                }
                _ => return Err(ApiError::UnsupportedGrantType),
            };
            book.keep_token(&access_token, token.clone());
            Ok(token)
        })
        .await??;
    let (scope, created_at) = (token.scopes.as_str().to_owned(), token.created.as_secs());
    Ok(Json(Issued { access_token, token_type: "Bearer", scope, created_at }))
}

fn app_scopes(book: &Book, app: &str, asked: Option<&str>) -> Result<Scopes, ApiError> {
    let registered = &book.app(app).ok_or(ApiError::InvalidClient)?.scopes;
    let Some(asked) = asked else { return Ok(registered.clone()) };
    Scopes::parse(Some(asked)).filter(|scopes| scopes.are_within(registered)).ok_or(ApiError::InvalidScope)
}

/// The app's id and secret: in the body, or as HTTP basic authentication.
pub(super) fn client(
    headers: &HeaderMap,
    id: Option<&str>,
    secret: Option<&str>,
) -> Result<(String, String), ApiError> {
    if let (Some(id), Some(secret)) = (id, secret) {
        return Ok((id.to_owned(), secret.to_owned()));
    }
    let basic = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let decoded = basic.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let pair = decoded.as_deref().and_then(|pair| pair.split_once(':'));
    pair.map(|(id, secret)| (id.to_owned(), secret.to_owned())).ok_or(ApiError::InvalidClient)
}
