//! Linking this installation to an account that has devices: the host of the core's [`Newcomer`], until there is a device.
//!
//! Nothing is a device here before all of the history is: whoever finds the home of a link that was not finished signs
//! in anew.

use std::{collections::VecDeque, path::Path, time::Duration};

use infrasound_core::{
    NewDevice, Newcomer,
    event::Event,
    input::{Input, Wish, WishId},
    output::Output,
};
use infrasound_spec::time::Timestamp;
use rand_core::OsRng;
use tokio::task::JoinSet;

use crate::{
    clock,
    error::Error,
    journal::Journal,
    session::{Events, Fresh, Session, StartOver},
    sign_in::Ticketed,
    transport::Transport,
};

/// The clock is looked at again at least so often.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// A link under way on the new device.
#[derive(Debug)]
pub struct Linking {
    fresh: Fresh,
    journal: Journal,
    transport: Transport,
    newcomer: Newcomer,
    outputs: VecDeque<Output>,
    requests: JoinSet<Input>,
    wake_at: Option<Timestamp>,
    wishes: u64,
}

impl Linking {
    /// Begins a link for the account that has just signed in. [`Linking::next`] says what the person has to do.
    pub async fn begin(dir: &Path, ticketed: Ticketed, device_name: String) -> Result<Self, Error> {
        let Ticketed { signed_in, relay } = ticketed;
        let fresh = Fresh::make(dir, relay, StartOver::No)?;
        let journal = Journal::open(&fresh.home.journal()).await?;
        let transport = Transport::new(&fresh.tenant.relay)?;
        let new = NewDevice { signed_in, device_name, start_over: false };
        let (newcomer, outputs) = Newcomer::begin(&fresh.key, new, clock::now(), &mut OsRng)?;
        Ok(Self {
            fresh,
            journal,
            transport,
            newcomer,
            outputs: outputs.into(),
            requests: JoinSet::new(),
            wake_at: None,
            wishes: 0,
        })
    }

    /// The next thing that happens. An error ends the link: nothing remains of it. The link goes on only while this is
    /// awaited, also while the person compares: what the other device needs from here goes out then. Dropped before it is
    /// done, it loses nothing.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            loop {
                // Written again if this was dropped meanwhile, with the same effect.
                if let Some(Output::Persist(batch)) = self.outputs.front() {
                    self.journal.write(std::slice::from_ref(batch)).await?;
                }
                let Some(output) = self.outputs.pop_front() else { break };
                match output {
                    Output::Request(request) => {
                        let transport = self.transport.clone();
                        self.requests.spawn(async move {
                            let id = request.id;
                            match transport.request(request).await {
                                Ok(response) => Input::Response(id, response),
                                Err(error) => Input::Unreachable(id, error),
                            }
                        });
                    }
                    Output::WakeAt(at) => self.wake_at = Some(at),
                    Output::Event(Event::LinkFailed(failure) | Event::WishFailed(_, failure)) => {
                        return Err(failure.into());
                    }
                    // That a wish is done shows in what follows; before there is a device there is nothing to load.
                    Output::Persist(_)
                    | Output::Event(Event::WishDone(..))
                    | Output::Load(_)
                    | Output::DropBlob(_)
                    | Output::OpenStream { .. } => {}
                    Output::Event(event) => return Ok(event),
                }
            }
            let sleep = self.wake_at.map_or(LONGEST_SLEEP, |at| {
                Duration::from_millis(at.millis_since(clock::now())).min(LONGEST_SLEEP)
            });
            let input = tokio::select! {
                Some(Ok(input)) = self.requests.join_next() => input,
                () = tokio::time::sleep(sleep) => Input::Wake,
            };
            self.wake_at = self.wake_at.filter(|at| *at > clock::now());
            self.input(input);
        }
    }

    /// The person says that both devices show the same number.
    pub fn confirm(&mut self) {
        self.wish(Wish::ConfirmLink);
    }

    /// The device is not to be linked after all: the other one learns it.
    pub async fn cancel(mut self) {
        self.wish(Wish::CancelLink);
        for output in std::mem::take(&mut self.outputs) {
            if let Output::Request(request) = output {
                // If it does not arrive, the link ends by itself.
                let _ = self.transport.request(request).await;
            }
        }
    }

    /// After [`Event::LinkDone`]: opens the device, which registers.
    pub async fn finish(self) -> Result<(Session, Events), Error> {
        let Self { fresh, journal, .. } = self;
        Session::open_linked(fresh, journal).await
    }

    fn wish(&mut self, wish: Wish) {
        self.wishes += 1;
        self.input(Input::Wish(WishId(self.wishes), wish));
    }

    fn input(&mut self, input: Input) {
        self.outputs.extend(self.newcomer.handle(input, clock::now(), &mut OsRng));
    }
}
