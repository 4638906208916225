//! A relay with its demo instance, in this process, with a database that goes with the test.

use std::path::Path;

use infrasound_relay::{
    Clock, Config, Relay,
    config::{InstanceConfig, RateConfig},
};
use infrasound_spec::api::sign_in::SignedIn;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Browser, Device, NewDevice};

/// A relay that runs.
pub(crate) struct TestRelay {
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) directory: TempDir,
    relay: Option<Relay>,
    http: reqwest::Client,
}

impl TestRelay {
    pub(crate) async fn start() -> Self {
        Self::configured(|_| ()).await
    }

    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::new(InstanceConfig::Demo, directory.path());
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.rates = RateConfig::off();
        change(&mut config);
        let clock = config.clock.clone();
        let relay = infrasound_relay::serve(config).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base: relay.url().to_owned(), clock, directory, relay: Some(relay), http }
    }

    /// Stops the relay and starts another on the same database and address.
    pub(crate) async fn restart(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        self.start_again(change).await;
    }

    pub(crate) async fn stop(&mut self) {
        self.take().stop().await;
    }

    /// The relay, for a test that stops it itself.
    pub(crate) fn take(&mut self) -> Relay {
        self.relay.take().unwrap()
    }

    /// Stops the relay and starts another at the same address on other data.
    pub(crate) async fn move_to(&mut self, directory: TempDir) {
        self.take().stop().await;
        self.directory = directory;
        self.start_again(|_| ()).await;
    }

    /// Starts a relay where the last one was.
    pub(crate) async fn start_again(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = Config::new(InstanceConfig::Demo, self.directory.path());
        config.listen = self.base.strip_prefix("http://").unwrap().parse().unwrap();
        config.public_url = Some(self.base.clone());
        config.rates = RateConfig::off();
        config.clock = self.clock.clone();
        change(&mut config);
        self.relay = Some(infrasound_relay::serve(config).await.unwrap());
        // Connections of before are gone with the relay of before.
        self.http = reqwest::Client::builder().no_proxy().build().unwrap();
    }

    pub(crate) fn running(&self) -> &Relay {
        self.relay.as_ref().unwrap()
    }

    /// An order of an admin of this relay.
    pub(crate) async fn admin(&self, words: &[&str]) -> Result<Value, String> {
        Self::admin_of(self.directory.path(), words).await
    }

    /// An order of an admin, by the command. What it printed, as JSON, or why it was refused.
    pub(crate) async fn admin_of(directory: &Path, words: &[&str]) -> Result<Value, String> {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_infrasound-relay"))
            .args(["admin", "--json", "--data", directory.to_str().unwrap()])
            .args(words)
            .env_clear()
            .env("USER", "carol")
            .output()
            .await
            .unwrap();
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout).unwrap());
        }
        Err(String::from_utf8(output.stderr).unwrap())
    }

    /// A request without a session, or with whatever token.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&impl Serialize>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, None::<&Value>).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call(Method::POST, path, None, Some(body)).await
    }

    /// Signs in with an access token of the demo instance.
    pub(crate) async fn sign_in(&self, name: &str) -> SignedIn {
        let token = Browser::new().token(&self.base, name).await;
        self.post("/v1/sign-in/exchange", &json!({ "access_token": token })).await.ok()
    }

    /// A new device of an account that has none, with key packages.
    pub(crate) async fn device(&self, name: &str) -> Device {
        let new = NewDevice::make(&self.sign_in(name).await);
        let device = new.register(self, false).await;
        device.upload(2, true).await;
        device
    }

    /// The account starts over with a new device.
    pub(crate) async fn start_over(&self, name: &str) -> Device {
        let device = NewDevice::make(&self.sign_in(name).await).register(self, true).await;
        device.upload(2, true).await;
        device
    }
}
