//! Mastodon's Account entity, as far as it is used, and as loosely as the servers differ.

use infrasound_spec::{account::AccountUri, time::Timestamp};
use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::role::{self, Role};

/// `GET /api/v1/accounts/verify_credentials` and `/api/v1/accounts/lookup`.
#[derive(Debug, Deserialize)]
pub(super) struct AccountEntity {
    pub(super) username: String,
    pub(super) display_name: Option<String>,
    /// The actor URI; Mastodon 4.2 and later, snac.
    uri: Option<String>,
    /// The actor URI in Mitra's words.
    actor_id: Option<String>,
    created_at: Option<String>,
    #[serde(default)]
    pub(super) limited: Option<bool>,
    #[serde(default)]
    pub(super) suspended: Option<bool>,
    #[serde(default)]
    pub(super) bot: Option<bool>,
    #[serde(default)]
    pub(super) moved: Option<Box<MovedTo>>,
    /// Told to the account itself.
    #[serde(default)]
    role: Option<Value>,
    /// Those that everybody sees.
    #[serde(default)]
    roles: Option<Value>,
}

/// The account that this one moved to.
#[derive(Debug, Deserialize)]
pub(super) struct MovedTo {
    uri: Option<String>,
    actor_id: Option<String>,
    url: Option<String>,
}

impl AccountEntity {
    /// The actor URI, where the server says it. What is said but is no actor URI is an error, not an absence.
    pub(super) fn actor(&self) -> Option<Result<AccountUri, infrasound_spec::account::AccountUriError>> {
        self.uri.as_deref().or(self.actor_id.as_deref()).map(str::parse)
    }

    /// The role, where the server says it.
    pub(super) fn role(&self) -> Option<Role> {
        Role::read(self.role.as_ref()?, self.shown_roles().as_deref())
    }

    /// The ids of the roles that everybody sees, where the server says it.
    pub(super) fn shown_roles(&self) -> Option<Vec<String>> {
        role::shown(self.roles.as_ref())
    }

    /// When the account was made.
    pub(super) fn created(&self) -> Option<Timestamp> {
        let text = self.created_at.as_deref()?;
        let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
        u64::try_from(nanos / 1_000_000).ok().map(Timestamp::from_millis)
    }
}

impl MovedTo {
    /// The actor URI of the new account, if one can be told.
    pub(super) fn actor(&self) -> Option<AccountUri> {
        [&self.uri, &self.actor_id, &self.url].into_iter().flatten().find_map(|text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(json: &str) -> AccountEntity {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_actor_is_read_from_uri_or_actor_id() {
        let mastodon = entity(r#"{"username":"a","uri":"https://h.example/users/a"}"#);
        assert_eq!(mastodon.actor().unwrap().unwrap().as_str(), "https://h.example/users/a");
        let mitra = entity(r#"{"username":"a","actor_id":"https://h.example/users/a"}"#);
        assert_eq!(mitra.actor().unwrap().unwrap().as_str(), "https://h.example/users/a");
        assert!(entity(r#"{"username":"a"}"#).actor().is_none());
        assert!(entity(r#"{"username":"a","uri":"javascript:alert(1)"}"#).actor().unwrap().is_err());
    }

    #[test]
    fn the_time_of_creation_is_read_and_nonsense_is_nothing() {
        let at = |text: &str| entity(&format!(r#"{{"username":"a","created_at":"{text}"}}"#)).created();
        assert_eq!(at("2024-01-01T00:00:00.000Z"), Some(Timestamp::from_millis(1_704_067_200_000)));
        assert_eq!(at("1900-01-01T00:00:00Z"), None);
        assert_eq!(at("yesterday"), None);
    }
}
