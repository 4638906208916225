//! A command at work: a session, what happens in it, and where to say so.

use std::{
    collections::{HashMap, VecDeque},
    path::{Path, PathBuf},
    time::Duration,
};

use infrasound_core::{
    conversation::summary::Summary,
    event::Event,
    input::Wish,
    message::{Body, Message as CoreMessage, MessageState},
};
use infrasound_native::{Error, Events, Session};
use infrasound_spec::{consent::ContactState, conversation::ConversationId};

use crate::{
    exit::CommandError,
    line::{Activity, Changed, Line, Message, NotAdded, Place, State, Warning, message_state},
    name,
    screen::Screen,
};

/// How long a command waits for the relay.
pub(crate) const ONLINE: Duration = Duration::from_secs(15);
/// How long a command lets receipts and other things go out before it ends.
pub(crate) const SETTLE: Duration = Duration::from_secs(10);

/// A running command.
pub(crate) struct App {
    pub(crate) session: Session,
    pub(crate) screen: Screen,
    pub(crate) home: PathBuf,
    events: Events,
    conversations: HashMap<ConversationId, Summary>,
    /// What has happened and was not looked at yet.
    seen: VecDeque<Event>,
}

/// Whether what was wished has reached the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reached {
    Relay,
    Queue,
}

impl Reached {
    /// The word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Relay => "done",
            Self::Queue => "queued",
        }
    }
}

impl App {
    /// Opens the home.
    pub(crate) async fn open(home: &Path, screen: Screen) -> Result<Self, CommandError> {
        let (session, events) = Session::open(home).await?;
        Self::with(session, events, home, screen).await
    }

    /// Works in a session that was opened already.
    pub(crate) async fn with(
        session: Session,
        events: Events,
        home: &Path,
        screen: Screen,
    ) -> Result<Self, CommandError> {
        let mut app = Self {
            session,
            screen,
            home: home.to_owned(),
            events,
            conversations: HashMap::new(),
            seen: VecDeque::new(),
        };
        app.learn().await?;
        Ok(app)
    }

    /// Learns what conversations there are now, and how they are called.
    pub(crate) async fn learn(&mut self) -> Result<(), CommandError> {
        let all = self.session.conversations().await?;
        self.conversations = all.into_iter().map(|summary| (summary.conversation, summary)).collect();
        Ok(())
    }

    /// With whom a conversation is.
    pub(crate) fn place(&self, conversation: Option<ConversationId>) -> Place {
        let Some(summary) = conversation.and_then(|id| self.conversations.get(&id)) else {
            return Place::default();
        };
        Place {
            with: Some(name::of(summary, self.conversations.values())),
            request: summary.request,
            in_group: summary.group().is_some(),
        }
    }

    /// Whether the person wants no news of a conversation as it arrives.
    pub(crate) fn is_muted(&self, conversation: ConversationId) -> bool {
        self.conversations.get(&conversation).is_some_and(|summary| summary.muted)
    }

    /// What stands for a conversation.
    pub(crate) fn name(&self, conversation: ConversationId) -> String {
        self.place(Some(conversation)).with.unwrap_or_else(|| conversation.to_string())
    }

