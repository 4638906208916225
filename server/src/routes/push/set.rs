//! `PUT /v1/push`: how this device is woken.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    api::{paths, problem::ProblemType, push::PushSubscription},
    limits::MAX_PUSH_EXCEPTIONS,
};

use crate::{
    app::App, body::Body, error::ApiError, push::read_key, session::Authenticated, store::push,
    writer::Effect,
};

#[utoipa::path(put, path = paths::PUSH, tag = "push", operation_id = "set_push",
    request_body = PushSubscription,
    responses((status = 204, description = "The device is woken so from now on")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(subscription): Body<PushSubscription>,
) -> Result<StatusCode, ApiError> {
    check(&app, &subscription)?;
    let device = session.device;
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let before = push::load(tx.conn, &device).await?;
                let is_another =
                    before.is_none_or(|stored| stored.subscription.endpoint != subscription.endpoint);
                tx.effects.push(Effect::Subscribed(device, is_another));
                Ok(push::store(tx.conn, &device, &subscription, tx.seq).await?)
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the relay can and will wake anybody so.
fn check(app: &App, subscription: &PushSubscription) -> Result<(), ApiError> {
    let Some(push) = &app.push else {
        let text = "This relay wakes no devices: its admin has turned that off.";
        return Err(ApiError::new(ProblemType::Forbidden, text));
    };
    if !push.services.reaches(subscription.endpoint.as_str()) {
        return Err(ApiError::invalid("The endpoint is no address that the relay calls: https, and public."));
    }
    if read_key(&subscription.key).is_err() {
        return Err(ApiError::invalid("The key is no public key on P-256."));
    }
    if !subscription.quiet.is_none_or(|quiet| quiet.is_valid()) {
        return Err(ApiError::invalid("The hours of rest are minutes of a day, from 0 to 1439."));
    }
    if subscription.except.len() > MAX_PUSH_EXCEPTIONS {
        let text = format!("At most {MAX_PUSH_EXCEPTIONS} conversations can be left out.");
        return Err(ApiError::new(ProblemType::TooLarge, text));
    }
    Ok(())
}
