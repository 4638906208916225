//! What the instance offers: its OAuth endpoints (RFC 8414, or Mastodon's well-known paths) and its domain.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{Instance, address, http::CallError};

/// An instance may be upgraded while the relay runs, so discovery is repeated now and then.
const DISCOVERY_LIFETIME: Duration = Duration::from_mins(10);

/// Where an instance's OAuth endpoints are, and what to ask for there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// Where a person's browser goes.
    pub authorization: Url,
    /// Where a code becomes a token.
    pub token: Url,
    /// Where a token is given back.
    pub revocation: Url,
    /// Where apps are registered.
    pub registration: Url,
    /// Who the token belongs to; Mastodon 4.4 and later.
    pub userinfo: Option<Url>,
    /// The issuer, if the instance names one.
    pub issuer: Option<Url>,
    /// What the relay asks for: enough to know who signs in, and nothing else.
    pub scope: &'static str,
    /// The domain in the handles of its accounts.
    pub domain: String,
    /// Whether it publishes RFC 8414 metadata.
    pub has_metadata: bool,
}

/// [`Endpoints`], shared between requests.
pub(super) type Discovered = Arc<Endpoints>;

/// The part of RFC 8414 metadata that is used.
#[derive(Deserialize)]
struct Metadata {
    issuer: Option<Url>,
    authorization_endpoint: Option<Url>,
    token_endpoint: Option<Url>,
    revocation_endpoint: Option<Url>,
    app_registration_endpoint: Option<Url>,
    userinfo_endpoint: Option<Url>,
    scopes_supported: Option<Vec<String>>,
}

/// The part of `GET /api/v2/instance` and `/api/v1/instance` that is used.
#[derive(Deserialize)]
struct InstanceEntity {
    domain: Option<String>,
    uri: Option<String>,
}

impl Instance {
    /// Learns, or remembers for ten minutes, what the instance offers.
    pub async fn discover(&self) -> Result<Arc<Endpoints>, CallError> {
        #[cfg(feature = "simulation")]
        if let Some(endpoints) = self.simulated_endpoints() {
            return Ok(Arc::new(endpoints));
        }
        if let Some((at, known)) = &*self.discovered.read().await
            && at.elapsed() < DISCOVERY_LIFETIME
        {
            return Ok(Arc::clone(known));
        }
        let fresh = Arc::new(self.ask_endpoints().await?);
        *self.discovered.write().await = Some((Instant::now(), Arc::clone(&fresh)));
        Ok(fresh)
    }

    async fn ask_endpoints(&self) -> Result<Endpoints, CallError> {
        let answer = self.http.get_json(self.at("/.well-known/oauth-authorization-server")).await?;
        let metadata = match answer.status {
            StatusCode::OK => answer.json::<Metadata>("OAuth metadata").ok(),
            status if status.is_server_error() => return Err(CallError::Status { status: status.as_u16() }),
            _ => None,
        };
        let domain = self.ask_domain().await;
        let Some(metadata) = metadata else { return Ok(self.well_known_endpoints(domain)) };
        Ok(Endpoints {
            authorization: self.own(metadata.authorization_endpoint, "/oauth/authorize")?,
            token: self.own(metadata.token_endpoint, "/oauth/token")?,
            revocation: self.own(metadata.revocation_endpoint, "/oauth/revoke")?,
            registration: self.own(metadata.app_registration_endpoint, "/api/v1/apps")?,
            userinfo: match metadata.userinfo_endpoint {
                Some(url) => Some(self.own(Some(url), "/oauth/userinfo")?),
                None => None,
            },
            issuer: metadata.issuer,
            scope: smallest_scope(metadata.scopes_supported.as_deref()),
            domain,
            has_metadata: true,
        })
    }

    /// Mastodon before 4.3, and most servers that speak its API.
    pub(super) fn well_known_endpoints(&self, domain: String) -> Endpoints {
        Endpoints {
            authorization: self.at("/oauth/authorize"),
            token: self.at("/oauth/token"),
            revocation: self.at("/oauth/revoke"),
            registration: self.at("/api/v1/apps"),
            userinfo: None,
            issuer: None,
            scope: "read:accounts",
            domain,
            has_metadata: false,
        }
    }

    /// Endpoints elsewhere would get the app's secret and people's tokens.
    fn own(&self, given: Option<Url>, default_path: &str) -> Result<Url, CallError> {
        let url = given.unwrap_or_else(|| self.at(default_path));
        if url.origin() != self.base.origin() {
            return Err(CallError::Nonsense { what: "an OAuth endpoint on another host" });
        }
        Ok(url)
    }

    /// The domain of handles may differ from the host (`example.org` for `social.example.org`). It is a claim: who
    /// relies on it has it confirmed by WebFinger there.
    async fn ask_domain(&self) -> String {
        for path in ["/api/v2/instance", "/api/v1/instance"] {
            let Ok(answer) = self.http.get_json(self.at(path)).await else { continue };
            let Ok(entity) = answer.success::<InstanceEntity>("instance") else { continue };
            if let Some(domain) = entity.domain.or(entity.uri).as_deref().and_then(bare_domain) {
                return domain;
            }
        }
        self.authority()
    }
}

/// `scopes_supported` lists `profile` since Mastodon 4.3; metadata without a list is as new.
fn smallest_scope(supported: Option<&[String]>) -> &'static str {
    let Some(supported) = supported else { return "profile" };
    ["profile", "read:accounts"]
        .into_iter()
        .find(|scope| supported.iter().any(|s| s == scope))
        .unwrap_or("read")
}

/// Some servers write a domain, others a URL.
fn bare_domain(text: &str) -> Option<String> {
    let url =
        if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) }.ok()?;
    url.host_str().filter(|host| !host.is_empty())?;
    Some(address::authority(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_scope_that_is_offered_is_asked_for() {
        let scopes = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(smallest_scope(Some(&scopes(&["read", "profile", "read:accounts"]))), "profile");
        assert_eq!(smallest_scope(Some(&scopes(&["read", "read:accounts"]))), "read:accounts");
        assert_eq!(smallest_scope(Some(&scopes(&["read", "write"]))), "read");
        assert_eq!(smallest_scope(None), "profile");
    }

    #[test]
    fn a_domain_is_read_from_a_domain_or_a_url() {
        assert_eq!(bare_domain("social.example").as_deref(), Some("social.example"));
        assert_eq!(bare_domain("http://127.0.0.1:8787/").as_deref(), Some("127.0.0.1:8787"));
        assert_eq!(bare_domain("127.0.0.3").as_deref(), Some("127.0.0.3"));
        assert_eq!(bare_domain(""), None);
    }
}
