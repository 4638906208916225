//! Wishes about groups: checked as far as this device can know, stored as intents, answered.
//!
//! Whether the group's policy allows something is looked at when its turn comes: the group may have changed by then.
//! Spec: `groups.md`.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{
        groups::{JoinRequestList, SetConsent},
        paths,
        problem::Problem,
    },
    consent::ContactState,
    content::{Act, Activity, GroupMetadata, ObjectId},
    conversation::{Conversation as Context, ConversationId},
    limits::MAX_BATCH,
    policy::{GroupPolicy, LinkTerms, MAX_LINK_LIFETIME},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Client, Listed,
    changing::leavers,
    requests::{Purpose, Reply, failure},
    step::Step,
    uploading::uploads,
    wish::{Written, encode_activity, write_note},
};
use crate::{
    conversation::{
        Conversation,
        summary::{Ended, StoredGroup},
    },
    event::{Answer, Event, Failure, FailureCode, GroupView, Member, Person},
    group_link::GroupLink,
    input::{GroupWish, Wish, WishId},
    intent::{Change, Invitee, Target, Work},
    journal::Place,
    output::Method,
    stored,
};

impl Client {
    /// `None`: the answer comes later.
    pub(super) fn group_wish(
        &mut self,
        id: WishId,
        wish: GroupWish,
        step: &mut Step,
    ) -> Result<Option<Answer>, Failure> {
        match wish {
            GroupWish::Create { metadata, members } => self.create_group(&metadata, members, step).map(Some),
            GroupWish::Send { conversation, text, in_reply_to, attachments } => {
                self.known_group(conversation)?;
                let written = write_note(&text, in_reply_to, attachments, step)?;
                self.send_to_group(conversation, written, step).map(Some)
            }
            GroupWish::View { conversation } => {
                self.known_group(conversation)?;
                self.views.push((id, conversation));
                Ok(None)
            }
            GroupWish::Answer { conversation, state } => {
                self.answer_invitation(conversation, state, step).map(Some)
            }
            GroupWish::Add { conversation, who } => self.wish_add(conversation, who, step).map(Some),
            GroupWish::Remove { conversation, who, ban } => {
                let who = who.iter().map(|who| self.account_of(who)).collect::<Result<_, _>>()?;
                self.wish_change(conversation, Change::Remove { who, ban }, step).map(Some)
            }
            GroupWish::Unban { conversation, who } => {
                self.wish_change(conversation, Change::Unban { who }, step).map(Some)
            }
            GroupWish::SetRole { conversation, who, role } => {
                let who = self.account_of(&who)?;
                self.wish_change(conversation, Change::Role { who, role }, step).map(Some)
            }
            GroupWish::Set { conversation, settings } => {
                self.wish_change(conversation, Change::Settings(settings), step).map(Some)
            }
            GroupWish::Describe { conversation, metadata } => {
                self.describe_group(conversation, metadata, step).map(Some)
            }
            GroupWish::MakeLink { conversation, lifetime, uses } => {
                self.make_link(conversation, lifetime, uses, step).map(Some)
            }
            GroupWish::RevokeLink { conversation, link } => {
                let answer = self.wish_change(conversation, Change::RevokeLink { link }, step)?;
                step.writes.delete(Place::Conversation(*conversation.as_bytes()), link_record(&link));
                Ok(Some(answer))
            }
            GroupWish::Join { link } => self.wish_join(link, step).map(Some),
            GroupWish::Leave { conversation } => self.wish_leave(conversation, step).map(Some),
            GroupWish::FoundAgain { conversation } => {
                self.wish_change(conversation, Change::FoundAgain, step).map(Some)
            }
            GroupWish::Requests { conversation } | GroupWish::Decline { conversation, .. } => {
                self.known_group(conversation)?;
                self.online.deferred.push((id, Wish::Group(wish)));
                self.fail_deferred_if_offline(step);
                Ok(None)
            }
        }
    }

