//! What the command says, as text for a person.

pub(crate) mod group;

use crate::{
    file,
    line::{Activity, Conversation, Done, Line, Message, Policy, Send, State},
    paint::Paint,
    table, time,
};

/// One thing, as one or more lines without the last line break.
pub(crate) fn text(line: &Line, paint: Paint) -> String {
    match line {
        Line::Account(account) => format!(
            "{}\naccount  {}\ndevice   {}\nrelay    {}\nhome     {}",
            paint.bold(&account.handle),
            account.account,
            account.device,
            account.relay,
            account.home
        ),
        Line::Activity(activity) => self::activity(activity, paint),
        Line::Authorize { url, .. } => format!("Open this page in a browser and sign in there:\n\n  {url}\n"),
        Line::Banned(banned) => format!("{} may not come in", banned.account),
        Line::CaughtUp => paint.dim("up to date"),
        Line::Changed(changed) => paint.dim(&format!("    done{}", within(changed.with.as_deref()))),
        Line::Compare(compare) => self::compare(compare, paint),
        Line::Conversation(conversation) | Line::Request(conversation) => {
            self::conversation(conversation, paint)
        }
        Line::Device(device) => {
            let this = if device.this_device { "  (this device)" } else { "" };
            format!("{}  {}  since {}{this}", device.device, device.name, time::local(&device.created))
        }
        Line::Done(done) => self::done(done, paint),
        Line::Error { text, .. } => paint.loud(&format!("error: {text}")),
        Line::Group(group) => group::head(group, paint).join("\n"),
        Line::JoinLink(made) => group::join_link(made, paint),
        Line::JoinRequest(request) => format!("{} asks to be let in", request.from),
        Line::JoinRequests { with, count, .. } => group::requests_wait(with.as_deref(), *count, paint),
        Line::Link { code, uri } => link(code, uri),
        Line::LinkProgress { records } => paint.dim(&format!("{records} records of the history")),
        Line::Member(member) => format!("{}  {}", member.handle, member.role),
        Line::Message(message) if message.kind == "changes" => changes(message, paint),
        Line::Message(message) => self::message(message, paint),
        Line::MessageState(state) => self::state(state, paint),
        Line::NotAdded(not_added) => {
            let place = within(not_added.with.as_deref());
            paint.loud(&format!("{} was not added{place}: {}", not_added.who, not_added.reason))
        }
        Line::Offline { text } => paint.waiting(&format!("offline: {text}")),
        Line::Policy(policy) => self::policy(policy),
        Line::SafetyNumber { with, groups, pinned, .. } => safety_number(with, groups, *pinned, paint),
        Line::Saved(saved) => format!("saved {} ({})", saved.path, file::size(saved.size)),
        Line::Send(send) => self::send(send, paint),
        Line::Typing { from, .. } => paint.dim(&format!("    {from} is typing")),
        Line::Warning(warning) => {
            let place = match &warning.with {
                Some(with) if with.starts_with('@') => format!(" (conversation with {with})"),
                Some(with) => format!(" (in {with})"),
                None => String::new(),
            };
            paint.loud(&format!("WARNING: {}{place}", warning.text))
        }
    }
}

/// Where something happened.
fn within(with: Option<&str>) -> String {
    with.map(|with| format!(" in {with}")).unwrap_or_default()
}

/// A line of a group's history for each thing that was changed.
fn changes(message: &Message, paint: Paint) -> String {
    let line = |sentence: &str| format!("{}{}", when(&message.time), paint.dim(sentence));
    let lines: Vec<String> = message.text.lines().map(line).collect();
    format!("{}  {}", lines.join("\n"), paint.dim(&message.reference))
}

