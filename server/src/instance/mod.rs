//! The instance, seen from the relay: sign-in, who an account is, and whether it still stands.
//!
//! One code path for Mastodon, GoToSocial, snac, Mitra, Takahe and the built-in [`crate::demo`] instance. Which of
//! them answers is never asked: each step tries the newest way first and falls back.
//! Spec: `identity.md` 1, `relay-api.md` 6.
//!
//! **Invariant:** an instance speaks only for its own accounts (`identify`). **Invariant:** what carries a secret
//! follows no redirect and is never logged. The relay keeps nobody's token of the instance, but one that an admin may
//! give it to read lists of domains.

mod account_entity;
mod address;
mod credentials;
mod discovery;
mod domains;
mod http;
mod identify;
mod nodeinfo;
mod one_sign_in;
mod refusal;
mod resolve;
mod role;
mod search;
mod sign_in;
#[cfg(feature = "simulation")]
mod simulated;
mod standing;
mod webfinger;

use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::sync::{Mutex, RwLock};
use url::Url;

pub(crate) use self::domains::domain_digest;
#[cfg(feature = "simulation")]
pub use self::simulated::SimulatedAccounts;
pub use self::{
    address::AddressError,
    credentials::{AccessToken, AppCredentials},
    discovery::Endpoints,
    domains::{DomainVerdict, ListedDomain},
    http::CallError,
    identify::InstanceAccount,
    nodeinfo::Software,
    refusal::IdentifyError,
    resolve::ResolveError,
    role::Role,
    search::Hit,
    sign_in::{SignInError, code_challenge},
    standing::Standing,
};
use crate::{
    metrics::CallMetrics,
    outbound::{Outbound, Reach},
};

use self::{
    discovery::Discovered, http::Http, one_sign_in::WaitingApps, resolve::ResolveCache, search::Searches,
};

/// How long the instance may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The instance that this relay stands beside.
#[derive(Debug)]
pub struct Instance {
    base: Url,
    http: Http,
    discovered: RwLock<Option<(Instant, Discovered)>>,
    resolved: Mutex<ResolveCache>,
    searches: Mutex<Searches>,
    waiting: Mutex<WaitingApps>,
    #[cfg(feature = "simulation")]
    accounts: Option<SimulatedAccounts>,
}

/// Why an [`Instance`] cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewInstanceError {
    /// The address is not that of an instance.
    #[error("the instance's address: {0}")]
    Address(#[from] AddressError),
    /// The HTTP client cannot start, for instance without certificate roots.
    #[error("the HTTP client cannot start")]
    Client(#[from] reqwest::Error),
}

impl Instance {
    /// Points at an instance, such as `https://social.example`. Calls nothing yet.
    pub fn new(base: &str) -> Result<Self, NewInstanceError> {
        Self::with_timeout(base, TIMEOUT)
    }

    /// As [`Instance::new`], with another limit for each answer.
    pub fn with_timeout(base: &str, timeout: Duration) -> Result<Self, NewInstanceError> {
        Self::reaching(base, &[], timeout)
    }

    /// As [`Instance::new`], with networks that are not public and may be called all the same.
    pub fn allowing(base: &str, private: &[IpNet]) -> Result<Self, NewInstanceError> {
        Self::reaching(base, private, TIMEOUT)
    }

    fn reaching(base: &str, private: &[IpNet], timeout: Duration) -> Result<Self, NewInstanceError> {
        let base = address::parse_base(base)?;
        let outbound = Outbound::new(Reach::of(&base, private), timeout);
        Ok(Self::of(base, Http::new(outbound)?))
    }

    /// Counts its calls there.
    #[must_use]
    pub(crate) fn counted_by(mut self, calls: CallMetrics) -> Self {
        self.http = self.http.counted_by(calls);
        self
    }

    fn of(base: Url, http: Http) -> Self {
        Self {
            base,
            http,
            discovered: RwLock::default(),
            resolved: Mutex::default(),
            searches: Mutex::default(),
            waiting: Mutex::default(),
            #[cfg(feature = "simulation")]
            accounts: None,
        }
    }

    /// The instance's address, without a path.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The host of the instance, with its port if it is not the scheme's own.
    pub fn authority(&self) -> String {
        address::authority(&self.base)
    }

    /// The same host with another path. The path is ours, never a stranger's.
    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }
}

#[cfg(test)]
mod contract_tests;
