//! Whom a message goes to: as written, and as found.

use std::str::FromStr;

use infrasound_core::{
    conversation::summary::{Summary, With},
    input::{GroupWish, Wish},
};
use infrasound_native::Session;
use infrasound_spec::{
    account::Handle,
    content::{Attachment, ObjectId},
    conversation::ConversationId,
};

use crate::{exit::CommandError, name, reference};

/// An id's beginning is long enough to be no misspelt name.
const SHORTEST_ID: usize = 6;

/// Whom a message goes to, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// Somebody, who need not be known yet.
    Person(Handle),
    /// A conversation that is here: `#NAME`, its id, or the beginning of its id.
    Conversation(String),
}

/// The text names neither a person nor a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a person as @USER@HOST, a group as '#NAME', or the beginning of a conversation's id, at least {SHORTEST_ID} characters"
)]
pub(crate) struct NotARecipient;

impl FromStr for Written {
    type Err = NotARecipient;

    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        if let Ok(handle) = text.parse() {
            return Ok(Self::Person(handle));
        }
        let is_id = || {
            text.len() >= SHORTEST_ID
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        match text.strip_prefix('#') {
            Some(name) if !name.trim().is_empty() => Ok(Self::Conversation(text.to_owned())),
            None if is_id() => Ok(Self::Conversation(text.to_owned())),
            _ => Err(NotARecipient),
        }
    }
}

/// Whom a message goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    Person(Handle),
    /// A group, and what stands for it.
    Group(ConversationId, String),
}

impl Recipient {
    /// Finds what was written.
    pub(crate) async fn find(session: &Session, written: Written) -> Result<Self, CommandError> {
        match written {
            Written::Person(handle) => Ok(Self::Person(handle)),
            Written::Conversation(written) => {
                Self::of(session, &reference::conversation(session, &written).await?).await
            }
        }
    }

    /// Who is in a conversation.
    pub(crate) async fn of(session: &Session, summary: &Summary) -> Result<Self, CommandError> {
        Ok(match &summary.with {
            With::Person(person) => Self::Person(person.handle.clone()),
            With::Group(_) => {
                let all = session.conversations().await?;
                Self::Group(summary.conversation, name::of(summary, &all))
            }
        })
    }

    /// What stands for it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Person(handle) => handle.to_string(),
            Self::Group(_, name) => name.clone(),
        }
    }

    /// The conversation, if there is one yet.
    pub(crate) async fn conversation(
        &self,
        session: &Session,
    ) -> Result<Option<ConversationId>, CommandError> {
        match self {
            Self::Person(handle) => Ok(session.conversation_with(handle).await?),
            Self::Group(conversation, _) => Ok(Some(*conversation)),
        }
    }

    /// The wish to write.
    pub(crate) fn send(
        &self,
        text: String,
        in_reply_to: Option<ObjectId>,
        attachments: Vec<Attachment>,
    ) -> Wish {
        match self {
            Self::Person(handle) => Wish::Send { to: handle.clone(), text, in_reply_to, attachments },
            Self::Group(conversation, _) => {
                Wish::Group(GroupWish::Send { conversation: *conversation, text, in_reply_to, attachments })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_a_group_or_an_id() {
        let conversation = |text: &str| Ok(Written::Conversation(text.to_owned()));
        assert_eq!("@bob@host".parse(), Ok(Written::Person("@bob@host".parse().unwrap())));
        assert_eq!("bob@host".parse(), Ok(Written::Person("@bob@host".parse().unwrap())));
        for text in ["#Herd", "# Herd of us", "#@bob@host", "q3Rf-_"] {
            assert_eq!(text.parse::<Written>(), conversation(text), "{text}");
        }
        for text in ["bob", "@bob", "#", "# ", "q3Rf/12", ""] {
            assert_eq!(text.parse::<Written>(), Err(NotARecipient), "{text}");
        }
    }
}
