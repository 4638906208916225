//! `/.well-known/infrasound` on the instance's own domain, by which clients and other relays find this one.

use infrasound_spec::api::{paths, relay::WellKnown};

use super::{Finding, origin, page::Client};
use crate::instance::Instance;

/// Looks whether the instance's domain names this relay. What its server says of the time goes to `dates`.
pub(super) async fn look(
    client: &Client,
    instance: &Instance,
    domain: Option<&str>,
    public: &str,
    dates: &mut Vec<i64>,
) -> Finding {
    let check = "/.well-known";
    let base = instance.base();
    let host = domain.map_or_else(|| instance.authority(), str::to_owned);
    let url = format!("{}://{host}{}", base.scheme(), paths::WELL_KNOWN);
    let remedy = format!(
        "Send that one path from {host} to the relay. In nginx, in the server block of {host}: \
         location = {} {{ proxy_pass http://127.0.0.1:8787; }}",
        paths::WELL_KNOWN
    );
    let page = match client.read(&url).await {
        Ok(page) => page,
        Err(why) => return Finding::bad(check, format!("{url} cannot be read: {why}"), remedy),
    };
    dates.extend(page.ahead);
    match serde_json::from_slice::<WellKnown>(&page.body) {
        Ok(named) if origin(&named.relay) == origin(public) => {
            Finding::good(check, format!("{url} names this relay"))
        }
        Ok(named) => Finding::bad(check, format!("{url} names another relay, {}", named.relay), remedy),
        Err(_) => Finding::bad(check, format!("{url} answers with status {}", page.status.as_u16()), remedy),
    }
}
