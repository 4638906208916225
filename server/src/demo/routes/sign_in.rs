//! `POST /demo/sign-in` and `/demo/sign-out`: a browser on the instance's own pages.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::timeline::timeline_page;
use crate::demo::{browser::Browser, secret::make_secret, state::DemoState};

#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    #[serde(default)]
    form_token: String,
}

pub(super) async fn sign_in(
    State(state): State<DemoState>,
    browser: Browser,
    Form(form): Form<SignIn>,
) -> Response {
    if let Err(refused) = browser.check_form(&form.form_token) {
        return *refused;
    }
    let session = make_secret();
    let signed_in = state.change(|book, now| {
        let account = if form.action == "sign_up" {
            book.sign_up(form.name.trim(), now).map_err(|error| error.to_string())?
        } else {
            book.sign_in(form.name.trim(), &form.password).map_err(|error| error.to_string())?
        };
        book.start_session(&session, &account.name, now);
        Ok(())
    });
    match signed_in.await.map_err(|error| error.to_string()).and_then(|outcome: Result<(), String>| outcome) {
        Ok(()) => {
            let mut response = Redirect::to("/demo/timeline").into_response();
            Browser::remember_session(&state, &mut response, &session);
            response
        }
        Err(problem) => timeline_page(&state, &browser, Some(&problem)),
    }
}

pub(super) async fn sign_out(
    State(state): State<DemoState>,
    browser: Browser,
    Form(form): Form<SignOut>,
) -> Response {
    if let Err(refused) = browser.check_form(&form.form_token) {
        return *refused;
    }
    if let Some(secret) = browser.session()
        && let Err(error) = state.change(|book, _| book.end_session(secret)).await
    {
        return timeline_page(&state, &browser, Some(&error.to_string()));
    }
    let mut response = Redirect::to("/demo/timeline").into_response();
    Browser::forget_session(&state, &mut response);
    response
}
