//! `infrasound-relay doctor`: looks at all that a relay needs from outside of itself, and says what to do about it.
//!
//! It changes nothing, and may run beside the relay. What it calls is what the admin configured, so unlike the relay it
//! calls any address.

mod clock;
mod database;
mod disk;
mod instance;
mod page;
mod public;
mod push;
mod report;
mod well_known;

use url::Url;

pub use self::report::{document, table};
use crate::{
    config::{Config, InstanceConfig},
    instance::Instance,
};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// The relay works; somebody should look at it.
    Warning,
    /// The relay, or a part of it, does not work.
    Bad,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to do, unless it is as it should be.
    pub remedy: Option<String>,
}

impl Finding {
    fn good(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, state: State::Good, seen: seen.into(), remedy: None }
    }

    fn warning(check: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, state: State::Warning, seen: seen.into(), remedy: Some(remedy.into()) }
    }

    fn bad(check: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, state: State::Bad, seen: seen.into(), remedy: Some(remedy.into()) }
    }
}

/// Whether a relay works with what was found.
pub fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.state != State::Bad)
}

/// Looks at everything.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = database::look(&config.data).await;
    findings.extend(disk::look(&config.data));
    let client = match page::Client::new() {
        Ok(client) => client,
        Err(error) => {
            let remedy = "Install the certificates of the system (Debian: ca-certificates).";
            findings.push(Finding::bad("calls", format!("the HTTP client cannot start: {error}"), remedy));
            return findings;
        }
    };
    let public = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let public = public.trim_end_matches('/');
    let mut dates = Vec::new();
    match &config.instance {
        InstanceConfig::Demo => findings.push(Finding::good("instance", "the built-in one, for trying out")),
        InstanceConfig::At(base) => match Instance::allowing(base, &config.allow_private_networks) {
            Ok(at) => {
                let (found, domain) = instance::look(&at).await;
                findings.extend(found);
                findings.push(well_known::look(&client, &at, domain.as_deref(), public, &mut dates).await);
            }
            Err(error) => findings.push(Finding::bad(
                "instance",
                error.to_string(),
                "Set instance to the address of your instance, such as https://social.example.",
            )),
        },
    }
    findings.extend(public::look(&client, config, public, &mut dates).await);
    findings.extend(push::look(&client, config, public).await);
    findings.push(clock::look(&dates));
    findings
}

/// `https://social.example` of an address with or without a slash.
fn origin(url: &str) -> Option<url::Origin> {
    Url::parse(url).ok().map(|url| url.origin())
}
