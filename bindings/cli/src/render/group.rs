//! A group, for a person.

use crate::{
    line::{Banned, Conversation, Group, JoinLink, JoinRequest, Member},
    paint::Paint,
    table, time,
};

/// Everything that `group show` shows.
pub(crate) struct Shown<'a> {
    pub(crate) group: &'a Group,
    pub(crate) members: &'a [Member],
    pub(crate) links: &'a [JoinLink],
    pub(crate) requests: &'a [JoinRequest],
    pub(crate) banned: &'a [Banned],
}

/// A whole group.
pub(crate) fn whole(shown: &Shown<'_>, paint: Paint) -> Vec<String> {
    let mut lines = head(shown.group, paint);
    if !shown.members.is_empty() {
        lines.push(String::new());
        lines.extend(members(shown.members));
    }
    if !shown.links.is_empty() {
        lines.push(String::new());
        lines.extend(links(shown.links));
    }
    if !shown.requests.is_empty() {
        lines.push(String::new());
        lines.extend(requests(shown.requests));
    }
    if !shown.banned.is_empty() {
        lines.push(String::new());
        lines.push("BANNED".to_owned());
        lines.extend(shown.banned.iter().map(|banned| banned.account.clone()));
    }
    lines
}

/// What a group is, and who may do what in it.
pub(crate) fn head(group: &Group, paint: Paint) -> Vec<String> {
    let mut lines = vec![paint.bold(group.name.as_deref().unwrap_or(&group.with))];
    // Every line of what others wrote is set off, so that none can pass for a line of ours.
    lines.extend(group.description.iter().flat_map(|text| text.lines()).map(|line| format!("    {line}")));
    let mut rows = vec![("id", group.conversation.clone())];
    let you = match (group.ended, group.role, group.consent) {
        (Some("left"), ..) => "you have left it".to_owned(),
        (Some(_), ..) => "you were removed from it".to_owned(),
        (None, _, "none") => match &group.inviter {
            Some(inviter) => {
                format!("{inviter} invites you: answer with `group accept`, `ignore` or `leave`")
            }
            None => "you are invited: answer with `group accept`, `ignore` or `leave`".to_owned(),
        },
        (None, Some(role), _) => role.to_owned(),
        (None, None, _) => "not in it yet".to_owned(),
    };
    rows.push(("you", you));
    rows.extend(group.waiting_for.iter().map(|reason| ("waits", reason.clone())));
    if let Some(settings) = &group.settings {
        let least = |role: &str| match role {
            "member" => "everybody".to_owned(),
            "moderator" => "moderators and owners".to_owned(),
            _ => "owners".to_owned(),
        };
        rows.push(("add", least(settings.add)));
        rows.push(("rename", least(settings.rename)));
        rows.push(("post", least(settings.post)));
        let join = match settings.join {
            "invite" => "by invitation",
            "approval" => "who has a link may ask",
            _ => "who has a link may come in",
        };
        rows.push(("join", join.to_owned()));
        if settings.closed {
            rows.push((
                "closed",
                "nobody comes in, and nothing is said, until an owner opens it again".to_owned(),
            ));
        }
    }
    lines.extend(rows.into_iter().map(|(name, value)| format!("{name:<8}{value}")));
    lines
}

fn members(members: &[Member]) -> Vec<String> {
    let rows: Vec<_> = members
        .iter()
        .map(|member| {
            let own = if member.own { "you" } else { "" };
            [member.handle.clone(), member.role.to_owned(), member.devices.to_string(), own.to_owned()]
        })
        .collect();
    table::aligned(["MEMBER", "ROLE", "DEVICES", ""], &rows)
}

/// Links into a group; those that were made on this device with their text.
pub(crate) fn links(links: &[JoinLink]) -> Vec<String> {
    let rows: Vec<_> = links
        .iter()
        .map(|link| {
            let uses = link.uses.map_or_else(|| "any number".to_owned(), |uses| uses.to_string());
            let text = link.link.clone().unwrap_or_else(|| "made on another device".to_owned());
            [link.key.clone(), time::local(&link.expires), uses, text]
        })
        .collect();
    table::aligned(["LINK", "UNTIL", "FOR HOW MANY", ""], &rows)
}

