//! Names become addresses here, and those out of reach are left out before anything connects to them.

use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Reach;

/// An address, or all addresses of a name, are none that the relay calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is in a private or reserved network, which the relay does not call")]
pub(crate) struct NotReached;

/// The names as this machine knows them: `/etc/hosts`, then DNS.
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is put in by who connects.
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Gives only those addresses of a name that are within reach.
pub(super) struct CheckedResolver {
    pub(super) names: Arc<dyn Resolve>,
    pub(super) reach: Arc<Reach>,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolving, reach) = (self.names.resolve(name), Arc::clone(&self.reach));
        Box::pin(async move {
            let mut within: Vec<_> = resolving.await?.collect();
            let any = !within.is_empty();
            within.retain(|address| reach.has(address.ip()));
            if any && within.is_empty() {
                return Err(NotReached.into());
            }
            Ok(Box::new(within.into_iter()) as Addrs)
        })
    }
}
