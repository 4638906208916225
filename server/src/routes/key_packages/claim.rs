//! `POST /v1/key-packages/claim`: takes one key package of each device of an account, if that account takes messages.
//!
//! Strangers' claims are limited, so that they can't drain key packages. Spec: `key-packages.md` 3.

use axum::{Json, extract::State};
use infrasound_spec::{
    account::AccountUri,
    api::{
        key_packages::{ClaimKeyPackages, ClaimedKeyPackage, ClaimedKeyPackages},
        paths,
        problem::ProblemType,
        stream::StreamEvent,
    },
    bytes::Base64Url,
    consent::ContactState,
    conversation::Conversation,
    key_package::KEY_PACKAGE_MARGIN,
    limits::KEY_PACKAGE_LOW_WATER,
    time::Timestamp,
};

use crate::{
    app::App,
    body::Body,
    error::ApiError,
    hub::consent::{self, Acquaintance},
    session::{Authenticated, Session},
    store::{
        Conn,
        account::{self, Account},
        conversation, device, key_package,
    },
    writer::Tx,
};

#[utoipa::path(post, path = paths::KEY_PACKAGES_CLAIM, tag = "key-packages", operation_id = "claim_key_packages",
    request_body = ClaimKeyPackages,
    responses((status = 200, description = "One for each device", body = ClaimedKeyPackages)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(request): Body<ClaimKeyPackages>,
) -> Result<Json<ClaimedKeyPackages>, ApiError> {
    app.limit_claims(&session, &request.account).await?;
    let claimed =
        app.writer.run(move |tx| Box::pin(claim(tx, session.account.clone(), request.account))).await?;
    Ok(Json(claimed))
}

impl App {
    /// Takes what the claim costs, if the account may be claimed at all.
    pub(super) async fn limit_claims(&self, session: &Session, target: &AccountUri) -> Result<(), ApiError> {
        let now = self.now();
        let mut snapshot = self.read().await?;
        let said = consent_of(&mut snapshot, &session.account, target, now).await?.1;
        drop(snapshot);
        if said == ContactState::Accepted || session.account == *target {
            return self.rates.claims.take(&session.account, now);
        }
        let pair = (session.account.clone(), target.clone());
        self.rates.stranger_claims_of_one.take(&pair, now)?;
        self.rates.stranger_claims.take(&session.account, now)
    }
}

/// The account that is asked, and what it says of the one who asks. One's own account may always be claimed.
async fn consent_of(
    conn: &mut Conn,
    asker: &AccountUri,
    uri: &AccountUri,
    now: Timestamp,
) -> Result<(Account, ContactState), ApiError> {
    let target = account::load(conn, uri).await?.ok_or_else(|| {
        ApiError::new(ProblemType::NoInfrasound, "This account has no device that uses Infrasound.")
    })?;
    let Some(Conversation { id, .. }) = Conversation::direct(asker, uri, 0) else {
        return Ok((target, ContactState::Accepted));
    };
    let asker = account::load(conn, asker).await?.ok_or_else(ApiError::internal)?;
    let known = conversation::load(conn, &id).await?.is_some();
    let acquaintance = if known { Acquaintance::Conversation } else { Acquaintance::None };
    let said = consent::check(conn, &asker, &target, acquaintance, now).await?;
    Ok((target, said))
}

/// Takes one key package of each device of the account.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    asker: AccountUri,
    target: AccountUri,
) -> Result<ClaimedKeyPackages, ApiError> {
    let (account, _) = consent_of(tx.conn, &asker, &target, tx.now).await?;
    let until = tx.now.plus_millis(KEY_PACKAGE_MARGIN);
    let mut key_packages = Vec::new();
    let devices = device::list(tx.conn, &target).await?;
    if devices.is_empty() {
        let detail = "This account has no device that uses Infrasound.";
        return Err(ApiError::new(ProblemType::NoInfrasound, detail));
    }
    for device in devices {
        let Some(bytes) = key_package::claim(tx.conn, &device.device, until).await? else { continue };
        key_packages.push(ClaimedKeyPackage { device: device.device, key_package: Base64Url(bytes) });
        let left = key_package::count(tx.conn, &device.device, until).await?.one_time;
        if left < KEY_PACKAGE_LOW_WATER {
            tx.nudge(device.device, StreamEvent::KeyPackages { one_time: left });
        }
    }
    if key_packages.is_empty() {
        let detail =
            "None of this account's devices has a key package left. Try again when one has been online.";
        return Err(ApiError::new(ProblemType::NoKeyPackages, detail));
    }
    Ok(ClaimedKeyPackages { account_key: account.account_key, key_packages })
}
