//! How a person names a conversation or a message: what `conversations`, `read` and `inbox` print.
//!
//! | written | means |
//! |---|---|
//! | `@bob@host` | the conversation with bob |
//! | `#Herd` | the group of this name, if there is only one here |
//! | `q3Rf…`, any unique beginning | the conversation with this id |
//! | `@bob@host/12`, `#Herd/12`, `q3Rf/12` | the message with this number in it |
//! | `@bob@host/urn:uuid:…` | the message with this id in it |
//! | `urn:uuid:…` with `--in CONVERSATION` | the same |

use infrasound_core::{
    conversation::summary::Summary,
    event::{Answer, Failure, FailureCode},
    input::Wish,
    message::{Body, Message},
};
use infrasound_native::{Error, Session};
use infrasound_spec::{account::Handle, content::ObjectId};

use crate::{
    exit::CommandError,
    name::{self, Named},
};

/// A message in a conversation, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    conversation: String,
    message: Name,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Id(ObjectId),
    Number(u64),
}

/// A message that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) conversation: Summary,
    pub(crate) message: Message,
}

impl Found {
    /// The message's id, if it is one's own.
    pub(crate) fn own(&self) -> Result<ObjectId, CommandError> {
        if self.message.own {
            return Ok(self.message.id.clone());
        }
        let text =
            format!("that message is from {}: only its author can change or delete it", self.message.sender);
        Err(Error::Refused(Failure::new(FailureCode::NotAuthor, text)).into())
    }

    /// The wish to delete it, with its files, if it is one's own.
    pub(crate) fn delete(&self) -> Result<Wish, CommandError> {
        let (conversation, blobs) = (self.conversation.conversation, self.message.blobs());
        Ok(Wish::Delete { conversation, object: self.own()?, blobs })
    }
}

/// So many messages are looked at in one go for one with a certain id.
const PAGE: usize = 200;

/// Finds a conversation by handle, name, id, or the beginning of its id.
pub(crate) async fn conversation(session: &Session, written: &str) -> Result<Summary, CommandError> {
    let all = session.conversations().await?;
    if let Some(name) = written.strip_prefix('#') {
        return match name::group(&all, name) {
            Named::One(found) => Ok(found.clone()),
            Named::Several => Err(CommandError::NotFound(format!(
                "several groups are called {written}: `infrasound group list` has their ids, and the beginning of one is enough"
            ))),
            Named::Nobody => Err(CommandError::NotFound(format!(
                "there is no group {written} here: `infrasound group list` lists them"
            ))),
        };
    }
    if let Ok(handle) = written.parse::<Handle>() {
        let id = session.conversation_with(&handle).await?;
        let found = all.into_iter().find(|summary| Some(summary.conversation) == id);
        return found.ok_or_else(|| {
            CommandError::NotFound(format!(
                "there is no conversation with {handle} yet: write with `infrasound send {handle} TEXT`"
            ))
        });
    }
    let mut matching =
        all.into_iter().filter(|summary| summary.conversation.to_string().starts_with(written));
    match (matching.next(), matching.next()) {
        (Some(found), None) if !written.is_empty() => Ok(found),
        (Some(_), Some(_)) => Err(CommandError::NotFound(format!(
            "several conversations begin with {written}: write more of the id"
        ))),
        _ => Err(CommandError::NotFound(format!(
            "there is no conversation {written} here: `infrasound conversations` lists them"
        ))),
    }
}

/// Finds a group.
pub(crate) async fn group(session: &Session, written: &str) -> Result<Summary, CommandError> {
    let found = conversation(session, written).await?;
    match found.person() {
        None => Ok(found),
        Some(person) => Err(CommandError::NotFound(format!(
            "that is the conversation with {}, not a group: `infrasound group list` lists groups",
            person.handle
        ))),
    }
}

