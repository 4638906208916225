//! The old device's part of a link: joining, showing the number, and handing over once the person has said yes on both.
//!
//! Nothing of a link is stored: if the process ends, the link is over and this device is as it was.
//!
//! Spec: `devices.md` 3 to 6.

use infrasound_spec::{
    account::DeviceId,
    api::{
        devices::RenameDevice,
        links::{JoinLink, LinkFrames, LinkJoined},
        paths,
        problem::{Problem, ProblemType},
    },
    conversation::ConversationId,
    link::{LinkFrame, LinkMessage},
};

use super::{
    Client,
    history::{PREVIOUS, StoredItem},
    open::StoredListed,
    requests::{Purpose, failure},
    step::Step,
};
use crate::{
    conversation::{STATE, state::State},
    event::{Answer, Event, Failure, FailureCode},
    input::{LinkBy, WishId},
    journal::{OpenedRecord, Place},
    link::{
        Agreed, Answered, Joined, LinkError,
        channel::Channel,
        hand_over::{HandOver, Line, Page},
        pipe::{Due, Pipe},
    },
    output::Method,
    stored,
};

/// A link under way, on the device that is linked from.
pub(super) struct Linking {
    pipe: Pipe,
    stage: Stage,
    confirmed_here: bool,
    confirmed_there: bool,
}

enum Stage {
    Joined(Joined),
    Answered(Answered),
    /// Both have keys; the person compares.
    Agreed(Agreed),
    HandingOver(Channel, HandOver),
    /// While a stage is being replaced, and after the end.
    Over,
}

impl Client {
    pub(super) fn wish_join_link(&mut self, wish: WishId, by: LinkBy, step: &mut Step) {
        if self.linking.is_some() {
            let failure =
                Failure::new(FailureCode::Refused, "another device is being linked: finish that first");
            return step.event(Event::WishFailed(wish, failure));
        }
        let body = match &by {
            LinkBy::Code(code) => JoinLink { code: Some(code.clone()), link: None },
            LinkBy::Uri(uri) => JoinLink { code: None, link: Some(uri.link) },
        };
        let path = paths::LINKS_JOIN.to_owned();
        self.request(Purpose::LinkJoin(wish, by), Method::Post, path, Some(&body), step);
    }

    pub(super) fn link_joined(
        &mut self,
        wish: WishId,
        by: LinkBy,
        answer: Result<LinkJoined, Box<Problem>>,
        step: &mut Step,
    ) {
        let LinkJoined { link, token } = match answer {
            Ok(joined) => joined,
            Err(problem) => return step.event(Event::WishFailed(wish, failure(&problem))),
        };
        let uri = match by {
            LinkBy::Code(_) => None,
            LinkBy::Uri(uri) => Some(uri),
        };
        self.linking = Some(Linking {
            pipe: Pipe::new(token),
            stage: Stage::Joined(Joined::new(link, uri)),
            confirmed_here: false,
            confirmed_there: false,
        });
        step.event(Event::WishDone(wish, Answer::Done));
    }

    /// The person says that the numbers are the same.
    pub(super) fn wish_confirm_link(&mut self) -> Result<Answer, Failure> {
        match &mut self.linking {
            Some(linking) if matches!(linking.stage, Stage::Agreed(_)) => {
                linking.confirmed_here = true;
                Ok(Answer::Done)
            }
            _ => Err(Failure::new(FailureCode::NotFound, "there is no link to confirm")),
        }
    }

    pub(super) fn wish_cancel_link(&mut self, step: &mut Step) -> Answer {
        if let Some(linking) = self.linking.take() {
            self.close_link(&linking, step);
        }
        Answer::Done
    }

    pub(super) fn rename_device(&mut self, wish: WishId, device: DeviceId, name: String, step: &mut Step) {
        let path = paths::with(paths::DEVICE, "device", &device.to_string());
        self.request(Purpose::ChangeDevice(wish), Method::Put, path, Some(&RenameDevice { name }), step);
    }

    pub(super) fn revoke_device(&mut self, wish: WishId, device: DeviceId, step: &mut Step) {
        let path = paths::with(paths::DEVICE, "device", &device.to_string());
        self.ask(Purpose::ChangeDevice(wish), Method::Delete, path, step);
    }

