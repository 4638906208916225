//! The public address: whether people reach this relay there, by a name and a certificate that are good.

use infrasound_spec::api::{paths, relay::RelayInfo};
use url::{Host, Url};

use super::{
    Finding, origin,
    page::{Client, Page},
};
use crate::{
    config::{Config, InstanceConfig},
    outbound::is_this_machine,
};

/// Days before its end at which a certificate that renews itself has been renewed.
const RENEWED: i64 = 14;
const PROXY: &str = "Start the relay and its proxy: server/deploy has snippets for nginx and Caddy.";

/// Looks at the public address. What its server says of the time goes to `dates`.
pub(super) async fn look(
    client: &Client,
    config: &Config,
    public: &str,
    dates: &mut Vec<i64>,
) -> Vec<Finding> {
    let Some(url) = Url::parse(public).ok().filter(Url::has_host) else {
        let remedy = "Set public_url to how people reach the relay, such as https://relay.example.";
        return vec![Finding::bad("public address", format!("{public} is no web address"), remedy)];
    };
    let local = is_this_machine(&url);
    let mut findings = Vec::new();
    if url.scheme() != "https" && !local {
        let remedy =
            "Set public_url to an https address: clients take no other, and browsers keep keys only there.";
        findings.push(Finding::bad("public address", format!("{public} is not encrypted"), remedy));
    }
    if let Some(Host::Domain(name)) = url.host() {
        findings.push(resolve(name, url.port_or_known_default().unwrap_or(443)).await);
    }
    match client.read(&format!("{public}{}", paths::RELAY)).await {
        Ok(page) => {
            dates.extend(page.ahead);
            findings.extend(certificate(&page));
            findings.push(relay(config, public, &page));
        }
        Err(why) => findings.push(Finding::bad("relay", format!("{public} cannot be reached: {why}"), PROXY)),
    }
    if local && !matches!(config.instance, InstanceConfig::Demo) {
        let remedy = "Set public_url once a proxy with a certificate stands in front of the relay.";
        findings.push(Finding::warning("public address", "only programs on this machine reach it", remedy));
    }
    findings
}

async fn resolve(name: &str, port: u16) -> Finding {
    match tokio::net::lookup_host((name, port)).await {
        Ok(addresses) => {
            let addresses: Vec<_> = addresses.map(|address| address.ip().to_string()).collect();
            Finding::good("DNS", format!("{name} is {}", addresses.join(", ")))
        }
        Err(error) => {
            let remedy = format!("Add an A or AAAA record for {name} that leads to the proxy.");
            Finding::bad("DNS", format!("{name} is not known: {error}"), remedy)
        }
    }
}

fn certificate(page: &Page) -> Option<Finding> {
    let days = page.certificate_days?;
    let seen = format!("good for {days} days");
    Some(if days >= RENEWED {
        Finding::good("certificate", seen)
    } else {
        Finding::warning("certificate", seen, "Renew it, and check why that does not happen by itself.")
    })
}

fn relay(config: &Config, public: &str, page: &Page) -> Finding {
    let Ok(info) = serde_json::from_slice::<RelayInfo>(&page.body) else {
        let seen = format!("{public} answers with status {}, but not as a relay", page.status.as_u16());
        return Finding::bad("relay", seen, PROXY);
    };
    if let InstanceConfig::At(instance) = &config.instance
        && origin(instance) != origin(&info.instance)
    {
        let seen = format!("the relay at {public} serves {}", info.instance);
        return Finding::bad("relay", seen, "Check that the proxy leads to the relay of this configuration.");
    }
    let seen = format!("{public} is a relay of version {}", info.version);
    if info.version == env!("CARGO_PKG_VERSION") {
        return Finding::good("relay", seen);
    }
    let remedy = format!("This program has version {}. Restart the relay.", env!("CARGO_PKG_VERSION"));
    Finding::warning("relay", seen, remedy)
}
