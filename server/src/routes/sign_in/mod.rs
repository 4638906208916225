//! Sign-in with the instance. It ends in a ticket for one device. Spec: `relay-api.md` 6.

pub(crate) mod callback;
pub(crate) mod exchange;
pub(crate) mod finish;
pub(crate) mod hand_over;
mod page;
pub(crate) mod start;

use infrasound_spec::{
    api::sign_in::{SignedIn, Ticket},
    time,
};

use crate::{
    access::Applicant,
    app::App,
    error::ApiError,
    identity::Identity,
    secret,
    store::{account, device, ticket},
    writer::Tx,
};

/// How long a sign-in or a ticket is good for, in milliseconds.
const LIFETIME: u64 = 10 * time::MINUTE;

/// Gives a ticket to who has signed in, in the writer's transaction.
async fn give_ticket(tx: &mut Tx<'_>, identity: Identity) -> Result<SignedIn, ApiError> {
    let ticket = Ticket::from_bytes(secret::make_bytes());
    let expires = tx.now.plus_millis(LIFETIME);
    ticket::insert(tx.conn, &secret::digest(ticket.as_bytes()), &identity, expires).await?;
    let known = account::load(tx.conn, &identity.account).await?;
    let devices = device::list(tx.conn, &identity.account).await?;
    Ok(SignedIn {
        ticket,
        account: identity.account,
        handle: identity.handle,
        account_key: known.map(|account| account.account_key),
        devices: devices.iter().map(device::Device::info).collect(),
    })
}

impl App {
    async fn signed_in(&self, identity: Identity) -> Result<SignedIn, ApiError> {
        self.admit(Applicant::from(&identity)).await?;
        self.writer.run(move |tx| Box::pin(give_ticket(tx, identity))).await
    }
}
