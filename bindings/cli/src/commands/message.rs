//! `reply`, `react`, `unreact`, `edit`, `delete`, `resend`, `discard`, `renew-leaf`: what is done to a message or in a conversation.

use infrasound_core::{event::Event, input::Wish};
use infrasound_native::Error;
use infrasound_spec::{content::ObjectId, conversation::ConversationId};

use super::{End, send};
use crate::{
    app::App,
    arguments::MessageArgument,
    exit::CommandError,
    line::{Done, Line},
    recipient::Recipient,
    reference,
};

pub(super) async fn reply(
    app: &mut App,
    message: &MessageArgument,
    text: String,
) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    let to = Recipient::of(&app.session, &found.conversation).await?;
    send::send(app, to, text, Some(found.message.id), Vec::new()).await
}

/// Does something to a message, whoever wrote it.
pub(super) async fn change_any(
    app: &mut App,
    command: &'static str,
    message: &MessageArgument,
    wish: impl FnOnce(ConversationId, ObjectId) -> Wish,
) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    let conversation = found.conversation.conversation;
    let wish = wish(conversation, found.message.id);
    wish_and_settle(app, command, conversation, wish).await
}

/// Does something to a message of one's own.
pub(super) async fn change(
    app: &mut App,
    command: &'static str,
    message: &MessageArgument,
    wish: impl FnOnce(ConversationId, ObjectId) -> Wish,
) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    let conversation = found.conversation.conversation;
    let wish = wish(conversation, found.own()?);
    wish_and_settle(app, command, conversation, wish).await
}

/// Deletes a message of one's own, with its files.
pub(super) async fn delete(app: &mut App, message: &MessageArgument) -> Result<End, CommandError> {
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    wish_and_settle(app, "delete", found.conversation.conversation, found.delete()?).await
}

pub(super) async fn renew_leaf(app: &mut App, written: &str) -> Result<End, CommandError> {
    let conversation = reference::conversation(&app.session, written).await?.conversation;
    wish_and_settle(app, "renew-leaf", conversation, Wish::RenewLeaf { conversation }).await
}

async fn wish_and_settle(
    app: &mut App,
    command: &'static str,
    conversation: ConversationId,
    wish: Wish,
) -> Result<End, CommandError> {
    app.session.wish(wish).await?;
    let reached = app.settle().await?;
    if let Some(Event::IntentFailed { failure, .. }) =
        app.find_event(|event| matches!(event, Event::IntentFailed { .. }))
    {
        return Err(Error::Refused(failure).into());
    }
    let done = Done { with: Some(app.name(conversation)), ..Done::default() };
    app.screen.show(&Line::Done(Done { command, state: reached.word(), ..done }))?;
    Ok(End::Leave)
}
