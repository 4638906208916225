//! The admin page, `/admin`: some of what `infrasound-relay admin` does, for who looks after the instance's people.
//!
//! Whoever has a role at the instance that lets them manage users signs in there, as they would in a client. The page is
//! HTML and forms, without a script. It is off unless the configuration says `admin_page = true`.
//!
//! | against | what |
//! |---|---|
//! | who has no such role | it is read anew at each sign-in, which lasts an hour; each order needs its own permission |
//! | a link that signs an admin in as somebody else | the `state` is bound to the browser by a cookie |
//! | a form of another site | cookies are `SameSite=Lax`, each form carries a token of its visit, a foreign `Origin` is refused |
//! | who is suspended here, or turns on those beside or above them | `guard` |
//! | what a person calls a device | everything is escaped, and the policy allows no script at all |

mod form;
mod guard;
mod html;
mod permission;
mod sign_in;
mod view;
mod visit;

use axum::{
    Form, Router,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};

pub(crate) use self::visit::Visits;
use self::{form::OrderForm, view::Look, visit::Visit};
use super::{Report, carry_out};
use crate::{app::App, error::ApiError};

const PATH: &str = "/admin";

/// The page's addresses.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route(PATH, get(show).post(order))
        .route("/admin/sign-in", get(sign_in::begin))
        .route(sign_in::CALLBACK, get(sign_in::finish))
        .route("/admin/sign-out", post(sign_out))
        .layer(from_fn(closed))
        .with_state(app)
}

/// Nothing is loaded, nothing frames it, nothing of it is kept.
async fn closed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With `no-referrer` a browser hides even from us where our own forms come from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if let Ok(policy) = HeaderValue::from_str(&html::content_security_policy()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn show(State(app): State<App>, headers: HeaderMap, Query(look): Query<Look>) -> Response {
    let Some(visit) = app.live.visits.of(&headers, app.now()) else {
        return Html(html::signed_out(None)).into_response();
    };
    let page = match guard::check_visitor(&app, &visit.account).await {
        Ok(()) => view::whole(&app, &visit, &look).await,
        Err(error) => Err(error),
    };
    match page {
        Ok(page) => Html(page).into_response(),
        Err(error) => failed(&error),
    }
}

async fn order(State(app): State<App>, headers: HeaderMap, Form(form): Form<OrderForm>) -> Response {
    let visit = match app.live.visits.of_form(&headers, &form.csrf, &app.public_url, app.now()) {
        Ok(visit) => visit,
        Err(error) => return failed(&error),
    };
    if let Err(error) = guard::check_visitor(&app, &visit.account).await {
        return failed(&error);
    }
    let back = form.back();
    match give(&app, &visit, form).await {
        Ok(Report::Export { data }) => attachment(&data.to_string()),
        Ok(Report::Done { text }) => answer(&app, &headers, text, &back),
        Ok(_) => answer(&app, &headers, "It is done.".to_owned(), &back),
        Err(error) => answer(&app, &headers, error.0.detail.clone(), &back),
    }
}

async fn give(app: &App, visit: &Visit, form: OrderForm) -> Result<Report, ApiError> {
    let order = form.order(visit.permissions)?;
    guard::check_subject(app, visit, &order).await?;
    carry_out(app, visit.handle.as_str(), order).await
}

/// What came of it is shown on the next page, so that loading it again does nothing again.
fn answer(app: &App, headers: &HeaderMap, text: String, back: &str) -> Response {
    app.live.visits.tell(headers, text);
    Redirect::to(back).into_response()
}

fn attachment(json: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"account.json\""),
    ];
    (headers, json.to_owned()).into_response()
}

async fn sign_out(State(app): State<App>, headers: HeaderMap, Form(form): Form<OrderForm>) -> Response {
    if let Err(error) = app.live.visits.of_form(&headers, &form.csrf, &app.public_url, app.now()) {
        return failed(&error);
    }
    app.live.visits.end(&headers);
    Redirect::to(PATH).into_response()
}

fn failed(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Html(html::signed_out(Some(&error.0.detail)))).into_response()
}
