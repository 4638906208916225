//! The client: one machine for everything that a device does.
//!
//! It is driven by level, not by edge: after every input, [`Client::pump`] looks at what is stored and at what is under
//! way, and asks for what is missing. So a crash, a lost answer or a repeated event need no case of their own.
//!
//! | file | what |
//! |---|---|
//! | `open` | register a device, open a stored one |
//! | `pump` | what is to be done next |
//! | `requests` | requests and where their answers go |
//! | `patience` | what waits by itself |
//! | `linking`, `newcomer` | another device: from the old one, and the new one itself |
//! | `session` | sessions, being offline, the stream |
//! | `wish` | a person's wishes |
//! | `contacts` | looking up, consent, pins |
//! | `key_packages` | making and refilling them |
//! | `founding` | a new conversation |
//! | `joining` | a Welcome |
//! | `sending` | intents become submissions |
//! | `entries`, `received` | the log becomes history |
//! | `history` | reading it back |

mod contacts;
mod entries;
mod founding;
mod history;
mod joining;
mod key_packages;
mod linking;
mod newcomer;
mod open;
mod patience;
mod pump;
mod received;
mod requests;
mod sending;
mod session;
mod step;
mod wish;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use infrasound_spec::{
    account::{AccountUri, DeviceId, Handle},
    api::conversations::PendingWelcome,
    consent::{ContactState, RequestPolicy},
    conversation::ConversationId,
    time::Timestamp,
};
use openmls_rust_crypto::RustCrypto;
use rand_core::{CryptoRng, RngCore};

pub use newcomer::Newcomer;
pub use open::{NewDevice, OpenError, RegisterError};

use crate::{
    contact::Contact,
    conversation::{
        Conversation,
        summary::{StoredSummary, Summary},
    },
    device::{Device, Registering},
    event::{Event, Person},
    input::Input,
    intent::{Intent, Target},
    journal::{Place, Sealer},
    output::{Output, RequestId},
};
use history::Query;
use joining::Joining;
use key_packages::KeyPackageIndex;
use linking::Linking;
use patience::Patience;
use requests::Purpose;
use session::Online;
use step::Step;

/// A device of an account, as a state machine. See the [crate] for how it is driven.
pub struct Client {
    sealer: Sealer,
    crypto: RustCrypto,
    device: Device,
    /// Until the relay has answered the registration.
    registering: Option<Registering>,
    online: Online,
    policy: RequestPolicy,
    contacts: BTreeMap<AccountUri, Contact>,
    summaries: BTreeMap<ConversationId, Listed>,
    intents: BTreeMap<u64, Intent>,
    next_intent: u64,
    key_packages: KeyPackageIndex,
    conversations: HashMap<ConversationId, Conversation>,
    /// Conversations with something to do.
    active: BTreeSet<ConversationId>,
    /// How long each log is, as far as the relay has said.
    known_last: HashMap<ConversationId, u64>,
    /// What foundings have found out so far.
    foundings: HashMap<ConversationId, founding::Ground>,
    patience: Patience,
    /// When a conversation's receipts go, so that they are coalesced.
    receipts_due: HashMap<ConversationId, Timestamp>,
    requests: HashMap<RequestId, Purpose>,
    next_request: u64,
    sync: Sync,
    welcomes: VecDeque<PendingWelcome>,
    joining: Option<Joining>,
    queries: Vec<Query>,
    /// A device that is being linked from this one.
    linking: Option<Linking>,
    /// Scopes that were asked for, and what they are.
    loading: HashMap<crate::journal::Scope, Place>,
    caught_up: bool,
}

/// A conversation in the list.
struct Listed {
    other: AccountUri,
    began: bool,
    stored: StoredSummary,
    waiting: Option<String>,
    /// What had been taken in when the relay was last asked for its heads.
    asked_at: u64,
    /// The other account has started over, the relay says: its leaves are nobody's devices.
    started_over: bool,
}

/// What has to be asked of the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one question, asked or not; there is no state in between"
)]
struct Sync {
    account: bool,
    contacts: bool,
    conversations: bool,
    welcomes: bool,
    key_packages: bool,
}

impl Sync {
    const ALL: Self =
        Self { account: true, contacts: true, conversations: true, welcomes: true, key_packages: true };

    fn is_done(self) -> bool {
        !(self.account || self.contacts || self.conversations || self.welcomes || self.key_packages)
    }
}

