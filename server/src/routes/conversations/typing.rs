//! `POST /v1/conversations/{conversation}/typing`: somebody is typing. It is passed on to who listens, and kept nowhere.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    api::{groups::Typing, paths, problem::ProblemType, stream::StreamEvent},
    conversation::ConversationId,
    limits,
};

use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    session::Authenticated,
    store::head,
};

#[utoipa::path(post, path = paths::TYPING, tag = "groups", operation_id = "tell_typing",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    request_body = Typing,
    responses((status = 204, description = "It was passed on")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(Typing { sealed }): Body<Typing>,
) -> Result<StatusCode, ApiError> {
    if sealed.as_slice().len() > limits::MAX_TYPING {
        let detail = format!("What says that somebody is typing has at most {} bytes.", limits::MAX_TYPING);
        return Err(ApiError::new(ProblemType::TooLarge, detail));
    }
    let unknown = || ApiError::not_found("conversation");
    let current = app.current_group(&id).await?.ok_or_else(unknown)?;
    let account = current.leaf_of(&session.device).ok_or_else(unknown)?;
    app.rates.typing.take(&session.device, app.now())?;
    let mut snapshot = app.read().await?;
    let head = head::load(&mut snapshot, current.key).await?.ok_or_else(unknown)?;
    drop(snapshot);
    if head.consent.is_blocked(account) {
        return Err(ApiError::no_consent());
    }
    if current.leaving.contains(&account) {
        return Err(unknown());
    }
    let event = StreamEvent::Typing { conversation: id, sealed };
    for leaf in &current.members {
        let told = leaf.account != account && !leaf.quiet && !head.consent.is_quiet(leaf.account);
        if told {
            app.live.streams.pass_on(&leaf.device, &event);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
