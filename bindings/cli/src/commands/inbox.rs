//! `inbox`: what has arrived since the last time. With `--follow`, also what arrives from now on.
//!
//! What was shown is marked as seen. Of a request the other side sees nothing: the core sends no receipts for it.

use std::collections::HashMap;

use infrasound_core::{
    conversation::summary::Summary,
    event::{Answer, Event},
    input::Wish,
    message::{Body, Message as CoreMessage},
};
use infrasound_spec::conversation::ConversationId;

use super::End;
use crate::{
    app::{App, is_shown},
    exit::CommandError,
    line::{Line, Message},
};

const PAGE: usize = 200;

pub(super) async fn inbox(app: &mut App, follow: bool) -> Result<End, CommandError> {
    let online = app.catch_up().await?;
    app.show_happenings()?;
    let mut shown = HashMap::new();
    let mut summaries = app.session.conversations().await?;
    // The oldest news first.
    summaries.reverse();
    for summary in summaries.iter().filter(|summary| is_shown(summary) && summary.unread > 0) {
        let last = show_unread(app, summary).await?;
        shown.insert(summary.conversation, last);
    }
    if shown.is_empty() && online {
        app.screen.note("nothing new")?;
    }
    if follow {
        follow_on(app, shown, online).await?;
        return Ok(End::Finish);
    }
    if !online {
        return Err(CommandError::Offline);
    }
    // What waited for the relay goes now, and is said to be done.
    app.settle().await?;
    app.show_happenings()?;
    Ok(End::Finish)
}

/// Shows what the person has not seen of a conversation. Gives the number of the last message.
async fn show_unread(app: &mut App, summary: &Summary) -> Result<u64, CommandError> {
    let messages = unread(app, summary).await?;
    let place = app.place(Some(summary.conversation));
    for message in &messages {
        app.screen.show(&Line::Message(Message::new(message, &place)))?;
    }
    if summary.request {
        let with = app.name(summary.conversation);
        let answer = match summary.group() {
            None => format!("This is a request: `infrasound accept {with}`, `ignore` or `block`"),
            Some(_) => format!(
                "You are invited: `infrasound group accept '{with}'`, `group ignore` or `group leave`"
            ),
        };
        app.screen.note(&format!("{answer}. Until you accept, they see nothing of you."))?;
    }
    app.mark_read(summary.conversation, summary.last_message).await?;
    Ok(summary.last_message)
}

/// The unread messages, oldest first.
async fn unread(app: &App, summary: &Summary) -> Result<Vec<CoreMessage>, CommandError> {
    let wanted = usize::try_from(summary.unread).unwrap_or(usize::MAX);
    let mut newest_first: Vec<CoreMessage> = Vec::new();
    let mut before = None;
    while newest_first.len() < wanted {
        let wish = Wish::Messages { conversation: summary.conversation, before, limit: PAGE };
        let Answer::Messages(page) = app.session.wish(wish).await? else { break };
        let Some(first) = page.iter().find_map(|message| message.number) else { break };
        newest_first.extend(page.into_iter().rev().filter(is_news));
        before = Some(first);
    }
    newest_first.truncate(wanted);
    newest_first.reverse();
    Ok(newest_first)
}

/// What counts as unread: lines of a group's history do not.
fn is_news(message: &CoreMessage) -> bool {
    !message.own && message.number.is_some() && !matches!(message.body, Body::Changes(_))
}

/// Shows what happens until the person ends it.
async fn follow_on(
    app: &mut App,
    mut shown: HashMap<ConversationId, u64>,
    mut online: bool,
) -> Result<(), CommandError> {
    let stop = stopped();
    tokio::pin!(stop);
    loop {
        let event = tokio::select! {
            event = app.next_event() => event,
            () = &mut stop => return Ok(()),
        };
        let Some(event) = event else { return app.why_ended() };
        match &event {
            event if is_muted(app, event) => {}
            Event::Message(message) if matches!(message.body, Body::Changes(_)) => {
                show_new(app, message, &mut shown).await?;
            }
            // One that was queued has gone.
            Event::Message(message) if message.own && message.number.is_some() => app.show_state(message)?,
            Event::Message(message) if message.own => {}
            Event::Message(message) => show_new(app, message, &mut shown).await?,
            // Said when it changes, not at every attempt.
            Event::CaughtUp | Event::Offline { .. } => {
                let now = matches!(event, Event::CaughtUp);
                if std::mem::replace(&mut online, now) != now {
                    app.show_event(&event)?;
                }
            }
            // Over before anybody reads it.
            Event::Typing { .. } => {}
            event => app.show_event(event)?,
        }
    }
}

/// Whether it is news from a conversation of which the person wants none now. What is wrong is said all the same.
fn is_muted(app: &App, event: &Event) -> bool {
    match event {
        Event::Message(message) if !message.own => {
            message.conversation.is_some_and(|conversation| app.is_muted(conversation))
        }
        Event::Activity { conversation, .. } | Event::JoinRequests { conversation, .. } => {
            app.is_muted(*conversation)
        }
        _ => false,
    }
}

async fn show_new(
    app: &mut App,
    message: &CoreMessage,
    shown: &mut HashMap<ConversationId, u64>,
) -> Result<(), CommandError> {
    let (Some(conversation), Some(number)) = (message.conversation, message.number) else { return Ok(()) };
    // What was taken in before the list was made is in the list, and the event came, too.
    if shown.get(&conversation).is_some_and(|last| number <= *last) {
        return Ok(());
    }
    shown.insert(conversation, number);
    app.screen.show(&Line::Message(Message::new(message, &app.place(Some(conversation)))))?;
    app.mark_read(conversation, number).await
}

/// The person, or the system, wants this to end.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    // Without signals there is nothing to wait for; the process is ended from outside.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
