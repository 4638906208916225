//! `POST /v1/conversations/{conversation}/reports`: a device says what became of a commit.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    api::{conversations::ReportCommit, paths, problem::ProblemType},
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
    responses((status = 204, description = "It is noted")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(request): Body<ReportCommit>,
) -> Result<StatusCode, ApiError> {
    let content = report_content(&id, request.number, &request.outcome);
    signing::verify(session.device_key.as_bytes(), Purpose::CommitReport, &content, &request.signature)
        .map_err(|_| ApiError::bad_signature("the report"))?;
    let window = app.config.void_window;
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let row = of_account(tx.conn, &session, &id).await?.row;
                note(tx, &session, &row, &request, window).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn note(
    tx: &mut Tx<'_>,
    session: &Session,
    row: &ConversationRow,
    request: &ReportCommit,
    window: u64,
) -> Result<(), ApiError> {
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
    warn_of_fork(tx, row, number, &report).await?;
    report::insert(tx.conn, row.key, number, &session.device, &report, tx.now).await?;
    // The committer's own word starts no window: it could take back what it sent, and a void or its absence would tell
    // a founder whether its request was opened.
    if report.outcome == CommitOutcome::CannotApply && account != made.committer {
        commit::refuse(tx.conn, row.key, number, tx.now).await?;
    }
    let Some(mut head) = head::load(tx.conn, row.key).await? else { return Ok(()) };
    Ok(provisional::settle(tx, &mut head, row, window).await?)
}

/// Members of one epoch have one authenticator: two mean that somebody is in another group.
async fn warn_of_fork(
    tx: &mut Tx<'_>,
    row: &ConversationRow,
    number: u64,
    report: &Report,
) -> Result<(), ApiError> {
    let forked = report::list(tx.conn, row.key, number).await?.iter().any(|earlier| {
        matches!(earlier.outcome, CommitOutcome::Applied { .. })
            && matches!(report.outcome, CommitOutcome::Applied { .. })
            && earlier.outcome != report.outcome
    });
    if forked {
        tracing::warn!(conversation = %row.id, number, "the members of conversation {} are not in one group", row.id);
    }
    Ok(())
}
