//! A session: the app's handle on a running client.
//!
//! One task carries the client's outputs out (see `host`); the session sends it wishes and watches where it stands.
//! Dropping a session ends it; [`Session::close`] waits until the home is free again.

use std::{path::Path, time::Duration};

use infrasound_core::{
    Client, NewDevice,
    conversation::summary::Summary,
    event::{Answer, Event, Person},
    input::Wish,
    journal::StorageKey,
    message::MessageState,
};
use infrasound_spec::{
    account::{DeviceId, Handle},
    consent::{ContactState, RequestPolicy},
    content::ObjectId,
    conversation::ConversationId,
};
use rand_core::OsRng;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    clock,
    error::Error,
    home::{Home, HomeError, Registered, Tenant},
    host::{self, Command, Host, Parts},
    journal::Journal,
    relay_url::RelayUrl,
    sign_in::Ticketed,
    spool::Spool,
    status::Status,
    transport::Transport,
};

const REGISTRATION: Duration = Duration::from_secs(45);
/// A wish that needs the relay at once is answered by then, or counts as not answered.
const WISH: Duration = Duration::from_secs(35);
/// Who waits to catch up gives up so long after the relay turned out to be out of reach.
const PATIENCE: Duration = Duration::from_secs(3);

/// A running client.
#[derive(Debug)]
pub struct Session {
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<Status>,
    person: Person,
    relay: RelayUrl,
    spool: Spool,
}

/// What happens in a session, in order. They are kept until they are read: read them, or drop this.
#[derive(Debug)]
pub struct Events(mpsc::UnboundedReceiver<Event>);

impl Events {
    /// The next event; `None` when the session has ended.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }

    /// The next event, if it has happened already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// Whether to give up what is there: in this home, and at the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartOver {
    /// Keep it: refuse if there is anything.
    No,
    /// Set aside what is in the home, and make the account start over if it has devices.
    Yes,
}

/// A home that was emptied for a new device, with a key for its journal.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) home: Home,
    pub(crate) key: StorageKey,
    pub(crate) tenant: Tenant,
}

impl Fresh {
    /// Takes a home and sets aside what is in it. Refuses if it belongs to somebody and is to be kept.
    pub(crate) fn make(dir: &Path, relay: RelayUrl, start_over: StartOver) -> Result<Self, Error> {
        let at_home = |error| Error::home(error, dir);
        let home = Home::take(dir).map_err(at_home)?;
        let tenant = home.tenant().map_err(at_home)?;
        if let (StartOver::No, Some(person)) = (start_over, tenant.and_then(|tenant| tenant.person())) {
            return Err(Error::AlreadySignedIn { handle: person.handle });
        }
        home.set_aside().map_err(at_home)?;
        let key = home.generate_storage_key().map_err(at_home)?;
        let tenant = Tenant { relay, registered: None };
        home.set_tenant(&tenant).map_err(at_home)?;
        Ok(Self { home, key, tenant })
    }
}

/// The account that a home belongs to, if any; for this the home must not be in use.
pub fn signed_in_at(dir: &Path) -> Result<Option<Person>, Error> {
    match Home::take_existing(dir) {
        Ok((_, tenant)) => Ok(tenant.person()),
        Err(HomeError::Empty) => Ok(None),
        Err(error) => Err(Error::home(error, dir)),
    }
}

impl Session {
    /// Makes a home a device of the account that has just signed in.
    pub async fn register(
        dir: &Path,
        ticketed: Ticketed,
        device_name: String,
        start_over: StartOver,
    ) -> Result<(Self, Events), Error> {
        let Ticketed { signed_in, relay } = ticketed;
        let Fresh { home, key, tenant } = Fresh::make(dir, relay, start_over)?;
        let new = NewDevice { signed_in, device_name, start_over: start_over == StartOver::Yes };
        let journal = Journal::open(&home.journal()).await?;
        let (client, outputs) = Client::register(&key, new, clock::now(), &mut OsRng)?;
        let (session, events) = Self::start(home, &tenant, journal, client, outputs)?;
        session.finish_registering(dir, tenant).await?;
        Ok((session, events))
    }

