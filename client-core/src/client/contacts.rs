//! Contacts: looking people up, saying what one thinks of them, and watching their keys.
//!
//! Spec: `identity.md` 6 and 7; `conversations.md` 10.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{
        accounts::AccountInfo,
        contacts::ContactList,
        devices::OwnAccount,
        problem::{Problem, ProblemType},
    },
    consent::ContactState,
    conversation::ConversationId,
};

use super::{
    Client,
    patience::Waiter,
    requests::{Purpose, failure},
    step::Step,
    sync::Topic,
};
use crate::{
    contact::{Contact, KeySeen},
    event::{Answer, Event, Failure, FailureCode},
    input::{Wish, WishId},
    intent::Target,
    journal::Place,
    safety_number::{self, SafetyNumber},
    stored,
    warning::Warning,
};

impl Client {
    pub(super) fn contact_by_handle(&self, handle: &Handle) -> Option<&Contact> {
        self.contacts.values().find(|contact| contact.handle == *handle)
    }

    pub(super) fn contact_state(&self, account: &AccountUri) -> ContactState {
        self.contacts.get(account).map_or(ContactState::None, |contact| contact.state)
    }

    pub(super) fn handle_of(&self, account: &AccountUri) -> Handle {
        match self.contacts.get(account) {
            Some(contact) => contact.handle.clone(),
            None if *account == self.device.account => self.device.handle.clone(),
            None => match self.names.get(account) {
                Some(handle) => handle.clone(),
                None => Self::guess_handle(account)
                    .or_else(|| Handle::new("unknown", account.authority()).ok())
                    .unwrap_or_else(|| self.device.handle.clone()),
            },
        }
    }

    /// The contact for an account, made if there is none.
    pub(super) fn contact(&mut self, account: &AccountUri, handle: &Handle) -> &mut Contact {
        self.contacts.entry(account.clone()).or_insert_with(|| Contact::new(account.clone(), handle.clone()))
    }

    /// Whether a handle may stand for an account: it is not one's own, nor that of another account known here.
    ///
    /// Handles are the relay's word. If one could name two accounts, messages could go to the wrong one.
    pub(super) fn may_be_called(&self, account: &AccountUri, handle: &Handle) -> bool {
        *handle != self.device.handle
            && self.contact_by_handle(handle).is_none_or(|contact| contact.account == *account)
    }

    pub(super) fn save_contact(&self, account: &AccountUri, step: &mut Step) {
        if let Some(contact) = self.contacts.get(account) {
            step.writes.put(Place::Root, format!("contact/{account}"), stored::encode(contact));
        }
    }

    /// Says something of somebody; the relay is told when it can be.
    pub(super) fn set_contact_state(&mut self, account: &AccountUri, state: ContactState, step: &mut Step) {
        let Some(contact) = self.contacts.get_mut(account) else { return };
        contact.state = state;
        contact.unsynced = true;
        self.save_contact(account, step);
        if let Some(id) = self.conversation_of(account) {
            self.active.insert(id);
            self.summary_changed(id, step);
            if state == ContactState::Accepted {
                self.receipts_are_due(id, step.now);
            }
        }
    }

    /// The other account of a direct conversation.
    pub(super) fn other(&self, id: ConversationId) -> Option<AccountUri> {
        self.summaries.get(&id)?.other.clone()
    }

    fn conversation_of(&self, account: &AccountUri) -> Option<ConversationId> {
        self.summaries.iter().find(|(_, listed)| listed.other.as_ref() == Some(account)).map(|(id, _)| *id)
    }

    pub(super) fn wish_contact(
        &mut self,
        wish: WishId,
        who: &Handle,
        state: ContactState,
        step: &mut Step,
    ) -> Result<Option<Answer>, Failure> {
        if *who == self.device.handle {
            return Err(Failure::new(FailureCode::Refused, "that is you"));
        }
        let Some(account) = self.contact_by_handle(who).map(|contact| contact.account.clone()) else {
            self.online.deferred.push((wish, Wish::SetContact { who: who.clone(), state }));
            return Ok(None);
        };
        if state == ContactState::Accepted
            && self.contacts.get(&account).is_some_and(Contact::changed_since_shown)
        {
            let text =
                format!("the key of {who} has changed again since you looked; compare safety numbers again");
            return Err(Failure::new(FailureCode::Untrusted, text));
        }
        self.say_of(&account, state, step);
        Ok(Some(Answer::Done))
    }

