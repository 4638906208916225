//! How conversations are called on the command line, where it prints them and where it reads them.
//!
//! A group's name is what its members say it is: two groups can have the same, and somebody can give theirs the name of
//! another. So `#NAME` stands for a group only where that leaves no choice; else its id does.

use infrasound_core::conversation::summary::{Summary, With};
use infrasound_spec::consent::ContactState;

use crate::clean;

/// Which group a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    Nobody,
    One(&'a Summary),
    Several,
}

/// The group of a name. Groups that this account is in go before those that it has left or was only invited to, so that
/// no invitation can take a name away.
pub(crate) fn group<'a>(all: impl IntoIterator<Item = &'a Summary>, name: &str) -> Named<'a> {
    let name = comparable(name);
    let called = |summary: &&Summary| {
        title(summary).is_some_and(|title| comparable(&title) == name && !name.is_empty())
    };
    let (inside, outside): (Vec<&Summary>, Vec<&Summary>) =
        all.into_iter().filter(called).partition(|summary| is_inside(summary));
    match (inside.as_slice(), outside.as_slice()) {
        ([one], _) | ([], [one]) => Named::One(one),
        ([], []) => Named::Nobody,
        _ => Named::Several,
    }
}

/// What stands for a conversation: the other's handle; `#NAME` of a group if that is enough; else its id.
pub(crate) fn of<'a>(summary: &Summary, all: impl IntoIterator<Item = &'a Summary>) -> String {
    match &summary.with {
        With::Person(person) => person.handle.to_string(),
        With::Group(_) => match title(summary) {
            // A message is named by what stands before the first slash, and what follows it; and a hint quotes the name
            // for a shell.
            Some(title)
                if !title.contains(['/', '\'', '\\'])
                    && matches!(group(all, &title), Named::One(one) if one.conversation == summary.conversation) =>
            {
                format!("#{title}")
            }
            _ => summary.conversation.to_string(),
        },
    }
}

/// What a group is called, on one line and without what a terminal obeys.
pub(crate) fn title(summary: &Summary) -> Option<String> {
    let title = clean::line(&summary.group()?.metadata.as_ref()?.name);
    Some(title).filter(|title| !title.is_empty())
}

fn is_inside(summary: &Summary) -> bool {
    summary.consent == ContactState::Accepted && summary.group().is_some_and(|group| group.ended.is_none())
}

fn comparable(name: &str) -> String {
    clean::line(name).to_lowercase()
}

#[cfg(test)]
pub(crate) mod tests {
    use infrasound_core::conversation::summary::{Ended, GroupCard};
    use infrasound_spec::{content::GroupMetadata, conversation::ConversationId, time::Timestamp};

    use super::*;

    pub(crate) fn herd(id: u8, name: &str, consent: ContactState, ended: Option<Ended>) -> Summary {
        let metadata = Some(GroupMetadata { name: name.to_owned(), ..GroupMetadata::default() });
        Summary {
            conversation: ConversationId::from_bytes([id; 32]),
            with: With::Group(Box::new(GroupCard { metadata, inviter: None, ended })),
            consent,
            request: consent == ContactState::None,
            unread: 0,
            last_message: 0,
            last_time: Timestamp::from_secs(0),
            preview: String::new(),
            waiting: None,
            muted: false,
            archived: false,
        }
    }

    fn inside(id: u8, name: &str) -> Summary {
        herd(id, name, ContactState::Accepted, None)
    }

    #[test]
    fn a_name_stands_for_the_only_group_that_has_it() {
        let all = [inside(1, "Herd"), inside(2, "The  old\u{202e} herd")];
        assert_eq!(group(&all, "herd"), Named::One(&all[0]));
        assert_eq!(group(&all, "The old herd"), Named::One(&all[1]));
        assert_eq!(group(&all, "her"), Named::Nobody);
        assert_eq!(group(&all, ""), Named::Nobody);
        assert_eq!((of(&all[0], &all), of(&all[1], &all)), ("#Herd".to_owned(), "#The old herd".to_owned()));
    }

    #[test]
    fn groups_of_one_name_are_named_by_their_ids() {
        let all = [inside(1, "Herd"), inside(2, "HERD")];
        assert_eq!(group(&all, "Herd"), Named::Several);
        assert_eq!(of(&all[0], &all), all[0].conversation.to_string());
    }

    #[test]
    fn an_invitation_takes_no_name_away() {
        let invited = herd(2, "Herd", ContactState::None, None);
        let left = herd(3, "Herd", ContactState::Accepted, Some(Ended::Left));
        let all = [inside(1, "Herd"), invited, left];
        assert_eq!(group(&all, "Herd"), Named::One(&all[0]));
        assert_eq!(of(&all[1], &all), all[1].conversation.to_string());
        assert_eq!(group(&all[1..], "Herd"), Named::Several);
        assert_eq!(group(&all[2..], "Herd"), Named::One(&all[2]));
    }

    #[test]
    fn a_name_that_reads_as_something_else_is_not_used() {
        for name in ["a/b", "a'b", "a\\b", "\u{200b}", "  "] {
            let all = [inside(1, name)];
            assert_eq!(of(&all[0], &all), all[0].conversation.to_string(), "{name}");
        }
    }
}