    /// Opens the device that a link has just put into a fresh home.
    pub(crate) async fn open_linked(fresh: Fresh, mut journal: Journal) -> Result<(Self, Events), Error> {
        let Fresh { home, key, tenant } = fresh;
        let dir = home.dir().to_owned();
        let (client, outputs) = host::open_client(&mut journal, &key).await?;
        let (session, events) = Self::start(home, &tenant, journal, client, outputs)?;
        session.finish_registering(&dir, tenant).await?;
        Ok((session, events))
    }

    /// Waits until the relay has confirmed the device, and notes that in the home.
    async fn finish_registering(&self, dir: &Path, tenant: Tenant) -> Result<(), Error> {
        self.wait_registered().await?;
        let registered = Some(self.registered().await?);
        // The host holds the home; the file's writer is this function alone.
        Home::write_tenant(dir, &Tenant { registered, ..tenant }).map_err(|error| Error::home(error, dir))
    }

    /// Opens a home in which somebody has signed in.
    pub async fn open(dir: &Path) -> Result<(Self, Events), Error> {
        let at_home = |error| Error::home(error, dir);
        let (home, tenant) = Home::take_existing(dir).map_err(at_home)?;
        let key = home.storage_key().map_err(at_home)?;
        let mut journal = Journal::open(&home.journal()).await?;
        let (client, outputs) = host::open_client(&mut journal, &key).await?;
        let finish = tenant.registered.is_none();
        let (session, events) = Self::start(home, &tenant, journal, client, outputs)?;
        if finish {
            // The process ended while it signed in: the core asks the relay what became of that.
            session.finish_registering(dir, tenant).await?;
        }
        Ok((session, events))
    }

    fn start(
        home: Home,
        tenant: &Tenant,
        journal: Journal,
        client: Client,
        outputs: Vec<infrasound_core::output::Output>,
    ) -> Result<(Self, Events), Error> {
        let transport = Transport::new(&tenant.relay)?;
        let spool = home.spool().map_err(|error| Error::home(error, home.dir()))?;
        // What is left of files that were sealed for no wish takes up room, and nothing else.
        let _ = spool.keep_only(&client.spooled());
        let person = client.account();
        let (command_sender, commands) = mpsc::channel(64);
        let (events, event_receiver) = mpsc::unbounded_channel();
        let (status, status_receiver) = watch::channel(Status::default());
        let host = Host::new(Parts {
            home,
            journal,
            transport,
            spool: spool.clone(),
            client,
            commands,
            events,
            status,
        });
        tokio::spawn(host.run(outputs));
        let relay = tenant.relay.clone();
        Ok((
            Self { commands: command_sender, status: status_receiver, person, relay, spool },
            Events(event_receiver),
        ))
    }

    /// Gives the client a wish and waits for its answer.
    pub async fn wish(&self, wish: Wish) -> Result<Answer, Error> {
        let (sender, answer) = oneshot::channel();
        self.send(Command::Wish(Box::new(wish), sender)).await?;
        let answer = timeout(WISH, answer).await.map_err(|_| host::no_answer())?;
        Ok(answer.map_err(|_| self.end())??)
    }

    /// Waits until everything that the relay has is taken in; gives up when it can't be reached.
    pub async fn wait_caught_up(&self, limit: Duration) -> Result<(), Error> {
        let mut status = self.status.clone();
        let deadline = Instant::now() + limit;
        let mut until = deadline;
        loop {
            let reason = {
                let now = status.borrow_and_update();
                match (now.end(), now.caught_up) {
                    (Some(end), _) => return Err(end),
                    (None, true) => return Ok(()),
                    (None, false) => now.offline.clone(),
                }
            };
            if reason.is_some() && until == deadline {
                until = deadline.min(Instant::now() + PATIENCE);
            }
            match timeout_at(until, status.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(self.end()),
                Err(_) => return Err(reason.map_or_else(host::no_answer, Error::Offline)),
            }
        }
    }

