//! `POST /v1/links`: opens a channel for a device that has signed in and is to be linked. The ticket stays good.

use axum::{Json, extract::State};
use infrasound_spec::api::{
    links::{LinkId, LinkOpened, LinkToken, OpenLink},
    paths,
    problem::ProblemType,
};

use crate::{
    address::ClientAddress,
    app::App,
    body::Body,
    error::ApiError,
    routes::devices,
    secret,
    store::{
        device,
        link::{self, NewLink},
        ticket,
    },
    writer::Tx,
};

#[utoipa::path(post, path = paths::LINKS, tag = "links", operation_id = "open_link",
    request_body = OpenLink,
    responses((status = 200, description = "The channel, and what the person types into the old device", body = LinkOpened)))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(request): Body<OpenLink>,
) -> Result<Json<LinkOpened>, ApiError> {
    app.rates.sign_ins.take(&address, app.now())?;
    let opened = app.writer.run(move |tx| Box::pin(open(tx, request))).await?;
    Ok(Json(opened))
}

async fn open(tx: &mut Tx<'_>, request: OpenLink) -> Result<LinkOpened, ApiError> {
    let ticket_digest = secret::digest(request.ticket.as_bytes());
    let identity =
        ticket::look(tx.conn, &ticket_digest, tx.now).await?.ok_or_else(devices::ticket_expired)?;
    let devices = device::list(tx.conn, &identity.account).await?.len();
    if devices == 0 {
        let detail = "This account has no device to be linked from. Register this one as its first.";
        return Err(ApiError::new(ProblemType::NotFound, detail));
    }
    devices::check_room(tx.conn, &identity.account, devices).await?;
    let link = LinkId::from_bytes(secret::make_bytes());
    let token = LinkToken::from_bytes(secret::make_bytes());
    let code = secret::make_code();
    let new = NewLink {
        link,
        account: &identity.account,
        ticket_digest,
        code_digest: secret::digest(secret::fold_code(&code).as_bytes()),
        new_digest: secret::digest(token.as_bytes()),
    };
    let expires = link::insert(tx.conn, &new, tx.now).await?;
    Ok(LinkOpened { link, token, code, expires })
}
