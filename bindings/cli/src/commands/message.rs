//! `reply`, `react`, `edit`, `delete`, `renew-leaf`: what is done to a message or in a conversation.

use infrasound_core::{event::Event, input::Wish};
use infrasound_native::Error;
use infrasound_spec::{account::Handle, content::ObjectId, conversation::ConversationId};

use super::{End, send};
use crate::{app::App, arguments::MessageArgument, exit::CommandError, line::Line, reference};

pub(super) async fn reply(
    app: &mut App,
    message: &MessageArgument,
    text: String,
) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    send::send(app, found.conversation.with.handle, text, Some(found.message.id), Vec::new()).await
}

/// Reacts to anybody's message.
pub(super) async fn react(
    app: &mut App,
    message: &MessageArgument,
    emoji: Option<String>,
) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    let conversation = found.conversation.conversation;
    let wish = Wish::React { conversation, object: found.message.id, emoji };
    wish_and_settle(app, "react", found.conversation.with.handle, wish).await
}

/// Does something to a message of one's own.
pub(super) async fn change(
    app: &mut App,
    command: &'static str,
    message: &MessageArgument,
    wish: impl FnOnce(ConversationId, ObjectId) -> Wish,
) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    let wish = wish(found.conversation.conversation, found.own()?);
    wish_and_settle(app, command, found.conversation.with.handle, wish).await
}

pub(super) async fn renew_leaf(app: &mut App, who: Handle) -> Result<End, CommandError> {
    let summary = reference::conversation(&app.session, who.as_str()).await?;
    let wish = Wish::RenewLeaf { conversation: summary.conversation };
    wish_and_settle(app, "renew-leaf", who, wish).await
}

async fn wish_and_settle(
    app: &mut App,
    command: &'static str,
    other: Handle,
    wish: Wish,
) -> Result<End, CommandError> {
    app.session.wish(wish).await?;
    let reached = app.settle().await?;
    if let Some(Event::IntentFailed { failure, .. }) =
        app.find_event(|event| matches!(event, Event::IntentFailed { .. }))
    {
        return Err(Error::Refused(failure).into());
    }
    app.screen.show(&Line::Done { command, state: reached.word(), with: Some(other.to_string()) })?;
    Ok(End::Leave)
}