    /// Hands over what there is room for, and asks the relay for what is due.
    pub(super) fn pump_linking(&mut self, step: &mut Step) {
        let Some(mut linking) = self.linking.take() else { return };
        if linking.confirmed_here && linking.confirmed_there {
            linking.begin_handing_over(&self.device.account_seed());
        }
        if let Some(place) = linking.hand_over(step) {
            self.load(place, step);
        }
        for due in linking.pipe.due(step.now) {
            let token = linking.pipe.token();
            match due {
                Due::Send(frame) => {
                    let path = paths::LINKS_FRAMES.to_owned();
                    self.link_request(Purpose::LinkSend, Method::Post, path, Some(&frame), token, step);
                }
                Due::Read(path) => {
                    self.link_request(Purpose::LinkRead, Method::Get, path, None::<&()>, token, step);
                }
            }
        }
        if let Some(at) = linking.pipe.wake_at() {
            step.wake_at(at);
        }
        self.linking = Some(linking);
    }

    /// A request for the link was answered for now, or not at all.
    pub(super) fn link_later(&mut self, purpose: &Purpose, retry_after: Option<u64>, step: &Step) {
        let Some(linking) = &mut self.linking else { return };
        match purpose {
            Purpose::LinkSend => linking.pipe.send_again(retry_after, step.now),
            Purpose::LinkRead => linking.pipe.read_again(retry_after, step.now),
            _ => {}
        }
    }

    pub(super) fn link_sent(&mut self, answer: Result<(), Box<Problem>>, step: &mut Step) {
        let Some(linking) = &mut self.linking else { return };
        match answer {
            Ok(()) => linking.pipe.arrived(),
            Err(problem) if problem.problem_type == ProblemType::RateLimited => {
                linking.pipe.send_again(problem.retry_after, step.now);
            }
            Err(problem) => self.link_failed(ended(&problem), step),
        }
    }

    pub(super) fn link_read(&mut self, answer: Result<LinkFrames, Box<Problem>>, step: &mut Step) {
        let Some(linking) = &mut self.linking else { return };
        let frames = match answer {
            Ok(frames) => frames,
            Err(problem) if problem.problem_type == ProblemType::RateLimited => {
                return linking.pipe.read_again(problem.retry_after, step.now);
            }
            Err(problem) => return self.link_failed(ended(&problem), step),
        };
        let account = self.device.account.clone();
        let taken = linking.pipe.take(frames, step.now).and_then(|frames| {
            frames.iter().try_for_each(|(number, frame)| linking.take(*number, frame, &account, step))
        });
        match taken {
            Err(error) => self.link_failed(refused(error), step),
            Ok(()) if matches!(linking.stage, Stage::Over) => {
                if let Some(linking) = self.linking.take() {
                    self.close_link(&linking, step);
                }
                step.event(Event::LinkDone);
            }
            Ok(()) => {}
        }
    }

    fn link_failed(&mut self, failure: Failure, step: &mut Step) {
        if let Some(linking) = self.linking.take() {
            self.close_link(&linking, step);
            step.event(Event::LinkFailed(failure));
        }
    }

    fn close_link(&mut self, linking: &Linking, step: &mut Step) {
        let (path, token) = (paths::LINKS.to_owned(), linking.pipe.token());
        self.link_request(Purpose::LinkClose, Method::Delete, path, None::<&()>, token, step);
    }

    /// Takes the records of a place that the link has asked for. Says whether nobody else needs them: a conversation
    /// that is only handed over is not kept in memory for that.
    pub(super) fn link_loaded(&mut self, place: &Place, records: &[OpenedRecord], step: &mut Step) -> bool {
        let Some(Linking { stage: Stage::HandingOver(_, hand_over), .. }) = &mut self.linking else {
            return false;
        };
        if hand_over.wants() != Some(place) {
            return false;
        }
        let before = hand_over.records();
        match place {
            Place::Root => hand_over.root(&lines(records), records),
            Place::Conversation(id) => {
                let id = ConversationId::from_bytes(*id);
                let state = records.iter().find(|(name, _)| name == STATE);
                let state = state.and_then(|(_, value)| stored::decode::<State>(value).ok());
                let state = state.map(|state| stored::encode(&state.for_sibling(&id)));
                hand_over.conversation(id, STATE, state.as_deref());
            }
            Place::Timeline(id, number) => {
                hand_over.page(ConversationId::from_bytes(*id), *number, page(records), records);
            }
            Place::Note(id, note) => hand_over.note(ConversationId::from_bytes(*id), note, records),
            Place::KeyPackages => {}
        }
        // A hundred records are worth telling of.
        if before / 100 != hand_over.records() / 100 {
            step.event(Event::LinkProgress { records: hand_over.records() });
        }
        matches!(place, Place::Conversation(_) | Place::Root)
    }
}

