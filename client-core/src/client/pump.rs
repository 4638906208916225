//! What is to be done next: looked at after every input, from what is stored and what is under way.

use infrasound_spec::{
    account::Handle,
    api::{
        accounts::LookupQuery,
        contacts::SetContact,
        devices::Session,
        paths,
        problem::{Problem, ProblemType},
    },
    conversation::ConversationId,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Client,
    patience::Waiter,
    reporting::NextReport,
    requests::{Purpose, failure},
    step::Step,
    sync::Topic,
};
use crate::{
    conversation::Conversation,
    event::{Event, Failure, FailureCode},
    intent::{Intent, Target, Work},
    journal::{Place, Scope, SealedRecord},
    output::Method,
};

/// So many are verified while what was said waits.
const FEW: usize = 16;
/// Intents of a conversation that end without a request, in one step.
const MAX_INTENTS: usize = 32;

impl Client {
    /// Asks for whatever is missing and not yet asked for.
    pub(super) fn pump(&mut self, step: &mut Step) {
        if self.online.signed_out {
            // What was said stays readable on this device.
            self.pump_views(step);
            return self.pump_queries(step);
        }
        if let Some(until) = self.online.wait_until
            && step.now < until
        {
            // History can be read without the relay.
            self.fail_deferred_if_offline(step);
            self.pump_views(step);
            self.pump_queries(step);
            return step.wake_at(until);
        }
        if self.registering.is_some() {
            return self.pump_registration(step);
        }
        self.pump_views(step);
        self.pump_queries(step);
        if !self.pump_session(step) {
            return;
        }
        self.pump_deferred(step);
        self.pump_linking(step);
        self.pump_patience(step);
        self.pump_sync(step);
        self.pump_contacts(step);
        self.pump_group_consent(step);
        self.pump_lookups(step);
        self.pump_joining(step);
        self.pump_receipts(step);
        self.pump_metadata(step);
        self.pump_pictures(step);
        self.pump_detaches(step);
        self.pump_renewals(step);
        for id in self.active.clone() {
            self.pump_conversation(id, step);
        }
        self.notice_caught_up(step);
    }

    fn pump_registration(&mut self, step: &mut Step) {
        if self.has_request(|purpose| matches!(purpose, Purpose::Register)) {
            return;
        }
        if let Some(registering) = &self.registering {
            let body = self.device.registration(registering);
            self.request(Purpose::Register, Method::Post, paths::DEVICES.to_owned(), Some(&body), step);
        }
    }

    pub(super) fn registered(&mut self, answer: Result<Session, Box<Problem>>, step: &mut Step) {
        match answer {
            Ok(session) => {
                self.registering = None;
                self.save_device(step);
                self.session_started(session, step);
                step.event(Event::Registered);
            }
            Err(problem) if problem.problem_type == ProblemType::TicketExpired => {
                // The device may be registered already: then it can have a session.
                self.registering = None;
                self.online.unsure = true;
            }
            Err(problem) => {
                self.online.signed_out = true;
                step.event(Event::RegistrationFailed(failure(&problem)));
            }
        }
    }

    fn pump_sync(&mut self, step: &mut Step) {
        self.pump_key_packages(step);
        // While an upload is under way, the count would be one from before it.
        let uploading = self.has_request(|purpose| matches!(purpose, Purpose::UploadKeyPackages));
        let wanted = [
            (Topic::Account, Purpose::Account, paths::ACCOUNT),
            (Topic::Contacts, Purpose::Contacts, paths::CONTACTS),
            (Topic::Conversations, Purpose::Conversations, paths::CONVERSATIONS),
            (Topic::Welcomes, Purpose::Welcomes, paths::WELCOMES),
            (Topic::KeyPackages, Purpose::CountKeyPackages, paths::KEY_PACKAGES),
            (Topic::Devices, Purpose::SyncDevices, paths::DEVICES),
        ];
        for (topic, purpose, path) in wanted {
            let kind = std::mem::discriminant(&purpose);
            let waits = match topic {
                // After the heads: where a leaf of this device has neither a group here nor a Welcome, the group is lost.
                Topic::Welcomes => self.sync.is_unknown(Topic::Conversations),
                Topic::KeyPackages => uploading || self.key_packages.waits(),
                _ => false,
            };
            if self.sync.is_due(topic)
                && !waits
                && !self.has_request(|under_way| std::mem::discriminant(under_way) == kind)
            {
                if matches!(purpose, Purpose::Conversations) {
                    for listed in self.summaries.values_mut() {
                        listed.asked_at = listed.stored.position;
                        listed.answered_since = false;
                    }
                }
                self.sync.asked(topic);
                self.ask(purpose, Method::Get, path.to_owned(), step);
            }
        }
    }