fn message(message: &Message, paint: Paint) -> String {
    let from = if message.own { paint.own(&message.from) } else { paint.other(&message.from) };
    let head = format!("{}{from}  {}", when(&message.time), paint.dim(&message.reference));
    let mut notes = Vec::new();
    if message.request {
        notes.push(paint.waiting("request"));
    }
    if message.in_reply_to.is_some() {
        notes.push("reply".to_owned());
    }
    if message.edited {
        notes.push("edited".to_owned());
    }
    if message.own {
        notes.push(match &message.reason {
            Some(reason) => format!("{}: {reason}", message.state),
            None => message.state.to_owned(),
        });
    }
    let notes = if notes.is_empty() { String::new() } else { format!("  [{}]", notes.join(", ")) };
    let body = match message.kind {
        "text" if message.text.is_empty() => String::new(),
        "text" => indented(&message.text),
        "deleted" => paint.dim("    (deleted)"),
        "unsupported" => {
            paint.dim(&format!("    (something that this version does not know: {})", message.text))
        }
        _ => paint.loud(&format!("    (unreadable: {})", message.text)),
    };
    let body = if body.is_empty() { body } else { format!("\n{body}") };
    format!("{head}{notes}{body}{}{}", files(message), reactions(message))
}

/// The time and what sets it off; nothing if it is not known.
fn when(time: &str) -> String {
    let local = time::local(time);
    if local.is_empty() { local } else { format!("{local}  ") }
}

fn files(message: &Message) -> String {
    let each = message.attachments.iter().map(|attachment| {
        let name = if attachment.name.is_empty() { "(without a name)" } else { &attachment.name };
        match attachment.size {
            Some(size) => format!("\n    + {name} ({}, {})", attachment.media_type, file::size(size)),
            None => format!("\n    + {name} ({}): this version cannot fetch it", attachment.media_type),
        }
    });
    let files: String = each.collect();
    let can_be_saved = message.number.is_some() && message.attachments.iter().any(|file| file.size.is_some());
    if can_be_saved {
        format!("{files}\n      save with: infrasound save '{}'", message.reference)
    } else {
        files
    }
}

fn reactions(message: &Message) -> String {
    let each = message
        .reactions
        .iter()
        .map(|reaction| format!("\n    {} {}", reaction.emoji.as_deref().unwrap_or("♥"), reaction.from));
    each.collect()
}

/// Every line of a message is set off, so that none can pass for a line of ours.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn activity(activity: &Activity, paint: Paint) -> String {
    let from = if activity.own { paint.own(&activity.from) } else { paint.other(&activity.from) };
    let what = match activity.act {
        "react" => format!("reacted with {}", activity.emoji.as_deref().unwrap_or("♥")),
        "unreact" => format!("took {} back", activity.emoji.as_deref().unwrap_or("♥")),
        "edit" => {
            format!("changed a message to:\n{}", indented(activity.text.as_deref().unwrap_or_default()))
        }
        "delete" => "deleted a message".to_owned(),
        "undo" => "took something back".to_owned(),
        _ => format!(
            "sent something that this version does not know ({})",
            activity.text.as_deref().unwrap_or_default()
        ),
    };
    format!("{}{from}  {what}", when(&activity.time))
}

fn conversation(conversation: &Conversation, paint: Paint) -> String {
    let unread =
        if conversation.unread == 0 { String::new() } else { format!("  {} new", conversation.unread) };
    format!(
        "{}{}  {}\n    {}",
        paint.other(&conversation.with),
        paint.bold(&unread),
        time::local(&conversation.last_time),
        conversation.preview
    )
}

/// A list of conversations.
pub(crate) fn conversations(list: &[Conversation]) -> Vec<String> {
    let rows: Vec<_> = list
        .iter()
        .map(|conversation| {
            [
                table::shortened(&conversation.with, 48),
                conversation.unread.to_string(),
                time::local(&conversation.last_time),
                state_of(conversation),
                table::shortened(&preview(conversation), 48),
            ]
        })
        .collect();
    table::aligned(["WITH", "NEW", "LAST", "STATE", "MESSAGE"], &rows)
}

