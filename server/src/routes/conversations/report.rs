//! `POST /v1/conversations/{conversation}/reports`: a device says what became of a commit.

use std::sync::atomic::Ordering;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use infrasound_spec::{
    api::{
        conversations::{Forked, ReportCommit},
        paths,
        problem::ProblemType,
    },
    conversation::ConversationId,
    report::{CommitOutcome, report_content},
    signing::{self, Purpose},
};

use super::of_account;
use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    hub::provisional,
    session::{Authenticated, Session},
    store::{
        commit,
        conversation::ConversationRow,
        head, membership,
        report::{self, Report},
    },
    writer::Tx,
};

#[utoipa::path(post, path = paths::REPORTS, tag = "conversations", operation_id = "report_commit",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    request_body = ReportCommit,
    responses((status = 200, description = "It is noted, and others came to another epoch by the same commit", body = Forked),
        (status = 204, description = "It is noted")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(request): Body<ReportCommit>,
) -> Result<Response, ApiError> {
    let content = report_content(&id, request.number, &request.outcome);
    signing::verify(session.device_key.as_bytes(), Purpose::CommitReport, &content, &request.signature)
        .map_err(|_| ApiError::bad_signature("the report"))?;
    let window = app.config.void_window;
    let number = request.number;
    let forked = app
        .writer
        .run(move |tx| {
            Box::pin(async move {
                let row = of_account(tx.conn, &session, &id).await?.row;
                note(tx, &session, &row, &request, window).await
            })
        })
        .await?;
    let Some(Noted { forked, is_new }) = forked else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    if is_new {
        let forks = app.live.forks.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(conversation = %id, number, forks, "the members of conversation {id} are not in one group");
    }
    Ok(Json(forked).into_response())
}

/// A report differs from another's.
struct Noted {
    forked: Forked,
    /// It is the device's first on the commit.
    is_new: bool,
}

async fn note(
    tx: &mut Tx<'_>,
    session: &Session,
    row: &ConversationRow,
    request: &ReportCommit,
    window: u64,
) -> Result<Option<Noted>, ApiError> {
    let number = request.number;
    let Some(made) = commit::made(tx.conn, row.key, number).await? else {
        return Err(ApiError::not_found("commit"));
    };
    let judge = membership::judge(tx.conn, row.key, number, made.founding, &session.device).await?;
    let Some(account) = judge else {
        let detail = "Only who was a member before the commit, or joined by the first one, may report on it.";
        return Err(ApiError::new(ProblemType::Forbidden, detail));
    };
    let report = Report { account, outcome: request.outcome };
    let differing = report::differing(tx.conn, row.key, number, &report).await?;
    let is_new =
        report::insert(tx.conn, row.key, number, &session.device, &report, &request.signature, tx.now)
            .await?;
    // The committer's own word starts no window: it could take back what it sent, and a void or its absence would tell
    // a founder whether its request was opened.
    if report.outcome == CommitOutcome::CannotApply && account != made.committer {
        commit::refuse(tx.conn, row.key, number, tx.now).await?;
    }
    if let Some(mut head) = head::load(tx.conn, row.key).await?
        && head.provisional.is_some()
    {
        provisional::settle(tx, &mut head, row, window).await?;
    }
    Ok(differing.map(|forked| Noted { forked, is_new }))
}
