//! What this process keeps in memory of the database, and how it changes after each commit.
//!
//! **Invariant:** it is changed after the commit and before the answer, so nobody who was answered sees older state.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use infrasound_spec::conversation::ConversationId;

use crate::{
    admin::page::Visits,
    cache::Cache,
    hub::{commit_wanted::Asked, current::Current, groups::Groups, turns::Turns},
    link_waits::LinkWaits,
    push::Wakes,
    session::Session,
    streams::Streams,
    writer::Effect,
};

const SESSIONS: usize = 100_000;
const CONVERSATIONS: usize = 10_000;

/// Sessions, current groups, open streams, and what of groups is kept nowhere else.
#[derive(Debug)]
pub(crate) struct Live {
    /// Sessions by their token's digest.
    pub(crate) sessions: Cache<[u8; 32], Arc<Session>>,
    /// The current group of conversations. May be behind: the writer compares.
    pub(crate) conversations: Cache<ConversationId, Arc<Current>>,
    /// The public groups themselves.
    pub(crate) groups: Groups,
    /// Whose commit comes next.
    pub(crate) turns: Turns,
    /// Who was asked to commit.
    pub(crate) asked: Asked,
    /// How often members of one epoch reported two authenticators.
    pub(crate) forks: AtomicU64,
    /// Who listens.
    pub(crate) streams: Streams,
    /// Who may have to be woken.
    pub(crate) wakes: Wakes,
    /// Who waits at a link channel.
    pub(crate) links: LinkWaits,
    draining: AtomicBool,
    /// Who is signed in to the admin page.
    pub(crate) visits: Visits,
}

impl Live {
    /// Nothing known, nobody listening.
    pub(crate) fn new() -> Self {
        Self {
            sessions: Cache::new(SESSIONS),
            conversations: Cache::new(CONVERSATIONS),
            groups: Groups::default(),
            turns: Turns::default(),
            asked: Asked::default(),
            forks: AtomicU64::new(0),
            streams: Streams::default(),
            wakes: Wakes::default(),
            links: LinkWaits::default(),
            draining: AtomicBool::new(false),
            visits: Visits::default(),
        }
    }

    /// The relay is about to stop: whoever listens or waits is sent away, and the relay is not ready any more.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.streams.end_all();
        self.links.wake_all();
    }

    /// Whether the relay is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Applies what a committed batch changed.
    pub(crate) fn apply(&self, seq: u64, effects: &[Effect]) {
        self.wakes.stir_all(effects.iter().filter_map(|effect| match effect {
            Effect::Wake(device) => Some(device),
            _ => None,
        }));
        for effect in effects {
            match effect {
                Effect::Nudge(device, event) => self.streams.tell(device, seq, event),
                Effect::SessionsEnded(device) => {
                    self.sessions.forget(|_, session| session.device == *device);
                    self.streams.end(device);
                }
                Effect::SessionEnded(digest, device) => {
                    self.sessions.forget_key(digest);
                    self.streams.end(device);
                }
                Effect::Wake(_) => {}
                Effect::Subscribed(device, is_another) => self.wakes.subscribe(*device, *is_another),
                Effect::Unsubscribed(device) => self.wakes.unsubscribe(device),
                Effect::LinkMoved(link) => self.links.wake(link),
                Effect::GroupChanged(conversation) => self.conversations.forget_key(conversation),
            }
        }
    }
}