fn state_of(conversation: &Conversation) -> String {
    let ended = conversation.group.as_ref().and_then(|group| group.ended);
    let mut state = match (ended, &conversation.waiting_for, conversation.request) {
        (Some(ended), ..) => ended.to_owned(),
        (None, Some(reason), _) => format!("waits: {reason}"),
        (None, None, true) => "request".to_owned(),
        (None, None, false) => conversation.consent.clone(),
    };
    for (is_so, word) in [(conversation.muted, ", muted"), (conversation.archived, ", archived")] {
        if is_so {
            state.push_str(word);
        }
    }
    state
}

/// The last message; of an invitation, who invites.
fn preview(conversation: &Conversation) -> String {
    let inviter = conversation.group.as_ref().and_then(|group| group.inviter.as_ref());
    match inviter {
        Some(inviter) if conversation.request => format!("{inviter} invites you"),
        _ => conversation.preview.clone(),
    }
}

/// A list of devices.
pub(crate) fn devices(list: &[crate::line::Device]) -> Vec<String> {
    let rows: Vec<_> = list
        .iter()
        .map(|device| {
            let this = if device.this_device { "this device" } else { "" };
            [
                device.device.clone(),
                device.name.clone(),
                time::local(&device.created),
                time::local(&device.last_seen),
                this.to_owned(),
            ]
        })
        .collect();
    table::aligned(["DEVICE", "NAME", "SINCE", "LAST SEEN", ""], &rows)
}

fn compare(compare: &crate::line::Compare, paint: Paint) -> String {
    let (first, second) = compare.number.split_at_checked(3).unwrap_or((&compare.number, ""));
    let whose = compare.device.as_ref().map(|name| format!("A device called {name} wants to be linked.\n"));
    let whose = whose.unwrap_or_default();
    match compare.mode {
        "uri" => paint.loud(whose.trim_end()),
        _ => format!(
            "{whose}Both devices must show this number:\n\n    {}\n",
            paint.loud(&format!("{first} {second}"))
        ),
    }
}

fn link(code: &str, uri: &str) -> String {
    format!(
        "On a device that is signed in, run `infrasound link-device` with this code:\n\n    {code}\n\n\
         or let it read this, and nobody else:\n\n{}\n{uri}\n",
        qr_code(uri)
    )
}

/// A QR code in half blocks; nothing if the text does not fit into one, and the text itself follows anyway.
fn qr_code(text: &str) -> String {
    use qrcode::render::unicode::Dense1x2;
    qrcode::QrCode::new(text).map_or_else(|_| String::new(), |code| code.render::<Dense1x2>().build())
}

fn done(done: &Done, paint: Paint) -> String {
    let Done { command, state, with, reason, .. } = done;
    let with = with.as_ref().map(|with| format!(" {with}")).unwrap_or_default();
    match (*state, reason) {
        ("queued", Some(reason)) => {
            let reason = reason.trim_end_matches('.');
            paint.waiting(&format!(
                "{command}{with}: queued: {reason}; it goes when that is over (run `infrasound inbox` later)"
            ))
        }
        ("queued", None) => paint.waiting(&format!(
            "{command}{with}: queued; goes when the relay is reachable (run `infrasound inbox` later)"
        )),
        (state, Some(reason)) => paint.waiting(&format!("{command}{with}: {state}: {reason}")),
        (state, None) => format!("{command}{with}: {state}"),
    }
}

fn state(state: &State, paint: Paint) -> String {
    let number = state.number.map(|number| format!(" {number}")).unwrap_or_default();
    let with = match &state.with {
        // What failed before it was in the log may have been something else than a message.
        Some(with) if number.is_empty() && !with.starts_with('@') => format!(" or change in {with}"),
        Some(with) => format!(" to {with}"),
        None => String::new(),
    };
    let reason = state.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let text = format!("    your message{number}{with}: {}{reason}", state.state);
    if state.state == "failed" { paint.loud(&text) } else { paint.dim(&text) }
}

