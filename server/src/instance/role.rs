//! The role that an account has at its instance.
//!
//! | who | tells it |
//! |---|---|
//! | Mastodon 4.0 and later, GoToSocial, Mitra | to the account itself, in `verify_credentials` |
//! | Mastodon 4.0 and later | to everybody, if the role is one that is shown on profiles |
//! | older Mastodon, snac, Takahe | to nobody |
//!
//! So a role is known at sign-in, and that it was taken away shows later only if it was one that everybody saw.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest name that is kept, in characters.
const MAX_NAME: usize = 100;

/// A role at the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The instance's name for it, for programs.
    pub id: String,
    /// Its name for people. Everybody's role has none in Mastodon.
    pub name: String,
    /// What it allows, in Mastodon's bits; 0 where they are not known.
    pub permissions: u64,
    /// Whether everybody sees that the account has it.
    pub shown: bool,
}

impl Role {
    /// Whether it is the role of this name or id.
    pub fn is(&self, name: &str) -> bool {
        !name.is_empty() && (self.name.eq_ignore_ascii_case(name) || self.id == name)
    }

    /// Reads `role` of an account, `shown` being the ids of the roles that everybody sees. What is no role is none:
    /// servers differ here, and nobody is kept out for it.
    pub(super) fn read(role: &Value, shown: Option<&[String]>) -> Option<Self> {
        let id = id(role)?;
        let name = role["name"].as_str().unwrap_or(&id).chars().take(MAX_NAME).collect();
        // Mastodon writes the bits as text, since JavaScript has no such numbers.
        let permissions = match &role["permissions"] {
            Value::String(text) => text.parse().unwrap_or(0),
            other => other.as_u64().unwrap_or(0),
        };
        Some(Self { shown: shown.is_some_and(|shown| shown.contains(&id)), id, name, permissions })
    }
}

/// The ids in `roles` of an account. `None`: the server has no such list.
pub(super) fn shown(roles: Option<&Value>) -> Option<Vec<String>> {
    Some(roles?.as_array()?.iter().filter_map(id).collect())
}

fn id(role: &Value) -> Option<String> {
    match &role["id"] {
        Value::String(text) => Some(text.chars().take(MAX_NAME).collect()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_is_read_as_the_servers_write_it() {
        let mastodon = json!({ "id": "3", "name": "Owner", "permissions": "1048575", "color": "" });
        let role = Role::read(&mastodon, Some(&["3".to_owned()])).unwrap();
        assert_eq!((role.permissions, role.shown), (1_048_575, true));
        assert!(role.is("owner") && role.is("3") && !role.is("Moderator"));
        let gotosocial = json!({ "id": "user", "name": "user", "permissions": "0" });
        assert!(!Role::read(&gotosocial, None).unwrap().shown);
        let mitra = json!({ "id": 1, "name": "user", "permissions": ["create_post"] });
        assert_eq!(Role::read(&mitra, None).unwrap().permissions, 0);
        assert_eq!(Role::read(&json!("admin"), None), None);
    }

    #[test]
    fn everybodys_role_is_that_of_no_name() {
        let everybody =
            Role::read(&json!({ "id": "-99", "name": "", "permissions": "65536" }), None).unwrap();
        assert!(!everybody.is("") && everybody.is("-99"));
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let role = Role { id: "3".to_owned(), name: "Owner".to_owned(), permissions: 1, shown: true };
        let stored = r#"{"id":"3","name":"Owner","permissions":1,"shown":true}"#;
        assert_eq!(serde_json::to_string(&role).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Role>(stored).unwrap(), role);
    }
}
