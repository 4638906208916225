//! Apps that are registered with the demo instance.

use infrasound_spec::time::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Book, Scopes, make_room};
use crate::demo::secret::{digest, is_same};

/// Who has not been used for longest makes room.
const MAX_APPS: usize = 2_000;
const MAX_REDIRECT_URIS: usize = 10;
const MAX_REDIRECT_URI: usize = 2_000;
const MAX_NAME: usize = 60;
/// The app has no page to return to: the person copies the code.
pub(in crate::demo) const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// A registered app.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::demo) struct App {
    pub(in crate::demo) name: String,
    secret_digest: String,
    pub(in crate::demo) redirect_uris: Vec<String>,
    pub(in crate::demo) scopes: Scopes,
    last_used: Timestamp,
}

/// What an app says of itself.
#[derive(Debug)]
pub(in crate::demo) struct NewApp {
    pub(in crate::demo) name: String,
    pub(in crate::demo) redirect_uris: Vec<String>,
    pub(in crate::demo) scopes: Option<String>,
}

/// Why an app is not registered. The texts are Mastodon's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::demo) enum RegisterError {
    #[error("Validation failed: Application name can't be blank or longer than {MAX_NAME} characters")]
    Name,
    #[error("Validation failed: Redirect URI must be an absolute URI.")]
    RedirectUri,
    #[error("Validation failed: Scopes doesn't match configured on the server.")]
    Scopes,
}

impl Book {
    /// Registers an app under an id and a secret that the caller made.
    pub(in crate::demo) fn register_app(
        &mut self,
        id: &str,
        secret: &str,
        new: NewApp,
        now: Timestamp,
    ) -> Result<App, RegisterError> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err(RegisterError::Name);
        }
        let count = new.redirect_uris.len();
        if count == 0
            || count > MAX_REDIRECT_URIS
            || !new.redirect_uris.iter().all(|uri| is_redirect_uri(uri))
        {
            return Err(RegisterError::RedirectUri);
        }
        let scopes = Scopes::parse(new.scopes.as_deref()).ok_or(RegisterError::Scopes)?;
        let app = App {
            name: name.to_owned(),
            secret_digest: digest(secret),
            redirect_uris: new.redirect_uris,
            scopes,
            last_used: now,
        };
        make_room(&mut self.apps, MAX_APPS, |app| app.last_used);
        self.apps.insert(id.to_owned(), app.clone());
        let Self { apps, tokens, .. } = self;
        tokens.retain(|_, token| apps.contains_key(&token.app));
        Ok(app)
    }

    /// Finds an app by its id.
    pub(in crate::demo) fn app(&self, id: &str) -> Option<&App> {
        self.apps.get(id)
    }

    /// Whether this is the app, by its secret.
    pub(in crate::demo) fn is_app(&self, id: &str, secret: &str) -> bool {
        self.app(id).is_some_and(|app| is_same(&app.secret_digest, &digest(secret)))
    }

    pub(super) fn touch_app(&mut self, id: &str, now: Timestamp) {
        if let Some(app) = self.apps.get_mut(id) {
            app.last_used = now;
        }
    }
}

/// Where a browser may be sent. Schemes that run or read something in the browser are not places to return to.
fn is_redirect_uri(text: &str) -> bool {
    let dangerous = ["javascript", "data", "vbscript", "file", "blob", "about"];
    let fits = text.len() <= MAX_REDIRECT_URI && text.bytes().all(|b| b.is_ascii_graphic());
    let url = Url::parse(text);
    fits && (text == OUT_OF_BAND
        || url.is_ok_and(|url| !dangerous.contains(&url.scheme()) && url.fragment().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(book: &mut Book, id: &str, redirect: &str, at: u64) -> Result<App, RegisterError> {
        let new = NewApp {
            name: "Test".into(),
            redirect_uris: vec![redirect.to_owned()],
            scopes: Some("profile".into()),
        };
        book.register_app(id, "secret", new, Timestamp::from_secs(at))
    }

    #[test]
    fn an_app_is_known_by_its_secret() {
        let mut book = Book::default();
        register(&mut book, "one", "https://app.example/back", 1).unwrap();
        assert!(book.is_app("one", "secret"));
        assert!(!book.is_app("one", "other") && !book.is_app("two", "secret"));
    }

    #[test]
    fn redirects_that_would_run_something_are_refused() {
        let mut book = Book::default();
        for uri in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/back",
            "",
            "https://a.example/#f",
            "https://a.example/ b",
        ] {
            assert_eq!(register(&mut book, "x", uri, 1).unwrap_err(), RegisterError::RedirectUri, "{uri}");
        }
        for uri in [OUT_OF_BAND, "http://127.0.0.1:9/x", "infrasound://signed-in"] {
            assert!(register(&mut book, "x", uri, 1).is_ok(), "{uri}");
        }
    }

    #[test]
    fn the_app_that_was_not_used_for_longest_makes_room() {
        let mut book = Book::default();
        for n in 0..MAX_APPS {
            register(&mut book, &format!("app{n}"), OUT_OF_BAND, 1 + n as u64).unwrap();
        }
        book.touch_app("app0", Timestamp::from_secs(1_000_000));
        register(&mut book, "new", OUT_OF_BAND, 1_000_001).unwrap();
        assert_eq!(book.apps.len(), MAX_APPS);
        assert!(book.app("app0").is_some() && book.app("app1").is_none() && book.app("new").is_some());
    }
}
