//! The table of servers (handbook 2.1), each row as a small server on loopback, and servers that lie.

mod domains;
mod hostile;
mod nodeinfo;
mod servers;
mod standing;

use std::time::Duration;

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::IntoResponse,
    routing::{MethodRouter, get},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{AccessToken, CallError, IdentifyError, Instance, InstanceAccount, Standing};

const GOOD: &str = "good-token";

/// A server that answers as one row of the table.
struct Server {
    base: String,
    host: String,
    task: JoinHandle<()>,
}

impl Server {
    /// The routes are made once the address is known.
    async fn start(routes: impl FnOnce(&str, &str) -> Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let base = format!("http://{host}");
        let app = routes(&base, &host);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, host, task }
    }

    fn instance(&self) -> Instance {
        Instance::with_timeout(&self.base, Duration::from_millis(500)).unwrap()
    }

    async fn identify(&self, token: &str) -> Result<InstanceAccount, IdentifyError> {
        self.instance().identify(&AccessToken::new(token.to_owned())).await
    }

    #[track_caller]
    fn is_alice(&self, account: &InstanceAccount) {
        assert_eq!(account.uri.as_str(), format!("{}/users/alice", self.base));
        assert_eq!(account.handle.as_str(), format!("@alice@{}", self.host));
    }

    /// Ends the server: its address refuses connections afterwards.
    async fn stop(mut self) {
        self.task.abort();
        // Being cancelled is what was asked for.
        let _ = (&mut self.task).await;
    }

    async fn look_again(&self) -> Standing {
        let uri = format!("{}/users/alice", self.base).parse().unwrap();
        self.instance().look_again(&uri, &format!("@alice@{}", self.host).parse().unwrap()).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Always the same JSON.
fn fixed(body: Value) -> MethodRouter {
    get(move || async move { Json(body) })
}

/// JSON for the good token; the server's own refusal for any other.
fn guarded(body: Value, refusal: impl IntoResponse + Clone + Send + Sync + 'static) -> MethodRouter {
    get(move |headers: HeaderMap| async move {
        let good = headers.get(AUTHORIZATION).is_some_and(|value| value == format!("Bearer {GOOD}").as_str());
        if good { Json(body).into_response() } else { refusal.into_response() }
    })
}

fn unauthorized() -> (StatusCode, Json<Value>) {
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "The access token is invalid" })))
}

fn metadata(base: &str, with_userinfo: bool) -> Value {
    let mut metadata = json!({
        "issuer": format!("{base}/"),
        "authorization_endpoint": format!("{base}/oauth/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "app_registration_endpoint": format!("{base}/api/v1/apps"),
        "scopes_supported": ["read", "read:accounts", "profile"],
    });
    if with_userinfo {
        metadata["userinfo_endpoint"] = json!(format!("{base}/oauth/userinfo"));
    }
    metadata
}

fn userinfo(base: &str) -> Value {
    json!({ "iss": base, "sub": format!("{base}/users/alice"), "name": "Alice", "preferred_username": "alice" })
}

fn entity(more: Value) -> Value {
    let mut entity = json!({ "username": "alice", "acct": "alice", "display_name": "Alice", "created_at": "2024-01-01T00:00:00.000Z" });
    if let Value::Object(more) = more {
        entity.as_object_mut().unwrap().extend(more);
    }
    entity
}

fn descriptor(host: &str, actor: &str) -> Value {
    let link = json!({ "rel": "self", "type": "application/activity+json", "href": actor });
    json!({ "subject": format!("acct:alice@{host}"), "links": [link] })
}

const METADATA: &str = "/.well-known/oauth-authorization-server";
const USERINFO: &str = "/oauth/userinfo";
const VERIFY: &str = "/api/v1/accounts/verify_credentials";
const WEBFINGER: &str = "/.well-known/webfinger";
const LOOKUP: &str = "/api/v1/accounts/lookup";

fn with_uri(base: &str) -> Value {
    entity(json!({ "uri": format!("{base}/users/alice") }))
}

async fn mastodon_44() -> Server {
    Server::start(|base, _| {
        Router::new()
            .route(METADATA, fixed(metadata(base, true)))
            .route(USERINFO, guarded(userinfo(base), unauthorized()))
            .route(VERIFY, guarded(with_uri(base), unauthorized()))
    })
    .await
}

/// A server that knows one endpoint, and answers always the same there.
async fn verify_answers(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Server {
    Server::start(|_, _| Router::new().route(VERIFY, get(move || async move { answer }))).await
}
