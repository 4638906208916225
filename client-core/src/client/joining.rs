//! Joining by a Welcome: silently. What the inviter can see of it is nothing, until the person accepts.
//!
//! A join that fails leaves the key package as it was: openmls deletes it, and the deletion is rolled back.
//!
//! Joining a large group, this device reads what every leaf says of itself, and verifies its own account's, the inviter's
//! and those of accounts that it knows. The others are verified when they say something, and all of them before this device
//! does anything there; if one is nobody's, the join is refused after the fact.
//!
//! Spec: `conversations.md` 2 and 10; `key-packages.md` 5.

use std::collections::BTreeMap;

use infrasound_spec::{
    account::{AccountKey, AccountUri, Handle},
    api::{
        conversations::{PendingWelcome, TreeBytes, WelcomeId, WelcomeList},
        paths,
        problem::Problem,
    },
    commit,
    consent::{ContactState, Stranger, Verdict},
    conversation::{Conversation as Context, ConversationId, ConversationKind},
    log::LogPosition,
    mls::LOG_POSITION_EXTENSION,
    report::{self, CommitOutcome},
    roster::Roster,
    time::HOUR,
};
use openmls::group::JoinBuilder;
use openmls::prelude::{
    DeserializeBytes as _, MlsGroup, MlsMessageBodyIn, MlsMessageIn, ProcessedWelcome, RatchetTreeIn,
    StagedWelcome,
};

use super::{
    Client, entries::is_plausible, patience::Waiter, received::Origin, requests::Purpose, step::Step,
    sync::Topic, telling::StoredChange,
};
use crate::{
    conversation::{Conversation, put_changes, summary::StoredGroup},
    event::Event,
    journal::{OpenedRecord, Place},
    mls::{self, Provider, store::MlsStore},
    output::Method,
    warning::Warning,
};

/// Welcomes that are looked at at once; the relay keeps the others.
const MAX_WELCOMES: usize = 1_000;
/// Conversations in the list; beyond, Welcomes are not used.
const MAX_CONVERSATIONS: usize = 100_000;

/// A Welcome that is being used.
pub(super) struct Joining {
    welcome: PendingWelcome,
    /// Whose invitation it is, the relay says.
    inviter: AccountUri,
    tree: Option<Vec<u8>>,
    pub(super) key_packages: Option<Vec<OpenedRecord>>,
}

/// Why a Welcome can't be used.
#[derive(Debug, thiserror::Error)]
enum JoinError {
    #[error("it does not verify ({0})")]
    Invalid(String),
    #[error("it is not for the conversation that the relay said")]
    WrongConversation,
    #[error("a device in it is not endorsed by its account")]
    Unendorsed,
    #[error("somebody is in it who does not belong there")]
    Stranger,
    #[error("it does not say where in the history it begins")]
    NoPosition,
}

/// What a Welcome led to.
struct Joined {
    group: MlsGroup,
    store: MlsStore,
    members: Roster,
    context: Context,
    position: LogPosition,
}

/// Whether who joins says if the commit stands: in a group that stood before, those who were in it do.
fn judges(context: &Context, group: &MlsGroup) -> bool {
    context.kind() == ConversationKind::Direct || group.epoch().as_u64() == 1
}

