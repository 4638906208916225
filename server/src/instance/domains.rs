//! Which other domains the instance has to do with: its blocks, and where it federates by a list, its allows.
//!
//! | asked | whom | gives |
//! |---|---|---|
//! | `GET /api/v1/instance/domain_blocks` | everybody, if the admins show it | blocks; letters of a domain may be hidden, its digest is not |
//! | `GET /api/v1/admin/domain_blocks`, `…/domain_allows` | a token with `admin:read` of these | all of them |
//! | `GET /api/v2/instance` | everybody | since 4.4: whether only allowed domains count |
//!
//! Spec: `relay-api.md` 14.

use reqwest::StatusCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Instance, credentials::AccessToken, http::CallError};

/// Entries of a page, which is the most that Mastodon gives.
const PAGE: usize = 200;
/// Pages that are read at the most: no list of a real instance is longer.
const MAX_PAGES: usize = 100;
/// The longest domain that is kept, in characters.
const MAX_SHOWN: usize = 255;

/// What holds for a domain, the strictest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DomainVerdict {
    /// It may be reached, where only such may.
    Allowed,
    /// Its accounts are treated as limited.
    Limited,
    /// There is no traffic with it.
    Blocked,
}

/// A domain in a list of the instance's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDomain {
    /// SHA-256 of the domain.
    pub digest: [u8; 32],
    /// The domain, as the instance shows it.
    pub shown: String,
    /// What holds for it.
    pub verdict: DomainVerdict,
}

/// `GET /api/v1/instance/domain_blocks` and `/api/v1/admin/domain_{blocks,allows}`.
#[derive(Deserialize)]
struct DomainEntity {
    id: Option<String>,
    domain: String,
    digest: Option<String>,
    severity: Option<String>,
}

/// Which list an entry is in.
#[derive(Clone, Copy)]
enum List {
    Allows,
    Blocks,
}

#[derive(Deserialize, Default)]
struct InstanceEntity {
    #[serde(default)]
    configuration: Configuration,
}

#[derive(Deserialize, Default)]
struct Configuration {
    #[serde(default)]
    limited_federation: bool,
}

impl Instance {
    /// Asks of which domains the instance says something, with an admin's token if there is one. `None`: it does not
    /// tell.
    pub async fn listed_domains(
        &self,
        token: Option<&AccessToken>,
    ) -> Result<Option<Vec<ListedDomain>>, CallError> {
        let Some(token) = token else { return self.public_blocks().await };
        let mut domains = self.admin_list(token, "/api/v1/admin/domain_blocks", List::Blocks).await?;
        domains.extend(self.admin_list(token, "/api/v1/admin/domain_allows", List::Allows).await?);
        Ok(Some(domains))
    }

    /// Asks whether the instance has to do with allowed domains only. One that does not know the question has not.
    pub async fn is_limited_to_allowed(&self) -> Result<bool, CallError> {
        let answer = self.http.get_json(self.at("/api/v2/instance")).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        let entity: InstanceEntity = answer.success("instance")?;
        Ok(entity.configuration.limited_federation)
    }

    /// `None`: there is no such list, or it is shown to members only.
    async fn public_blocks(&self) -> Result<Option<Vec<ListedDomain>>, CallError> {
        let answer = self.http.get_json(self.at("/api/v1/instance/domain_blocks")).await?;
        match answer.status {
            StatusCode::OK => {}
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => return Ok(None),
            status => return Err(CallError::Status { status: status.as_u16() }),
        }
        let listed: Vec<DomainEntity> = answer.json("domain blocks")?;
        Ok(Some(listed.iter().filter_map(|entity| entity.listed(List::Blocks)).collect()))
    }

    /// All pages of an admin's list, the newest entry first.
    async fn admin_list(
        &self,
        token: &AccessToken,
        path: &str,
        list: List,
    ) -> Result<Vec<ListedDomain>, CallError> {
        let mut domains = Vec::new();
        let mut before: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut url = self.at(path);
            url.query_pairs_mut().append_pair("limit", &PAGE.to_string());
            if let Some(id) = &before {
                url.query_pairs_mut().append_pair("max_id", id);
            }
            let page: Vec<DomainEntity> =
                self.http.get_as(token, url).await?.success("an admin's list of domains")?;
            domains.extend(page.iter().filter_map(|entity| entity.listed(list)));
            let oldest = page.into_iter().next_back().and_then(|entity| entity.id);
            // A server that does not know pages gives the same one again.
            if oldest.is_none() || oldest == before {
                break;
            }
            before = oldest;
        }
        Ok(domains)
    }
}

impl DomainEntity {
    /// What the entry says, if that is anything for us: Mastodon has blocks that only hide pictures.
    fn listed(&self, list: List) -> Option<ListedDomain> {
        let verdict = match (list, self.severity.as_deref()) {
            (List::Allows, _) => DomainVerdict::Allowed,
            (List::Blocks, Some("suspend")) => DomainVerdict::Blocked,
            (List::Blocks, Some("silence")) => DomainVerdict::Limited,
            (List::Blocks, _) => return None,
        };
        let digest = match &self.digest {
            Some(digest) => {
                let mut bytes = [0; 32];
                hex::decode_to_slice(digest, &mut bytes).ok()?;
                bytes
            }
            None => domain_digest(&self.domain),
        };
        let shown = self.domain.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
        Some(ListedDomain { digest, shown, verdict })
    }
}

/// The digest by which an instance names a domain.
pub(crate) fn domain_digest(domain: &str) -> [u8; 32] {
    Sha256::digest(domain.to_ascii_lowercase()).into()
}
