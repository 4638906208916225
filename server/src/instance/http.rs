//! Bounded HTTP towards the instance: a time limit, a size limit, few redirects, no proxy.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, header::ACCEPT, redirect::Policy};
use serde::de::DeserializeOwned;
use url::Url;

use super::{address::is_allowed, credentials::AccessToken};

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
const MAX_REDIRECTS: usize = 3;
const USER_AGENT: &str = concat!("infrasound-relay/", env!("CARGO_PKG_VERSION"));
const JSON: &str = "application/json";

/// Why a call to the instance brought nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// It answered, but not with what the API says.
    #[error("the instance's answer was not understood ({what})")]
    Nonsense {
        /// What was asked.
        what: &'static str,
    },
    /// It refused, or failed, with this status.
    #[error("the instance answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// It did not answer in time.
    #[error("the instance did not answer in time")]
    TimedOut,
    /// Its answer is longer than any real one.
    #[error("the instance's answer is longer than {MAX_ANSWER} bytes")]
    TooLarge,
    /// It sent the relay round in circles, or to an address that may not be called.
    #[error("the instance redirects to where the relay does not go")]
    Redirected,
    /// No connection, or a broken one.
    #[error("the instance cannot be reached")]
    Unreachable(#[source] reqwest::Error),
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        // Queries and redirects may hold a code: the URL goes no further.
        let error = error.without_url();
        match () {
            () if error.is_timeout() => Self::TimedOut,
            () if error.is_redirect() => Self::Redirected,
            () => Self::Unreachable(error),
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Where the answer came from, after redirects.
    pub(super) url: Url,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, whatever the status.
    pub(super) fn json<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|_| CallError::Nonsense { what })
    }

    /// The body as JSON, if the status says success.
    pub(super) fn success<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, CallError> {
        if !self.status.is_success() {
            return Err(CallError::Status { status: self.status.as_u16() });
        }
        self.json(what)
    }
}

/// Two clients: one for what is public, one for what carries a secret.
#[derive(Clone, Debug)]
pub(super) struct Http {
    public: Client,
    secret: Client,
}

impl Http {
    pub(super) fn new(timeout: Duration) -> Result<Self, reqwest::Error> {
        let builder = || Client::builder().timeout(timeout).no_proxy().user_agent(USER_AGENT);
        let few = Policy::custom(|attempt| {
            if attempt.previous().len() > MAX_REDIRECTS || !is_allowed(attempt.url()) {
                return attempt.error("too many redirects, or a forbidden address");
            }
            attempt.follow()
        });
        Ok(Self {
            public: builder().redirect(few).build()?,
            // A redirected POST would carry the secret to whoever the Location names. And a code can be exchanged only
            // once: it never goes over a connection that the instance may be closing.
            secret: builder().redirect(Policy::none()).pool_max_idle_per_host(0).build()?,
        })
    }

    /// Reads something public.
    pub(super) async fn get(&self, url: Url, accept: &str) -> Result<Answer, CallError> {
        let request = || self.public.get(url.clone()).header(ACCEPT, accept).send();
        let response = match request().await {
            // An instance may close a connection just as it is used again (snac does after every few answers).
            Err(error) if is_broken(&error) => request().await,
            answered => answered,
        };
        read(response?).await
    }

    /// Reads public JSON.
    pub(super) async fn get_json(&self, url: Url) -> Result<Answer, CallError> {
        self.get(url, JSON).await
    }

    /// Reads with a person's token.
    pub(super) async fn get_as(&self, token: &AccessToken, url: Url) -> Result<Answer, CallError> {
        read(self.secret.get(url).header(ACCEPT, JSON).bearer_auth(token.reveal()).send().await?).await
    }

    /// Posts a form.
    pub(super) async fn post(&self, url: Url, form: &[(&str, &str)]) -> Result<Answer, CallError> {
        read(self.secret.post(url).header(ACCEPT, JSON).form(form).send().await?).await
    }
}

/// Whether there was no answer because the connection broke: to read once more does no harm.
fn is_broken(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_timeout() && !error.is_redirect() && !error.is_connect()
}

async fn read(mut response: Response) -> Result<Answer, CallError> {
    let (status, url) = (response.status(), response.url().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(CallError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, url, body })
}
