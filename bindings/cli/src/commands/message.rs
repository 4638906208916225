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
    send::send(app, found.conversation.with.handle, text, Some(found.object)).await
}

/// Does something to a message.
pub(super) async fn act(
    app: &mut App,
    command: &'static str,
    message: &MessageArgument,
    wish: impl FnOnce(ConversationId, ObjectId) -> Wish,
) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    let other = found.conversation.with.handle;
    wish_and_settle(app, command, other, wish(found.conversation.conversation, found.object)).await
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
