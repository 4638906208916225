//! Authorization codes and access tokens.
//!
//! A code is good once, for ten minutes, for the app, the redirect URI and the PKCE verifier it was made for.

use infrasound_spec::time::{MINUTE, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Book, Scopes, make_room};
use crate::{
    demo::secret::{digest, is_same},
    instance::code_challenge,
};

const CODE_LIFETIME: u64 = 10 * MINUTE;
const MAX_CODES: usize = 1_000;
/// The oldest makes room.
const MAX_TOKENS: usize = 20_000;

/// What a person allowed, waiting for the app to fetch it.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Code {
    pub(in crate::demo) app: String,
    pub(in crate::demo) account: String,
    pub(in crate::demo) redirect_uri: String,
    pub(in crate::demo) scopes: Scopes,
    pub(in crate::demo) challenge: Option<String>,
    pub(in crate::demo) made: Timestamp,
}

/// An access token; without an account it is an app's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::demo) struct Token {
    pub(in crate::demo) app: String,
    pub(in crate::demo) account: Option<String>,
    pub(in crate::demo) scopes: Scopes,
    pub(in crate::demo) created: Timestamp,
}

/// A code is wrong, used, expired, or made for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authorization code is not good")]
pub(in crate::demo) struct RedeemError;

impl Book {
    /// Keeps what a person allowed under a code that the caller made.
    pub(in crate::demo) fn grant_code(&mut self, secret: &str, code: Code) {
        let now = code.made;
        self.codes.retain(|_, code| now.millis_since(code.made) < CODE_LIFETIME);
        make_room(&mut self.codes, MAX_CODES, |code| code.made);
        self.touch_app(&code.app, now);
        self.codes.insert(digest(secret), code);
    }

    /// Turns a code into a token. Whatever comes of it, the code is gone.
    pub(in crate::demo) fn redeem_code(
        &mut self,
        secret: &str,
        app: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now: Timestamp,
    ) -> Result<Token, RedeemError> {
        let code = self.codes.remove(&digest(secret)).ok_or(RedeemError)?;
        let proven = match (&code.challenge, verifier) {
            (None, _) => true,
            (Some(challenge), Some(verifier)) => is_same(challenge, &code_challenge(verifier)),
            (Some(_), None) => false,
        };
        let fresh = now.millis_since(code.made) < CODE_LIFETIME;
        if !proven || !fresh || code.app != app || code.redirect_uri != redirect_uri {
            return Err(RedeemError);
        }
        Ok(Token { app: code.app, account: Some(code.account), scopes: code.scopes, created: now })
    }

    /// Keeps a token under a secret that the caller made.
    pub(in crate::demo) fn keep_token(&mut self, secret: &str, token: Token) {
        make_room(&mut self.tokens, MAX_TOKENS, |token| token.created);
        self.touch_app(&token.app, token.created);
        self.tokens.insert(digest(secret), token);
    }

    /// Finds a token by its secret.
    pub(in crate::demo) fn token(&self, secret: &str) -> Option<&Token> {
        self.tokens.get(&digest(secret))
    }

    /// Ends a token. Says whether it may: an app ends its own tokens only; an unknown one is ended already.
    pub(in crate::demo) fn revoke_token(&mut self, secret: &str, app: &str) -> bool {
        let key = digest(secret);
        let own = self.tokens.get(&key).is_none_or(|token| token.app == app);
        if own {
            self.tokens.remove(&key);
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn with_code(made: u64) -> Book {
        let mut book = Book::default();
        let code = Code {
            app: "app".into(),
            account: "alice".into(),
            redirect_uri: "https://app.example/".into(),
            scopes: Scopes::parse(Some("profile")).unwrap(),
            challenge: Some(code_challenge(VERIFIER)),
            made: Timestamp::from_secs(made),
        };
        book.grant_code("code", code);
        book
    }

    fn redeem(
        book: &mut Book,
        app: &str,
        redirect: &str,
        verifier: Option<&str>,
        at: u64,
    ) -> Result<Token, RedeemError> {
        book.redeem_code("code", app, redirect, verifier, Timestamp::from_secs(at))
    }

    #[test]
    fn a_code_is_good_once() {
        let mut book = with_code(0);
        assert!(redeem(&mut book, "app", "https://app.example/", Some(VERIFIER), 599).is_ok());
        assert!(redeem(&mut book, "app", "https://app.example/", Some(VERIFIER), 599).is_err());
    }

    #[test]
    fn a_code_ends_after_ten_minutes() {
        assert!(redeem(&mut with_code(0), "app", "https://app.example/", Some(VERIFIER), 600).is_err());
    }

    #[test]
    fn a_code_is_good_only_for_its_app_its_redirect_and_its_verifier() {
        let redirect = "https://app.example/";
        for (app, redirect, verifier) in [
            ("other", redirect, Some(VERIFIER)),
            ("app", "https://app.example/other", Some(VERIFIER)),
            ("app", redirect, Some("wrong")),
            ("app", redirect, None),
        ] {
            let mut book = with_code(0);
            assert_eq!(redeem(&mut book, app, redirect, verifier, 1).unwrap_err(), RedeemError);
            assert!(
                redeem(&mut book, "app", "https://app.example/", Some(VERIFIER), 1).is_err(),
                "a failed try uses the code up"
            );
        }
    }

    #[test]
    fn an_app_ends_its_own_tokens_only() {
        let mut book = Book::default();
        let scopes = Scopes::parse(None).unwrap();
        let token = Token { app: "app".into(), account: None, scopes, created: Timestamp::from_secs(1) };
        book.keep_token("t", token);
        assert!(!book.revoke_token("t", "other"));
        assert!(book.token("t").is_some());
        assert!(book.revoke_token("t", "app") && book.revoke_token("t", "app"));
        assert!(book.token("t").is_none());
    }
}
