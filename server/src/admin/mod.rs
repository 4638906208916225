//! What an admin does on the relay's host: `infrasound-relay admin …`.
//!
//! A relay that runs is asked over a socket in its data directory, so that what it keeps in memory changes as well. If
//! none runs, the command takes the directory's lock and does the same by itself. Why so: `spec/decisions/0018`.
//!
//! **Invariant:** what changes something, and its record in the audit log, are one transaction.
//! **Invariant:** an admin reads no message, adds no device, and does nothing in an account's name.

mod accounts;
mod arguments;
mod domains;
mod erasure;
mod export;
mod office;
mod order;
pub(crate) mod page;
mod print;
mod quotas;
mod report;
mod retention;
mod sessions;
pub(crate) mod socket;
mod table;

use infrasound_spec::account::{AccountUri, Handle};

pub use self::{
    arguments::AdminArguments,
    office::{AdminError, run},
};
use self::{order::Order, report::Report};
use crate::{
    app::App,
    error::ApiError,
    store::{
        self, audit,
        overview::{self, After},
    },
    writer::Tx,
};

/// Carries an order out. `who` is for the audit log.
async fn carry_out(app: &App, who: &str, order: Order) -> Result<Report, ApiError> {
    let who = who.to_owned();
    match order {
        Order::Accounts { only, after, after_uri, limit } => {
            accounts::list(app, only, After { handle: &after, uri: &after_uri }, limit).await
        }
        Order::Account { account } => accounts::show(app, &account).await,
        Order::Allow { account } => accounts::allow(app, who, &account).await,
        Order::AllowAll => accounts::allow_all(app, who).await,
        Order::Disallow { account } => accounts::disallow(app, who, &account).await,
        Order::Suspend { account, reason } => accounts::suspend(app, who, &account, reason).await,
        Order::Restore { account } => accounts::restore(app, who, &account).await,
        Order::Erase { account } => erasure::erase(app, who, &account).await,
        Order::Export { account } => export::export(app, who, &account).await,
        Order::Sessions { account } => sessions::list(app, account.as_deref()).await,
        Order::EndSessions { account, device } => sessions::end(app, who, &account, device).await,
        Order::Quotas { account } => quotas::show(app, &account).await,
        Order::SetQuotas { account, file_mib, devices } => {
            quotas::set(app, who, &account, file_mib, devices).await
        }
        Order::ResetQuotas { account } => quotas::reset(app, who, &account).await,
        Order::Domains => domains::list(app).await,
        Order::SetDomain { domain, verdict } => domains::set(app, who, &domain, verdict).await,
        Order::RemoveDomain { domain } => domains::remove(app, who, &domain).await,
        Order::Retention => retention::show(app).await,
        Order::SetRetention { days } => retention::set(app, who, days).await,
        Order::Audit { limit } => audit_log(app, limit).await,
    }
}

async fn audit_log(app: &App, limit: u64) -> Result<Report, ApiError> {
    let records = audit::last(&mut *app.read().await?, limit).await?;
    Ok(Report::Audit { records: records.into_iter().map(report::Record::from).collect() })
}

/// Notes what was done, in the same transaction.
async fn record(
    tx: &mut Tx<'_>,
    who: &str,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<(), ApiError> {
    Ok(audit::add(tx.conn, tx.now, who, action, subject, detail).await?)
}

impl App {
    /// The account that an admin means: one that is known here, by handle or URI.
    async fn known(&self, name: &str) -> Result<(AccountUri, Handle), ApiError> {
        self.find_known(name).await?.ok_or_else(|| {
            ApiError::bad_request(format!(
                "Nobody here is called {name}. `admin accounts list` shows who is."
            ))
        })
    }

    /// The same, or one that the instance knows by this handle.
    async fn known_or_found(&self, name: &str) -> Result<(AccountUri, Handle), ApiError> {
        if let Some(known) = self.find_known(name).await? {
            return Ok(known);
        }
        let handle: Handle = name.parse().map_err(|_| {
            ApiError::bad_request(format!(
                "{name} is not known here. Name the account by handle: @name@host."
            ))
        })?;
        Ok((self.instance.resolve(&handle).await?, handle))
    }

    async fn find_known(&self, name: &str) -> Result<Option<(AccountUri, Handle)>, ApiError> {
        // A handle is stored as it is read, whatever its letters and with or without the first `@`.
        let handle: Option<Handle> = name.parse().ok();
        let name = handle.as_ref().map_or(name, Handle::as_str);
        let Some((uri, handle)) = overview::find(&mut *self.read().await?, name).await? else {
            return Ok(None);
        };
        let uri = store::read(uri.parse().ok(), "accounts", "uri")?;
        Ok(Some((uri, store::read(handle.parse().ok(), "accounts", "handle")?)))
    }
}