    /// Tells the relay what was said of others.
    fn pump_contacts(&mut self, step: &mut Step) {
        let unsynced: Vec<_> = self
            .contacts
            .values()
            .filter(|contact| contact.unsynced)
            .map(|contact| (contact.account.clone(), contact.state))
            .collect();
        for (account, state) in unsynced {
            if self
                .has_request(|purpose| matches!(purpose, Purpose::SetContact(other, _) if *other == account))
            {
                continue;
            }
            let encoded = utf8_percent_encode(account.as_str(), NON_ALPHANUMERIC).to_string();
            let path = paths::with(paths::CONTACT, "account", &encoded);
            self.request(
                Purpose::SetContact(account, state),
                Method::Put,
                path,
                Some(&SetContact { state }),
                step,
            );
        }
    }

    /// Looks up to whom messages go that name a handle only.
    fn pump_lookups(&mut self, step: &mut Step) {
        let handles: Vec<Handle> = self
            .intents
            .values()
            .filter_map(|intent| match &intent.target {
                Target::Handle(handle) => Some(handle.clone()),
                Target::Conversation(_) => None,
            })
            .collect();
        for handle in handles {
            let asked = self.has_request(
                |purpose| matches!(purpose, Purpose::LookUpForIntents(other) if *other == handle),
            );
            if !asked && !self.is_put_off(&Waiter::Handle(handle.clone()), step) {
                self.look_up_handle(Purpose::LookUpForIntents(handle.clone()), &handle, step);
            }
        }
    }

    pub(super) fn look_up_handle(&mut self, purpose: Purpose, handle: &Handle, step: &mut Step) {
        let query = LookupQuery { handle: Some(handle.as_str().to_owned()), account: None };
        self.look_up(purpose, &query, step);
    }

    pub(super) fn look_up(&mut self, purpose: Purpose, query: &LookupQuery, step: &mut Step) {
        let (name, value) = match query {
            LookupQuery { handle: Some(handle), .. } => ("handle", handle),
            LookupQuery { account: Some(account), .. } => ("account", account),
            LookupQuery { .. } => return,
        };
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        self.ask(purpose, Method::Get, format!("{}?{name}={value}", paths::ACCOUNTS_LOOKUP), step);
    }

    /// Reads the log, reports, founds, sends: one thing at a time in each conversation.
    fn pump_conversation(&mut self, id: ConversationId, step: &mut Step) {
        // Who listens no more may still leave.
        let leaves =
            |intent: &Intent| intent.conversation() == Some(id) && matches!(intent.work, Work::Leave { .. });
        let wanted = self.listens(id) || self.intents.values().any(leaves);
        if !self.summaries.contains_key(&id) || !wanted {
            self.active.remove(&id);
            return;
        }
        let Some(conversation) = self.conversations.get(&id) else {
            return self.load(Place::Conversation(*id.as_bytes()), step);
        };
        if conversation.busy.is_some() {
            return;
        }
        let behind = conversation.is_joined()
            && self.known_last.get(&id).is_some_and(|last| *last > conversation.state.position.number);
        if behind {
            return self.fetch_log(id, step);
        }
        if conversation.members.len() > FEW && !conversation.members.is_known() && step.has_told() {
            // What was said is to be seen first: everybody is verified right after it.
            return step.wake_at(step.now);
        }
        if conversation.members.members().is_err() {
            return self.leave_false_group(id, step);
        }
        self.forget_ended(id, step);
        let Some(conversation) = self.conversations.get(&id) else { return };
        match Self::next_report(conversation, step) {
            NextReport::Due(number, outcome) => self.deliver_report(id, number, outcome, step),
            report => {
                if self.pump_names(id, step) {
                    return;
                }
                self.want_devices_dropped(id, step);
                if !self.pump_all_intents(id, step) && matches!(report, NextReport::None) {
                    self.active.remove(&id);
                }
            }
        }
    }

