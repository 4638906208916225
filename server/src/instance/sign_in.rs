//! The authorization-code flow (RFC 6749, with PKCE as in RFC 7636), the relay being the client.
//!
//! PKCE is always sent: servers that do not know it ignore it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::StatusCode;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    Instance,
    credentials::{AccessToken, AppCredentials},
    http::CallError,
};

const CLIENT_NAME: &str = "Infrasound";

/// Why a sign-in at the instance did not bring a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The instance does not know the relay's app any more: register again.
    #[error("the instance does not know this relay's app; start the sign-in again")]
    AppRefused,
    /// The instance could not be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The code is wrong, used, expired, or meant for somebody else.
    #[error("the instance does not accept this code; start the sign-in again")]
    CodeRefused,
}

#[derive(Deserialize)]
struct AppEntity {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct TokenEntity {
    access_token: String,
}

impl Instance {
    /// Registers the relay with the instance. The caller stores the answer and uses it from then on.
    pub async fn register_app(&self, redirect_uri: &str) -> Result<AppCredentials, CallError> {
        let mut app = self.post_registration(redirect_uri, true).await?;
        app.checks_codes = self.checks_codes(&app, redirect_uri).await?;
        if !self.discover().await?.has_metadata {
            self.mark_as_used(&app).await;
        }
        Ok(app)
    }

    pub(super) async fn post_registration(
        &self,
        redirect_uri: &str,
        checks_codes: bool,
    ) -> Result<AppCredentials, CallError> {
        let endpoints = self.discover().await?;
        let scope = endpoints.scope.to_owned();
        let form = [("client_name", CLIENT_NAME), ("redirect_uris", redirect_uri), ("scopes", &scope)];
        let answer = self.http.post(endpoints.registration.clone(), &form).await?;
        let AppEntity { client_id, client_secret } = answer.success("app registration")?;
        Ok(AppCredentials { client_id, client_secret, scope, checks_codes })
    }

    /// Tries a code that nobody made. Whoever gives a token for it checks no codes.
    async fn checks_codes(&self, app: &AppCredentials, redirect_uri: &str) -> Result<bool, CallError> {
        match self.exchange_as(app, redirect_uri, "no-such-code", "no-such-verifier").await {
            Ok(token) => {
                self.revoke(app, &token).await;
                Ok(false)
            }
            Err(SignInError::Call(error)) => Err(error),
            Err(SignInError::AppRefused | SignInError::CodeRefused) => Ok(true),
        }
    }

    /// Where to send the person's browser.
    pub async fn authorize_url(
        &self,
        app: &AppCredentials,
        redirect_uri: &str,
        state: &str,
        code_challenge: &str,
    ) -> Result<Url, CallError> {
        let app = self.app_to_begin(app, redirect_uri, code_challenge).await?;
        let mut url = self.discover().await?.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &app.scope)
            .append_pair("state", state)
            .append_pair("code_challenge", code_challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Turns the code that the browser brought back into a token.
    pub async fn exchange_code(
        &self,
        app: &AppCredentials,
        redirect_uri: &str,
        code: &str,
        verifier: &str,
    ) -> Result<AccessToken, SignInError> {
        let app = self.app_to_finish(app, verifier).await?;
        self.exchange_as(&app, redirect_uri, code, verifier).await
    }

    async fn exchange_as(
        &self,
        app: &AppCredentials,
        redirect_uri: &str,
        code: &str,
        verifier: &str,
    ) -> Result<AccessToken, SignInError> {
        let endpoints = self.discover().await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("redirect_uri", redirect_uri),
            ("code", code),
            ("code_verifier", verifier),
        ];
        let answer = self.http.post(endpoints.token.clone(), &form).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => Err(SignInError::AppRefused),
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                Err(SignInError::CodeRefused)
            }
            _ => {
                let TokenEntity { access_token } = answer.success("token")?;
                Ok(AccessToken::issued_to(access_token, app.clone()))
            }
        }
    }

    /// Gives a token back. Best effort: the relay forgets it either way. A token that the relay fetched goes back to
    /// the app that fetched it.
    pub async fn revoke(&self, app: &AppCredentials, token: &AccessToken) {
        let Ok(endpoints) = self.discover().await else { return };
        let app = token.app().unwrap_or(app);
        let form = [
            ("client_id", app.client_id.as_str()),
            ("client_secret", &app.client_secret),
            ("token", token.reveal()),
        ];
        if let Err(error) = self.http.post(endpoints.revocation.clone(), &form).await {
            tracing::debug!(%error, "a token was not revoked");
        }
    }

    /// Mastodon before 4.3 deletes apps that never asked for a token.
    async fn mark_as_used(&self, app: &AppCredentials) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
        ];
        if let Err(error) = self.http.post(self.at("/oauth/token"), &form).await {
            tracing::debug!(%error, "the new app has no token of its own");
        }
    }
}

/// The PKCE challenge (S256) for a verifier.
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(code_challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
