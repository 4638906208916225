//! `GET /v1/accounts/lookup`: another account, by handle or URI.

use axum::{Json, extract::State};
use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{
        accounts::{AccountInfo, LookupQuery},
        paths,
        problem::ProblemType,
    },
};

use crate::{
    app::App,
    body::QueryParameters,
    domains,
    error::ApiError,
    session::Authenticated,
    store::{account, device},
};

#[utoipa::path(get, path = paths::ACCOUNTS_LOOKUP, tag = "account", operation_id = "look_up_account",
    params(LookupQuery),
    responses((status = 200, description = "The account", body = AccountInfo)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(_): Authenticated,
    QueryParameters(query): QueryParameters<LookupQuery>,
) -> Result<Json<AccountInfo>, ApiError> {
    let uri = match (query.handle, query.account) {
        (Some(handle), None) => app.resolve(&handle).await?,
        (None, Some(account)) => parse_uri(&account)?,
        _ => return Err(ApiError::bad_request("Give either handle or account.")),
    };
    let mut snapshot = app.read().await?;
    let known = account::load(&mut snapshot, &uri).await?;
    let devices = device::list(&mut snapshot, &uri).await?;
    drop(snapshot);
    match known {
        Some(known) if !devices.is_empty() => {
            Ok(Json(AccountInfo { account: known.uri, handle: known.handle, account_key: known.account_key }))
        }
        _ => Err(app.no_infrasound(&uri).await?),
    }
}

fn parse_uri(text: &str) -> Result<AccountUri, ApiError> {
    text.parse().map_err(|error| ApiError::bad_request(format!("The account: {error}.")))
}

impl App {
    /// The account of a handle of this relay's instance.
    async fn resolve(&self, handle: &str) -> Result<AccountUri, ApiError> {
        let handle: Handle = handle.parse().map_err(|error| ApiError::bad_request(format!("{error}.")))?;
        let domain = self.instance.discover().await?.domain.clone();
        if handle.host() != domain && handle.host() != self.instance.authority() {
            domains::check(&mut *self.read().await?, handle.host()).await?;
            return Err(ApiError::new(
                ProblemType::OtherInstance,
                format!("This relay reaches the accounts of {domain} only, not those of {}.", handle.host()),
            ));
        }
        Ok(self.instance.resolve(&handle).await?)
    }

    async fn no_infrasound(&self, uri: &AccountUri) -> Result<ApiError, ApiError> {
        if uri.authority() != self.instance.authority() {
            domains::check(&mut *self.read().await?, uri.authority()).await?;
            let detail = "This relay reaches the accounts of its own instance only.";
            return Ok(ApiError::new(ProblemType::OtherInstance, detail));
        }
        Ok(ApiError::new(ProblemType::NoInfrasound, "This account has no device that uses Infrasound."))
    }
}
