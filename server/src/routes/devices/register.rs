//! `POST /v1/devices`: makes a device one of the account's, with a sign-in ticket and the account key's endorsement.
//!
//! | the account has | `start_over` | |
//! |---|---|---|
//! | no live device | any | the device's account key becomes the account's |
//! | live devices, and this account key | no | linked: it is one more, at most ten; the others are told |
//! | live devices, and another key | no | `account-has-devices`, with the list |
//! | live devices | yes | all are revoked, the new key becomes the account's, contacts are told |

use std::net::IpAddr;

use axum::{Json, extract::State};
use infrasound_spec::{
    account::AccountUri,
    api::{
        devices::{RegisterDevice, Session, registration_content},
        paths,
        problem::ProblemType,
        sign_in::Ticket,
        stream::StreamEvent,
    },
    endorsement::Endorsement,
    signing::{self, Purpose},
    time::Timestamp,
};

use super::{check_name, check_room, revoke_one, tell_siblings, ticket_expired};
use crate::{
    access::{AccessConfig, Applicant},
    address::ClientAddress,
    app::App,
    body::Body,
    error::ApiError,
    identity::Identity,
    routes::sessions,
    secret,
    store::{
        account,
        device::{self, Device},
        participant, ticket,
    },
    writer::Tx,
};

#[utoipa::path(post, path = paths::DEVICES, tag = "devices", operation_id = "register_device",
    request_body = RegisterDevice,
    responses((status = 200, description = "The device's first session", body = Session)))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(request): Body<RegisterDevice>,
) -> Result<Json<Session>, ApiError> {
    app.rates.sign_ins.take(&address, app.now())?;
    check_form(&request)?;
    app.limit_registrations(&request.ticket, address).await?;
    let (access, lifetime) = (app.config.access.clone(), app.config.session_lifetime);
    let session = app.writer.run(move |tx| Box::pin(register(tx, request, access, lifetime))).await?;
    Ok(Json(session))
}

fn check_form(request: &RegisterDevice) -> Result<(), ApiError> {
    check_name(&request.name)?;
    let content = registration_content(&request.ticket, &request.device, &request.account_key);
    signing::verify(request.device_key.as_bytes(), Purpose::DeviceRegistration, &content, &request.proof)
        .map_err(|_| ApiError::bad_signature("the registration"))
}

impl App {
    /// Takes what a registration costs, if the ticket is good.
    async fn limit_registrations(&self, ticket: &Ticket, address: IpAddr) -> Result<(), ApiError> {
        let mut snapshot = self.read().await?;
        let now = self.now();
        let identity = ticket::look(&mut snapshot, &secret::digest(ticket.as_bytes()), now).await?;
        drop(snapshot);
        let account = identity.ok_or_else(ticket_expired)?.account;
        self.rates.registrations_of_address.take(&address, now)?;
        self.rates.registrations_of_account.take(&account, now)?;
        self.rates.registrations.take(&(), now)
    }
}

/// If anything is refused, the ticket stays good.
async fn register(
    tx: &mut Tx<'_>,
    request: RegisterDevice,
    access: AccessConfig,
    lifetime: u64,
) -> Result<Session, ApiError> {
    let digest = secret::digest(request.ticket.as_bytes());
    let identity = ticket::take(tx.conn, &digest, tx.now).await?.ok_or_else(ticket_expired)?;
    check_endorsement(&request, &identity.account, tx.now)?;
    access.check(tx, &Applicant::from(&identity)).await?;
    let devices = device::list(tx.conn, &identity.account).await?;
    make_room(tx, &request, &identity, &devices).await?;
    account::store(tx.conn, &identity, &request.account_key, tx.now).await?;
    let new = Device {
        device: request.device,
        account: identity.account,
        name: request.name,
        device_key: request.device_key,
        account_key: request.account_key,
        created: tx.now,
        last_seen: tx.now,
        revoked: false,
    };
    if !device::insert(tx.conn, &new).await? {
        return Err(ApiError::new(
            ProblemType::IdReused,
            "There is a device with this id. Choose a new one.",
        ));
    }
    if !devices.is_empty() && !request.start_over {
        tell_siblings(tx, &new.account, &new.device).await?;
    }
    sessions::begin(tx, &new.device, lifetime).await
}

fn check_endorsement(request: &RegisterDevice, account: &AccountUri, now: Timestamp) -> Result<(), ApiError> {
    let endorsement = Endorsement {
        account_key: request.account_key,
        device: request.device,
        created: request.created,
        expires: request.expires,
        signature: request.endorsement,
    };
    endorsement
        .verify_at(account, &request.device_key, now)
        .map(drop)
        .map_err(|error| ApiError::invalid(format!("The endorsement of the device: {error}.")))
}

/// A device joins an account that has none, or under the account's key. Starting over makes it so.
async fn make_room(
    tx: &mut Tx<'_>,
    request: &RegisterDevice,
    identity: &Identity,
    devices: &[Device],
) -> Result<(), ApiError> {
    let known = account::load(tx.conn, &identity.account).await?;
    let same_key = known.as_ref().is_some_and(|known| known.account_key == request.account_key);
    if devices.is_empty() {
        return if known.is_none() || same_key { Ok(()) } else { tell_contacts(tx, &identity.account).await };
    }
    if !request.start_over && same_key {
        return check_room(tx.conn, &identity.account, devices.len()).await;
    }
    if !request.start_over {
        let mut error = ApiError::new(
            ProblemType::AccountHasDevices,
            "This account already has a device, and this one does not have the account's key. Link it from there. Or start over, which removes the others, and your contacts will have to let you in again.",
        );
        error.0.devices = Some(devices.iter().map(Device::info).collect());
        return Err(error);
    }
    for device in devices {
        revoke_one(tx, &identity.account, &device.device).await?;
    }
    tell_contacts(tx, &identity.account).await
}

/// The devices of everybody who shares a conversation learn that this account has a new key.
async fn tell_contacts(tx: &mut Tx<'_>, account: &AccountUri) -> Result<(), ApiError> {
    account::touch_started_over(tx.conn, account, tx.seq).await?;
    for device in participant::devices_of_others(tx.conn, account).await? {
        tx.nudge(device, StreamEvent::StartedOver { account: account.clone() });
    }
    Ok(())
}
