//! The world watches: everything that leaves a device, everything that the hub answers, everything that an app is told.

use infrasound_core::{
    event::{Answer, Event},
    input::{HttpResponse, WishId},
    message::{Body, GroupChange, Message},
    output::{HttpRequest, Method},
    warning::Warning,
};
use infrasound_spec::{
    api::{
        conversations::{
            Accepted, ConversationList, FoundConversation, LogPage, SubmitCommit, SubmitMessage,
            SubmitProposal,
        },
        paths,
        problem::Problem,
    },
    content::Act,
    conversation::{ConversationId, ConversationKind},
    log::{self, EntryKind, LogEntry},
    submission::SubmissionId,
    time::MINUTE,
};
use serde::de::DeserializeOwned;

use super::{
    fate,
    ledger::{Ledger, Wished},
    lies::{self, Lie},
    verdict::{Rule, Violation, require},
    world::World,
};

/// So long the relay takes the ticket of a sign-in, in milliseconds (`relay-api.md` 5).
const SIGN_IN_LIFETIME: u64 = 10 * MINUTE;

/// What a request submits.
struct Submission {
    conversation: ConversationId,
    id: SubmissionId,
    bytes: Vec<u8>,
    kind: EntryKind,
}

impl World {
    /// What leaves must be durable, and the same whenever it leaves (rule 4).
    pub(super) fn check_submission(&mut self, device: usize, request: &HttpRequest) -> Result<(), Violation> {
        let Some(submission) = Submission::of(request) else { return Ok(()) };
        let now = self.device_time(device);
        let digest = log::digest(&submission.bytes);
        let Some(durable) = self.devices[device].durable(now) else { return Ok(()) };
        let stored = durable.unfinished().into_iter();
        let mut stored = stored.filter_map(|one| Some((one.submission?, one.note)));
        let found = stored.find(|(made, _)| *made == (submission.id, digest));
        // What brings a device into a group is stored with the conversation, everything else with its wish.
        let known = found.is_some() || {
            let scope = durable.scope_of(submission.conversation);
            durable.is_stored(scope, &self.devices[device].journal.read(scope), submission.id)
        };
        require(known, Rule::Durability, || {
            format!("device {device} submits {} and would not know after a crash", submission.id)
        })?;
        self.ledger.submits(submission.id, digest, found.and_then(|(_, note)| note))
    }

    /// What the hub answers binds it (rule 1).
    pub(super) fn answered(
        &mut self,
        device: usize,
        request: &HttpRequest,
        response: &HttpResponse,
    ) -> Result<(), Violation> {
        require(response.status < 500 || response.status == 503, Rule::Panic, || {
            format!("the hub answers {} to {}", response.status, request.path)
        })?;
        if !(200..300).contains(&response.status) {
            if let (Some(conversation), Some(problem)) = (of_path(&request.path), parse::<Problem>(response))
            {
                let missing = problem.wrong_epoch.map(|missing| missing.entries).unwrap_or_default();
                self.shows_all(device, conversation, &missing)?;
            }
            return Ok(());
        }
        if request.path == paths::DEVICES && request.method == Method::Post {
            let account = self.devices[device].account;
            let earlier = self.devices[..device].iter_mut().filter(|one| one.account == account);
            earlier.for_each(|one| one.revoked = one.revoked.or(Some(self.now)));
        }
        if let Some(submission) = Submission::of(request) {
            let Some(accepted) = parse::<Accepted>(response) else { return Ok(()) };
            let Submission { conversation, id, bytes, kind } = submission;
            self.ledger.memberships.entry(conversation, accepted.number, &bytes);
            if kind == EntryKind::Commit {
                let by = self.ledger.accounts[self.devices[device].account].uri.clone();
                self.ledger.memberships.commits(conversation, accepted.number, by);
            }
            return self.ledger.acknowledges(conversation, id, accepted.number);
        }
        if request.path == paths::CONVERSATIONS
            && let Some(list) = parse::<ConversationList>(response)
        {
            for head in list.conversations {
                if head.kind == ConversationKind::Direct {
                    self.ledger.ends_at(head.conversation, head.last)?;
                }
            }
        }
        if request.path.contains("/log?")
            && let (Some(conversation), Some(page)) = (of_path(&request.path), parse::<LogPage>(response))
        {
            // Of a group, whoever is out of it is not told how it goes on.
            if !self.ledger.is_group(conversation) {
                self.ledger.ends_at(conversation, page.last)?;
            }
            self.shows_all(device, conversation, &page.entries)?;
        }
        Ok(())
    }

