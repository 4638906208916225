//! `POST /v1/links/join`: an old device joins the channel of a new one of the same account.

use axum::{Json, extract::State};
use infrasound_spec::api::{
    links::{JoinLink, LinkJoined, LinkToken},
    paths,
};
use subtle::ConstantTimeEq as _;

use crate::{
    app::App,
    body::Body,
    error::ApiError,
    secret,
    session::{Authenticated, Session},
    store::link,
    writer::Tx,
};

#[utoipa::path(post, path = paths::LINKS_JOIN, tag = "links", operation_id = "join_link",
    request_body = JoinLink,
    responses((status = 200, description = "The channel", body = LinkJoined)), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(request): Body<JoinLink>,
) -> Result<Json<LinkJoined>, ApiError> {
    app.rates.link_joins.take(&session.account, app.now())?;
    let joined =
        app.writer.run(move |tx| Box::pin(async move { join(tx, &session, &request).await })).await?;
    Ok(Json(joined))
}

/// Only channels of the session's own account are looked at, so a code says nothing to anybody else.
async fn join(tx: &mut Tx<'_>, session: &Session, request: &JoinLink) -> Result<LinkJoined, ApiError> {
    let waiting = link::waiting(tx.conn, &session.account, tx.now).await?;
    let digest = request.code.as_deref().map(|code| secret::digest(secret::fold_code(code).as_bytes()));
    let found = waiting.into_iter().find(|(link, code)| match (&request.link, &digest) {
        (Some(wanted), _) => wanted == link,
        (None, Some(digest)) => bool::from(digest.as_slice().ct_eq(code)),
        (None, None) => false,
    });
    let Some((link, _)) = found else {
        return Err(ApiError::not_found("device that waits to be linked with this code"));
    };
    let token = LinkToken::from_bytes(secret::make_bytes());
    link::join(tx.conn, &link, &session.device, &secret::digest(token.as_bytes())).await?;
    Ok(LinkJoined { link, token })
}