impl Linking {
    /// The account key goes first: only now, and only to who the person has seen.
    fn begin_handing_over(&mut self, seed: &[u8; 32]) {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Agreed(Agreed { channel, .. }) => {
                let frame = channel.seal(self.pipe.next_number(), &LinkMessage::AccountKey(seed));
                self.pipe.push(frame);
                self.stage = Stage::HandingOver(channel, HandOver::new());
            }
            stage => self.stage = stage,
        }
    }

    /// Makes frames while there is room. Gives the place that has to be read for more.
    fn hand_over(&mut self, step: &mut Step) -> Option<Place> {
        let Stage::HandingOver(channel, hand_over) = &mut self.stage else { return None };
        while self.pipe.has_room()
            && let Some(frame) = hand_over.frame(channel, self.pipe.next_number())
        {
            self.pipe.push(frame);
            if hand_over.is_ended() {
                step.event(Event::LinkProgress { records: hand_over.records() });
            }
        }
        if self.pipe.has_room() { hand_over.wants().cloned() } else { None }
    }

    fn take(
        &mut self,
        number: u64,
        frame: &[u8],
        account: &infrasound_spec::account::AccountUri,
        step: &mut Step,
    ) -> Result<(), LinkError> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Joined(joined) => {
                let LinkFrame::Commitment(commitment) = LinkFrame::decode(frame)? else {
                    return Err(LinkError::OutOfTurn);
                };
                let (answered, frame) = joined.committed(commitment, &mut step.rng);
                self.pipe.push(frame);
                self.stage = Stage::Answered(answered);
            }
            Stage::Answered(answered) => {
                let LinkFrame::Opening { key, nonce } = LinkFrame::decode(frame)? else {
                    return Err(LinkError::OutOfTurn);
                };
                self.stage = Stage::Agreed(answered.opened(key, nonce, account)?);
            }
            Stage::Agreed(agreed) => {
                let plain = agreed.channel.open(number, frame)?;
                match LinkMessage::decode(&plain)? {
                    LinkMessage::Hello(name) => step.event(Event::LinkCompare {
                        number: agreed.number.clone(),
                        mode: agreed.mode,
                        device: Some(name.to_owned()),
                    }),
                    LinkMessage::Confirmed => self.confirmed_there = true,
                    _ => return Err(LinkError::OutOfTurn),
                }
                self.stage = Stage::Agreed(agreed);
            }
            Stage::HandingOver(channel, hand_over) => {
                let plain = channel.open(number, frame)?;
                let done = hand_over.is_ended() && LinkMessage::decode(&plain)? == LinkMessage::Done;
                if !done {
                    return Err(LinkError::OutOfTurn);
                }
            }
            Stage::Over => return Err(LinkError::OutOfTurn),
        }
        Ok(())
    }
}

/// The conversations that the root lists.
fn lines(records: &[OpenedRecord]) -> Vec<Line> {
    let listed = records.iter().filter(|(name, _)| name.starts_with(b"summary/"));
    let listed = listed.filter_map(|(_, value)| stored::decode::<StoredListed>(value).ok());
    let line = |StoredListed { id, summary, .. }| Line {
        id,
        position: summary.position,
        last_page: summary.last_page,
    };
    listed.map(line).collect()
}

fn page(records: &[OpenedRecord]) -> Page {
    let previous = records.iter().find(|(name, _)| name == PREVIOUS);
    let previous = previous.and_then(|(_, value)| stored::decode(value).ok());
    let items = records.iter().filter(|(name, _)| name != PREVIOUS);
    let items = items.filter_map(|(_, value)| stored::decode::<StoredItem>(value).ok());
    Page { previous, notes: items.map(|item| item.object.as_str().to_owned()).collect() }
}

/// Why a link was given up, for a person.
pub(super) fn refused(error: LinkError) -> Failure {
    Failure::new(FailureCode::Untrusted, format!("the device was not linked: {error}"))
}

/// The relay does not carry the link on.
pub(super) fn ended(problem: &Problem) -> Failure {
    Failure::new(FailureCode::Refused, format!("the device was not linked: {}", problem.detail))
}