    /// The hub shows a log otherwise than it is, if it is one that lies.
    pub(super) fn tell_lie(
        &mut self,
        device: usize,
        request: &HttpRequest,
        response: &mut HttpResponse,
    ) -> Option<Lie> {
        let conversation = of_path(&request.path).filter(|_| request.path.contains("/log?"))?;
        if !self.plan.lies {
            return None;
        }
        let others: Vec<_> = self.devices.iter().map(|other| other.id).collect();
        let mut chance = fate::of_lie(self.plan.seed, device, self.devices[device].requests);
        lies::tell(conversation, response, &others, &mut chance)
    }

    /// Whether a device is about to take an entry in that the hub lies about.
    pub(super) fn is_for(&self, device: usize, lie: Lie) -> bool {
        let standing = self.devices[device].core().and_then(|core| core.standing(lie.conversation));
        standing.is_some_and(|standing| {
            standing.position < lie.number && standing.joined_at < lie.number && standing.confirmed
        }) && self.devices[device].will_not_crash()
    }

    /// A device that has taken in what the hub lied about was warned.
    pub(super) fn must_have_noticed(&self, device: usize, lie: Lie) -> Result<(), Violation> {
        let standing = self.devices[device].core().and_then(|core| core.standing(lie.conversation));
        let taken = standing.is_some_and(|standing| standing.position >= lie.number);
        // Who was taken out passes over what comes after that.
        let out = self.devices[device].retired.is_some() || self.is_over(device, lie.conversation);
        require(!taken || out || self.ledger.warned.contains(&device), Rule::Delivery, || {
            format!("device {device} did not notice a lie about entry {} of {}", lie.number, lie.conversation)
        })
    }

    fn shows_all(
        &mut self,
        device: usize,
        conversation: ConversationId,
        entries: &[LogEntry],
    ) -> Result<(), Violation> {
        for entry in entries {
            self.ledger.shows(conversation, entry)?;
            if entry.kind == EntryKind::Message && entry.bytes.is_some() {
                let id = self.devices[device].id;
                self.ledger.memberships.sees(id, conversation, entry.number);
            }
        }
        Ok(())
    }

    /// A person has the answer to a wish.
    fn told_answer(&mut self, device: usize, wish: WishId, answer: &Answer) {
        let wished = self.ledger.wishes.remove(&(device, wish));
        match answer {
            Answer::Messages(messages) => self.last_history = Some(messages.clone()),
            Answer::Link(link) => self.ledger.links.push(link.clone()),
            Answer::Queued { message, .. } => {
                match wished {
                    Some(Wished { note: Some(note), .. }) => {
                        self.ledger.notes[note].object = Some(message.clone());
                    }
                    Some(Wished { change: true, .. }) => {
                        self.ledger.changes.insert(message.clone(), device);
                    }
                    _ => {}
                }
                self.trace.note(self.now, format_args!("{device}'s wish is stored: {message}"));
            }
            _ => self.trace.note(self.now, format_args!("{device}'s wish is done")),
        }
    }

