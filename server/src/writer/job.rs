//! What the writer is given, and what it gives a job to work with.

use futures_util::future::BoxFuture;
use infrasound_spec::{
    account::DeviceId,
    api::{links::LinkId, problem::ProblemType, stream::StreamEvent},
    conversation::ConversationId,
    time::Timestamp,
};
use tokio::sync::oneshot;

use super::append::{Appended, MessageAppend};
use crate::{error::ApiError, store::Conn};

/// What happens in this process once a job is durable.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A device is told to look.
    Nudge(DeviceId, StreamEvent),
    /// A device's sessions are not what they were: forget them, and end its streams.
    SessionsEnded(DeviceId),
    /// One session ended, and the device's streams with it.
    SessionEnded([u8; 32], DeviceId),
    /// Something was sent in a link channel, or it has ended.
    LinkMoved(LinkId),
    /// A device that is not connected may have to be woken.
    Wake(DeviceId),
    /// A device is to be woken from now on, maybe at another endpoint than before.
    Subscribed(DeviceId, bool),
    /// A device is not to be woken any more.
    Unsubscribed(DeviceId),
    /// A conversation's group is another one.
    GroupChanged(ConversationId),
}

/// What a job works with: the transaction, the time, and the effects that follow the commit.
pub(crate) struct Tx<'b> {
    /// The transaction.
    pub(crate) conn: &'b mut Conn,
    /// The time of the batch.
    pub(crate) now: Timestamp,
    /// The change sequence number of the batch.
    pub(crate) seq: u64,
    /// What follows if this job is kept.
    pub(crate) effects: Vec<Effect>,
}

impl Tx<'_> {
    /// Tells a device to look, after the commit.
    pub(crate) fn nudge(&mut self, device: DeviceId, event: StreamEvent) {
        self.effects.push(Effect::Nudge(device, event));
    }

    /// Has a device woken that is not connected, after the commit.
    pub(crate) fn wake(&mut self, device: DeviceId) {
        self.effects.push(Effect::Wake(device));
    }
}

/// A job as it waits.
pub(super) enum Job {
    Message(Box<MessageAppend>, oneshot::Sender<Result<Appended, ApiError>>),
    Write(Box<dyn WriteJob>),
}

/// How a job went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// The disk is full: nothing of the batch can be kept.
    DiskFull,
    /// It failed: undo it.
    Failed,
    /// Keep what it did.
    Kept,
}

/// A job whose type the queue does not know.
pub(super) trait WriteJob: Send {
    /// Does the work.
    fn run<'c>(&'c mut self, tx: &'c mut Tx<'_>) -> BoxFuture<'c, Ran>;

    /// Answers, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), ApiError>);
}

/// A job with its result, until it is durable.
pub(super) struct Pending<F, T> {
    pub(super) job: Option<F>,
    pub(super) result: Option<Result<T, ApiError>>,
    pub(super) answer: oneshot::Sender<Result<T, ApiError>>,
}

impl<F, T> WriteJob for Pending<F, T>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut Tx<'_>) -> BoxFuture<'c, Result<T, ApiError>> + Send + 'static,
{
    fn run<'c>(&'c mut self, tx: &'c mut Tx<'_>) -> BoxFuture<'c, Ran> {
        Box::pin(async move {
            let Some(job) = self.job.take() else { return Ran::Failed };
            let result = job(tx).await;
            let ran = match &result {
                Ok(_) => Ran::Kept,
                Err(error) if error.0.problem_type == ProblemType::StorageFull => Ran::DiskFull,
                Err(_) => Ran::Failed,
            };
            self.result = Some(result);
            ran
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), ApiError>) {
        let result = match (committed, self.result) {
            // What the job itself refused stays refused for that reason, whatever became of the batch.
            (_, Some(Err(error))) | (Err(error), _) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(ApiError::internal()),
        };
        // Nobody waits any more when the client has hung up.
        drop(self.answer.send(result));
    }
}
