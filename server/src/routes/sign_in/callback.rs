//! `GET /v1/sign-in/callback`: the instance sends the browser back here. The page shows a code for the person to type
//! into their client, which ties the browser to it.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use infrasound_spec::api::{paths, sign_in::SignInId};
use serde::Deserialize;

use super::page;
use crate::{
    address::ClientAddress,
    app::App,
    body::QueryParameters,
    error::ApiError,
    identity::Identity,
    instance::{InstanceAccount, SignInError},
    secret,
    store::sign_in,
};

/// What the instance adds to the address.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallbackQuery {
    /// The state that the sign-in began with.
    state: Option<String>,
    /// The code to exchange; absent if the person declined.
    code: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

#[utoipa::path(get, path = paths::SIGN_IN_CALLBACK, tag = "sign-in", operation_id = "sign_in_callback",
    params(CallbackQuery),
    responses((status = 200, description = "A page with the code to type into the client", content_type = "text/html", body = String),
        (status = "4XX", description = "A page that says what went wrong", content_type = "text/html", body = String),
        (status = "5XX", description = "A page that says what went wrong", content_type = "text/html", body = String)))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    QueryParameters(query): QueryParameters<CallbackQuery>,
) -> Response {
    let finished = match app.rates.sign_ins.take(&address, app.now()) {
        Ok(()) => finish(&app, query).await,
        Err(error) => Err(error),
    };
    let (status, html) = match finished {
        Ok(finished) => (StatusCode::OK, finished.page()),
        Err(error) => {
            let status = StatusCode::from_u16(error.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, page::failure(&error.0.detail))
        }
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::CONTENT_SECURITY_POLICY));
    response
}

/// A sign-in whose browser has come back.
struct Finished {
    sign_in: SignInId,
    code: String,
    identity: Identity,
}

impl Finished {
    fn page(&self) -> String {
        page::success(&self.sign_in, &self.code, self.identity.handle.as_str())
    }
}

async fn finish(app: &App, query: CallbackQuery) -> Result<Finished, ApiError> {
    let over =
        || ApiError::bad_request("This sign-in is over or was never begun. Begin again in your client.");
    let state_digest = secret::digest(query.state.ok_or_else(over)?.as_bytes());
    // Used up first: whatever comes of it, nobody comes back with this state a second time.
    let taken = app.writer.run(move |tx| {
        Box::pin(async move { Ok(sign_in::take_verifier(tx.conn, &state_digest, tx.now).await?) })
    });
    let verifier = taken.await?.ok_or_else(over)?;
    let Some(code) = query.code else {
        let reason =
            if query.error.is_some() { "The instance did not let you in" } else { "There is no code" };
        return Err(ApiError::bad_request(format!("{reason}. Begin again in your client.")));
    };
    let account = identify(app, &code, &verifier).await?;
    // Here, so that the page says it, and nobody types a code in vain.
    let identity = app.let_in(account).await?;
    let code = secret::make_code();
    let code_digest = secret::digest(secret::fold_code(&code).as_bytes());
    let stored = identity.clone();
    let returned = app
        .writer
        .run(move |tx| {
            Box::pin(async move {
                Ok(sign_in::set_returned(tx.conn, &state_digest, &stored, &code_digest, tx.now).await?)
            })
        })
        .await?;
    let sign_in = returned.ok_or_else(over)?;
    Ok(Finished { sign_in, code, identity })
}

/// Asks the instance who came back, and gives the token back at once.
async fn identify(app: &App, code: &str, verifier: &str) -> Result<InstanceAccount, ApiError> {
    let credentials = app.instance_app().await?;
    let token = match app.instance.exchange_code(&credentials, &app.redirect_uri(), code, verifier).await {
        Ok(token) => token,
        Err(error) => {
            if matches!(error, SignInError::AppRefused) {
                app.forget_instance_app(&app.redirect_uri()).await?;
            }
            return Err(error.into());
        }
    };
    let identified = app.instance.identify(&token).await;
    app.instance.revoke(&credentials, &token).await;
    Ok(identified?)
}
