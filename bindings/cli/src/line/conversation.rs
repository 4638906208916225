//! A line in the list of conversations.

use infrasound_core::conversation::summary::{Ended, GroupCard, Summary};
use serde::Serialize;

use super::contact_state;
use crate::{clean, html, name, time};

/// A conversation, or a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct Conversation {
    pub(crate) conversation: String,
    /// What stands for it: a handle, `#NAME`, or its id.
    pub(crate) with: String,
    /// The other; of a group there is none.
    pub(crate) account: Option<String>,
    pub(crate) consent: String,
    pub(crate) request: bool,
    pub(crate) unread: u64,
    pub(crate) last_message: u64,
    pub(crate) last_time: String,
    pub(crate) preview: String,
    pub(crate) waiting_for: Option<String>,
    pub(crate) group: Option<Card>,
    pub(crate) muted: bool,
    pub(crate) archived: bool,
}

/// What the list knows of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Card {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) inviter: Option<String>,
    pub(crate) ended: Option<&'static str>,
}

impl Conversation {
    /// Those of all conversations that are wanted.
    pub(crate) fn list(all: &[Summary], wanted: impl Fn(&Summary) -> bool) -> Vec<Self> {
        all.iter().filter(|summary| wanted(summary)).map(|summary| Self::new(summary, all)).collect()
    }

    fn new(summary: &Summary, all: &[Summary]) -> Self {
        Self {
            conversation: summary.conversation.to_string(),
            with: name::of(summary, all),
            account: summary.person().map(|person| clean::line(person.account.as_str())),
            consent: contact_state(summary.consent).to_owned(),
            request: summary.request,
            unread: summary.unread,
            last_message: summary.last_message,
            last_time: time::rfc3339(summary.last_time),
            preview: clean::line(&html::text(&summary.preview)),
            waiting_for: summary.waiting.as_deref().map(clean::line),
            group: summary.group().map(Card::from),
            muted: summary.muted,
            archived: summary.archived,
        }
    }
}

impl From<&GroupCard> for Card {
    fn from(card: &GroupCard) -> Self {
        let metadata = card.metadata.as_ref();
        Self {
            name: metadata.map(|metadata| clean::line(&metadata.name)),
            description: metadata.map(|metadata| clean::lines(&metadata.summary)),
            inviter: card.inviter.as_ref().map(|person| person.handle.to_string()),
            ended: card.ended.map(|ended| match ended {
                Ended::Left => "left",
                Ended::Removed => "removed",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::consent::ContactState;

    use super::*;

    #[test]
    fn the_shape_of_a_group_in_the_list_is_kept() {
        let all = [name::tests::herd(0, "He\u{1b}rd", ContactState::Accepted, Some(Ended::Removed))];
        let list = Conversation::list(&all, |_| true);
        assert_eq!(
            serde_json::to_string(&list).unwrap(),
            concat!(
                r##"[{"conversation":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","with":"#Herd","account":null,"##,
                r#""consent":"accepted","request":false,"unread":0,"last_message":0,"#,
                r#""last_time":"1970-01-01T00:00:00.000Z","preview":"","waiting_for":null,"#,
                r#""group":{"name":"Herd","description":"","inviter":null,"ended":"removed"},"#,
                r#""muted":false,"archived":false}]"#
            )
        );
    }
}
