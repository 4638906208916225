//! Signing in to the page, at the instance. The token is used once to read the role, and given back.

use axum::{
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Redirect, Response},
};
use infrasound_spec::{api::problem::ProblemType, bytes};
use serde::Deserialize;

use super::{
    PATH, failed, guard,
    permission::Permissions,
    visit::{COOKIE, LIFETIME, STATE_COOKIE},
};
use crate::{
    address::ClientAddress,
    app::App,
    error::ApiError,
    instance::{InstanceAccount, SignInError, code_challenge},
    secret,
};

/// Where the instance sends the browser back to.
pub(super) const CALLBACK: &str = "/admin/callback";

/// What the instance adds to the address.
#[derive(Deserialize)]
pub(super) struct Returned {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

pub(super) async fn begin(State(app): State<App>, ClientAddress(address): ClientAddress) -> Response {
    let begun = match app.rates.sign_ins.take(&address, app.now()) {
        Ok(()) => begin_one(&app).await,
        Err(error) => Err(error),
    };
    begun.unwrap_or_else(|error| failed(&error))
}

async fn begin_one(app: &App) -> Result<Response, ApiError> {
    let redirect_uri = redirect_uri(app);
    let credentials = app.instance_app_for(&redirect_uri).await?;
    let state = bytes::encode(&secret::make_bytes::<32>());
    let verifier = bytes::encode(&secret::make_bytes::<32>());
    let challenge = code_challenge(&verifier);
    let url = app.instance.authorize_url(&credentials, &redirect_uri, &state, &challenge).await?;
    app.live.visits.begin(&state, verifier, app.now());
    Ok(with_cookie(app, STATE_COOKIE, &state, Redirect::to(url.as_str())))
}

pub(super) async fn finish(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Response {
    let finished = match app.rates.sign_ins.take(&address, app.now()) {
        Ok(()) => finish_one(&app, &headers, returned).await,
        Err(error) => Err(error),
    };
    finished.unwrap_or_else(|error| failed(&error))
}

async fn finish_one(app: &App, headers: &HeaderMap, returned: Returned) -> Result<Response, ApiError> {
    let verifier = app.live.visits.take_verifier(headers, &returned.state, app.now());
    let verifier = verifier.ok_or_else(|| {
        ApiError::bad_request("This sign-in is over, or another browser began it. Begin again.")
    })?;
    let account = identify(app, &returned.code, &verifier).await?;
    let permissions = Permissions::of(account.role.as_ref()).ok_or_else(|| {
        let text = "This page is for those whose role at the instance lets them manage users. Yours does not, or the instance does not say so.";
        ApiError::new(ProblemType::Forbidden, text)
    })?;
    guard::check_visitor(app, &account.uri).await?;
    tracing::info!(handle = %account.handle, "{} signed in to the admin page", account.handle);
    let token = app.live.visits.open(account.uri, account.handle, permissions, app.now());
    Ok(with_cookie(app, COOKIE, &token, Redirect::to(PATH)))
}

async fn identify(app: &App, code: &str, verifier: &str) -> Result<InstanceAccount, ApiError> {
    let redirect_uri = redirect_uri(app);
    let credentials = app.instance_app_for(&redirect_uri).await?;
    let exchanged = app.instance.exchange_code(&credentials, &redirect_uri, code, verifier).await;
    if matches!(exchanged, Err(SignInError::AppRefused)) {
        app.forget_instance_app(&redirect_uri).await?;
    }
    let token = exchanged?;
    let identified = app.instance.identify(&token).await;
    app.instance.revoke(&credentials, &token).await;
    Ok(identified?)
}

fn redirect_uri(app: &App) -> String {
    format!("{}{CALLBACK}", app.public_url)
}

/// `Lax`, since the browser comes from the instance; what changes something is a POST, with a token as well.
fn with_cookie(app: &App, name: &str, value: &str, redirect: Redirect) -> Response {
    let secure = if app.public_url.starts_with("https:") { "; Secure" } else { "" };
    let seconds = LIFETIME / 1000;
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Lax; Path=/admin; Max-Age={seconds}{secure}");
    ([(header::SET_COOKIE, cookie)], redirect).into_response()
}
