//! A relay with its demo instance, in this process and on loopback: real router, real SQLite, real HTTP.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "test support: a step that fails fails the test, and says which"
)]

use std::path::Path;

use infrasound_relay::{
    Config, Relay, backup,
    config::{InstanceConfig, RateConfig},
    serve,
};
use infrasound_spec::{
    account::AccountUri,
    api::{key_packages::ClaimedKeyPackages, paths, sign_in::SignedIn},
    consent::ContactState,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    device::Device,
    journal::Journal,
    sign_in::{demo_sign_up, demo_token},
};

/// One relay, and the directory that its database is in.
#[derive(Debug)]
pub struct World {
    /// Where the relay is reached.
    pub base: String,
    /// Where its database is.
    pub data: TempDir,
    relay: Option<Relay>,
    http: reqwest::Client,
}

impl World {
    /// Alice has written to Bob, Bob has accepted, and both have seen it.
    pub async fn acquainted(&self) -> (Device, Device) {
        let (mut alice, mut bob) = (self.login("alice").await, self.login("bob").await);
        alice.send(&bob.handle(), "hello").await;
        bob.sync().await;
        bob.say(&alice.handle(), ContactState::Accepted).await;
        for _ in 0..2 {
            alice.sync().await;
            bob.sync().await;
        }
        (alice, bob)
    }

    /// A new relay with an empty database, without rate limits.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, configured otherwise.
    pub async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config::new(InstanceConfig::Demo, data.path());
        config.listen = ([127, 0, 0, 1], 0).into();
        config.rates = RateConfig::off();
        configure(&mut config);
        let relay = serve(config).await.expect("a relay");
        let base = relay.url().to_owned();
        Self { base, data, relay: Some(relay), http: reqwest::Client::new() }
    }

    /// Stops the relay in good order.
    pub async fn stop(&mut self) {
        if let Some(relay) = self.relay.take() {
            relay.stop().await;
        }
    }

    /// Backs the running relay up.
    pub async fn back_up(&self, to: &Path) {
        backup::back_up(self.data.path(), to).await.expect("a backup");
    }

    /// Stops the relay and starts one at the same address on what a backup has. The instance keeps its accounts.
    pub async fn restore(&mut self, from: &Path) {
        self.stop().await;
        let elsewhere = tempfile::tempdir().expect("a directory");
        backup::restore(from, elsewhere.path()).await.expect("a backup that can be restored");
        let accounts = "demo-instance.json";
        std::fs::copy(self.data.path().join(accounts), elsewhere.path().join(accounts))
            .expect("the accounts");
        self.data = elsewhere;
        let mut config = Config::new(InstanceConfig::Demo, self.data.path());
        config.listen = self.base.trim_start_matches("http://").parse().expect("an address");
        config.rates = RateConfig::off();
        self.relay = Some(serve(config).await.expect("a relay"));
    }

    /// Makes a device for an account of the demo instance.
    pub async fn login(&self, name: &str) -> Device {
        let token = demo_token(&self.base, name).await;
        Device::login(&self.base, &token, false, seed(name)).await
    }

    /// Opens the journal of a device that [`Self::login`] or [`Self::sign_up`] made.
    pub async fn reopen(&self, name: &str, journal: Journal) -> Device {
        Device::open(&self.base, journal, seed(name)).await.expect("a device")
    }

    /// Makes an account of the demo instance, and a device for it.
    pub async fn sign_up(&self, name: &str) -> Device {
        let token = demo_sign_up(&self.base, name).await;
        Device::login(&self.base, &token, false, seed(name)).await
    }

    /// Makes a device in place of the account's others.
    pub async fn start_over(&self, name: &str) -> Device {
        let token = demo_token(&self.base, name).await;
        Device::login(&self.base, &token, true, seed(name) + 100).await
    }

    /// Signs in with the instance, without making a device.
    pub async fn sign_in(&self, name: &str) -> SignedIn {
        let token = demo_token(&self.base, name).await;
        let url = format!("{}{}", self.base, paths::SIGN_IN_EXCHANGE);
        let answer =
            self.http.post(url).json(&json!({ "access_token": token })).send().await.expect("an answer");
        answer.json().await.expect("a sign-in")
    }

    /// Asks the relay something with a device's session.
    pub async fn get<T: DeserializeOwned>(&self, device: &Device, path: &str) -> T {
        let token = device.token().expect("a session");
        let answer = self.http.get(format!("{}{path}", self.base)).bearer_auth(token).send().await;
        answer.expect("an answer").json().await.expect("what was asked for")
    }

    /// Posts something to the relay with a device's session.
    pub async fn post<T: DeserializeOwned>(
        &self,
        device: &Device,
        path: &str,
        body: &serde_json::Value,
    ) -> T {
        let token = device.token().expect("a session");
        let answer =
            self.http.post(format!("{}{path}", self.base)).bearer_auth(token).json(body).send().await;
        answer.expect("an answer").json().await.expect("what was asked for")
    }

    /// Claims key packages with a device's session.
    pub async fn claim(&self, device: &Device, account: &AccountUri) -> ClaimedKeyPackages {
        let token = device.token().expect("a session");
        let url = format!("{}{}", self.base, paths::KEY_PACKAGES_CLAIM);
        let answer = self.http.post(url).bearer_auth(token).json(&json!({ "account": account })).send().await;
        answer.expect("an answer").json().await.expect("key packages")
    }
}

/// A number for a name, so that each device has random numbers of its own, the same in every run.
fn seed(name: &str) -> u64 {
    name.bytes().fold(7, |sum, byte| sum * 31 % 10_007 + u64::from(byte))
}
