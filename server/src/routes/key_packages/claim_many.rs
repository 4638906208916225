//! `POST /v1/key-packages/claim-many`: takes one key package of each device of many accounts. Each is asked as in a claim of
//! its own; who refuses does not stop the others.

use axum::{Json, extract::State};
use infrasound_spec::{
    account::AccountUri,
    api::{
        groups::{ClaimMany, ClaimedMany, ClaimedOf},
        paths,
        problem::ProblemType,
    },
    limits,
};

use super::claim::claim;
use crate::{
    app::App,
    body::Body,
    error::ApiError,
    session::{Authenticated, Session},
    writer::Tx,
};

#[utoipa::path(post, path = paths::KEY_PACKAGES_CLAIM_MANY, tag = "key-packages",
    operation_id = "claim_many_key_packages",
    request_body = ClaimMany,
    responses((status = 200, description = "One for each device of each account", body = ClaimedMany)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(ClaimMany { accounts }): Body<ClaimMany>,
) -> Result<Json<ClaimedMany>, ApiError> {
    if accounts.len() > limits::MAX_BATCH {
        let detail = format!("At most {} accounts can be claimed at a time.", limits::MAX_BATCH);
        return Err(ApiError::new(ProblemType::TooLarge, detail));
    }
    let limited = app.limit_each(&session, accounts).await?;
    let asker = session.account.clone();
    let claimed = app.writer.run(move |tx| Box::pin(claim_each(tx, asker, limited))).await?;
    Ok(Json(ClaimedMany { claimed }))
}

type Limited = Vec<(AccountUri, Option<ProblemType>)>;

impl App {
    /// Which accounts may be claimed now.
    async fn limit_each(&self, session: &Session, accounts: Vec<AccountUri>) -> Result<Limited, ApiError> {
        let mut limited = Vec::with_capacity(accounts.len());
        for account in accounts {
            let refused = match self.limit_claims(session, &account).await {
                Ok(()) => None,
                Err(error) if error.0.problem_type == ProblemType::Internal => return Err(error),
                Err(error) => Some(error.0.problem_type),
            };
            limited.push((account, refused));
        }
        Ok(limited)
    }
}

async fn claim_each(
    tx: &mut Tx<'_>,
    asker: AccountUri,
    accounts: Limited,
) -> Result<Vec<ClaimedOf>, ApiError> {
    let mut claimed = Vec::with_capacity(accounts.len());
    for (account, mut refused) in accounts {
        let mut key_packages = Vec::new();
        if refused.is_none() {
            match claim(tx, asker.clone(), account.clone()).await {
                Ok(taken) => {
                    key_packages.extend(taken.key_packages.into_iter().map(|taken| taken.key_package));
                }
                Err(error) if must_end(error.0.problem_type) => return Err(error),
                Err(error) => refused = Some(error.0.problem_type),
            }
        }
        claimed.push(ClaimedOf { account, key_packages, refused });
    }
    Ok(claimed)
}

/// The relay's own failures undo the whole claim.
const fn must_end(problem: ProblemType) -> bool {
    matches!(problem, ProblemType::Internal | ProblemType::StorageFull)
}