    /// Carries out intents until one waits for an answer. Says whether there is more to do.
    fn pump_all_intents(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let asked = step.requests.len();
        for _ in 0..MAX_INTENTS {
            if !self.pump_intents(id, step) {
                return false;
            }
            let busy = self.conversations.get(&id).is_some_and(|conversation| conversation.busy.is_some());
            if busy || step.requests.len() > asked || !step.loads.is_empty() {
                return true;
            }
        }
        step.wake_at(step.now);
        true
    }

    /// Asks for the records of a place, unless they were asked for.
    pub(super) fn load(&mut self, place: Place, step: &mut Step) {
        let scope = self.sealer.scope(&place);
        if self.loading.insert(scope, place).is_none() {
            step.loads.push(scope);
        }
    }

    pub(super) fn loaded(&mut self, scope: Scope, records: &[SealedRecord], step: &mut Step) {
        let Some(place) = self.loading.remove(&scope) else { return };
        let opened: Result<Vec<_>, _> =
            records.iter().map(|record| self.sealer.open(scope, record)).collect();
        let opened = match opened {
            Ok(opened) => opened,
            Err(damaged) => return self.journal_damaged(&damaged.to_string(), step),
        };
        if self.link_loaded(&place, &opened, step) {
            return;
        }
        match place {
            Place::Conversation(id) => self.conversation_loaded(ConversationId::from_bytes(id), opened, step),
            Place::KeyPackages => self.key_packages_loaded(opened),
            Place::Timeline(id, page) => self.timeline_loaded(ConversationId::from_bytes(id), page, &opened),
            Place::Note(id, note) => self.note_loaded(ConversationId::from_bytes(id), &note, &opened),
            Place::Root => {}
        }
    }

    /// Going on with half a journal would lose or repeat something, so nothing goes on.
    pub(super) fn journal_damaged(&mut self, why: &str, step: &mut Step) {
        let text = format!("{why}. Nothing is sent any more; to go on, sign in again and start over");
        let failure = Failure::new(FailureCode::Untrusted, text);
        let queries = std::mem::take(&mut self.queries);
        let views = std::mem::take(&mut self.views);
        let wishes =
            queries.iter().map(super::history::Query::wish).chain(views.into_iter().map(|(wish, _)| wish));
        for wish in wishes {
            step.event(Event::WishFailed(wish, failure.clone()));
        }
        self.sign_out(failure, step);
    }

    fn notice_caught_up(&mut self, step: &mut Step) {
        let caught_up = self.sync.is_done()
            && self.welcomes.is_empty()
            && self.joining.is_none()
            && self.known_last.iter().all(|(id, last)| !self.is_behind(*id, *last));
        if caught_up && !self.caught_up {
            step.event(Event::CaughtUp);
        }
        self.caught_up = caught_up;
    }

    /// Whether entries of a conversation are still to be fetched.
    fn is_behind(&self, id: ConversationId, last: u64) -> bool {
        let Some(listed) = self.summaries.get(&id) else { return false };
        let joined = self.conversations.get(&id).is_none_or(Conversation::is_joined);
        self.listens(id) && joined && listed.stored.position < last
    }
}
