//! The command's side: hands the order to the relay that runs, or does the work itself if none does.

use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    task::JoinHandle,
};

use super::{
    AdminArguments, Order, Report, print,
    socket::{self, Answer, Request},
};
use crate::{
    app::{App, Opened},
    blobs::Blobs,
    config::{Config, ConfigError, InstanceConfig},
    instance::{Instance, NewInstanceError},
    live::Live,
    metrics::Metrics,
    store::backend::{self, OpenError},
    writer::Writer,
};

/// Stands for the instance where the command was not told of one. There is never anything at this name (RFC 6761).
const NO_INSTANCE: &str = "https://instance.invalid";

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The instance's address cannot be used.
    #[error(transparent)]
    Instance(#[from] NewInstanceError),
    /// There is no relay's data.
    #[error("there is no relay's data in {}: name the directory with --data", path.display())]
    NoData {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The answer cannot be printed.
    #[error("the answer cannot be written")]
    Output(#[source] io::Error),
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A relay runs, and did not answer.
    #[error("the relay on {} does not answer; its log says why", path.display())]
    Silent {
        /// Its directory.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The database or the folder of blobs cannot be read.
    #[error("the relay's data cannot be read")]
    Unreadable,
    /// The relay refused.
    #[error("{0}")]
    Refused(String),
    /// Files that another user makes, the relay could not open.
    #[error("{} belongs to another user: run this as the user that the relay runs as (uid {owner})", path.display())]
    WrongUser {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// It was not confirmed.
    #[error("this cannot be undone: add --yes to do it")]
    NotConfirmed,
}

/// Carries out what the command line says, and prints what came of it.
pub async fn run(arguments: AdminArguments) -> Result<(), AdminError> {
    let (config, as_json) = (arguments.configure()?, arguments.json);
    let order = arguments.order()?;
    let who = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let report = give(config, who.unwrap_or_default(), order).await?;
    print::print(&report, as_json).map_err(AdminError::Output)
}

/// Gives the order to the relay on this directory, or carries it out in its place.
async fn give(config: Config, who: String, order: Order) -> Result<Report, AdminError> {
    let path = config.data.clone();
    let answer = match UnixStream::connect(socket::path(&path)).await {
        Ok(stream) => {
            ask(stream, Request { who, order }).await.map_err(|source| AdminError::Silent { path, source })?
        }
        Err(error) if nobody_listens(&error) => {
            check_directory(&path)?;
            let uid = socket::own_uid().map_err(|source| AdminError::Silent { path, source })?;
            let office = Office::open(config).await?;
            let answer = socket::carried_out(&office.app, &socket::signature(&who, uid), order).await;
            office.close().await;
            answer
        }
        Err(source) => return Err(AdminError::Silent { path, source }),
    };
    match answer {
        Answer::Done(report) => Ok(report),
        Answer::Refused(detail) => Err(AdminError::Refused(detail)),
    }
}

/// A relay on a path that is too long for a socket has none; if one runs, it has the lock.
fn nobody_listens(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput)
}

async fn ask(mut stream: UnixStream, request: Request) -> io::Result<Answer> {
    stream.write_all(&serde_json::to_vec(&request)?).await?;
    stream.shutdown().await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// A directory is not made here, and no file in it that its relay could not open.
fn check_directory(path: &Path) -> Result<(), AdminError> {
    let no_data = || AdminError::NoData { path: path.to_owned() };
    std::fs::metadata(path.join("relay.db")).map_err(|_| no_data())?;
    let owner = std::fs::metadata(path).map_err(|_| no_data())?.uid();
    match socket::own_uid() {
        Ok(own) if own == owner => Ok(()),
        _ => Err(AdminError::WrongUser { path: path.to_owned(), owner }),
    }
}

/// A relay's data, opened to carry out one order. It holds the lock, so no relay runs meanwhile.
struct Office {
    app: App,
    writer: JoinHandle<()>,
    _lock: File,
}

impl Office {
    async fn open(config: Config) -> Result<Self, AdminError> {
        let database = backend::open(&config.data, config.max_pages).await?;
        let blobs = Blobs::open(&config.data).map_err(|_| AdminError::Unreadable)?;
        let (live, metrics) = (Arc::new(Live::new()), Metrics::new());
        let (clock, batches) = (config.clock.clone(), metrics.batches.clone());
        let started = Writer::start(database.writer, clock, Arc::clone(&live), batches).await;
        let (writer, writing) = started.map_err(|_| AdminError::Unreadable)?;
        let at = match &config.instance {
            InstanceConfig::At(url) => url,
            // The built-in instance runs with its relay only.
            InstanceConfig::Demo => NO_INSTANCE,
        };
        let instance = Instance::allowing(at, &config.allow_private_networks)?;
        let app = App::new(
            config,
            Opened {
                public_url: String::new(),
                writer,
                readers: database.readers,
                blobs,
                live,
                instance,
                metrics,
                push: None,
            },
        );
        app.load_settings().await.map_err(|_| AdminError::Unreadable)?;
        Ok(Self { app, writer: writing, _lock: database.lock })
    }

    /// Closes the database, then gives the lock back.
    async fn close(self) {
        let Self { app, writer, _lock } = self;
        app.readers.close().await;
        app.writer.close();
        drop(app);
        if writer.await.is_err() {
            tracing::warn!("the database was not closed cleanly; nothing is lost");
        }
    }
}