    /// Waits until nothing is under way and nothing more could go. Says whether that was so in time.
    pub async fn wait_idle(&self, limit: Duration) -> Result<bool, Error> {
        let wait = self.wait_for(|status| status.idle);
        timeout(limit, wait).await.map_or(Ok(false), |waited| waited.map(|()| true))
    }

    /// Waits until a message or a change of a group, queued in this session, is sent or has failed. `None`: not in
    /// time.
    pub async fn wait_sent(&self, message: ObjectId, limit: Duration) -> Result<Option<MessageState>, Error> {
        let (sender, answer) = oneshot::channel();
        self.send(Command::WaitSent(message, sender)).await?;
        match timeout(limit, answer).await {
            Ok(Ok(state)) => Ok(Some(state)),
            Ok(Err(_)) => Err(self.end()),
            Err(_) => Ok(None),
        }
    }

    /// Why the relay could not be reached when it was last tried, if so.
    pub fn offline(&self) -> Option<String> {
        self.status.borrow().offline.clone()
    }

    /// Where sealed files are, on their way.
    pub(crate) fn spool(&self) -> &Spool {
        &self.spool
    }

    /// The account.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The relay.
    pub fn relay(&self) -> &RelayUrl {
        &self.relay
    }

    /// The device.
    pub async fn device(&self) -> Result<DeviceId, Error> {
        self.look(Client::device).await
    }

    /// All conversations, the one with the newest message first.
    pub async fn conversations(&self) -> Result<Vec<Summary>, Error> {
        self.look(Client::conversations).await
    }

    /// The conversation with somebody, if there is one.
    pub async fn conversation_with(&self, who: &Handle) -> Result<Option<ConversationId>, Error> {
        let who = who.clone();
        self.look(move |client| client.conversation_with(&who)).await
    }

    /// Everything that was said of others.
    pub async fn contacts(&self) -> Result<Vec<(Person, ContactState)>, Error> {
        self.look(Client::contacts).await
    }

    /// Who may ask, as the relay last said.
    pub async fn policy(&self) -> Result<RequestPolicy, Error> {
        self.look(Client::policy).await
    }

    /// Ends the session in good order and waits until the home is free.
    pub async fn close(self) {
        let (sender, closed) = oneshot::channel();
        // An error means that the host has ended already, which is what was asked for.
        if self.commands.send(Command::Close(sender)).await.is_ok() {
            let _ = closed.await;
        }
    }

    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        let look = Box::new(move |client: &Client| drop(sender.send(look(client))));
        self.send(Command::Look(look)).await?;
        answer.await.map_err(|_| self.end())
    }

    async fn send(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| self.end())
    }

    async fn wait_registered(&self) -> Result<(), Error> {
        let wait = self.wait_for(|status| status.registered);
        timeout(REGISTRATION, wait)
            .await
            .unwrap_or_else(|_| Err(self.offline().map_or_else(host::no_answer, Error::Offline)))
    }

    async fn wait_for(&self, reached: impl Fn(&Status) -> bool) -> Result<(), Error> {
        let mut status = self.status.clone();
        let seen = status.wait_for(|status| status.end().is_some() || reached(status)).await;
        let end = seen.map_err(|_| Error::Closed)?.end();
        end.map_or(Ok(()), Err)
    }

    async fn registered(&self) -> Result<Registered, Error> {
        let Person { account, handle } = self.person.clone();
        Ok(Registered { account, handle, device: self.device().await? })
    }

    /// Why the session has ended; [`Error::Closed`] while it has not.
    pub fn end(&self) -> Error {
        self.status.borrow().end().unwrap_or(Error::Closed)
    }
}
