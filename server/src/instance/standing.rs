//! Whether an account still stands, asked without a token: on every refresh of a session.
//!
//! The public account look-up knows most. Where it is closed, the actor document says enough; where that wants a
//! signature (GoToSocial), WebFinger still tells whether the account is there.

use infrasound_spec::account::{AccountUri, Handle};
use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{
    Instance,
    account_entity::AccountEntity,
    http::{Answer, CallError},
};

const ACTIVITY: &str =
    r#"application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams""#;

/// There, and no more is known.
const THERE: Standing = Standing::Good { limited: None, shown_roles: None };

/// How an account stands at its instance.
#[derive(Debug)]
#[non_exhaustive]
pub enum Standing {
    /// It is deleted, or its name belongs to somebody else now.
    Gone,
    /// It may go on.
    Good {
        /// Whether moderators limited it, if that can be told.
        limited: Option<bool>,
        /// The ids of its roles that everybody sees, if the instance lists them.
        shown_roles: Option<Vec<String>>,
    },
    /// Its owner moved to another account.
    Moved(AccountUri),
    /// It is suspended.
    Suspended,
    /// The instance could not be asked, or did not say.
    Unknown(CallError),
}

/// The part of an actor document that is used.
#[derive(Deserialize)]
struct Actor {
    id: String,
    #[serde(default)]
    suspended: bool,
    #[serde(rename = "movedTo")]
    moved_to: Option<String>,
}

impl Instance {
    /// Looks at an account again, without a token.
    pub async fn look_again(&self, uri: &AccountUri, handle: &Handle) -> Standing {
        #[cfg(feature = "simulation")]
        if let Some(accounts) = &self.accounts {
            return accounts.look_again(handle);
        }
        match self.ask_standing(uri, handle).await {
            Ok(standing) => standing,
            Err(error) => Standing::Unknown(error),
        }
    }

    async fn ask_standing(&self, uri: &AccountUri, handle: &Handle) -> Result<Standing, CallError> {
        if let Some(standing) = self.by_lookup(uri, handle).await? {
            return Ok(standing);
        }
        match self.by_actor(uri, handle).await? {
            Some(standing) => Ok(standing),
            None => self.by_webfinger(uri, handle).await,
        }
    }

    /// `None`: the look-up is closed, missing, or does not know the account.
    async fn by_lookup(&self, uri: &AccountUri, handle: &Handle) -> Result<Option<Standing>, CallError> {
        let mut url = self.at("/api/v1/accounts/lookup");
        url.query_pairs_mut().append_pair("acct", handle.name());
        let answer = self.http.get_json(url).await?;
        if answer.status == StatusCode::GONE {
            return Ok(Some(Standing::Gone));
        }
        let Ok(entity) = answer.success::<AccountEntity>("account look-up") else { return Ok(None) };
        let same = entity.actor().is_none_or(|said| said.is_ok_and(|said| said == *uri));
        if !same || !entity.username.eq_ignore_ascii_case(handle.name()) {
            return Ok(None);
        }
        let moved = entity.moved.as_ref().and_then(|moved| moved.actor());
        Ok(Some(match moved {
            _ if entity.suspended == Some(true) => Standing::Suspended,
            Some(target) => Standing::Moved(target),
            None => Standing::Good {
                // Mastodon writes it only where it is so.
                limited: Some(entity.limited.unwrap_or(false)),
                shown_roles: entity.shown_roles(),
            },
        }))
    }

    /// `None`: the actor document wants a signature.
    async fn by_actor(&self, uri: &AccountUri, handle: &Handle) -> Result<Option<Standing>, CallError> {
        let foreign = CallError::Nonsense { what: "an account of another host" };
        if !self.is_at_home(uri) && uri.authority() != handle.host() {
            return Err(foreign);
        }
        let url = Url::parse(uri.as_str()).ok().filter(super::address::is_allowed).ok_or(foreign)?;
        let answer = self.http.get(url, ACTIVITY).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Some(Standing::Gone)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(None),
            _ => read_actor(&answer, uri).map(Some),
        }
    }

    async fn by_webfinger(&self, uri: &AccountUri, handle: &Handle) -> Result<Standing, CallError> {
        let found = self.webfinger(handle).await?;
        let same = found.is_some_and(|found| found.actor == *uri);
        Ok(if same { THERE } else { Standing::Gone })
    }
}

fn read_actor(answer: &Answer, uri: &AccountUri) -> Result<Standing, CallError> {
    let actor: Actor = answer.success("actor document")?;
    if actor.id != uri.as_str() {
        return Err(CallError::Nonsense { what: "another actor's document" });
    }
    if actor.suspended {
        return Ok(Standing::Suspended);
    }
    match actor.moved_to.map(|target| target.parse()) {
        None => Ok(THERE),
        Some(Ok(target)) => Ok(Standing::Moved(target)),
        Some(Err(_)) => Err(CallError::Nonsense { what: "movedTo" }),
    }
}
