//! A database in memory that outlives the relay on it: what was committed stays, as on a disk. For simulations.
//!
//! Nothing else is simulated: the tables, the statements and the transactions are those of the relay.

use sqlx::{
    ConnectOptions as _, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::sync::atomic::{AtomicU64, Ordering};

use super::backend::{MIGRATIONS, OpenError};

/// Databases of this process have a number each.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// One database. It goes when the last connection is closed, and this holds one.
#[derive(Debug)]
pub struct Memory {
    options: SqliteConnectOptions,
    _kept: SqliteConnection,
}

impl Memory {
    /// An empty database with the relay's tables.
    pub async fn new() -> Result<Self, OpenError> {
        let name = format!("file:infrasound-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let options =
            SqliteConnectOptions::new().filename(name).in_memory(true).shared_cache(true).foreign_keys(true);
        let mut kept = options.connect().await?;
        MIGRATIONS.run(&mut kept).await?;
        Ok(Self { options, _kept: kept })
    }

    /// The one connection that writes.
    pub(crate) async fn writer(&self) -> Result<SqliteConnection, OpenError> {
        Ok(self.options.connect().await?)
    }

    /// The ones that read. A shared cache has locks where a log of writes would have snapshots; a reader takes none.
    pub(crate) async fn readers(&self) -> Result<SqlitePool, OpenError> {
        let options = self.options.clone().pragma("read_uncommitted", "ON");
        Ok(SqlitePoolOptions::new().max_connections(2).connect_with(options).await?)
    }
}
