//! `POST /v1/key-packages`: adds one-time key packages of the session's device, replaces its last-resort one.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        key_packages::{KeyPackageCount, UploadKeyPackages},
        paths,
        problem::ProblemType,
    },
    key_package::{self, KEY_PACKAGE_MARGIN},
    limits,
    time::Timestamp,
};

use crate::{
    app::App,
    body::Body,
    error::ApiError,
    session::{Authenticated, Session},
    store::key_package::{self as stored, NewKeyPackage},
    writer::Tx,
};

#[utoipa::path(post, path = paths::KEY_PACKAGES, tag = "key-packages", operation_id = "upload_key_packages",
    request_body = UploadKeyPackages,
    responses((status = 200, description = "How many are there now", body = KeyPackageCount)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(request): Body<UploadKeyPackages>,
) -> Result<Json<KeyPackageCount>, ApiError> {
    if request.one_time.len() > limits::MAX_KEY_PACKAGES {
        return Err(too_many());
    }
    let now = app.now();
    let one_time = request.one_time.into_iter().map(|bytes| (bytes.0, false));
    let last_resort = request.last_resort.into_iter().map(|bytes| (bytes.0, true));
    let new: Vec<NewKeyPackage> = one_time
        .chain(last_resort)
        .map(|(bytes, last_resort)| app.check_key_package(&session, bytes, last_resort, now))
        .collect::<Result<_, _>>()?;
    let count = app.writer.run(move |tx| Box::pin(async move { keep(tx, &session, &new).await })).await?;
    Ok(Json(count))
}

fn too_many() -> ApiError {
    ApiError::new(
        ProblemType::TooLarge,
        format!("At most {} one-time key packages are kept for a device.", limits::MAX_KEY_PACKAGES),
    )
}

impl App {
    /// The key package is valid for long enough, and is of the session's own device.
    fn check_key_package(
        &self,
        session: &Session,
        bytes: Vec<u8>,
        last_resort: bool,
        now: Timestamp,
    ) -> Result<NewKeyPackage, ApiError> {
        let parsed = key_package::parse(&self.crypto, &bytes, now, KEY_PACKAGE_MARGIN)
            .map_err(|error| ApiError::invalid(format!("A key package: {error}.")))?;
        let own = (
            &parsed.device.account,
            parsed.device.account_key,
            parsed.device.device,
            parsed.device.device_key,
        ) == (&session.account, session.account_key, session.device, session.device_key);
        if !own {
            return Err(ApiError::new(ProblemType::Forbidden, "A key package is not this device's."));
        }
        if parsed.last_resort != last_resort {
            return Err(ApiError::invalid("Only the last-resort key package is marked as the last resort."));
        }
        Ok(NewKeyPackage {
            reference: parsed.reference.as_slice().to_vec(),
            last_resort,
            expires: parsed.expires,
            bytes,
        })
    }
}

async fn keep(
    tx: &mut Tx<'_>,
    session: &Session,
    new: &[NewKeyPackage],
) -> Result<KeyPackageCount, ApiError> {
    for key_package in new {
        stored::insert(tx.conn, &session.device, key_package).await?;
    }
    let count = stored::count(tx.conn, &session.device, tx.now.plus_millis(KEY_PACKAGE_MARGIN)).await?;
    if count.one_time > limits::MAX_KEY_PACKAGES as u64 {
        return Err(too_many());
    }
    Ok(count)
}
