//! An instance that is not there: its accounts are a list in memory. For a simulated relay ([`crate::simulation`]).
//!
//! Each account `NAME` is `https://HOST/users/NAME`, its handle `@NAME@HOST`, its access token its name.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use infrasound_spec::account::{AccountUri, Handle};

use super::{
    AccessToken, Endpoints, Hit, IdentifyError, Instance, InstanceAccount, NewInstanceError, ResolveError,
    Standing, http::Http,
};
use crate::outbound::{Outbound, Reach};

/// Making an HTTP client is slow, and this one is never used.
static HTTP: Mutex<Option<Http>> = Mutex::new(None);

/// The accounts of an instance that is not there.
#[derive(Clone, Debug)]
pub struct SimulatedAccounts {
    host: String,
    names: Arc<[String]>,
}

impl SimulatedAccounts {
    /// Accounts with these names.
    pub fn new(host: &str, names: impl IntoIterator<Item = String>) -> Self {
        Self { host: host.to_owned(), names: names.into_iter().collect() }
    }

    /// The handle of an account.
    pub fn handle(&self, name: &str) -> Option<Handle> {
        Handle::new(name, &self.host).ok()
    }

    /// The URI of an account.
    pub fn uri(&self, name: &str) -> Option<AccountUri> {
        format!("https://{}/users/{name}", self.host).parse().ok()
    }

    fn find(&self, name: &str) -> Option<(AccountUri, Handle)> {
        self.names.iter().find(|known| *known == name)?;
        Some((self.uri(name)?, self.handle(name)?))
    }

    pub(super) fn identify(&self, token: &AccessToken) -> Result<InstanceAccount, IdentifyError> {
        let (uri, handle) = self.find(token.reveal()).ok_or(IdentifyError::TokenRefused)?;
        Ok(InstanceAccount {
            uri,
            handle,
            display_name: None,
            created_at: None,
            limited: false,
            bot: false,
            role: None,
            described: true,
        })
    }

    pub(super) fn resolve(&self, handle: &Handle) -> Result<AccountUri, ResolveError> {
        let found = self.find(handle.name()).filter(|(_, known)| known == handle);
        found.map(|(uri, _)| uri).ok_or_else(|| ResolveError::NotFound { handle: handle.clone() })
    }

    pub(super) fn search(&self, name: &str, limit: usize) -> Vec<Hit> {
        let found = self.names.iter().filter(|known| known.starts_with(name)).take(limit);
        found.filter_map(|name| Some(Hit { handle: self.handle(name)?, name: name.clone() })).collect()
    }

    pub(super) fn look_again(&self, handle: &Handle) -> Standing {
        match self.find(handle.name()) {
            Some(_) => Standing::Good { limited: Some(false), shown_roles: None },
            None => Standing::Gone,
        }
    }
}

impl Instance {
    /// An instance that is not there.
    pub fn simulated(accounts: SimulatedAccounts) -> Result<Self, NewInstanceError> {
        let base = super::address::parse_base(&format!("https://{}", accounts.host))?;
        let mut http = HTTP.lock().unwrap_or_else(PoisonError::into_inner);
        let http = if let Some(made) = &*http {
            made.clone()
        } else {
            let outbound = Outbound::new(Reach::default(), Duration::from_secs(1));
            http.insert(Http::new(outbound)?).clone()
        };
        let mut instance = Self::of(base, http);
        instance.accounts = Some(accounts);
        Ok(instance)
    }

    pub(super) fn simulated_endpoints(&self) -> Option<Endpoints> {
        let accounts = self.accounts.as_ref()?;
        Some(self.well_known_endpoints(accounts.host.clone()))
    }
}
