//! The world watches: everything that leaves a device, everything that the hub answers, everything that an app is told.

use infrasound_core::{
    event::{Answer, Event},
    input::HttpResponse,
    message::{Body, Message},
    output::{HttpRequest, Method},
    warning::Warning,
};
use infrasound_spec::{
    api::{
        conversations::{
            Accepted, ConversationList, FoundConversation, LogPage, SubmitCommit, SubmitMessage,
        },
        paths,
        problem::Problem,
    },
    content::Act,
    conversation::ConversationId,
    log::{self, EntryDigest, LogEntry},
    submission::SubmissionId,
};
use serde::de::DeserializeOwned;

use super::{
    ledger::Ledger,
    verdict::{Rule, Violation, require},
    world::World,
};

/// What a request submits.
struct Submission {
    conversation: ConversationId,
    id: SubmissionId,
    digest: EntryDigest,
    founding: bool,
}

impl World {
    /// What leaves must be durable, and the same whenever it leaves (rule 4).
    pub(super) fn check_submission(&mut self, device: usize, request: &HttpRequest) -> Result<(), Violation> {
        let Some(submission) = Submission::of(request) else { return Ok(()) };
        let now = self.device_time(device);
        let durable = self.devices[device].durable(now);
        let stored = durable.map(|core| core.unfinished()).unwrap_or_default().into_iter();
        let mut stored = stored.filter_map(|one| Some((one.submission?, one.note)));
        let found = stored.find(|(made, _)| *made == (submission.id, submission.digest));
        // A founding is stored with its conversation, and this looks at the root alone.
        require(found.is_some() || submission.founding, Rule::Durability, || {
            format!("device {device} submits {} and would not know after a crash", submission.id)
        })?;
        self.ledger.submits(submission.id, submission.digest, found.and_then(|(_, note)| note))
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
                self.shows_all(conversation, &missing)?;
            }
            return Ok(());
        }
        if let Some(submission) = Submission::of(request) {
            let Some(accepted) = parse::<Accepted>(response) else { return Ok(()) };
            return self.ledger.acknowledges(submission.conversation, submission.id, accepted.number);
        }
        if request.path == paths::CONVERSATIONS
            && let Some(list) = parse::<ConversationList>(response)
        {
            for head in list.conversations {
                self.ledger.ends_at(head.conversation, head.last)?;
            }
        }
        if request.path.contains("/log?")
            && let (Some(conversation), Some(page)) = (of_path(&request.path), parse::<LogPage>(response))
        {
            let _ = device;
            self.ledger.ends_at(conversation, page.last)?;
            self.shows_all(conversation, &page.entries)?;
        }
        Ok(())
    }

    fn shows_all(&mut self, conversation: ConversationId, entries: &[LogEntry]) -> Result<(), Violation> {
        entries.iter().try_for_each(|entry| self.ledger.shows(conversation, entry))
    }

    /// An app is told something.
    pub(super) fn told(&mut self, device: usize, event: &Event) -> Result<(), Violation> {
        match event {
            Event::Activity { conversation, number, sender, act, .. } => {
                self.trace.note(self.now, format_args!("{device} is told of an activity, {number}"));
                self.ledger.tells(device, *conversation, *number)?;
                let account = self.ledger.account_of(sender);
                let html = match act {
                    Act::Update { html, .. } => Some(html),
                    _ => None,
                };
                let object = match act {
                    Act::Update { object, .. } | Act::Delete { object } | Act::React { object, .. } => object,
                    _ => return Ok(()),
                };
                let right = account.is_some_and(|account| {
                    self.ledger.deeds.contains(&(account, object.clone()))
                        && html.is_none_or(|html| Ledger::writer_of(html) == Some(account))
                });
                require(right, Rule::Sender, || format!("device {device} is told that {sender} did {act:?}"))
            }
            Event::Conversation(_) | Event::CaughtUp => Ok(()),
            Event::IntentFailed { object, failure, .. } => {
                self.trace.note(self.now, format_args!("{device} is told that {object} failed: {failure}"));
                self.ledger.failed.insert(object.clone());
                Ok(())
            }
            Event::Message(message) => self.told_message(device, message),
            Event::Warning(conversation, warning) => {
                self.trace.note(self.now, format_args!("{device} is warned: {warning}"));
                let _ = conversation;
                require(!accuses(warning), Rule::Delivery, || format!("device {device} is warned: {warning}"))
            }
            Event::WishDone(wish, answer) => {
                let wished = self.ledger.wishes.remove(&(device, *wish));
                match answer {
                    Answer::Messages(messages) => {
                        self.last_history = Some(messages.clone());
                        Ok(())
                    }
                    Answer::Queued { message, .. } => {
                        if let Some(note) = wished.and_then(|wished| wished.note) {
                            self.ledger.notes[note].object = Some(message.clone());
                        }
                        self.trace.note(self.now, format_args!("{device}'s wish is stored: {message}"));
                        Ok(())
                    }
                    _ => {
                        self.trace.note(self.now, format_args!("{device}'s wish is done"));
                        Ok(())
                    }
                }
            }
            Event::WishFailed(wish, failure) => {
                self.ledger.wishes.remove(&(device, *wish));
                self.trace.note(self.now, format_args!("{device}'s wish fails: {failure}"));
                Ok(())
            }
            Event::RegistrationFailed(failure) => {
                self.trace.note(self.now, format_args!("{device} is not registered: {failure}"));
                Ok(())
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

    fn told_message(&mut self, device: usize, message: &Message) -> Result<(), Violation> {
        let Some(conversation) = message.conversation else { return Ok(()) };
        let Some(number) = message.number else { return Ok(()) };
        self.trace.note(self.now, format_args!("{device} is shown {}, {number}", message.id));
        self.ledger.tells(device, conversation, number)?;
        self.check_sender(device, message)?;
        let shown = self.ledger.shown.entry((device, conversation)).or_default();
        if !shown.contains(&message.id) {
            shown.push(message.id.clone());
        }
        let Some(written) = message.time.as_millis().checked_sub(self.hub_time().as_millis() - self.now)
        else {
            return Ok(());
        };
        let Self { devices, .. } = self;
        let member =
            written >= devices[device].made && devices[device].retired.is_none_or(|at| written <= at);
        require(member, Rule::Secrecy, || {
            format!("device {device} is shown {} of {conversation}, which is not for it", number)
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
                let allowed = *account == own.uri || *account == summary.with.account;
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
            let digest = log::digest(bundle.commit.as_slice());
            return Some(Self { conversation, id: submission, digest, founding: true });
        }
        let conversation = of_path(&request.path)?;
        if request.path.ends_with("/messages") {
            let SubmitMessage { submission, message, .. } = serde_json::from_slice(body).ok()?;
            let digest = log::digest(message.as_slice());
            return Some(Self { conversation, id: submission, digest, founding: false });
        }
        if request.path.ends_with("/commits") {
            let SubmitCommit { submission, bundle, .. } = serde_json::from_slice(body).ok()?;
            let digest = log::digest(bundle.commit.as_slice());
            return Some(Self { conversation, id: submission, digest, founding: false });
        }
        None
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
