//! A person signs in at the instance, as a browser would: OAuth's authorization code, shown on a page.

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use ureq::Agent;
use ureq::http::Response;

const SHOW_THE_CODE: &str = "urn:ietf:wg:oauth:2.0:oob";
const SCOPE: &str = "profile";
const CODE_BEGINS: &str = "<code class=\"code\">";

/// Why the instance gave no token.
#[derive(Debug, Error)]
pub(crate) enum SignInError {
    #[error("the instance did not answer")]
    Http(#[from] ureq::Error),
    #[error("the instance's answer is not JSON")]
    Json(#[from] serde_json::Error),
    #[error("the instance did not send {what} (status {status})")]
    Missing { what: &'static str, status: u16 },
}

/// An HTTP client for loopback: no proxy, no redirects, an end to waiting.
pub(crate) fn agent() -> Agent {
    Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into()
}

/// Signs `name` in on the instance's pages and returns the access token that an app would get.
pub(crate) fn instance_token(instance: &str, name: &str) -> Result<String, SignInError> {
    let agent = agent();
    let app = post(
        &agent,
        &format!("{instance}/api/v1/apps"),
        &[("client_name", "Infrasound demo"), ("redirect_uris", SHOW_THE_CODE), ("scopes", SCOPE)],
    )?;
    let (client_id, client_secret) = (text(&app, "client_id")?, text(&app, "client_secret")?);
    let code = authorization_code(&agent, instance, &client_id, name)?;
    let token = post(
        &agent,
        &format!("{instance}/oauth/token"),
        &[
            ("grant_type", "authorization_code"),
            ("client_id", &client_id),
            ("client_secret", &client_secret),
            ("redirect_uri", SHOW_THE_CODE),
            ("code", &code),
        ],
    )?;
    text(&token, "access_token")
}

fn authorization_code(
    agent: &Agent,
    instance: &str,
    client_id: &str,
    name: &str,
) -> Result<String, SignInError> {
    let url = format!("{instance}/oauth/authorize");
    let request = [
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", SHOW_THE_CODE),
        ("scope", SCOPE),
    ];
    let page = agent.get(&url).query_pairs(request).call()?;
    let cookie = cookie(&page)?;
    let form_token = cookie.split_once('=').map_or("", |(_, value)| value);
    let person = [("form_token", form_token), ("action", "sign_in"), ("name", name), ("password", "demo")];
    let mut allowed =
        agent.post(&url).header("cookie", cookie.as_str()).send_form(request.into_iter().chain(person))?;
    let status = allowed.status().as_u16();
    let html = allowed.body_mut().read_to_string()?;
    let code = html.split_once(CODE_BEGINS).and_then(|(_, rest)| rest.split_once('<')).map(|(code, _)| code);
    code.map(str::to_owned).ok_or(SignInError::Missing { what: "an authorization code", status })
}

fn cookie<B>(page: &Response<B>) -> Result<String, SignInError> {
    let header = page.headers().get("set-cookie").and_then(|value| value.to_str().ok());
    let pair = header.and_then(|value| value.split(';').next());
    pair.map(str::to_owned)
        .ok_or(SignInError::Missing { what: "its form's cookie", status: page.status().as_u16() })
}

fn post(agent: &Agent, url: &str, form: &[(&str, &str)]) -> Result<Value, SignInError> {
    let mut answer = agent.post(url).send_form(form.iter().copied())?;
    let status = answer.status();
    if !status.is_success() {
        return Err(SignInError::Missing { what: "what was asked for", status: status.as_u16() });
    }
    Ok(serde_json::from_str(&answer.body_mut().read_to_string()?)?)
}

fn text(answer: &Value, field: &'static str) -> Result<String, SignInError> {
    let value = answer.get(field).and_then(Value::as_str);
    value.map(str::to_owned).ok_or(SignInError::Missing { what: field, status: 200 })
}
