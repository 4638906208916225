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

use super::claim::{Supply, claim};
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

type Limited = Vec<(AccountUri, Result<Supply, ProblemType>)>;

impl App {
    /// Which accounts may be claimed now.
    async fn limit_each(&self, session: &Session, accounts: Vec<AccountUri>) -> Result<Limited, ApiError> {
        let mut limited = Vec::with_capacity(accounts.len());
        for account in accounts {
            let supply = match self.limit_claims(session, &account).await {
                Ok(supply) => Ok(supply),
                Err(error) if error.0.problem_type == ProblemType::Internal => return Err(error),
                Err(error) => Err(error.0.problem_type),
            };
            limited.push((account, supply));
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
    for (account, supply) in accounts {
        let (mut key_packages, mut refused) = (Vec::new(), supply.err());
        if let Ok(supply) = supply {
            match claim(tx, asker.clone(), account.clone(), supply).await {
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
