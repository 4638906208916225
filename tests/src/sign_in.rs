//! Signing in to a demo instance as a person with a browser does: register an app, fill the page's form in, exchange
//! the code.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value;
use url::Url;

const REDIRECT: &str = "http://127.0.0.1:9/signed-in";
const SCOPE: &str = "profile";

/// Which button of the sign-in page is pressed.
#[derive(Clone, Copy)]
enum Button {
    SignIn,
    SignUp,
}

/// An access token of the demo instance at `base` for the account `name`, with the scope `profile`.
///
/// # Panics
/// If the instance refuses any step.
pub async fn demo_token(base: &str, name: &str) -> String {
    demo_token_with_scope(base, name, SCOPE).await
}

/// As [`demo_token`], with another scope, such as `read write`.
///
/// # Panics
/// If the instance refuses any step.
pub async fn demo_token_with_scope(base: &str, name: &str, scope: &str) -> String {
    token_by(base, name, scope, Button::SignIn).await
}

/// Makes an account of the demo instance, and gives an access token with the scope `profile`, from outside of any
/// asynchronous runtime.
///
/// # Panics
/// If the instance refuses any step.
pub fn new_demo_account(base: &str, name: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(token_by(base, name, SCOPE, Button::SignUp))
}

/// Makes an account of the demo instance, and gives an access token as [`demo_token`] does.
///
/// # Panics
/// If the instance refuses any step.
pub async fn demo_sign_up(base: &str, name: &str) -> String {
    token_by(base, name, SCOPE, Button::SignUp).await
}

async fn token_by(base: &str, name: &str, scope: &str, button: Button) -> String {
    let browser = Client::builder().no_proxy().redirect(Policy::none()).build().expect("an HTTP client");
    let at = |path: &str| format!("{}{path}", base.trim_end_matches('/'));
    let form = [("client_name", "Infrasound tests"), ("redirect_uris", REDIRECT), ("scopes", scope)];
    let app = json(browser.post(at("/api/v1/apps")).form(&form).send().await.expect("registration")).await;
    let (id, secret) = (text(&app, "client_id"), text(&app, "client_secret"));

    let asked = [("response_type", "code"), ("client_id", &id), ("redirect_uri", REDIRECT), ("scope", scope)];
    let page_url = Url::parse_with_params(&at("/oauth/authorize"), asked).expect("the instance's address");
    let code = allow(&browser, page_url, &at("/oauth/authorize"), name, button).await;

    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &id),
        ("client_secret", &secret),
        ("redirect_uri", REDIRECT),
        ("code", &code),
    ];
    let token = json(browser.post(at("/oauth/token")).form(&form).send().await.expect("the exchange")).await;
    text(&token, "access_token")
}

/// Fills the sign-in page in, and gives the code from the redirect that follows.
async fn allow(browser: &Client, page_url: Url, submit_to: &str, name: &str, button: Button) -> String {
    let page = browser.get(page_url).send().await.expect("the sign-in page");
    let page = page.error_for_status().expect("the sign-in page");
    let cookie = cookie(&page);
    let html = page.text().await.expect("the sign-in page's text");
    let mut form = hidden_fields(&html);
    let action = match button {
        Button::SignIn => "sign_in",
        Button::SignUp => "sign_up",
    };
    for (field, value) in [("name", name), ("password", "demo"), ("action", action)] {
        form.push((field.to_owned(), value.to_owned()));
    }
    let answer =
        browser.post(submit_to).header("cookie", cookie).form(&form).send().await.expect("signing in");
    let location = answer.headers().get("location").expect("a redirect after signing in");
    let location = Url::parse(location.to_str().expect("an ASCII redirect")).expect("a redirect to a URL");
    let code = location.query_pairs().find(|(key, _)| key == "code").expect("a code in the redirect");
    code.1.into_owned()
}

fn cookie(page: &Response) -> String {
    let header = page.headers().get("set-cookie").expect("the form's cookie");
    let header = header.to_str().expect("an ASCII cookie");
    header.split(';').next().unwrap_or_default().to_owned()
}

/// The hidden fields of the first form.
fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let form = html.split("</form>").next().unwrap_or_default();
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |field: &str| {
        let (name, rest) = field.split_once("\" value=\"")?;
        Some((name.to_owned(), rest.split_once('"')?.0.replace("&amp;", "&")))
    };
    fields.filter_map(pair).collect()
}

async fn json(answer: Response) -> Value {
    answer.error_for_status().expect("the instance's consent").json().await.expect("JSON")
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).expect("a text in the answer").to_owned()
}