/// Who asks to be let into a group.
pub(crate) fn requests(requests: &[JoinRequest]) -> Vec<String> {
    let rows: Vec<_> =
        requests.iter().map(|request| [request.from.clone(), time::local(&request.since)]).collect();
    table::aligned(["ASKS TO BE LET IN", "SINCE"], &rows)
}

/// A link that was just made: the text alone, so that it can be put elsewhere.
pub(crate) fn join_link(link: &JoinLink, paint: Paint) -> String {
    paint.bold(link.link.as_deref().unwrap_or(&link.key))
}

pub(crate) fn requests_wait(with: Option<&str>, count: u64, paint: Paint) -> String {
    let with = with.unwrap_or("a group");
    let ask = if count == 1 { "somebody asks".to_owned() } else { format!("{count} people ask") };
    paint.waiting(&format!("{ask} to be let into {with}: see `infrasound group requests '{with}'`"))
}

/// A list of groups.
pub(crate) fn list(groups: &[Conversation]) -> Vec<String> {
    let rows: Vec<_> = groups
        .iter()
        .map(|group| {
            let description = group.group.as_ref().and_then(|card| card.description.as_deref());
            [
                table::shortened(&group.with, 48),
                table::shortened(&group.conversation, 9),
                group.unread.to_string(),
                time::local(&group.last_time),
                super::state_of(group),
                table::shortened(&crate::clean::line(description.unwrap_or_default()), 48),
            ]
        })
        .collect();
    table::aligned(["GROUP", "ID", "NEW", "LAST", "STATE", "ABOUT"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Settings;

    fn herd() -> Group {
        Group {
            conversation: "q3Rf".to_owned(),
            with: "#Herd".to_owned(),
            name: Some("Herd".to_owned()),
            description: Some("Old and grey\nid      another".to_owned()),
            consent: "accepted",
            inviter: None,
            ended: None,
            waiting_for: None,
            role: Some("owner"),
            members: 1,
            settings: Some(Settings {
                add: "moderator",
                rename: "owner",
                post: "member",
                join: "approval",
                closed: false,
            }),
        }
    }

    fn member(handle: &str, own: bool) -> Member {
        Member {
            conversation: "q3Rf".to_owned(),
            with: "#Herd".to_owned(),
            handle: handle.to_owned(),
            account: String::new(),
            role: "owner",
            devices: 2,
            own,
        }
    }

    #[test]
    fn a_group_is_shown_with_its_settings_and_members() {
        let members = [member("@alice@a.example", true), member("@bob@a.example", false)];
        let group = herd();
        let shown = Shown { group: &group, members: &members, links: &[], requests: &[], banned: &[] };
        assert_eq!(
            whole(&shown, Paint::Plain),
            [
                "Herd",
                "    Old and grey",
                "    id      another",
                "id      q3Rf",
                "you     owner",
                "add     moderators and owners",
                "rename  owners",
                "post    everybody",
                "join    who has a link may ask",
                "",
                "MEMBER            ROLE   DEVICES",
                "@alice@a.example  owner  2        you",
                "@bob@a.example    owner  2",
            ]
        );
    }

    #[test]
    fn an_invitation_says_who_invites_and_how_to_answer() {
        let inviter = Some("@bob@a.example".to_owned());
        let group = Group { consent: "none", inviter, settings: None, ..herd() };
        let head = head(&group, Paint::Plain);
        let answer = "you     @bob@a.example invites you: answer with `group accept`, `ignore` or `leave`";
        assert_eq!(head.last().map(String::as_str), Some(answer));
    }

    #[test]
    fn who_asks_is_counted() {
        let wait = |count| requests_wait(Some("#Herd"), count, Paint::Plain);
        assert_eq!(wait(1), "somebody asks to be let into #Herd: see `infrasound group requests '#Herd'`");
        assert!(wait(3).starts_with("3 people ask"));
    }
}
