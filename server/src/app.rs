//! Everything a handler may use, built in one place.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use infrasound_spec::time::{self, Timestamp};
use openmls_rust_crypto::RustCrypto;
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::{
    blobs::Blobs,
    clock::Clock,
    config::Config,
    error::ApiError,
    instance::{AppCredentials, Instance},
    live::Live,
    metrics::Metrics,
    push::Push,
    rates::Rates,
    store::setting,
    writer::Writer,
};

/// The relay, as its handlers see it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Parts>);

/// What a relay is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// How it is configured.
    pub(crate) config: Config,
    /// How it is reached, without a slash at the end.
    pub(crate) public_url: String,
    /// What time it is.
    pub(crate) clock: Clock,
    /// Where all writes go.
    pub(crate) writer: Writer,
    /// Where reads come from.
    pub(crate) readers: SqlitePool,
    /// The files of blobs.
    pub(crate) blobs: Blobs,
    /// What is kept in memory.
    pub(crate) live: Arc<Live>,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Who has asked how often.
    pub(crate) rates: Rates,
    /// Where accounts come from.
    pub(crate) instance: Instance,
    /// The algorithms.
    pub(crate) crypto: RustCrypto,
    /// How devices are woken, if they are.
    pub(crate) push: Option<Push>,
    /// Milliseconds after which entries go, if an admin has set that; else 0.
    pub(crate) set_retention: AtomicU64,
}

/// What a relay opens when it starts.
#[derive(Debug)]
pub(crate) struct Opened {
    /// How it is reached, without a slash at the end.
    pub(crate) public_url: String,
    /// Where all writes go.
    pub(crate) writer: Writer,
    /// Where reads come from.
    pub(crate) readers: SqlitePool,
    /// The files of blobs.
    pub(crate) blobs: Blobs,
    /// What is kept in memory.
    pub(crate) live: Arc<Live>,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Where accounts come from.
    pub(crate) instance: Instance,
    /// How devices are woken, if they are.
    pub(crate) push: Option<Push>,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Where the instance sends a browser back to.
const CALLBACK: &str = infrasound_spec::api::paths::SIGN_IN_CALLBACK;
/// The note of the relay's registration at the instance.
const APP_SETTING: &str = "instance-app";
/// The note of the days of retention that an admin has set.
pub(crate) const RETENTION_SETTING: &str = "retention-days";

impl App {
    /// Puts together what was opened, and what follows from the configuration.
    pub(crate) fn new(config: Config, opened: Opened) -> Self {
        let Opened { public_url, writer, readers, blobs, live, metrics, instance, push } = opened;
        Self(Arc::new(Parts {
            public_url,
            clock: config.clock.clone(),
            writer,
            readers,
            blobs,
            live,
            metrics,
            rates: Rates::new(&config.rates),
            instance,
            push,
            crypto: RustCrypto::default(),
            set_retention: AtomicU64::new(0),
            config,
        }))
    }

    /// A snapshot of the database to read from.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>, ApiError> {
        Ok(self.readers.begin().await?)
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Milliseconds after which entries go, read or not.
    pub(crate) fn retention(&self) -> u64 {
        match self.set_retention.load(Ordering::Relaxed) {
            0 => self.config.retention,
            set => set,
        }
    }

    /// Takes up what an admin has set.
    pub(crate) async fn load_settings(&self) -> Result<(), ApiError> {
        let mut snapshot = self.read().await?;
        let days = setting::load(&mut snapshot, RETENTION_SETTING).await?.and_then(|days| days.parse().ok());
        self.set_retention.store(days.unwrap_or(0_u64).saturating_mul(time::DAY), Ordering::Relaxed);
        Ok(())
    }

    /// Where the instance sends a browser back to.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}{CALLBACK}", self.public_url)
    }

    /// The relay's registration at the instance: made once for each instance and address, then kept.
    pub(crate) async fn instance_app(&self) -> Result<AppCredentials, ApiError> {
        self.instance_app_for(&self.redirect_uri()).await
    }

    /// The same, with another address to send a browser back to.
    pub(crate) async fn instance_app_for(&self, redirect_uri: &str) -> Result<AppCredentials, ApiError> {
        let name = self.app_setting(redirect_uri);
        let mut snapshot = self.read().await?;
        let stored = setting::load(&mut snapshot, &name).await?;
        drop(snapshot);
        if let Some(app) = stored.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(app);
        }
        let app = self.instance.register_app(redirect_uri).await?;
        let text = serde_json::to_string(&app).map_err(|_| ApiError::internal())?;
        self.writer
            .run(move |tx| Box::pin(async move { Ok(setting::store(tx.conn, &name, &text).await?) }))
            .await?;
        Ok(app)
    }

    /// Forgets the registration: the instance does not know it any more.
    pub(crate) async fn forget_instance_app(&self, redirect_uri: &str) -> Result<(), ApiError> {
        let name = self.app_setting(redirect_uri);
        self.writer
            .run(move |tx| Box::pin(async move { Ok(setting::store(tx.conn, &name, "").await?) }))
            .await
    }

    fn app_setting(&self, redirect_uri: &str) -> String {
        format!("{APP_SETTING} {} {redirect_uri}", self.instance.base())
    }
}
