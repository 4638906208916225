//! Contacts: looking people up, saying what one thinks of them, and watching their keys.
//!
//! Spec: `identity.md` 6 and 7; `conversations.md` 10.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{accounts::AccountInfo, contacts::ContactList, devices::OwnAccount, problem::Problem},
    consent::ContactState,
    conversation::ConversationId,
};

use super::{
    Client,
    requests::{Purpose, failure},
    step::Step,
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
            None => self.device.handle.clone(),
        }
    }

    /// The contact for an account, made if there is none.
    pub(super) fn contact(&mut self, account: &AccountUri, handle: &Handle) -> &mut Contact {
        self.contacts.entry(account.clone()).or_insert_with(|| Contact::new(account.clone(), handle.clone()))
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

    fn conversation_of(&self, account: &AccountUri) -> Option<ConversationId> {
        self.summaries.iter().find(|(_, listed)| listed.other == *account).map(|(id, _)| *id)
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
        let Some(contact) = self.contacts.get_mut(account) else { return };
        // Said otherwise in the meantime: the next pump tells the relay that.
        if contact.state == state || !accepted {
            contact.unsynced = false;
            self.save_contact(account, step);
        }
        if state == ContactState::Accepted {
            self.sync.conversations = true;
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
            Ok(info) => info,
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
        self.sync.account = false;
        if let Ok(account) = account {
            self.policy = account.policy;
            step.writes.put(Place::Root, "policy", stored::encode(&self.policy));
        }
    }

    pub(super) fn contacts_told(&mut self, list: Result<ContactList, Box<Problem>>, step: &mut Step) {
        self.sync.contacts = false;
        let Ok(list) = list else { return };
        for told in list.contacts {
            if told.account == self.device.account {
                continue;
            }
            let contact = self.contact(&told.account, &told.handle);
            if !contact.unsynced && contact.state != told.state {
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
        let Ok(info) = found else { return };
        let Some(other) = self.summaries.get(&id).map(|listed| listed.other.clone()) else { return };
        if info.account == other {
            self.see_key(&other, info.account_key, id, step);
            if let Some(conversation) = self.conversations.get_mut(&id) {
                conversation.key_looked_up = true;
            }
            self.active.insert(id);
        }
    }

    /// The number for a key that is pinned here.
    pub(super) fn pinned_number(&self, who: &Handle) -> Option<SafetyNumber> {
        let contact = self.contact_by_handle(who)?;
        let key = contact.changed_key.or(contact.pin)?;
        Some(self.number(who.clone(), &contact.account, key, true))
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
