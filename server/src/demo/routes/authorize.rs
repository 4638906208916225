//! `GET` and `POST /oauth/authorize`: a person signs in and allows an app.
//!
//! What the app asked for travels through the form and is checked again there. An app or redirect URI that is not
//! known gets a page and never a redirect; any later mistake returns to the app, as RFC 6749 4.1.2.1 says.

use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use url::Url;

use crate::demo::{
    book::{Account, Book, Code, OUT_OF_BAND, Scopes},
    browser::Browser,
    page::{alert, error_page, escape, hidden, page, sign_in_fields, sign_up_fields},
    secret::make_secret,
    state::DemoState,
};

/// What an app asks for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Request {
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    scope: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// The form's own fields; the app's request is beside them.
#[derive(Deserialize)]
pub(super) struct Submission {
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(flatten)]
    request: Request,
}

/// A request that may be shown to a person.
struct Checked {
    app_name: String,
    scopes: Scopes,
}

/// Why a request is not shown.
enum Refusal {
    Page(&'static str),
    ToApp(&'static str),
}

pub(super) async fn show(
    State(state): State<DemoState>,
    browser: Browser,
    Query(request): Query<Request>,
) -> Response {
    match state.read(|book, _| check(book, &request)) {
        Ok(checked) => consent_page(&state, &browser, &request, &checked, None),
        Err(refusal) => refuse(&request, &refusal),
    }
}

pub(super) async fn submit(
    State(state): State<DemoState>,
    browser: Browser,
    Form(Submission { form_token, action, name, password, request }): Form<Submission>,
) -> Response {
    if let Err(refused) = browser.check_form(&form_token) {
        return *refused;
    }
    let checked = match state.read(|book, _| check(book, &request)) {
        Ok(checked) => checked,
        Err(refusal) => return refuse(&request, &refusal),
    };
    let name = name.trim();
    let signed_in = match action.as_str() {
        "continue" => browser.account.clone().ok_or_else(|| "You are not signed in any more.".to_owned()),
        "deny" => return refuse(&request, &Refusal::ToApp("access_denied")),
        "sign_up" => match state.change(|book, now| book.sign_up(name, now)).await {
            Ok(made) => made.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        },
        _ => state.read(|book, _| book.sign_in(name, &password)).map_err(|error| error.to_string()),
    };
    match signed_in {
        Ok(account) => allow(&state, &request, checked, &account).await,
        Err(problem) => consent_page(&state, &browser, &request, &checked, Some(&problem)),
    }
}

fn check(book: &Book, request: &Request) -> Result<Checked, Refusal> {
    let app = book.app(&request.client_id).ok_or(Refusal::Page(
        "Client authentication failed: this instance does not know the app. Let the app register again.",
    ))?;
    if !app.redirect_uris.contains(&request.redirect_uri) {
        return Err(Refusal::Page("The redirect uri included is not valid: the app did not register it."));
    }
    if request.response_type != "code" {
        return Err(Refusal::ToApp("unsupported_response_type"));
    }
    let method_fits =
        request.code_challenge.is_none() || request.code_challenge_method.as_deref() == Some("S256");
    let challenge_fits = request.code_challenge.as_ref().is_none_or(|challenge| challenge.len() == 43);
    if !method_fits || !challenge_fits {
        return Err(Refusal::ToApp("invalid_request"));
    }
    let scopes = Scopes::parse(request.scope.as_deref()).filter(|scopes| scopes.are_within(&app.scopes));
    let scopes = scopes.ok_or(Refusal::ToApp("invalid_scope"))?;
    Ok(Checked { app_name: app.name.clone(), scopes })
}

async fn allow(state: &DemoState, request: &Request, checked: Checked, account: &Account) -> Response {
    let (secret, session) = (make_secret(), make_secret());
    let allowed = state.change(|book, now| {
        let code = Code {
            app: request.client_id.clone(),
            account: account.name.clone(),
            redirect_uri: request.redirect_uri.clone(),
            scopes: checked.scopes,
            challenge: request.code_challenge.clone(),
            made: now,
        };
        book.grant_code(&secret, code);
        book.start_session(&session, &account.name, now);
    });
    if let Err(error) = allowed.await {
        return error_page(StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
    }
    let mut response = if request.redirect_uri == OUT_OF_BAND {
        let body = format!(
            "<p>Copy this code and give it to {}:</p>\n<p><code class=\"code\">{secret}</code></p>",
            escape(&checked.app_name)
        );
        page(StatusCode::OK, "Authorization code", &body)
    } else {
        return_to_app(request, "code", &secret)
    };
    Browser::remember_session(state, &mut response, &session);
    response
}

fn refuse(request: &Request, refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Page(text) => error_page(StatusCode::BAD_REQUEST, text),
        Refusal::ToApp(error) if request.redirect_uri == OUT_OF_BAND => {
            error_page(StatusCode::BAD_REQUEST, error)
        }
        Refusal::ToApp(error) => return_to_app(request, "error", error),
    }
}

fn return_to_app(request: &Request, key: &str, value: &str) -> Response {
    let Ok(mut url) = Url::parse(&request.redirect_uri) else {
        return error_page(StatusCode::BAD_REQUEST, "The redirect uri is not valid.");
    };
    url.query_pairs_mut().append_pair(key, value);
    if let Some(state) = &request.state {
        url.query_pairs_mut().append_pair("state", state);
    }
    Redirect::to(url.as_str()).into_response()
}

fn consent_page(
    state: &DemoState,
    browser: &Browser,
    request: &Request,
    checked: &Checked,
    problem: Option<&str>,
) -> Response {
    let hidden = request_fields(browser, request);
    let form =
        |inner: &str| format!("<form method=\"post\" action=\"/oauth/authorize\">\n{hidden}{inner}</form>\n");
    let known = browser.account.as_ref().map_or_else(String::new, |account| {
        let button = format!(
            "<p>You are signed in as <strong>{}</strong>.</p>\n\
             <p><button name=\"action\" value=\"continue\">Allow as {0}</button></p>\n",
            escape(&account.name)
        );
        form(&button)
    });
    let body = format!(
        "{alert}<p><strong>{app}</strong> asks to:</p>\n<ul>\n{scopes}</ul>\n{known}\
         <h2>Sign in</h2>\n{sign_in}<h2>Or make an account</h2>\n{sign_up}<h2>Or do not allow it</h2>\n{deny}",
        alert = alert(problem),
        app = escape(&checked.app_name),
        scopes = wishes(&checked.scopes),
        sign_in = form(&sign_in_fields("Sign in and allow")),
        sign_up = form(&sign_up_fields("Make the account and allow")),
        deny = form(
            "<p><button class=\"quiet\" name=\"action\" value=\"deny\">Go back without allowing</button></p>\n"
        ),
    );
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = page(status, "Allow an app to use your account?", &body);
    browser.remember_form(state, &mut response);
    response
}

fn request_fields(browser: &Browser, request: &Request) -> String {
    let optional = [
        ("scope", &request.scope),
        ("state", &request.state),
        ("code_challenge", &request.code_challenge),
        ("code_challenge_method", &request.code_challenge_method),
    ];
    let mut fields = browser.form_field()
        + &hidden("response_type", &request.response_type)
        + &hidden("client_id", &request.client_id)
        + &hidden("redirect_uri", &request.redirect_uri);
    for (name, value) in optional {
        if let Some(value) = value {
            fields += &hidden(name, value);
        }
    }
    fields
}

fn wishes(scopes: &Scopes) -> String {
    scopes.names().fold(String::new(), |list, scope| list + "<li>" + in_words(scope) + "</li>\n")
}

fn in_words(scope: &str) -> &'static str {
    match scope {
        "profile" => "know who you are",
        "read" | "read:accounts" | "read:statuses" => "read what you can read",
        _ => "post in your name",
    }
}
