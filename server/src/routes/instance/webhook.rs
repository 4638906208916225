//! `POST /v1/instance/webhook`: the instance says that something about an account has changed. The relay looks, and
//! answers when it has: an instance repeats a call that was not answered, so no cue is lost.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use infrasound_spec::{
    api::{paths, problem::ProblemType},
    limits,
};

use crate::{
    address::ClientAddress,
    app::App,
    body,
    error::ApiError,
    looking_again::Word,
    routes,
    store::account::{self, Account},
    webhook::{Cue, SIGNATURE_HEADER},
};

/// Seconds until the instance should say it again, when the relay cannot look now.
const LATER: u64 = 60;

#[utoipa::path(post, path = paths::INSTANCE_WEBHOOK, tag = "relay", operation_id = "instance_webhook",
    params(("X-Hub-Signature" = String, Header, description = "`sha256=` and HMAC-SHA-256 of the body in hex")),
    request_body(content = String, content_type = "application/json", description = "An event as Mastodon sends it"),
    responses((status = 204, description = "The relay has looked, or has nothing to look at")))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    app.rates.webhooks.take(&address, app.now())?;
    let secret = app.config.webhook_secret.as_ref().ok_or_else(routes::not_found)?;
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = body.map_err(|_| body::too_large(limits::MAX_WEBHOOK))?;
    if !secret.signed(&body, signature) {
        return Err(ApiError::bad_signature("the call"));
    }
    let Some(cue) = Cue::read(&body) else { return Ok(StatusCode::NO_CONTENT) };
    if let Some(account) = app.account_of(&cue).await? {
        app.rates.cued_looks.take(&(), app.now())?;
        app.look_on_cue(account).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn later() -> ApiError {
    let mut later = ApiError::unavailable();
    later.0.retry_after = Some(LATER);
    later
}

impl App {
    /// The account that a cue is about, if it has been here.
    async fn account_of(&self, cue: &Cue) -> Result<Option<Account>, ApiError> {
        let domain = self.instance.discover().await?.domain.clone();
        let mut snapshot = self.read().await?;
        if let Some(uri) = &cue.uri
            && let Some(account) = account::load(&mut snapshot, uri).await?
        {
            return Ok(Some(account));
        }
        let Some(handle) = cue.handle(&domain) else { return Ok(None) };
        Ok(account::by_handle(&mut snapshot, &handle).await?)
    }

    /// That an account may not go on is what the look was for, not a failure of it.
    async fn look_on_cue(&self, mut account: Account) -> Result<(), ApiError> {
        match self.look_again(&mut account).await {
            Ok(Word::Fresh) => Ok(()),
            Ok(Word::Last) => Err(later()),
            Err(error) => match error.0.problem_type {
                ProblemType::AccountRefused => Ok(()),
                ProblemType::InstanceUnreachable => Err(later()),
                _ => Err(error),
            },
        }
    }
}
