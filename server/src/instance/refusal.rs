//! Why a person cannot be identified, in words that a person understands.
//!
//! | the instance says | it means |
//! |---|---|
//! | 400, 401, 422; 403 outside the scopes | the token is wrong, revoked, or an app's: sign in again |
//! | 403 disabled | an administrator froze the login |
//! | 403 confirmed e-mail / pending approval | the account is not ready yet |
//! | `suspended`, `moved` on the account | it is closed, or lives elsewhere |

use infrasound_spec::account::AccountUri;
use serde::Deserialize;

use super::{
    account_entity::AccountEntity,
    http::{Answer, CallError},
};

/// Why the instance did not say who somebody is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifyError {
    /// The instance named an account that is not its own.
    #[error("the instance named {uri}, an account of another server; it may speak only for its own")]
    ForeignAccount {
        /// What it named.
        uri: String,
    },
    /// An administrator of the instance froze the login.
    #[error("your login at the instance is disabled; ask its administrators")]
    LoginDisabled,
    /// The account lives elsewhere now.
    #[error("this account has moved{}; sign in with the new one", target_text(to.as_ref()))]
    Moved {
        /// Where to, if the instance says so.
        to: Option<AccountUri>,
    },
    /// The instance answered what cannot be understood.
    #[error("the instance gave an answer that does not say who you are")]
    Nonsense(#[source] CallError),
    /// The e-mail address is not confirmed.
    #[error("confirm your e-mail address at the instance first, then sign in again")]
    NotConfirmed,
    /// The account awaits approval.
    #[error("your account awaits approval by the instance's administrators")]
    PendingApproval,
    /// The account is suspended.
    #[error("this account is suspended at the instance")]
    Suspended,
    /// The token is wrong, revoked, outside its scopes, or belongs to an app.
    #[error("the instance does not accept this token; sign in again")]
    TokenRefused,
    /// The instance cannot be asked now.
    #[error("the instance cannot be reached now; try again later")]
    Unreachable(#[source] CallError),
}

impl From<CallError> for IdentifyError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::TimedOut | CallError::Unreachable(_) => Self::Unreachable(error),
            CallError::Status { status } if status >= 500 || status == 429 => Self::Unreachable(error),
            CallError::Nonsense { .. }
            | CallError::Status { .. }
            | CallError::TooLarge
            | CallError::OutOfReach
            | CallError::Redirected => Self::Nonsense(error),
        }
    }
}

/// What an answer to a call with a person's token says against them.
pub(super) fn of_answer(answer: &Answer) -> Result<(), IdentifyError> {
    match answer.status.as_u16() {
        200..=299 => Ok(()),
        400 | 401 | 422 => Err(IdentifyError::TokenRefused),
        403 => Err(of_reason(&reason(answer))),
        status => Err(CallError::Status { status }.into()),
    }
}

/// What an account's own fields say against it.
pub(super) fn of_account(account: &AccountEntity) -> Result<(), IdentifyError> {
    if account.suspended == Some(true) {
        return Err(IdentifyError::Suspended);
    }
    match &account.moved {
        Some(moved) => Err(IdentifyError::Moved { to: moved.actor() }),
        None => Ok(()),
    }
}

/// The servers tell the reasons of a 403 apart by an English sentence only.
fn of_reason(reason: &str) -> IdentifyError {
    let says = |word: &str| reason.contains(word);
    match () {
        () if says("disabled") => IdentifyError::LoginDisabled,
        () if says("pending") || says("approv") => IdentifyError::PendingApproval,
        () if says("e-mail") || says("email") || says("confirm") => IdentifyError::NotConfirmed,
        () if says("suspended") => IdentifyError::Suspended,
        () => IdentifyError::TokenRefused,
    }
}

fn reason(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct ErrorEntity {
        error: String,
    }
    let text = match answer.json::<ErrorEntity>("error") {
        Ok(entity) => entity.error,
        Err(_) => String::from_utf8_lossy(&answer.body).into_owned(),
    };
    text.to_lowercase()
}

fn target_text(to: Option<&AccountUri>) -> String {
    to.map_or_else(String::new, |uri| format!(" to {uri}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_of_a_403_is_told_apart() {
        for (text, expected) in [
            ("your login is currently disabled", "disabled"),
            ("your login is missing a confirmed e-mail address", "confirm your e-mail"),
            ("your login is currently pending approval", "awaits approval"),
            ("this action is outside the authorized scopes", "sign in again"),
            ("out_of_scope_for_token", "sign in again"),
        ] {
            let told = of_reason(text).to_string();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }

    #[test]
    fn a_move_names_the_new_account() {
        let to = Some("https://new.example/users/a".parse().unwrap());
        let text = IdentifyError::Moved { to }.to_string();
        assert_eq!(text, "this account has moved to https://new.example/users/a; sign in with the new one");
    }
}
