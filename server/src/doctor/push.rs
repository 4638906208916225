//! Push: whether the services that people's devices use can be reached, and whether they can tell who the relay is.

use std::{collections::BTreeMap, path::Path};

use sqlx::Connection as _;
use url::Url;

use super::{Finding, page::Client};
use crate::{config::Config, store::backend};

/// Services that are called, those with most devices first.
const MOST: usize = 5;

/// Looks at what wakes devices.
pub(super) async fn look(client: &Client, config: &Config, public: &str) -> Vec<Finding> {
    if !config.push.enabled {
        return vec![Finding::good("push", "off: devices that are not connected are not woken")];
    }
    let services = services(&config.data).await;
    let devices: usize = services.values().sum();
    let mut findings = vec![identity(public, devices)];
    let mut services: Vec<_> = services.into_iter().collect();
    services.sort_by_key(|(_, devices)| std::cmp::Reverse(*devices));
    for (origin, devices) in services.into_iter().take(MOST) {
        // Whatever it answers: it is there.
        if let Err(why) = client.read(&origin).await {
            let seen = format!("{origin} cannot be reached, which wakes {devices} devices: {why}");
            let remedy = "Let the relay make connections to this address, and to port 443 of others like it.";
            findings.push(Finding::warning("push", seen, remedy));
        }
    }
    findings
}

fn identity(public: &str, devices: usize) -> Finding {
    let seen = format!("on, {devices} devices want to be woken");
    if public.starts_with("https://") {
        return Finding::good("push", seen);
    }
    let remedy = "Set public_url to the relay's https address: by it push services know whom to write to.";
    Finding::warning("push", seen, remedy)
}

/// The push services of the devices, and how many devices each has. Nothing, if there is no database that tells.
async fn services(data: &Path) -> BTreeMap<String, usize> {
    let mut services = BTreeMap::new();
    let Ok(mut conn) = backend::open_to_read(&data.join(backend::FILE)).await else { return services };
    let endpoints = crate::store::push::endpoints(&mut conn).await.unwrap_or_default();
    if let Err(error) = conn.close().await {
        tracing::debug!(%error, "the database was not closed");
    }
    for endpoint in endpoints {
        if let Ok(url) = Url::parse(&endpoint) {
            *services.entry(url.origin().ascii_serialization()).or_default() += 1;
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::InstanceConfig, doctor::State};

    #[tokio::test]
    async fn services_that_cannot_be_reached_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config::new(InstanceConfig::Demo, directory.path());
        let client = Client::new().unwrap();
        let found = look(&client, &config, "https://relay.example").await;
        assert_eq!(found, [Finding::good("push", "on, 0 devices want to be woken")]);
        let mut database = backend::open(directory.path(), None).await.unwrap();
        for (device, endpoint) in [(1, "http://127.0.0.1:9/a"), (2, "http://127.0.0.1:9/b")] {
            sqlx::query(
                "INSERT INTO accounts VALUES ($1, '@a@b.example', '', 0, 0, '', 0, 0, 0, 0, 0, NULL, NULL)",
            )
            .bind(format!("https://b.example/{device}"))
            .execute(&mut database.writer)
            .await
            .unwrap();
            sqlx::query("INSERT INTO devices VALUES ($1, $2, '', '', '', 0, 0, 0)")
                .bind(vec![device; 16])
                .bind(format!("https://b.example/{device}"))
                .execute(&mut database.writer)
                .await
                .unwrap();
            sqlx::query("INSERT INTO push_subscriptions VALUES ($1, $2, '', '', NULL, NULL, '', 0)")
                .bind(vec![device; 16])
                .bind(endpoint)
                .execute(&mut database.writer)
                .await
                .unwrap();
        }
        let found = look(&client, &config, "http://127.0.0.1:8787").await;
        let states: Vec<State> = found.iter().map(|finding| finding.state).collect();
        assert_eq!(states, [State::Warning, State::Warning], "{found:?}");
        assert!(found[1].seen.starts_with("http://127.0.0.1:9 cannot be reached, which wakes 2 devices"));
    }
}
