//! A browser on the demo instance's pages: its sign-in cookie, and the token that proves a form is ours.
//!
//! Forms carry a random token that a cookie repeats (double submit). Another site can send neither the cookie
//! (`SameSite=Lax`) nor read it. Test: `a_form_without_the_browsers_own_token_is_refused`.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{COOKIE, SET_COOKIE},
        request::Parts,
    },
    response::Response,
};

use super::{
    book::Account,
    page::{error_page, hidden},
    secret::{is_same, make_secret},
    state::DemoState,
};

const FORM_COOKIE: &str = "infrasound_demo_form";
const SESSION_COOKIE: &str = "infrasound_demo_session";
/// A secret of 32 bytes in base64url.
const SECRET_LEN: usize = 43;

/// A browser, as its cookies show it.
#[derive(Debug)]
pub(super) struct Browser {
    form_token: String,
    has_form_cookie: bool,
    session: Option<String>,
    pub(super) account: Option<Account>,
}

impl Browser {
    /// The hidden field that each form needs.
    pub(super) fn form_field(&self) -> String {
        hidden("form_token", &self.form_token)
    }

    /// Refuses a form that did not come from a page of ours in this browser.
    pub(super) fn check_form(&self, token: &str) -> Result<(), Box<Response>> {
        if self.has_form_cookie && is_same(&self.form_token, token) {
            return Ok(());
        }
        let text =
            "This form is too old, or cookies are switched off. Go back, reload the page and try again.";
        Err(Box::new(error_page(StatusCode::FORBIDDEN, text)))
    }

    /// Lets a response set the cookie that its forms need.
    pub(super) fn remember_form(&self, state: &DemoState, response: &mut Response) {
        if !self.has_form_cookie {
            set_cookie(state, response, FORM_COOKIE, &self.form_token, "");
        }
    }

    /// Signs this browser in with a response.
    pub(super) fn remember_session(state: &DemoState, response: &mut Response, secret: &str) {
        set_cookie(state, response, SESSION_COOKIE, secret, "");
    }

    /// Signs this browser out with a response.
    pub(super) fn forget_session(state: &DemoState, response: &mut Response) {
        set_cookie(state, response, SESSION_COOKIE, "", "; Max-Age=0");
    }

    pub(super) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

impl FromRequestParts<DemoState> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &DemoState) -> Result<Self, Self::Rejection> {
        let form = cookie(&parts.headers, FORM_COOKIE);
        let session = cookie(&parts.headers, SESSION_COOKIE);
        let account = session
            .as_deref()
            .and_then(|secret| state.read(|book, now| book.session_account(secret, now).cloned()));
        Ok(Self {
            has_form_cookie: form.is_some(),
            form_token: form.unwrap_or_else(make_secret),
            session,
            account,
        })
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let value = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))?;
    (value.len() == SECRET_LEN).then(|| value.to_owned())
}

fn set_cookie(state: &DemoState, response: &mut Response, name: &str, value: &str, more: &str) {
    let secure = if state.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
    if let Ok(header) = HeaderValue::from_str(&text) {
        response.headers_mut().append(SET_COOKIE, header);
    }
}
