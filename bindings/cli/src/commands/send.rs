//! `send`: a message goes now, or is stored and goes when it can.

use std::{path::PathBuf, time::Duration};

use infrasound_core::{
    event::{Answer, Event, Failure, FailureCode},
    input::Wish,
    message::MessageState,
};
use infrasound_native::Error;
use infrasound_spec::{
    account::Handle,
    blob::BlobId,
    content::{Attachment, ObjectId},
    limits::MAX_ATTACHMENTS,
};

use super::End;
use crate::{
    app::{App, ONLINE},
    clean,
    exit::CommandError,
    file,
    line::{Line, Send, message_state},
    progress::Progress,
};

const LAST_MOMENT: Duration = Duration::from_millis(50);

/// A message with files. Each is sealed first; from then on the original is not needed.
pub(super) async fn send_files(
    app: &mut App,
    to: Handle,
    text: String,
    files: &[PathBuf],
) -> Result<End, CommandError> {
    if files.len() > MAX_ATTACHMENTS {
        return Err(CommandError::Usage(format!("a message has at most {MAX_ATTACHMENTS} files")));
    }
    let mut attachments = Vec::with_capacity(files.len());
    for path in files {
        let blob = Some(app.session.seal_file(path).await?);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let media_type = file::media_type(path).to_owned();
        attachments.push(Attachment { media_type, name, width: None, height: None, blob });
    }
    send(app, to, text, None, attachments).await
}

pub(super) async fn send(
    app: &mut App,
    to: Handle,
    text: String,
    in_reply_to: Option<ObjectId>,
    attachments: Vec<Attachment>,
) -> Result<End, CommandError> {
    let files = attachments.clone();
    let wish = Wish::Send { to: to.clone(), text, in_reply_to, attachments };
    let Answer::Queued { message, .. } = app.session.wish(wish).await? else { return Ok(End::Finish) };
    watch_files(app, &message, &files).await;
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

/// Shows how the files of a message go, until it has gone, or nothing goes for a while.
async fn watch_files(app: &mut App, message: &ObjectId, files: &[Attachment]) {
    let mut bar: Option<(BlobId, Progress)> = None;
    while !files.is_empty() {
        let Some(event) = app.wait_event(ONLINE).await else { return };
        match event {
            Event::Uploading { object, blob, sent, total } if object == *message => {
                if bar.as_ref().is_none_or(|(shown, _)| *shown != blob) {
                    let is_it = |file: &&Attachment| file.blob.as_ref().is_some_and(|one| one.id == blob);
                    let name = files.iter().find(is_it).map_or("", |file| &file.name);
                    bar = Some((blob, Progress::new(&app.screen, name)));
                }
                if let Some((_, progress)) = &bar {
                    progress.at(sent, total);
                }
            }
            event => {
                let is_over = match &event {
                    Event::MessageState { object, .. } | Event::IntentFailed { object, .. } => {
                        object == message
                    }
                    Event::Offline { .. } | Event::SignedOut(_) => true,
                    _ => false,
                };
                app.put_back(event);
                if is_over {
                    return;
                }
            }
        }
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
