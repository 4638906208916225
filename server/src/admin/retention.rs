//! How long entries stay. What an admin sets here wins over the configuration, at once and for good.

use std::sync::atomic::Ordering;

use infrasound_spec::time::{self, Timestamp};

use super::{
    record,
    report::{Report, Retention},
};
use crate::{
    app::{App, RETENTION_SETTING},
    error::ApiError,
    store::{overview, setting},
};

/// Whoever comes back later than that has lost what they missed, and says so.
const LEAST_DAYS: u64 = 1;
const MOST_DAYS: u64 = 365;

pub(super) async fn show(app: &App) -> Result<Report, ApiError> {
    let kept = overview::kept(&mut *app.read().await?).await?;
    Ok(Report::Retention {
        retention: Retention {
            days: app.retention() / time::DAY,
            set: app.set_retention.load(Ordering::Relaxed) != 0,
            entries: kept.entries,
            entry_bytes: kept.entry_bytes,
            oldest: kept.oldest.map(Timestamp::as_millis),
            files: kept.files,
            file_bytes: kept.file_bytes,
        },
    })
}

pub(super) async fn set(app: &App, who: String, days: Option<u64>) -> Result<Report, ApiError> {
    if days.is_some_and(|days| !(LEAST_DAYS..=MOST_DAYS).contains(&days)) {
        return Err(ApiError::bad_request(format!("Entries stay for {LEAST_DAYS} to {MOST_DAYS} days.")));
    }
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let value = days.map(|days| days.to_string()).unwrap_or_default();
                setting::store(tx.conn, RETENTION_SETTING, &value).await?;
                let detail = days.map_or_else(|| "as configured".to_owned(), |days| format!("{days} days"));
                record(tx, &who, "set-retention", "", &detail).await
            })
        })
        .await?;
    app.load_settings().await?;
    show(app).await
}
