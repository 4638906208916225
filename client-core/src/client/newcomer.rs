//! The new device's part of a link: a machine of its own, since there is no client before there is an account key.
//!
//! It is driven as a [`crate::Client`] is, by inputs and outputs. At its end the journal holds a device that is about to
//! register and all of the history: a client is opened from it as after any crash. Until then it holds no device; who
//! finds it so begins anew. So a link is done whole or not at all.
//!
//! Spec: `devices.md` 3 to 6.

use std::collections::HashMap;

use infrasound_spec::{
    account::{AccountKey, AccountUri, Handle},
    api::{
        links::{LinkFrames, LinkOpened, OpenLink},
        paths,
        problem::{Problem, ProblemType},
        sign_in::{SignedIn, Ticket},
    },
    limits::MAX_DEVICE_NAME,
    link::{LinkFrame, LinkMessage, LinkMode},
    time::{SECOND, Timestamp},
};
use rand_core::{CryptoRng, RngCore};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{
    linking::{ended, refused},
    open::{NewDevice, RegisterError},
    requests::{Reply, failure},
    step::Step,
};
use crate::{
    device::{Device, Registering},
    event::{Answer, Event, Failure, FailureCode},
    input::{HttpResponse, Input, Wish, WishId},
    journal::{Place, Sealer, StorageKey},
    link::{
        Agreed, LinkError, Offered,
        channel::Channel,
        intake::Intake,
        pipe::{Due, Pipe},
    },
    output::{HttpRequest, Method, Output, RequestId},
    stored,
};

/// A device that is being linked.
pub struct Newcomer {
    sealer: Sealer,
    account: AccountUri,
    handle: Handle,
    /// The account's key, in the relay's word.
    account_key: Option<AccountKey>,
    ticket: Ticket,
    name: String,
    stage: Stage,
    pipe: Option<Pipe>,
    requests: HashMap<RequestId, Ask>,
    next_request: u64,
    /// When opening the channel is tried again.
    open_at: Timestamp,
}

enum Stage {
    /// The channel is not open yet.
    Opening,
    Offered(Offered),
    /// Both have keys; the person compares.
    Agreed(Agreed),
    /// The person has said yes, or the screen was seen: the account key may come.
    Confirmed(Channel),
    Receiving(Channel, Zeroizing<[u8; 32]>, Intake),
    /// All is stored; the other device is told.
    Stored,
    /// While a stage is being replaced, and after the end.
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Open,
    Send,
    Read,
    Close,
}