/// Finds a message.
pub(crate) async fn message(
    session: &Session,
    written: &str,
    within: Option<&str>,
) -> Result<Found, CommandError> {
    let Written { conversation, message } = parse(written, within)?;
    let conversation = self::conversation(session, &conversation).await?;
    let found = match &message {
        Name::Id(id) => by_id(session, &conversation, id).await?,
        Name::Number(number) => by_number(session, &conversation, *number).await?,
    };
    let Some(message) = found else {
        return Err(CommandError::NotFound(format!(
            "there is no message {written} in that conversation: `infrasound read` lists them"
        )));
    };
    if matches!(message.body, Body::Changes(_)) {
        return Err(CommandError::NotFound(format!(
            "{written} is a line of the group's history, not a message: nothing can be done to it"
        )));
    }
    Ok(Found { conversation, message })
}

async fn by_number(
    session: &Session,
    summary: &Summary,
    number: u64,
) -> Result<Option<Message>, CommandError> {
    let page = page(session, summary, Some(number.saturating_add(1)), 1).await?;
    Ok(page.into_iter().find(|message| message.number == Some(number)))
}

/// The newest messages are looked at first: somebody who names a message has mostly just seen it.
async fn by_id(session: &Session, summary: &Summary, id: &ObjectId) -> Result<Option<Message>, CommandError> {
    let mut before = None;
    loop {
        let page = page(session, summary, before, PAGE).await?;
        let first = page.iter().find_map(|message| message.number);
        if let Some(message) = page.into_iter().find(|message| message.id == *id) {
            return Ok(Some(message));
        }
        match first {
            Some(first) => before = Some(first),
            None => return Ok(None),
        }
    }
}

async fn page(
    session: &Session,
    summary: &Summary,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Message>, CommandError> {
    let wish = Wish::Messages { conversation: summary.conversation, before, limit };
    match session.wish(wish).await? {
        Answer::Messages(messages) => Ok(messages),
        _ => Ok(Vec::new()),
    }
}

fn parse(written: &str, within: Option<&str>) -> Result<Written, CommandError> {
    // Neither a handle nor a conversation's id has a slash; the id of a message may have one. A group whose name has one
    // is named by its id, or with --in.
    let (conversation, message) = match (within, written.split_once('/')) {
        (Some(within), _) => (within, written),
        (None, Some(parts)) => parts,
        (None, None) => {
            return Err(CommandError::Usage(format!(
                "{written} names no message: write it like @bob@host/12 or '#GROUP/12', or add --in CONVERSATION"
            )));
        }
    };
    let message = match message.parse::<u64>() {
        Ok(number) => Name::Number(number),
        Err(_) => Name::Id(message.parse().map_err(|_| {
            CommandError::Usage(format!("{message} is neither the number nor the id of a message"))
        })?),
    };
    Ok(Written { conversation: conversation.to_owned(), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(written: &str, within: Option<&str>) -> Option<(String, Name)> {
        parse(written, within).ok().map(|written| (written.conversation, written.message))
    }

    #[test]
    fn a_message_is_a_conversation_and_a_number_or_an_id() {
        let bob = "@bob@host:8787";
        let id: ObjectId = "urn:uuid:a/b".parse().unwrap();
        assert_eq!(parsed("@bob@host:8787/12", None), Some((bob.to_owned(), Name::Number(12))));
        assert_eq!(parsed("#Herd of us/7", None), Some(("#Herd of us".to_owned(), Name::Number(7))));
        assert_eq!(parsed("q3Rf-_/1", None), Some(("q3Rf-_".to_owned(), Name::Number(1))));
        assert_eq!(parsed("@bob@host:8787/urn:uuid:a/b", None), Some((bob.to_owned(), Name::Id(id.clone()))));
        assert_eq!(parsed("urn:uuid:a/b", Some(bob)), Some((bob.to_owned(), Name::Id(id))));
        assert_eq!(parsed("12", Some(bob)), Some((bob.to_owned(), Name::Number(12))));
    }

    #[test]
    fn what_names_no_message_is_a_usage_error() {
        for written in ["12", "@bob@host", "@bob@host/", "@bob@host/x y", "@bob@host/-1"] {
            assert!(matches!(parse(written, None), Err(CommandError::Usage(_))), "{written}");
        }
    }
}