impl Client {
    pub(super) fn welcomes_told(&mut self, list: Result<WelcomeList, Box<Problem>>, step: &mut Step) {
        self.sync.answered(Topic::Welcomes);
        // Who has a link waited for this.
        self.active.extend(self.links.keys());
        let unheard = std::mem::take(&mut self.unheard);
        let Ok(list) = list else { return };
        for welcome in list.welcomes {
            if self.welcomes.len() >= MAX_WELCOMES {
                return;
            }
            if !is_plausible(welcome.number) {
                continue;
            }
            let known = self.welcomes.iter().any(|other| other.welcome == welcome.welcome)
                || self.joining.as_ref().is_some_and(|joining| joining.welcome.welcome == welcome.welcome);
            // What was given back is not looked at again, whatever the relay says.
            if !known && !self.given_back.contains(&welcome.welcome) {
                self.welcomes.push_back(welcome);
            }
        }
        for head in unheard {
            // Heard of since, by a Welcome: the head is from before that.
            let heard = self.summaries.contains_key(&head.conversation);
            if !heard && !self.has_welcome(head.conversation) {
                self.list_from_head(&head, step);
                self.take_head(&head, step);
            }
        }
        let outside = self.conversations.iter().filter(|(_, one)| one.left_out || one.state.is_bare());
        self.active.extend(outside.map(|(id, _)| *id));
    }

    /// Whether a Welcome into a conversation waits here, and is not on its way back to the relay.
    pub(super) fn has_welcome(&self, id: ConversationId) -> bool {
        let dropping = |welcome: &PendingWelcome| {
            self.has_request(|purpose| matches!(purpose, Purpose::DropWelcome(id) if *id == welcome.welcome))
        };
        self.welcomes.iter().any(|welcome| welcome.conversation == id && !dropping(welcome))
            || self.joining.as_ref().is_some_and(|joining| joining.welcome.conversation == id)
    }

    /// Gets what a Welcome needs, one after the other, and uses it.
    pub(super) fn pump_joining(&mut self, step: &mut Step) {
        if self.joining.is_none() && !self.begin_joining(step) {
            return;
        }
        let Some(joining) = &self.joining else { return };
        let id = joining.welcome.conversation;
        let Some(conversation) = self.conversations.get(&id) else {
            return self.load(Place::Conversation(*id.as_bytes()), step);
        };
        if conversation.is_joined() {
            let number = joining.welcome.number;
            // Of a conversation that is put away nothing is read: then the place where it came in says so.
            let known = number <= conversation.state.joined_at;
            // Who was removed, or has left, still has the group that it was in; a later Welcome is into a new one.
            if known || !conversation.is_out() {
                let known = known || number <= conversation.state.position.number;
                return self.welcome_not_needed(known, step);
            }
        }
        if self.group(id).is_some_and(|group| group.ended.is_some()) {
            // Only now it is known that this is a new invitation, and not one of before the end.
            let inviter = joining.welcome.inviter.clone();
            self.list_group(id, Some(&inviter), step);
            return self.pump_joining(step);
        }
        if conversation.state.entering.is_some() && self.listens(id) {
            // Its own commit may be in the log already, and would take the leaf away that the Welcome gives.
            self.active.insert(id);
            return;
        }
        if joining.key_packages.is_none() {
            return self.load(Place::KeyPackages, step);
        }
        if joining.tree.is_none() {
            if !self.has_request(|purpose| matches!(purpose, Purpose::Tree)) {
                let path = paths::with(paths::TREE, "conversation", &id.to_string());
                let path = paths::with(&path, "hash", &joining.welcome.tree.to_string());
                self.ask(Purpose::Tree, Method::Get, path, step);
            }
            return;
        }
        if let Some(joining) = self.joining.take() {
            self.join(joining, step);
        }
    }

    /// This device is in a group already. Of the one that it is in, the Welcome has done its work.
    fn welcome_not_needed(&mut self, known: bool, step: &mut Step) {
        let Some(Joining { welcome, .. }) = self.joining.take() else { return };
        if known {
            // Joined before a crash, and the relay was not told; or a relay that offers what is not needed.
            return self.drop_welcome(&welcome, step);
        }
        // The log may say that the group that this device is in stands no more.
        self.log_grew(welcome.conversation, welcome.number);
        self.put_off(Waiter::Conversation(welcome.conversation), None, step);
    }