    /// An app is told something.
    pub(super) fn told(&mut self, device: usize, event: &Event) -> Result<(), Violation> {
        match event {
            Event::Activity { conversation, number, sender, act, .. } => {
                self.trace.note(self.now, format_args!("{device} is told of an activity, {number}"));
                self.told_entry(device, *conversation, *number)?;
                let account = self.ledger.account_of(sender);
                let html = match act {
                    Act::Update { html, .. } => Some(html),
                    _ => None,
                };
                let (Act::Update { object, .. } | Act::Delete { object } | Act::React { object, .. }) = act
                else {
                    return Ok(());
                };
                let right = account.is_some_and(|account| {
                    self.ledger.deeds.contains(&(account, object.clone()))
                        && html.is_none_or(|html| Ledger::writer_of(html) == Some(account))
                });
                require(right, Rule::Sender, || format!("device {device} is told that {sender} did {act:?}"))
            }
            Event::Conversation(_)
            | Event::CaughtUp
            | Event::DevicesChanged
            | Event::Typing { .. }
            | Event::JoinRequests { .. } => Ok(()),
            Event::Changed { object, .. } => {
                self.trace.note(self.now, format_args!("{device} is told that {object} is done"));
                self.ledger.changes.remove(object);
                Ok(())
            }
            Event::NotAdded { .. }
            | Event::Uploading { .. }
            | Event::LinkCompare { .. }
            | Event::LinkProgress { .. }
            | Event::LinkFailed(_)
            | Event::LinkDone
            | Event::LinkOpened { .. } => {
                self.trace.note(self.now, format_args!("{device} is told: {event:?}"));
                Ok(())
            }
            Event::IntentFailed { object, failure, .. } => {
                self.trace.note(self.now, format_args!("{device} is told that {object} failed: {failure}"));
                self.ledger.failed.insert(object.clone());
                self.ledger.changes.remove(object);
                Ok(())
            }
            Event::Message(message) => self.told_message(device, message),
            Event::Warning(_, warning) => {
                self.trace.note(self.now, format_args!("{device} is warned: {warning}"));
                if accuses(warning) {
                    self.ledger.warned.insert(device);
                }
                require(self.plan.lies || !accuses(warning), Rule::Delivery, || {
                    format!("device {device} is warned: {warning}")
                })
            }
            Event::WishDone(wish, answer) => {
                self.told_answer(device, *wish, answer);
                Ok(())
            }
            Event::WishFailed(wish, failure) => {
                self.ledger.wishes.remove(&(device, *wish));
                self.trace.note(self.now, format_args!("{device}'s wish fails: {failure}"));
                Ok(())
            }
            Event::RegistrationFailed(failure) => {
                self.trace.note(self.now, format_args!("{device} is not registered: {failure}"));
                self.devices[device].turned_away = true;
                let age = self.now - self.devices[device].made;
                require(SIGN_IN_LIFETIME <= age, Rule::Ending, || {
                    format!("device {device} is turned away though its sign-in is good: {failure}")
                })
            }
            Event::SignedOut(failure) => {
                self.trace.note(self.now, format_args!("{device} is signed out: {failure}"));
                require(self.devices[device].retired.is_some(), Rule::Ending, || {
                    format!("device {device} is signed out: {failure}")
                })
            }
            Event::MessageState { object, number, .. } => {
                self.trace.note(self.now, format_args!("{device}: {object} is in the log, {number:?}"));
                Ok(())
            }
            Event::Offline { reason, .. } => {
                self.trace.note(self.now, format_args!("{device} is offline: {reason}"));
                Ok(())
            }
            Event::Registered => {
                self.trace.note(self.now, format_args!("{device} is registered"));
                Ok(())
            }
            Event::Receipt { up_to, .. } => {
                self.trace.note(self.now, format_args!("{device} has a receipt up to {up_to}"));
                Ok(())
            }
        }
    }

    /// An app is told of an entry: in order, unless it was warned that the hub lies.
    fn told_entry(
        &mut self,
        device: usize,
        conversation: ConversationId,
        number: u64,
    ) -> Result<(), Violation> {
        let told = self.ledger.tells(device, conversation, number);
        if self.plan.lies && self.ledger.warned.contains(&device) { Ok(()) } else { told }
    }

    fn told_message(&mut self, device: usize, message: &Message) -> Result<(), Violation> {
        let Some(conversation) = message.conversation else { return Ok(()) };
        let Some(number) = message.number else { return Ok(()) };
        self.trace.note(self.now, format_args!("{device} is shown {}, {number}", message.id));
        self.told_entry(device, conversation, number)?;
        self.check_sender(device, message)?;
        let shown = self.ledger.shown.entry((device, conversation)).or_default();
        if !shown.contains(&message.id) {
            shown.push(message.id.clone());
        }
        if matches!(&message.body, Body::Changes(changes) if changes.contains(&GroupChange::Began)) {
            // That it came in, a device tells by its own clock.
            return Ok(());
        }
        let id = self.devices[device].id;
        if matches!(message.body, Body::Html(_)) {
            self.ledger.memberships.sees(id, conversation, number);
        }
        let Some(written) = message.time.as_millis().checked_sub(self.hub_time().as_millis() - self.now)
        else {
            return Ok(());
        };
        let member = written >= self.devices[device].made
            && self.devices[device].revoked.is_none_or(|at| written <= at);
        require(member, Rule::Secrecy, || {
            format!("device {device} is shown {number} of {conversation}, which is not for it")
        })
    }

