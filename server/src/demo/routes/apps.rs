//! `POST /api/v1/apps`: an app registers.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use crate::demo::{
    book::NewApp,
    error::ApiError,
    form::{FormOrJson, OneOrMany},
    secret::make_secret,
    state::DemoState,
};

#[derive(Deserialize)]
pub(super) struct Registration {
    client_name: String,
    redirect_uris: OneOrMany,
    scopes: Option<String>,
}

/// Mastodon's CredentialApplication.
#[derive(Serialize)]
pub(super) struct Registered {
    name: String,
    scopes: Vec<String>,
    redirect_uri: String,
    redirect_uris: Vec<String>,
    client_id: String,
    client_secret: String,
    client_secret_expires_at: u64,
}

pub(super) async fn register(
    State(state): State<DemoState>,
    FormOrJson(body): FormOrJson<Registration>,
) -> Result<Json<Registered>, ApiError> {
    let new =
        NewApp { name: body.client_name, redirect_uris: body.redirect_uris.into_list(), scopes: body.scopes };
    let (client_id, client_secret) = (make_secret(), make_secret());
    let app = state.change(|book, now| book.register_app(&client_id, &client_secret, new, now)).await??;
    Ok(Json(Registered {
        name: app.name,
        scopes: app.scopes.names().map(str::to_owned).collect(),
        redirect_uri: app.redirect_uris.join("\n"),
        redirect_uris: app.redirect_uris,
        client_id,
        client_secret,
        client_secret_expires_at: 0,
    }))
}