    /// Wishes about groups that need the relay at once.
    pub(super) fn pump_group_wish(&mut self, id: WishId, wish: GroupWish, step: &mut Step) {
        match wish {
            GroupWish::Requests { conversation } => {
                let path = paths::with(paths::JOIN_REQUESTS, "conversation", &conversation.to_string());
                self.ask(Purpose::JoinRequests(id), Method::Get, path, step);
            }
            GroupWish::Decline { conversation, who } => {
                let who = utf8_percent_encode(who.as_str(), NON_ALPHANUMERIC).to_string();
                let path = paths::with(paths::JOIN_REQUEST, "conversation", &conversation.to_string());
                let path = paths::with(&path, "account", &who);
                self.ask(Purpose::Decline(id), Method::Delete, path, step);
            }
            _ => {}
        }
    }

    pub(super) fn join_requests_told(
        &mut self,
        wish: WishId,
        list: Result<JoinRequestList, Box<Problem>>,
        step: &mut Step,
    ) {
        match list {
            Ok(list) => {
                for request in &list.requests {
                    self.names.insert(request.who.account.clone(), request.who.handle.clone());
                }
                step.event(Event::WishDone(wish, Answer::JoinRequests(list.requests)));
            }
            Err(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
        }
    }

    pub(super) fn declined(wish: WishId, reply: Reply, step: &mut Step) {
        match reply {
            Reply::Ok(_) => step.event(Event::WishDone(wish, Answer::Done)),
            Reply::Problem(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
        }
    }

    fn known_group(&self, id: ConversationId) -> Result<(), Failure> {
        if self.group(id).is_some() {
            return Ok(());
        }
        Err(Failure::new(FailureCode::NotFound, "there is no such group on this device"))
    }

    /// The group, if this account may say something in it.
    pub(super) fn open_group(&self, id: ConversationId) -> Result<(), Failure> {
        self.known_group(id)?;
        if self.may_speak(id) {
            return Ok(());
        }
        let text = match self.group(id).and_then(|group| group.ended) {
            Some(_) => "you are not in this group any more",
            None => "this is an invitation: accept it first",
        };
        Err(Failure::new(FailureCode::Refused, text))
    }

    fn create_group(
        &mut self,
        metadata: &GroupMetadata,
        members: Vec<Handle>,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        check_metadata(metadata)?;
        let salt = step.random();
        let id = Context::group(&self.device.account, salt, 0).id;
        let group = StoredGroup {
            metadata: Some(metadata.clone()),
            consent: ContactState::Accepted,
            picture_kept: metadata.picture.as_ref().map(|_| step.now),
            ..StoredGroup::default()
        };
        let uploads = uploads(metadata.picture.as_slice())?;
        let mut batches = self.invitees(members)?.into_iter();
        self.summaries.insert(id, Listed::new(None, Some(group), true));
        self.summary_changed(id, step);
        let wish = ObjectId::from_random(step.random());
        let found = Change::Found {
            creator: self.device.account.clone(),
            salt,
            policy: None,
            add: batches.next().unwrap_or_default(),
        };
        self.add_change(id, Some(wish.clone()), found, step);
        if let Some(intent) = self.tell_metadata(id, step) {
            self.set_uploads(intent, uploads, step);
        }
        for add in batches {
            self.add_change(id, None, Change::Add { add }, step);
        }
        Ok(Answer::Queued { message: wish, conversation: Some(id) })
    }

    /// Whom to invite, in batches that one commit takes; nobody twice, and not oneself.
    fn invitees(&self, mut handles: Vec<Handle>) -> Result<Vec<Vec<Invitee>>, Failure> {
        handles.sort();
        handles.dedup();
        handles.retain(|handle| *handle != self.device.handle);
        let blocked = |handle: &&Handle| {
            self.contact_by_handle(handle).is_some_and(|contact| contact.state == ContactState::Blocked)
        };
        if let Some(handle) = handles.iter().find(blocked) {
            let text = format!("you have blocked {handle}; unblock them first");
            return Err(Failure::new(FailureCode::NoConsent, text));
        }
        let invitee = |handle: &Handle| match self.contact_by_handle(handle) {
            Some(contact) => Invitee::Account(contact.account.clone()),
            None => Invitee::Handle(handle.clone()),
        };
        Ok(handles.chunks(MAX_BATCH).map(|batch| batch.iter().map(invitee).collect()).collect())
    }

    fn wish_add(&mut self, id: ConversationId, who: Vec<Handle>, step: &mut Step) -> Result<Answer, Failure> {
        self.open_group(id)?;
        let batches = self.invitees(who)?;
        let Some((last, first)) = batches.split_last() else {
            return Err(Failure::new(FailureCode::Refused, "there is nobody to add"));
        };
        for add in first {
            self.add_change(id, None, Change::Add { add: add.clone() }, step);
        }
        let wish = ObjectId::from_random(step.random());
        self.add_change(id, Some(wish.clone()), Change::Add { add: last.clone() }, step);
        Ok(Answer::Queued { message: wish, conversation: Some(id) })
    }

    fn wish_change(
        &mut self,
        id: ConversationId,
        change: Change,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        self.open_group(id)?;
        let wish = ObjectId::from_random(step.random());
        self.add_change(id, Some(wish.clone()), change, step);
        Ok(Answer::Queued { message: wish, conversation: Some(id) })
    }

    pub(super) fn add_change(
        &mut self,
        id: ConversationId,
        wish: Option<ObjectId>,
        change: Change,
        step: &mut Step,
    ) {
        self.add_intent(Target::Conversation(id), Work::Change { wish, change }, step);
    }

    /// The client wants a change by itself: once.
    pub(super) fn want_change(&mut self, id: ConversationId, change: Change, step: &mut Step) {
        let there = self.intents.values().any(|intent| {
            intent.conversation() == Some(id)
                && matches!(&intent.work, Work::Change { change: wanted, .. } if *wanted == change)
                && !intent.is_held()
        });
        if !there {
            self.add_change(id, None, change, step);
        }
    }

    fn wish_leave(&mut self, id: ConversationId, step: &mut Step) -> Result<Answer, Failure> {
        self.known_group(id)?;
        if self.group(id).is_some_and(|group| group.ended.is_some()) {
            return Err(Failure::new(FailureCode::Refused, "you are not in this group any more"));
        }
        let enters = self.conversations.get(&id).is_some_and(|one| one.state.entering.is_some());
        if self.links.contains_key(&id) && !enters {
            // Not in it yet: who had asked asks no more.
            self.forget_link(id, step);
            self.end_group(id, Ended::Left, step);
            return Ok(Answer::Done);
        }
        let wish = ObjectId::from_random(step.random());
        self.add_intent(Target::Conversation(id), Work::Leave { wish: wish.clone() }, step);
        Ok(Answer::Queued { message: wish, conversation: Some(id) })
    }

    fn send_to_group(
        &mut self,
        id: ConversationId,
        written: Written,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        self.open_group(id)?;
        let Written { note, json, uploads } = written;
        let work = Work::Activity { json, note: Some(note.id.clone()), receipt: false };
        let intent = self.add_intent(Target::Conversation(id), work, step);
        self.set_uploads(intent, uploads, step);
        step.event(Event::Message(self.pending_message(&note, Some(id), step)));
        Ok(Answer::Queued { message: note.id, conversation: Some(id) })
    }

    fn describe_group(
        &mut self,
        id: ConversationId,
        metadata: GroupMetadata,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        self.open_group(id)?;
        check_metadata(&metadata)?;
        // The picture that it has is there already.
        let known = self.group(id).and_then(|group| group.metadata.as_ref()?.picture.clone());
        let picture = metadata.picture.clone().filter(|picture| known.as_ref() != Some(picture));
        let uploads = uploads(picture.as_slice())?;
        let activity = Activity { id: ObjectId::from_random(step.random()), act: Act::Group(metadata) };
        let work = Work::Activity { json: encode_activity(&activity)?, note: None, receipt: false };
        let intent = self.add_intent(Target::Conversation(id), work, step);
        self.set_uploads(intent, uploads, step);
        Ok(Answer::Queued { message: activity.id, conversation: Some(id) })
    }

    fn answer_invitation(
        &mut self,
        id: ConversationId,
        state: ContactState,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        self.known_group(id)?;
        if state == ContactState::Blocked {
            let text = "a group cannot be blocked: leave it, or put it away";
            return Err(Failure::new(FailureCode::Refused, text));
        }
        self.set_group_consent(id, state, step);
        Ok(Answer::Done)
    }

    /// Says something of being in a group; the relay is told when it can be.
    pub(super) fn set_group_consent(&mut self, id: ConversationId, state: ContactState, step: &mut Step) {
        let Some(group) = self.group_mut(id) else { return };
        group.consent = state;
        group.unsynced = true;
        self.active.insert(id);
        self.summary_changed(id, step);
        if state == ContactState::Accepted {
            self.receipts_are_due(id, step.now);
        }
    }

    /// Tells the relay what was said of being in groups.
    pub(super) fn pump_group_consent(&mut self, step: &mut Step) {
        let unsynced: Vec<(ConversationId, ContactState)> = self
            .summaries
            .iter()
            .filter_map(|(id, listed)| Some((*id, listed.group.as_ref()?)))
            .filter(|(_, group)| group.unsynced)
            .map(|(id, group)| (id, group.consent))
            .collect();
        for (id, state) in unsynced {
            if self.has_request(|purpose| matches!(purpose, Purpose::Consent(other, _) if *other == id)) {
                continue;
            }
            let path = paths::with(paths::CONSENT, "conversation", &id.to_string());
            self.request(Purpose::Consent(id, state), Method::Put, path, Some(&SetConsent { state }), step);
        }
    }

    pub(super) fn consent_set(&mut self, id: ConversationId, state: ContactState, step: &mut Step) {
        if let Some(group) = self.group_mut(id)
            && group.consent == state
        {
            group.unsynced = false;
            self.summary_changed(id, step);
            if let Some(listed) = self.summaries.get_mut(&id) {
                listed.answered_since = true;
            }
        }
    }

    fn make_link(
        &mut self,
        id: ConversationId,
        lifetime: u64,
        uses: u32,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        self.open_group(id)?;
        if lifetime == 0 || lifetime > MAX_LINK_LIFETIME {
            return Err(Failure::new(FailureCode::Refused, "a link is good for at most 90 days"));
        }
        let name = self.group(id).and_then(|group| group.metadata.as_ref()).map(|known| known.name.clone());
        let link = GroupLink::new(id, step.random(), &name.unwrap_or_default());
        // The hub's clock decides; what is asked for at the very end of the range would be too long for it.
        let expires = step.now.plus_millis(lifetime.min(MAX_LINK_LIFETIME - infrasound_spec::time::HOUR));
        let place = Place::Conversation(*id.as_bytes());
        step.writes.put(place, link_record(&link.key()), stored::encode(&link));
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.links.insert(link.key(), link.clone());
        }
        let terms = LinkTerms { expires, uses };
        self.wish_change(id, Change::AddLink { link: link.key(), terms }, step)?;
        Ok(Answer::Link(link))
    }

    fn wish_join(&mut self, link: GroupLink, step: &mut Step) -> Result<Answer, Failure> {
        let id = link.conversation;
        let ended = self.group(id).is_some_and(|group| group.ended.is_some());
        if self.summaries.contains_key(&id) && !ended {
            return Err(Failure::new(FailureCode::Refused, "you are in this group, or have asked for it"));
        }
        let metadata = GroupMetadata { name: link.name.clone(), ..GroupMetadata::default() };
        let group = StoredGroup {
            metadata: Some(metadata).filter(GroupMetadata::is_valid),
            consent: ContactState::Accepted,
            ..StoredGroup::default()
        };
        match self.summaries.get_mut(&id) {
            Some(listed) => listed.group = Some(group),
            None => {
                self.summaries.insert(id, Listed::new(None, Some(group), true));
            }
        }
        self.summary_changed(id, step);
        step.writes.put(
            Place::Root,
            [b"link/".as_slice(), id.as_bytes()].concat(),
            stored::encode(&(id, &link)),
        );
        self.links.insert(id, link);
        self.active.insert(id);
        let wish = ObjectId::from_random(step.random());
        Ok(Answer::Queued { message: wish, conversation: Some(id) })
    }

    /// The account that a handle stands for, as far as this device knows.
    fn account_of(&self, who: &Handle) -> Result<AccountUri, Failure> {
        if *who == self.device.handle {
            return Ok(self.device.account.clone());
        }
        let known = self.contact_by_handle(who).map(|contact| &contact.account);
        let named = || self.names.iter().find(|(_, handle)| *handle == who).map(|(account, _)| account);
        known.or_else(named).cloned().ok_or_else(|| {
            Failure::new(FailureCode::UnknownAccount, format!("{who} is not known on this device"))
        })
    }

    /// Answers wishes to see a group, when it is loaded.
    pub(super) fn pump_views(&mut self, step: &mut Step) {
        for (wish, id) in std::mem::take(&mut self.views) {
            match self.conversations.get(&id) {
                None => {
                    self.views.push((wish, id));
                    self.load(Place::Conversation(*id.as_bytes()), step);
                }
                Some(conversation) => {
                    let view = self.view(id, conversation, step);
                    step.event(view.map_or_else(
                        || {
                            Event::WishFailed(
                                wish,
                                Failure::new(FailureCode::NotFound, "there is no such group"),
                            )
                        },
                        |view| Event::WishDone(wish, Answer::Group(Box::new(view))),
                    ));
                }
            }
        }
    }

    fn view(&self, id: ConversationId, conversation: &Conversation, step: &Step) -> Option<GroupView> {
        let policy = conversation.policy.clone();
        // Who has said that they leave is gone, whoever commits that.
        let leaving = leavers(conversation);
        let stays = |account: &&AccountUri| !leaving.iter().any(|(_, leaver)| leaver == *account);
        let mut members: Vec<Member> = conversation
            .members
            .everybody()
            .accounts()
            .into_keys()
            .filter(stays)
            .map(|account| Member {
                person: Person { account: account.clone(), handle: self.handle_of(account) },
                role: policy.as_ref().map(|policy| policy.role(account)).unwrap_or_default(),
                devices: conversation.members.everybody().leaves_of(account).count(),
                own: *account == self.device.account,
            })
            .collect();
        members.sort_by(|a, b| {
            b.role.cmp(&a.role).then_with(|| a.person.handle.as_str().cmp(b.person.handle.as_str()))
        });
        let live = |policy: &GroupPolicy, link: &GroupLink| policy.live_link(&link.key(), step.now);
        let links = conversation.links.values().filter_map(|link| {
            let terms = policy.as_ref().and_then(|policy| live(policy, link))?;
            Some((link.clone(), terms))
        });
        let role = policy.as_ref().filter(|_| conversation.is_joined() && !conversation.is_out());
        Some(GroupView {
            summary: self.summary(id)?,
            role: role.map(|policy| policy.role(&self.device.account)),
            members,
            links: links.collect(),
            policy,
        })
    }
}

/// The record of a link that was made here.
pub(super) fn link_record(link: &infrasound_spec::policy::LinkKey) -> Vec<u8> {
    [crate::conversation::LINK, link.as_bytes()].concat()
}

fn check_metadata(metadata: &GroupMetadata) -> Result<(), Failure> {
    if metadata.is_valid() {
        return Ok(());
    }
    let text = "a group's name has 1 to 256 bytes, and its description at most 4,096";
    Err(Failure::new(FailureCode::TooLong, text))
}
