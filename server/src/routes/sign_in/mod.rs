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
    instance::InstanceAccount,
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

/// Notes how an account stands that has been here. One that was erased comes back with a device, not before.
async fn note(tx: &mut Tx<'_>, identity: &Identity) -> Result<(), ApiError> {
    let known = account::load(tx.conn, &identity.account).await?;
    if known.is_some_and(|known| known.erased.is_none()) {
        let Identity { account, limited, role, .. } = identity;
        account::set_standing(tx.conn, account, *limited, role.as_ref(), tx.now).await?;
    }
    Ok(())
}

impl App {
    /// Whether who has just signed in may use the relay. Only now does the instance tell a role that it does not show to
    /// everybody: it holds for the devices that are there as well, and who is refused loses their sessions.
    async fn let_in(&self, account: InstanceAccount) -> Result<Identity, ApiError> {
        let described = account.described;
        let identity = Identity::from(account);
        if described {
            let heard = identity.clone();
            self.writer.run(move |tx| Box::pin(async move { note(tx, &heard).await })).await?;
        }
        let judged = self.admit(Applicant::from(&identity)).await;
        if described {
            self.end_sessions_of_refused(&identity.account, &judged).await?;
        }
        judged.map(|()| identity)
    }

    async fn signed_in(&self, account: InstanceAccount) -> Result<SignedIn, ApiError> {
        let identity = self.let_in(account).await?;
        self.writer.run(move |tx| Box::pin(give_ticket(tx, identity))).await
    }
}
