//! Groups in a test: what an app does with a device's core, and waits for.

#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: a step that fails fails the test, and says which"
)]

use infrasound_core::{
    Settings,
    conversation::summary::Ended,
    event::{Answer, Event, Failure, GroupView},
    group_link::GroupLink,
    input::{GroupWish, Wish},
    message::{Body, GroupChange, Message, MessageState},
};
use infrasound_spec::{
    account::Handle,
    consent::ContactState,
    content::{GroupMetadata, ObjectId},
    conversation::ConversationId,
    policy::Role,
    time::DAY,
};

use crate::device::Device;

impl Device {
    /// Makes a group and waits until the hub has it.
    pub async fn create_group(&mut self, name: &str, members: &[Handle]) -> ConversationId {
        let metadata = GroupMetadata { name: name.to_owned(), ..GroupMetadata::default() };
        let wish = GroupWish::Create { metadata, members: members.to_vec() };
        let Answer::Queued { message, conversation } = self.wish(Wish::Group(wish)).await.unwrap() else {
            panic!("a group is queued")
        };
        self.outcome(&message).unwrap();
        conversation.unwrap()
    }

    /// Changes a group, and says how that ended.
    pub async fn change(&mut self, wish: GroupWish) -> Result<(), Failure> {
        match self.wish(Wish::Group(wish)).await? {
            Answer::Queued { message, .. } => self.outcome(&message),
            Answer::Done => Ok(()),
            other => panic!("{other:?}"),
        }
    }

    /// How a wish that was queued ended, if it has.
    pub fn outcome(&self, wish: &ObjectId) -> Result<(), Failure> {
        let ended = self.events.iter().find_map(|event| match event {
            Event::Changed { object, .. } if object == wish => Some(Ok(())),
            Event::IntentFailed { object, failure, .. } if object == wish => Some(Err(failure.clone())),
            _ => None,
        });
        ended.unwrap_or_else(|| panic!("the wish has neither happened nor failed: {:?}", self.last_events()))
    }

    fn last_events(&self) -> Vec<String> {
        self.events.iter().rev().take(12).map(|event| format!("{event:?}")).collect()
    }

    /// Adds people.
    pub async fn add(&mut self, conversation: ConversationId, who: &[Handle]) -> Result<(), Failure> {
        self.change(GroupWish::Add { conversation, who: who.to_vec() }).await
    }

    /// Removes somebody.
    pub async fn remove(&mut self, conversation: ConversationId, who: &Handle) -> Result<(), Failure> {
        self.change(GroupWish::Remove { conversation, who: vec![who.clone()], ban: false }).await
    }

    /// Gives a role.
    pub async fn give(
        &mut self,
        conversation: ConversationId,
        who: &Handle,
        role: Role,
    ) -> Result<(), Failure> {
        self.change(GroupWish::SetRole { conversation, who: who.clone(), role }).await
    }

    /// Sets who may do what.
    pub async fn set(&mut self, conversation: ConversationId, settings: Settings) -> Result<(), Failure> {
        self.change(GroupWish::Set { conversation, settings }).await
    }

    /// Accepts an invitation.
    pub async fn accept_group(&mut self, conversation: ConversationId) {
        let state = ContactState::Accepted;
        self.change(GroupWish::Answer { conversation, state }).await.unwrap();
    }

    /// Leaves.
    pub async fn leave(&mut self, conversation: ConversationId) -> Result<(), Failure> {
        self.change(GroupWish::Leave { conversation }).await
    }

    /// Makes a link that is good for a day.
    pub async fn make_link(&mut self, conversation: ConversationId, uses: u32) -> GroupLink {
        let wish = GroupWish::MakeLink { conversation, lifetime: DAY, uses };
        match self.wish(Wish::Group(wish)).await.unwrap() {
            Answer::Link(link) => link,
            other => panic!("{other:?}"),
        }
    }

    /// Comes in by a link, or tries to.
    pub async fn join_by(&mut self, link: &GroupLink) {
        self.wish(Wish::Group(GroupWish::Join { link: link.clone() })).await.unwrap();
    }

    /// Writes to a group.
    pub async fn say_in(&mut self, conversation: ConversationId, text: &str) -> ObjectId {
        let wish = GroupWish::Send {
            conversation,
            text: text.to_owned(),
            in_reply_to: None,
            attachments: Vec::new(),
        };
        match self.wish(Wish::Group(wish)).await.unwrap() {
            Answer::Queued { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    /// A group as the app sees it.
    pub async fn view(&mut self, conversation: ConversationId) -> GroupView {
        match self.wish(Wish::Group(GroupWish::View { conversation })).await.unwrap() {
            Answer::Group(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    /// Who is in a group, by name, in order.
    pub async fn names(&mut self, conversation: ConversationId) -> Vec<String> {
        let mut names: Vec<String> = self
            .view(conversation)
            .await
            .members
            .iter()
            .map(|member| name_of(&member.person.handle))
            .collect();
        names.sort();
        names
    }

    /// What a group is called here.
    pub fn called(&self, conversation: ConversationId) -> Option<String> {
        let summary = self.core().conversations().into_iter().find(|one| one.conversation == conversation)?;
        summary.group()?.metadata.as_ref().map(|metadata| metadata.name.clone())
    }

    /// Whether, and why, a group is over for this account.
    pub fn ended(&self, conversation: ConversationId) -> Option<Ended> {
        let summary = self.core().conversations().into_iter().find(|one| one.conversation == conversation)?;
        summary.group()?.ended
    }

    /// The whole history of a conversation.
    pub async fn all(&mut self, conversation: ConversationId) -> Vec<Message> {
        let wish = Wish::Messages { conversation, before: None, limit: 1_000 };
        match self.wish(wish).await.unwrap() {
            Answer::Messages(messages) => messages,
            other => panic!("{other:?}"),
        }
    }

    /// What was said in a conversation, without its markup.
    pub async fn said(&mut self, conversation: ConversationId) -> Vec<String> {
        let messages = self.all(conversation).await;
        let went = messages.iter().filter(|message| !matches!(message.state, MessageState::Failed(_)));
        let texts = went.filter_map(|message| match &message.body {
            Body::Html(html) => Some(html.replace("<p>", "").replace("</p>", "")),
            _ => None,
        });
        texts.collect()
    }

    /// What was changed in a group, as its history has it.
    pub async fn changes(&mut self, conversation: ConversationId) -> Vec<GroupChange> {
        let messages = self.all(conversation).await;
        let changes = messages.into_iter().filter_map(|message| match message.body {
            Body::Changes(changes) => Some(changes),
            _ => None,
        });
        changes.flatten().collect()
    }
}

/// `alice` of `@alice@127.0.0.1:4711`.
fn name_of(handle: &Handle) -> String {
    handle.as_str().trim_start_matches('@').split('@').next().unwrap_or_default().to_owned()
}

/// All of them take in what is new, until nothing is.
pub async fn settle(devices: &mut [&mut Device]) {
    for _ in 0..4 {
        for device in devices.iter_mut() {
            device.sync().await;
            device.advance(11_000).await;
        }
    }
}
