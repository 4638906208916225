//! `GET /v1/conversations/{conversation}/log`: entries of the log. `after` is what the device has stored for good.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        conversations::{LogPage, LogQuery},
        paths,
    },
    conversation::{ConversationId, ConversationKind},
    limits::MAX_LOG_PAGE,
};

use super::{Of, of_account};
use crate::{
    app::App,
    body::{PathParameter, QueryParameters},
    error::ApiError,
    hub::missing,
    session::Authenticated,
    store::membership,
};

#[utoipa::path(get, path = paths::LOG, tag = "conversations", operation_id = "read_log",
    params(("conversation" = ConversationId, Path, description = "The conversation"), LogQuery),
    responses((status = 200, description = "A page of the log", body = LogPage)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    QueryParameters(query): QueryParameters<LogQuery>,
) -> Result<Json<LogPage>, ApiError> {
    let mut snapshot = app.read().await?;
    let Of { row, part } = of_account(&mut snapshot, &session, &id).await?;
    let memberships = membership::of_device(&mut snapshot, row.key, &session.device).await?;
    let part_of = row.kind == ConversationKind::Group
        && membership::is_member(&mut snapshot, row.key, part.account).await?;
    if memberships.is_empty() && !part_of {
        return Err(ApiError::not_found("conversation"));
    }
    let limit = query.limit.unwrap_or(MAX_LOG_PAGE).clamp(1, MAX_LOG_PAGE);
    let page = missing::page(&mut snapshot, &row, part.account, &memberships, query.after, limit).await?;
    drop(snapshot);
    let read_to = query.after.min(page.last);
    // Only of who is woken it matters.
    let fetched_to = page.entries.last().filter(|_| app.live.wakes.knows(&session.device));
    let fetched_to = fetched_to.map(|entry| entry.number);
    if memberships.iter().any(|membership| membership.read_to < read_to) || fetched_to.is_some() {
        app.writer
            .run(move |tx| {
                Box::pin(async move {
                    membership::read_up_to(tx.conn, row.key, &session.device, read_to).await?;
                    if let Some(number) = fetched_to {
                        membership::fetched_up_to(tx.conn, row.key, &session.device, number).await?;
                    }
                    Ok(())
                })
            })
            .await?;
    }
    Ok(Json(page))
}
