//! Other domains: which of them this relay has nothing to do with. Spec: `relay-api.md` 14.
//!
//! The instance's lists are taken over once an hour; an admin's own rule wins over what the instance says. A rule for a
//! domain holds for those below it, as in Mastodon, and the nearest one counts.
//!
//! Relays do not talk to each other yet, so what a rule decides today is what a look-up answers.

use std::{collections::HashMap, time::Duration};

use infrasound_spec::api::problem::ProblemType;
use tokio::sync::watch;

use crate::{
    app::App,
    error::ApiError,
    instance::{DomainVerdict, ListedDomain, domain_digest},
    store::{
        Conn,
        domain_rule::{self, Rule, Source},
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
    let only_allowed = setting::load(conn, ONLY_ALLOWED).await?.is_some_and(|value| value == "1");
    for name in upwards(domain) {
        let rule = domain_rule::of(conn, &domain_digest(name)).await?;
        if let Some(rule) = rule.filter(|rule| counts(rule, only_allowed)) {
            return Ok(Some(rule.verdict));
        }
    }
    Ok(only_allowed.then_some(DomainVerdict::Blocked))
}

/// An instance that is not limited to the domains that it allows may still list some. They mean nothing then.
fn counts(rule: &Rule, only_allowed: bool) -> bool {
    only_allowed || rule.source == Source::Admin || rule.verdict != DomainVerdict::Allowed
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
        match self.instance.listed_domains(self.config.instance_token.as_ref()).await {
            Ok(Some(listed)) => self.writer.run(move |tx| Box::pin(take_over(tx, listed))).await?,
            Ok(None) => tracing::debug!("the instance does not show which domains it blocks"),
            Err(error) => {
                tracing::warn!(%error, "the instance's domain blocks cannot be read; those known so far hold");
            }
        }
        match self.instance.is_limited_to_allowed().await {
            Ok(limited) => self.writer.run(move |tx| Box::pin(note_limited(tx, limited))).await,
            Err(error) => {
                tracing::warn!(
                    %error,
                    "the instance does not say whether it has to do with allowed domains only; its last word holds"
                );
                Ok(())
            }
        }
    }
}

async fn take_over(tx: &mut Tx<'_>, listed: Vec<ListedDomain>) -> Result<(), ApiError> {
    let listed = strictest(listed);
    let before = domain_rule::digests(tx.conn, Source::Instance).await?;
    for listed in listed.values() {
        domain_rule::store(tx.conn, Source::Instance, listed, tx.now).await?;
    }
    for gone in before.iter().filter(|digest| !listed.contains_key(*digest)) {
        domain_rule::delete(tx.conn, Source::Instance, gone).await?;
    }
    Ok(())
}

/// One entry for each domain: a block wins over an allow.
fn strictest(mut listed: Vec<ListedDomain>) -> HashMap<[u8; 32], ListedDomain> {
    listed.sort_by_key(|listed| listed.verdict);
    listed.into_iter().map(|listed| (listed.digest, listed)).collect()
}

async fn note_limited(tx: &mut Tx<'_>, limited: bool) -> Result<(), ApiError> {
    Ok(setting::store(tx.conn, ONLY_ALLOWED, if limited { "1" } else { "0" }).await?)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Json, Router, http::StatusCode, routing::get};
    use infrasound_spec::time::Timestamp;
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;
    use crate::{
        config::{Config, InstanceConfig},
        store::backend,
    };

    /// An instance that hides its blocks, and says this of whom it has to do with.
    async fn hiding(said: Arc<Mutex<(StatusCode, bool)>>) -> String {
        let answer = move || async move {
            let (status, limited) = *said.lock().unwrap();
            (status, Json(json!({ "configuration": { "limited_federation": limited } })))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/api/v2/instance", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        base
    }

    #[tokio::test]
    async fn an_instance_that_is_limited_stays_so_here_while_it_fails_and_although_it_hides_its_blocks() {
        let said = Arc::new(Mutex::new((StatusCode::OK, true)));
        let directory = tempfile::tempdir().unwrap();
        let instance = InstanceConfig::At(hiding(Arc::clone(&said)).await);
        let mut config = Config::new(instance, directory.path());
        config.listen = "127.0.0.1:0".parse().unwrap();
        let relay = crate::serve(config).await.unwrap();
        let mut conn = backend::open_to_read(&directory.path().join(backend::FILE)).await.unwrap();
        for (status, limited, expected) in [
            (StatusCode::OK, true, Some(DomainVerdict::Blocked)),
            (StatusCode::BAD_GATEWAY, false, Some(DomainVerdict::Blocked)),
            (StatusCode::OK, false, None),
        ] {
            *said.lock().unwrap() = (status, limited);
            assert!(relay.sweep().await);
            assert_eq!(verdict(&mut conn, "other.example").await.unwrap(), expected, "{status} {limited}");
        }
        relay.stop().await;
    }

    fn listed(shown: &str, verdict: DomainVerdict) -> ListedDomain {
        ListedDomain { digest: domain_digest(shown), shown: shown.to_owned(), verdict }
    }

    #[test]
    fn a_block_wins_over_an_allow_of_the_same_domain_in_whatever_order_they_come() {
        use DomainVerdict::{Allowed, Blocked, Limited};
        for verdicts in [[Blocked, Allowed, Limited], [Allowed, Limited, Blocked]] {
            let all = strictest(verdicts.map(|verdict| listed("a.example", verdict)).to_vec());
            assert_eq!(all.into_values().collect::<Vec<_>>(), [listed("a.example", Blocked)]);
        }
    }

    #[tokio::test]
    async fn what_the_instance_allows_counts_only_where_nothing_else_is_allowed() {
        use DomainVerdict::{Allowed, Blocked};
        let directory = tempfile::tempdir().unwrap();
        let mut conn = backend::open(directory.path(), None).await.unwrap().writer;
        for (source, domain, said) in [
            (Source::Instance, "bad.example", Blocked),
            (Source::Instance, "friend.bad.example", Allowed),
            (Source::Admin, "own.bad.example", Allowed),
        ] {
            let rule = listed(domain, said);
            domain_rule::store(&mut conn, source, &rule, Timestamp::from_secs(1)).await.unwrap();
        }
        for (only_allowed, friend, stranger) in [("0", Blocked, None), ("1", Allowed, Some(Blocked))] {
            setting::store(&mut conn, ONLY_ALLOWED, only_allowed).await.unwrap();
            for (domain, expected) in [
                ("bad.example", Some(Blocked)),
                ("friend.bad.example", Some(friend)),
                ("own.bad.example", Some(Allowed)),
                ("stranger.example", stranger),
            ] {
                assert_eq!(verdict(&mut conn, domain).await.unwrap(), expected, "{domain} {only_allowed}");
            }
        }
    }

    #[test]
    fn a_rule_holds_for_the_domains_below() {
        let names: Vec<_> = upwards("a.b.example:8443").collect();
        assert_eq!(names, ["a.b.example", "b.example", "example"]);
    }
}
