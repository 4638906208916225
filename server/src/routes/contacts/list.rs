//! `GET /v1/contacts`: what the account said of others.

use axum::{Json, extract::State};
use infrasound_spec::api::{contacts::ContactList, paths};

use crate::{app::App, error::ApiError, session::Authenticated, store::contact};

#[utoipa::path(get, path = paths::CONTACTS, tag = "contacts", operation_id = "list_contacts",
    responses((status = 200, description = "All about whom something was said", body = ContactList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<ContactList>, ApiError> {
    let mut snapshot = app.read().await?;
    Ok(Json(ContactList { contacts: contact::list(&mut snapshot, &session.account).await? }))
}
