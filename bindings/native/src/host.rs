//! The host's loop: one task that owns the client, gives it inputs and carries its outputs out, in order.
//!
//! It has no policy. A `Persist` is durable before the next output is begun; when one fails, the client is dropped and
//! nothing that follows is carried out. Spec: `infrasound_core::output`.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use infrasound_core::{
    Client,
    event::{Answer, Event, Failure},
    input::{Input, TransportError, Wish, WishId},
    journal::{Batch, StorageKey},
    output::{BlobBytes, HttpRequest, Output},
};
use infrasound_spec::time::Timestamp;
use rand_core::OsRng;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{self, JoinSet},
};

use crate::{
    clock,
    error::Error,
    fault::Fault,
    home::Home,
    journal::{Journal, JournalError},
    outgoing::Outgoing,
    spool::Spool,
    status::Status,
    stream::{Cursor, FromStream, OpenStream},
    transport::Transport,
};

/// The clock is looked at again at least so often: it may have been set, or the machine have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// What the session asks of the host.
pub(crate) enum Command {
    /// Give the client a wish, and its answer to the sender.
    Wish(Box<Wish>, oneshot::Sender<Result<Answer, Failure>>),
    /// Look something up in the client.
    Look(Box<dyn FnOnce(&Client) + Send>),
    /// Say when a message or a change of a group is no longer pending.
    WaitSent(infrasound_spec::content::ObjectId, oneshot::Sender<infrasound_core::message::MessageState>),
    /// End in good order.
    Close(oneshot::Sender<()>),
}

/// The parts that a host is made of.
pub(crate) struct Parts {
    pub(crate) home: Home,
    pub(crate) journal: Journal,
    pub(crate) transport: Transport,
    pub(crate) spool: Spool,
    pub(crate) client: Client,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) events: mpsc::UnboundedSender<Event>,
    pub(crate) status: watch::Sender<Status>,
}

pub(crate) struct Host {
    parts: Parts,
    inputs: VecDeque<Input>,
    requests: JoinSet<Input>,
    stream: Option<OpenStream>,
    stream_number: u64,
    stream_sender: mpsc::Sender<FromStream>,
    stream_inputs: mpsc::Receiver<FromStream>,
    cursor: Cursor,
    wake_at: Option<Timestamp>,
    wishes: HashMap<WishId, oneshot::Sender<Result<Answer, Failure>>>,
    next_wish: u64,
    outgoing: Outgoing,
    fault: Fault,
}

/// What woke the host.
enum Woken {
    Command(Option<Command>),
    Input(Input),
    Stream(FromStream),
    Time,
}

impl Host {
    pub(crate) fn new(parts: Parts) -> Self {
        let (stream_sender, stream_inputs) = mpsc::channel(64);
        Self {
            parts,
            inputs: VecDeque::new(),
            requests: JoinSet::new(),
            stream: None,
            stream_number: 0,
            stream_sender,
            stream_inputs,
            cursor: Cursor::default(),
            wake_at: None,
            wishes: HashMap::new(),
            next_wish: 0,
            outgoing: Outgoing::default(),
            fault: Fault::from_environment(),
        }
    }

    /// Runs until it is closed or storing fails. Dropping what it holds ends requests and the stream.
    pub(crate) async fn run(mut self, first: Vec<Output>) {
        let end = match self.carry_out(first).await {
            Ok(()) => self.serve().await,
            Err(error) => Err(error),
        };
        let Self { parts: Parts { home, journal, status, client, .. }, requests, stream, .. } = self;
        drop((requests, stream, client));
        let (closed, error) = match end {
            // An orderly close also folds the write-ahead log into the file; without it nothing is lost.
            Ok(closed) => (closed, journal.close().await.err().map_or(Error::Closed, Error::from)),
            Err(error) => (None, error.into()),
        };
        // The lock is free before anybody is told that this is over.
        drop(home);
        status.send_modify(|status| status.stopped = Some(error));
        if let Some(closed) = closed {
            let _ = closed.send(());
        }
    }

    async fn serve(&mut self) -> Result<Option<oneshot::Sender<()>>, JournalError> {
        loop {
            while let Some(input) = self.inputs.pop_front() {
                let outputs = self.parts.client.handle(input, clock::now(), &mut OsRng);
                self.carry_out(outputs).await?;
            }
            self.publish();
            match self.next().await {
                Woken::Command(None) => return Ok(None),
                Woken::Command(Some(Command::Close(closed))) => return Ok(Some(closed)),
                Woken::Command(Some(command)) => self.command(command),
                Woken::Input(input) => self.inputs.push_back(input),
                Woken::Stream((number, input)) if number == self.stream_number => {
                    self.inputs.push_back(input);
                }
                Woken::Time if self.wake_at.is_some_and(|at| at <= clock::now()) => {
                    self.wake_at = None;
                    self.inputs.push_back(Input::Wake);
                }
                // It is not yet time; or a stream that was replaced had something more to say.
                Woken::Stream(_) | Woken::Time => {}
            }
        }
    }

