//! A conversation that is loaded: its MLS group, its place in the log, and what is to be done next.

pub(crate) mod chain;
mod kept;
pub(crate) mod state;
pub mod summary;

use std::collections::BTreeMap;

use infrasound_spec::{
    account::{AccountUri, Handle},
    commit::{self, CommitViolation},
    conversation::ConversationId,
    mls::LeafError,
    policy::{GroupPolicy, LinkKey},
    roster::Roster,
    time::Timestamp,
};
use openmls::prelude::{GroupId, MlsGroup};

use crate::{
    conversation::{chain::ChainWindow, kept::Kept, state::State},
    group_link::GroupLink,
    journal::{OpenedRecord, Place, RecordDamaged, WriteSet},
    mls::store::{Changes, MlsStore, StoreError},
    output::RequestId,
    stored,
};

/// The record that the state is in.
pub(crate) const STATE: &[u8] = b"state";
const MLS: &[u8] = b"mls/";
const NAME: &[u8] = b"name/";
/// Links that were made on this device, by their keys.
pub(crate) const LINK: &[u8] = b"link/";

/// A loaded conversation.
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) state: State,
    pub(crate) store: MlsStore,
    pub(crate) group: Option<MlsGroup>,
    /// The leaves of the current epoch, each verified before it is somebody.
    pub(crate) members: Roster,
    /// Who may do what, in a group.
    pub(crate) policy: Option<GroupPolicy>,
    /// What the relay calls the members of a group.
    pub(crate) names: BTreeMap<AccountUri, Handle>,
    /// Join links that were made on this device.
    pub(crate) links: BTreeMap<LinkKey, GroupLink>,
    pub(crate) chain: ChainWindow,
    /// How the group was before each provisional commit.
    kept: Kept,
    /// The conversation goes on without this device, until the other account lets it in. Asked anew each time online.
    pub(crate) left_out: bool,
    /// The key of the other account was looked up since it started over.
    pub(crate) key_looked_up: bool,
    /// This device can't come in by itself: somebody else has to let it in. Asked anew each time online, and when the person
    /// wants something there.
    pub(crate) barred: bool,
    /// Names of members were asked for in this epoch.
    pub(crate) names_asked: Option<u64>,
    /// When reports go that can wait.
    pub(crate) reports_due: Option<Timestamp>,
    /// A request whose answer must come before anything else is done here.
    pub(crate) busy: Option<RequestId>,
}

/// A conversation can't be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Damaged(#[from] RecordDamaged),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Leaf(#[from] LeafError),
    #[error(transparent)]
    Context(#[from] CommitViolation),
}

impl Conversation {
    /// A conversation of which nothing is stored yet.
    pub(crate) fn new(id: ConversationId, other: Option<AccountUri>) -> Self {
        Self {
            id,
            state: State::new(id, other),
            store: MlsStore::default(),
            group: None,
            members: Roster::default(),
            policy: None,
            names: BTreeMap::new(),
            links: BTreeMap::new(),
            chain: ChainWindow::default(),
            kept: Kept::default(),
            left_out: false,
            key_looked_up: false,
            barred: false,
            names_asked: None,
            reports_due: None,
            busy: None,
        }
    }

    /// Takes the opened records of the conversation's place.
    pub(crate) fn load(
        id: ConversationId,
        other: Option<AccountUri>,
        records: Vec<OpenedRecord>,
    ) -> Result<Self, LoadError> {
        let mut conversation = Self::new(id, other);
        let mut mls = Vec::new();
        for (name, value) in records {
            if let Some(key) = name.strip_prefix(MLS) {
                mls.push((key.to_vec(), value));
            } else if name == STATE {
                conversation.state = stored::decode(&value)?;
            } else if name.starts_with(LINK) {
                let link: GroupLink = stored::decode(&value)?;
                conversation.links.insert(link.key(), link);
            } else if name.starts_with(NAME) {
                let (account, handle) = stored::decode(&value)?;
                conversation.names.insert(account, handle);
            } else if !conversation.kept.load(&name, &value) {
                conversation.chain.load(&name, &value);
            }
        }
        conversation.store = MlsStore::new(mls);
        conversation.reload_group()?;
        Ok(conversation)
    }

