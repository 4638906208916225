//! How the relay calls others: few redirects, a time limit, no proxy, and no address that a stranger could aim it at.
//!
//! What is called is often named by somebody else: a handle's host, a redirect, a peer. So a call goes to public addresses
//! only. Of the others, these may be called:
//!
//! 1. networks that the configuration names (`allow_private_networks`);
//! 2. this machine, if the instance's address in the configuration is on it (`localhost` or a loopback address; the
//!    built-in instance is such a one);
//! 3. the one address that the configuration gives the instance, if that is an IP address.
//!
//! A name's addresses are judged as the connection is made, and the connection goes to what was judged: a name that
//! changes its address between two looks gains nothing.
//!
//! **Invariant:** whatever calls out from the relay's process is built here.

mod reach;
mod resolver;
#[cfg(test)]
mod tests;

use std::{error::Error, net::Ipv4Addr, sync::Arc, time::Duration};

use reqwest::{Client, ClientBuilder, dns::Resolve, redirect::Policy};
use url::{Host, Url};

use self::resolver::{CheckedResolver, SystemResolver};
pub(crate) use self::{
    reach::{LOOPBACK, Reach, is_this_machine},
    resolver::NotReached,
};

const MAX_REDIRECTS: usize = 3;
/// A part of the limit for the whole call, so that one dead address of several leaves time for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("infrasound-relay/", env!("CARGO_PKG_VERSION"));

/// What all calls have in common.
#[derive(Clone)]
pub(crate) struct Outbound {
    reach: Arc<Reach>,
    names: Arc<dyn Resolve>,
    timeout: Duration,
}

impl Outbound {
    /// Calls within this reach, each of which may take so long as a whole.
    pub(crate) fn new(reach: Reach, timeout: Duration) -> Self {
        Self::with_names(reach, timeout, Arc::new(SystemResolver))
    }

    /// The same with another way to find a name's addresses.
    fn with_names(reach: Reach, timeout: Duration, names: Arc<dyn Resolve>) -> Self {
        Self { reach: Arc::new(reach), names, timeout }
    }

    /// For what is public: follows a few redirects, each of which is judged as the first address was.
    pub(crate) fn public(&self) -> Result<Client, reqwest::Error> {
        let outbound = self.clone();
        let few = Policy::custom(move |attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                return attempt.error("too many redirects");
            }
            match outbound.judge(attempt.url()) {
                Ok(()) => attempt.follow(),
                Err(reason) => attempt.error(reason),
            }
        });
        self.builder().redirect(few).build()
    }

    /// For what carries a secret: a redirected POST would carry it to whoever the Location names. And a code can be exchanged
    /// only once: it never goes over a connection that the other side may be closing.
    pub(crate) fn secret(&self) -> Result<Client, reqwest::Error> {
        self.builder().redirect(Policy::none()).pool_max_idle_per_host(0).build()
    }

    /// For what goes to one address and nowhere else.
    pub(crate) fn unredirected(&self) -> Result<Client, reqwest::Error> {
        self.builder().redirect(Policy::none()).build()
    }

    /// For the doctor, who calls what the admin says, follows as a browser does, and looks at certificates.
    pub(crate) fn examining(&self) -> Result<Client, reqwest::Error> {
        self.builder().redirect(Policy::limited(MAX_REDIRECTS)).tls_info(true).build()
    }

    /// Whether this may be called, as far as the address itself says. A name's addresses are judged when it is resolved.
    pub(crate) fn judge(&self, url: &Url) -> Result<(), NotReached> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) if is_this_machine(url) => Some(Ipv4Addr::LOCALHOST.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(NotReached),
        };
        let encrypted = url.scheme() == "https" || url.scheme() == "http" && is_this_machine(url);
        let reached = address.is_none_or(|address| self.reach.has(address));
        if encrypted && reached { Ok(()) } else { Err(NotReached) }
    }

    fn builder(&self) -> ClientBuilder {
        let names = CheckedResolver { names: Arc::clone(&self.names), reach: Arc::clone(&self.reach) };
        Client::builder()
            .timeout(self.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .no_proxy()
            .user_agent(USER_AGENT)
            .dns_resolver(Arc::new(names))
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// Whether a call failed because it led to where the relay does not go.
pub(crate) fn is_out_of_reach(error: &reqwest::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.any(<dyn Error>::is::<NotReached>)
}
