//! The relay's HTTP API: JSON in, JSON or a problem out.
//!
//! Spec: `relay-api.md`.

use infrasound_spec::api::{devices::SessionToken, problem::Problem};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};

/// One device's way to a relay.
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<SessionToken>,
}

impl Api {
    pub(super) fn new(base: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { http, base: base.trim_end_matches('/').to_owned(), token: None }
    }

    pub(super) fn authorize(&mut self, token: SessionToken) {
        self.token = Some(token);
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Box<Problem>> {
        Ok(read(&self.call(Method::GET, path, None::<&()>).await?))
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Box<Problem>> {
        Ok(read(&self.call(Method::POST, path, Some(body)).await?))
    }

    /// A request whose answer says nothing but that it was done.
    pub(super) async fn tell(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<(), Box<Problem>> {
        self.call(method, path, body).await.map(drop)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Vec<u8>, Box<Problem>> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("an answer of the relay");
        let fine = answer.status().is_success();
        let bytes = answer.bytes().await.expect("the whole answer");
        if fine { Ok(bytes.into()) } else { Err(Box::new(read(&bytes))) }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(bytes)))
}
