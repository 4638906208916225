//! The instance: whether it can be called, what it is, and how accounts are known there.

use super::Finding;
use crate::instance::{CallError, Instance};

/// Looks at the instance. Gives the domain of its handles as well, if it said so.
pub(super) async fn look(instance: &Instance) -> (Vec<Finding>, Option<String>) {
    let base = instance.base().as_str().trim_end_matches('/').to_owned();
    let endpoints = match instance.discover().await {
        Ok(endpoints) => endpoints,
        Err(error) => {
            return (vec![Finding::bad("instance", format!("{base}: {error}"), remedy(&error))], None);
        }
    };
    let what = instance.software().await.ok().flatten();
    let what =
        what.map_or_else(|| "an unknown server".to_owned(), |what| format!("{} {}", what.name, what.version));
    let mut findings =
        vec![Finding::good("instance", format!("{base}: {what}, handles end in @{}", endpoints.domain))];
    findings.push(match (instance.knows_accounts().await, &endpoints.userinfo) {
        (Ok(true), Some(_)) => {
            Finding::good("sign-in", "accounts are known by userinfo and verify_credentials")
        }
        (Ok(true), None) => Finding::good("sign-in", "accounts are known by verify_credentials"),
        (Ok(false), Some(_)) => Finding::good("sign-in", "accounts are known by userinfo"),
        (Ok(false), None) => Finding::bad(
            "sign-in",
            "it has neither userinfo nor verify_credentials",
            "Set instance to the address of a server with Mastodon's API, such as https://social.example.",
        ),
        (Err(error), _) => Finding::bad("sign-in", error.to_string(), remedy(&error)),
    });
    (findings, Some(endpoints.domain.clone()))
}

fn remedy(error: &CallError) -> String {
    match error {
        CallError::OutOfReach => {
            "If the instance is in your own network, name its network in the configuration, such as \
             allow_private_networks = [\"10.0.0.0/24\"] (for one on this machine: [\"127.0.0.0/8\", \"::1/128\"])."
        }
        CallError::Unreachable(_) | CallError::TimedOut => {
            "Check the name, the certificate and the firewall from this machine: curl -v INSTANCE."
        }
        _ => "Check that instance is the address of the web interface of your instance, without a path.",
    }
    .to_owned()
}
