//! Who may use the relay: the admin's policy, and what admins have decided of single accounts.
//!
//! | policy | who may | who may not |
//! |---|---|---|
//! | `everyone` | every account of the instance | |
//! | `roles` | who has one of the roles, or was allowed | is told which roles |
//! | `list` | who was allowed | is told so |
//! | `opt-in` | who was allowed | has asked by signing in, and waits for an admin |
//! | `off` | nobody | |
//!
//! A suspended account may not, whatever the policy. It is judged at sign-in, when a device is registered, and when a
//! session starts; and once an hour for the sessions that last. Spec: `relay-api.md` 14.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::problem::ProblemType,
};
use serde::Deserialize;

use crate::{
    app::App,
    error::ApiError,
    identity::Identity,
    instance::Role,
    store::{
        account::Account,
        admission::{self, Admission},
    },
    writer::Tx,
};

/// Who may use the relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Every account of the instance.
    #[default]
    Everyone,
    /// Who was allowed.
    List,
    /// Nobody.
    Off,
    /// Who has asked and was allowed.
    OptIn,
    /// Who has one of the roles, or was allowed.
    Roles,
}

/// What accounts may do that the instance's moderators have limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limited {
    /// They may claim key packages of who has accepted them, and of nobody else.
    AcquaintancesOnly,
    /// They may ask strangers, more seldom than others, and each person's own settings decide.
    #[default]
    AskSeldom,
    /// They may not use the relay.
    Refused,
}

/// The admin's policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// Who may use the relay.
    pub who: Who,
    /// With `roles`: their names or ids at the instance.
    pub roles: Vec<String>,
    /// What limited accounts may do.
    pub limited: Limited,
    /// Whether there is an admin page, for whose role at the instance lets them manage users.
    pub admin_page: bool,
}

/// Why an account may not use the relay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "The moderators of your instance have limited your account, and this relay takes no limited accounts."
    )]
    Limited,
    #[error("This relay takes only people whom its admins have named. Ask the admins of your instance.")]
    NotListed,
    #[error(
        "This relay lets people in one by one. It has noted that you asked. Sign in again when the admins of your instance have said yes."
    )]
    NotYetAllowed,
    #[error("This relay takes nobody at present. Ask the admins of your instance.")]
    Off,
    #[error("The admins of this relay have suspended your account here{}", reason(.0))]
    Suspended(String),
    #[error(
        "This relay is for people with certain roles at your instance ({}), and you have none of them. Ask its admins.",
        .0.join(", ")
    )]
    WrongRole(Vec<String>),
}

fn reason(text: &str) -> String {
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    if text.is_empty() { ". Ask them why.".to_owned() } else { format!(": {text}{end}") }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(ProblemType::AccountRefused, refusal.to_string())
    }
}

/// An account that is judged.
#[derive(Clone, Debug)]
pub(crate) struct Applicant {
    uri: AccountUri,
    handle: Handle,
    role: Option<Role>,
    limited: bool,
}

impl From<&Identity> for Applicant {
    fn from(identity: &Identity) -> Self {
        Self {
            uri: identity.account.clone(),
            handle: identity.handle.clone(),
            role: identity.role.clone(),
            limited: identity.limited,
        }
    }
}

impl From<&Account> for Applicant {
    fn from(account: &Account) -> Self {
        Self {
            uri: account.uri.clone(),
            handle: account.handle.clone(),
            role: account.role.clone(),
            limited: account.limited,
        }
    }
}

impl AccessConfig {
    /// Whether the account may use the relay, by what was decided of it.
    pub(crate) fn judge(&self, decided: &Admission, applicant: &Applicant) -> Result<(), Refusal> {
        if decided.suspended.is_some() {
            return Err(Refusal::Suspended(decided.reason.clone()));
        }
        if applicant.limited && self.limited == Limited::Refused {
            return Err(Refusal::Limited);
        }
        let allowed = decided.allowed.is_some();
        match self.who {
            Who::Off => Err(Refusal::Off),
            Who::Everyone => Ok(()),
            _ if allowed => Ok(()),
            Who::List => Err(Refusal::NotListed),
            Who::OptIn => Err(Refusal::NotYetAllowed),
            Who::Roles => {
                let has_one =
                    applicant.role.as_ref().is_some_and(|role| self.roles.iter().any(|name| role.is(name)));
                if has_one { Ok(()) } else { Err(Refusal::WrongRole(self.roles.clone())) }
            }
        }
    }

