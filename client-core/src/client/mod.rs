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
//! | `uploading` | the files of an intent go before its message |
//! | `heads` | which conversations there are |
//! | `entries`, `received` | the log becomes history |
//! | `commits`, `provisional` | a commit is applied or refused; it stands or falls |
//! | `history` | reading it back |
//! | `groups` | wishes about groups |
//! | `gathering` | looking up and claiming whom to let in |
//! | `changing` | changes of a group become commits |
//! | `leaving` | proposals: one's own and others' |
//! | `entering` | coming in, or back, by an external commit |
//! | `telling` | what a commit changed, as it is told |
//! | `metadata` | what a group is called |
//! | `roster` | names of members, devices of one's own account |
//! | `renewal` | leaves are renewed when it is time |
//! | `typing` | who is typing |

mod changing;
mod commits;
mod contacts;
mod detaching;
mod entering;
mod entries;
mod failed;
mod founding;
mod gathering;
mod groups;
mod heads;
mod history;
#[cfg(feature = "simulation")]
mod inspection;
mod joining;
mod key_packages;
mod leaving;
mod linking;
mod metadata;
mod newcomer;
mod open;
mod patience;
mod provisional;
mod pump;
mod received;
mod renewal;
mod reporting;
mod requests;
mod roster;
mod sending;
mod session;
mod step;
mod sync;
mod telling;
mod typing;
mod uploading;
mod wish;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use infrasound_spec::{
    account::{AccountUri, DeviceId, Handle},
    api::conversations::{ConversationHead, PendingWelcome, WelcomeId},
    blob::BlobId,
    consent::{ContactState, RequestPolicy},
    conversation::ConversationId,
    time::Timestamp,
};
use rand_core::{CryptoRng, RngCore};

#[cfg(feature = "simulation")]
pub use inspection::{Standing, Unfinished};
pub use newcomer::Newcomer;
pub use open::{NewDevice, OpenError, RegisterError};

use crate::{
    contact::Contact,
    conversation::{
        Conversation,
        summary::{GroupCard, StoredGroup, StoredSummary, Summary, With},
    },
    device::{Device, Registering},
    event::{Event, Person},
    input::Input,
    intent::{Intent, Target},
    journal::{Place, Sealer},
    mls::crypto::Crypto,
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
    crypto: Crypto,
    device: Device,
    /// Until the relay has answered the registration.
    registering: Option<Registering>,
    online: Online,
    policy: RequestPolicy,
    contacts: BTreeMap<AccountUri, Contact>,
    /// The relay was told something of somebody while its list of contacts was on its way.
    contacts_overtaken: bool,
    summaries: BTreeMap<ConversationId, Listed>,
    intents: BTreeMap<u64, Intent>,
    next_intent: u64,
    /// By the ids of their intents.
    failed: BTreeMap<u64, Intent>,
    /// Failed messages that nowhere stay, of which the last step has told.
    told: Vec<u64>,
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
    sync: sync::Sync,
    welcomes: VecDeque<PendingWelcome>,
    /// The last Welcomes that were used or of no use.
    given_back: VecDeque<WelcomeId>,
    joining: Option<Joining>,
    queries: Vec<Query>,
    /// Wishes to see a group.
    views: Vec<(crate::input::WishId, ConversationId)>,
    /// What the relay calls members of groups.
    names: HashMap<AccountUri, Handle>,
    /// The devices of this account, as the relay last said; `None` until it has.
    own_devices: Option<BTreeSet<DeviceId>>,
    /// When a group's metadata is told again, if nobody else does.
    metadata_due: HashMap<ConversationId, Timestamp>,
    /// How often in a row a commit of an intent came too late.
    lost_races: HashMap<u64, u32>,
    /// Where this device has a leaf, the relay says, and which it has never heard of: until Welcomes are told.
    unheard: Vec<ConversationHead>,
    /// Links that this device wants to join by.
    links: HashMap<ConversationId, crate::group_link::GroupLink>,
    /// Files of deleted messages that the relay is to give to nobody any more, and where they were attached.
    detaches: BTreeMap<BlobId, ConversationId>,
    /// How far blobs are, as the relay has said since this client was opened.
    uploads: HashMap<BlobId, uploading::Progress>,
    /// A device that is being linked from this one.
    linking: Option<Linking>,
    /// Scopes that were asked for, and what they are.
    loading: HashMap<crate::journal::Scope, Place>,
    caught_up: bool,
}

