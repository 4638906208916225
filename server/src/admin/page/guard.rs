//! What is asked beside the role: whoever is suspended here gives no orders; nobody gives any on their own account; and
//! on those who look after others only administrators do.

use infrasound_spec::{account::AccountUri, api::problem::ProblemType};

use super::visit::Visit;
use crate::{
    access::Refusal,
    admin::Order,
    app::App,
    error::ApiError,
    store::{account, admission},
};

/// Fails if the account is suspended here, whatever its role.
pub(super) async fn check_visitor(app: &App, account: &AccountUri) -> Result<(), ApiError> {
    let decided = admission::load(&mut *app.read().await?, account).await?;
    match decided.suspended {
        Some(_) => Err(Refusal::Suspended(decided.reason).into()),
        None => Ok(()),
    }
}

/// Fails if this visitor gives no orders on that account.
pub(super) async fn check_subject(app: &App, visit: &Visit, order: &Order) -> Result<(), ApiError> {
    let Some(name) = order.account() else { return Ok(()) };
    let (uri, _) = app.known_or_found(name).await?;
    if uri == visit.account {
        return Err(refused("This is your own account. Another admin has to do it. Nothing was done."));
    }
    let known = account::load(&mut *app.read().await?, &uri).await?;
    if visit.permissions.override_role(known.and_then(|known| known.role).as_ref()) {
        return Ok(());
    }
    Err(refused("Only an administrator does this to somebody who manages users. Nothing was done."))
}

fn refused(text: &str) -> ApiError {
    ApiError::new(ProblemType::Forbidden, text)
}
