//! The accounts of the demo instance.

use infrasound_spec::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Book;

/// The password of every account. The sign-in page says so: nothing here is worth more.
pub(in crate::demo) const PASSWORD: &str = "demo";
const MAX_ACCOUNTS: usize = 10_000;
const MAX_NAME: usize = 30;

/// A person's account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::demo) struct Account {
    pub(in crate::demo) id: u64,
    pub(in crate::demo) name: String,
    pub(in crate::demo) created: Timestamp,
    pub(in crate::demo) suspended: bool,
    /// Whether a moderator limited it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::demo) limited: bool,
    /// The name of its role, if it has one that not everybody has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(in crate::demo) role: String,
    /// What the role allows, in Mastodon's bits.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(in crate::demo) permissions: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Why a sign-in is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::demo) enum SignInError {
    #[error("Your login is currently disabled.")]
    Disabled,
    #[error("This name and this password do not go together. The password of every account here is “demo”.")]
    WrongPassword,
}

/// Why no account is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::demo) enum SignUpError {
    #[error("A name has 1 to {MAX_NAME} small letters (a–z), digits or underscores.")]
    BadName,
    #[error("This demo instance has all the accounts it can hold.")]
    Full,
    #[error("There is an account with this name already. Choose another name, or sign in with it.")]
    Taken,
}

impl Book {
    /// Makes an account.
    pub(in crate::demo) fn sign_up(&mut self, name: &str, now: Timestamp) -> Result<Account, SignUpError> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(fits) {
            return Err(SignUpError::BadName);
        }
        if self.accounts.contains_key(name) {
            return Err(SignUpError::Taken);
        }
        if self.accounts.len() >= MAX_ACCOUNTS {
            return Err(SignUpError::Full);
        }
        let account = Account {
            id: self.take_id(),
            name: name.to_owned(),
            created: now,
            suspended: false,
            limited: false,
            role: String::new(),
            permissions: 0,
        };
        self.accounts.insert(name.to_owned(), account.clone());
        Ok(account)
    }

    /// Checks a name and a password.
    pub(in crate::demo) fn sign_in(&self, name: &str, password: &str) -> Result<Account, SignInError> {
        let account =
            self.account(name).filter(|_| password == PASSWORD).ok_or(SignInError::WrongPassword)?;
        if account.suspended { Err(SignInError::Disabled) } else { Ok(account.clone()) }
    }

    /// Finds an account by its name, in any case.
    pub(in crate::demo) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.get(&name.to_ascii_lowercase())
    }

    /// Suspends an account, or lets it go on. Says whether there is such an account.
    pub(in crate::demo) fn set_suspended(&mut self, name: &str, suspended: bool) -> bool {
        let account = self.accounts.get_mut(name);
        account.map(|account| account.suspended = suspended).is_some()
    }

    /// Limits an account, or ends that. Says whether there is such an account.
    pub(in crate::demo) fn set_limited(&mut self, name: &str, limited: bool) -> bool {
        let account = self.accounts.get_mut(name);
        account.map(|account| account.limited = limited).is_some()
    }

    /// Gives an account a role. Says whether there is such an account.
    pub(in crate::demo) fn set_role(&mut self, name: &str, role: &str, permissions: u64) -> bool {
        let Some(account) = self.accounts.get_mut(name) else { return false };
        role.clone_into(&mut account.role);
        account.permissions = permissions;
        true
    }

    /// Accounts whose name begins with `prefix`, by name.
    pub(in crate::demo) fn accounts_like<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Account> {
        self.accounts
            .range(prefix.to_owned()..)
            .map(|(_, account)| account)
            .take_while(move |account| account.name.starts_with(prefix))
    }

    /// How many accounts there are.
    pub(in crate::demo) fn account_count(&self) -> usize {
        self.accounts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_made_once_and_signs_in_with_the_demo_password() {
        let mut book = Book::new(Timestamp::from_secs(1));
        assert!(book.sign_up("erin", Timestamp::from_secs(2)).is_ok());
        assert_eq!(book.sign_up("erin", Timestamp::from_secs(3)).unwrap_err(), SignUpError::Taken);
        assert_eq!(book.sign_in("Erin", "demo").unwrap().name, "erin");
        assert_eq!(book.sign_in("erin", "other").unwrap_err(), SignInError::WrongPassword);
        assert_eq!(book.sign_in("nobody", "demo").unwrap_err(), SignInError::WrongPassword);
    }

    #[test]
    fn a_suspended_account_cannot_sign_in() {
        let mut book = Book::new(Timestamp::from_secs(1));
        assert!(book.set_suspended("alice", true));
        assert_eq!(book.sign_in("alice", "demo").unwrap_err(), SignInError::Disabled);
        assert!(!book.set_suspended("nobody", true));
    }

    #[test]
    fn a_name_that_is_no_name_is_refused() {
        let mut book = Book::default();
        for name in ["", "a b", "Ä", "a/b", "a@b", "<b>", &"a".repeat(31)] {
            assert_eq!(
                book.sign_up(name, Timestamp::from_secs(1)).unwrap_err(),
                SignUpError::BadName,
                "{name}"
            );
        }
    }
}
