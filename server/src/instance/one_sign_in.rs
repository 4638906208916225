//! Instances that do not check authorization codes, and the app of its own that each sign-in gets there.
//!
//! snac (2.75) ties a code to nothing: an app's newest login is whoever signed in last, and any code fetches it. With
//! one app for all sign-ins, somebody could begin a sign-in, wait for another person's, and take it. So the relay
//! tries a code that nobody made when it registers; where that brings a token, each sign-in registers its own app,
//! used once, found again by its PKCE challenge. Live test: `a_sign_in_at_snac_cannot_be_taken_by_another`.
//!
//! These apps are kept in memory: a relay that restarts in the middle of such a sign-in asks to begin again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    Instance,
    credentials::AppCredentials,
    http::CallError,
    sign_in::{SignInError, code_challenge},
};

/// Longer than a person takes to sign in.
const APP_LIFETIME: Duration = Duration::from_mins(30);
const MAX_APPS: usize = 1_000;

/// Apps that wait for the browser to come back, oldest first.
#[derive(Debug, Default)]
pub(super) struct WaitingApps(VecDeque<Waiting>);

#[derive(Debug)]
struct Waiting {
    since: Instant,
    challenge: String,
    app: AppCredentials,
}

impl WaitingApps {
    fn keep(&mut self, challenge: &str, app: AppCredentials, now: Instant) {
        self.expire(now);
        if self.0.len() == MAX_APPS {
            self.0.pop_front();
        }
        self.0.push_back(Waiting { since: now, challenge: challenge.to_owned(), app });
    }

    fn take(&mut self, challenge: &str, now: Instant) -> Option<AppCredentials> {
        self.expire(now);
        let at = self.0.iter().position(|waiting| waiting.challenge == challenge)?;
        self.0.remove(at).map(|waiting| waiting.app)
    }

    fn expire(&mut self, now: Instant) {
        while self.0.front().is_some_and(|oldest| now.duration_since(oldest.since) >= APP_LIFETIME) {
            self.0.pop_front();
        }
    }
}

impl Instance {
    /// The app that a sign-in begins with: the given one, or one of its own.
    pub(super) async fn app_to_begin(
        &self,
        app: &AppCredentials,
        redirect_uri: &str,
        challenge: &str,
    ) -> Result<AppCredentials, CallError> {
        if app.checks_codes {
            return Ok(app.clone());
        }
        let own = self.post_registration(redirect_uri, app.checks_codes).await?;
        self.waiting.lock().await.keep(challenge, own.clone(), Instant::now());
        Ok(own)
    }

    /// The app that a sign-in began with. One of its own is given once, so that nobody tries codes until one fits.
    pub(super) async fn app_to_finish(
        &self,
        app: &AppCredentials,
        verifier: &str,
    ) -> Result<AppCredentials, SignInError> {
        if app.checks_codes {
            return Ok(app.clone());
        }
        let own = self.waiting.lock().await.take(&code_challenge(verifier), Instant::now());
        own.ok_or(SignInError::CodeRefused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(id: &str) -> AppCredentials {
        AppCredentials {
            client_id: id.into(),
            client_secret: String::new(),
            scope: String::new(),
            checks_codes: false,
        }
    }

    #[test]
    fn an_app_is_taken_once_and_in_time() {
        let (mut waiting, start) = (WaitingApps::default(), Instant::now());
        waiting.keep("one", app("1"), start);
        waiting.keep("two", app("2"), start);
        assert_eq!(waiting.take("one", start).unwrap().client_id, "1");
        assert_eq!(waiting.take("one", start), None);
        assert_eq!(waiting.take("two", start + APP_LIFETIME), None);
    }

    #[test]
    fn the_oldest_app_makes_room() {
        let (mut waiting, start) = (WaitingApps::default(), Instant::now());
        for n in 0..=MAX_APPS {
            waiting.keep(&n.to_string(), app("x"), start);
        }
        assert_eq!(waiting.0.len(), MAX_APPS);
        assert!(waiting.take("0", start).is_none() && waiting.take("1", start).is_some());
    }
}