    /// Takes the next Welcome, unless it makes no sense from the outside.
    fn begin_joining(&mut self, step: &mut Step) -> bool {
        // Until the relay has told what the account says of others, nobody can be judged.
        if self.sync.is_unknown(Topic::Contacts) || self.summaries.len() >= MAX_CONVERSATIONS {
            return false;
        }
        // Those that are being given back to the relay stay in the list until it has them.
        let Some(welcome) = self.next_welcome(step) else { return false };
        if welcome.kind == ConversationKind::Group {
            return self.begin_joining_group(welcome, step);
        }
        let Some((other, handle)) = self.inviter(&welcome) else {
            let other = welcome.participants.iter().find(|one| one.account != self.device.account);
            let who = other.map_or_else(|| self.device.handle.clone(), |one| one.handle.clone());
            let reason =
                "it is not for a conversation of yours with one other account of that name".to_owned();
            step.event(Event::Warning(None, Warning::WelcomeRefused { who, reason }));
            self.drop_welcome(&welcome, step);
            return false;
        };
        self.contact(&other, &handle);
        self.save_contact(&other, step);
        self.list_direct(&other, false, step);
        self.joining = Some(Joining { welcome, inviter: other, tree: None, key_packages: None });
        true
    }

    fn begin_joining_group(&mut self, welcome: PendingWelcome, step: &mut Step) -> bool {
        let listed = self.summaries.get(&welcome.conversation);
        let direct = listed.is_some_and(|listed| listed.group.is_none());
        let inviter = welcome.inviter.clone();
        if direct || !self.may_be_called(&inviter.account, &inviter.handle) {
            let reason = "it is not for a group, or its inviter goes by a name that is somebody else's";
            let warning = Warning::WelcomeRefused { who: inviter.handle, reason: reason.to_owned() };
            step.event(Event::Warning(None, warning));
            self.drop_welcome(&welcome, step);
            return false;
        }
        if listed.is_none() {
            self.list_group(welcome.conversation, Some(&inviter), step);
        }
        self.joining = Some(Joining { welcome, inviter: inviter.account, tree: None, key_packages: None });
        true
    }

    fn next_welcome(&self, step: &mut Step) -> Option<PendingWelcome> {
        self.welcomes
            .iter()
            .find(|welcome| {
                let dropping = self.has_request(
                    |purpose| matches!(purpose, Purpose::DropWelcome(id) if *id == welcome.welcome),
                );
                !dropping && !self.is_put_off(&Waiter::Conversation(welcome.conversation), step)
            })
            .cloned()
    }

    /// The other of the two accounts whose conversation it says it is.
    fn inviter(&self, welcome: &PendingWelcome) -> Option<(AccountUri, Handle)> {
        let other =
            welcome.participants.iter().find(|participant| participant.account != self.device.account)?;
        let direct = Context::direct(&self.device.account, &other.account, 0)?;
        let fits = direct.id == welcome.conversation && self.may_be_called(&other.account, &other.handle);
        fits.then(|| (other.account.clone(), other.handle.clone()))
    }

    /// Gives a Welcome back to the relay: used, or of no use.
    fn drop_welcome(&mut self, welcome: &PendingWelcome, step: &mut Step) {
        let path = paths::with(paths::WELCOME, "welcome", &welcome.welcome.to_string());
        self.ask(Purpose::DropWelcome(welcome.welcome), Method::Delete, path, step);
    }

    /// Gone is what was wanted; a refusal changes nothing.
    pub(super) fn welcome_given_back(&mut self, welcome: WelcomeId) {
        let about = self.welcomes.iter().filter(|pending| pending.welcome == welcome);
        self.active.extend(about.map(|pending| pending.conversation));
        self.welcomes.retain(|pending| pending.welcome != welcome);
        self.given_back.push_back(welcome);
        if self.given_back.len() > MAX_WELCOMES {
            self.given_back.pop_front();
        }
        if self.welcomes.is_empty() {
            // The list may have been a part of all.
            self.sync.want(Topic::Welcomes);
        }
    }