    async fn next(&mut self) -> Woken {
        let sleep = self.wake_at.map_or(LONGEST_SLEEP, |at| {
            Duration::from_millis(at.millis_since(clock::now())).min(LONGEST_SLEEP)
        });
        tokio::select! {
            command = self.parts.commands.recv() => Woken::Command(command),
            Some(answer) = self.requests.join_next() => match answer {
                Ok(input) => Woken::Input(input),
                // Requests are only cancelled with the host itself.
                Err(_) => Woken::Time,
            },
            Some(input) = self.stream_inputs.recv() => Woken::Stream(input),
            () = tokio::time::sleep(sleep) => Woken::Time,
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Wish(wish, answer) => {
                let id = WishId(self.next_wish);
                self.next_wish += 1;
                self.wishes.insert(id, answer);
                self.inputs.push_back(Input::Wish(id, *wish));
            }
            Command::Look(look) => look(&self.parts.client),
            Command::WaitSent(message, answer) => self.outgoing.wait(message, answer),
            Command::Close(_) => {}
        }
    }

    /// Carries outputs out in order; neighbouring `Persist`s share a transaction.
    async fn carry_out(&mut self, outputs: Vec<Output>) -> Result<(), JournalError> {
        let mut batches: Vec<Batch> = Vec::new();
        for output in outputs {
            if self.fault.is_armed() {
                self.write(&mut batches).await?;
            }
            self.fault.before_output();
            match output {
                Output::Persist(batch) => batches.push(batch),
                other => {
                    self.write(&mut batches).await?;
                    self.begin(other).await?;
                }
            }
        }
        self.write(&mut batches).await
    }

    async fn write(&mut self, batches: &mut Vec<Batch>) -> Result<(), JournalError> {
        if batches.is_empty() {
            return Ok(());
        }
        self.parts.journal.write(&std::mem::take(batches)).await
    }

    async fn begin(&mut self, output: Output) -> Result<(), JournalError> {
        match output {
            // Taken by `carry_out` already.
            Output::Persist(batch) => self.parts.journal.write(&[batch]).await?,
            Output::DropBlob(blob) => self.parts.spool.drop_blob(&blob),
            Output::Request(request) => self.begin_request(request),
            Output::OpenStream { token } => self.open_stream(token.0),
            Output::Load(scope) => {
                let records = self.parts.journal.read(scope).await?;
                self.inputs.push_back(Input::Loaded(scope, records));
            }
            Output::Event(event) => self.tell(event),
            Output::WakeAt(at) => self.wake_at = Some(at),
        }
        Ok(())
    }

    fn begin_request(&mut self, request: HttpRequest) {
        let (transport, spool) = (self.parts.transport.clone(), self.parts.spool.clone());
        self.requests.spawn(async move {
            let id = request.id;
            let sealed = match request.bytes {
                Some(BlobBytes::Send { blob, offset, length }) => {
                    let read = task::spawn_blocking(move || spool.read(&blob, offset, length)).await;
                    let Ok(Ok(bytes)) = read else {
                        return Input::Unreachable(id, TransportError::SpoolLost);
                    };
                    Some(bytes)
                }
                Some(BlobBytes::Fetch { .. }) | None => None,
            };
            match transport.carry(request, sealed).await {
                Ok(response) => Input::Response(id, response),
                Err(error) => Input::Unreachable(id, error),
            }
        });
    }

    fn open_stream(&mut self, token: String) {
        self.stream_number += 1;
        let sender = self.stream_sender.clone();
        let transport = self.parts.transport.clone();
        self.stream =
            Some(OpenStream::begin(self.stream_number, transport, token, self.cursor.clone(), sender));
    }

    fn tell(&mut self, event: Event) {
        self.outgoing.observe(&event);
        self.parts.status.send_if_modified(|status| status.observe(&event));
        match event {
            Event::WishDone(id, answer) => self.answer(id, Ok(answer)),
            Event::WishFailed(id, failure) => self.answer(id, Err(failure)),
            // An app that does not listen has no need of the event.
            event => drop(self.parts.events.send(event)),
        }
        // Whoever waited for it finds it among the events.
        self.outgoing.tell();
    }

    fn answer(&mut self, id: WishId, result: Result<Answer, Failure>) {
        if let Some(waiting) = self.wishes.remove(&id) {
            // Whoever wished may have gone away.
            let _ = waiting.send(result);
        }
    }

    fn publish(&self) {
        let (caught_up, idle) = (self.parts.client.is_caught_up(), self.parts.client.is_idle());
        self.parts.status.send_if_modified(|status| status.progress(caught_up, idle));
    }
}

/// Makes a client from what is stored, and what it asks for first.
pub(crate) async fn open_client(
    journal: &mut Journal,
    key: &StorageKey,
) -> Result<(Client, Vec<Output>), Error> {
    let records = journal.read(infrasound_core::journal::Scope::ROOT).await?;
    Ok(Client::open(key, &records, clock::now(), &mut OsRng)?)
}

/// There was no answer in time, by the relay or because of it.
pub(crate) fn no_answer() -> Error {
    Error::Offline("there was no answer in time: try later".to_owned())
}
