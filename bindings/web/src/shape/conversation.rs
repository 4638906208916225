//! A line in the list of conversations.

use infrasound_core::conversation::summary::{Ended, GroupCard, Summary, With};
use infrasound_spec::{consent::ContactState, conversation::ConversationId};
use serde::Serialize;

use super::{attachment::Attachment, integer::Integer, person::Person, plain_text::plain_text};

/// A line in the list of conversations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    id: ConversationId,
    kind: &'static str,
    person: Option<Person>,
    group: Option<Group>,
    consent: ContactState,
    request: bool,
    unread: Integer,
    last_message: Integer,
    last_time: Integer,
    preview: String,
    waiting: Option<String>,
    muted: bool,
    archived: bool,
}

/// What a list shows of a group.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    name: Option<String>,
    description: Option<String>,
    picture: Option<Attachment>,
    inviter: Option<Person>,
    ended: Option<&'static str>,
}

impl From<Summary> for Conversation {
    fn from(summary: Summary) -> Self {
        let (kind, person, group) = match summary.with {
            With::Person(person) => ("direct", Some(person.into()), None),
            With::Group(card) => ("group", None, Some(Group::from(*card))),
        };
        Self {
            id: summary.conversation,
            kind,
            person,
            group,
            consent: summary.consent,
            request: summary.request,
            unread: summary.unread.into(),
            last_message: summary.last_message.into(),
            last_time: summary.last_time.into(),
            preview: plain_text(&summary.preview),
            waiting: summary.waiting,
            muted: summary.muted,
            archived: summary.archived,
        }
    }
}

impl From<GroupCard> for Group {
    fn from(card: GroupCard) -> Self {
        let (name, description, picture) = match card.metadata {
            Some(metadata) => (Some(metadata.name), Some(metadata.summary), metadata.picture),
            None => (None, None, None),
        };
        Self {
            name,
            description,
            picture: picture.map(Attachment::from),
            inviter: card.inviter.map(Person::from),
            ended: card.ended.map(|ended| match ended {
                Ended::Left => "left",
                Ended::Removed => "removed",
            }),
        }
    }
}
