//! Who signed in: what the instance said, kept with a sign-in or a ticket until a device is registered.

use infrasound_spec::{
    account::{AccountUri, Handle},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::instance::{InstanceAccount, Role};

/// An account as the instance described it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Its URI.
    pub(crate) account: AccountUri,
    /// Its handle.
    pub(crate) handle: Handle,
    /// When it was made.
    pub(crate) created_at: Option<Timestamp>,
    /// Whether moderators limited it.
    pub(crate) limited: bool,
    /// Its role, if the instance tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Role>,
}

impl From<InstanceAccount> for Identity {
    fn from(account: InstanceAccount) -> Self {
        Self {
            account: account.uri,
            handle: account.handle,
            created_at: account.created_at,
            limited: account.limited,
            role: account.role,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_pinned() {
        let identity = Identity {
            account: "https://social.example/users/alice".parse().unwrap(),
            handle: "@alice@social.example".parse().unwrap(),
            created_at: Some(Timestamp::from_millis(5)),
            limited: false,
            role: None,
        };
        let stored = r#"{"account":"https://social.example/users/alice","handle":"@alice@social.example","created_at":5,"limited":false}"#;
        assert_eq!(serde_json::to_string(&identity).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Identity>(stored).unwrap(), identity);
    }
}