    /// The sender shown is who wrote it (rule 5).
    pub(super) fn check_sender(&self, device: usize, message: &Message) -> Result<(), Violation> {
        let Body::Html(html) = &message.body else { return Ok(()) };
        let sender = self.ledger.account_of(&message.sender);
        require(sender.is_some() && Ledger::writer_of(html) == sender, Rule::Sender, || {
            format!("device {device} is shown {html:?} as of {}", message.sender)
        })
    }

    /// Where a device stands after a step (rules 2 and 6).
    pub(super) fn look_at(&mut self, device: usize) -> Result<(), Violation> {
        let Some(core) = self.devices[device].core() else { return Ok(()) };
        let own = &self.ledger.accounts[self.devices[device].account];
        let mut standings = Vec::new();
        for summary in core.conversations() {
            let Some(standing) = core.standing(summary.conversation) else { continue };
            for (account, leaf) in &standing.members {
                let owner = self.devices.iter().find(|known| known.id == *leaf).map(|known| known.account);
                let owner = owner.map(|owner| &self.ledger.accounts[owner].uri);
                let other = summary.person().is_none_or(|other| *account == other.account);
                let allowed = *account == own.uri || other;
                require(owner == Some(account) && allowed, Rule::Policy, || {
                    format!("device {device} has a leaf of {account} in {}", summary.conversation)
                })?;
            }
            standings.push(standing);
        }
        standings.iter().try_for_each(|standing| self.ledger.stands(device, standing))
    }
}

impl Submission {
    fn of(request: &HttpRequest) -> Option<Self> {
        let body = request.body.as_deref().filter(|_| request.method == Method::Post)?;
        if request.path == paths::CONVERSATIONS {
            let FoundConversation { conversation, submission, bundle, .. } =
                serde_json::from_slice(body).ok()?;
            return Some(Self {
                conversation,
                id: submission,
                bytes: bundle.commit.0,
                kind: EntryKind::Commit,
            });
        }
        let conversation = of_path(&request.path)?;
        let (id, bytes, kind) = if request.path.ends_with("/messages") {
            let SubmitMessage { submission, message, .. } = serde_json::from_slice(body).ok()?;
            (submission, message.0, EntryKind::Message)
        } else if request.path.ends_with("/commits") {
            let SubmitCommit { submission, bundle, .. } = serde_json::from_slice(body).ok()?;
            (submission, bundle.commit.0, EntryKind::Commit)
        } else if request.path.ends_with("/proposals") {
            let SubmitProposal { submission, proposal, .. } = serde_json::from_slice(body).ok()?;
            (submission, proposal.0, EntryKind::Proposal)
        } else {
            return None;
        };
        Some(Self { conversation, id, bytes, kind })
    }
}

/// The conversation that a path names.
fn of_path(path: &str) -> Option<ConversationId> {
    let rest = path.strip_prefix(paths::CONVERSATIONS)?.strip_prefix('/')?;
    rest.split(['/', '?']).next()?.parse().ok()
}

fn parse<T: DeserializeOwned>(response: &HttpResponse) -> Option<T> {
    serde_json::from_slice(&response.body).ok()
}

/// Why the hub refuses something, if it does.
pub(super) fn refusal(response: &HttpResponse) -> Option<String> {
    (response.status >= 400).then(|| parse::<Problem>(response)).flatten().map(|problem| problem.detail)
}

/// Whether a warning says that the hub or a member did what neither does in this world.
fn accuses(warning: &Warning) -> bool {
    !matches!(
        warning,
        Warning::AccountKeyChanged { .. }
            | Warning::KeysRefused { .. }
            | Warning::WelcomeRefused { .. }
            | Warning::ContactRefused { .. }
    )
}
