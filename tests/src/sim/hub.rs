//! The hub: the relay's own router on its own tables in memory. A crash leaves what was committed.

use axum::{
    body::{Body, BodyDataStream},
    http::{Request, Response, header},
};
use futures_util::{FutureExt as _, StreamExt as _};
use infrasound_core::{
    input::HttpResponse,
    output::{HttpRequest, MAX_RESPONSE, Method},
};
use infrasound_relay::{
    Clock, Config,
    config::{InstanceConfig, RateConfig},
    simulation::{Memory, SimulatedAccounts, SimulatedRelay, chance},
};
use infrasound_spec::{api::paths, api::sign_in::SignedIn, time::Timestamp};
use tower::ServiceExt as _;

use super::verdict::{Rule, Violation};

/// The hub, up or down.
pub(super) struct Hub {
    memory: Memory,
    relay: Option<SimulatedRelay>,
    clock: Clock,
    start: Timestamp,
    pub(super) accounts: SimulatedAccounts,
}

/// An event of the stream.
#[derive(Clone, Debug)]
pub(super) struct StreamItem {
    pub(super) id: Option<String>,
    pub(super) data: String,
}

/// A stream as a device has opened it.
pub(super) struct OpenStream {
    body: BodyDataStream,
    text: String,
    pub(super) ended: bool,
}

impl Hub {
    /// A new hub.
    pub(super) async fn new(seed: u64, start: Timestamp, names: Vec<String>) -> Result<Self, Violation> {
        chance::seed(seed);
        let memory = Memory::new().await.map_err(|error| broken(&error))?;
        let clock = Clock::still(start);
        let accounts = SimulatedAccounts::new("sim.example", names);
        let mut hub = Self { memory, relay: None, clock, start, accounts };
        hub.restart().await?;
        Ok(hub)
    }

    /// Starts a relay on what is there.
    pub(super) async fn restart(&mut self) -> Result<(), Violation> {
        let mut config = Config::new(InstanceConfig::Demo, std::env::temp_dir().join("infrasound-sim"));
        config.rates = RateConfig::off();
        config.clock = self.clock.clone();
        let relay = SimulatedRelay::start(&self.memory, config, self.accounts.clone()).await;
        self.relay = Some(relay.map_err(|error| broken(&error))?);
        Ok(())
    }

    /// Takes everything from the relay but what it has committed.
    pub(super) async fn crash(&mut self) {
        if let Some(relay) = self.relay.take() {
            relay.crash().await;
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.relay.is_some()
    }

    /// Moves its clock to a time, in milliseconds since the world began.
    pub(super) fn set_time(&self, at: u64) {
        self.clock.advance(self.start.plus_millis(at).millis_since(self.clock.now()));
    }

    /// What it does by itself.
    pub(super) async fn sweep(&self, thoroughly: bool) -> Result<(), Violation> {
        let Some(relay) = &self.relay else { return Ok(()) };
        if relay.sweep(thoroughly).await {
            return Ok(());
        }
        Err(Violation::new(Rule::Ending, "the hub cannot sweep"))
    }

    /// Hands a request in and reads its whole answer. `None`: the hub is down.
    pub(super) async fn ask(&self, request: &HttpRequest) -> Result<Option<HttpResponse>, Violation> {
        let Some(response) = self.call(of_core(request)?).await? else { return Ok(None) };
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = axum::body::to_bytes(response.into_body(), MAX_RESPONSE).await;
        let body = body.map_err(|error| broken(&error))?.to_vec();
        Ok(Some(HttpResponse { status, retry_after, body }))
    }

    /// Opens the stream for a session. `None`: it does not open.
    pub(super) async fn open_stream(
        &self,
        token: &str,
        last_event_id: Option<&str>,
    ) -> Result<Option<OpenStream>, Violation> {
        let mut request =
            Request::get(paths::STREAM).header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let request = request.body(Body::empty()).map_err(|error| broken(&error))?;
        let Some(response) = self.call(request).await? else { return Ok(None) };
        if !response.status().is_success() {
            return Ok(None);
        }
        let body = response.into_body().into_data_stream();
        Ok(Some(OpenStream { body, text: String::new(), ended: false }))
    }

    /// Signs an account in with its instance.
    pub(super) async fn sign_in(&self, name: &str) -> Result<Option<SignedIn>, Violation> {
        let body = serde_json::json!({ "access_token": name }).to_string();
        let request = Request::post(paths::SIGN_IN_EXCHANGE)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(|error| broken(&error))?;
        let Some(response) = self.call(request).await? else { return Ok(None) };
        let body = axum::body::to_bytes(response.into_body(), MAX_RESPONSE).await;
        let body = body.map_err(|error| broken(&error))?;
        serde_json::from_slice(&body).map(Some).map_err(|error| broken(&error))
    }

    async fn call(&self, request: Request<Body>) -> Result<Option<Response<Body>>, Violation> {
        let Some(relay) = &self.relay else { return Ok(None) };
        // A router cannot fail: its error has no values.
        let answered = relay.router().oneshot(request).await;
        Ok(answered.ok())
    }
}

impl OpenStream {
    /// What the hub has written since it was last asked.
    pub(super) fn read(&mut self) -> Vec<StreamItem> {
        // The runtime's budget would end a poll early now and then, which would not be the same in every run.
        while let Some(read) = tokio::task::unconstrained(self.body.next()).now_or_never() {
            let Some(Ok(bytes)) = read else {
                self.ended = true;
                break;
            };
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
        let mut items = Vec::new();
        while let Some((event, rest)) = self.text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| Some(line.strip_prefix(name)?.trim()));
            if let Some(data) = field("data:") {
                items.push(StreamItem { id: field("id:").map(str::to_owned), data: data.to_owned() });
            }
            self.text = rest.to_owned();
        }
        items
    }
}

fn of_core(request: &HttpRequest) -> Result<Request<Body>, Violation> {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Patch => "PATCH",
    };
    let mut built = Request::builder().method(method).uri(&request.path);
    if let Some(token) = &request.token {
        built = built.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if request.body.is_some() {
        built = built.header(header::CONTENT_TYPE, "application/json");
    }
    let body = request.body.clone().map_or_else(Body::empty, Body::from);
    built.body(body).map_err(|error| broken(&error))
}

/// The simulator itself does not work: nothing that a rule is about, but nothing to go on with.
fn broken(error: &dyn std::error::Error) -> Violation {
    Violation::new(Rule::Ending, format!("the hub does not run: {error}"))
}
