//! Being online: sessions, the stream, and waiting when the relay does not answer.

use infrasound_spec::{
    account::DeviceId,
    api::{
        devices::{AskChallenge, Challenge, Session, StartSession, session_content},
        paths,
        stream::StreamEvent,
    },
    signing::Purpose as Signing,
    time::{MINUTE, SECOND, Timestamp},
};
use rand_core::RngCore as _;

use super::{Client, requests::Purpose, step::Step, sync::Topic};
use crate::{
    event::{Event, Failure},
    input::{TransportError, Wish, WishId},
    output::Method,
};

/// A session is renewed when this much of its life is left, in milliseconds, or half of it if it is short.
const RENEW_BEFORE: u64 = 10 * MINUTE;
/// The longest wait between two tries, in milliseconds.
const LONGEST_WAIT: u64 = MINUTE;

/// How this client stands with the relay.
#[derive(Default)]
pub(super) struct Online {
    session: Option<Session>,
    /// Until when the session is used, by this device's clock: the relay's may differ.
    use_until: Timestamp,
    /// The relay no longer knows the ticket: it may have registered the device and the answer was lost.
    pub(super) unsure: bool,
    /// Not before this time is anything tried again.
    pub(super) wait_until: Option<Timestamp>,
    /// Whether the relay asked for that wait: then an answer to something else does not end it.
    demanded: bool,
    session_began: Timestamp,
    failures: u32,
    stream: Stream,
    /// Wishes that need the relay at once and wait for a session.
    pub(super) deferred: Vec<(WishId, Wish)>,
    /// The relay no longer accepts this device.
    pub(super) signed_out: bool,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Stream {
    #[default]
    Closed,
    Opening,
    Open,
}

impl Client {
    /// The session's token, if there is a session that will hold for a while.
    pub(super) fn token(&self, now: Timestamp) -> Option<String> {
        let session = self.online.session.as_ref()?;
        (now < self.online.use_until).then(|| session.token.to_string())
    }

    /// Gets a session and the stream. Says whether there is a session.
    pub(super) fn pump_session(&mut self, step: &mut Step) -> bool {
        let Some(token) = self.token(step.now) else {
            if !self.has_request(|purpose| matches!(purpose, Purpose::Challenge | Purpose::StartSession)) {
                let body = AskChallenge { device: self.device.id };
                self.request(
                    Purpose::Challenge,
                    Method::Post,
                    paths::SESSION_CHALLENGE.to_owned(),
                    Some(&body),
                    step,
                );
            }
            return false;
        };
        if self.online.stream == Stream::Closed {
            self.online.stream = Stream::Opening;
            step.open_stream = Some(token);
        }
        true
    }

    pub(super) fn challenge_given(&mut self, challenge: Challenge, step: &mut Step) {
        let device: DeviceId = self.device.id;
        let content = session_content(&challenge, &device);
        let signature = self.device.signer.sign_for(Signing::SessionStart, &content);
        let body = StartSession { device, challenge, signature };
        self.request(Purpose::StartSession, Method::Post, paths::SESSIONS.to_owned(), Some(&body), step);
    }

    pub(super) fn session_started(&mut self, session: Session, step: &mut Step) {
        // A relay that gives sessions without a life is not asked for the next one at once.
        let life = session.expires.millis_since(session.now).max(MINUTE);
        self.online.use_until = step.now.plus_millis(life - RENEW_BEFORE.min(life / 2));
        self.online.session_began = step.now;
        self.online.session = Some(session);
        self.online.stream = Stream::Closed;
        if std::mem::take(&mut self.online.unsure) {
            self.save_device(step);
            step.event(Event::Registered);
        }
    }

    /// The session is no longer one: the next pump gets another.
    pub(super) fn session_lost(&mut self, step: &mut Step) {
        let short = step.now.millis_since(self.online.session_began) < MINUTE;
        if self.online.session.take().is_some() && short {
            self.back_off("the relay ends sessions as soon as it gives them", None, step);
        }
    }

    /// The relay answered something: it can be reached.
    pub(super) fn reached(&mut self) {
        self.online.failures = 0;
        if !self.online.demanded {
            self.online.wait_until = None;
        }
    }

    /// The relay could not be reached, or asked for patience: nothing more goes out for a while.
    pub(super) fn back_off(&mut self, reason: &str, retry_after: Option<u64>, step: &mut Step) {
        if self.online.wait_until.is_some_and(|until| until > step.now) {
            return;
        }
        let base = SECOND.saturating_mul(1 << self.online.failures.min(6)).min(LONGEST_WAIT);
        self.online.failures = self.online.failures.saturating_add(1);
        // Jitter, so that a relay that comes back is not met by everybody at once.
        let wait = retry_after.map_or(base / 2 + u64::from(step.rng.next_u32()) % base, |seconds| {
            seconds.saturating_mul(SECOND).clamp(SECOND, 10 * MINUTE)
        });
        let retry_at = step.now.plus_millis(wait);
        self.online.wait_until = Some(retry_at);
        self.online.demanded = retry_after.is_some();
        self.caught_up = false;
        step.event(Event::Offline { reason: reason.to_owned(), retry_at });
    }

    /// Nothing is sent any more.
    pub(super) fn sign_out(&mut self, failure: Failure, step: &mut Step) {
        if !self.online.signed_out {
            self.online.signed_out = true;
            self.online.session = None;
            self.linking = None;
            for (wish, _) in std::mem::take(&mut self.online.deferred) {
                step.event(Event::WishFailed(wish, failure.clone()));
            }
            step.event(Event::SignedOut(failure));
        }
    }

    pub(super) fn stream_opened(&mut self) {
        self.online.stream = Stream::Open;
        // What happened while the stream was closed is asked for once: an event may have been missed.
        for (id, conversation) in &mut self.conversations {
            conversation.key_looked_up = false;
            conversation.names_asked = None;
            let waited = std::mem::take(&mut conversation.barred);
            if std::mem::take(&mut conversation.left_out) || waited {
                self.active.insert(*id);
            }
        }
        self.sync.want_what_streams();
    }

    pub(super) fn stream_closed(&mut self, error: TransportError, step: &mut Step) {
        // A relay that no longer knows the session opens no stream. An answer to something else says why.
        if self.online.stream == Stream::Opening {
            self.sync.want(Topic::Account);
        }
        self.online.stream = Stream::Closed;
        self.back_off(&error.to_string(), None, step);
    }

    /// The stream says where to look. What it says is not believed, only looked at.
    pub(super) fn stream_event(&mut self, json: &str, step: &mut Step) {
        let Ok(event) = serde_json::from_str::<StreamEvent>(json) else { return };
        match event {
            StreamEvent::Ready => {}
            StreamEvent::Log { conversation, last } => self.log_grew(conversation, last),
            StreamEvent::Welcome => self.sync.want(Topic::Welcomes),
            StreamEvent::Contacts => self.sync.want(Topic::Contacts),
            StreamEvent::Devices => {
                self.sync.want(Topic::Devices);
                step.event(Event::DevicesChanged);
            }
            StreamEvent::KeyPackages { .. } => self.sync.want(Topic::KeyPackages),
            StreamEvent::Conversations | StreamEvent::JoinRequests { .. } => {
                self.sync.want(Topic::Conversations);
            }
            StreamEvent::StartedOver { account } => self.other_started_over(&account),
            StreamEvent::CommitWanted { conversation } => self.commit_wanted(conversation, step),
            StreamEvent::Typing { conversation, sealed } => self.take_typing(conversation, &sealed, step),
        }
    }
}
