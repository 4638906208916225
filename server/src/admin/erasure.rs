//! Erasing an account: what goes, and what stays for others, is in [`crate::store::erasure`].
//!
//! Its devices are revoked as by its owner, so that its conversations go on without them. It may come back: to keep it
//! out, suspend it as well.

use super::{record, report::Report};
use crate::{
    app::App,
    error::ApiError,
    routes::devices::revoke_one,
    store::{device, erasure},
    writer::Effect,
};

pub(super) async fn erase(app: &App, who: String, name: &str) -> Result<Report, ApiError> {
    let (uri, handle) = app.known(name).await?;
    let (account, shown) = (uri.clone(), handle.to_string());
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                for device in device::list(tx.conn, &uri).await? {
                    revoke_one(tx, &uri, &device.device).await?;
                    tx.effects.push(Effect::SessionsEnded(device.device));
                }
                erasure::erase(tx.conn, &uri, tx.now).await?;
                record(tx, &who, "erase", uri.as_str(), "").await
            })
        })
        .await?;
    app.collect_blobs().await?;
    let unnamed = app
        .writer
        .run(move |tx| Box::pin(async move { Ok(erasure::drop_unnamed(tx.conn, &account).await?) }))
        .await?;
    let days = app.retention() / infrasound_spec::time::DAY;
    let rest = if unnamed {
        "Nothing of it is left but the audit log.".to_owned()
    } else {
        format!(
            "Its name and public key stay where other people's conversations hold them; what it sent, which nobody here can read, goes within {days} days."
        )
    };
    Ok(Report::Done { text: format!("{shown} is erased. {rest}") })
}
