//! Blobs whose time is over go, and so does what a crash has left: files without a row, rows without a file.
//!
//! The row goes first: from then on the file is nobody's, and is found by the next look if it stays. Spec: `blobs.md` 6.

use std::io;

use infrasound_spec::blob::BlobId;

use crate::{app::App, error::ApiError, store::blob};

/// Blobs looked at in one go.
const MANY: u64 = 200;

impl App {
    /// Deletes the blobs whose time is over. One that is being uploaded just now waits for the next sweep.
    pub(crate) async fn collect_blobs(&self) -> Result<(), ApiError> {
        loop {
            let mut snapshot = self.read().await?;
            let expired = blob::expired(&mut snapshot, self.now(), MANY).await?;
            drop(snapshot);
            let full = expired.len() as u64 >= MANY;
            let mut any = false;
            for id in expired {
                any |= self.collect_blob(id).await?;
            }
            // Those that are left are being uploaded, or there are none.
            if !full || !any {
                return Ok(());
            }
        }
    }

    /// Deletes one, unless somebody is at it or its time is not over after all.
    async fn collect_blob(&self, id: BlobId) -> Result<bool, ApiError> {
        let Some(lock) = self.blobs.lock(id) else { return Ok(false) };
        let deleted = self
            .writer
            .run(move |tx| Box::pin(async move { Ok(blob::delete_expired(tx.conn, &id, tx.now).await?) }))
            .await?;
        if deleted {
            lock.delete().await.map_err(|error| failed(&error))?;
        }
        Ok(deleted)
    }

    /// Compares files and rows, and deletes what has lost its counterpart.
    pub(crate) async fn reconcile_blobs(&self) -> Result<(), ApiError> {
        for id in self.blobs.files().await.map_err(|error| failed(&error))? {
            self.drop_file_without_row(id).await?;
        }
        let mut after = None;
        loop {
            let mut snapshot = self.read().await?;
            let stored = blob::stored(&mut snapshot, after, MANY).await?;
            drop(snapshot);
            let Some(last) = stored.last().copied() else { return Ok(()) };
            for id in stored {
                self.drop_row_without_file(id).await?;
            }
            after = Some(last);
        }
    }

    async fn drop_file_without_row(&self, id: BlobId) -> Result<(), ApiError> {
        let Some(lock) = self.blobs.lock(id) else { return Ok(()) };
        let mut snapshot = self.read().await?;
        if blob::load(&mut snapshot, &id).await?.is_none() {
            lock.delete().await.map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    async fn drop_row_without_file(&self, id: BlobId) -> Result<(), ApiError> {
        let Some(lock) = self.blobs.lock(id) else { return Ok(()) };
        let mut snapshot = self.read().await?;
        let row = blob::load(&mut snapshot, &id).await?;
        drop(snapshot);
        let there = self.blobs.length(&id).await.map_err(|error| failed(&error))?;
        if row.is_some_and(|row| there < row.received) {
            tracing::warn!("a blob's file is missing or cut: the blob is given up");
            self.writer.run(move |tx| Box::pin(async move { Ok(blob::delete(tx.conn, &id).await?) })).await?;
            lock.delete().await.map_err(|error| failed(&error))?;
        }
        Ok(())
    }
}

fn failed(error: &io::Error) -> ApiError {
    tracing::error!(%error, "the folder of blobs cannot be read or cleaned");
    ApiError::internal()
}
