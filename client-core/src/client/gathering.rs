//! Whom to let into a group: handles are looked up, some at once; key packages are claimed for all at once, and checked one
//! account at a time. Who can't be let in is told; everybody else is.
//!
//! Spec: `groups.md` 7 and 13; `key-packages.md` 2 and 4.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{
        accounts::AccountInfo,
        groups::{ClaimMany, ClaimedMany, ClaimedOf},
        paths,
        problem::{Problem, ProblemType},
    },
    bytes::Base64Url,
    conversation::ConversationId,
    key_package::EndorsedKeyPackage,
};

use super::{
    Client,
    patience::Waiter,
    requests::{Purpose, failure},
    step::Step,
};
use crate::{
    event::{Event, Failure, FailureCode},
    intent::{Change, Intent, Invitee, Work},
    output::Method,
    warning::Warning,
};

/// Handles that are looked up at once: each takes the relay a request to the instance.
const LOOK_UPS: usize = 8;

impl Intent {
    /// Whom it lets in, if it does.
    pub(super) fn invitees(&self) -> Option<&[Invitee]> {
        match &self.work {
            Work::Change { change: Change::Found { add, .. } | Change::Add { add }, .. } => Some(add),
            _ => None,
        }
    }

    fn invitees_mut(&mut self) -> Option<&mut Vec<Invitee>> {
        match &mut self.work {
            Work::Change { change: Change::Found { add, .. } | Change::Add { add }, .. } => Some(add),
            _ => None,
        }
    }
}

impl Client {
    /// Asks for the next things that are not known of whom to let in. Claims when everybody is known.
    pub(super) fn gather(&mut self, id: ConversationId, intent: &Intent, step: &mut Step) {
        let Some(invitees) = intent.invitees() else { return };
        let unknown: Vec<Handle> = invitees
            .iter()
            .filter_map(|invitee| match invitee {
                Invitee::Handle(handle) => Some(handle.clone()),
                Invitee::Account(_) => None,
            })
            .take(LOOK_UPS)
            .collect();
        if !unknown.is_empty() {
            for handle in unknown {
                let purpose = Purpose::LookUpInvitee(id, intent.id, handle.clone());
                self.look_up_handle(purpose, &handle, step);
            }
            return;
        }
        let accounts: Vec<AccountUri> = invitees
            .iter()
            .filter_map(|invitee| match invitee {
                Invitee::Account(account) => Some(account.clone()),
                Invitee::Handle(_) => None,
            })
            .collect();
        if accounts.is_empty() {
            return self.gathered(id, intent.id, &[], step);
        }
        let path = paths::KEY_PACKAGES_CLAIM_MANY.to_owned();
        let purpose = Purpose::ClaimMany(id, intent.id);
        self.request(purpose, Method::Post, path, Some(&ClaimMany { accounts }), step);
    }

    pub(super) fn invitee_looked_up(
        &mut self,
        id: ConversationId,
        intent: u64,
        handle: &Handle,
        found: Result<AccountInfo, Box<Problem>>,
        step: &mut Step,
    ) {
        let refused = match found {
            Ok(info) if info.account == self.device.account || !self.may_be_called(&info.account, handle) => {
                let text = format!("the relay says that {handle} is another account than the one you know");
                Failure::new(FailureCode::Untrusted, text)
            }
            Ok(info) => {
                self.names.insert(info.account.clone(), handle.clone());
                let known = Invitee::Account(info.account);
                return self.replace_invitee(intent, &Invitee::Handle(handle.clone()), Some(known), step);
            }
            Err(problem) if is_transient(&problem) => {
                // Once for all that were asked together.
                let waiter = Waiter::Conversation(id);
                if !self.is_put_off(&waiter, step) {
                    self.put_off(waiter, problem.retry_after, step);
                }
                return;
            }
            Err(problem) => failure(&problem),
        };
        self.replace_invitee(intent, &Invitee::Handle(handle.clone()), None, step);
        step.event(Event::NotAdded { conversation: id, who: handle.clone(), failure: refused });
    }

