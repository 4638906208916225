//! The writer: one thread that owns the only connection that writes, and commits many requests at once.
//!
//! It takes what is queued, begins one transaction, runs each job under a savepoint (a job that fails undoes only
//! itself), appends all messages in few statements, commits once, and only then answers. So an answer is always durable,
//! and 64 senders share one sync of the disk.
//!
//! **Invariant:** no answer is sent before the commit. **Invariant:** if the commit fails, every job of the batch fails.

mod append;
mod batch;
mod job;

pub(crate) use self::{
    append::{Appended, MessageAppend},
    job::{Effect, Tx},
};

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, oneshot},
    task::{self, JoinHandle},
};

use self::{
    batch::Batches,
    job::{Job, Pending},
};
use crate::{
    clock::Clock,
    error::ApiError,
    live::Live,
    metrics::BatchMetrics,
    store::{Conn, StoreError},
};

/// Jobs that may wait before requests are refused.
const QUEUE: usize = 4096;

/// Where requests hand in what is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Job>,
    closing: Arc<Notify>,
}

impl Writer {
    /// Starts the writer on its connection. It ends when every handle is gone, or it is closed, and the queue is empty.
    pub(crate) async fn start(
        conn: Conn,
        clock: Clock,
        live: Arc<Live>,
        metrics: BatchMetrics,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let closing = Arc::new(Notify::new());
        let batches = Batches::new(conn, clock, live, metrics).await?;
        // A thread of its own. As a task among the requests it would wait behind dozens of them after each statement:
        // an answer of SQLite's thread wakes a busy scheduler only now and then.
        let runtime = Handle::current();
        let closed = Arc::clone(&closing);
        let ended = task::spawn_blocking(move || runtime.block_on(batches.run(jobs, &closed)));
        Ok((Self { queue, closing }, ended))
    }

    /// Starts the writer as one task of the caller's runtime: in a simulation, everything is one thread's.
    #[cfg(feature = "simulation")]
    pub(crate) async fn start_here(
        conn: Conn,
        clock: Clock,
        live: Arc<Live>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let closing = Arc::new(Notify::new());
        let batches = Batches::new(conn, clock, live, BatchMetrics::default()).await?;
        let closed = Arc::clone(&closing);
        Ok((Self { queue, closing }, task::spawn(async move { batches.run(jobs, &closed).await })))
    }

    /// Runs a job in the next transaction and waits until it is durable. If it fails, nothing of it is kept.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl for<'c> FnOnce(&'c mut Tx<'_>) -> BoxFuture<'c, Result<T, ApiError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (answer, answered) = oneshot::channel();
        let pending = Pending { job: Some(job), result: None, answer };
        self.hand_in(Job::Write(Box::new(pending))).await?;
        answered.await.map_err(|_| ApiError::unavailable())?
    }

    /// Appends a message in the next transaction and waits until it is durable.
    pub(crate) async fn append(&self, message: MessageAppend) -> Result<Appended, ApiError> {
        let (answer, answered) = oneshot::channel();
        self.hand_in(Job::Message(Box::new(message), answer)).await?;
        answered.await.map_err(|_| ApiError::unavailable())?
    }

    /// Whether the writer still takes jobs.
    pub(crate) fn is_alive(&self) -> bool {
        !self.queue.is_closed()
    }

    /// How many jobs wait.
    pub(crate) fn queued(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Takes no more: what is queued is written, then the database is closed.
    pub(crate) fn close(&self) {
        self.closing.notify_one();
    }

    async fn hand_in(&self, job: Job) -> Result<(), ApiError> {
        self.queue.send(job).await.map_err(|_| ApiError::unavailable())
    }
}
