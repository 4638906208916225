//! `GET /v1/welcomes`: Welcomes that this device has not used yet.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        conversations::{PendingWelcome, WelcomeList},
        paths,
    },
    bytes::Base64Url,
};

use crate::{
    app::App,
    error::ApiError,
    session::Authenticated,
    store::{conversation, welcome},
};

#[utoipa::path(get, path = paths::WELCOMES, tag = "conversations", operation_id = "list_welcomes",
    responses((status = 200, description = "Welcomes for this device", body = WelcomeList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<WelcomeList>, ApiError> {
    let mut snapshot = app.read().await?;
    let mut welcomes = Vec::new();
    for stored in welcome::list(&mut snapshot, &session.device).await? {
        let Some(row) = conversation::load_key(&mut snapshot, stored.key).await? else { continue };
        welcomes.push(PendingWelcome {
            welcome: stored.welcome,
            conversation: row.id,
            number: stored.number,
            bytes: Base64Url(stored.bytes),
            tree: stored.tree,
            participants: conversation::participants(&mut snapshot, &row).await?,
        });
    }
    Ok(Json(WelcomeList { welcomes }))
}
