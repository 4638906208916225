//! Other domains: which of them this relay has nothing to do with. Spec: `relay-api.md` 14.
//!
//! The instance's lists are taken over once an hour; an admin's own rule wins over what the instance says. A rule for a
//! domain holds for those below it, as in Mastodon, and the nearest one counts.
//!
//! Relays do not talk to each other yet, so what a rule decides today is what a look-up answers.

use std::{collections::HashSet, time::Duration};

use infrasound_spec::api::problem::ProblemType;
use tokio::sync::watch;

use crate::{
    app::App,
    error::ApiError,
    instance::{DomainVerdict, Federation, domain_digest},
    store::{
        Conn,
        domain_rule::{self, Source},
        setting,
    },
    writer::Tx,
};

/// The note of whether the instance deals with allowed domains only.
const ONLY_ALLOWED: &str = "instance-only-allowed-domains";

/// How often the instance is asked.
const INTERVAL: Duration = Duration::from_hours(1);

/// Follows the instance until the relay shuts down. Apart from the sweeps: an instance may be slow, they must not be.
pub(crate) async fn run(app: App, mut shutdown: watch::Receiver<bool>) {
    let follow = async {
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            ticks.tick().await;
            if let Err(error) = app.follow_instance().await {
                tracing::warn!(
                    problem = error.0.problem_type.urn(),
                    "the instance's domain blocks were not stored"
                );
            }
        }
    };
    tokio::select! {
        () = follow => {}
        _ = shutdown.wait_for(|stop| *stop) => {}
    }
}

/// What holds for a domain.
pub(crate) async fn verdict(conn: &mut Conn, domain: &str) -> Result<Option<DomainVerdict>, ApiError> {
    for name in upwards(domain) {
        if let Some(rule) = domain_rule::of(conn, &domain_digest(name)).await? {
            return Ok(Some(rule.verdict));
        }
    }
    let only_allowed = setting::load(conn, ONLY_ALLOWED).await?.is_some_and(|value| value == "1");
    Ok(only_allowed.then_some(DomainVerdict::Blocked))
}

/// The domain, then those above it. A port is no part of a domain.
fn upwards(domain: &str) -> impl Iterator<Item = &str> {
    let host = domain.split(':').next().unwrap_or_default();
    std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, above)| above))
}

/// Fails if there is to be no traffic with the domain.
pub(crate) async fn check(conn: &mut Conn, domain: &str) -> Result<(), ApiError> {
    if verdict(conn, domain).await? != Some(DomainVerdict::Blocked) {
        return Ok(());
    }
    let text = format!("The admins of your instance have cut off {domain}: nobody there can be reached.");
    Err(ApiError::new(ProblemType::Forbidden, text))
}

impl App {
    /// Takes over with whom the instance has nothing to do. What it said before holds while it says nothing.
    pub(crate) async fn follow_instance(&self) -> Result<(), ApiError> {
        match self.instance.federation(self.config.instance_token.as_ref()).await {
            Ok(Some(federation)) => self.writer.run(move |tx| Box::pin(take_over(tx, federation))).await,
            Ok(None) => {
                tracing::debug!("the instance does not show which domains it blocks");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "the instance's domain blocks cannot be read; those known so far hold");
                Ok(())
            }
        }
    }
}

async fn take_over(tx: &mut Tx<'_>, federation: Federation) -> Result<(), ApiError> {
    let before = domain_rule::digests(tx.conn, Source::Instance).await?;
    for listed in &federation.domains {
        domain_rule::store(tx.conn, Source::Instance, listed, tx.now).await?;
    }
    let listed: HashSet<_> = federation.domains.iter().map(|listed| listed.digest).collect();
    for gone in before.iter().filter(|digest| !listed.contains(*digest)) {
        domain_rule::delete(tx.conn, Source::Instance, gone).await?;
    }
    let only_allowed = if federation.only_allowed { "1" } else { "0" };
    Ok(setting::store(tx.conn, ONLY_ALLOWED, only_allowed).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_holds_for_the_domains_below() {
        let names: Vec<_> = upwards("a.b.example:8443").collect();
        assert_eq!(names, ["a.b.example", "b.example", "example"]);
    }
}