    pub(super) fn tree_fetched(&mut self, tree: Result<TreeBytes, Box<Problem>>, step: &mut Step) {
        match tree {
            Ok(tree) => {
                if let Some(joining) = &mut self.joining {
                    joining.tree = Some(tree.tree.0);
                }
            }
            // Without a tree the Welcome is of no use, and whoever sent it has to know.
            Err(problem) => {
                if let Some(joining) = self.joining.take() {
                    self.refuse_welcome(&joining.welcome, &joining.inviter, &problem.detail, step);
                }
            }
        }
    }

    fn join(&mut self, joining: Joining, step: &mut Step) {
        let Joining { welcome, inviter, tree, key_packages } = joining;
        let id = welcome.conversation;
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        match self.try_join(&welcome, &inviter, &tree.unwrap_or_default(), key_packages.unwrap_or_default()) {
            Ok(joined) => {
                self.joined(&mut conversation, &welcome, joined, step);
                self.conversations.insert(id, conversation);
                self.active.insert(id);
                self.drop_welcome(&welcome, step);
            }
            Err(error) => {
                self.conversations.insert(id, conversation);
                self.refuse_welcome(&welcome, &inviter, &error.to_string(), step);
            }
        }
    }

    /// The Welcome can't be used: the hub is told, so that whoever made it does it again, and the person.
    fn refuse_welcome(
        &mut self,
        welcome: &PendingWelcome,
        inviter: &AccountUri,
        reason: &str,
        step: &mut Step,
    ) {
        let id = welcome.conversation;
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.state.reports.push((welcome.number, CommitOutcome::CannotApply));
            // In a group others may stand by the commit; then this device has a leaf and no way to use it.
            conversation.state.welcome_refused = welcome.kind == ConversationKind::Group;
            conversation.left_out = conversation.state.welcome_refused;
            conversation.save(&mut step.writes);
        }
        if welcome.kind == ConversationKind::Group {
            self.put_off(Waiter::Conversation(id), None, step);
        }
        let warning = Warning::WelcomeRefused { who: self.handle_of(inviter), reason: reason.to_owned() };
        step.event(Event::Warning(Some(id), warning));
        self.active.insert(id);
        self.drop_welcome(welcome, step);
    }

    /// A leaf of a group that this device has joined is nobody's: as if it had not joined, and the hub is told.
    pub(super) fn leave_false_group(&mut self, id: ConversationId, step: &mut Step) {
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        conversation.state.reports = vec![(conversation.state.joined_at, CommitOutcome::CannotApply)];
        conversation.state.entering = None;
        conversation.lose_group();
        conversation.save(&mut step.writes);
        self.conversations.insert(id, conversation);
        let inviter = self.group(id).and_then(|group| group.inviter.clone());
        let who = inviter.map_or_else(|| self.device.handle.clone(), |(_, handle)| handle);
        let warning = Warning::WelcomeRefused { who, reason: JoinError::Unendorsed.to_string() };
        step.event(Event::Warning(Some(id), warning));
        self.active.insert(id);
    }

    fn try_join(
        &self,
        welcome: &PendingWelcome,
        inviter: &AccountUri,
        tree: &[u8],
        key_packages: Vec<OpenedRecord>,
    ) -> Result<Joined, JoinError> {
        let invalid = |error: &dyn std::fmt::Display| JoinError::Invalid(error.to_string());
        let message = MlsMessageIn::tls_deserialize_exact_bytes(welcome.bytes.as_slice())
            .map_err(|error| invalid(&error))?;
        let MlsMessageBodyIn::Welcome(message) = message.extract() else {
            return Err(JoinError::Invalid("not a Welcome".to_owned()));
        };
        let tree = RatchetTreeIn::tls_deserialize_exact_bytes(tree).map_err(|error| invalid(&error))?;
        let store = MlsStore::joining(key_packages);
        let provider = Provider { crypto: &self.crypto, store: &store };
        let processed = ProcessedWelcome::new_from_welcome(&provider, &mls::join_config(), message)
            .map_err(|error| invalid(&error))?;
        let position = processed
            .unverified_group_info()
            .extensions()
            .unknown(LOG_POSITION_EXTENSION)
            .and_then(|extension| LogPosition::decode(&extension.0))
            .filter(|position| position.number < welcome.number)
            .ok_or(JoinError::NoPosition)?;
        // The GroupInfo that says the position is verified from here on.
        let staged: StagedWelcome = JoinBuilder::new(&provider, processed)
            .with_ratchet_tree(tree)
            .replace_old_group()
            .build()
            .map_err(|error| invalid(&error))?;
        let (context, _) =
            commit::read_context(staged.group_context()).map_err(|_| JoinError::WrongConversation)?;
        let fits = context.id == welcome.conversation
            && context.kind() == welcome.kind
            && context.may_have(&self.device.account)
            && context.may_have(inviter);
        if !fits {
            return Err(JoinError::WrongConversation);
        }
        let group = staged.into_group(&provider).map_err(|error| invalid(&error))?;
        let members = self.check_members(&group, &context, inviter)?;
        Ok(Joined { group, store, members, context, position })
    }

    /// Everybody in the group says that they are a device of an account that may be in it; each account's are under one
    /// key, and this account's under its own. Who judges whether the commit stands has verified everybody.
    fn check_members(
        &self,
        group: &MlsGroup,
        context: &Context,
        inviter: &AccountUri,
    ) -> Result<Roster, JoinError> {
        let members =
            Roster::of(group.public_group(), &Roster::default()).map_err(|_| JoinError::Unendorsed)?;
        let accounts = members.claims();
        let mut keys = BTreeMap::<&AccountUri, AccountKey>::new();
        keys.extend(accounts.iter().copied());
        let own_key = keys.get(&self.device.account) == Some(&self.device.account_key);
        let fit = keys.len() == accounts.len() && keys.keys().all(|account| context.may_have(account));
        // Of a direct conversation both are in it.
        let both = context.pair().is_none() || keys.len() == 2;
        if !(own_key && fit && both) {
            return Err(JoinError::Stranger);
        }
        let at_once = |account: &AccountUri| {
            judges(context, group)
                || *account == self.device.account
                || account == inviter
                || self.contacts.contains_key(account)
        };
        members.devices_of(at_once).map_err(|_| JoinError::Unendorsed)?;
        Ok(members)
    }

    fn joined(
        &mut self,
        conversation: &mut Conversation,
        welcome: &PendingWelcome,
        joined: Joined,
        step: &mut Step,
    ) {
        let Joined { group, store, members, context, position } = joined;
        // What an earlier group left behind goes first; the new records may have the same names.
        conversation.drop_group();
        conversation.save(&mut step.writes);
        let used = store.take_changes_behind();
        if let Some(record) = used.keys().next() {
            self.key_packages.forget_used(record);
        } else {
            // The last resort was used: others may know it, so there must be another.
            self.key_packages.replace_last_resort();
            self.sync.want(Topic::KeyPackages);
        }
        put_changes(&mut step.writes, &Place::KeyPackages, b"", used);
        let authenticator = report::authenticator_hash(group.epoch_authenticator().as_slice());
        let judges = judges(&context, &group);
        conversation.store = store;
        conversation.members = members;
        conversation.group = Some(group);
        let state = &mut conversation.state;
        state.group_id = Some(context.group_id());
        state.generation = context.generation;
        state.position = position;
        state.joined_at = welcome.number;
        state.provisional = vec![welcome.number];
        state.refused = None;
        state.removed = None;
        state.left = false;
        state.welcome_refused = false;
        state.founding = None;
        state.entering = None;
        state.began = false;
        if judges {
            state.reports.push((welcome.number, CommitOutcome::Applied { authenticator }));
        }
        conversation.left_out = false;
        conversation.chain.clear();
        conversation.chain.push(&position);
        // Read in `try_join` already.
        if conversation.refresh_policy().is_err() {
            conversation.drop_group();
        }
        // Whatever had to wait for this waits no longer.
        self.go_ahead(&Waiter::Conversation(conversation.id));
        self.see_members(conversation, step);
        self.schedule_renewal(conversation, 24 * HOUR, step);
        self.joined_group(conversation, welcome, step);
        conversation.save(&mut step.writes);
        self.log_grew(conversation.id, welcome.number);
        self.foundings.remove(&conversation.id);
        self.took_in(conversation, step);
        self.judge(conversation, step);
        self.set_waiting(conversation.id, None, step);
    }

    /// What is different when it is a group: its history begins, and what the person said of it before counts no more.
    fn joined_group(&mut self, conversation: &Conversation, welcome: &PendingWelcome, step: &mut Step) {
        let id = conversation.id;
        if self.group(id).is_none() {
            return;
        }
        // Let in by somebody after having asked by a link: that was the person's wish.
        let asked = self.links.contains_key(&id);
        self.forget_link(id, step);
        if asked {
            self.set_group_consent(id, ContactState::Accepted, step);
        }
        let origin = Origin {
            account: welcome.inviter.account.clone(),
            own: false,
            number: welcome.number,
            time: step.now,
        };
        self.tell_lines(id, &origin, vec![StoredChange::Began], step);
    }

    /// Pins the key of the other account, or says that it is not the pinned one. In a group: of who is known here.
    pub(super) fn see_members(&mut self, conversation: &Conversation, step: &mut Step) {
        let known = conversation.members.devices_of(|account| self.contacts.contains_key(account));
        let known: BTreeMap<AccountUri, AccountKey> = known
            .unwrap_or_default()
            .into_iter()
            .map(|device| (device.account.clone(), device.account_key))
            .collect();
        let former = |account: &AccountUri, key: &AccountKey| {
            self.contacts.get(account).is_some_and(|contact| contact.is_former(*key))
        };
        let new = known.into_iter().filter(|(account, key)| !former(account, key)).collect::<Vec<_>>();
        for (account, key) in new {
            self.see_key(&account, key, conversation.id, step);
        }
    }

    /// A stranger's first message: what the account's policy says, as far as this device can know.
    fn judge(&mut self, conversation: &Conversation, step: &mut Step) {
        let Some(other) = conversation.state.other.clone() else {
            return self.judge_invitation(conversation.id, step);
        };
        if self.contact_state(&other) != ContactState::None {
            return;
        }
        // This version has no follow data: everybody who was not accepted is taken for somebody not followed.
        let stranger = Stranger { followed: Some(false), follower: Some(false), ..Stranger::default() };
        match self.policy.judge(&stranger) {
            Verdict::Accept => self.set_contact_state(&other, ContactState::Accepted, step),
            Verdict::Filter => {}
            Verdict::Drop => self.set_contact_state(&other, ContactState::Ignored, step),
        }
    }

    /// An invitation into a group: from somebody who was accepted it is, too; else the policy says what it is.
    fn judge_invitation(&mut self, id: ConversationId, step: &mut Step) {
        let Some(StoredGroup { consent: ContactState::None, inviter, .. }) = self.group(id) else { return };
        let inviter = inviter.as_ref().map(|(account, _)| self.contact_state(account));
        let stranger = Stranger { followed: Some(false), follower: Some(false), ..Stranger::default() };
        let state = match (inviter, self.policy.judge(&stranger)) {
            (Some(ContactState::Accepted), _) | (_, Verdict::Accept) => ContactState::Accepted,
            (Some(ContactState::Ignored | ContactState::Blocked), _) | (_, Verdict::Drop) => {
                ContactState::Ignored
            }
            _ => return,
        };
        self.set_group_consent(id, state, step);
    }
}