impl Newcomer {
    /// Begins a link for an account that has devices.
    pub fn begin<R: RngCore + CryptoRng>(
        key: &StorageKey,
        new: NewDevice,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(Self, Vec<Output>), RegisterError> {
        if new.device_name.is_empty() || new.device_name.len() > MAX_DEVICE_NAME {
            return Err(RegisterError::DeviceName);
        }
        let SignedIn { ticket, account, handle, account_key, .. } = new.signed_in;
        let mut newcomer = Self {
            sealer: Sealer::new(key),
            account,
            handle,
            account_key,
            ticket,
            name: new.device_name,
            stage: Stage::Opening,
            pipe: None,
            requests: HashMap::new(),
            next_request: 1,
            open_at: now,
        };
        let outputs = newcomer.finish(Step::new(now, rng));
        Ok((newcomer, outputs))
    }

    /// Takes one input in. What comes out is to be carried out in order; see [`crate::output`].
    pub fn handle<R: RngCore + CryptoRng>(
        &mut self,
        input: Input,
        now: Timestamp,
        rng: &mut R,
    ) -> Vec<Output> {
        let mut step = Step::new(now, rng);
        match input {
            Input::Wish(id, wish) => self.wish(id, &wish, &mut step),
            Input::Response(id, response) => self.response(id, &response, &mut step),
            Input::Unreachable(id, _) => {
                if let Some(ask) = self.requests.remove(&id) {
                    self.again(ask, None, step.now);
                }
            }
            // There is no stream and nothing to load before there is a device.
            Input::StreamOpened
            | Input::StreamEvent(_)
            | Input::StreamClosed(_)
            | Input::Loaded(..)
            | Input::Wake => {}
        }
        self.finish(step)
    }

    fn finish(&mut self, mut step: Step) -> Vec<Output> {
        self.pump(&mut step);
        step.finish(&self.sealer)
    }

    fn wish(&mut self, id: WishId, wish: &Wish, step: &mut Step) {
        let outcome = match wish {
            Wish::ConfirmLink => self.confirm(),
            Wish::CancelLink => {
                self.end(step);
                Ok(Answer::Done)
            }
            _ => Err(Failure::new(FailureCode::Refused, "this device is not linked yet")),
        };
        step.event(match outcome {
            Ok(answer) => Event::WishDone(id, answer),
            Err(failure) => Event::WishFailed(id, failure),
        });
    }

    /// The person says that the numbers are the same.
    fn confirm(&mut self) -> Result<Answer, Failure> {
        match (std::mem::replace(&mut self.stage, Stage::Over), &mut self.pipe) {
            (Stage::Agreed(Agreed { channel, .. }), Some(pipe)) => {
                pipe.push(channel.seal(pipe.next_number(), &LinkMessage::Confirmed));
                self.stage = Stage::Confirmed(channel);
                Ok(Answer::Done)
            }
            (stage, _) => {
                self.stage = stage;
                Err(Failure::new(FailureCode::NotFound, "there is no link to confirm"))
            }
        }
    }

    fn pump(&mut self, step: &mut Step) {
        if matches!(self.stage, Stage::Opening) && self.requests.is_empty() {
            if step.now < self.open_at {
                return step.wake_at(self.open_at);
            }
            let body = OpenLink { ticket: self.ticket };
            self.request(Ask::Open, Method::Post, paths::LINKS.to_owned(), Some(&body), step);
        }
        if matches!(self.stage, Stage::Over) {
            return;
        }
        let Some(pipe) = &mut self.pipe else { return };
        let due = pipe.due(step.now);
        if let Some(at) = pipe.wake_at() {
            step.wake_at(at);
        }
        for due in due {
            match due {
                Due::Send(frame) => {
                    let path = paths::LINKS_FRAMES.to_owned();
                    self.request(Ask::Send, Method::Post, path, Some(&frame), step);
                }
                Due::Read(path) => self.request(Ask::Read, Method::Get, path, None::<&()>, step),
            }
        }
    }

    fn request(
        &mut self,
        ask: Ask,
        method: Method,
        path: String,
        body: Option<&impl Serialize>,
        step: &mut Step,
    ) {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        let token = self.pipe.as_ref().map(Pipe::token);
        // The API's own types always have a JSON form.
        let body = body.map(|body| serde_json::to_vec(body).unwrap_or_default());
        step.requests.push(HttpRequest { id, method, path, token, body, bytes: None });
        self.requests.insert(id, ask);
    }

    fn response(&mut self, id: RequestId, response: &HttpResponse, step: &mut Step) {
        let Some(ask) = self.requests.remove(&id) else { return };
        if matches!(self.stage, Stage::Over) {
            // What was still under way has nothing more to say.
            return;
        }
        let reply = if (200..300).contains(&response.status) {
            Reply::Ok(response.body.clone())
        } else {
            let problem = serde_json::from_slice(&response.body).unwrap_or_else(|_| {
                Problem::new(ProblemType::Unknown, format!("the relay answered {}", response.status))
            });
            Reply::Problem(Box::new(problem))
        };
        if let Reply::Problem(problem) = &reply {
            if is_for_now(problem.problem_type) {
                return self.again(ask, problem.retry_after.or(response.retry_after), step.now);
            }
            match ask {
                Ask::Open => self.fail(failure(problem), step),
                Ask::Send | Ask::Read => self.fail(ended(problem), step),
                Ask::Close => {}
            }
            return;
        }
        match ask {
            Ask::Open => match reply.parse::<LinkOpened>() {
                Ok(opened) => self.opened(opened, step),
                Err(problem) => self.fail(failure(&problem), step),
            },
            Ask::Send => self.sent(step),
            Ask::Read => match reply.parse::<LinkFrames>() {
                Ok(frames) => self.read(frames, step),
                Err(problem) => self.fail(ended(&problem), step),
            },
            Ask::Close => {}
        }
    }

    fn again(&mut self, ask: Ask, after: Option<u64>, now: Timestamp) {
        match (ask, &mut self.pipe) {
            (Ask::Open, _) => {
                self.open_at = now.plus_millis(after.unwrap_or(2).clamp(1, 60) * SECOND);
            }
            (Ask::Send, Some(pipe)) => pipe.send_again(after, now),
            (Ask::Read, Some(pipe)) => pipe.read_again(after, now),
            _ => {}
        }
    }

    fn opened(&mut self, opened: LinkOpened, step: &mut Step) {
        let offered = Offered::make(opened.link, &mut step.rng);
        let mut pipe = Pipe::new(opened.token);
        pipe.push(offered.commitment());
        step.event(Event::LinkOpened { code: opened.code, uri: offered.uri() });
        self.pipe = Some(pipe);
        self.stage = Stage::Offered(offered);
    }

    fn sent(&mut self, step: &mut Step) {
        let Some(pipe) = &mut self.pipe else { return };
        pipe.arrived();
        if matches!(self.stage, Stage::Stored) && pipe.is_empty() {
            self.stage = Stage::Over;
            step.event(Event::LinkDone);
        }
    }

    fn read(&mut self, frames: LinkFrames, step: &mut Step) {
        let Some(pipe) = &mut self.pipe else { return };
        let taken = pipe
            .take(frames, step.now)
            .and_then(|frames| frames.iter().try_for_each(|(number, frame)| self.take(*number, frame, step)));
        if let Err(error) = taken {
            self.fail(refused(error), step);
        }
    }

    fn take(&mut self, number: u64, frame: &[u8], step: &mut Step) -> Result<(), LinkError> {
        let Some(pipe) = &mut self.pipe else { return Err(LinkError::OutOfTurn) };
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Offered(offered) => {
                let LinkFrame::Answer { mode, key } = LinkFrame::decode(frame)? else {
                    return Err(LinkError::OutOfTurn);
                };
                pipe.push(offered.opening());
                let agreed = offered.answered(mode, key, &self.account)?;
                pipe.push(agreed.channel.seal(pipe.next_number(), &LinkMessage::Hello(&self.name)));
                step.event(Event::LinkCompare { number: agreed.number.clone(), mode, device: None });
                self.stage = Stage::Agreed(agreed);
                if mode == LinkMode::Uri {
                    // Only who has seen this screen can go on from here: there is nothing to compare.
                    let _ = self.confirm();
                }
            }
            Stage::Confirmed(channel) => {
                let plain = channel.open(number, frame)?;
                let LinkMessage::AccountKey(seed) = LinkMessage::decode(&plain)? else {
                    return Err(LinkError::OutOfTurn);
                };
                let seed = Zeroizing::new(*seed);
                let said = self.account_key;
                if said.is_some_and(|said| said != Device::account_key_of(&seed)) {
                    return Err(LinkError::OtherAccountKey);
                }
                self.stage = Stage::Receiving(channel, seed, Intake::default());
            }
            Stage::Receiving(channel, seed, mut intake) => {
                let plain = channel.open(number, frame)?;
                match LinkMessage::decode(&plain)? {
                    LinkMessage::Records(piece) => {
                        intake.take(piece, &mut step.writes)?;
                        step.event(Event::LinkProgress { records: intake.records() });
                        self.stage = Stage::Receiving(channel, seed, intake);
                    }
                    LinkMessage::End { records } => {
                        intake.end(records)?;
                        pipe.push(channel.seal(pipe.next_number(), &LinkMessage::Done));
                        self.store(&seed, step);
                    }
                    _ => return Err(LinkError::OutOfTurn),
                }
            }
            Stage::Opening | Stage::Agreed(_) | Stage::Stored | Stage::Over => {
                return Err(LinkError::OutOfTurn);
            }
        }
        Ok(())
    }

