//! WebFinger (RFC 7033): from a handle to an actor URI. The answer must point back at the handle.

use infrasound_spec::account::{AccountUri, Handle};
use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{Instance, address::is_allowed, http::CallError};

/// What a host said about a handle of its own.
#[derive(Debug)]
pub(super) struct Found {
    /// The actor behind the handle.
    pub(super) actor: AccountUri,
    /// Who answered in the end: a domain may redirect to its instance.
    pub(super) served_by: Url,
}

#[derive(Deserialize)]
struct Descriptor {
    subject: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    #[serde(rename = "type")]
    media_type: Option<String>,
    href: Option<String>,
}

impl Instance {
    /// Asks the host of a handle for its actor. `None`: there is no such account.
    pub(super) async fn webfinger(&self, handle: &Handle) -> Result<Option<Found>, CallError> {
        let resource = format!("acct:{}", &handle.as_str()[1..]);
        let mut url = self.address_of(handle.host())?;
        url.set_path("/.well-known/webfinger");
        url.query_pairs_mut().append_pair("resource", &resource);

        let answer = self.http.get(url, "application/jrd+json, application/json").await?;
        if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(None);
        }
        let descriptor: Descriptor = answer.success("WebFinger")?;
        if !descriptor.points_back(&resource) {
            return Err(CallError::Nonsense { what: "WebFinger about another account" });
        }
        let actor = descriptor.actor().ok_or(CallError::Nonsense { what: "WebFinger without an actor" })?;
        Ok(Some(Found { actor, served_by: answer.url }))
    }

    /// The scheme is the instance's own: an instance on this machine has neighbours without https.
    fn address_of(&self, host: &str) -> Result<Url, CallError> {
        if host == self.authority() {
            return Ok(self.base.clone());
        }
        Url::parse(&format!("{}://{host}", self.base.scheme()))
            .ok()
            .filter(is_allowed)
            .ok_or(CallError::Nonsense { what: "a handle's host" })
    }
}

impl Descriptor {
    fn points_back(&self, resource: &str) -> bool {
        self.subject.iter().chain(&self.aliases).any(|name| name.eq_ignore_ascii_case(resource))
    }

    fn actor(&self) -> Option<AccountUri> {
        self.links.iter().filter(|link| link.is_actor()).find_map(|link| link.href.as_deref()?.parse().ok())
    }
}

impl Link {
    fn is_actor(&self) -> bool {
        let activity = |media: &str| {
            media.starts_with("application/activity+json")
                || media.starts_with("application/ld+json") && media.contains("activitystreams")
        };
        self.rel == "self" && self.media_type.as_deref().is_some_and(activity)
    }
}
