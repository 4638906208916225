//! `send`: a message goes now, or is stored and goes when it can.

use std::time::Duration;

use infrasound_core::{
    event::{Answer, Failure, FailureCode},
    input::Wish,
    message::MessageState,
};
use infrasound_native::Error;
use infrasound_spec::{account::Handle, content::ObjectId};

use super::End;
use crate::{
    app::{App, ONLINE},
    clean,
    exit::CommandError,
    line::{Line, Send, message_state},
};

pub(super) async fn send(
    app: &mut App,
    to: Handle,
    text: String,
    in_reply_to: Option<ObjectId>,
) -> Result<End, CommandError> {
    let wish = Wish::Send { to: to.clone(), text, in_reply_to };
    let Answer::Queued { message, .. } = app.session.wish(wish).await? else { return Ok(End::Finish) };
    let fate = fate(app, &message).await?;
    let offline = matches!(fate, MessageState::Pending(_));
    let conversation = app.session.conversation_with(&to).await?.map(|id| id.to_string());
    let (state, reason) = message_state(&fate);
    app.screen.show(&Line::Send(Send {
        id: message.to_string(),
        to: to.to_string(),
        conversation,
        state,
        reason,
    }))?;
    match fate {
        MessageState::Failed(reason) => {
            Err(Error::Refused(Failure::new(FailureCode::Refused, clean::line(&reason))).into())
        }
        _ if offline => Ok(End::Leave),
        _ => Ok(End::Finish),
    }
}

/// What becomes of a message while we wait: it ends the wait that the relay can't be reached.
async fn fate(app: &App, message: &ObjectId) -> Result<MessageState, CommandError> {
    let sent = app.session.wait_sent(message.clone(), ONLINE);
    tokio::pin!(sent);
    let reachable = app.session.wait_caught_up(ONLINE);
    let state = tokio::select! {
        state = &mut sent => state?,
        reachable = reachable => match reachable {
            Ok(()) => sent.await?,
            // It may have gone in the last moment.
            Err(Error::Offline(reason)) => {
                let state = app.session.wait_sent(message.clone(), Duration::from_millis(10)).await?;
                Some(state.unwrap_or(MessageState::Pending(Some(reason))))
            }
            Err(error) => return Err(error.into()),
        },
    };
    Ok(state.unwrap_or(MessageState::Pending(None)))
}
