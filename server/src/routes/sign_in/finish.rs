//! `POST /v1/sign-in/finish`: ends the authorization-code flow with the code that the person was shown.

use axum::{Json, extract::State};
use infrasound_spec::api::{
    paths,
    problem::ProblemType,
    sign_in::{FinishSignIn, SignedIn},
};
use subtle::ConstantTimeEq as _;

use super::give_ticket;
use crate::{
    address::ClientAddress, app::App, body::Body, error::ApiError, secret, store::sign_in, writer::Tx,
};

/// Wrong codes before a sign-in is over.
const TRIES: u64 = 5;

#[utoipa::path(post, path = paths::SIGN_IN_FINISH, tag = "sign-in", operation_id = "finish_sign_in",
    request_body = FinishSignIn,
    responses((status = 200, description = "Who signed in", body = SignedIn)))]
pub(crate) async fn handle(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(request): Body<FinishSignIn>,
) -> Result<Json<SignedIn>, ApiError> {
    app.rates.sign_ins.take(&address, app.now())?;
    let finished = app.writer.run(move |tx| Box::pin(finish(tx, request))).await?;
    finished.map(Json)
}

/// A wrong code is counted, so it is an outcome here and not an error, which would be undone.
async fn finish(tx: &mut Tx<'_>, request: FinishSignIn) -> Result<Result<SignedIn, ApiError>, ApiError> {
    let Some(returned) = sign_in::load_returned(tx.conn, &request.sign_in, tx.now).await? else {
        return Ok(Err(ApiError::new(
            ProblemType::TicketExpired,
            "This sign-in is not finished in the browser yet, or it is over.",
        )));
    };
    let digest = secret::digest(secret::fold_code(&request.code).as_bytes());
    if bool::from(digest.as_slice().ct_eq(&returned.code_digest)) {
        sign_in::delete(tx.conn, &request.sign_in).await?;
        return give_ticket(tx, returned.identity).await.map(Ok);
    }
    if returned.tries + 1 >= TRIES {
        sign_in::delete(tx.conn, &request.sign_in).await?;
    } else {
        sign_in::count_try(tx.conn, &request.sign_in).await?;
    }
    Ok(Err(ApiError::new(ProblemType::Forbidden, "This is not the code that the page in the browser shows.")))
}
