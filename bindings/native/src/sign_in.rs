//! Signing in with the instance, before there is a device: what ends in a ticket to register one.
//!
//! Spec: `relay-api.md` 6.

use infrasound_core::{
    input::{HttpResponse, TransportError},
    output::{HttpRequest, Method, RequestId},
};
use infrasound_spec::api::{
    paths,
    problem::Problem,
    sign_in::{ExchangeToken, FinishSignIn, SignInId, SignInStarted, SignedIn},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::Error,
    relay_url::RelayUrl,
    transport::{NoTls, Transport},
};

/// A sign-in at a relay.
#[derive(Debug)]
pub struct SignIn {
    transport: Transport,
    relay: RelayUrl,
}

/// Somebody who has signed in and may register a device, for ten minutes.
#[derive(Debug)]
pub struct Ticketed {
    /// Who, and what devices the account has.
    pub signed_in: SignedIn,
    /// Where.
    pub relay: RelayUrl,
}

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// The relay or the instance said no, and why.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// What answered is not a relay of this version.
    #[error("what answers there is not an Infrasound relay (HTTP status {status})")]
    NotARelay {
        /// The status of the answer.
        status: u16,
    },
    /// No TLS.
    #[error(transparent)]
    NoTls(#[from] NoTls),
}

impl SignIn {
    /// Prepares a sign-in; connects to nothing yet.
    pub fn at(relay: &RelayUrl) -> Result<Self, Error> {
        let transport = Transport::new(relay).map_err(SignInError::from)?;
        Ok(Self { transport, relay: relay.clone() })
    }

    /// Begins the sign-in in a browser: a person opens the URL and is shown a code at its end.
    pub async fn start(&self) -> Result<SignInStarted, Error> {
        let answer = self.post(paths::SIGN_IN_START, &serde_json::json!({})).await?;
        Ok(parse::<SignInStarted>(&answer)?)
    }

    /// Ends the sign-in in a browser, with the code that the person was shown.
    pub async fn finish(&self, sign_in: SignInId, code: &str) -> Result<Ticketed, Error> {
        let code = code.trim().to_owned();
        let answer = self.post(paths::SIGN_IN_FINISH, &FinishSignIn { sign_in, code }).await?;
        self.ticketed(&answer)
    }

    /// Signs in with an access token of the instance.
    pub async fn exchange(&self, access_token: &str) -> Result<Ticketed, Error> {
        let body = ExchangeToken { access_token: access_token.trim().to_owned() };
        let answer = self.post(paths::SIGN_IN_EXCHANGE, &body).await?;
        self.ticketed(&answer)
    }

    fn ticketed(&self, answer: &HttpResponse) -> Result<Ticketed, Error> {
        let signed_in = parse::<SignedIn>(answer)?;
        Ok(Ticketed { signed_in, relay: self.relay.clone() })
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<HttpResponse, SignInError> {
        let request = HttpRequest {
            id: RequestId(0),
            method: Method::Post,
            path: path.to_owned(),
            token: None,
            // Our own plain structs always serialise.
            body: serde_json::to_vec(body).ok(),
            bytes: None,
        };
        Ok(self.transport.request(request).await?)
    }
}

/// Reads an answer: what was asked for, or a problem.
fn parse<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, SignInError> {
    if (200..300).contains(&response.status) {
        return serde_json::from_slice(&response.body)
            .map_err(|_| SignInError::NotARelay { status: response.status });
    }
    match serde_json::from_slice::<Problem>(&response.body) {
        Ok(problem) => Err(SignInError::Refused(Box::new(problem))),
        Err(_) => Err(SignInError::NotARelay { status: response.status }),
    }
}