    /// Reads the group from the store, after the store was loaded, rolled back or restored.
    pub(crate) fn reload_group(&mut self) -> Result<(), LoadError> {
        self.group = match &self.state.group_id {
            Some(group_id) => MlsGroup::load(&self.store, &GroupId::from_slice(group_id))?,
            None => None,
        };
        self.refresh_members()
    }

    /// Looks up which leaves there are, and the policy. To be called whenever the epoch has changed.
    pub(crate) fn refresh_members(&mut self) -> Result<(), LoadError> {
        self.members = match &self.group {
            Some(group) => Roster::of(group.public_group(), &self.members)?,
            None => Roster::default(),
        };
        self.refresh_policy()
    }

    /// Reads the policy, where the members are known.
    pub(crate) fn refresh_policy(&mut self) -> Result<(), LoadError> {
        self.policy = match &self.group {
            Some(group) => commit::read_context(group.public_group().group_context())?.1,
            None => None,
        };
        Ok(())
    }

    /// Remembers what the relay calls a member.
    pub(crate) fn name(&mut self, account: &AccountUri, handle: &Handle, writes: &mut WriteSet) {
        if self.names.get(account) != Some(handle) {
            self.names.insert(account.clone(), handle.clone());
            let name = [NAME, account.as_str().as_bytes()].concat();
            writes.put(self.place(), name, stored::encode(&(account, handle)));
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place::Conversation(*self.id.as_bytes())
    }

    /// Writes what changed: the state, openmls' records, the chain.
    pub(crate) fn save(&mut self, writes: &mut WriteSet) {
        writes.put(self.place(), STATE, stored::encode(&self.state));
        self.save_group(writes);
        self.chain.save(writes, &self.place());
    }

    fn save_group(&mut self, writes: &mut WriteSet) {
        let place = self.place();
        if let Some(group) = &mut self.group {
            self.store.store_ratchets(group);
        }
        let taken = self.store.take_changes();
        put_changes(writes, &place, MLS, taken.now);
        self.kept.add(taken.before);
        self.kept.save(writes, &place);
    }

    /// Keeps the group as it is now, until the commit that is about to be applied is confirmed.
    pub(crate) fn keep_group(&mut self, commit: u64, writes: &mut WriteSet) {
        // What has changed up to here does not come from this commit.
        self.save_group(writes);
        self.kept.begin(commit);
    }

    /// The commit, and with it those before it, is confirmed: the groups before them are forgotten.
    pub(crate) fn drop_kept(&mut self, commit: u64, writes: &mut WriteSet) {
        self.kept.confirm(commit);
        self.save_group(writes);
    }

    /// The commit, and with it those after it, is void: the group before it stands again. A founding leaves none.
    pub(crate) fn restore_kept(&mut self, commit: u64, writes: &mut WriteSet) -> Result<(), LoadError> {
        // What has changed up to here goes, too.
        self.save_group(writes);
        let Some(before) = self.kept.undo(commit) else {
            self.drop_group();
            return Ok(());
        };
        put_changes(writes, &self.place(), MLS, before.clone());
        self.store.put_back(before);
        self.save_group(writes);
        self.reload_group()
    }

    /// There is no group any more: a founding was voided or lost the race.
    pub(crate) fn drop_group(&mut self) {
        self.store.clear();
        self.kept.clear();
        self.group = None;
        self.members = Roster::default();
        self.policy = None;
        self.state.group_id = None;
    }
}

/// Writes changes of an openmls store under a prefix.
pub(crate) fn put_changes(writes: &mut WriteSet, place: &Place, prefix: &[u8], changes: Changes) {
    for (key, value) in changes {
        let name = [prefix, &key].concat();
        match value {
            Some(value) => writes.put(place.clone(), name, value),
            None => writes.delete(place.clone(), name),
        }
    }
}
