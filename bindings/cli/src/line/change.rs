//! What was changed of a group: for a program, and as a plain sentence.

use infrasound_core::message::GroupChange;
use infrasound_spec::{account::Handle, policy::Role};
use serde::Serialize;

use crate::clean;

/// One thing that changed in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct Change {
    pub(crate) change: &'static str,
    /// Whom it is about, if not the one who did it.
    pub(crate) who: Vec<String>,
    pub(crate) role: Option<&'static str>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) text: String,
}

impl Change {
    /// What a member changed at once.
    pub(crate) fn all(changes: &[GroupChange], by: &Handle, own: bool) -> Vec<Self> {
        changes.iter().map(|change| Self::new(change, by, own)).collect()
    }

    /// The sentences, each on a line.
    pub(crate) fn sentences(changes: &[Self]) -> String {
        changes.iter().map(|change| change.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn new(change: &GroupChange, by: &Handle, own: bool) -> Self {
        let (word, who, role, metadata) = match change {
            GroupChange::Began => ("began", &[][..], None, None),
            GroupChange::Added(who) => ("added", who.as_slice(), None, None),
            GroupChange::Removed(who) => ("removed", who.as_slice(), None, None),
            GroupChange::Left(who) => ("left", who.as_slice(), None, None),
            GroupChange::Joined => ("joined", &[][..], None, None),
            GroupChange::Renewed(who) => ("renewed", who.as_slice(), None, None),
            GroupChange::Role(who, role) => ("role", std::slice::from_ref(who), Some(*role), None),
            GroupChange::Settings => ("settings", &[][..], None, None),
            GroupChange::Bans => ("bans", &[][..], None, None),
            GroupChange::Links => ("links", &[][..], None, None),
            GroupChange::Closed => ("closed", &[][..], None, None),
            GroupChange::Opened => ("reopened", &[][..], None, None),
            GroupChange::Described(metadata) => ("described", &[][..], None, Some(metadata)),
            GroupChange::Missed => ("missed", &[][..], None, None),
        };
        Self {
            change: word,
            who: who.iter().map(ToString::to_string).collect(),
            role: role.map(role_word),
            name: metadata.map(|metadata| clean::line(&metadata.name)),
            description: metadata.map(|metadata| clean::line(&metadata.summary)),
            text: sentence(change, by, own),
        }
    }
}

/// The word for a role.
pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Moderator => "moderator",
        Role::Owner => "owner",
    }
}

fn sentence(change: &GroupChange, by: &Handle, own: bool) -> String {
    match change {
        GroupChange::Began if own => format!("{by} made the group"),
        GroupChange::Began => format!("{by} let you in; what was said before is not for you"),
        GroupChange::Added(who) => format!("{by} added {}", several(who)),
        GroupChange::Removed(who) => format!("{by} removed {}", several(who)),
        GroupChange::Left(who) => format!("{} left", several(who)),
        GroupChange::Joined => format!("{by} came in by a link"),
        GroupChange::Renewed(who) => {
            format!("{by} let {} in again with a new key; compare safety numbers to be sure", several(who))
        }
        GroupChange::Role(who, Role::Member) => format!("{by} made {who} a member like any other"),
        GroupChange::Role(who, Role::Moderator) => format!("{by} made {who} a moderator"),
        GroupChange::Role(who, Role::Owner) => format!("{by} made {who} an owner"),
        GroupChange::Settings => format!("{by} changed who may do what"),
        GroupChange::Bans => format!("{by} changed who is banned"),
        GroupChange::Links => format!("{by} changed the links into the group"),
        GroupChange::Closed => format!("{by} closed the group"),
        GroupChange::Opened => format!("{by} opened the group again"),
        GroupChange::Described(metadata) => {
            let name = clean::line(&metadata.name);
            match clean::line(&metadata.summary) {
                summary if summary.is_empty() => format!("{by} calls the group \"{name}\""),
                summary => format!("{by} calls the group \"{name}\", and describes it: \"{summary}\""),
            }
        }
        GroupChange::Missed => "this device came back; what was said in between is not on it".to_owned(),
    }
}

fn several(who: &[Handle]) -> String {
    match who {
        [] => "nobody".to_owned(),
        [one] => one.to_string(),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(ToString::to_string).collect();
            format!("{} and {last}", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::content::GroupMetadata;

    use super::*;

    fn told(changes: &[GroupChange], own: bool) -> String {
        Change::sentences(&Change::all(changes, &"@alice@a.example".parse().unwrap(), own))
    }

    fn handles(names: &[&str]) -> Vec<Handle> {
        names.iter().map(|name| format!("@{name}@a.example").parse().unwrap()).collect()
    }

    #[test]
    fn each_change_is_a_sentence() {
        let changes = [
            GroupChange::Began,
            GroupChange::Added(handles(&["bob", "carol", "dan"])),
            GroupChange::Role(handles(&["bob"])[0].clone(), Role::Moderator),
            GroupChange::Removed(handles(&["carol"])),
            GroupChange::Left(handles(&["bob", "dan"])),
        ];
        assert_eq!(
            told(&changes, true),
            "@alice@a.example made the group\n\
             @alice@a.example added @bob@a.example, @carol@a.example and @dan@a.example\n\
             @alice@a.example made @bob@a.example a moderator\n\
             @alice@a.example removed @carol@a.example\n\
             @bob@a.example and @dan@a.example left"
        );
        assert_eq!(
            told(&[GroupChange::Began], false),
            "@alice@a.example let you in; what was said before is not for you"
        );
    }

    #[test]
    fn a_name_cannot_add_a_sentence_or_rule_the_terminal() {
        let metadata = GroupMetadata {
            name: "Herd\u{1b}[2J\n@bob@a.example left".to_owned(),
            summary: "\u{202e}old\r\nand grey".to_owned(),
            picture: None,
        };
        let text = told(&[GroupChange::Described(metadata)], false);
        assert_eq!(
            text,
            "@alice@a.example calls the group \"Herd[2J @bob@a.example left\", and describes it: \"old and grey\""
        );
    }

    #[test]
    fn a_program_gets_whom_and_what() {
        let role = GroupChange::Role(handles(&["bob"])[0].clone(), Role::Owner);
        let change = &Change::all(&[role], &"@alice@a.example".parse().unwrap(), false)[0];
        assert_eq!(
            serde_json::to_string(change).unwrap(),
            concat!(
                r#"{"change":"role","who":["@bob@a.example"],"role":"owner","name":null,"description":null,"#,
                r#""text":"@alice@a.example made @bob@a.example an owner"}"#
            )
        );
    }
}
