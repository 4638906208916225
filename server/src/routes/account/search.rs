//! `GET /v1/accounts/search`: completion while a person types a handle.

use axum::{Json, extract::State};
use infrasound_spec::api::{
    accounts::{FoundAccount, FoundAccounts, SearchQuery},
    paths,
};

use crate::{app::App, body::QueryParameters, error::ApiError, session::Authenticated};

/// The longest text that is searched for, in bytes.
const MAX_TEXT: usize = 200;

#[utoipa::path(get, path = paths::ACCOUNTS_SEARCH, tag = "account", operation_id = "search_accounts",
    params(SearchQuery),
    responses((status = 200, description = "Accounts of the instance, whether or not they use Infrasound", body = FoundAccounts)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    QueryParameters(query): QueryParameters<SearchQuery>,
) -> Result<Json<FoundAccounts>, ApiError> {
    if query.q.len() > MAX_TEXT {
        return Err(ApiError::bad_request(format!("A search has at most {MAX_TEXT} bytes.")));
    }
    app.rates.searches.take(&session.account, app.now())?;
    let hits = app.instance.search(&query.q).await?;
    let accounts = hits.into_iter().map(|hit| FoundAccount { handle: hit.handle, name: hit.name }).collect();
    Ok(Json(FoundAccounts { accounts }))
}
