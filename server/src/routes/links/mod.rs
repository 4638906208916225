//! The channel between a new device and an old one of the same account. Spec: `devices.md` 2.

pub(crate) mod close;
pub(crate) mod join;
pub(crate) mod open;
pub(crate) mod read;
pub(crate) mod send;

use axum::{extract::FromRequestParts, http::request::Parts};
use infrasound_spec::api::problem::ProblemType;

use crate::{
    app::App,
    error::ApiError,
    session::bearer,
    store::link::{self, Party},
    writer::Tx,
};

/// Extracts which end of which channel a request comes from, or refuses it.
pub(crate) struct AtEnd {
    party: Party,
    digest: [u8; 32],
}

impl FromRequestParts<App> for AtEnd {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let digest = bearer(parts)?;
        let mut snapshot = app.read().await?;
        let end = link::party(&mut snapshot, &digest, app.now()).await?.ok_or_else(ended)?;
        app.rates.links.take(&end.link, app.now())?;
        Ok(Self { party: end, digest })
    }
}

/// The end as it is in the writer's transaction: the other may have ended the channel meanwhile.
async fn still(tx: &mut Tx<'_>, digest: &[u8; 32]) -> Result<Party, ApiError> {
    link::party(tx.conn, digest, tx.now).await?.ok_or_else(ended)
}

fn ended() -> ApiError {
    ApiError::new(
        ProblemType::NoSession,
        "There is no such link: the other device ended it, or nothing came for too long.",
    )
}
