//! The text that Prometheus reads (OpenMetrics 1.0): what was counted, and what is looked up for it.

use std::sync::atomic::Ordering;

use super::KindLabels;
use crate::{app::App, error::ApiError, store::census};

impl App {
    /// All metrics as text.
    pub(crate) async fn exposition(&self) -> Result<String, ApiError> {
        self.count_stored().await?;
        self.look_at_the_disk();
        let now = &self.metrics.snapshot;
        now.queue.set(gauge(self.writer.queued() as u64));
        now.streams.set(gauge(self.live.streams.open() as u64));
        now.subscriptions.set(gauge(self.live.wakes.subscribed() as u64));
        now.draining.set(i64::from(self.live.is_draining()));
        now.forks.set(gauge(self.live.forks.load(Ordering::Relaxed)));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.metrics.registry)
            .map_err(|_| ApiError::internal())?;
        Ok(text)
    }

    async fn count_stored(&self) -> Result<(), ApiError> {
        let mut snapshot = self.read().await?;
        let counted = census::take(&mut snapshot).await?;
        drop(snapshot);
        let now = &self.metrics.snapshot;
        now.accounts.set(gauge(counted.accounts));
        now.devices.set(gauge(counted.devices));
        now.blobs.set(gauge(counted.blobs));
        now.blob_bytes.set(gauge(counted.blob_bytes));
        let of_kind = |kind| now.conversations.get_or_create_owned(&KindLabels { kind });
        of_kind("direct").set(gauge(counted.direct));
        of_kind("group").set(gauge(counted.groups));
        Ok(())
    }

    fn look_at_the_disk(&self) {
        let now = &self.metrics.snapshot;
        let data = &self.config.data;
        now.database_bytes.set(gauge(crate::disk::database_bytes(data)));
        if let Ok(room) = crate::disk::room(data) {
            now.disk_available.set(gauge(room.available));
            now.disk_size.set(gauge(room.size));
        }
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