impl Client {
    /// Takes one input in. What comes out is to be carried out in order; see [`crate::output`].
    pub fn handle<R: RngCore + CryptoRng>(
        &mut self,
        input: Input,
        now: Timestamp,
        rng: &mut R,
    ) -> Vec<Output> {
        let mut step = Step::new(now, rng);
        match input {
            Input::Wish(id, wish) => self.wish(id, wish, &mut step),
            Input::Response(id, response) => self.response(id, &response, &mut step),
            Input::Unreachable(id, error) => self.unreachable(id, error, &mut step),
            Input::StreamOpened => self.stream_opened(),
            Input::StreamEvent(json) => self.stream_event(&json, &mut step),
            Input::StreamClosed(error) => self.stream_closed(error, &mut step),
            Input::Loaded(scope, records) => self.loaded(scope, &records, &mut step),
            Input::Wake => {}
        }
        self.finish(step)
    }

    fn finish(&mut self, mut step: Step) -> Vec<Output> {
        self.pump(&mut step);
        step.finish(&self.sealer)
    }

    /// The account that this is a device of.
    pub fn account(&self) -> Person {
        Person { account: self.device.account.clone(), handle: self.device.handle.clone() }
    }

    /// The device.
    pub fn device(&self) -> DeviceId {
        self.device.id
    }

    /// Who may ask, as the relay last said.
    pub fn policy(&self) -> RequestPolicy {
        self.policy
    }

    /// All conversations, the one with the newest message first. Blocked and ignored ones are among them.
    pub fn conversations(&self) -> Vec<Summary> {
        let mut all: Vec<Summary> = self.summaries.keys().filter_map(|id| self.summary(*id)).collect();
        all.sort_by(|a, b| b.last_time.cmp(&a.last_time).then(a.conversation.cmp(&b.conversation)));
        all
    }

    /// The conversation with somebody, if there is one.
    pub fn conversation_with(&self, who: &Handle) -> Option<ConversationId> {
        let account = &self.contact_by_handle(who)?.account;
        self.summaries.iter().find(|(_, listed)| listed.other == *account).map(|(id, _)| *id)
    }

    /// Whether messages wait for somebody whose account has not been looked up yet.
    pub fn is_waiting_for(&self, who: &Handle) -> bool {
        self.intents.values().any(|intent| matches!(&intent.target, Target::Handle(handle) if handle == who))
    }

    /// Everything that was said of others: accepted, ignored, blocked.
    pub fn contacts(&self) -> Vec<(Person, ContactState)> {
        self.contacts.values().map(|contact| (contact.person(), contact.state)).collect()
    }

    /// Whether the client is online and has taken in everything that the relay has for it.
    pub fn is_caught_up(&self) -> bool {
        self.caught_up
    }

    /// Whether nothing is under way and nothing could go now.
    pub fn is_idle(&self) -> bool {
        self.requests.is_empty()
            && self.loading.is_empty()
            && self.caught_up
            && self.active.is_empty()
            && self.receipts_due.is_empty()
    }

    fn summary(&self, id: ConversationId) -> Option<Summary> {
        let listed = self.summaries.get(&id)?;
        let contact = self.contacts.get(&listed.other)?;
        Some(Summary {
            conversation: id,
            with: contact.person(),
            consent: contact.state,
            request: contact.state == ContactState::None && !listed.began,
            unread: listed.stored.unread,
            last_message: listed.stored.last_message,
            last_time: listed.stored.last_time,
            preview: listed.stored.preview.clone(),
            waiting: listed.waiting.clone(),
        })
    }

    /// Tells the app that a line of the list has changed, and stores it.
    fn summary_changed(&self, id: ConversationId, step: &mut Step) {
        if let Some(listed) = self.summaries.get(&id) {
            let name = [b"summary/".as_slice(), id.as_bytes()].concat();
            let stored = open::StoredListed {
                id,
                other: listed.other.clone(),
                began: listed.began,
                summary: listed.stored.clone(),
            };
            step.writes.put(Place::Root, name, crate::stored::encode(&stored));
        }
        if let Some(summary) = self.summary(id) {
            step.event(Event::Conversation(summary));
        }
    }

    /// Says why messages of a conversation wait, if that has changed.
    fn set_waiting(&mut self, id: ConversationId, waiting: Option<String>, step: &mut Step) {
        let Some(listed) = self.summaries.get_mut(&id) else { return };
        if listed.waiting != waiting {
            listed.waiting = waiting;
            self.summary_changed(id, step);
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("device", &self.device).finish_non_exhaustive()
    }
}