    /// Waits until everything that the relay has is taken in. Says so and gives `false` when it can't be reached.
    pub(crate) async fn catch_up(&mut self) -> Result<bool, CommandError> {
        match self.session.wait_caught_up(ONLINE).await {
            Ok(()) => Ok(true),
            Err(Error::Offline(text)) => {
                self.screen.show(&Line::Offline { text })?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// [`App::catch_up`] for a command that shows what is here: a device that was signed out keeps its history. Gives
    /// the error to end with.
    pub(crate) async fn catch_up_for_history(&mut self) -> Result<Option<CommandError>, CommandError> {
        match self.catch_up().await {
            Ok(_) => Ok(None),
            Err(error @ CommandError::Client(Error::NeedsLogin(_))) => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    /// Waits until what was wished has gone out, unless the relay can't be reached.
    pub(crate) async fn settle(&mut self) -> Result<Reached, CommandError> {
        match self.session.wait_caught_up(ONLINE).await {
            Ok(()) => {}
            Err(Error::Offline(_)) => return Ok(Reached::Queue),
            Err(error) => return Err(error.into()),
        }
        let idle = self.session.wait_idle(SETTLE).await?;
        Ok(if idle { Reached::Relay } else { Reached::Queue })
    }

    /// The next thing that happens.
    pub(crate) async fn next_event(&mut self) -> Option<Event> {
        let event = match self.seen.pop_front() {
            Some(event) => event,
            None => self.events.next().await?,
        };
        self.notice(&event);
        Some(event)
    }

    /// The next thing that happens from now on, if it happens in time.
    pub(crate) async fn wait_event(&mut self, limit: Duration) -> Option<Event> {
        tokio::time::timeout(limit, self.events.next()).await.ok().flatten()
    }

    /// Leaves an event for who looks at what has happened.
    pub(crate) fn put_back(&mut self, event: Event) {
        self.seen.push_back(event);
    }

    /// What has happened already and was not looked at, one by one.
    pub(crate) fn happened(&mut self) -> Option<Event> {
        let event = self.seen.pop_front().or_else(|| self.events.try_next())?;
        self.notice(&event);
        Some(event)
    }

    /// Says what went wrong since the last look, and nothing else.
    pub(crate) fn show_warnings(&mut self) -> Result<(), CommandError> {
        while let Some(event) = self.happened() {
            if matches!(event, Event::Warning(..)) {
                self.show_event(&event)?;
            }
        }
        Ok(())
    }

    /// Says what happened since the last look, except for messages: those are listed by who asks for them.
    pub(crate) fn show_happenings(&mut self) -> Result<(), CommandError> {
        while let Some(event) = self.happened() {
            let is_news = match &event {
                Event::Message(message) => matches!(message.body, Body::Changes(_)),
                Event::Activity { .. }
                | Event::Changed { .. }
                | Event::IntentFailed { .. }
                | Event::JoinRequests { count: 1.., .. }
                | Event::NotAdded { .. }
                | Event::Warning(..) => true,
                _ => false,
            };
            if is_news {
                self.show_event(&event)?;
            }
        }
        Ok(())
    }

    /// Takes the first event of a kind out of what has happened; the others stay.
    pub(crate) fn find_event(&mut self, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        while let Some(event) = self.events.try_next() {
            self.seen.push_back(event);
        }
        let found = self.seen.iter().position(wanted)?;
        self.seen.remove(found)
    }

    /// Why there are no more events.
    pub(crate) fn why_ended(&self) -> Result<(), CommandError> {
        Err(self.session.end().into())
    }

    fn notice(&mut self, event: &Event) {
        if let Event::Conversation(summary) = event {
            self.conversations.insert(summary.conversation, summary.clone());
        }
    }

    /// Says one thing that happened, if it is one that a person wants to hear of.
    pub(crate) fn show_event(&mut self, event: &Event) -> Result<(), CommandError> {
        let Some(line) = self.line(event) else { return Ok(()) };
        self.screen.show(&line)
    }

    /// Says how far a message of one's own is.
    pub(crate) fn show_state(&mut self, message: &CoreMessage) -> Result<(), CommandError> {
        let (state, reason) = message_state(&message.state);
        let line = Line::MessageState(State {
            id: message.id.to_string(),
            conversation: message.conversation.map(|id| id.to_string()),
            with: self.place(message.conversation).with,
            number: message.number,
            state,
            reason,
        });
        self.screen.show(&line)
    }

    fn line(&self, event: &Event) -> Option<Line> {
        Some(match event {
            Event::Message(message) => {
                Line::Message(Message::new(message, &self.place(message.conversation)))
            }
            Event::Activity { conversation, number, sender, own, time, act } => {
                let place = self.place(Some(*conversation));
                Line::Activity(Activity::new(act, *conversation, *number, sender, *own, *time, &place)?)
            }
            // That a message is sent, its own event says. Of receipts and reactions nobody wants to hear it.
            Event::MessageState { state: MessageState::Sent | MessageState::Pending(_), .. } => return None,
            Event::MessageState { conversation, object, number, state } => {
                let (state, reason) = message_state(state);
                let with = self.place(Some(*conversation)).with;
                Line::MessageState(State {
                    id: object.to_string(),
                    conversation: Some(conversation.to_string()),
                    with,
                    number: *number,
                    state,
                    reason,
                })
            }
            Event::IntentFailed { conversation, object, failure } => Line::MessageState(State {
                id: object.to_string(),
                conversation: conversation.map(|id| id.to_string()),
                with: self.place(*conversation).with,
                number: None,
                state: "failed",
                reason: Some(crate::clean::line(&failure.text)),
            }),
            Event::Changed { conversation, object } => Line::Changed(Changed {
                id: object.to_string(),
                conversation: conversation.to_string(),
                with: self.place(Some(*conversation)).with,
            }),
            Event::JoinRequests { conversation, count } => Line::JoinRequests {
                conversation: conversation.to_string(),
                with: self.place(Some(*conversation)).with,
                count: *count,
            },
            Event::NotAdded { conversation, who, failure } => {
                let with = self.place(Some(*conversation)).with;
                Line::NotAdded(NotAdded::new(*conversation, with, who, failure))
            }
            Event::Typing { conversation, who } => Line::Typing {
                conversation: conversation.to_string(),
                with: self.place(Some(*conversation)).with,
                from: who.to_string(),
            },
            Event::Warning(conversation, warning) => {
                Line::Warning(Warning::new(warning, *conversation, &self.place(*conversation)))
            }
            Event::CaughtUp => Line::CaughtUp,
            Event::Offline { reason, .. } => Line::Offline { text: crate::clean::line(reason) },
            _ => return None,
        })
    }

    /// The person has seen this conversation up to a number.
    pub(crate) async fn mark_read(
        &self,
        conversation: ConversationId,
        up_to: u64,
    ) -> Result<(), CommandError> {
        self.session.wish(Wish::MarkRead { conversation, up_to }).await?;
        Ok(())
    }

    /// Ends the command in good order: what is due goes out, warnings are said, the home is free.
    pub(crate) async fn finish(mut self) -> Result<(), CommandError> {
        // A wait that fails has nothing to do with what the command was asked for: that was answered before.
        if self.session.offline().is_none() {
            let _ = self.settle().await;
        }
        self.show_warnings()?;
        self.session.close().await;
        Ok(())
    }

    /// Ends the command without waiting for the relay.
    pub(crate) async fn leave(mut self) -> Result<(), CommandError> {
        self.show_warnings()?;
        self.session.close().await;
        Ok(())
    }
}

/// Whether a conversation is shown in lists and inboxes.
pub(crate) fn is_shown(summary: &Summary) -> bool {
    !matches!(summary.consent, ContactState::Blocked | ContactState::Ignored)
}
