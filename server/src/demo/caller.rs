//! Who calls the API: the holder of an access token.

use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};

use super::{
    book::{Account, Scopes},
    error::ApiError,
    state::DemoState,
};

/// A person, by their app's token.
#[derive(Debug)]
pub(super) struct Caller {
    account: Account,
    scopes: Scopes,
}

impl Caller {
    /// The account, if the token allows one of `needed`.
    pub(super) fn allowed(self, needed: &[&str]) -> Result<Account, ApiError> {
        let allowed = needed.iter().any(|scope| self.scopes.include(scope));
        if allowed { Ok(self.account) } else { Err(ApiError::OutOfScope) }
    }
}

impl FromRequestParts<DemoState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &DemoState) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, secret) = header.and_then(|text| text.split_once(' ')).ok_or(ApiError::InvalidToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::InvalidToken);
        }
        state.read(|book, _| {
            let token = book.token(secret.trim()).ok_or(ApiError::InvalidToken)?;
            let name = token.account.as_deref().ok_or(ApiError::NeedsUser)?;
            let account = book.account(name).ok_or(ApiError::InvalidToken)?;
            if account.suspended {
                return Err(ApiError::LoginDisabled);
            }
            Ok(Self { account: account.clone(), scopes: token.scopes.clone() })
        })
    }
}