    /// Accepting confirms a changed key, too: that is the person's word that it is the right one.
    fn say_of(&mut self, account: &AccountUri, state: ContactState, step: &mut Step) {
        if state == ContactState::Accepted
            && let Some(contact) = self.contacts.get_mut(account)
        {
            contact.confirm_key();
        }
        self.set_contact_state(account, state, step);
    }

    pub(super) fn contact_set(
        &mut self,
        account: &AccountUri,
        state: ContactState,
        accepted: bool,
        step: &mut Step,
    ) {
        self.contacts_overtaken |= self.has_request(|purpose| matches!(purpose, Purpose::Contacts));
        let Some(contact) = self.contacts.get_mut(account) else { return };
        // Said otherwise in the meantime: the next pump tells the relay that.
        if contact.state == state || !accepted {
            contact.unsynced = false;
            let who = contact.handle.clone();
            self.save_contact(account, step);
            if !accepted {
                step.event(Event::Warning(None, Warning::ContactRefused { who }));
            }
        }
        if state == ContactState::Accepted {
            self.sync.want(Topic::Conversations);
        }
    }

    pub(super) fn looked_up_for_contact(
        &mut self,
        wish: WishId,
        state: ContactState,
        found: Result<AccountInfo, Box<Problem>>,
        step: &mut Step,
    ) {
        match found {
            Ok(info) if !self.may_be_called(&info.account, &info.handle) => {
                step.event(Event::WishFailed(wish, name_taken(&info.handle)));
            }
            Ok(info) => {
                self.contact(&info.account, &info.handle);
                self.say_of(&info.account, state, step);
                step.event(Event::WishDone(wish, Answer::Done));
            }
            Err(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
        }
    }

    /// The account of a handle is known now: messages to the handle go to the conversation with it.
    pub(super) fn looked_up_for_intents(
        &mut self,
        handle: &Handle,
        found: Result<AccountInfo, Box<Problem>>,
        step: &mut Step,
    ) {
        let target = Target::Handle(handle.clone());
        let waiting: Vec<u64> =
            self.intents.values().filter(|intent| intent.target == target).map(|intent| intent.id).collect();
        let info = match found {
            Ok(info) if info.account == self.device.account => {
                let failure = Failure::new(FailureCode::Refused, "you cannot write to yourself");
                return waiting.into_iter().for_each(|id| self.fail_intent(id, &failure, step));
            }
            Ok(info) if !self.may_be_called(&info.account, handle) => {
                let failure = name_taken(handle);
                return waiting.into_iter().for_each(|id| self.fail_intent(id, &failure, step));
            }
            Ok(info) if self.contact_state(&info.account) == ContactState::Blocked => {
                let text = format!("you have blocked {handle}; unblock them first");
                let failure = Failure::new(FailureCode::NoConsent, text);
                return waiting.into_iter().for_each(|id| self.fail_intent(id, &failure, step));
            }
            Ok(info) => info,
            Err(problem)
                if matches!(
                    problem.problem_type,
                    ProblemType::RateLimited | ProblemType::InstanceUnreachable
                ) =>
            {
                return self.put_off(Waiter::Handle(handle.clone()), problem.retry_after, step);
            }
            Err(problem) => {
                let failure = failure(&problem);
                return waiting.into_iter().for_each(|id| self.fail_intent(id, &failure, step));
            }
        };
        // Under the handle that the person wrote, so that the next message finds it.
        self.contact(&info.account, handle);
        self.set_contact_state(&info.account, ContactState::Accepted, step);
        let conversation = self.list_direct(&info.account, true, step);
        for id in waiting {
            if let Some(mut intent) = self.intents.get(&id).cloned() {
                intent.target = Target::Conversation(conversation);
                self.save_intent(intent, step);
            }
        }
        self.active.insert(conversation);
    }

    pub(super) fn account_told(&mut self, account: Result<OwnAccount, Box<Problem>>, step: &mut Step) {
        self.sync.answered(Topic::Account);
        if let Ok(account) = account {
            self.policy = account.policy;
            step.writes.put(Place::Root, "policy", stored::encode(&self.policy));
        }
    }

    pub(super) fn contacts_told(&mut self, list: Result<ContactList, Box<Problem>>, step: &mut Step) {
        // The list is from before what was said since: another one is asked for.
        if std::mem::take(&mut self.contacts_overtaken) {
            return self.sync.want(Topic::Contacts);
        }
        self.sync.answered(Topic::Contacts);
        let Ok(list) = list else { return };
        for told in list.contacts {
            if told.account == self.device.account || !self.may_be_called(&told.account, &told.handle) {
                continue;
            }
            let new = !self.contacts.contains_key(&told.account);
            let contact = self.contact(&told.account, &told.handle);
            // A new device takes the account's word from the relay. Later the relay can make it stricter, never laxer.
            let stricter = matches!(told.state, ContactState::Ignored | ContactState::Blocked)
                && contact.state != ContactState::Blocked;
            if (new || stricter) && !contact.unsynced && contact.state != told.state {
                contact.state = told.state;
                self.save_contact(&told.account, step);
                if let Some(id) = self.conversation_of(&told.account) {
                    self.summary_changed(id, step);
                }
            }
        }
    }

    /// Sees a key of somebody, in a leaf or by the relay's word. Says whether it is the pinned one.
    pub(super) fn see_key(
        &mut self,
        account: &AccountUri,
        key: infrasound_spec::account::AccountKey,
        conversation: ConversationId,
        step: &mut Step,
    ) -> bool {
        let Some(contact) = self.contacts.get_mut(account) else { return false };
        let seen = contact.see_key(key);
        let who = contact.handle.clone();
        self.save_contact(account, step);
        if seen == KeySeen::Changed {
            step.event(Event::Warning(Some(conversation), Warning::AccountKeyChanged { who }));
        }
        matches!(seen, KeySeen::First | KeySeen::Same)
    }

    /// The other account has started over: is the relay's new key for it the confirmed one?
    pub(super) fn look_up_key(&mut self, id: ConversationId, account: &AccountUri, step: &mut Step) {
        let query = infrasound_spec::api::accounts::LookupQuery {
            handle: None,
            account: Some(account.as_str().to_owned()),
        };
        self.look_up(Purpose::LookUpKey(id), &query, step);
    }

    pub(super) fn key_looked_up(
        &mut self,
        id: ConversationId,
        found: Result<AccountInfo, Box<Problem>>,
        step: &mut Step,
    ) {
        let info = match found {
            Ok(info) => info,
            Err(problem) => {
                self.set_waiting(id, Some(problem.detail.clone()), step);
                return self.put_off(Waiter::Conversation(id), problem.retry_after, step);
            }
        };
        let Some(other) = self.other(id) else { return };
        if info.account != other {
            return self.put_off(Waiter::Conversation(id), None, step);
        }
        self.see_key(&other, info.account_key, id, step);
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.key_looked_up = true;
        }
        self.active.insert(id);
    }

