//! Accounts: who is here, who may be, and who may not.

use infrasound_spec::{
    account::{AccountUri, Handle},
    time::Timestamp,
};

use super::{
    order::Only,
    quotas, record,
    report::{AccountLine, AccountReport, DeviceLine, Report},
};
use crate::{
    access::Applicant,
    app::App,
    error::ApiError,
    looking_again::end_sessions,
    store::{account, admission, device, overview, participant},
    writer::Tx,
};

/// The longest reason for a suspension, in bytes. The person reads it.
const MAX_REASON: usize = 500;
/// Sessions that are counted.
const MANY: u64 = 1000;

pub(super) async fn list(
    app: &App,
    only: Only,
    after: overview::After<'_>,
    limit: u64,
) -> Result<Report, ApiError> {
    let filter = overview::Filter { asked: only == Only::Asked, suspended: only == Only::Suspended };
    let known = overview::known(&mut *app.read().await?, filter, after, limit).await?;
    Ok(Report::Accounts { accounts: known.into_iter().map(AccountLine::from).collect() })
}

pub(super) async fn show(app: &App, name: &str) -> Result<Report, ApiError> {
    let (uri, handle) = app.known(name).await?;
    let mut snapshot = app.read().await?;
    let known = account::load(&mut snapshot, &uri).await?;
    let decided = admission::load(&mut snapshot, &uri).await?;
    let devices = device::list(&mut snapshot, &uri).await?;
    let sessions = overview::sessions(&mut snapshot, Some(&uri), app.now(), MANY).await?.len();
    let conversations = participant::count(&mut snapshot, &uri).await?;
    let quotas = quotas::of(app, &mut snapshot, &uri).await?;
    let judged = known.as_ref().map(|known| app.config.access.judge(&decided, &Applicant::from(known)));
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    let line = AccountLine {
        uri: uri.to_string(),
        handle: handle.to_string(),
        devices: devices.len() as u64,
        last_seen: devices.iter().map(|device| device.last_seen.as_millis()).max(),
        limited: known.as_ref().is_some_and(|known| known.limited),
        asked: millis(decided.asked),
        allowed: millis(decided.allowed),
        suspended: millis(decided.suspended),
        erased: millis(known.as_ref().and_then(|known| known.erased)),
    };
    let account = AccountReport {
        line,
        reason: decided.reason,
        role: known.and_then(|known| known.role).map(|role| role.name).filter(|name| !name.is_empty()),
        refused: judged.and_then(Result::err).map(|refusal| refusal.to_string()),
        sessions: sessions as u64,
        conversations,
        quotas,
        device_list: devices
            .into_iter()
            .map(|device| DeviceLine {
                device: device.device.to_string(),
                name: device.name,
                created: device.created.as_millis(),
                last_seen: device.last_seen.as_millis(),
            })
            .collect(),
    };
    Ok(Report::Account { account: Box::new(account) })
}

pub(super) async fn allow(app: &App, who: String, name: &str) -> Result<Report, ApiError> {
    let (uri, handle) = app.known_or_found(name).await?;
    let text = format!("{handle} may use this relay, where its policy asks for an admin's word.");
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                admission::set_allowed(tx.conn, &uri, &handle, Some(tx.now)).await?;
                record(tx, &who, "allow", uri.as_str(), handle.as_str()).await
            })
        })
        .await?;
    Ok(Report::Done { text })
}

pub(super) async fn allow_all(app: &App, who: String) -> Result<Report, ApiError> {
    let count = app
        .writer
        .run(move |tx| {
            Box::pin(async move {
                let count = admission::allow_all(tx.conn, tx.now).await?;
                record(tx, &who, "allow-all", "", &format!("{count} accounts")).await?;
                Ok(count)
            })
        })
        .await?;
    Ok(Report::Done {
        text: format!("All {count} accounts that are here may stay, whatever the policy asks."),
    })
}

pub(super) async fn disallow(app: &App, who: String, name: &str) -> Result<Report, ApiError> {
    let (uri, handle) = app.known(name).await?;
    let (shown, account) = (handle.clone(), uri.clone());
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                admission::set_allowed(tx.conn, &uri, &handle, None).await?;
                record(tx, &who, "disallow", uri.as_str(), handle.as_str()).await
            })
        })
        .await?;
    let text = if app.end_if_refused(account).await? {
        format!("{shown} may not use this relay any more; its sessions have ended.")
    } else {
        format!("{shown} is not named any more. The policy lets it in as it is; `suspend` would keep it out.")
    };
    Ok(Report::Done { text })
}

pub(super) async fn suspend(app: &App, who: String, name: &str, reason: String) -> Result<Report, ApiError> {
    let reason = reason.trim().to_owned();
    if reason.len() > MAX_REASON || reason.contains(char::is_control) {
        return Err(ApiError::bad_request(format!("A reason is one line of at most {MAX_REASON} bytes.")));
    }
    let (uri, handle) = app.known_or_found(name).await?;
    let text = format!("{handle} is suspended here. Its sessions have ended; its data is kept.");
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                admission::set_suspended(tx.conn, &uri, &handle, Some(tx.now), &reason).await?;
                end_sessions(tx, &uri).await?;
                record(tx, &who, "suspend", uri.as_str(), &reason).await
            })
        })
        .await?;
    Ok(Report::Done { text })
}

pub(super) async fn restore(app: &App, who: String, name: &str) -> Result<Report, ApiError> {
    let (uri, handle) = app.known(name).await?;
    let text =
        format!("{handle} is not suspended here any more. Its devices go on when they are next opened.");
    let not_suspended = ApiError::bad_request(format!("{handle} is not suspended here."));
    app.writer
        .run(move |tx| Box::pin(async move { restore_one(tx, &who, &uri, &handle, not_suspended).await }))
        .await?;
    Ok(Report::Done { text })
}

async fn restore_one(
    tx: &mut Tx<'_>,
    who: &str,
    uri: &AccountUri,
    handle: &Handle,
    not_suspended: ApiError,
) -> Result<(), ApiError> {
    if admission::load(tx.conn, uri).await?.suspended.is_none() {
        return Err(not_suspended);
    }
    admission::set_suspended(tx.conn, uri, handle, None, "").await?;
    record(tx, who, "restore", uri.as_str(), handle.as_str()).await
}

impl App {
    /// Ends the account's sessions if the policy does not let it in. Says whether it does not.
    async fn end_if_refused(&self, uri: AccountUri) -> Result<bool, ApiError> {
        let mut snapshot = self.read().await?;
        let Some(known) = account::load(&mut snapshot, &uri).await? else { return Ok(true) };
        let decided = admission::load(&mut snapshot, &uri).await?;
        drop(snapshot);
        let refused = self.config.access.judge(&decided, &Applicant::from(&known)).is_err();
        if refused {
            self.writer.run(move |tx| Box::pin(async move { end_sessions(tx, &uri).await })).await?;
        }
        Ok(refused)
    }
}
