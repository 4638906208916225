//! Secrets shared with the instance: the relay's app there, and a person's token for as long as a sign-in takes.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The relay's registration at the instance. The caller stores it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppCredentials {
    /// Names the app.
    pub client_id: String,
    /// Proves that it is the app.
    pub client_secret: String,
    /// What the app may ask for, chosen when it was registered.
    pub scope: String,
    /// Whether the instance checks authorization codes, tried when the app was registered.
    pub checks_codes: bool,
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id: _, client_secret: _, scope, checks_codes } = self;
        f.debug_struct("AppCredentials")
            .field("scope", scope)
            .field("checks_codes", checks_codes)
            .finish_non_exhaustive()
    }
}

/// A person's access token of the instance. Wiped from memory when dropped.
#[derive(Clone)]
pub struct AccessToken {
    secret: Zeroizing<String>,
    /// The app that it was issued to, if that was one of the relay's.
    app: Option<AppCredentials>,
}

impl AccessToken {
    /// Takes a token as a client or the instance gave it.
    pub fn new(token: String) -> Self {
        Self { secret: Zeroizing::new(token), app: None }
    }

    /// Takes what somebody says is a token, if it has the characters of one (RFC 6750 section 2.1).
    pub(crate) fn read(token: String) -> Option<Self> {
        let token = Self::new(token);
        let plain = !token.reveal().is_empty() && token.reveal().bytes().all(|byte| byte.is_ascii_graphic());
        plain.then_some(token)
    }

    pub(super) fn issued_to(token: String, app: AppCredentials) -> Self {
        Self { secret: Zeroizing::new(token), app: Some(app) }
    }

    pub(super) fn app(&self) -> Option<&AppCredentials> {
        self.app.as_ref()
    }

    pub(super) fn reveal(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppCredentials {
        AppCredentials {
            client_id: "id-1".into(),
            client_secret: "s3cret".into(),
            scope: "profile".into(),
            checks_codes: true,
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", app()), r#"AppCredentials { scope: "profile", checks_codes: true, .. }"#);
        assert_eq!(format!("{:?}", AccessToken::issued_to("t0ken".into(), app())), "AccessToken { .. }");
    }

    #[test]
    fn the_stored_form_of_an_app_is_pinned() {
        let stored = r#"{"client_id":"id-1","client_secret":"s3cret","scope":"profile","checks_codes":true}"#;
        assert_eq!(serde_json::to_string(&app()).unwrap(), stored);
        assert_eq!(serde_json::from_str::<AppCredentials>(stored).unwrap(), app());
    }
}
