//! What the instance says that it is (NodeInfo), and whether it has the API by which accounts are known. For the doctor.

use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{Instance, http::CallError};

/// What runs an instance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Software {
    /// Such as `mastodon`.
    pub name: String,
    /// Its version.
    pub version: String,
}

#[derive(Deserialize)]
struct Links {
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: Url,
}

#[derive(Deserialize)]
struct NodeInfo {
    software: Software,
}

impl Instance {
    /// What it is. `None`: it does not say.
    pub async fn software(&self) -> Result<Option<Software>, CallError> {
        let answer = self.http.get_json(self.at("/.well-known/nodeinfo")).await?;
        let Ok(Links { links }) = answer.success("NodeInfo") else { return Ok(None) };
        let newest =
            links.into_iter().rfind(|link| link.rel.contains("nodeinfo.diaspora.software/ns/schema/"));
        let Some(link) = newest.filter(|link| link.href.origin() == self.base.origin()) else {
            return Ok(None);
        };
        let answer = self.http.get_json(link.href).await?;
        Ok(answer.success::<NodeInfo>("NodeInfo").ok().map(|info| info.software))
    }

    /// Whether it has `verify_credentials`: without a token it refuses, and does not say that there is no such thing.
    pub async fn knows_accounts(&self) -> Result<bool, CallError> {
        let answer = self.http.get_json(self.at("/api/v1/accounts/verify_credentials")).await?;
        Ok(matches!(
            answer.status,
            StatusCode::BAD_REQUEST
                | StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::UNPROCESSABLE_ENTITY
        ))
    }
}
