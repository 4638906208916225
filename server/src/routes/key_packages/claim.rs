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
    access::Limited,
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
    let supply = app.limit_claims(&session, &request.account).await?;
    let claimed = app
        .writer
        .run(move |tx| Box::pin(claim(tx, session.account.clone(), request.account, supply)))
        .await?;
    Ok(Json(claimed))
}

/// What a claim may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supply {
    /// A one-time key package, if there is one.
    Any,
    /// The last resort, if there is one: strangers have used up enough of the account's others just now, and whoever
    /// makes many accounts must not drain it.
    LastResort,
}

impl App {
    /// Takes what the claim costs, if the account may be claimed at all. What the claim may use up.
    pub(super) async fn limit_claims(
        &self,
        session: &Session,
        target: &AccountUri,
    ) -> Result<Supply, ApiError> {
        let now = self.now();
        let mut snapshot = self.read().await?;
        let asked = consent_of(&mut snapshot, &session.account, target, now).await?;
        drop(snapshot);
        if asked.said == ContactState::Accepted || session.account == *target {
            self.rates.claims.take(&session.account, now)?;
            return Ok(Supply::Any);
        }
        if asked.by_limited {
            self.limit_limited(&session.account)?;
        }
        let pair = (session.account.clone(), target.clone());
        self.rates.stranger_claims_of_one.take(&pair, now)?;
        self.rates.stranger_claims.take(&session.account, now)?;
        let has_any = self.rates.one_time_to_strangers.take(target, now).is_ok();
        Ok(if has_any { Supply::Any } else { Supply::LastResort })
    }

    /// What moderators think of an account counts among strangers.
    fn limit_limited(&self, asker: &AccountUri) -> Result<(), ApiError> {
        if self.config.access.limited == Limited::AcquaintancesOnly {
            let detail = "The moderators of your instance have limited your account. Here you can write only to people who have accepted you.";
            return Err(ApiError::new(ProblemType::Forbidden, detail));
        }
        self.rates.limited_stranger_claims.take(asker, self.now())
    }
}

/// An account that is asked.
struct Asked {
    target: Account,
    /// What it says of the one who asks.
    said: ContactState,
    /// Whether moderators have limited the one who asks.
    by_limited: bool,
}

/// The account that is asked, if it may be. One's own account may always be claimed.
async fn consent_of(
    conn: &mut Conn,
    asker: &AccountUri,
    uri: &AccountUri,
    now: Timestamp,
) -> Result<Asked, ApiError> {
    let target = account::load(conn, uri).await?.ok_or_else(|| {
        ApiError::new(ProblemType::NoInfrasound, "This account has no device that uses Infrasound.")
    })?;
    let Some(Conversation { id, .. }) = Conversation::direct(asker, uri, 0) else {
        return Ok(Asked { target, said: ContactState::Accepted, by_limited: false });
    };
    let asker = account::load(conn, asker).await?.ok_or_else(ApiError::internal)?;
    let known = conversation::load(conn, &id).await?.is_some();
    let acquaintance = if known { Acquaintance::Conversation } else { Acquaintance::None };
    let said = consent::check(conn, &asker, &target, acquaintance, now).await?;
    Ok(Asked { target, said, by_limited: asker.limited })
}

/// Takes one key package of each device of the account.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    asker: AccountUri,
    target: AccountUri,
    supply: Supply,
) -> Result<ClaimedKeyPackages, ApiError> {
    let account = consent_of(tx.conn, &asker, &target, tx.now).await?.target;
    let until = tx.now.plus_millis(KEY_PACKAGE_MARGIN);
    let mut key_packages = Vec::new();
    let devices = device::list(tx.conn, &target).await?;
    if devices.is_empty() {
        let detail = "This account has no device that uses Infrasound.";
        return Err(ApiError::new(ProblemType::NoInfrasound, detail));
    }
    for device in devices {
        let spared = match supply {
            Supply::Any => None,
            Supply::LastResort => key_package::last_resort(tx.conn, &device.device, until).await?,
        };
        let taken = match spared {
            Some(bytes) => Some(bytes),
            None => key_package::claim(tx.conn, &device.device, until).await?,
        };
        let Some(bytes) = taken else { continue };
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