    /// The number for a key that is pinned here.
    pub(super) fn pinned_number(&self, who: &Handle) -> Option<SafetyNumber> {
        let contact = self.contact_by_handle(who)?;
        let key = contact.changed_key.or(contact.pin)?;
        Some(self.number(who.clone(), &contact.account, key, contact.changed_key.is_none()))
    }

    /// Shows it, and remembers which key was in it: accepting confirms that one and no other.
    pub(super) fn show_number(&mut self, who: &Handle, step: &mut Step) -> Option<SafetyNumber> {
        let number = self.pinned_number(who)?;
        let account = self.contact_by_handle(who)?.account.clone();
        if let Some(contact) = self.contacts.get_mut(&account) {
            contact.shown_key = contact.changed_key.or(contact.pin);
        }
        self.save_contact(&account, step);
        Some(number)
    }

    fn number(
        &self,
        who: Handle,
        account: &AccountUri,
        key: infrasound_spec::account::AccountKey,
        pinned: bool,
    ) -> SafetyNumber {
        let own = (&self.device.account, &self.device.account_key);
        SafetyNumber { who, groups: safety_number::digits(own, (account, &key)), pinned }
    }

    pub(super) fn looked_up_for_number(
        &mut self,
        wish: WishId,
        found: Result<AccountInfo, Box<Problem>>,
        step: &mut Step,
    ) {
        match found {
            Ok(info) => {
                let number = self.number(info.handle.clone(), &info.account, info.account_key, false);
                step.event(Event::WishDone(wish, Answer::SafetyNumber(number)));
            }
            Err(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
        }
    }
}

/// A handle that stands for somebody else already.
fn name_taken(handle: &Handle) -> Failure {
    let text = format!(
        "the relay says that {handle} is now another account than the one you know; nothing was sent"
    );
    Failure::new(FailureCode::Untrusted, text)
}
