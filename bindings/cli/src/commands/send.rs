//! `send`: a message goes now, or is stored and goes when it can.

use infrasound_core::{event::Answer, message::MessageState};
use infrasound_native::Error;
use infrasound_spec::content::ObjectId;

use super::{End, wait};
use crate::{
    app::{App, ONLINE},
    clean,
    exit::CommandError,
    line::{Line, Send, message_state},
    recipient::Recipient,
};

pub(super) async fn send(
    app: &mut App,
    to: Recipient,
    text: String,
    in_reply_to: Option<ObjectId>,
) -> Result<End, CommandError> {
    let wish = to.send(text, in_reply_to);
    let Answer::Queued { message, .. } = app.session.wish(wish).await? else { return Ok(End::Finish) };
    let fate = match wait::fate(&app.session, &to, &message, ONLINE).await {
        Ok(fate) => fate,
        // A device that is signed out sends nothing any more.
        Err(error @ CommandError::Client(Error::NeedsLogin(_))) => return Err(error),
        Err(error) => {
            // Whoever sees only the error would write it again.
            let reason = Some(clean::line(&error.to_string()));
            let (id, to) = (message.to_string(), to.name());
            app.screen.show(&Line::Send(Send { id, to, conversation: None, state: "queued", reason }))?;
            return Err(error);
        }
    };
    let fate = match fate {
        MessageState::Pending(None) => MessageState::Pending(wait::relays_reason(app)),
        fate => fate,
    };
    let offline = matches!(fate, MessageState::Pending(_));
    let conversation = to.conversation(&app.session).await?.map(|id| id.to_string());
    let (state, reason) = message_state(&fate);
    app.screen.show(&Line::Send(Send {
        id: message.to_string(),
        to: to.name(),
        conversation,
        state,
        reason,
    }))?;
    match fate {
        MessageState::Failed(reason) => Err(wait::failure(app, &message, &reason)),
        _ if offline => Ok(End::Leave),
        _ => Ok(End::Finish),
    }
}