    /// The history is complete: now there is a device, which will register when it is opened.
    fn store(&mut self, seed: &[u8; 32], step: &mut Step) {
        let (account, handle) = (self.account.clone(), self.handle.clone());
        let device = Device::linked(seed, account, handle, self.name.clone(), step.now, &mut step.rng);
        let registering = Registering { ticket: self.ticket, start_over: false };
        step.writes.put(Place::Root, "device", stored::encode(&device.stored(Some(registering))));
        self.stage = Stage::Stored;
    }

    fn fail(&mut self, failure: Failure, step: &mut Step) {
        if matches!(self.stage, Stage::Stored) {
            // Everything is here. Whether the other device learns it makes no difference any more.
            self.stage = Stage::Over;
            return step.event(Event::LinkDone);
        }
        self.end(step);
        step.event(Event::LinkFailed(failure));
    }

    fn end(&mut self, step: &mut Step) {
        if self.pipe.is_some() {
            self.request(Ask::Close, Method::Delete, paths::LINKS.to_owned(), None::<&()>, step);
        }
        self.pipe = None;
        self.stage = Stage::Over;
    }
}

/// Whether it may work a little later.
fn is_for_now(problem: ProblemType) -> bool {
    matches!(
        problem,
        ProblemType::RateLimited
            | ProblemType::Internal
            | ProblemType::Unavailable
            | ProblemType::StorageFull
            | ProblemType::Unknown
    )
}

impl std::fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Newcomer").field("account", &self.account).finish_non_exhaustive()
    }
}
