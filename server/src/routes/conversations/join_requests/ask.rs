//! `POST /v1/conversations/{conversation}/join-requests`: asks to be let into a group, with a link.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    api::{groups::AskToJoin, paths, problem::ProblemType},
    conversation::ConversationId,
    policy::JoinMode,
};

use super::{Knock, check_link, tell};
use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    hub::current,
    routes::conversations::REQUEST_LIFETIME,
    session::Authenticated,
    store::join_request,
};

/// Requests that may wait in one group.
const WAITING: u64 = 500;
/// Seconds until there may be room.
const PATIENCE: u64 = 3600;

#[utoipa::path(post, path = paths::JOIN_REQUESTS, tag = "groups", operation_id = "ask_to_join",
    params(("conversation" = ConversationId, Path, description = "The group")),
    request_body = AskToJoin,
    responses((status = 204, description = "It waits for an answer")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(AskToJoin { proof }): Body<AskToJoin>,
) -> Result<StatusCode, ApiError> {
    app.rates.knocks.take(&session.device, app.now())?;
    let mut place = app.live.groups.place(&id).await;
    let mut snapshot = app.read().await?;
    let loaded = current::load(&mut snapshot, &id, place.take()).await?;
    drop(snapshot);
    let loaded = loaded.ok_or_else(|| ApiError::not_found("conversation"))?;
    let knock = Knock { id: &id, session: &session, proof: &proof, now: app.now() };
    let join = check_link(&loaded.current, &loaded.epoch.members, &knock).map(|(policy, _)| policy.join);
    let current = loaded.current;
    *place = Some(loaded.epoch);
    drop(place);
    if join? != JoinMode::Approval {
        return Err(ApiError::new(ProblemType::Forbidden, "This group takes no requests."));
    }
    let account = session.account.clone();
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                if !join_request::insert(tx.conn, current.key, &account, tx.now).await? {
                    return Ok(());
                }
                let since = tx.now.minus_millis(REQUEST_LIFETIME);
                if join_request::count(tx.conn, current.key, since).await? > WAITING {
                    return Err(ApiError::rate_limited(PATIENCE));
                }
                tell(tx, &current).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