    fn replace_invitee(&mut self, intent: u64, old: &Invitee, new: Option<Invitee>, step: &mut Step) {
        let Some(mut intent) = self.intents.get(&intent).cloned() else { return };
        if let Some(invitees) = intent.invitees_mut() {
            invitees.retain(|invitee| invitee != old && Some(invitee) != new.as_ref());
            invitees.extend(new);
        }
        self.save_intent(intent, step);
    }

    pub(super) fn claimed_many(
        &mut self,
        id: ConversationId,
        intent: u64,
        claimed: Result<ClaimedMany, Box<Problem>>,
        step: &mut Step,
    ) {
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(problem) if is_transient(&problem) => {
                self.set_waiting(id, Some(problem.detail.clone()), step);
                return self.put_off(Waiter::Conversation(id), problem.retry_after, step);
            }
            Err(problem) => return self.fail_intent(intent, &failure(&problem), step),
        };
        let asked: Vec<Invitee> =
            self.intents.get(&intent).and_then(Intent::invitees).map(<[_]>::to_vec).unwrap_or_default();
        let mut key_packages = Vec::new();
        for of in claimed.claimed {
            let invitee = Invitee::Account(of.account.clone());
            if !asked.contains(&invitee) {
                continue;
            }
            match self.check_claimed_of(id, &of, step) {
                Ok(checked) => key_packages.extend(checked),
                Err(failure) => {
                    self.replace_invitee(intent, &invitee, None, step);
                    let who = self.handle_of(&of.account);
                    step.event(Event::NotAdded { conversation: id, who, failure });
                }
            }
        }
        self.gathered(id, intent, &key_packages, step);
    }

    /// The key packages of one account, if they are what they should be and under the key that is known here.
    fn check_claimed_of(
        &mut self,
        id: ConversationId,
        of: &ClaimedOf,
        step: &mut Step,
    ) -> Result<Vec<EndorsedKeyPackage>, Failure> {
        let who = self.handle_of(&of.account);
        if let Some(refused) = of.refused {
            let text = format!("{who}: {}", refused.title());
            return Err(failure(&Problem::new(refused, text)));
        }
        let bytes = of.key_packages.iter().map(Base64Url::as_slice);
        let checked = self.check_claimed(&of.account, bytes, step).map_err(|reason| {
            let warning = Warning::KeysRefused { who: who.clone(), reason };
            let failure = Failure::new(FailureCode::Untrusted, warning.to_string());
            step.event(Event::Warning(Some(id), warning));
            failure
        })?;
        self.know_member(id, &of.account, &who);
        let known = self.contacts.contains_key(&of.account);
        if known && !self.see_key(&of.account, checked[0].device.account_key, id, step) {
            return Err(Failure::new(FailureCode::Untrusted, super::founding::key_changed(&who)));
        }
        Ok(checked)
    }

    /// Somebody who is in the group has a key there. A new one is told, and confirmed by the person, as a contact's is.
    fn know_member(&mut self, id: ConversationId, account: &AccountUri, who: &Handle) {
        let key = self
            .conversations
            .get(&id)
            .and_then(|conversation| conversation.members.everybody().key_of(account));
        if let Some(key) = key
            && !self.contacts.contains_key(account)
        {
            self.contact(account, who).pin = Some(key);
        }
    }

    /// Everybody who can be let in has key packages here: the commit is made.
    fn gathered(
        &mut self,
        id: ConversationId,
        intent: u64,
        key_packages: &[EndorsedKeyPackage],
        step: &mut Step,
    ) {
        self.go_ahead(&Waiter::Conversation(id));
        let Some(intent) = self.intents.get(&intent).cloned() else { return };
        let founds = matches!(&intent.work, Work::Change { change: Change::Found { .. }, .. });
        if key_packages.is_empty() && !founds {
            let failure = Failure::new(FailureCode::NoKeyPackages, "nobody could be added");
            return self.fail_intent(intent.id, &failure, step);
        }
        self.make_commit(id, intent, key_packages, step);
    }
}

/// Whether it may work later.
fn is_transient(problem: &Problem) -> bool {
    matches!(
        problem.problem_type,
        ProblemType::RateLimited | ProblemType::InstanceUnreachable | ProblemType::Unavailable
    )
}
