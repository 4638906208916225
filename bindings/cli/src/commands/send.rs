//! `send`: a message goes now, or is stored and goes when it can.

use std::time::Duration;

use infrasound_core::{
    event::{Answer, Event, Failure, FailureCode},
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

const LAST_MOMENT: Duration = Duration::from_millis(50);

pub(super) async fn send(
    app: &mut App,
    to: Handle,
    text: String,
    in_reply_to: Option<ObjectId>,
) -> Result<End, CommandError> {
    let wish = Wish::Send { to: to.clone(), text, in_reply_to };
    let Answer::Queued { message, .. } = app.session.wish(wish).await? else { return Ok(End::Finish) };
    let fate = match fate(app, &to, &message).await {
        Ok(fate) => fate,
        // A device that is signed out sends nothing any more.
        Err(error @ CommandError::Client(Error::NeedsLogin(_))) => return Err(error),
        Err(error) => {
            // Whoever sees only the error would write it again.
            let reason = Some(clean::line(&error.to_string()));
            let (id, to) = (message.to_string(), to.to_string());
            app.screen.show(&Line::Send(Send { id, to, conversation: None, state: "queued", reason }))?;
            return Err(error);
        }
    };
    let fate = match fate {
        MessageState::Pending(None) => MessageState::Pending(relays_reason(app)),
        fate => fate,
    };
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
            let code = failure_code(app, &message);
            Err(Error::Refused(Failure::new(code, clean::line(&reason))).into())
        }
        _ if offline => Ok(End::Leave),
        _ => Ok(End::Finish),
    }
}

/// What the relay last said when it could take nothing, if it did: its disk is full, say.
fn relays_reason(app: &mut App) -> Option<String> {
    match app.find_event(|event| matches!(event, Event::Offline { .. })) {
        Some(Event::Offline { reason, .. }) => Some(reason),
        _ => None,
    }
}

/// Why a message can't be sent, for programs.
fn failure_code(app: &mut App, message: &ObjectId) -> FailureCode {
    match app.find_event(|event| matches!(event, Event::IntentFailed { object, .. } if object == message)) {
        Some(Event::IntentFailed { failure, .. }) => failure.code,
        _ => FailureCode::Refused,
    }
}

/// What becomes of a message while we wait. The wait ends early when the relay can't be reached, or when everything
/// that could go has gone and this message has not: it waits for something else.
async fn fate(app: &App, to: &Handle, message: &ObjectId) -> Result<MessageState, CommandError> {
    let sent = app.session.wait_sent(message.clone(), ONLINE);
    tokio::pin!(sent);
    let stuck = async {
        app.session.wait_caught_up(ONLINE).await?;
        app.session.wait_idle(ONLINE).await
    };
    let reason = tokio::select! {
        state = &mut sent => match state? {
            Some(state) => return Ok(state),
            None => waiting_for(app, to).await?,
        },
        stuck = stuck => match stuck {
            Ok(_) => waiting_for(app, to).await?,
            Err(Error::Offline(reason)) => Some(reason),
            Err(error) => return Err(error.into()),
        },
    };
    // It may have gone in the last moment.
    let state = app.session.wait_sent(message.clone(), LAST_MOMENT).await?;
    Ok(state.unwrap_or(MessageState::Pending(reason)))
}

async fn waiting_for(app: &App, to: &Handle) -> Result<Option<String>, CommandError> {
    let conversation = app.session.conversation_with(to).await?;
    let all = app.session.conversations().await?;
    let summary = all.into_iter().find(|summary| Some(summary.conversation) == conversation);
    Ok(summary.and_then(|summary| summary.waiting))
}
