//! `GET /v1/conversations/{conversation}/trees/{hash}`: a ratchet tree that a Welcome for this device names.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        conversations::{TreeBytes, TreeHash},
        paths,
    },
    bytes::Base64Url,
    conversation::ConversationId,
};

use super::of_account;
use crate::{app::App, body::PathParameter, error::ApiError, session::Authenticated, store::welcome};

#[utoipa::path(get, path = paths::TREE, tag = "conversations", operation_id = "get_tree",
    params(("conversation" = ConversationId, Path, description = "The conversation"),
        ("hash" = TreeHash, Path, description = "The tree's hash")),
    responses((status = 200, description = "The tree", body = TreeBytes)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter((id, hash)): PathParameter<(ConversationId, TreeHash)>,
) -> Result<Json<TreeBytes>, ApiError> {
    let mut snapshot = app.read().await?;
    let of = of_account(&mut snapshot, &session, &id).await?;
    let tree = welcome::tree(&mut snapshot, of.row.key, &hash, &session.device).await?;
    tree.map(|tree| Json(TreeBytes { tree: Base64Url(tree) })).ok_or_else(|| ApiError::not_found("tree"))
}
