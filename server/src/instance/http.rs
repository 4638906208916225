//! Bounded HTTP towards the instance: what [`crate::outbound`] lets through, and a limit of size.

use std::time::Instant;

use reqwest::{Client, Response, StatusCode, header::ACCEPT};
use serde::de::DeserializeOwned;
use url::Url;

use super::credentials::AccessToken;
use crate::{
    metrics::CallMetrics,
    outbound::{self, NotReached, Outbound},
};

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
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
    /// Its address is in a network that the relay keeps away from.
    #[error(
        "the instance is at an address in a private or reserved network, which the relay calls only if the setting \
         allow_private_networks has that network"
    )]
    OutOfReach,
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
            () if outbound::is_out_of_reach(&error) => Self::OutOfReach,
            () => Self::Unreachable(error),
        }
    }
}

impl From<NotReached> for CallError {
    fn from(_: NotReached) -> Self {
        Self::OutOfReach
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
    calls: CallMetrics,
    outbound: Outbound,
    public: Client,
    secret: Client,
}

impl Http {
    pub(super) fn new(outbound: Outbound) -> Result<Self, reqwest::Error> {
        let (public, secret) = (outbound.public()?, outbound.secret()?);
        Ok(Self { calls: CallMetrics::default(), outbound, public, secret })
    }

    /// Counts its calls there.
    pub(super) fn counted_by(mut self, calls: CallMetrics) -> Self {
        self.calls = calls;
        self
    }

    /// Reads something public.
    pub(super) async fn get(&self, url: Url, accept: &str) -> Result<Answer, CallError> {
        let request = || self.public.get(url.clone()).header(ACCEPT, accept).send();
        let answer = async {
            match request().await {
                // An instance may close a connection just as it is used again (snac does after every few answers).
                Err(error) if is_broken(&error) => request().await,
                answered => answered,
            }
        };
        self.call(&url, answer).await
    }

    /// Reads public JSON.
    pub(super) async fn get_json(&self, url: Url) -> Result<Answer, CallError> {
        self.get(url, JSON).await
    }

    /// Reads with a person's token.
    pub(super) async fn get_as(&self, token: &AccessToken, url: Url) -> Result<Answer, CallError> {
        let request = self.secret.get(url.clone()).header(ACCEPT, JSON).bearer_auth(token.reveal());
        self.call(&url, request.send()).await
    }

    /// Posts a form.
    pub(super) async fn post(&self, url: Url, form: &[(&str, &str)]) -> Result<Answer, CallError> {
        let request = self.secret.post(url.clone()).header(ACCEPT, JSON).form(form);
        self.call(&url, request.send()).await
    }

    /// Calls if the address may be called, reads the answer, and counts what came of it.
    async fn call(
        &self,
        url: &Url,
        answer: impl Future<Output = Result<Response, reqwest::Error>>,
    ) -> Result<Answer, CallError> {
        self.outbound.judge(url)?;
        let begun = Instant::now();
        let answered = match answer.await {
            Ok(response) => read(response).await,
            Err(error) => Err(error.into()),
        };
        self.calls.ended(outcome(&answered), begun.elapsed());
        answered
    }
}

fn outcome(answered: &Result<Answer, CallError>) -> &'static str {
    match answered {
        Ok(answer) if answer.status.is_server_error() => "server-error",
        Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => "rate-limited",
        Ok(answer) if answer.status.is_client_error() => "client-error",
        Ok(_) => "success",
        Err(CallError::TimedOut) => "timed-out",
        Err(CallError::TooLarge) => "too-large",
        Err(CallError::Redirected | CallError::OutOfReach) => "out-of-reach",
        Err(_) => "unreachable",
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
