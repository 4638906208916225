//! Starting and stopping a relay, in this process. The command and the tests use the same.

use std::{fs::File, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    serve::ListenerExt as _,
};
use infrasound_spec::api::blobs::UPLOAD_OFFSET;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::Instant};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

use crate::{
    admin,
    app::{App, Opened},
    blobs::Blobs,
    config::{Config, InstanceConfig},
    demo::{self, DemoState},
    domains,
    error::ApiError,
    housekeeping,
    instance::{Instance, NewInstanceError},
    live::Live,
    metrics::{self, Metrics},
    push::{self, OpenPushError, Push},
    routes,
    store::backend::{self, OpenError},
    web_app,
    writer::Writer,
};

/// How long the writer may take to write what is queued at shutdown.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// A relay that runs.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    public_url: String,
    app: App,
    demo: Option<DemoState>,
    metrics: Option<metrics::Listener>,
    stop: watch::Sender<bool>,
    server: JoinHandle<io::Result<()>>,
    sweeper: JoinHandle<()>,
    writer: JoinHandle<()>,
    orders: Option<JoinHandle<()>>,
    follower: JoinHandle<()>,
    waker: Option<JoinHandle<()>>,
    /// Held until the writer has ended: then another relay may use the directory.
    _lock: File,
}

/// Why a relay does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The folder of blobs cannot be made.
    #[error("the folder of blobs cannot be used")]
    Blobs(#[source] io::Error),
    /// The database cannot be read.
    #[error("the database cannot be read")]
    Unreadable,
    /// The instance's address cannot be used.
    #[error(transparent)]
    Instance(#[from] NewInstanceError),
    /// Devices cannot be woken.
    #[error(transparent)]
    Push(#[from] OpenPushError),
    /// The built-in instance does not start.
    #[error("the built-in instance cannot start")]
    Demo(#[from] demo::OpenError),
}

/// Starts a relay and returns once it listens.
pub async fn serve(config: Config) -> Result<Relay, ServeError> {
    let address = config.listen;
    let unavailable = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(unavailable)?;
    let address = listener.local_addr().map_err(unavailable)?;
    let local = format!("http://{address}");
    let public_url = config.public_url.as_deref().unwrap_or(&local).trim_end_matches('/').to_owned();
    let database = backend::open(&config.data, config.max_pages).await?;
    let blobs = Blobs::open(&config.data).map_err(ServeError::Blobs)?;
    let (live, metrics) = (Arc::new(Live::new()), Metrics::new());
    let (clock, batches) = (config.clock.clone(), metrics.batches.clone());
    let (writer, writing) = Writer::start(database.writer, clock, Arc::clone(&live), batches)
        .await
        .map_err(|_| ServeError::Unreadable)?;
    let (at, demo) = match &config.instance {
        InstanceConfig::At(url) => (url, None),
        InstanceConfig::Demo => (&public_url, Some(DemoState::open(&public_url, Some(&config.data))?)),
    };
    let instance = Instance::allowing(at, &config.allow_private_networks)?.counted_by(metrics.calls.clone());
    let push = Push::open(&config, &writer, &public_url).await?;
    let app = App::new(
        config,
        Opened {
            public_url: public_url.clone(),
            metrics,
            writer,
            readers: database.readers,
            blobs,
            live,
            instance,
            push,
        },
    );
    app.load_settings().await.map_err(|_| ServeError::Unreadable)?;
    let metrics = match app.config.metrics_listen {
        Some(address) => {
            let opened = metrics::Listener::open(address, app.clone()).await;
            Some(opened.map_err(|source| ServeError::Listen { address, source })?)
        }
        None => None,
    };
    let (stop, stopped) = watch::channel(false);
    let sweeper = tokio::spawn(housekeeping::run(app.clone(), stopped.clone()));
    let orders = take_orders(&app, stopped.clone());
    let follower = tokio::spawn(domains::run(app.clone(), stopped.clone()));
    let waker = wake_devices(&app, stopped.clone()).await?;
    let router = whole_router(app.clone(), demo.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let mut stopping = stopped;
    let listener = listener.tap_io(|connection| {
        // Answers are small and awaited: they must not wait for more to send.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // An error means that the handle is gone: then it is over, too.
        drop(stopping.wait_for(|stop| *stop).await);
    });
    let server = tokio::spawn(async move { server.await });
    Ok(Relay {
        address,
        public_url,
        app,
        demo,
        metrics,
        stop,
        server,
        sweeper,
        orders,
        follower,
        waker,
        writer: writing,
        _lock: database.lock,
    })
}

impl Relay {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it is reached.
    pub fn url(&self) -> &str {
        &self.public_url
    }

    /// The built-in instance, if it is used.
    pub fn demo(&self) -> Option<&DemoState> {
        self.demo.as_ref()
    }

    /// Does now what the sweeps do in time: deletes what has expired, ends what may not last, follows the instance.
    pub async fn sweep(&self) -> bool {
        self.app.sweep_expired().await.is_ok()
            && self.app.revoke_unused_devices().await.is_ok()
            && self.app.end_refused_sessions().await.is_ok()
            && self.app.follow_instance().await.is_ok()
    }

    /// Where metrics are read, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|listener| listener.address)
    }

    /// Sends away who listens, with a hint when to come back, and is not ready any more. Requests are still answered.
    pub fn drain(&self) {
        self.app.live.drain();
    }

    /// Stops: nothing new is taken, streams end, what runs ends or is given up, what is queued is written, the database
    /// is closed.
    pub async fn stop(self) {
        self.drain();
        let Self { app, stop, mut server, sweeper, orders, follower, waker, writer, metrics, _lock, .. } =
            self;
        stop.send_replace(true);
        let limit = Duration::from_millis(app.config.drain);
        let deadline = Instant::now() + limit;
        if tokio::time::timeout(limit, &mut server).await.is_err() {
            tracing::warn!("some requests did not end in time; nothing that was acknowledged is lost");
            server.abort();
            drop(server.await);
        }
        for task in [sweeper, follower].into_iter().chain(orders).chain(waker) {
            end_by(deadline, task).await;
        }
        if let Some(metrics) = metrics {
            metrics.close().await;
        }
        // A request that was given up may hold a reader: it is not waited for without end.
        drop(tokio::time::timeout(limit, app.readers.close()).await);
        app.writer.close();
        if tokio::time::timeout(LAST_WRITES, writer).await.is_err() {
            tracing::warn!("the writer did not end in time; nothing that was acknowledged is lost");
        }
    }
}

/// Waits for what was told to stop, and gives it up then. What it had the writer do is whole all the same.
async fn end_by(deadline: Instant, mut task: JoinHandle<()>) {
    if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
        task.abort();
        drop(task.await);
    }
}

/// Wakes devices from now on, if the relay does that.
async fn wake_devices(
    app: &App,
    stopped: watch::Receiver<bool>,
) -> Result<Option<JoinHandle<()>>, ServeError> {
    if app.push.is_none() {
        return Ok(None);
    }
    app.load_subscriptions().await.map_err(|_| ServeError::Unreadable)?;
    Ok(Some(tokio::spawn(push::run(app.clone(), stopped))))
}

/// A relay without the socket works; only its admin has to stop it first.
fn take_orders(app: &App, stopped: watch::Receiver<bool>) -> Option<JoinHandle<()>> {
    match admin::socket::open(&app.config.data) {
        Ok(listener) => Some(tokio::spawn(admin::socket::run(app.clone(), listener, stopped))),
        Err(error) => {
            tracing::warn!(%error, "the socket for `admin` cannot be opened: stop the relay to give orders");
            None
        }
    }
}

pub(crate) fn whole_router(app: App, demo: Option<DemoState>) -> Router {
    let measured = app.clone();
    let mut router = routes::router(app.clone());
    if app.config.access.admin_page {
        router = router.merge(admin::page::router(app));
    }
    if let Some(demo) = demo {
        router = router.merge(demo::router(demo));
    }
    let header = |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    router
        .fallback(web_app::handle)
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            use axum::response::IntoResponse as _;
            tracing::error!("a handler panicked: this is a bug");
            ApiError::internal().into_response()
        }))
        .layer(cors())
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .layer(middleware::from_fn_with_state(measured, metrics::measure))
}

/// Clients in browsers come from anywhere and bring a token, never a cookie.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static(UPLOAD_OFFSET),
        ])
        .expose_headers([header::RETRY_AFTER, header::CONTENT_RANGE])
}