/// A conversation in the list.
struct Listed {
    /// The other account of a direct conversation.
    other: Option<AccountUri>,
    /// What is known of a group.
    group: Option<StoredGroup>,
    began: bool,
    stored: StoredSummary,
    waiting: Option<String>,
    /// What had been taken in when the relay was last asked for its heads.
    asked_at: u64,
    /// The relay took this account's answer to the invitation while it was asked for its heads: what they say of that may be
    /// from before.
    answered_since: bool,
    said: Said,
    /// How many ask to be let into the group, as the app was told last.
    join_requests: u64,
}

/// What the relay last said of a conversation.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// The other account has started over: its leaves are nobody's devices.
    started_over: bool,
    /// Whether this device has a leaf there. The account has one.
    leaf: Option<bool>,
    /// Nothing any more, since it is over for this account.
    forgotten: bool,
}

impl Listed {
    fn new(other: Option<AccountUri>, group: Option<StoredGroup>, began: bool) -> Self {
        Self {
            other,
            group,
            began,
            stored: StoredSummary::default(),
            waiting: None,
            asked_at: 0,
            answered_since: false,
            said: Said::default(),
            join_requests: 0,
        }
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
        self.crypto.reseed(&step.seed());
        self.forget_told(&mut step);
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
        self.summaries.iter().find(|(_, listed)| listed.other.as_ref() == Some(account)).map(|(id, _)| *id)
    }

    /// Whether messages wait for somebody whose account has not been looked up yet.
    pub fn is_waiting_for(&self, who: &Handle) -> bool {
        self.intents.values().any(|intent| matches!(&intent.target, Target::Handle(handle) if handle == who))
    }

    /// The blobs whose sealed bytes must stay in the spool. Others are left from what a crash has interrupted.
    pub fn spooled(&self) -> Vec<BlobId> {
        let intents = self.intents.values().chain(self.failed.values());
        intents.flat_map(|intent| &intent.uploads).map(|upload| upload.blob).collect()
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
        let (with, consent) = match (&listed.other, &listed.group) {
            (Some(other), _) => {
                let contact = self.contacts.get(other)?;
                (With::Person(contact.person()), contact.state)
            }
            (None, Some(group)) => {
                let inviter = group.inviter.as_ref();
                let card = GroupCard {
                    metadata: group.metadata.clone(),
                    inviter: inviter.map(|(account, _)| Person {
                        account: account.clone(),
                        handle: self.handle_of(account),
                    }),
                    ended: group.ended,
                };
                (With::Group(Box::new(card)), group.consent)
            }
            (None, None) => return None,
        };
        Some(Summary {
            conversation: id,
            with,
            consent,
            request: consent == ContactState::None && !listed.began,
            unread: listed.stored.unread,
            last_message: listed.stored.last_message,
            last_time: listed.stored.last_time,
            preview: listed.stored.preview.clone(),
            waiting: listed.waiting.clone(),
            muted: listed.stored.muted,
            archived: listed.stored.archived,
        })
    }

    /// What this account says of a conversation: of the other in it, or of being in the group.
    fn consent(&self, id: ConversationId) -> ContactState {
        match self.summaries.get(&id) {
            Some(Listed { other: Some(other), .. }) => self.contact_state(other),
            Some(Listed { group: Some(group), .. }) => group.consent,
            _ => ContactState::None,
        }
    }

    /// Whether others may see that this device is there.
    fn may_speak(&self, id: ConversationId) -> bool {
        let over = self.group(id).is_some_and(|group| group.ended.is_some());
        self.consent(id) == ContactState::Accepted && !over
    }

    /// Whether this account wants to hear of a conversation at all.
    fn listens(&self, id: ConversationId) -> bool {
        !matches!(self.consent(id), ContactState::Ignored | ContactState::Blocked)
    }

    fn group(&self, id: ConversationId) -> Option<&StoredGroup> {
        self.summaries.get(&id)?.group.as_ref()
    }

    fn group_mut(&mut self, id: ConversationId) -> Option<&mut StoredGroup> {
        self.summaries.get_mut(&id)?.group.as_mut()
    }

    /// Tells the app that a line of the list has changed, and stores it.
    fn summary_changed(&self, id: ConversationId, step: &mut Step) {
        if let Some(listed) = self.summaries.get(&id) {
            let name = [b"summary/".as_slice(), id.as_bytes()].concat();
            let stored = open::StoredListed {
                id,
                other: listed.other.clone(),
                group: listed.group.clone(),
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
