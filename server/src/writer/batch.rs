//! One batch: begin, run, commit, answer, tell.

use std::{sync::Arc, time::Instant};

use infrasound_spec::{
    mutant::{self, Mutant},
    time::Timestamp,
};
use tokio::sync::{Notify, mpsc, oneshot};

use super::{
    append::{self, Appended, MessageAppend},
    job::{Effect, Job, Ran, Tx, WriteJob},
};
use crate::{
    clock::Clock,
    error::ApiError,
    live::Live,
    metrics::BatchMetrics,
    store::{Conn, StoreError, backend, sequence},
};

/// Jobs of one transaction. A thousand rows commit as fast as one; the limit keeps the first from waiting.
const BATCH: usize = 512;

/// The writer's state.
pub(super) struct Batches {
    conn: Conn,
    clock: Clock,
    live: Arc<Live>,
    metrics: BatchMetrics,
    seq: u64,
}

type Answer = Result<Appended, ApiError>;
type Message = (Box<MessageAppend>, oneshot::Sender<Answer>);

/// The jobs of a batch with what became of them.
#[derive(Default)]
struct Done {
    writes: Vec<Box<dyn WriteJob>>,
    messages: Vec<(oneshot::Sender<Answer>, Answer)>,
    effects: Vec<Effect>,
}

impl Batches {
    /// A writer that goes on where the last one ended.
    pub(super) async fn new(
        mut conn: Conn,
        clock: Clock,
        live: Arc<Live>,
        metrics: BatchMetrics,
    ) -> Result<Self, StoreError> {
        let seq = sequence::load(&mut conn).await?;
        Ok(Self { conn, clock, live, metrics, seq })
    }

    /// Commits batches until nobody can hand in more. While one is committed, the next one gathers. Once closed, it
    /// takes what is queued and no more.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>, closing: &Notify) {
        let mut taken = Vec::with_capacity(BATCH);
        loop {
            let count = tokio::select! {
                biased;
                count = jobs.recv_many(&mut taken, BATCH) => count,
                () = closing.notified() => {
                    jobs.close();
                    continue;
                }
            };
            if count == 0 {
                break;
            }
            self.commit(taken.drain(..)).await;
        }
        if let Err(error) = backend::close(self.conn).await {
            tracing::warn!(%error, "the database was not closed cleanly; nothing is lost");
        }
    }

    async fn commit(&mut self, jobs: impl Iterator<Item = Job>) {
        let (mut writes, mut messages) = (Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Message(message, answer) => messages.push((message, answer)),
                Job::Write(job) => writes.push(job),
            }
        }
        let (begun, now) = (Instant::now(), self.clock.now());
        let mut done = Done::default();
        let committed = self.transaction(writes, messages, now, &mut done).await.map_err(ApiError::from);
        self.metrics.ended(done.messages.len(), done.writes.len(), begun.elapsed(), committed.is_ok());
        if committed.is_ok() {
            self.seq += 1;
            self.live.apply(self.seq, &done.effects);
        } else {
            backend::roll_back(&mut self.conn).await;
        }
        for job in done.writes {
            job.answer(committed.clone());
        }
        for (answer, result) in done.messages {
            drop(answer.send(committed.clone().and(result)));
        }
    }

    /// Fills `done` also when it fails, so that every job is answered.
    async fn transaction(
        &mut self,
        writes: Vec<Box<dyn WriteJob>>,
        messages: Vec<Message>,
        now: Timestamp,
        done: &mut Done,
    ) -> Result<(), StoreError> {
        let seq = self.seq + 1;
        let begun = backend::begin(&mut self.conn).await;
        let mut failed = begun.err().map(StoreError::from);
        for mut job in writes {
            if failed.is_none() {
                failed = self.write(job.as_mut(), now, seq, &mut done.effects).await.err();
            }
            done.writes.push(job);
        }
        let (appends, answers): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let mut results = Vec::new();
        if failed.is_none() && !appends.is_empty() {
            let mut tx = Tx { conn: &mut self.conn, now, seq, effects: Vec::new() };
            match append::append_all(&mut tx, appends).await {
                Ok(appended) => {
                    results = appended;
                    done.effects.append(&mut tx.effects);
                }
                Err(error) => failed = Some(error),
            }
        }
        let mut results = results.into_iter();
        done.messages = answers
            .into_iter()
            .map(|answer| (answer, results.next().unwrap_or_else(|| Err(ApiError::unavailable()))))
            .collect();
        if let Some(error) = failed {
            return Err(error);
        }
        sequence::store(&mut self.conn, seq).await?;
        if mutant::is(Mutant::AnswersUncommitted) && seq.is_multiple_of(16) {
            backend::roll_back(&mut self.conn).await;
            return Ok(());
        }
        Ok(backend::commit(&mut self.conn).await?)
    }

    async fn write(
        &mut self,
        job: &mut dyn WriteJob,
        now: Timestamp,
        seq: u64,
        effects: &mut Vec<Effect>,
    ) -> Result<(), StoreError> {
        backend::begin_job(&mut self.conn).await?;
        let mut tx = Tx { conn: &mut self.conn, now, seq, effects: Vec::new() };
        match job.run(&mut tx).await {
            Ran::DiskFull => return Err(StoreError::Full),
            Ran::Failed => backend::undo_job(&mut self.conn).await?,
            Ran::Kept => {
                effects.append(&mut tx.effects);
                backend::keep_job(&mut self.conn).await?;
            }
        }
        Ok(())
    }
}
