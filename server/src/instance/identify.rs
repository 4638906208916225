//! Who a token belongs to, by whatever the instance offers.
//!
//! 1. `GET /oauth/userinfo`, where the metadata names it: `sub` is the actor URI (Mastodon 4.4 and later).
//! 2. `GET /api/v1/accounts/verify_credentials` with `uri` or `actor_id` (Mastodon 4.2, snac, Mitra).
//! 3. The same without either, and WebFinger on the name (older Mastodon, GoToSocial, Takahe).
//!
//! **Invariant:** the actor is at the instance's own origin, or at a domain that hands its WebFinger to the
//! instance. Tests: `an_instance_cannot_name_an_account_of_another_host` and its neighbours.

use infrasound_spec::{
    account::{AccountUri, Handle},
    time::Timestamp,
};
use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{
    Instance,
    account_entity::AccountEntity,
    credentials::AccessToken,
    discovery::Endpoints,
    http::CallError,
    refusal::{self, IdentifyError},
    role::Role,
    webfinger::Found,
};

/// An account, as its instance describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceAccount {
    /// Its actor URI.
    pub uri: AccountUri,
    /// Its handle.
    pub handle: Handle,
    /// The name it shows, if it has set one.
    pub display_name: Option<String>,
    /// Since when it exists, if the instance tells.
    pub created_at: Option<Timestamp>,
    /// Whether moderators limited it.
    pub limited: bool,
    /// Whether it says of itself that it is a bot.
    pub bot: bool,
    /// Its role, if the instance tells.
    pub role: Option<Role>,
    /// Whether the instance described it. If not, it has only named it: then nothing is known of limits and role.
    pub described: bool,
}

/// OpenID Connect's userinfo, as far as Mastodon fills it.
#[derive(Deserialize)]
struct Userinfo {
    iss: Option<Url>,
    sub: AccountUri,
    name: Option<String>,
    preferred_username: String,
}

impl Instance {
    /// Asks the instance whose token this is.
    pub async fn identify(&self, token: &AccessToken) -> Result<InstanceAccount, IdentifyError> {
        #[cfg(feature = "simulation")]
        if let Some(accounts) = &self.accounts {
            return accounts.identify(token);
        }
        let endpoints = self.discover().await?;
        let userinfo = self.userinfo(token, &endpoints).await?;
        let entity = match (self.verify_credentials(token).await, &userinfo) {
            (Ok(entity), _) => Some(entity),
            // Userinfo has said who it is; the rest is welcome, not needed. A verdict on the person stands.
            (
                Err(IdentifyError::Nonsense(_) | IdentifyError::TokenRefused | IdentifyError::Unreachable(_)),
                Some(_),
            ) => None,
            (Err(error), _) => return Err(error),
        };
        if let Some(entity) = &entity {
            refusal::of_account(entity)?;
        }
        self.describe(userinfo, entity, &endpoints).await
    }

    async fn describe(
        &self,
        userinfo: Option<Userinfo>,
        entity: Option<AccountEntity>,
        endpoints: &Endpoints,
    ) -> Result<InstanceAccount, IdentifyError> {
        let entity_actor = match entity.as_ref().and_then(AccountEntity::actor) {
            Some(Err(_)) => return Err(nonsense("an actor URI")),
            Some(Ok(uri)) => Some(uri),
            None => None,
        };
        let userinfo_actor = userinfo.as_ref().map(|info| info.sub.clone());
        if let (Some(one), Some(other)) = (&userinfo_actor, &entity_actor)
            && one != other
        {
            return Err(nonsense("two accounts for one token"));
        }
        let name = match (&userinfo, &entity) {
            (Some(info), _) => &info.preferred_username,
            (None, Some(entity)) => &entity.username,
            (None, None) => return Err(nonsense("no account")),
        };
        let (uri, handle) = self.own_account(name, userinfo_actor.or(entity_actor), endpoints).await?;
        let shown =
            entity.as_ref().and_then(|e| e.display_name.clone()).or(userinfo.and_then(|info| info.name));
        Ok(InstanceAccount {
            uri,
            handle,
            display_name: shown.filter(|name| !name.trim().is_empty()),
            created_at: entity.as_ref().and_then(AccountEntity::created),
            limited: entity.as_ref().and_then(|e| e.limited).unwrap_or(false),
            bot: entity.as_ref().and_then(|e| e.bot).unwrap_or(false),
            role: entity.as_ref().and_then(AccountEntity::role),
            described: entity.is_some(),
        })
    }

    async fn userinfo(
        &self,
        token: &AccessToken,
        endpoints: &Endpoints,
    ) -> Result<Option<Userinfo>, IdentifyError> {
        let Some(url) = &endpoints.userinfo else { return Ok(None) };
        let answer = self.http.get_as(token, url.clone()).await?;
        // A token with `read:accounts` only may not ask here, but may below. Any other refusal shows there again.
        if matches!(
            answer.status,
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
        ) {
            return Ok(None);
        }
        refusal::of_answer(&answer)?;
        let info: Userinfo = answer.json("userinfo")?;
        // Behind a proxy Mastodon may write http here; the host must be right.
        if let (Some(said), Some(known)) = (&info.iss, &endpoints.issuer)
            && said.host() != known.host()
        {
            return Err(nonsense("userinfo of another issuer"));
        }
        Ok(Some(info))
    }

    async fn verify_credentials(&self, token: &AccessToken) -> Result<AccountEntity, IdentifyError> {
        let answer = self.http.get_as(token, self.at("/api/v1/accounts/verify_credentials")).await?;
        refusal::of_answer(&answer)?;
        Ok(answer.json("verify_credentials")?)
    }

    /// The actor and the handle, if the instance may speak for them.
    async fn own_account(
        &self,
        name: &str,
        named: Option<AccountUri>,
        endpoints: &Endpoints,
    ) -> Result<(AccountUri, Handle), IdentifyError> {
        let home = self.authority();
        let mut failed = None;
        let mut foreign = named.clone();
        for host in [&endpoints.domain, &home] {
            let handle = Handle::new(name, host).map_err(|_| nonsense("an account's name"))?;
            // What the instance says of its own host needs no second opinion.
            if let Some(uri) = named.as_ref().filter(|uri| *host == home && self.is_at_home(uri)) {
                return Ok((uri.clone(), handle));
            }
            match self.webfinger(&handle).await {
                Ok(Some(found)) if named.as_ref().is_none_or(|uri| *uri == found.actor) => {
                    if self.may_speak_for(&found, &handle) {
                        return Ok((found.actor, handle));
                    }
                    foreign = Some(found.actor);
                }
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        match (foreign, failed) {
            (Some(uri), _) => Err(IdentifyError::ForeignAccount { uri: uri.to_string() }),
            (None, Some(error)) => Err(error.into()),
            (None, None) => Err(nonsense("no actor for the name")),
        }
    }

    /// Whether an actor URI is at the instance's own origin.
    pub(super) fn is_at_home(&self, uri: &AccountUri) -> bool {
        Url::parse(uri.as_str()).is_ok_and(|url| url.origin() == self.base.origin())
    }

    /// A domain that serves its WebFinger through the instance has made the instance its voice for its own URIs.
    pub(super) fn may_speak_for(&self, found: &Found, handle: &Handle) -> bool {
        let delegated =
            found.served_by.origin() == self.base.origin() && found.actor.authority() == handle.host();
        self.is_at_home(&found.actor) || delegated
    }
}

fn nonsense(what: &'static str) -> IdentifyError {
    IdentifyError::Nonsense(CallError::Nonsense { what })
}
