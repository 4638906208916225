//! The demo instance over loopback: a browser, an app, and the relay's own [`Instance`] against it.

use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use super::{DemoState, router};
use crate::instance::{
    AccessToken, AppCredentials, IdentifyError, Instance, SignInError, Standing, code_challenge,
};

const REDIRECT: &str = "http://127.0.0.1:9/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A running demo instance; it ends with the value.
struct Demo {
    state: DemoState,
    base: String,
    server: JoinHandle<()>,
}

impl Demo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = DemoState::open(&base, None).unwrap();
        let app = router(state.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { state, base, server }
    }

    fn instance(&self) -> Instance {
        Instance::new(&self.base).unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Registers the relay's app and opens its sign-in page in a new browser.
    async fn open_sign_in(&self) -> (Instance, AppCredentials, Page) {
        let instance = self.instance();
        let app = instance.register_app(REDIRECT).await.unwrap();
        let url = instance.authorize_url(&app, REDIRECT, "st&te", &code_challenge(VERIFIER)).await.unwrap();
        (instance, app, Page::open(self, url.as_str()).await)
    }

    async fn token(&self, name: &str) -> (Instance, AppCredentials, AccessToken) {
        let (instance, app, page) = self.open_sign_in().await;
        let code = page.sign_in(name, "demo").await;
        let token = instance.exchange_code(&app, REDIRECT, &code, VERIFIER).await.unwrap();
        (instance, app, token)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A page with a form, as a browser holds it.
struct Page {
    client: Client,
    cookie: String,
    html: String,
    submit_to: String,
}

impl Page {
    async fn open(demo: &Demo, url: &str) -> Self {
        let client = browser();
        let response = client.get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = cookies(&response).join("; ");
        let html = response.text().await.unwrap();
        Self { client, cookie, html, submit_to: demo.url("/oauth/authorize") }
    }

    /// The hidden fields of the page's first form.
    fn hidden(&self) -> Vec<(String, String)> {
        let form = self.html.split("</form>").next().unwrap();
        let fields = form.split("<input type=\"hidden\" name=\"").skip(1);
        fields
            .map(|field| {
                let (name, rest) = field.split_once("\" value=\"").unwrap();
                (name.to_owned(), rest.split_once('"').unwrap().0.replace("&amp;", "&"))
            })
            .collect()
    }

    async fn submit(&self, fields: &[(&str, &str)]) -> Response {
        let mut form = self.hidden();
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.client.post(&self.submit_to).header("cookie", &self.cookie).form(&form).send().await.unwrap()
    }

    /// Signs in and gives the code that the app gets.
    async fn sign_in(&self, name: &str, password: &str) -> String {
        let response = self.submit(&[("name", name), ("password", password), ("action", "sign_in")]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let location = location(&response);
        assert_eq!(query(&location, "state").as_deref(), Some("st&te"));
        query(&location, "code").unwrap()
    }
}

fn browser() -> Client {
    Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
}

fn cookies(response: &Response) -> Vec<String> {
    let set = response.headers().get_all("set-cookie").iter();
    set.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

fn location(response: &Response) -> Url {
    response.headers()["location"].to_str().unwrap().parse().unwrap()
}

fn query(url: &Url, key: &str) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn the_whole_sign_in_brings_the_account() {
    let demo = Demo::start().await;
    let (instance, _, token) = demo.token("alice").await;
    let account = instance.identify(&token).await.unwrap();
    assert_eq!(account.uri.as_str(), demo.url("/users/alice"));
    assert_eq!(account.handle.as_str(), format!("@alice@{}", instance.authority()));
    assert!(account.created_at.is_some() && !account.limited && !account.bot);
}

#[tokio::test]
async fn a_new_account_is_made_on_the_sign_in_page() {
    let demo = Demo::start().await;
    let (instance, app, page) = demo.open_sign_in().await;
    let response = page.submit(&[("name", "erin"), ("action", "sign_up")]).await;
    let code = query(&location(&response), "code").unwrap();
    let token = instance.exchange_code(&app, REDIRECT, &code, VERIFIER).await.unwrap();
    assert_eq!(instance.identify(&token).await.unwrap().handle.name(), "erin");
    let again = page.submit(&[("name", "erin"), ("action", "sign_up")]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().await.unwrap().contains("account with this name already"));
}

#[tokio::test]
async fn a_wrong_password_says_so_and_keeps_the_request() {
    let demo = Demo::start().await;
    let (_, _, page) = demo.open_sign_in().await;
    let response = page.submit(&[("name", "alice"), ("password", "wrong"), ("action", "sign_in")]).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = response.text().await.unwrap();
    assert!(html.contains("do not go together") && html.contains("name=\"code_challenge\""));
}

#[tokio::test]
async fn a_code_is_refused_with_a_wrong_verifier_and_when_used_again() {
    let demo = Demo::start().await;
    let (instance, app, page) = demo.open_sign_in().await;
    let code = page.sign_in("alice", "demo").await;
    let wrong = instance.exchange_code(&app, REDIRECT, &code, "another verifier").await;
    assert!(matches!(wrong, Err(SignInError::CodeRefused)), "{wrong:?}");

    let code = page.sign_in("alice", "demo").await;
    instance.exchange_code(&app, REDIRECT, &code, VERIFIER).await.unwrap();
    let again = instance.exchange_code(&app, REDIRECT, &code, VERIFIER).await;
    assert!(matches!(again, Err(SignInError::CodeRefused)), "{again:?}");
}

#[tokio::test]
async fn an_app_with_a_wrong_secret_is_told_to_register_again() {
    let demo = Demo::start().await;
    let (instance, mut app, page) = demo.open_sign_in().await;
    let code = page.sign_in("alice", "demo").await;
    app.client_secret = "wrong".to_owned();
    let refused = instance.exchange_code(&app, REDIRECT, &code, VERIFIER).await;
    assert!(matches!(refused, Err(SignInError::AppRefused)), "{refused:?}");
}

#[tokio::test]
async fn a_form_without_the_browsers_own_token_is_refused() {
    let demo = Demo::start().await;
    let (_, _, mut page) = demo.open_sign_in().await;
    let fields = [("name", "alice"), ("password", "demo"), ("action", "sign_in")];
    page.cookie = String::new();
    assert_eq!(page.submit(&fields).await.status(), StatusCode::FORBIDDEN);
    page.cookie = format!("infrasound_demo_form={}", "a".repeat(43));
    assert_eq!(page.submit(&fields).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn refusing_returns_to_the_app_without_a_code() {
    let demo = Demo::start().await;
    let (_, _, page) = demo.open_sign_in().await;
    let back = location(&page.submit(&[("action", "deny")]).await);
    assert_eq!(query(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(query(&back, "code"), None);
}

#[tokio::test]
async fn an_unregistered_redirect_is_never_followed() {
    let demo = Demo::start().await;
    let instance = demo.instance();
    let app = instance.register_app(REDIRECT).await.unwrap();
    for redirect in ["https://evil.example/", "http://127.0.0.1:9/back/more", ""] {
        let url = instance.authorize_url(&app, redirect, "s", &code_challenge(VERIFIER)).await.unwrap();
        let response = browser().get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{redirect}");
        assert!(response.headers().get("location").is_none());
    }
}

#[tokio::test]
async fn a_plain_challenge_and_a_larger_scope_return_to_the_app_with_an_error() {
    let demo = Demo::start().await;
    let instance = demo.instance();
    let app = instance.register_app(REDIRECT).await.unwrap();
    let good = instance.authorize_url(&app, REDIRECT, "s", &code_challenge(VERIFIER)).await.unwrap();
    for (from, to, error) in [
        ("code_challenge_method=S256", "code_challenge_method=plain", "invalid_request"),
        ("scope=profile", "scope=write", "invalid_scope"),
        ("response_type=code", "response_type=token", "unsupported_response_type"),
    ] {
        assert!(good.as_str().contains(from), "{good}");
        let response = browser().get(good.as_str().replace(from, to)).send().await.unwrap();
        assert_eq!(query(&location(&response), "error").as_deref(), Some(error));
    }
}

#[tokio::test]
async fn a_revoked_token_and_an_unknown_one_are_refused_as_mastodon_does() {
    let demo = Demo::start().await;
    let (instance, app, token) = demo.token("alice").await;
    instance.revoke(&app, &token).await;
    for token in [token, AccessToken::new("unknown".to_owned())] {
        let refused = instance.identify(&token).await;
        assert!(matches!(refused, Err(IdentifyError::TokenRefused)), "{refused:?}");
    }
    let url = demo.url("/api/v1/accounts/verify_credentials");
    let response = browser().get(url).bearer_auth("unknown").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "error": "The access token is invalid" }));
}

#[tokio::test]
async fn an_apps_own_token_is_nobody() {
    let demo = Demo::start().await;
    let app = demo.instance().register_app(REDIRECT).await.unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
    ];
    let issued: Value =
        browser().post(demo.url("/oauth/token")).form(&form).send().await.unwrap().json().await.unwrap();
    let token = AccessToken::new(issued["access_token"].as_str().unwrap().to_owned());
    let refused = demo.instance().identify(&token).await;
    assert!(matches!(refused, Err(IdentifyError::TokenRefused)), "{refused:?}");
}

#[tokio::test]
async fn a_token_for_the_profile_cannot_post() {
    let demo = Demo::start().await;
    let registration =
        json!({ "client_name": "Poster", "redirect_uris": [REDIRECT], "scopes": "profile write" });
    let app: Value = browser()
        .post(demo.url("/api/v1/apps"))
        .json(&registration)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    for (scope, expected) in [("profile", StatusCode::FORBIDDEN), ("write", StatusCode::OK)] {
        let token = token_with_scope(&demo, &app, scope).await;
        let post = browser()
            .post(demo.url("/api/v1/statuses"))
            .bearer_auth(token)
            .form(&[("status", "Hello <all>")]);
        assert_eq!(post.send().await.unwrap().status(), expected);
    }
    let timeline = browser().get(demo.url("/api/v1/timelines/public")).send().await.unwrap();
    let posts: Value = timeline.json().await.unwrap();
    assert_eq!(posts[0]["content"], "<p>Hello &lt;all&gt;</p>");
    assert_eq!(posts.as_array().unwrap().len(), 1);
}

async fn token_with_scope(demo: &Demo, app: &Value, scope: &str) -> String {
    let (id, secret) = (app["client_id"].as_str().unwrap(), app["client_secret"].as_str().unwrap());
    let request = [
        ("response_type", "code"),
        ("client_id", id),
        ("redirect_uri", REDIRECT),
        ("scope", scope),
        ("state", "st&te"),
    ];
    let url = Url::parse_with_params(&demo.url("/oauth/authorize"), request).unwrap();
    let code = Page::open(demo, url.as_str()).await.sign_in("bob", "demo").await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("client_secret", secret),
        ("redirect_uri", REDIRECT),
        ("code", &code),
    ];
    let issued: Value =
        browser().post(demo.url("/oauth/token")).form(&form).send().await.unwrap().json().await.unwrap();
    issued["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_private_post_is_refused_rather_than_published() {
    let demo = Demo::start().await;
    let registration = json!({ "client_name": "Poster", "redirect_uris": REDIRECT, "scopes": "write" });
    let app: Value = browser()
        .post(demo.url("/api/v1/apps"))
        .json(&registration)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = token_with_scope(&demo, &app, "write").await;
    let post = json!({ "status": "@bob secret", "visibility": "direct" });
    let response =
        browser().post(demo.url("/api/v1/statuses")).bearer_auth(token).json(&post).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(demo.state.read(|book, _| book.timeline().next().is_none()));
}

#[tokio::test]
async fn a_browser_signs_in_posts_and_signs_out_on_the_timeline() {
    let demo = Demo::start().await;
    let timeline = demo.url("/demo/timeline");
    let mut page = Page::open(&demo, &timeline).await;
    page.submit_to = demo.url("/demo/sign-in");
    let signed_in = page.submit(&[("name", "carol"), ("password", "demo"), ("action", "sign_in")]).await;
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    page.cookie = format!("{}; {}", page.cookie, cookies(&signed_in).join("; "));
    page.submit_to = timeline.clone();
    assert_eq!(page.submit(&[("text", "Hello from <carol>")]).await.status(), StatusCode::SEE_OTHER);
    let html = browser().get(&timeline).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("@carol") && html.contains("Hello from &lt;carol&gt;"));
    page.submit_to = demo.url("/demo/sign-out");
    assert_eq!(page.submit(&[]).await.status(), StatusCode::SEE_OTHER);
    page.submit_to = timeline;
    assert_eq!(page.submit(&[("text", "again")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_handle_resolves_and_an_unknown_one_does_not() {
    let demo = Demo::start().await;
    let instance = demo.instance();
    let handle = format!("@dave@{}", instance.authority()).parse().unwrap();
    assert_eq!(instance.resolve(&handle).await.unwrap().as_str(), demo.url("/users/dave"));
    for text in [format!("@nobody@{}", instance.authority()), "@dave@elsewhere.example".to_owned()] {
        let error = instance.resolve(&text.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("there is no account {text} at this instance"));
    }
}

#[tokio::test]
async fn a_suspended_account_is_noticed_with_and_without_a_token() {
    let demo = Demo::start().await;
    let (instance, _, token) = demo.token("alice").await;
    let account = instance.identify(&token).await.unwrap();
    assert!(matches!(
        instance.look_again(&account.uri, &account.handle).await,
        Standing::Good { limited: Some(false), .. }
    ));
    assert!(demo.state.set_suspended("alice", true).await.unwrap());
    assert!(matches!(instance.look_again(&account.uri, &account.handle).await, Standing::Suspended));
    assert!(matches!(instance.identify(&token).await, Err(IdentifyError::LoginDisabled)));
    let unknown = demo.url("/users/nobody").parse().unwrap();
    let handle = format!("@nobody@{}", instance.authority()).parse().unwrap();
    assert!(matches!(instance.look_again(&unknown, &handle).await, Standing::Gone));
}

#[tokio::test]
async fn pages_run_no_script_and_cannot_be_framed() {
    let demo = Demo::start().await;
    let response = browser().get(demo.url("/demo/timeline")).send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(cookies(&response).len() == 1 && !response.text().await.unwrap().contains("<script"));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let demo = Demo::start().await;
    let long = "a".repeat(64 * 1024);
    let form = [("client_name", long.as_str()), ("redirect_uris", REDIRECT)];
    let response = browser().post(demo.url("/api/v1/apps")).form(&form).send().await.unwrap();
    assert!(response.status().is_client_error());
}
