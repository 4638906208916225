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
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id: _, client_secret: _, scope } = self;
        f.debug_struct("AppCredentials").field("scope", scope).finish_non_exhaustive()
    }
}

/// A person's access token of the instance. Wiped from memory when dropped.
#[derive(Clone)]
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    /// Takes a token as a client or the instance gave it.
    pub fn new(token: String) -> Self {
        Self(Zeroizing::new(token))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
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

    #[test]
    fn secrets_are_not_printed() {
        let app = AppCredentials {
            client_id: "id-1".into(),
            client_secret: "s3cret".into(),
            scope: "profile".into(),
        };
        assert_eq!(format!("{app:?}"), r#"AppCredentials { scope: "profile", .. }"#);
        assert_eq!(format!("{:?}", AccessToken::new("t0ken".into())), "AccessToken { .. }");
    }

    #[test]
    fn the_stored_form_of_an_app_is_pinned() {
        let app =
            AppCredentials { client_id: "id".into(), client_secret: "s".into(), scope: "profile".into() };
        let stored = r#"{"client_id":"id","client_secret":"s","scope":"profile"}"#;
        assert_eq!(serde_json::to_string(&app).unwrap(), stored);
        assert_eq!(serde_json::from_str::<AppCredentials>(stored).unwrap(), app);
    }
}