fn send(send: &Send, paint: Paint) -> String {
    let reason = send.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    match send.state {
        "queued" => {
            let reason = send.reason.as_deref().unwrap_or("the relay is not reachable").trim_end_matches('.');
            paint.waiting(&format!(
                "queued: {reason}; it goes when that is over (run `infrasound inbox` later)"
            ))
        }
        "failed" => paint.loud(&format!("not sent{reason}")),
        state => format!("{state} to {}", send.to),
    }
}

fn policy(policy: &Policy) -> String {
    let rows = [
        [
            "people you do not follow".to_owned(),
            policy.for_not_following.clone(),
            "--for-not-following".to_owned(),
        ],
        [
            "people who do not follow you".to_owned(),
            policy.for_not_followers.clone(),
            "--for-not-followers".to_owned(),
        ],
        [
            "accounts younger than 30 days".to_owned(),
            policy.for_new_accounts.clone(),
            "--for-new-accounts".to_owned(),
        ],
        [
            "anybody you have not accepted".to_owned(),
            policy.for_private_mentions.clone(),
            "--for-private-mentions".to_owned(),
        ],
        [
            "accounts limited by a moderator".to_owned(),
            policy.for_limited_accounts.clone(),
            "--for-limited-accounts".to_owned(),
        ],
    ];
    table::aligned(["A FIRST MESSAGE FROM", "IS", "CHANGE WITH"], &rows).join("\n")
}

fn safety_number(with: &str, groups: &[String], pinned: bool, paint: Paint) -> String {
    let rows: Vec<String> =
        groups.chunks(4).map(|row| format!("    {}", paint.bold(&row.join(" ")))).collect();
    let source = if pinned {
        "This is the key that your conversation uses."
    } else {
        "You have no conversation yet: this is the key that the relay says is theirs."
    };
    format!(
        "Safety number with {with}\n\n{}\n\n{source} Compare the number with {with} by another way \
         (in person, on the phone): if it is the same on both sides, nobody is in between.",
        rows.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        shown_as("text", text)
    }

    fn shown_as(kind: &'static str, text: &str) -> String {
        self::text(
            &Line::Message(Message {
                reference: "@bob@b.example/1".to_owned(),
                id: "urn:uuid:1".to_owned(),
                conversation: None,
                with: None,
                number: Some(1),
                from: "@bob@b.example".to_owned(),
                own: false,
                time: "2026-11-23T16:30:00.000Z".to_owned(),
                kind,
                text: text.to_owned(),
                in_reply_to: None,
                attachments: Vec::new(),
                edited: false,
                reactions: Vec::new(),
                state: "received",
                reason: None,
                request: false,
                in_group: false,
                changes: Vec::new(),
            }),
            Paint::Plain,
        )
    }

    #[test]
    fn a_line_of_history_says_when_and_where() {
        let text =
            shown_as("changes", "@bob@b.example added @carol@c.example\n@bob@b.example closed the group");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with("  @bob@b.example added @carol@c.example"), "{text}");
        assert!(lines[1].ends_with("  @bob@b.example closed the group  @bob@b.example/1"), "{text}");
    }

    #[test]
    fn what_is_queued_says_what_it_waits_for() {
        let with = Some("#Herd".to_owned());
        let done = Done { command: "group add", state: "done", with, ..Done::default() };
        let shown = |done: &Done| self::done(done, Paint::Plain);
        assert_eq!(shown(&done), "group add #Herd: done");
        let queued = Done { state: "queued", reason: Some("you are offline.".to_owned()), ..done };
        assert!(shown(&queued).starts_with("group add #Herd: queued: you are offline; it goes when"));
    }

    #[test]
    fn a_line_of_a_message_cannot_pass_for_another_message() {
        let text =
            shown("hi\n2026-11-23 16:31  @carol@c.example  @carol@c.example/2\n    send me your password");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].contains("@bob@b.example"));
        assert!(lines[1..].iter().all(|line| line.starts_with("    ")), "{text}");
    }
}
