//! Rules for other domains that the relay's admins make themselves. They win over the instance's.

use infrasound_spec::account::Handle;

use super::{
    order::AdminVerdict,
    record,
    report::{DomainLine, Report},
};
use crate::{
    app::App,
    error::ApiError,
    instance::{DomainVerdict, ListedDomain, domain_digest},
    store::domain_rule::{self, Source},
};

pub(super) async fn list(app: &App) -> Result<Report, ApiError> {
    let rules = domain_rule::list(&mut *app.read().await?).await?;
    let line = |rule: domain_rule::Rule| DomainLine {
        domain: rule.domain,
        verdict: match rule.verdict {
            DomainVerdict::Allowed => "allowed",
            DomainVerdict::Limited => "limited",
            DomainVerdict::Blocked => "blocked",
        }
        .to_owned(),
        source: match rule.source {
            Source::Admin => "admin",
            Source::Instance => "instance",
        }
        .to_owned(),
        since: rule.since.as_millis(),
    };
    Ok(Report::Domains { rules: rules.into_iter().map(line).collect() })
}

pub(super) async fn set(
    app: &App,
    who: String,
    domain: &str,
    verdict: AdminVerdict,
) -> Result<Report, ApiError> {
    let domain = parse(domain)?;
    let (action, verdict, text) = match verdict {
        AdminVerdict::Allow => ("allow-domain", DomainVerdict::Allowed, format!("{domain} is allowed.")),
        AdminVerdict::Block => ("block-domain", DomainVerdict::Blocked, format!("{domain} is blocked.")),
    };
    let listed = ListedDomain { digest: domain_digest(&domain), shown: domain.clone(), verdict };
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                domain_rule::store(tx.conn, Source::Admin, &listed, tx.now).await?;
                record(tx, &who, action, &domain, "").await
            })
        })
        .await?;
    Ok(Report::Done { text: format!("{text} This wins over what the instance says of it.") })
}

pub(super) async fn remove(app: &App, who: String, domain: &str) -> Result<Report, ApiError> {
    let domain = parse(domain)?;
    let text = format!("What admins of this relay said of {domain} is gone; what the instance says holds.");
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                if !domain_rule::delete(tx.conn, Source::Admin, &domain_digest(&domain)).await? {
                    let text = format!("No admin of this relay has said anything of {domain}.");
                    return Err(ApiError::bad_request(text));
                }
                record(tx, &who, "remove-domain", &domain, "").await
            })
        })
        .await?;
    Ok(Report::Done { text })
}

/// A domain is what may stand behind a handle's last `@`.
fn parse(text: &str) -> Result<String, ApiError> {
    match Handle::new("x", text.trim()) {
        Ok(handle) => Ok(handle.host().to_owned()),
        Err(_) => Err(ApiError::bad_request(format!("{text} is no domain, such as other.example."))),
    }
}