    /// Whether every account may use the relay that is not suspended.
    pub(crate) fn takes_all(&self) -> bool {
        self.who == Who::Everyone && self.limited != Limited::Refused
    }

    /// [`Self::judge`], in the writer's transaction.
    pub(crate) async fn check(&self, tx: &mut Tx<'_>, applicant: &Applicant) -> Result<(), ApiError> {
        let decided = admission::load(tx.conn, &applicant.uri).await?;
        Ok(self.judge(&decided, applicant)?)
    }
}

impl App {
    /// Whether the account may use the relay. Where one has to ask, it has asked now.
    pub(crate) async fn admit(&self, applicant: Applicant) -> Result<(), ApiError> {
        let mut snapshot = self.read().await?;
        let decided = admission::load(&mut snapshot, &applicant.uri).await?;
        drop(snapshot);
        let judged = self.config.access.judge(&decided, &applicant);
        if judged == Err(Refusal::NotYetAllowed) && decided.asked.is_none() {
            self.writer
                .run(move |tx| {
                    Box::pin(async move {
                        Ok(admission::ask(tx.conn, &applicant.uri, &applicant.handle, tx.now).await?)
                    })
                })
                .await?;
        }
        Ok(judged?)
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::time::Timestamp;

    use super::*;

    fn alice(role: Option<&str>, limited: bool) -> Applicant {
        let role =
            role.map(|name| Role { id: "7".to_owned(), name: name.to_owned(), permissions: 0, shown: false });
        Applicant {
            uri: "https://social.example/users/alice".parse().unwrap(),
            handle: "@alice@social.example".parse().unwrap(),
            role,
            limited,
        }
    }

    fn policy(who: Who) -> AccessConfig {
        AccessConfig { who, roles: vec!["Member".to_owned()], limited: Limited::default(), admin_page: false }
    }

    const NOBODY: Admission =
        Admission { asked: None, allowed: None, suspended: None, reason: String::new() };

    #[test]
    fn each_policy_lets_in_whom_it_names() {
        let allowed = Admission { allowed: Some(Timestamp::from_secs(1)), ..NOBODY };
        let judge = |who, decided: &Admission, role| policy(who).judge(decided, &alice(role, false));
        assert_eq!(judge(Who::Everyone, &NOBODY, None), Ok(()));
        assert_eq!(judge(Who::Off, &allowed, None), Err(Refusal::Off));
        assert_eq!(judge(Who::List, &NOBODY, None), Err(Refusal::NotListed));
        assert_eq!(judge(Who::OptIn, &NOBODY, None), Err(Refusal::NotYetAllowed));
        assert_eq!(judge(Who::Roles, &NOBODY, Some("member")), Ok(()));
        for role in [None, Some("Guest"), Some("")] {
            let refused = judge(Who::Roles, &NOBODY, role);
            assert_eq!(refused, Err(Refusal::WrongRole(vec!["Member".to_owned()])));
        }
        for who in [Who::List, Who::OptIn, Who::Roles] {
            assert_eq!(judge(who, &allowed, None), Ok(()), "{who:?}");
        }
    }

    #[test]
    fn who_is_suspended_is_out_whatever_the_policy() {
        let suspended = Admission {
            allowed: Some(Timestamp::from_secs(1)),
            suspended: Some(Timestamp::from_secs(2)),
            reason: "Spam".to_owned(),
            ..NOBODY
        };
        for who in [Who::Everyone, Who::List, Who::OptIn, Who::Roles] {
            let refused = policy(who).judge(&suspended, &alice(Some("Member"), false));
            assert_eq!(refused, Err(Refusal::Suspended("Spam".to_owned())), "{who:?}");
        }
    }

    #[test]
    fn limited_accounts_are_out_only_where_the_admin_says_so() {
        let mut policy = policy(Who::Everyone);
        assert_eq!(policy.judge(&NOBODY, &alice(None, true)), Ok(()));
        policy.limited = Limited::Refused;
        assert_eq!(policy.judge(&NOBODY, &alice(None, true)), Err(Refusal::Limited));
        assert_eq!(policy.judge(&NOBODY, &alice(None, false)), Ok(()));
    }

    #[test]
    fn a_refusal_is_whole_sentences() {
        let text = |reason: &str| Refusal::Suspended(reason.to_owned()).to_string();
        assert_eq!(text("Spam"), "The admins of this relay have suspended your account here: Spam.");
        assert_eq!(text(""), "The admins of this relay have suspended your account here. Ask them why.");
        assert!(Refusal::WrongRole(vec!["A".to_owned(), "B".to_owned()]).to_string().contains("(A, B)"));
    }
}
